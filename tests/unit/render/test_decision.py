"""The decision for people: every number with its unit, and nothing left out of a list without a word."""

import pytest

from pavedroad.foundation.gate.decision import measure
from pavedroad.render import words
from pavedroad.render.decision import to_decision_page
from pavedroad.render.explanation import explain, find_distances, name_measure
from pavedroad.render.markdown import to_markdown
from pavedroad.render.runs import find_behind
from pavedroad.report import Check, Outcome, Run, conclude, judge

ABOUT = {"project": "Sales", "metric": "mean absolute error", "better": "lower"}
LATENCY = Check(
    id="gate.latency",
    title="One prediction stays within the latency budget",
    outcome=Outcome.PASS,
    expected="at most 50 ms",
    evidence={"limit": 50.0, "way": "at most", "unit": "ms"},
)
RUN = Run(started="", duration_s=0.0, measured={"gate.latency": 12.5})
SENTENCE = "Better and worse are told in mean absolute error, where lower is better."


def decided(*checks, run=RUN, about=ABOUT):
    return conclude("gate", [LATENCY, *checks], summary="Yes.", run=run, about=about)


def test_the_latency_has_its_unit_wherever_it_is_shown():
    report = decided()
    assert words.observed(LATENCY, RUN) == "12.5 ms"
    assert '<td data-label="Found" class="value">12.5 ms</td>' in to_decision_page(report)
    assert "| 12.5 ms | at most 50 ms |" in to_markdown([report])
    assert explain(report)[-1] == (
        "Closest to failing: One prediction stays within the latency budget: 12.5 ms, at most 50 ms wanted, "
        "37.5 ms (75%) from failing."
    )


def test_a_number_without_a_unit_is_told_without_one():
    bare = Check(id="gate.latency", title="T", outcome=Outcome.PASS, evidence={"limit": 50.0, "unit": 7})
    assert words.observed(bare, RUN) == "12.5"


@pytest.mark.parametrize(("value", "limit", "unit"), [(2.0, 10.0, "MB"), (3.0, 4.0, "days")])
def test_a_distance_has_the_unit_of_its_decision(value, limit, unit):
    check = judge("gate.size", "Size", ok=True, evidence=measure(value, limit, "at most", unit=unit))
    (item,) = find_distances(conclude("gate", [check]))
    assert item.words.startswith(f"Size: {value:g} {unit}, at most {limit:g} {unit} wanted, ")


def test_what_better_and_worse_are_told_in_stands_once_on_the_page_and_in_the_words():
    report = decided()
    assert name_measure(report) == SENTENCE
    assert explain(report).count(SENTENCE) == 1
    assert to_decision_page(report).count(SENTENCE) == 1
    assert to_markdown([report]).count(SENTENCE) == 1
    unknown = decided(about={})
    assert name_measure(unknown) == ""
    assert "Better and worse" not in to_decision_page(unknown) + to_markdown([unknown]) + " ".join(explain(unknown))


def test_a_metric_with_a_hostile_name_stays_text():
    report = decided(about={**ABOUT, "metric": "<script>alert(1)</script>"})
    assert "<script>alert" not in to_decision_page(report)
    assert "<script>alert" not in to_markdown([report])


def test_decisions_that_are_left_out_of_the_page_are_counted():
    many = [judge(f"gate.slice.{number}", f"T{number}", ok=True) for number in range(211)]
    assert "12 more passed or less pressing decisions are left out here" in to_decision_page(decided(*many))
    assert "left out here" not in to_decision_page(decided(*many[:199]))


def test_groups_that_were_not_judged_are_told_on_the_page_and_in_the_comment():
    reason = "Not judged: 1 of 3 groups. Left out: west (12 held-out rows; 20 are needed)."
    report = decided(Check(id="gate.slice.region", title="No group", outcome=Outcome.WARN, reason=reason))
    for shown in (to_decision_page(report), to_markdown([report]), " ".join(explain(report))):
        assert "west (12 held-out rows; 20 are needed)" in shown


def test_records_beyond_the_first_ten_are_counted():
    behind = [f"reports/{number}.json" for number in range(13)]
    assert find_behind([decided(run=Run(started="", duration_s=0.0, behind=behind))]) == [*behind[:10], "3 more"]
    assert find_behind([decided(run=Run(started="", duration_s=0.0, behind=behind[:10]))]) == behind[:10]
