"""A change against its base in a real repo: whose policy counts, and what neither a waiver nor a what-if may do."""

import json
import subprocess

import pytest
from gate_road import CHECKS, FILES, Road, checks_of, edit

from pavedroad.errors import ConfigError, UsageError
from pavedroad.report import Outcome
from pavedroad.stages.gate import gate
from pavedroad.stages.whatif import decide_otherwise

GATE = "[gate]\n"


@pytest.fixture
def road(world):
    made = Road(world(FILES))
    made.lay()
    commit(made, "The base")
    return made


def commit(road, message):
    for words in (["add", "--all"], ["commit", "--quiet", "--message", message]):
        subprocess.run(["git", *words], cwd=road.root, check=True)


def judge_against(road, base="HEAD"):
    road.project = Road(road.root).project
    return gate(road.project, base=base)


def test_a_change_is_judged_by_the_policy_of_its_base(road):
    edit(road, "pavedroad.toml", GATE, GATE + 'champion = "off"\nmargin = 0.9\n')
    commit(road, "A strict base")
    assert judge_against(road).outcome is Outcome.FAIL
    edit(road, "pavedroad.toml", "margin = 0.9", "margin = 0.0")
    assert road.outcome() is Outcome.PASS, "by its own policy it would pass"
    report = judge_against(road)
    assert report.outcome is Outcome.FAIL
    assert checks_of(report)["gate.improvement"].outcome is Outcome.FAIL
    told = checks_of(report)["gate.policy.gate.margin"]
    assert told.outcome is Outcome.WARN
    assert told.where.line == (road.root / "pavedroad.toml").read_text().splitlines().index("margin = 0.0") + 1


def test_a_waiver_that_the_change_brings_along_does_not_count(road):
    edit(road, "pavedroad.toml", GATE, GATE + 'champion = "off"\nmargin = 0.9\n')
    commit(road, "A strict base")
    waiver = (
        'waiver = [{check = "gate.improvement", reason = "The shop opens today.", by = "Ada", until = "2099-01-01"}]'
    )
    edit(road, "pavedroad.toml", GATE, GATE + waiver + "\n")
    assert judge_against(road).outcome is Outcome.FAIL
    commit(road, "The owner lets it in")
    report = judge_against(road)
    assert report.outcome is Outcome.WARN
    assert checks_of(report)["gate.waiver.improvement"].observed == "used"


def test_a_champion_that_was_not_compared_stops_the_change(road):
    report = judge_against(road)
    assert report.outcome is Outcome.ERROR
    assert checks_of(report)["gate.champion"].reason.startswith("There is no report of 'compare'.")


def test_a_base_that_git_does_not_know_is_refused(road):
    with pytest.raises(UsageError, match="does not know"):
        judge_against(road, "origin/main")


def test_a_base_whose_configuration_is_damaged_is_refused(road):
    good = (road.root / "pavedroad.toml").read_text()
    (road.root / "pavedroad.toml").write_text("[gate\n")
    commit(road, "A broken base")
    (road.root / "pavedroad.toml").write_text(good)
    with pytest.raises(ConfigError):
        judge_against(road)


def test_what_if_asks_and_writes_nothing(road):
    assert decide_otherwise(road.project, ["gate.margin=0.49"]).outcome is Outcome.PASS
    assert decide_otherwise(road.project, ["margin=0.5"]).outcome is Outcome.FAIL
    assert decide_otherwise(road.project, ["gate.max_size_mb=1"]).outcome is Outcome.FAIL
    assert decide_otherwise(road.project, ["gate.confidence=0.99"]).outcome is Outcome.ERROR
    assert decide_otherwise(road.project, ['gate.required=["drift"]']).outcome is Outcome.WARN
    assert not road.project.report("gate").exists()


@pytest.mark.parametrize(
    "wish", ["gate.margn=0.5", "margin", "drift.min_effect=1", "gate.margin=-1", "gate.margin=much"]
)
def test_what_if_refuses_what_is_no_setting(road, wish):
    with pytest.raises(UsageError) as caught:
        decide_otherwise(road.project, [wish])
    if wish == "gate.margn=0.5":
        assert "margin" in caught.value.next_step


def test_the_road_that_these_tests_stand_on_is_whole(road):
    assert road.outcome() is Outcome.PASS
    assert json.loads((road.root / "dvc.lock").read_text())["stages"].keys() == CHECKS.keys() - {"latency"}
