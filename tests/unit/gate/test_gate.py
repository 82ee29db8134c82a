"""The gate: what is missing, stale or malformed never passes, and a no is never turned into a yes."""

import json

import pytest
from gate_road import FILES, Road, checks_of, edit

from pavedroad.errors import ConfigError
from pavedroad.foundation.project import STAGES
from pavedroad.report import Check, Outcome, judge
from pavedroad.stages.gate import gate
from pavedroad.stages.runner import run_stage


@pytest.fixture
def road(world):
    made = Road(world(FILES))
    made.lay()
    return made


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
    assert report.outcome is (Outcome.ERROR if outcome == "error" or stage == "train" else Outcome.FAIL)
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


STALE = {
    "data": ("data.csv", "2,3", "2,4", ["validate", "train", "evaluate", "drift"]),
    "the suite": ("suite.json", "{}", "{ }", ["validate"]),
    "the code": ("src/shop/features.py", "return table", "return table * 1", ["train", "evaluate", "latency"]),
    "a parameter": ("params.yaml", "depth: 3", "depth: 4", ["train"]),
    "the model": ("model/model.skops", "weights", "other weights", ["train", "evaluate", "package", "latency"]),
    "the package": ("package/manifest.json", "{}", "{ }", ["package"]),
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
