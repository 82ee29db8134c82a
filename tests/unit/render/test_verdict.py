"""The decision in words: only a gate can say yes."""

import msgspec
import pytest

from pavedroad.render.lineage import find_lineage, lay_out_graph, to_columns
from pavedroad.render.relevance import MOST_PICTURES, choose_figures
from pavedroad.render.runs import find_facts, find_versions, to_times
from pavedroad.render.verdict import find_comparison, sort_checks, to_rows, to_verdict
from pavedroad.report import SCHEMA, Check, Figure, Outcome, Report, Run, conclude, judge


def _gate(outcome: Outcome) -> Report:
    return conclude("gate", [Check(id="gate.x", title="x", outcome=outcome)], summary="Because.")


@pytest.mark.parametrize(
    ("outcome", "headline", "becomes"),
    [
        (Outcome.PASS, "The road says yes", Outcome.PASS),
        (Outcome.WARN, "The road says yes, with warnings", Outcome.WARN),
        (Outcome.FAIL, "The road says no", Outcome.FAIL),
        (Outcome.ERROR, "There is no verdict", Outcome.ERROR),
        (Outcome.SKIPPED, "There is no verdict", Outcome.ERROR),
    ],
)
def test_the_gate_decides(outcome, headline, becomes):
    verdict = to_verdict([_gate(outcome)])
    assert (verdict.headline, verdict.outcome, verdict.sentence) == (headline, becomes, "Because.")


@pytest.mark.parametrize(
    ("summary", "sentence"),
    [
        ("No: it is too slow.", "It is too slow."),
        ("Yes, with warnings: all passed.", "All passed."),
        ("Nothing was proved: zero.", "Nothing was proved: zero."),
        ("", "2 checks passed."),
    ],
)
def test_the_sentence_does_not_repeat_the_headline(summary, sentence):
    checks = [judge("gate.x", "x", ok=True), judge("gate.y", "y", ok=True)]
    assert to_verdict([conclude("gate", checks, summary=summary)]).sentence == sentence


def test_without_a_gate_there_is_no_yes(road):
    verdict = to_verdict(road[:2])
    assert all(report.outcome is Outcome.PASS for report in road[:2])
    assert verdict.outcome is Outcome.ERROR
    assert "nothing was decided" in verdict.sentence


def test_a_road_that_ended_early_names_the_stage(road):
    failed = conclude("train", [judge("train.x", "It fits", ok=False, reason="It does not converge.")])
    verdict = to_verdict([road[0], failed])
    assert verdict.outcome is Outcome.FAIL
    assert "train failed" in verdict.sentence
    assert "It does not converge." in verdict.sentence


def test_no_report_is_no_verdict():
    assert to_verdict([]).outcome is Outcome.ERROR


def test_rows_keep_the_order_and_say_what_was_seen(road):
    rows = to_rows(road)
    assert [row.stage for row in rows] == ["validate", "train", "evaluate", "drift", "package", "latency", "gate"]
    assert (rows[3].symbol, rows[3].word, rows[3].duration) == ("!", "warned", "930 ms")
    assert rows[3].summary == "1 of 5 columns drifted: wind."


def test_a_row_without_a_summary_tells_the_worst_check():
    report = conclude("x", [judge("a", "A", ok=True), judge("b", "B", ok=False, reason="B broke.")])
    assert to_rows([report])[0].summary == "B broke."
    assert to_rows([conclude("x", [judge("a", "A", ok=True)])])[0].summary == "1 check passed."
    assert to_rows([Report(schema=SCHEMA, stage="x", outcome=Outcome.SKIPPED)])[0].summary == ""


def test_rows_hold_no_control_characters():
    row = to_rows([conclude("a\x1b[31m\nb", [judge("a", "A", ok=True)], summary="c\x1b]0;t\x07\nd")])[0]
    assert "\x1b" not in row.stage + row.summary
    assert "\n" not in row.stage + row.summary


def test_the_worst_checks_come_first():
    outcomes = [Outcome.PASS, Outcome.SKIPPED, Outcome.WARN, Outcome.FAIL, Outcome.ERROR]
    checks = [Check(id=outcome, title="", outcome=outcome) for outcome in outcomes]
    assert [check.outcome for check in sort_checks(checks)] == [
        Outcome.ERROR,
        Outcome.FAIL,
        Outcome.WARN,
        Outcome.SKIPPED,
        Outcome.PASS,
    ]


def test_the_comparison_reads_the_model_and_the_baseline(road):
    comparison = find_comparison(road)
    assert comparison is not None
    assert str(comparison.model) == "2.914 (2.667 to 3.172)"
    assert str(comparison.baseline) == "8.214 (7.61 to 8.847)"
    assert comparison.change == "64.5 % below the baseline"


