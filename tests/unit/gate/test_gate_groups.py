"""Decisions about groups of rows: floors, regressions, gaps, and what becomes of groups that cannot be judged."""

import msgspec
import pytest
from gate_evidence import (
    BASE,
    METRIC,
    about,
    census,
    changes,
    compared,
    decide,
    evaluated,
    gain,
    group,
    groups,
    only,
    policy,
    sexes,
)

from pavedroad.foundation.gate.decision import Found
from pavedroad.report import Check, Outcome, conclude
from pavedroad.settings import SliceLimit

FLOOR = {"column": "region", "floor": 2.0}
WORSE = {"column": "region", "regression": 0.5}
FAIR = {"column": "sex", "max_gap": 0.5}
FEW = "Left out: west (12 held-out rows; 20 are needed)."


def slices(values, better="lower", limit=FLOOR, **more):
    report = evaluated(*groups("evaluate.slice", "region", values, **more))
    return only(policy(slice=[limit]), [report], better=better)


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
    gate = policy(slice=[FLOOR])
    other = evaluated(group("evaluate.slice", "north", 1.0, metric="r2_score"), census("evaluate.slice", "region", 1))
    assert only(gate, [other]).outcome is Outcome.ERROR
    other = evaluated(group("evaluate.slice", "north", 1.0, column="shop"), census("evaluate.slice", "region", 1))
    assert only(gate, [other]).outcome is Outcome.ERROR
    assert only(gate, []).outcome is Outcome.ERROR
    assert only(gate, [], stopped="train").outcome is Outcome.SKIPPED


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
    gate = policy(champion="auto", slice=[WORSE])
    report = compared(gain(1, 2, 3), *changes(north=(1, 2, 3), south=south))
    assert decide(gate, [], report, base=BASE)["gate.regression.region"].outcome is Outcome(outcome)


def test_groups_that_were_not_compared_are_no_evidence():
    gate = policy(champion="auto", slice=[WORSE])
    assert decide(gate, [], compared(gain(1, 2, 3)), base=BASE)["gate.regression.region"].outcome is Outcome.ERROR
    assert decide(gate, [], Found("compare"), base=BASE)["gate.regression.region"].outcome is Outcome.ERROR
    first = compared(about("compare.first", base=BASE))
    assert decide(gate, [], first, base=BASE)["gate.regression.region"].outcome is Outcome.PASS


@pytest.mark.parametrize(("terms", "words"), [({"base": ""}, "no base revision"), ({"off": True}, "gate.champion")])
def test_a_limit_that_has_nothing_to_be_judged_by_is_told(terms, words):
    gate = policy(champion="off" if terms.get("off") else "auto", slice=[WORSE])
    check = decide(gate, [], compared(), base=terms.get("base", BASE))["gate.regression.region"]
    assert check.outcome is Outcome.WARN
    assert words in check.reason


def test_a_comparison_that_could_not_judge_is_no_evidence_about_groups():
    broken = [Check(id="compare.error", title="E", outcome=Outcome.ERROR, reason="It broke.")]
    report = conclude("compare", [*sexes({"f": 1.0, "m": 1.0}).checks, *broken])
    check = only(policy(fairness=[FAIR]), [], report)
    assert (check.outcome, check.reason) == (Outcome.ERROR, "It broke.")


# --- fairness -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("gap", "outcome"),
    [
        ((0.0, 0.25, 0.5), "pass"),
        ((0.0, 0.25, 0.51), "warn"),
        ((0.0, 0.5, 2.0), "warn"),
        ((0.0, 0.51, 2.0), "fail"),
        ((0.5, 0.75, 1.0), "fail"),
        ((0.51, 0.75, 1.0), "fail"),
        ((-0.1, 0.5, 1.0), "error"),
        ((None, 0.5, 1.0), "error"),
        ((0.4, 0.5, "1"), "error"),
        ((0.4, 0.5, float("inf")), "error"),
        ((0.5, 0.4, 0.3), "error"),
    ],
    ids=str,
)
def test_groups_may_not_differ_by_more_and_a_yes_that_may_be_chance_warns(gap, outcome):
    values = {"f": 1.0, "m": 1.0 + gap[1], "x": 1.0}
    check = only(policy(fairness=[FAIR]), [], sexes(values, gap))
    assert check.outcome is Outcome(outcome)
    assert only(policy(fairness=[FAIR]), [], Found("compare")).outcome is Outcome.ERROR


