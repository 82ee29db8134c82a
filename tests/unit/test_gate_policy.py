"""Who may loosen the policy: the base branch's counts, the organisation's floor holds, waivers are seen and end."""

import json
import subprocess
import tomllib
from datetime import date
from importlib.resources import files

import msgspec
import pytest
from gate_road import CHECKS, CONFIG, FILES, Road, checks_of, edit

from pavedroad.config import default_settings, parse_config
from pavedroad.errors import ConfigError, UsageError
from pavedroad.foundation.gate.policy import apply_waivers, compare_policies, judge_changes, judge_floor, read_floor
from pavedroad.report import Check, Outcome
from pavedroad.settings import Waiver
from pavedroad.stages.gate import gate
from pavedroad.stages.whatif import decide_otherwise

GATE = "[gate]\n"


def config(**sections):
    text = CONFIG
    for section, lines in sections.items():
        text = text.replace(f"[{section}]\n", f"[{section}]\n{lines}\n", 1)
    return parse_config(text)


# before, after, which way, from the one to the other; the other way round it is the opposite
LOOSER = {
    "margin": ("margin = 1.0", "margin = 0.5"),
    "champion": ('champion = "required"', 'champion = "auto"'),
    "no champion": ('champion = "auto"', 'champion = "off"'),
    "champion_margin": ("champion_margin = 0.1", "champion_margin = 0.2"),
    "superiority": ("superiority = true", "superiority = false"),
    "looks": ("looks = 5", "looks = 1"),
    "loosening": ('loosening = "fail"', 'loosening = "warn"'),
    "behind": ('behind = "fail"', 'behind = "warn"'),
    "calibration": ("max_calibration_error = 0.05", "max_calibration_error = 0.1"),
    "no calibration": ("max_calibration_error = 0.05", "max_calibration_error = 0.0"),
    "age": ("max_data_age_days = 2.0", "max_data_age_days = 3.0"),
    "no age": ("max_data_age_days = 300.0", "max_data_age_days = 0.0"),
    "value": ("min_value = 10.0", "min_value = 0.0"),
    "card": ('card = ["limits", "ethics"]', 'card = ["limits"]'),
    "licences": ('licences = ["MIT"]', 'licences = ["MIT", "GPL-3.0-only"]'),
    "no licences": ('licences = ["MIT"]', "licences = []"),
    "stages": ('required = ["train", "drift"]', 'required = ["train"]'),
    "slices": ('slice = [{column = "a", floor = 1.0}]', "slice = []"),
    "fairness": ('fairness = [{column = "a", max_gap = 1.0}]', "fairness = []"),
    "a waiver": (
        "waiver = []",
        'waiver = [{check = "gate.size", reason = "The shop opens today.", by = "Ada", until = "2026-03-31"}]',
    ),
}


@pytest.mark.parametrize(("strict", "loose"), LOOSER.values(), ids=LOOSER)
def test_which_way_a_change_goes(strict, loose):
    before, after = config(gate=strict), config(gate=loose)
    ((_, change),) = compare_policies(before, after)
    assert change.way == "looser"
    ((_, back),) = compare_policies(after, before)
    assert back.way == "stricter"
    assert "looser, so worse models may pass" in change.words
    assert compare_policies(before, before) == []


@pytest.mark.parametrize(
    ("section", "strict", "loose"),
    [
        ("validation", "min_rows = 100", "min_rows = 30"),
        ("validation", "max_nulls = 0.5", "max_nulls = 0.9"),
        ("drift", "min_effect = 0.1", "min_effect = 0.2"),
        ("drift", "fail_effect = 0.5", "fail_effect = 0.9"),
        ("drift", "columns = []", 'columns = ["rain"]'),
        ("model", "trusted = []", 'trusted = ["a.B"]'),
    ],
)
def test_what_the_evidence_is_made_by_is_policy_too(section, strict, loose):
    before, after = config(**{section: strict}), config(**{section: loose})
    assert [change.way for _, change in compare_policies(before, after)] == ["looser"]
    assert [change.way for _, change in compare_policies(after, before)] == ["stricter"]


