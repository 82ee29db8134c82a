"""Each check by itself stops a release: a repo whose policy asks for everything says yes, until one thing changes."""

import subprocess
from datetime import UTC, datetime, timedelta

import pytest
from gate_evidence import census
from gate_road import CHECKS, FILES, Road, checks_of, difference, edit

from pavedroad.foundation.data.tables import hash_file
from pavedroad.foundation.gate.decision import NO, YES
from pavedroad.foundation.project import STAGES, Project
from pavedroad.report import Check, Input, Outcome, Run, conclude, encode, judge, write_report, write_whole
from pavedroad.stages import gate as stage

POLICY = """\
[gate]
margin = 0.5
champion = "required"
champion_share = 0.0
loosening = "fail"
max_calibration_error = 0.1
max_data_age_days = 3.0
min_value = 1.0
card = ["ethics"]
licences = ["MIT"]
slice = [{column = "shop", floor = 5.0, regression = 0.5}]
fairness = [{column = "sex", max_gap = 1.0}]
waiver = [{check = "gate.latency", reason = "The new sensor needed it.", by = "Ada", until = "2020-01-31"}]
"""
CONFIG = FILES["pavedroad.toml"].replace("[gate]\n", POLICY).replace("[data]\n", "value_per_unit = 10.0\n[data]\n")
METRIC = "mean_absolute_error"


def group(prefix, column, name, **more):
    evidence = {"column": column, "group": name, "metric": METRIC, **more.pop("evidence", {})}
    return Check(id=f"{prefix}.{column}.{name}", title="G", outcome=Outcome.PASS, evidence=evidence, **more)


def evaluation(improvement=(0.6, 1.0, 1.5), skill=(2.0, 3.0, 4.0), worst=4.0, calibration=0.05):
    return [
        judge("metric.improvement", "Better", ok=True, **difference(*improvement)),
        judge("metric.skill", "Better than a constant", ok=True, **difference(*skill)),
        group("evaluate.slice", "shop", "north", evidence={"value": 1.0}),
        group("evaluate.slice", "shop", "south", evidence={"value": worst}),
        census("evaluate.slice", "shop", 2),
        judge("evaluate.calibration", "Calibrated", ok=True, evidence={"value": calibration}),
    ]


def packing(ethics="Nobody is harmed.", licence="MIT"):
    return [
        *CHECKS["package"],
        judge("package.card", "Card", ok=True, evidence={"ethics": ethics}),
        judge("package.components", "Needed", ok=True, evidence={"numpy": "2.0"}),
        judge("package.licences", "Licences", ok=True, evidence={"numpy": licence}),
    ]


class Release(Road):
    """The repo of a change whose base asks for everything, with evidence that satisfies it."""

    def prepare(self):
        self.lay()
        self.write("evaluate", evaluation())
        self.write("package", packing())
        self.sign()
        for words in (["add", "--all"], ["commit", "--quiet", "--message", "The base"]):
            subprocess.run(["git", *words], cwd=self.root, check=True)
        self.compare()

    def compare(self, gain=(0.1, 0.5, 1.0), south=(-0.2, 0.1, 0.4), gap=(0.1, 0.5, 0.9), days=1, left_out=0):
        head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=self.root, check=True, capture_output=True, text=True)
        day = (datetime.now(UTC) - timedelta(days=days)).date().isoformat()
        terms = {"base": head.stdout.strip(), "confidence": 0.95, "looks": 1, "rows": 400, "error": 0.2}
        keys = ("low", "value", "high")
        checks = [
            judge("compare.difference", "D", ok=True, observed=dict(zip(keys, gain, strict=True)), evidence=terms),
            group("compare.slice", "shop", "south", observed=dict(zip(keys, south, strict=True))),
            census("compare.slice", "shop", 1, left_out, "Left out: east (3 held-out rows; 20 are needed)."),
            group("compare.group", "sex", "f", evidence={"value": 2.5 + gap[1]}),
            group("compare.group", "sex", "m", evidence={"value": 2.5}),
            census("compare.group", "sex", 2),
            Check(
                id="compare.gap.sex",
                title="G",
                outcome=Outcome.PASS,
                observed=dict(zip(keys, gap, strict=True)),
                evidence={"confidence": 0.95, "metric": METRIC},
            ),
            judge("compare.newest", "N", ok=True, evidence={"newest": day}),
        ]
        inputs = [Input("data.csv", hash_file(self.root / "data.csv"))]
        write_report(self.project.report("compare"), conclude("compare", checks, inputs=inputs))

    def say_no(self, name):
        """Let one stage fail by a check that the gate knows nothing of."""
        kept = {"evaluate": evaluation(), "package": packing()}.get(name, CHECKS[name])
        self.write(name, [*kept, judge("other", "Other", ok=False, reason="Because.")])
        if name == "evaluate":
            self.write("package", packing())
        self.sign()

    def rewrite(self, name, checks):
        self.write(name, checks)
        if name == "evaluate":
            self.write("package", packing())
        self.sign()

    def take_time(self, milliseconds):
        run = Run(started="", duration_s=0.0, measured={"latency.p95": milliseconds})
        write_whole(self.root / "reports" / "run" / "latency.json", encode(run))

    def decide(self):
        project = Project(root=self.root, config=Road(self.root).project.config)
        return stage.gate(project, base="HEAD")


