"""The gate: what is missing, stale or malformed never passes, and a no is never turned into a yes.

The evidence here is written by hand, as the stages would leave it: reports, the lock with their digests, the files
they speak of. ``amend`` changes a report and signs it in the lock again, so that only its content can be the reason;
``tamper`` changes the file alone.
"""

import json
import subprocess

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pavedroad.config import load_config
from pavedroad.errors import ConfigError, EvidenceError
from pavedroad.foundation.data import hash_file
from pavedroad.foundation.pipeline import load_pipeline
from pavedroad.foundation.project import STAGES, Project
from pavedroad.report import Check, Input, Outcome, Run, conclude, encode, judge, write_report, write_whole
from pavedroad.stages.gate import collect_reports, gate
from pavedroad.stages.runner import run_stage

CONFIG = """\
[project]
name = "Sales"
owner = "Ada"
[objective]
statement = "Forecast sales."
problem = "regression"
target = "sold"
metric = "mean_absolute_error"
[data]
train = "data.csv"
[validation]
suite = "suite.json"
[model]
features = "shop.features:features"
train = "shop.model:train"
[drift]
false_alarm_rate = 0.05
[gate]
confidence = 0.95
max_latency_ms = 50
max_size_mb = 10
"""

FILES = {
    "pavedroad.toml": CONFIG,
    "params.yaml": "train:\n  depth: 3\nother: 1\n",
    "data.csv": "day,sold\n1,2\n2,3\n",
    "suite.json": "{}",
    "reports/validated.json": "{}",
    "src/shop/features.py": "def features(table):\n    return table\n",
    "src/shop/model.py": "def train(X, y, params):\n    return None\n",
    "model/model.skops": "weights",
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
                outs += [{"path": name, "md5": "0" * 32} for name in MAKES.get(stage, ())]
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


@pytest.fixture
def road(world):
    made = Road(world(FILES))
    made.lay()
    return made


def checks_of(report):
    return {check.id: check for check in report.checks}


def test_evidence_that_is_whole_and_good_passes(road):
    report = road.judge()
    assert report.outcome is Outcome.PASS, report.summary
    assert [entry.path for entry in report.inputs] == [f"reports/{stage}.json" for stage in STAGES]
    assert "better by 1" in report.summary


def test_warnings_pass_and_are_told(road):
    road.write("drift", [Check(id="drift.rain", title="x", outcome=Outcome.WARN, reason="The rain moved.")])
    road.sign()
    report = road.judge()
    assert report.outcome is Outcome.WARN
    assert "The rain moved." in report.summary


# --- what is not there ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("stage", STAGES)
def test_a_report_that_is_missing_is_no_pass(road, stage):
    road.project.report(stage).unlink()
    report = road.judge()
    assert report.outcome is Outcome.ERROR
    assert checks_of(report)[f"gate.stage.{stage}"].outcome is Outcome.ERROR
    assert stage not in {entry.path.split("/")[1].partition(".")[0] for entry in report.inputs}


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_that_was_skipped_is_no_pass(road, stage):
    road.write(stage, [Check(id="a", title="A", outcome=Outcome.SKIPPED, reason="Too few rows.")])
    road.sign()
    report = road.judge()
    assert report.outcome is Outcome.ERROR
    assert "Too few rows." in checks_of(report)[f"gate.stage.{stage}"].reason


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("outcome", ["fail", "error"])
def test_a_stage_that_said_no_is_a_no(road, stage, outcome):
    road.write(stage, [Check(id="a", title="A", outcome=Outcome(outcome), reason="Because.")])
    road.sign()
    report = road.judge()
    assert report.outcome is (Outcome.ERROR if outcome == "error" or stage in {"evaluate", "train"} else Outcome.FAIL)
    assert "Because." in checks_of(report)[f"gate.stage.{stage}"].reason


def test_a_stop_explains_the_stages_behind_it_and_nothing_else(road):
    road.write("validate", [judge("a", "A", ok=False, reason="The data is broken.")])
    for stage in ("train", "evaluate", "package", "latency"):
        road.project.report(stage).unlink()
    road.sign()
    report = road.judge()
    checks = checks_of(report)
    assert report.outcome is Outcome.FAIL
    assert report.summary == "No: validate said no: The data is broken."
    for stage in ("train", "evaluate", "package", "latency"):
        assert checks[f"gate.stage.{stage}"].outcome is Outcome.SKIPPED
        assert "'validate' did not pass" in checks[f"gate.stage.{stage}"].reason
    assert checks["gate.stage.drift"].outcome is Outcome.PASS
    for decision in ("improvement", "skill", "latency", "size"):
        assert checks[f"gate.{decision}"].outcome is Outcome.SKIPPED


def test_a_stage_before_the_stop_is_not_excused_by_it(road):
    road.write("evaluate", [judge("a", "A", ok=False, reason="x")])
    road.project.report("validate").unlink()
    road.sign()
    report = road.judge()
    assert checks_of(report)["gate.stage.validate"].outcome is Outcome.ERROR
    assert report.outcome is Outcome.ERROR


# --- what is malformed ----------------------------------------------------------------------------------------------

MALFORMED = {
    "nothing": b"",
    "no JSON": b"{",
    "a list": b"[]",
    "NaN": b'{"schema": NaN}',
    "null": b"null",
    "not UTF-8": b"\xff",
    "deep": b"[" * 100_000,
}


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("content", MALFORMED.values(), ids=MALFORMED)
def test_a_report_that_cannot_be_read_is_no_pass(road, stage, content):
    road.tamper(stage, content)
    road.sign()
    report = road.judge()
    assert report.outcome is Outcome.ERROR
    assert checks_of(report)[f"gate.stage.{stage}"].outcome is Outcome.ERROR


def spoil(**changes):
    return lambda document: document.update(changes)


SPOILT = {
    "another schema": spoil(schema="pavedroad.report/2"),
    "no schema": lambda document: document.pop("schema"),
    "another stage": spoil(stage="report"),
    "an unknown key": spoil(verdict="pass"),
    "an outcome that is true": spoil(outcome=True),
    "an outcome of its own": spoil(outcome="fine"),
    "a pass without checks": spoil(checks=[]),
    "a pass with a check that failed": spoil(checks=[{"id": "a", "title": "A", "outcome": "fail"}]),
    "a pass whose checks were skipped": spoil(checks=[{"id": "a", "title": "A", "outcome": "skipped"}]),
    "nothing it was made from": spoil(inputs=[]),
    "something that is not there": spoil(inputs=[{"path": "gone.csv", "sha256": "0" * 64}]),
    "something else by that name": spoil(inputs=[{"path": "data.csv", "sha256": "0" * 64}]),
    "something outside": spoil(inputs=[{"path": "../../../../../../etc/hostname", "sha256": "0" * 64}]),
    "a folder for an input": spoil(inputs=[{"path": "src", "sha256": "0" * 64}]),
    "a name that no file can have": spoil(inputs=[{"path": "a" * 5000, "sha256": "0" * 64}]),
    "a NUL byte in a name": spoil(inputs=[{"path": "a\0b", "sha256": "0" * 64}]),
}


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("change", SPOILT.values(), ids=SPOILT)
def test_a_report_that_does_not_hold_together_is_no_pass_even_when_it_is_signed(road, stage, change):
    road.amend(stage, change)
    report = road.judge()
    assert report.outcome is Outcome.ERROR
    assert checks_of(report)[f"gate.stage.{stage}"].outcome is Outcome.ERROR


@pytest.mark.parametrize("stage", STAGES)
def test_a_report_with_a_key_that_stands_twice_is_no_pass(road, stage):
    text = road.project.report(stage).read_text()
    road.tamper(stage, text.replace('"outcome"', '"outcome": "fail", "outcome"', 1))
    road.sign()
    assert "stands twice" in checks_of(road.judge())[f"gate.stage.{stage}"].reason


@pytest.mark.parametrize("stage", [stage for stage in STAGES if stage != "latency"])
def test_a_good_report_that_the_pipeline_did_not_write_is_no_pass(road, stage):
    road.tamper(stage, road.project.report(stage).read_bytes() + b"\n")
    report = road.judge()
    assert report.outcome is Outcome.ERROR
    assert "not the report that the pipeline wrote" in checks_of(report)[f"gate.stage.{stage}"].reason


@pytest.mark.parametrize("stage", [stage for stage in STAGES if stage != "latency"])
def test_a_report_that_the_lock_does_not_know_is_no_pass(road, stage):
    lock = json.loads((road.root / "dvc.lock").read_text())
    del lock["stages"][stage]
    (road.root / "dvc.lock").write_text(json.dumps(lock))
    assert road.outcome() is Outcome.ERROR


@pytest.mark.parametrize("content", [None, "", "stages: {}\n"], ids=["no lock", "an empty lock", "a lock of nothing"])
def test_without_a_lock_nothing_passes(road, content):
    (road.root / "dvc.lock").unlink()
    if content is not None:
        (road.root / "dvc.lock").write_text(content)
    assert road.outcome() is Outcome.ERROR


def test_a_corrupt_lock_is_an_error_with_a_report(road):
    (road.root / "dvc.lock").write_text("<<<<<<< HEAD\n")
    with pytest.raises(ConfigError):
        run_stage(road.project, "gate", gate)
    assert json.loads(road.project.report("gate").read_bytes())["outcome"] == "error"


# --- what is stale --------------------------------------------------------------------------------------------------


def edit(road, name, old, new):
    path = road.root / name
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


STALE = {
    "data": ("data.csv", "2,3", "2,4", ["validate", "train", "evaluate", "drift"]),
    "the suite": ("suite.json", "{}", "{ }", ["validate"]),
    "the code": ("src/shop/features.py", "return table", "return table * 1", ["train", "evaluate", "latency"]),
    "a parameter": ("params.yaml", "depth: 3", "depth: 4", ["train"]),
    "the model": ("model/model.skops", "weights", "other weights", ["evaluate", "package", "latency"]),
    "a setting of the data": ("pavedroad.toml", 'train = "data.csv"', 'train = "data.csv"\nseed = 1', ["validate"]),
    "the target": ("pavedroad.toml", 'target = "sold"', 'target = "day"', ["train"]),
    "a setting of drift": ("pavedroad.toml", "false_alarm_rate = 0.05", "false_alarm_rate = 0.01", ["drift"]),
    "the owner": ("pavedroad.toml", 'owner = "Ada"', 'owner = "Bob"', ["package"]),
}


@pytest.mark.parametrize(("name", "old", "new", "stages"), STALE.values(), ids=STALE)
def test_a_change_makes_stale_what_was_made_from_it(road, name, old, new, stages):
    edit(road, name, old, new)
    report = road.judge()
    assert report.outcome is Outcome.ERROR
    first = checks_of(report)[f"gate.stage.{stages[0]}"]
    assert first.outcome is Outcome.ERROR
    assert "stale" in first.reason
    for stage in stages:
        assert checks_of(report)[f"gate.stage.{stage}"].outcome in {Outcome.ERROR, Outcome.SKIPPED}


@pytest.mark.parametrize("name", sorted(FILES.keys() - {"pavedroad.toml", "params.yaml"}))
def test_a_file_that_is_gone_makes_stale_what_was_made_from_it(road, name):
    (road.root / name).unlink()
    assert road.outcome() is Outcome.ERROR


UNRELATED = {
    "a comment in the parameters": ("params.yaml", "train:", "# a comment\ntrain:"),
    "a parameter of something else": ("params.yaml", "other: 1", "other: 2"),
    "a comment in the settings": ("pavedroad.toml", "[gate]", "# a comment\n[gate]"),
    "the budget, still wide enough": ("pavedroad.toml", "max_latency_ms = 50", "max_latency_ms = 40"),
}


@pytest.mark.parametrize(("name", "old", "new"), UNRELATED.values(), ids=UNRELATED)
def test_a_change_that_nothing_was_made_from_makes_nothing_stale(road, name, old, new):
    edit(road, name, old, new)
    assert road.outcome() is Outcome.PASS


def test_what_was_made_from_something_stale_is_stale_too(road):
    edit(road, "params.yaml", "depth: 3", "depth: 4")
    checks = checks_of(road.judge())
    for stage in ("evaluate", "package", "latency"):
        assert checks[f"gate.stage.{stage}"].outcome is not Outcome.PASS


# --- the decisions --------------------------------------------------------------------------------------------------

EVALUATIONS = {
    "better": (difference(0.1, 1.0, 2.0), Outcome.PASS),
    "barely better": (difference(1e-9, 1.0, 2.0), Outcome.PASS),
    "perhaps better": (difference(-0.1, 1.0, 2.0), Outcome.FAIL),
    "the same": (difference(0.0, 0.0, 0.0), Outcome.FAIL),
    "worse": (difference(-2.0, -1.0, -0.5), Outcome.FAIL),
    "limits the wrong way round": (difference(2.0, 1.0, 0.1), Outcome.ERROR),
    "an estimate outside its limits": (difference(0.1, 3.0, 2.0), Outcome.ERROR),
    "no lower limit": (difference(None, 1.0, 2.0), Outcome.ERROR),
    "a limit that is text": (difference("0.1", 1.0, 2.0), Outcome.ERROR),
    "a limit that is true": (difference(True, 1.0, 2.0), Outcome.ERROR),
    "a limit that is called NaN": (difference("NaN", 1.0, 2.0), Outcome.ERROR),
    "a number alone": ({"observed": 1.0, "evidence": {"confidence": 0.95}}, Outcome.ERROR),
    "a list": ({"observed": [0.1, 1.0, 2.0], "evidence": {"confidence": 0.95}}, Outcome.ERROR),
    "nothing": ({"evidence": {"confidence": 0.95}}, Outcome.ERROR),
    "no confidence": ({"observed": {"low": 0.1, "value": 1.0, "high": 2.0}}, Outcome.ERROR),
    "less confidence": ({**difference(0.1, 1.0, 2.0), "evidence": {"confidence": 0.5}}, Outcome.ERROR),
    "confidence that is text": ({**difference(0.1, 1.0, 2.0), "evidence": {"confidence": "0.95"}}, Outcome.ERROR),
}


@pytest.mark.parametrize("which", ["improvement", "skill"])
@pytest.mark.parametrize(("found", "outcome"), EVALUATIONS.values(), ids=EVALUATIONS)
def test_the_whole_interval_must_lie_above_the_margin(road, which, found, outcome):
    kept = [check for check in CHECKS["evaluate"] if check.id != f"metric.{which}"]
    road.write("evaluate", [*kept, judge(f"metric.{which}", "Better", ok=True, **found)])
    road.write("package", CHECKS["package"])
    road.sign()
    report = road.judge()
    assert checks_of(report)[f"gate.{which}"].outcome is outcome
    assert report.outcome is outcome


@pytest.mark.parametrize("which", ["improvement", "skill"])
@pytest.mark.parametrize("count", [0, 2])
def test_a_difference_that_is_there_not_once_is_an_error(road, which, count):
    kept = [check for check in CHECKS["evaluate"] if check.id != f"metric.{which}"]
    one = judge(f"metric.{which}", "Better", ok=True, **difference(0.1, 1.0, 2.0))
    road.write("evaluate", [*kept, *[one] * count])
    road.write("package", CHECKS["package"])
    road.sign()
    assert checks_of(road.judge())[f"gate.{which}"].outcome is Outcome.ERROR


@pytest.mark.parametrize(("margin", "outcome"), [(0.0, "pass"), (0.49, "pass"), (0.5, "fail"), (0.7, "fail")])
def test_the_margin_is_part_of_the_decision(road, margin, outcome):
    edit(road, "pavedroad.toml", "[gate]\n", f"[gate]\nmargin = {margin}\n")
    report = road.judge()
    assert report.outcome is Outcome(outcome)
    if outcome == "fail":
        assert f"above {margin:g}" in report.summary


@pytest.mark.parametrize(
    ("measured", "outcome"),
    [
        ({"latency.p95": 50.0}, "pass"),
        ({"latency.p95": 50.1}, "fail"),
        ({"latency.p95": -1.0}, "error"),
        ({"latency.p50": 1.0}, "error"),
        ({}, "error"),
    ],
    ids=str,
)
def test_the_latency_must_be_there_and_within_the_budget(road, measured, outcome):
    path = road.root / "reports" / "run" / "latency.json"
    write_whole(path, encode(Run(started="", duration_s=0.0, measured=measured)))
    assert checks_of(road.judge())["gate.latency"].outcome is Outcome(outcome)


def measured(value):
    return '{"started": "", "duration_s": 0, "measured": {"latency.p95": %s}}' % value  # noqa: UP031


@pytest.mark.parametrize(
    "content",
    [measured("NaN"), measured('"1"'), measured("true"), measured("[1]"), "{", None],
    ids=["NaN", "text", "true", "a list", "no JSON", "nothing"],
)
def test_a_measurement_that_is_no_number_is_no_pass(road, content):
    path = road.root / "reports" / "run" / "latency.json"
    path.unlink()
    if content is not None:
        path.write_text(content)
    assert road.outcome() is Outcome.ERROR


@pytest.mark.parametrize(
    ("evidence", "outcome"),
    [
        ({"bytes": 10_000_000}, "pass"),
        ({"bytes": 10_000_001}, "fail"),
        ({"bytes": 0}, "error"),
        ({"bytes": -5}, "error"),
        ({"bytes": "5"}, "error"),
        ({"bytes": True}, "error"),
        ({"bytes": None}, "error"),
        ({}, "error"),
    ],
    ids=str,
)
def test_the_size_must_be_there_and_within_the_budget(road, evidence, outcome):
    road.write("train", [judge("model.size", "Kept", ok=True, evidence=evidence)])
    road.sign()
    assert checks_of(road.judge())["gate.size"].outcome is Outcome(outcome)


# --- the policy -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("stage", STAGES)
def test_a_policy_that_leaves_a_stage_out_warns_whatever_that_stage_said(road, stage):
    kept = [name for name in STAGES if name != stage]
    edit(road, "pavedroad.toml", "[gate]\n", f"[gate]\nrequired = {json.dumps(kept)}\n")
    road.write(stage, [judge("a", "A", ok=False)])
    if stage == "evaluate":
        road.write("package", CHECKS["package"])
    road.sign()
    report = road.judge()
    assert report.outcome is Outcome.WARN
    assert "leaves" in checks_of(report)[f"gate.stage.{stage}"].reason


@pytest.mark.parametrize(("behind", "outcome"), [("warn", Outcome.PASS), ("fail", Outcome.FAIL)])
def test_records_that_are_behind_are_named_and_stop_only_where_the_policy_says_so(road, behind, outcome):
    edit(road, "pavedroad.toml", "[gate]\n", f'[gate]\nbehind = "{behind}"\n')
    report = road.judge()
    assert report.outcome is outcome
    assert report.run.behind == ["dvc.lock"]


def test_a_decision_leads_to_the_line_of_its_setting(road):
    place = checks_of(road.judge())["gate.latency"].where
    assert (road.root / place.file).read_text().splitlines()[place.line - 1] == "max_latency_ms = 50"


# --- what people are shown ------------------------------------------------------------------------------------------


def test_only_the_reports_that_the_gate_read_are_shown(road):
    report = run_stage(road.project, "gate", gate)
    shown = collect_reports(road.project)
    assert [item.stage for item in shown] == [*STAGES, "gate"]
    assert shown[-1].outcome is report.outcome
    road.write("drift", [judge("a", "A", ok=False)])
    with pytest.raises(EvidenceError, match="has changed since the gate read it"):
        collect_reports(road.project)


def test_without_a_decision_nothing_is_shown(road):
    with pytest.raises(EvidenceError, match="cannot be read"):
        collect_reports(road.project)


# --- anything at all ------------------------------------------------------------------------------------------------

NOT_PASSING = {
    "validation said no": ("validate", [judge("a", "A", ok=False)]),
    "drift was skipped": ("drift", [Check(id="a", title="A", outcome=Outcome.SKIPPED)]),
    "the model is no better": (
        "evaluate",
        [judge("metric.improvement", "B", ok=True, **difference(-1.0, 0.5, 1.0)), CHECKS["evaluate"][1]],
    ),
    "the model is too large": ("train", [judge("model.size", "Kept", ok=True, evidence={"bytes": 99_000_000})]),
}

WORDS = ["pass", "warn", "fail", "skipped", "validate", "metric.improvement", "bytes", "0.95"]
NUMBERS = st.integers(-10, 10**9) | st.floats(allow_nan=False, allow_infinity=False)
KEYS = st.sampled_from(["low", "value", "high", "confidence", "bytes", "outcome", "id"])
JSON = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.sampled_from(WORDS),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=6,
)


