"""Who may loosen the policy: which way a change goes, the organisation's floor, waivers that are seen and end."""

import tomllib
from datetime import date
from importlib.resources import files

import msgspec
import pytest
from gate_road import CONFIG

from pavedroad.config import default_settings, parse_config
from pavedroad.errors import ConfigError
from pavedroad.foundation.gate.policy import apply_waivers, compare_policies, judge_changes, judge_floor, read_floor
from pavedroad.report import Check, Outcome, Severity
from pavedroad.settings import Waiver


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
    "champion_share": ("champion_share = 0.0", "champion_share = 0.1"),
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
    assert (change.way, change.about) == ("different", name)
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


def test_a_change_of_the_policy_as_a_whole_check():
    policy = config().gate
    changes = compare_policies(
        config(gate="margin = 1.0", model="trusted = []"), config(gate="margin = 2.0", model='trusted = ["a.B", "c.D"]')
    )
    loosened, tightened = judge_changes(changes, policy)
    assert tightened == Check(
        id="gate.policy.gate.margin",
        title="The change does not loosen what models are judged by",
        outcome=Outcome.PASS,
        severity=Severity.WARNING,
        observed="stricter",
        expected="stricter, or the same",
        reason="gate.margin was 1.0 and is 2.0: stricter.",
    )
    assert loosened == Check(
        id="gate.policy.model.trusted",
        title="The change does not loosen what models are judged by",
        outcome=Outcome.WARN,
        severity=Severity.WARNING,
        observed="looser",
        expected="stricter, or the same",
        reason="model.trusted was nothing and is a.B, c.D: looser, so worse models may pass. "
        "The evidence was made by the new value; the owner has to approve it.",
    )


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


def test_the_floor_as_whole_checks():
    floor = {"gate": {"card": ["ethics", "limits"], "max_latency_ms": 50.0}}
    missed, kept = judge_floor(config(gate='card = ["limits"]'), floor)
    assert missed == Check(
        id="gate.floor.gate.card",
        title="gate.card is not looser than the organisation allows",
        outcome=Outcome.FAIL,
        observed="limits",
        expected="ethics, limits",
        reason="gate.card was ethics, limits and is limits: looser, so worse models may pass. "
        "A repo may only tighten the floor.",
    )
    assert kept == Check(
        id="gate.floor.gate.max_latency_ms",
        title="gate.max_latency_ms is not looser than the organisation allows",
        outcome=Outcome.PASS,
        observed="50.0",
        expected="50.0",
    )


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


def test_waivers_as_whole_checks():
    reason = "Waived until 2026-03-10 by Ada: The shop opens today. Without the waiver: Too large."
    before, waived, behind, shown, spare = apply_waivers(
        [found(Outcome.PASS, "gate.a"), found(Outcome.FAIL), found(Outcome.FAIL, "gate.b")],
        [waive(), waive("gate.latency")],
        TODAY,
    )
    assert (before, behind) == (found(Outcome.PASS, "gate.a"), found(Outcome.FAIL, "gate.b"))
    assert waived == Check(id="gate.size", title="T", outcome=Outcome.WARN, severity=Severity.WARNING, reason=reason)
    assert shown == Check(
        id="gate.waiver.size",
        title="No waiver stands for gate.size",
        outcome=Outcome.WARN,
        severity=Severity.WARNING,
        observed="used",
        reason="A waiver by Ada until 2026-03-10 (used): The shop opens today.",
    )
    assert spare.reason == "A waiver by Ada until 2026-03-10 (not needed): The shop opens today."


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


def test_every_waiver_is_shown_and_any_that_counts_counts():
    ended, counting = waive(until="2026-03-09"), waive()
    for given in ([ended, counting], [counting, ended]):
        check, *shown = apply_waivers([found(Outcome.FAIL)], given, TODAY)
        assert check.outcome is Outcome.WARN
        assert [item.observed for item in shown] == [
            "used" if waiver is counting else "expired, or not allowed" for waiver in given
        ]
    assert apply_waivers([found(Outcome.FAIL)], [ended, ended], TODAY)[0].outcome is Outcome.FAIL


def test_a_long_setting_is_cut_where_everybody_sees_it():
    entry = f'check = "gate.size", reason = "{"x" * 300}", by = "Ada", until = "2026-03-31"'
    (check,) = judge_floor(config(gate=f"waiver = [{{{entry}}}]"), {"gate": {"waiver": []}})
    assert check.outcome is Outcome.FAIL
    assert check.observed.endswith("x…")
    assert len(check.observed) == 200


def test_a_text_that_is_empty_is_told_as_nothing():
    ((_, change),) = compare_policies(config(), config(data='group = "shop"'))
    assert change.words.startswith("data.group was nothing and is shop:")


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