def test_a_gap_is_told_with_its_limits():
    check = only(policy(fairness=[{**FAIR, "max_gap": 0.01}]), [], sexes({"f": 0.5, "m": 0.58}, (0.02, 0.08, 0.15)))
    words = "gap 0.08, 95% interval 0.02 to 0.15, between f (0.5) and m (0.58) in mean absolute error"
    assert check.observed == words
    assert check.reason == f"The groups differ: {words}; all of it lies above 0.01."
    check = only(policy(fairness=[{**FAIR, "max_gap": 0.05}]), [], sexes({"f": 0.5, "m": 0.58}, (0.02, 0.08, 0.15)))
    assert check.reason == f"The groups differ: {words}; the gap lies above 0.05."
    check = only(policy(fairness=[{**FAIR, "max_gap": 0.02}]), [], sexes({"f": 0.5, "m": 0.58}, (0.02, 0.08, 0.15)))
    assert check.reason == f"The groups differ: {words}; the gap lies above 0.02."
    check = only(policy(fairness=[{**FAIR, "max_gap": 0.1}]), [], sexes({"f": 0.5, "m": 0.58}, (0.02, 0.08, 0.15)))
    assert check.reason == f"The groups may yet differ by more than 0.1: {words}. More rows would settle it."


@pytest.mark.parametrize(
    "values",
    [{"f": 1.0}, {}, {"f": 1.0, "m": "1"}, {"f": 1.0, "m": True, "x": 1.0}, {"f": 1.0, "m": None, "x": 1.0}],
    ids=str,
)
def test_a_gap_needs_two_groups_and_the_number_of_each(values):
    assert only(policy(fairness=[FAIR]), [], sexes(values)).outcome is Outcome.ERROR


@pytest.mark.parametrize(
    "terms",
    [{"confidence": 0.9}, {"confidence": None}, {"metric": "r2_score"}, {"gap": (0.0, 0.4, 0.5)}],
    ids=str,
)
def test_a_gap_of_something_else_is_refused(terms):
    values = {"f": 1.0, "m": 1.1}
    assert only(policy(fairness=[FAIR]), [], sexes(values)).outcome is Outcome.PASS
    assert only(policy(fairness=[FAIR]), [], sexes(values, **terms)).outcome is Outcome.ERROR


def test_a_gap_may_differ_from_that_of_its_groups_in_digits_that_large_numbers_do_not_have():
    values = {"f": 1e6, "m": 1e6 + 0.25}
    gate = policy(fairness=[FAIR])
    assert only(gate, [], sexes(values, (0.1, 0.2500001, 0.4))).outcome is Outcome.PASS
    assert only(gate, [], sexes(values, (0.1, 0.26, 0.4))).outcome is Outcome.ERROR


def test_a_gap_that_is_missing_is_refused():
    whole = sexes({"f": 1.0, "m": 1.1})
    poorer = compared(*(check for check in whole.checks if check.id != "compare.gap.sex"))
    check = only(policy(fairness=[FAIR]), [], poorer)
    assert (check.outcome, check.reason) == (
        Outcome.ERROR,
        "The comparison holds no finite gap between the groups of 'sex'.",
    )


# --- groups that are not there --------------------------------------------------------------------------------------

ASKED = {
    "floor": (FLOOR, lambda limit, **more: slices({"north": 1.0, "south": 2.0}, limit=limit, **more)),
    "regression": (
        WORSE,
        lambda limit, **more: decide(
            policy(champion="auto", slice=[limit]),
            [],
            compared(gain(1, 2, 3), *changes(north=(1, 2, 3), south=(1, 2, 3), **more)),
            base=BASE,
        )["gate.regression.region"],
    ),
    "fairness": (
        FAIR,
        lambda limit, **more: only(policy(fairness=[limit]), [], sexes({"f": 1.0, "m": 1.25}, **more)),
    ),
}
BAD = {
    "floor": lambda limit, **more: slices({"north": 1.0, "south": 2.5}, limit=limit, **more),
    "regression": lambda limit, **more: decide(
        policy(champion="auto", slice=[limit]),
        [],
        compared(gain(1, 2, 3), *changes(north=(1, 2, 3), south=(-3, -2, -1), **more)),
        base=BASE,
    )["gate.regression.region"],
    "fairness": lambda limit, **more: only(
        policy(fairness=[limit]), [], sexes({"f": 1.0, "m": 2.0}, (0.75, 1.0, 1.25), **more)
    ),
}


@pytest.mark.parametrize("kind", ASKED)
def test_a_group_of_few_rows_is_no_pass_and_is_named(kind):
    limit, ask = ASKED[kind]
    assert ask(limit).outcome is Outcome.PASS
    check = ask(limit, left_out=1, reason=FEW)
    assert check.outcome is Outcome.ERROR
    assert check.reason == (
        f"Not judged: 1 of 3 groups. {FEW} Hold out more rows, put small groups together, or accept a warning: "
        'unjudged = "warn" in this limit.'
    )