def places(document, path=()):
    """Every place in a JSON document."""
    yield path
    items = (
        document.items() if isinstance(document, dict) else enumerate(document) if isinstance(document, list) else ()
    )
    for key, value in items:
        yield from places(value, (*path, key))


def put(document, path, value):
    if not path:
        return value
    document = dict(document) if isinstance(document, dict) else list(document)
    document[path[0]] = put(document[path[0]], path[1:], value)
    return document


@pytest.mark.slow
@pytest.mark.parametrize(("spoilt", "checks"), NOT_PASSING.values(), ids=NOT_PASSING)
@given(data=st.data())
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_change_to_the_reports_turns_what_does_not_pass_into_a_pass(road, spoilt, checks, data):
    road.write(spoilt, checks)
    for stage in STAGES:
        if stage != spoilt:
            road.write(stage, CHECKS[stage])
    road.sign()
    assert road.outcome() not in {Outcome.PASS, Outcome.WARN}
    # Who can sign can also say yes; so what is signed here is any report but the one that says no.
    signed = data.draw(st.booleans())
    for _ in range(data.draw(st.integers(1, 4))):
        stage = data.draw(st.sampled_from([stage for stage in STAGES if not (signed and stage == spoilt)]))
        document = road.document(stage)
        path = data.draw(st.sampled_from(list(places(document))))
        road.tamper(stage, json.dumps(put(document, path, data.draw(JSON))))
        if not isinstance(road.document(stage), dict):
            break
    if signed:
        road.sign()
    assert road.outcome() not in {Outcome.PASS, Outcome.WARN}


@given(data=st.data())
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_lies_in_a_report_the_gate_decides_in_words(road, data):
    stage = data.draw(st.sampled_from(STAGES))
    road.write(stage, CHECKS[stage])
    document = road.document(stage)
    path = data.draw(st.sampled_from(list(places(document))))
    road.tamper(stage, json.dumps(put(document, path, data.draw(JSON))))
    road.sign()
    report = road.judge()
    assert report.outcome in set(Outcome)
    assert report.summary
    road.write(stage, CHECKS[stage])
    road.sign()
