"""Acknowledged drift: it counts until its day is over, although nothing makes the stage run again then."""

from datetime import date

import pytest
from gate_road import FILES, Road, checks_of

from pavedroad.foundation.gate.acknowledged import judge_acknowledgements
from pavedroad.report import Check, Outcome, conclude

TODAY = date(2027, 3, 1)


def report(**evidence):
    return conclude("drift", [Check(id="drift.temp", title="`temp`", outcome=Outcome.PASS, evidence=evidence)])


@pytest.mark.parametrize("nothing", [None, report(), report(effect=0.4)])
def test_without_an_acknowledgement_there_is_nothing_to_judge(nothing):
    assert judge_acknowledgements(nothing, TODAY) == []


@pytest.mark.parametrize(
    ("until", "otherwise", "outcome"),
    [
        ("2027-03-02", "fail", Outcome.PASS),
        ("2027-03-01", "fail", Outcome.PASS),
        ("2027-02-28", "fail", Outcome.FAIL),
        ("2027-02-28", "warn", Outcome.WARN),
        ("2027-02-28", "pass", Outcome.FAIL),
        ("2027-02-28", None, Outcome.FAIL),
        ("soon", "warn", Outcome.ERROR),
        (None, "warn", Outcome.ERROR),
        (7, "warn", Outcome.ERROR),
    ],
)
def test_a_finding_comes_to_what_it_is_once_its_day_is_over(until, otherwise, outcome):
    [check] = judge_acknowledgements(report(column="temp", acknowledged_until=until, otherwise=otherwise), TODAY)
    assert check.outcome is outcome
    if outcome in {Outcome.FAIL, Outcome.WARN}:
        assert "Lapsed: temp (until 2027-02-28)" in check.reason


def test_the_worst_of_what_lapsed_counts():
    checks = [
        Check(
            id=f"drift.{name}",
            title=name,
            outcome=Outcome.PASS,
            evidence={"column": name, "acknowledged_until": until, "otherwise": otherwise},
        )
        for name, until, otherwise in (
            ("a", "2027-01-01", "warn"),
            ("b", "2027-01-01", "fail"),
            ("c", "2028-01-01", "fail"),
        )
    ]
    [check] = judge_acknowledgements(conclude("drift", checks), TODAY)
    assert check.outcome is Outcome.FAIL
    assert check.observed == "1 of 3 acknowledgements hold"
    assert "a (until" in check.reason
    assert "c (until" not in check.reason


def test_what_lapsed_beyond_the_first_ten_is_counted():
    terms = {"acknowledged_until": "2027-01-01", "otherwise": "fail"}
    checks = [Check(id=f"drift.c{n:02}", title="T", outcome=Outcome.PASS, evidence=terms) for n in range(22)]
    [check] = judge_acknowledgements(conclude("drift", checks), TODAY)
    assert "drift.c09 (until 2027-01-01) and 12 more." in check.reason
    [check] = judge_acknowledgements(conclude("drift", checks[:10]), TODAY)
    assert "more" not in check.reason.partition("Take it out")[0]


@pytest.mark.parametrize(("until", "outcome"), [("2099-01-01", Outcome.PASS), ("2026-01-01", Outcome.FAIL)])
def test_the_gate_reads_the_calendar_although_the_report_is_fresh(until, outcome, world):
    road = Road(world(FILES))
    road.lay()
    evidence = {"column": "rain", "acknowledged_until": until, "otherwise": "fail"}
    road.write("drift", [Check(id="drift.rain", title="`rain`", outcome=Outcome.PASS, evidence=evidence)])
    road.sign()
    report = road.judge()
    assert report.outcome is outcome
    assert checks_of(report)["gate.acknowledged"].outcome is outcome
