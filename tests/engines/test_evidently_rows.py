"""Texts and vectors, which counts say nothing about: compared by rows, by the real Evidently, and never in silence."""

import numpy as np
import pandas as pd
import pytest

from pavedroad.config import default_settings
from pavedroad.engines.evidently import rows as engine
from pavedroad.errors import ConfigError, DataError, JudgementError, MissingExtraError
from pavedroad.foundation.drift import rows as rows_module
from pavedroad.foundation.drift.detection import find_drift
from pavedroad.foundation.drift.reference import hold_frame, measure
from pavedroad.foundation.drift.rows import compare_rows, tell_rows
from pavedroad.settings import Drift, DriftRule

WORDS = [
    "road",
    "wet",
    "slow",
    "today",
    "saw",
    "birds",
    "river",
    "bank",
    "field",
    "hill",
    "sun",
    "rain",
    "wind",
    "tree",
]
TEXT = [DriftRule(columns=["review"], method="evidently:text")]


def write(rows, seed, more=()):
    rng = np.random.default_rng(seed)
    return [" ".join(rng.choice([*WORDS, *more], size=6)) for _ in range(rows)]


def turn(rows, seed, dimensions=12, shift=0.0):
    return np.random.default_rng(seed).normal(size=(rows, dimensions)) + shift


def table(**columns):
    return pd.DataFrame(columns)


def vectors(values):
    return pd.DataFrame(values, columns=[f"e{number}" for number in range(values.shape[1])])


def judge(reference, current, rules, **changes):
    settings = Drift(**{**default_settings()["drift"], "rules": rules, **changes})
    before = measure(hold_frame(reference), "before")
    now = measure(hold_frame(current), "now", like=before)
    columns = list(reference.columns)
    more = compare_rows(before, now, columns, settings, lambda names: (reference[names], current[names]))
    return {(item.column, item.about): item for item in find_drift(before, now, columns, settings, more=more)}, more


@pytest.mark.parametrize(("more", "drifted"), [((), False), (("refund", "broken", "angry"), True)])
def test_text_drifts_when_its_words_do(more, drifted):
    found, by_rows = judge(table(review=write(400, 1)), table(review=write(300, 2, more)), TEXT)
    [item] = found.values()
    assert item.drifted is drifted
    assert item.comparison.method == "Evidently's classifier of texts"
    assert item.adjusted_p is not None, "it shares the false-alarm rate of the run"
    assert "ROC AUC of 0." in tell_rows(by_rows[0])
    assert "400 and 300 rows were compared" in tell_rows(by_rows[0])


def test_the_same_text_by_its_counts_is_skipped_with_the_method_that_would_judge_it():
    found, _ = judge(table(review=write(400, 1)), table(review=write(300, 2, ["refund"])), [])
    item = found["review", "values"]
    assert not item.drifted
    assert "300 different values in 300 rows: free text or names" in item.skipped
    assert 'columns = ["review"], method = "evidently:text"' in item.skipped


def test_a_flood_of_one_text_is_found_by_the_counts_alone():
    found, _ = judge(table(review=write(400, 1)), table(review=[*write(200, 2), *["buy now"] * 150]), [])
    assert found["review", "values"].drifted


@pytest.mark.parametrize("method", ["embedding", "embedding-distance", "embedding-mmd", "embedding-ratio"])
@pytest.mark.parametrize("shift", [0.0, 1.0])
def test_vectors_over_columns_are_compared_as_wholes(method, shift):
    least = {"embedding-distance": 0.7, "embedding-mmd": 0.05, "embedding-ratio": 0.9}.get(method)
    rule = DriftRule(columns=["e*"], method=f"evidently:{method}", min_effect=least)
    found, _ = judge(vectors(turn(300, 1)), vectors(turn(250, 2, shift=shift)), [rule])
    assert list(found) == [("e*", "values")]
    assert found["e*", "values"].drifted is bool(shift)


def test_a_vector_that_turns_is_found_where_no_column_of_it_moves():
    rng = np.random.default_rng(0)
    angle = rng.uniform(0, 2 * np.pi, size=800)
    ring = np.column_stack([np.cos(angle), np.sin(angle)]) + rng.normal(scale=0.05, size=(800, 2))
    lean = np.column_stack([ring[:400, 0], ring[:400, 0] + rng.normal(scale=0.05, size=400)])
    by_column, _ = judge(vectors(ring[400:]), vectors(lean), [])
    assert not any(item.drifted for item in by_column.values())
    rule = DriftRule(columns=["e*"], method="evidently:embedding-mmd", min_effect=0.05)
    assert judge(vectors(ring[400:]), vectors(lean), [rule])[0]["e*", "values"].drifted


