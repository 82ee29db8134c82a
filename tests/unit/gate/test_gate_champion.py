"""Champion and challenger: a pass in one world, a no in the nearest, and never one without evidence."""

import pytest
from gate_evidence import BASE, about, compared, decide, evaluated, gain, only, policy

from pavedroad.foundation.gate.decision import Found
from pavedroad.foundation.gate.standards import wants_comparison
from pavedroad.report import Check, Outcome, conclude


def champion(numbers, terms=None, reports=(), **keys):
    gate = policy(champion="auto", **{"champion_share": 0.0, **keys})
    return only(gate, reports, compared(gain(*numbers, **(terms or {}))), base=BASE)


@pytest.mark.parametrize(
    ("numbers", "keys", "outcome"),
    [
        ((1.2, 3.1, 5.0), {}, "pass"),
        ((0.0, 0.0, 0.0), {}, "pass"),
        ((-0.1, 3.1, 5.0), {}, "fail"),
        ((-0.1, 3.1, 5.0), {"champion_margin": 0.1}, "pass"),
        ((-0.11, 3.1, 5.0), {"champion_margin": 0.1}, "fail"),
        ((-5.0, -3.0, -1.0), {"champion_margin": 0.5}, "fail"),
        ((0.0, 0.0, 0.0), {"superiority": True}, "fail"),
        ((1e-9, 1.0, 2.0), {"superiority": True}, "pass"),
        ((-0.1, 1.0, 2.0), {"superiority": True, "champion_margin": 5.0}, "fail"),
        ((2.0, 1.0, 0.0), {}, "error"),
        ((None, 1.0, 2.0), {}, "error"),
        (("0", 1.0, 2.0), {}, "error"),
        ((True, 1.0, 2.0), {}, "error"),
        ((float("nan"), 1.0, 2.0), {}, "error"),
    ],
    ids=str,
)
def test_the_champion(numbers, keys, outcome):
    assert champion(numbers, **keys).outcome is Outcome(outcome)


def test_the_champion_in_words():
    assert champion((1.2, 3.1, 5.0)).observed == "better by 3.1, 95% interval 1.2 to 5"
    worse = champion((-5.0, -3.0, -1.0)).reason
    assert worse == "Against the champion the model is worse by 3, 95% interval -5 to -1."
    unsure = champion((-1.0, 1.0, 3.0), {"error": 1.0}).reason
    assert unsure == (
        "Cannot tell whether the model is not worse than the champion (better by 1, 95% interval -1 to 3): "
        "needs about 6,800 more rows."
    )
    assert "whether the model is better than" in champion((-1.0, 1.0, 3.0), superiority=True).reason
    for terms in ({}, {"error": "1"}, {"error": 1.0, "rows": None}, {"error": 0.0}, {"error": 0.01}):
        assert champion((-1.0, 1.0, 3.0), terms).reason.endswith(
            "(better by 1, 95% interval -1 to 3): needs more rows."
        )
    more = champion((-1.0, 1.0, 3.0), {"error": 1.0, "looks": 5}).reason
    assert more.endswith("needs about 11,000 more rows."), "each look is paid for"
    hopeless = champion((-1.0, -0.5, 0.5)).reason
    assert "no number of rows would show it" in hopeless
    looked = champion((1.2, 3.1, 5.0), {"looks": 4}).observed
    assert looked.endswith("corrected for 4 looks at this holdout")


@pytest.mark.parametrize(
    ("numbers", "improved", "keys", "outcome"),
    [
        ((-0.3, 0.0, 0.3), 6.0, {}, "pass"),
        ((-0.31, 0.0, 0.3), 6.0, {}, "fail"),
        ((-0.3, -0.1, 0.3), 5.9, {}, "pass"),
        ((-0.3, 0.1, 0.3), 6.0, {}, "fail"),
        ((-0.3, 0.0, 0.3), 6.0, {"superiority": True}, "fail"),
        ((-0.3, 0.0, 0.3), 6.0, {"champion_share": 0.0}, "fail"),
        ((-0.3, 0.0, 0.3), 6.0, {"champion_share": 0.0, "champion_margin": 0.3}, "pass"),
        ((-0.5, 0.0, 0.5), 6.0, {"champion_margin": 0.5}, "pass"),
        ((-0.3, 0.0, 0.5), 6.0, {"champion_margin": 0.1}, "pass"),
        ((-0.01, 0.0, 0.3), -6.0, {}, "fail"),
        ((0.0, 0.0, 0.3), -6.0, {}, "pass"),
        ((-0.01, 0.0, 0.3), None, {}, "fail"),
        ((-0.01, 0.0, 0.3), "6", {}, "fail"),
    ],
    ids=str,
)
def test_what_a_champion_gains_over_the_baseline_may_be_lost_in_part(numbers, improved, keys, outcome):
    higher = improved + 1.0 if isinstance(improved, float) else 9.0
    observed = {"low": improved, "value": higher, "high": higher}
    reports = [evaluated(Check(id="metric.improvement", title="I", outcome=Outcome.PASS, observed=observed))]
    assert champion(numbers, {}, reports, **{"champion_share": 0.05, **keys}).outcome is Outcome(outcome)