@pytest.mark.parametrize(
    ("section", "line"),
    [
        ("objective", 'baseline = "mean"'),
        ("data", "seed = 7"),
        ("data", "holdout = 0.5"),
        ("gate", 'slice = [{column = "a", floor = 1.0}, {column = "b", floor = 1.0}]'),
    ],
)
def test_what_nobody_can_call_stricter_is_for_the_owner(section, line):
    before = config(gate='slice = [{column = "a", floor = 2.0}]')
    after = (
        config(**{section: line})
        if section == "gate"
        else config(gate='slice = [{column = "a", floor = 2.0}]', **{section: line})
    )
    ((name, change),) = compare_policies(before, after)
    assert change.way == "different"
    (check,) = judge_changes([(name, change)], after.gate)
    assert check.outcome is Outcome.WARN


def test_names_are_not_policy():
    assert compare_policies(config(), parse_config(CONFIG.replace('"Ada"', '"Bob"'))) == []


@pytest.mark.parametrize(("loosening", "outcome"), [("warn", Outcome.WARN), ("fail", Outcome.FAIL)])
def test_loosening_is_a_warning_or_a_no(loosening, outcome):
    changes = compare_policies(config(gate="margin = 1.0"), config(gate="margin = 0.0"))
    policy = msgspec.structs.replace(config().gate, loosening=loosening)
    (check,) = judge_changes(changes, policy)
    assert (check.id, check.outcome) == ("gate.policy.gate.margin", outcome)
    assert check.reason == (
        "gate.margin was 1.0 and is 0.0: looser, so worse models may pass. This change was judged by the base branch's "
        "value; the new one counts once the owner has approved it."
    )
    (check,) = judge_changes(compare_policies(config(gate="margin = 0.0"), config(gate="margin = 1.0")), policy)
    assert check.outcome is Outcome.PASS


# --- the floor ------------------------------------------------------------------------------------------------------


def test_the_floor_may_only_be_tightened():
    floor = {"gate": {"confidence": 0.9, "max_latency_ms": 60.0, "required": ["train", "drift"]}}
    assert {check.outcome for check in judge_floor(config(), floor)} == {Outcome.PASS}
    loose = config(gate='required = ["train"]')
    by_id = {check.id: check for check in judge_floor(loose, floor)}
    assert by_id["gate.floor.gate.required"].outcome is Outcome.FAIL
    assert "A repo may only tighten the floor." in by_id["gate.floor.gate.required"].reason
    assert by_id["gate.floor.gate.confidence"].outcome is Outcome.PASS
    slow = {"gate": {"max_latency_ms": 40.0}}
    assert [check.outcome for check in judge_floor(config(), slow)] == [Outcome.FAIL]


def test_the_floor_that_is_shipped_names_settings_and_the_defaults_keep_it():
    defaults = default_settings()
    for section, settings in tomllib.loads((files("pavedroad") / "floor.toml").read_text()).items():
        assert settings.keys() <= defaults[section].keys()
    assert {check.outcome for check in judge_floor(config(), read_floor())} == {Outcome.PASS}


# --- waivers --------------------------------------------------------------------------------------------------------

TODAY = date(2026, 3, 10)


def waive(check="gate.size", until="2026-03-10"):
    return Waiver(check=check, reason="The shop opens today.", by="Ada", until=until)


def found(outcome, id_="gate.size"):
    return Check(id=id_, title="T", outcome=outcome, reason="Too large.")


def test_a_waiver_turns_a_no_into_a_warning_that_says_so():
    failed, shown = apply_waivers([found(Outcome.FAIL)], [waive()], TODAY)
    assert failed.outcome is Outcome.WARN
    assert failed.reason == ("Waived until 2026-03-10 by Ada: The shop opens today. Without the waiver: Too large.")
    assert (shown.id, shown.outcome, shown.observed) == ("gate.waiver.size", Outcome.WARN, "used")


@pytest.mark.parametrize("outcome", [Outcome.ERROR, Outcome.SKIPPED, Outcome.PASS])
def test_a_waiver_is_for_a_no_alone(outcome):
    check, shown = apply_waivers([found(outcome)], [waive()], TODAY)
    assert check.outcome is outcome
    assert shown.observed == "not needed"