@pytest.mark.parametrize(("better", "told"), [("lower", "better"), ("higher", "worse")])
def test_the_comparison_says_which_side_is_better(road, better, told):
    gate = msgspec.structs.replace(road[-1], about={**road[-1].about, "better": better})
    comparison = find_comparison([*road[:-1], gate])
    assert comparison is not None
    assert comparison.change == f"64.5 % below the baseline, which is {told}"


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"label": ["other"], "value": [1.0]},
        {"label": ["model"], "value": ["NaN"]},
        {"label": ["model"], "value": []},
        {"label": ["model"], "value": [True]},
    ],
)
def test_a_broken_comparison_is_none(data):
    figure = Figure("x", "intervals", "x", data)
    assert find_comparison([conclude("evaluate", [judge("a", "A", ok=True)], figures=[figure])]) is None


def test_the_lineage_stacks_what_went_in(road):
    columns = find_lineage(road)
    assert [[step.kind for step in column] for column in columns] == [
        ["data", "code", "params"],
        ["model"],
        ["package"],
    ]
    assert find_lineage(road[:3]) == []


def graph(**needs):
    data = {"step": list(needs), "kind": ["x"] * len(needs), "needs": ["\n".join(made) for made in needs.values()]}
    return [conclude("train", [], figures=[Figure("features", "graph", "Features", data)])]


def test_features_stand_right_of_all_that_they_are_made_of():
    columns = lay_out_graph(graph(wet=["half"], half=["double", "rain"], double=["rain"], rain=[], wind=[]))
    assert [[step.name for step in column] for column in columns] == [["rain", "wind"], ["double"], ["half"], ["wet"]]
    assert [column[0].kind for column in columns] == ["in the table", "of rain", "of double, rain", "of half"]
    assert lay_out_graph([]) == []


def test_a_graph_that_is_a_circle_or_very_long_is_laid_out_all_the_same():
    assert sum(map(len, lay_out_graph(graph(a=["b"], b=["a"])))) == 2
    long = {f"f{number}": [f"f{number - 1}"] for number in range(30, 0, -1)}
    columns = lay_out_graph(graph(**long, f0=[]))
    assert sum(map(len, columns)) == 31
    assert len(columns) == 6
    real = {"step": list("abcde"), "kind": ["source", "source", "validate", "train", "train"]}
    assert [len(column) for column in to_columns(Figure("f", "flow", "f", real))] == [2, 1, 2]
    assert to_columns(Figure("f", "flow", "f", {"step": ["a", "b"]}))[0][1].digest == ""


def test_the_run_is_told_once(road):
    assert [time.stage for time in to_times(road)] == [report.stage for report in road]
    facts = dict(find_facts(road))
    assert facts["Commit"] == "9b1fd4cbd2b1"
    assert facts["Judged at"] == "2026-03-02 08:15:12 UTC"
    assert facts["All stages together"] == "8.8 s"
    assert ("python", "3.12.9") in find_versions(road)
    other = msgspec.structs.replace(road[0], run=Run(started="", duration_s=1.0, versions={"python": "3.13.0"}))
    assert ("python", "3.12.9, 3.13.0") in find_versions([*road, other])


def test_a_dirty_checkout_is_said_beside_the_commit(road):
    run = msgspec.structs.replace(road[-1].run, dirty=True)
    facts = dict(find_facts([*road[:-1], msgspec.structs.replace(road[-1], run=run)]))
    assert facts["Commit"] == "9b1fd4cbd2b1, with changes that are not committed"


def test_the_most_relevant_pictures_are_chosen():
    columns = [f"c{number}" for number in range(500)]
    effects = Figure("drift.effects", "effects", "Drift", {"label": columns, "value": [n / 1000 for n in range(500)]})
    pictures = [Figure(f"drift.{name}", "distribution", name, {"bin": ["a"], "share": [1.0]}) for name in columns]
    checks = [judge(f"drift.{name}", name, ok=name != "c7") for name in columns]
    chosen, left_out = choose_figures(conclude("drift", checks, figures=[*pictures, effects]))
    assert len(chosen) == MOST_PICTURES
    assert left_out == 501 - MOST_PICTURES
    assert [figure.id for figure in chosen[:4]] == ["drift.effects", "drift.c7", "drift.c499", "drift.c498"]


def test_a_check_names_its_column_in_the_evidence():
    pictures = [Figure(f"validate.{n}", "distribution", n, {"bin": ["a"], "share": [1.0]}) for n in ("a", "b.c")]
    check = judge("validate.between.3", "b.c", ok=False, evidence={"column": "b.c"})
    chosen, _ = choose_figures(conclude("validate", [check], figures=pictures))
    assert [figure.title for figure in chosen] == ["b.c", "a"]
