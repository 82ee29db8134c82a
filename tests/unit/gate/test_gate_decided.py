"""The gate's decisions over a repo's files, the policy it takes them by, and what it shows of them."""

import json

import pytest
from gate_road import CHECKS, FILES, Road, checks_of, difference, edit

from pavedroad.errors import EvidenceError
from pavedroad.foundation.project import STAGES
from pavedroad.report import Outcome, Run, encode, judge, write_whole
from pavedroad.stages.gate import collect_reports, gate
from pavedroad.stages.runner import run_stage


@pytest.fixture
def road(world):
    made = Road(world(FILES))
    made.lay()
    return made


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


def test_without_an_evaluation_nobody_says_that_the_records_are_up_to_date(road):
    kept = [name for name in STAGES if name != "evaluate"]
    edit(road, "pavedroad.toml", "[gate]\n", f'[gate]\nbehind = "fail"\nrequired = {json.dumps(kept)}\n')
    check = checks_of(road.judge())["gate.records"]
    assert (check.outcome, "leaves 'evaluate' out" in check.reason) == (Outcome.WARN, True)


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