def test_a_waiver_ends():
    check, shown = apply_waivers([found(Outcome.FAIL)], [waive(until="2026-03-09")], TODAY)
    assert check.outcome is Outcome.FAIL
    assert shown.observed == "expired, or not allowed"


@pytest.mark.parametrize("id_", ["gate.floor.gate.margin", "gate.policy.gate.margin", "gate.waiver.size"])
def test_the_floor_and_the_policy_cannot_be_waived(id_):
    check, _ = apply_waivers([found(Outcome.FAIL, id_)], [waive(id_)], TODAY)
    assert check.outcome is Outcome.FAIL


def test_a_waiver_for_another_check_changes_nothing():
    assert apply_waivers([found(Outcome.FAIL)], [waive("gate.latency")], TODAY)[0].outcome is Outcome.FAIL


@pytest.mark.parametrize(
    "entry",
    [
        'check = "size", reason = "The shop opens today.", by = "Ada", until = "2026-03-31"',
        'check = "gate.size", reason = "Short.", by = "Ada", until = "2026-03-31"',
        'check = "gate.size", reason = "The shop opens today.", by = "", until = "2026-03-31"',
        'check = "gate.size", reason = "The shop opens today.", by = "Ada", until = "soon"',
        'check = "gate.size", reason = "The shop opens today.", by = "Ada"',
        'check = "gate.size", reason = "The shop opens today.", by = "Ada", until = "2026-03-31", ever = true',
    ],
)
def test_a_waiver_says_what_why_who_and_until_when(entry):
    with pytest.raises(ConfigError):
        config(gate=f"waiver = [{{{entry}}}]")


# --- in a repo ------------------------------------------------------------------------------------------------------


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
    assert checks_of(report)["gate.champion"].reason.startswith("There is no report.")


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


# --- mistakes in writing --------------------------------------------------------------------------------------------

KEYS = [(section, key) for section, settings in default_settings().items() for key in settings]
LETTERS = "abcdefghijklmnopqrstuvwxyz_"


def mutate(word):
    """Every word that is one character away."""
    for place in range(len(word) + 1):
        if place < len(word):
            yield word[:place] + word[place + 1 :]
            yield from (word[:place] + letter + word[place + 1 :] for letter in LETTERS)
        yield from (word[:place] + letter + word[place:] for letter in LETTERS)


def test_five_hundred_slips_in_a_key_are_refused_with_a_suggestion():
    valid = {section: set(settings) for section, settings in default_settings().items()}
    slips = [
        (section, key, slip) for section, key in KEYS for slip in mutate(key) if slip and slip not in valid[section]
    ]
    chosen = slips[:: len(slips) // 600]
    assert len(chosen) >= 500
    suggested = 0
    for section, key, slip in chosen:
        text = CONFIG.replace(f"[{section}]\n", f"[{section}]\n{slip} = 1\n", 1)
        with pytest.raises(ConfigError) as caught:
            parse_config(text if f"[{section}]" in CONFIG else f"{CONFIG}[{section}]\n{slip} = 1\n")
        assert slip in caught.value.what
        assert caught.value.line
        assert caught.value.next_step.startswith(("Did you mean", "Valid here: ")), (key, slip)
        suggested += repr(key) in caught.value.next_step or f" {key}" in caught.value.next_step
    assert suggested / len(chosen) > 0.98, "another key may be as near"


@pytest.mark.parametrize("slip", ["colum", "flor", "regresion"])
def test_a_slip_inside_a_table_is_refused_with_a_suggestion(slip):
    entries = {"column": '"a"', "floor": "1.0", "regression": "1.0"}
    nearest = {"colum": "column", "flor": "floor", "regresion": "regression"}[slip]
    entries[slip] = entries.pop(nearest)
    text = ", ".join(f"{key} = {value}" for key, value in entries.items())
    with pytest.raises(ConfigError) as caught:
        config(gate=f"slice = [{{{text}}}]")
    assert slip in caught.value.what or nearest in caught.value.what


def test_the_road_that_these_tests_stand_on_is_whole(road):
    assert road.outcome() is Outcome.PASS
    assert json.loads((road.root / "dvc.lock").read_text())["stages"].keys() == CHECKS.keys() - {"latency"}
