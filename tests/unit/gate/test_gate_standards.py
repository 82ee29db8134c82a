"""The other decisions that a policy may ask for: a pass in one world, a no in the nearest, none without evidence."""

import pytest
from gate_evidence import about, compared, decide, evaluated, improvement, licensed, only, packed, policy

from pavedroad.foundation.gate.decision import Found
from pavedroad.report import Outcome, is_note
from pavedroad.settings import FairnessLimit, SliceLimit


def test_a_policy_that_asks_for_nothing_gets_nothing():
    assert decide(policy()) == {}


def test_without_a_base_it_is_told_that_there_is_no_champion():
    check = only(policy(champion="auto"))
    assert (check.id, check.outcome, check.observed) == ("gate.champion", Outcome.PASS, "no base")
    assert is_note(check)
    assert check.reason == (
        'Not compared with any champion. Name a base with --base, or ask for one with champion = "required".'
    )
    assert check.title == "No base revision is known, so there is no champion to be held against"


@pytest.mark.parametrize(
    ("value", "outcome"),
    [(0.05, "pass"), (0.051, "fail"), (-0.1, "error"), (None, "error"), ("0", "error"), (True, "error")],
    ids=str,
)
def test_calibration(value, outcome):
    gate = policy(max_calibration_error=0.05)
    assert only(gate, [evaluated(about("evaluate.calibration", value=value))]).outcome is Outcome(outcome)
    assert only(gate, [evaluated()]).outcome is Outcome.ERROR
    assert only(gate, []).outcome is Outcome.ERROR


@pytest.mark.parametrize(
    ("newest", "outcome"),
    [
        ("2026-03-08", "pass"),
        ("2026-03-08 12:00:00+00:00", "pass"),
        ("2026-03-07", "fail"),
        ("2026-03-11", "pass"),
        ("2026-03-12", "error"),
        ("yesterday", "error"),
        (None, "error"),
        (20260308, "error"),
        ("20260308x", "error"),
    ],
    ids=str,
)
def test_the_age_of_the_data(newest, outcome):
    gate = policy(max_data_age_days=2.0)
    assert only(gate, [], compared(about("compare.newest", newest=newest))).outcome is Outcome(outcome)
    assert only(gate, [], compared()).outcome is Outcome.ERROR
    assert only(gate, [], Found("compare")).outcome is Outcome.ERROR


@pytest.mark.parametrize(
    ("numbers", "worth", "outcome"),
    [
        ((1.0, 2.0, 3.0), 100.0, "pass"),
        ((0.99, 2.0, 3.0), 100.0, "fail"),
        ((1.0, 2.0, 3.0), 0.0, "error"),
        ((3.0, 2.0, 1.0), 100.0, "error"),
    ],
    ids=str,
)
def test_what_the_improvement_is_worth(numbers, worth, outcome):
    gate = policy(min_value=100.0)
    assert only(gate, [improvement(*numbers)], value_per_unit=worth).outcome is Outcome(outcome)
    assert only(gate, [], value_per_unit=100.0).outcome is Outcome.ERROR


def test_what_it_is_worth_is_told_when_nothing_is_asked():
    check = only(policy(), [improvement(1.0, 2.0, 3.0)], value_per_unit=10.0)
    assert (check.outcome, check.observed) == (Outcome.PASS, "20 in money a row, 95% interval 10 to 30")


def test_the_card_says_what_it_must():
    gate = policy(card=["intended_use", "limits"])
    full = about("package.card", intended_use="Orders.", limits="Snow.")
    assert only(gate, [packed(full)]).outcome is Outcome.PASS
    for limits in ("", "  ", None, True, 7, ["Snow."], {"Snow.": True}):
        check = only(gate, [packed(about("package.card", intended_use="Orders.", limits=limits))])
        assert (check.outcome, check.reason) == (Outcome.FAIL, "The card does not say: limits.")
    assert only(gate, [packed()]).outcome is Outcome.ERROR
    assert only(gate, []).outcome is Outcome.ERROR


def test_licences_are_on_the_list():
    gate = policy(licences=["MIT", "BSD-3-Clause"])
    assert only(gate, [licensed(numpy="BSD-3-Clause", rich="mit")]).outcome is Outcome.PASS
    assert only(gate, [licensed(numpy="BSD-3-Clause AND MIT", packaging="Apache-2.0 OR MIT")]).outcome is Outcome.PASS
    for licence in ("GPL-3.0-only", "", None, "MIT AND GPL-3.0-only", "MIT OR", True, ["MIT"], {"MIT": 1}):
        check = only(gate, [licensed(numpy="BSD-3-Clause", evil=licence)])
        assert check.outcome is Outcome.FAIL
        assert "evil" in check.reason
    assert only(gate, [licensed()]).outcome is Outcome.ERROR
    assert only(gate, [packed()]).outcome is Outcome.ERROR


def test_a_package_without_any_entry_among_the_licences_is_not_on_the_list_either():
    needed, licences = about("package.components", numpy="2.0", odd="1.0"), about("package.licences", numpy="MIT")
    check = only(policy(licences=["MIT"]), [packed(needed, licences)])
    assert (check.outcome, check.reason) == (Outcome.FAIL, "Not on the list: odd (unknown).")
    assert check.observed == "2 packages"


def test_licences_of_nobody_knows_what_are_no_evidence():
    for needed in ([], [about("package.components")]):
        check = only(policy(licences=["MIT"]), [packed(*needed, about("package.licences", numpy="MIT"))])
        assert check.outcome is Outcome.ERROR
        assert "does not list what the model needs" in check.reason
        assert "dvc repro --force package" in check.reason


def test_the_limits_are_settings():
    assert policy(slice=[{"column": "a", "floor": 1.0}]).slice == [SliceLimit("a", 1.0)]
    assert policy(fairness=[{"column": "a", "max_gap": 1.0}]).fairness == [FairnessLimit("a", 1.0)]
