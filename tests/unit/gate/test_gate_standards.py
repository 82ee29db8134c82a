"""The decisions that a policy may ask for: a pass in one world, a no in the nearest, and never one without evidence."""

from datetime import date

import msgspec
import pytest

from pavedroad.config import default_settings
from pavedroad.foundation.gate.decision import Evidence, Found
from pavedroad.foundation.gate.licences import allows
from pavedroad.foundation.gate.standards import Scene, decide_more, wants_comparison
from pavedroad.report import Check, Outcome, conclude, judge
from pavedroad.settings import FairnessLimit, Gate, SliceLimit

DEFAULTS = default_settings()["gate"]
BASE = "a" * 40
METRIC = "mean_absolute_error"


def policy(**keys):
    return msgspec.convert({**DEFAULTS, "champion": "off", **keys}, Gate)


def evidence(reports=(), stopped=""):
    return Evidence([], {report.stage: report for report in reports}, stopped)


def scene(gate, reports=(), comparison=None, **changes):
    known = {
        "base": "",
        "metric": METRIC,
        "better": "lower",
        "value_per_unit": 0.0,
        "today": date(2026, 3, 10),
        "stopped": "",
        **changes,
    }
    found = comparison if isinstance(comparison, Found) else Found("compare", comparison)
    return Scene(policy=gate, evidence=evidence(reports, known.pop("stopped")), comparison=found, **known)


def decide(*arguments, **changes):
    return {check.id: check for check in decide_more(scene(*arguments, **changes))}


def only(*arguments, **changes):
    (check,) = decide(*arguments, **changes).values()
    return check


def evaluated(*checks):
    return conclude("evaluate", [judge("a", "A", ok=True), *checks])


def compared(*checks):
    return conclude("compare", [judge("a", "A", ok=True), *checks])


def about(id_, **terms):
    return Check(id=id_, title="T", outcome=Outcome.PASS, evidence=terms)


def test_a_policy_that_asks_for_nothing_gets_nothing():
    assert decide(policy()) == {}
    assert decide(policy(champion="auto")) == {}


# --- champion -------------------------------------------------------------------------------------------------------


def gain(low, value, high, **terms):
    found = {"base": BASE, "confidence": 0.95, "looks": 1, "rows": 1000, **terms}
    observed = {"low": low, "value": value, "high": high}
    return Check(id="compare.difference", title="D", outcome=Outcome.PASS, observed=observed, evidence=found)


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


# --- slices, fairness ------------------------------------------------------------------------------------------------


def group(prefix, name, value, column="region", metric=METRIC, **more):
    return about(f"{prefix}.{column}.{name}", column=column, group=name, metric=metric, value=value, **more)


def slices(values, better="lower", floor=2.0):
    gate = policy(slice=[{"column": "region", "floor": floor}])
    report = evaluated(*(group("evaluate.slice", name, value) for name, value in values.items()))
    return only(gate, [report], better=better)


@pytest.mark.parametrize(
    ("values", "better", "outcome"),
    [
        ({"north": 1.0, "south": 2.0}, "lower", "pass"),
        ({"north": 1.0, "south": 2.01}, "lower", "fail"),
        ({"north": 3.0, "south": 2.0}, "higher", "pass"),
        ({"north": 3.0, "south": 1.99}, "higher", "fail"),
        ({"north": 1.0, "south": None}, "lower", "error"),
        ({"north": 1.0, "south": "1"}, "lower", "error"),
        ({"north": 1.0, "south": float("nan")}, "lower", "error"),
        ({}, "lower", "error"),
    ],
    ids=str,
)
def test_the_worst_group_decides(values, better, outcome):
    check = slices(values, better)
    assert check.outcome is Outcome(outcome)
    if outcome == "fail":
        assert check.reason.startswith("south has")


def test_slices_of_another_metric_or_column_are_no_evidence():
    gate = policy(slice=[{"column": "region", "floor": 2.0}])
    other = evaluated(group("evaluate.slice", "north", 1.0, metric="r2_score"))
    assert only(gate, [other]).outcome is Outcome.ERROR
    other = evaluated(group("evaluate.slice", "north", 1.0, column="shop"))
    assert only(gate, [other]).outcome is Outcome.ERROR
    assert only(gate, []).outcome is Outcome.ERROR
    assert only(gate, [], stopped="train").outcome is Outcome.SKIPPED


def change_of(name, low, value, high):
    observed = {"low": low, "value": value, "high": high}
    terms = {"column": "region", "group": name, "metric": METRIC}
    return Check(id=f"compare.slice.region.{name}", title="S", outcome=Outcome.PASS, observed=observed, evidence=terms)


@pytest.mark.parametrize(
    ("south", "outcome"),
    [
        ((-3.0, -1.0, 0.5), "pass"),
        ((-3.0, -2.0, -0.5), "pass"),
        ((-3.0, -2.0, -0.51), "fail"),
        ((None, -2.0, -0.51), "error"),
    ],
    ids=str,
)
def test_no_group_is_worse_off_beyond_doubt(south, outcome):
    gate = policy(champion="auto", slice=[{"column": "region", "regression": 0.5}])
    report = compared(gain(1, 2, 3), change_of("north", 1, 2, 3), change_of("south", *south))
    check = decide(gate, [], report, base=BASE)["gate.regression.region"]
    assert check.outcome is Outcome(outcome)