def test_without_the_evidence_about_the_baseline_nothing_may_be_lost():
    assert champion((-0.01, 0.0, 0.3), {}, [], champion_share=0.5).outcome is Outcome.FAIL
    assert champion((-0.01, 0.0, 0.3), {}, [evaluated()], champion_share=0.5).outcome is Outcome.FAIL


@pytest.mark.parametrize(
    ("terms", "keys"),
    [
        ({"base": "b" * 40}, {}),
        ({"base": None}, {}),
        ({"confidence": 0.9}, {}),
        ({"confidence": "0.95"}, {}),
        ({"looks": 1}, {"looks": 2}),
        ({"looks": None}, {}),
        ({"looks": True}, {}),
    ],
    ids=str,
)
def test_a_comparison_about_something_else_is_refused(terms, keys):
    assert champion((1.2, 3.1, 5.0), terms, **keys).outcome is Outcome.ERROR


def test_a_first_release_is_judged_against_the_baseline():
    first = compared(about("compare.first", base=BASE))
    check = only(policy(champion="required"), [], first, base=BASE)
    assert (check.outcome, check.observed) == (Outcome.PASS, "a first release, judged against the baseline")
    other = compared(about("compare.first", base="b" * 40))
    assert only(policy(champion="required"), [], other, base=BASE).outcome is Outcome.ERROR
    both = compared(about("compare.first", base=BASE), gain(1, 2, 3))
    assert only(policy(champion="required"), [], both, base=BASE).outcome is Outcome.ERROR


@pytest.mark.parametrize(
    "found",
    [
        Found("compare"),
        Found("compare", absent="Stale."),
        Found("compare", compared(gain(1, 2, 3)), absent="Stale."),
        Found("compare", compared(gain(1, 2, 3)), damaged="No JSON."),
        Found("compare", compared()),
        Found("compare", compared(gain(1, 2, 3), gain(1, 2, 3))),
        Found(
            "compare", conclude("compare", [Check(id="compare.error", title="E", outcome=Outcome.ERROR, reason="No.")])
        ),
        Found("compare", conclude("compare", [Check(id="s", title="S", outcome=Outcome.SKIPPED)])),
    ],
    ids=range(8),
)
def test_no_comparison_is_no_pass(found):
    check = only(policy(champion="auto"), [], found, base=BASE)
    assert check.outcome is Outcome.ERROR
    assert check.reason


def test_behind_a_no_the_comparison_is_skipped_but_never_when_it_is_damaged():
    gate = policy(champion="auto")
    assert only(gate, [], Found("compare"), base=BASE, stopped="train").outcome is Outcome.SKIPPED
    damaged = Found("compare", damaged="No JSON.")
    assert only(gate, [], damaged, base=BASE, stopped="train").outcome is Outcome.ERROR


def test_a_champion_that_is_required_needs_a_base():
    assert only(policy(champion="required")).outcome is Outcome.ERROR
    assert decide(policy(champion="off"), [], compared(gain(-3, -2, -1)), base=BASE) == {}


def test_when_a_comparison_is_wanted():
    assert wants_comparison(policy(champion="auto"), BASE)
    assert not wants_comparison(policy(champion="auto"), "")
    assert not wants_comparison(policy(), BASE)
    assert wants_comparison(policy(max_data_age_days=1.0), "")
    assert wants_comparison(policy(fairness=[{"column": "sex", "max_gap": 0.1}]), "")