@pytest.mark.parametrize("kind", ASKED)
def test_a_policy_may_accept_a_warning_about_groups_of_few_rows(kind):
    limit, ask = ASKED[kind]
    check = ask({**limit, "unjudged": "warn"}, left_out=1, reason=FEW)
    assert (check.outcome, check.reason) == (Outcome.WARN, f"Not judged: 1 of 3 groups. {FEW}")
    assert ask({**limit, "unjudged": "warn"}).outcome is Outcome.PASS
    silent = ask({**limit, "unjudged": "warn"}, left_out=1)
    assert silent.reason == "Not judged: 1 of 3 groups. The report does not say why."


@pytest.mark.parametrize("kind", BAD)
def test_what_the_other_groups_come_to_is_told_as_well(kind):
    limit, ask = ASKED[kind][0], BAD[kind]
    plain = ask(limit)
    assert plain.outcome is Outcome.FAIL
    warned = ask({**limit, "unjudged": "warn"}, left_out=1, reason=FEW)
    assert (warned.outcome, warned.reason) == (
        Outcome.FAIL,
        f"{plain.reason} Not judged: 1 of 3 groups. {FEW}",
    )
    # An error and not a no, because a waiver could turn a no into a yes about groups that nobody has judged.
    assert ask(limit, left_out=1, reason=FEW).outcome is Outcome.ERROR


@pytest.mark.parametrize("kind", ASKED)
def test_where_no_group_could_be_judged_nothing_is_decided(kind):
    limit = {**ASKED[kind][0], "unjudged": "warn"}
    reports = {
        "floor": lambda: slices({}, limit=limit, left_out=2, reason=FEW),
        "regression": lambda: decide(
            policy(champion="auto", slice=[limit]), [], compared(gain(1, 2, 3), *changes(2, FEW)), base=BASE
        )["gate.regression.region"],
        "fairness": lambda: only(policy(fairness=[limit]), [], sexes({"f": 1.0}, left_out=2, reason=FEW)),
    }
    check = reports[kind]()
    assert check.outcome is Outcome.ERROR
    assert check.reason.endswith(FEW)


PREFIXES = {"floor": "evaluate.slice", "regression": "compare.slice", "fairness": "compare.group"}


@pytest.mark.parametrize("kind", ASKED)
@pytest.mark.parametrize(
    "terms",
    [
        None,
        {"measured": 3},
        {"measured": 1},
        {"groups": 1},
        {"groups": None},
        {"measured": None},
        {"measured": True},
        {"groups": "2"},
        {"measured": float("nan")},
    ],
    ids=str,
)
def test_evidence_that_does_not_count_its_groups_is_refused(kind, terms, monkeypatch):
    limit, ask = ASKED[kind]
    prefix, column = PREFIXES[kind], limit["column"]
    whole = census(prefix, column, 2)
    other = [] if terms is None else [msgspec.structs.replace(whole, evidence={**whole.evidence, **terms})]

    def amend(stage, checks, **more):
        kept = [check for check in checks if check.id != whole.id]
        return conclude(stage, [*kept, *other] if kept != checks else checks, **more)

    monkeypatch.setattr("gate_evidence.conclude", amend)
    check = ask(limit)
    assert check.outcome is Outcome.ERROR
    words = "does not say how many groups" if None in [*(terms or {"": None}).values()] else "groups"
    assert words in check.reason


def test_a_column_that_is_not_there_is_named():
    check = slices({}, reason="The table has no column 'region'.")
    assert check.outcome is Outcome.ERROR
    assert check.reason == "No group of 'region' could be measured. The table has no column 'region'."


def test_a_group_that_stands_there_twice_is_refused():
    twice = [group("evaluate.slice", "north", value) for value in (9.0, 1.0)]
    report = evaluated(*twice, census("evaluate.slice", "region", 2))
    check = only(policy(slice=[FLOOR]), [report])
    assert check.outcome is Outcome.ERROR
    assert check.reason.startswith(
        "The report of 'evaluate' contradicts itself: it measured 2 of 2 groups of 'region', and holds 1."
    )


def test_a_limit_that_asks_for_nothing_is_refused():
    assert msgspec.convert(FLOOR, SliceLimit).unjudged == "error"
    with pytest.raises(msgspec.ValidationError, match="needs a floor, a regression, or both"):
        msgspec.convert({"column": "region"}, SliceLimit)


def test_the_metric_has_its_name_among_people():
    check = slices({"north": 1.0, "south": 2.5})
    assert check.observed == "mean absolute error 2.5 for south, the worst of 2 groups"
    own = evaluated(*(group("evaluate.slice", name, 1.0, metric="own") for name in ("north", "south")))
    counted = conclude("evaluate", [*own.checks, census("evaluate.slice", "region", 2)])
    assert only(policy(slice=[FLOOR]), [counted], metric="own").observed.startswith("own 1 for north")
    assert METRIC not in check.observed