def test_groups_that_were_not_compared_are_no_evidence():
    gate = policy(champion="auto", slice=[{"column": "region", "regression": 0.5}])
    assert decide(gate, [], compared(gain(1, 2, 3)), base=BASE)["gate.regression.region"].outcome is Outcome.ERROR
    assert decide(gate, [], Found("compare"), base=BASE)["gate.regression.region"].outcome is Outcome.ERROR
    first = compared(about("compare.first", base=BASE))
    assert decide(gate, [], first, base=BASE)["gate.regression.region"].outcome is Outcome.PASS


@pytest.mark.parametrize(
    ("values", "outcome"),
    [
        ({"f": 1.0, "m": 1.5}, "pass"),
        ({"f": 1.0, "m": 1.51}, "fail"),
        ({"f": 1.0}, "error"),
        ({}, "error"),
        ({"f": 1.0, "m": "1"}, "error"),
        ({"f": 1.0, "m": True, "x": 1.0}, "error"),
    ],
    ids=str,
)
def test_fairness(values, outcome):
    gate = policy(fairness=[{"column": "sex", "max_gap": 0.5}])
    report = compared(*(group("compare.group", name, value, column="sex") for name, value in values.items()))
    check = only(gate, [], report)
    assert check.outcome is Outcome(outcome)
    if outcome == "fail":
        assert check.reason == "The gap is 0.51 between f (1) and m (1.51); it may be 0.5."
    assert only(gate, [], Found("compare")).outcome is Outcome.ERROR


# --- calibration, age, money, card, licences -------------------------------------------------------------------------


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


def improvement(low, value, high):
    observed = {"low": low, "value": value, "high": high}
    return evaluated(Check(id="metric.improvement", title="I", outcome=Outcome.PASS, observed=observed))


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
    assert (check.outcome, check.observed) == (Outcome.PASS, "20 in money a row, interval 10 to 30")


def packed(*checks):
    return conclude("package", [judge("package.manifest", "M", ok=True), *checks])


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
    good = about("package.licences", numpy="BSD-3-Clause", rich="mit")
    assert only(gate, [packed(good)]).outcome is Outcome.PASS
    either = about("package.licences", numpy="BSD-3-Clause AND MIT", packaging="Apache-2.0 OR MIT")
    assert only(gate, [packed(either)]).outcome is Outcome.PASS
    for licence in ("GPL-3.0-only", "", None, "MIT AND GPL-3.0-only", "MIT OR", True, ["MIT"], {"MIT": 1}):
        check = only(gate, [packed(about("package.licences", numpy="BSD-3-Clause", evil=licence))])
        assert check.outcome is Outcome.FAIL
        assert "evil" in check.reason
    assert only(gate, [packed(about("package.licences"))]).outcome is Outcome.ERROR
    assert only(gate, [packed()]).outcome is Outcome.ERROR


LISTED = ["MIT", "Apache-2.0", "GPL-2.0-only WITH Classpath-exception-2.0"]


@pytest.mark.parametrize(
    "expression",
    [
        "MIT",
        "mit",
        " MIT ",
        "(MIT)",
        "MIT AND Apache-2.0",
        "MIT OR GPL-3.0-only",
        "GPL-3.0-only OR MIT",
        "MIT OR GPL-3.0-only AND Zlib",
        "(GPL-3.0-only OR MIT) AND Apache-2.0",
        "((MIT))",
        "GPL-2.0-only with Classpath-exception-2.0",
        "GPL-2.0-only WITH Classpath-exception-2.0 AND MIT",
    ],
)
def test_an_expression_that_listed_licences_satisfy(expression):
    assert allows(expression, LISTED)


@pytest.mark.parametrize(
    "expression",
    [
        "",
        " ",
        "GPL-3.0-only",
        "MIT AND GPL-3.0-only",
        "GPL-3.0-only AND MIT",
        "(MIT OR GPL-3.0-only) AND Zlib",
        "Zlib AND MIT OR GPL-3.0-only",
        "GPL-2.0-only",
        "MIT WITH Classpath-exception-2.0",
        "MIT MIT",
        "MIT OR",
        "OR MIT",
        "AND",
        "(MIT",
        "MIT)",
        "()",
        "(MIT OR (Apache-2.0)",
        "MIT WITH",
        "MIT, Apache-2.0",
        "MIT/Apache-2.0",
        "not MIT",
    ],
)
def test_an_expression_that_listed_licences_do_not_satisfy_or_that_is_none(expression):
    assert not allows(expression, LISTED)


def test_the_limits_are_settings():
    assert policy(slice=[{"column": "a", "floor": 1.0}]).slice == [SliceLimit("a", 1.0)]
    assert policy(fairness=[{"column": "a", "max_gap": 1.0}]).fairness == [FairnessLimit("a", 1.0)]