@pytest.fixture
def release(world):
    made = Release(world({**FILES, "pavedroad.toml": CONFIG}))
    made.prepare()
    return made


def grow(release):
    release.rewrite("train", [judge("model.size", "Kept", ok=True, evidence={"bytes": 10_000_001})])
    for name, checks in (("evaluate", evaluation()), ("package", packing())):
        release.write(name, checks)
    release.sign()


STOPS = {
    "baseline": (lambda release: release.rewrite("evaluate", evaluation((0.4, 1.0, 1.5))), "gate.improvement"),
    "best constant": (lambda release: release.rewrite("evaluate", evaluation(skill=(-0.1, 1.0, 2.0))), "gate.skill"),
    "champion": (lambda release: release.compare(gain=(-1.0, -0.5, -0.1)), "gate.champion"),
    "champion, perhaps": (lambda release: release.compare(gain=(-0.1, 0.5, 1.0)), "gate.champion"),
    "slice floor": (lambda release: release.rewrite("evaluate", evaluation(worst=5.1)), "gate.slice.shop"),
    "slice regression": (lambda release: release.compare(south=(-2.0, -1.0, -0.6)), "gate.regression.shop"),
    "fairness": (lambda release: release.compare(gap=(0.9, 1.5, 2.0)), "gate.fairness.sex"),
    "calibration": (lambda release: release.rewrite("evaluate", evaluation(calibration=0.11)), "gate.calibration"),
    "latency, its waiver expired": (lambda release: release.take_time(50.1), "gate.latency"),
    "size": (grow, "gate.size"),
    "age": (lambda release: release.compare(days=4), "gate.age"),
    "value": (lambda release: edit(release, "pavedroad.toml", "per_unit = 10.0", "per_unit = 0.1"), "gate.value"),
    "card": (lambda release: release.rewrite("package", packing(ethics=" ")), "gate.card"),
    "licences": (lambda release: release.rewrite("package", packing(licence="GPL-3.0-only")), "gate.licences"),
    "a lowered threshold": (
        lambda release: edit(release, "pavedroad.toml", "margin = 0.5", "margin = 0.0"),
        "gate.policy.gate.margin",
    ),
    "a waiver brought along": (
        lambda release: edit(release, "pavedroad.toml", "2020-01-31", "2099-01-31"),
        "gate.policy.gate.waiver",
    ),
    **{f"the stage {name}": (lambda release, name=name: release.say_no(name), f"gate.stage.{name}") for name in STAGES},
}


def test_a_release_that_satisfies_everything_goes_on(release):
    report = release.decide()
    asked = {check.id for check in report.checks}
    assert report.outcome in YES, report.summary
    assert {check.id for check in report.checks if check.outcome is not Outcome.PASS} == {"gate.waiver.latency"}
    assert {id_ for _, id_ in STOPS.values() if not id_.startswith("gate.policy.")} <= asked


@pytest.mark.parametrize("case", STOPS)
def test_each_check_alone_stops_a_release(release, case):
    spoil, id_ = STOPS[case]
    spoil(release)
    report = release.decide()
    assert report.outcome is Outcome.FAIL
    assert [check.id for check in report.checks if check.outcome in NO] == [id_]
    assert report.summary == f"No: {checks_of(report)[id_].reason}"


def test_a_group_of_few_rows_alone_stops_a_release_as_an_error(release):
    release.compare(left_out=1)
    report = release.decide()
    assert [check.id for check in report.checks if check.outcome in NO] == ["gate.regression.shop"]
    assert report.outcome is Outcome.ERROR
    assert "east (3 held-out rows; 20 are needed)" in report.summary


def test_the_floor_alone_stops_a_release(release, monkeypatch):
    monkeypatch.setattr(stage, "read_floor", lambda: {"gate": {"max_latency_ms": 40.0}})
    report = release.decide()
    assert [check.id for check in report.checks if check.outcome in NO] == ["gate.floor.gate.max_latency_ms"]
    assert "A repo may only tighten the floor." in report.summary


@pytest.mark.parametrize("name", [*STAGES, "compare"])
def test_evidence_that_is_gone_stops_a_release_as_an_error(release, name):
    release.project.report(name).unlink()
    release.sign()
    assert release.decide().outcome is Outcome.ERROR


def test_a_waiver_of_the_base_lets_a_slow_model_go_on_in_everybodys_sight(release):
    edit(release, "pavedroad.toml", "2020-01-31", "2099-01-31")
    subprocess.run(
        ["git", "commit", "--quiet", "--all", "--message", "The owner lets it in"], cwd=release.root, check=True
    )
    release.compare()
    release.take_time(50.1)
    report = release.decide()
    assert report.outcome is Outcome.WARN
    assert checks_of(report)["gate.latency"].reason.startswith("Waived until 2099-01-31 by Ada")
