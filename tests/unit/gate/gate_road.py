"""A repo whose evidence is written by hand, as the stages would leave it, and the ways to spoil it.

``amend`` changes a report and signs it in the lock again, so that only its content can be the reason; ``tamper``
changes the file alone.
"""

import json
import subprocess

from settings_text import write_settings

from pavedroad.config import load_config
from pavedroad.foundation.data.tables import hash_file
from pavedroad.foundation.pipeline import load_pipeline
from pavedroad.foundation.project import STAGES, Project
from pavedroad.report import Input, Run, conclude, judge, write_report
from pavedroad.stages.gate import gate

CONFIG = write_settings(
    objective='statement = "Forecast sales."',
    validation='suite = "suite.json"',
    drift="false_alarm_rate = 0.05",
    gate="confidence = 0.95\nmax_latency_ms = 50\nmax_size_mb = 10",
)

FILES = {
    "pavedroad.toml": CONFIG,
    "params.yaml": "train:\n  depth: 3\nother: 1\n",
    "data.csv": "day,sold\n1,2\n2,3\n",
    "suite.json": "{}",
    "reports/validated.json": "{}",
    "src/shop/features.py": "def features(table):\n    return table\n",
    "src/shop/model.py": "def train(X, y, params):\n    return None\n",
    "model/model.skops": "weights",
    "package/manifest.json": "{}",
}
CODE = ["src/shop/features.py", "src/shop/model.py"]
READS = {
    "validate": ["data.csv", "suite.json"],
    "train": ["data.csv", "reports/validated.json", *CODE],
    "evaluate": ["data.csv", "model/model.skops", *CODE],
    "drift": ["data.csv"],
    "package": ["model/model.skops", "reports/evaluate.json"],
    "latency": ["model/model.skops", *CODE],
}
MAKES = {"validate": ["reports/validated.json"], "train": ["model"], "package": ["package"]}
SETTINGS = {
    "validate": {"pavedroad.toml": {"data": {"train": "data.csv"}, "validation": {"suite": "suite.json"}}},
    "train": {"params.yaml": {"train": {"depth": 3}}, "pavedroad.toml": {"objective.target": "sold"}},
    "evaluate": {"pavedroad.toml": {"gate.confidence": 0.95}},
    "drift": {"pavedroad.toml": {"drift": {"false_alarm_rate": 0.05}}},
    "package": {"pavedroad.toml": {"project": {"name": "Sales", "owner": "Ada"}}},
}


def difference(low, value, high):
    return {"observed": {"low": low, "value": value, "high": high}, "evidence": {"confidence": 0.95}}


CHECKS = {
    "validate": [judge("guard.rows", "There are rows", ok=True)],
    "train": [judge("model.size", "The model was kept", ok=True, evidence={"bytes": 2_000_000})],
    "evaluate": [
        judge("metric.improvement", "Better", ok=True, **difference(0.5, 1.0, 1.5)),
        judge("metric.skill", "Better than a constant", ok=True, **difference(2.0, 3.0, 4.0)),
    ],
    "drift": [judge("drift.rain", "`rain` has not drifted", ok=True)],
    "package": [judge("package.manifest", "Sealed", ok=True)],
    "latency": [judge("latency.p95", "Timed", ok=True)],
}


class Road:
    """A repo with evidence that passes, and the ways to spoil it."""

    def __init__(self, root):
        self.root = root
        self.project = Project(root=root, config=load_config(root / "pavedroad.toml"))

    def lay(self):
        (self.root / ".dvc").mkdir()
        subprocess.run(["git", "init", "-q"], cwd=self.root, check=True)
        for stage in STAGES:
            self.write(stage, CHECKS[stage])
        self.sign()

    def write(self, stage, checks, **changes):
        measured = {"latency.p95": 12.5} if stage == "latency" else {}
        run = Run(started="2026-03-02T08:15:00Z", duration_s=1.0, measured=measured)
        inputs = [Input(path, hash_file(self.root / path)) for path in READS[stage]]
        write_report(self.project.report(stage), conclude(stage, checks, inputs=inputs, run=run, **changes))

    def sign(self):
        """Write the lock as DVC would after a run."""
        digest = load_pipeline().digest
        stages = {}
        for stage in STAGES:
            path = f"reports/{stage}.json"
            if stage != "latency" and (self.root / path).is_file():
                outs = [{"path": path, "md5": digest(self.root / path)}]
                outs += [{"path": name, "md5": digest(self.root / name)} for name in MAKES.get(stage, ())]
                stages[stage] = {"cmd": f"pavedroad {stage}", "outs": outs, "params": SETTINGS[stage]}
        # JSON is YAML too.
        (self.root / "dvc.lock").write_text(json.dumps({"schema": "2.0", "stages": stages}))

    def amend(self, stage, change):
        """Change a report as its stage could have written it, and sign it."""
        document = self.document(stage)
        change(document)
        self.tamper(stage, json.dumps(document))
        self.sign()

    def document(self, stage):
        return json.loads(self.project.report(stage).read_bytes())

    def tamper(self, stage, content):
        content = content if isinstance(content, bytes) else content.encode()
        self.project.report(stage).write_bytes(content)

    def judge(self):
        project = Project(root=self.root, config=load_config(self.root / "pavedroad.toml"))
        return gate(project)

    def outcome(self):
        return self.judge().outcome


def checks_of(report):
    return {check.id: check for check in report.checks}


def edit(road, name, old, new):
    path = road.root / name
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