@pytest.mark.parametrize("kind", ["text", "vectors"])
def test_without_a_change_the_classifiers_alarm_as_seldom_as_stated(kind):
    found = []
    for seed in range(120):
        if kind == "text":
            compared = engine.compare_texts(write(120, seed), write(90, 1000 + seed))
        else:
            compared = engine.compare_vectors(turn(120, seed), turn(90, 1000 + seed), "embedding")
        found.append(compared.p_value)
    assert np.mean(np.array(found) <= 0.05) <= 0.10
    assert np.mean(np.array(found) <= 0.5) == pytest.approx(0.5, abs=0.2)


def test_the_random_draws_of_others_are_left_alone():
    np.random.seed(4)
    expected = np.random.uniform()
    np.random.seed(4)
    engine.compare_texts(write(50, 1), write(50, 2))
    assert np.random.uniform() == expected


def test_no_more_rows_are_compared_than_stated(monkeypatch):
    asked = []
    monkeypatch.setattr(
        engine, "compare_texts", lambda *sides: asked.extend(map(len, sides)) or engine._judge_area("", 0.5, 1, 1)
    )
    judge(table(review=write(50, 1)), table(review=[*write(40, 2), *[None] * 20]), TEXT)
    assert asked == [50, 40]


# --- what cannot be compared ----------------------------------------------------------------------------------------


def test_without_evidently_it_is_said_and_not_passed_over(monkeypatch):
    def refuse(kind, name):
        raise MissingExtraError("evidently", "evidently")

    monkeypatch.setattr(rows_module, "load_engine", refuse)
    found, _ = judge(table(review=write(90, 1)), table(review=write(90, 2)), TEXT)
    assert "evidently" in found["review", "values"].skipped
    assert found["review", "values"].skipped.startswith("Not compared:")


def test_rows_that_cannot_be_had_are_said():
    settings = Drift(**{**default_settings()["drift"], "rules": TEXT})
    before = measure(hold_frame(table(review=write(90, 1))), "before")

    def refuse(names):
        raise DataError("The data file is missing.")

    [found] = compare_rows(before, before, ["review"], settings, refuse)
    assert found.skipped == "Not compared, because that takes rows of both sides: The data file is missing."


def test_text_without_any_word_is_a_failed_finding_and_the_others_are_still_compared():
    reference = table(review=["!!! ???"] * 90, other=write(90, 1))
    rules = [DriftRule(columns=["*"], method="evidently:text")]
    found, _ = judge(reference, reference, rules)
    assert "could not be judged: Evidently failed" in found["review", "values"].problem
    assert found["other", "values"].comparison is not None


CASES = {
    "gone": (table(review=write(90, 1), n=1.0), table(n=np.ones(90)), "gone from the current data"),
    "numbers now": (table(review=write(90, 1)), table(review=np.ones(90)), "now 'number'"),
    "empty now": (table(review=write(90, 1)), table(review=[None] * 90), "empty in every current row"),
    "too few": (table(review=write(90, 1)), table(review=write(20, 1)), "too few"),
}


@pytest.mark.parametrize(("reference", "current", "why"), CASES.values(), ids=CASES)
def test_what_counts_can_say_of_a_text_they_still_say(reference, current, why):
    found, more = judge(reference, current, TEXT)
    item = found["review", "values"]
    assert why in item.problem + item.skipped
    assert more == []


def test_half_empty_vectors_are_compared_on_whole_rows():
    now = turn(200, 2)
    now[::2, 3] = np.nan
    rule = DriftRule(columns=["e*"], method="evidently:embedding")
    found, _ = judge(vectors(turn(200, 1)), vectors(now), [rule])
    assert found["e*", "values"].comparison.more["current_rows"] == 100
    assert found["e3", "empty cells"].drifted


@pytest.mark.parametrize(
    ("rules", "changes", "why"),
    [
        ([DriftRule(columns=["n"], method="evidently:text")], {}, "is for text"),
        ([DriftRule(columns=["review"], method="evidently:embedding")], {}, "is for numbers"),
        ([DriftRule(columns=["n"], method="evidently:embeddings")], {}, "no drift method called"),
        ([], {"method": "evidently:text"}, "for some columns and not for all"),
    ],
)
def test_a_method_that_does_not_fit_is_refused(rules, changes, why):
    both = table(review=write(90, 1), n=np.arange(90.0))
    with pytest.raises(ConfigError, match=why):
        judge(both, both, rules, **changes)


def test_evidently_that_gives_no_number_is_no_pass():
    with pytest.raises(JudgementError, match="gave no number"):
        engine._ask(lambda: float("nan"))
