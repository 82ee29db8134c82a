"""The groups that a policy asks about, as the comparison tells of them: which it measured, and which it left out."""

from datetime import date

import msgspec
import numpy as np
import pandas as pd
import pytest

from pavedroad.config import default_settings
from pavedroad.foundation.data.split import Split
from pavedroad.foundation.data.training import split_table
from pavedroad.foundation.evaluation.metrics import METRICS, Predictions
from pavedroad.foundation.evaluation.slices import MOST_GROUPS
from pavedroad.foundation.gate.decision import Evidence, Found
from pavedroad.foundation.gate.scene import Scene
from pavedroad.foundation.gate.standards import decide_more
from pavedroad.report import Outcome, conclude, is_note
from pavedroad.settings import Gate
from pavedroad.stages.bench import FEWEST_IN_GROUP, Bench, tell_gaps, tell_groups

POLICY = msgspec.convert(default_settings()["gate"], Gate)
METRIC = METRICS["mean_absolute_error"]
ROWS = 400


def table(few=FEWEST_IN_GROUP):
    rng = np.random.default_rng(0)
    shops = np.array(["north"] * 200 + ["south"] * (200 - few) + ["west"] * few)
    return pd.DataFrame({"shop": shops, "age": rng.uniform(18, 90, ROWS), "sold": rng.normal(size=ROWS)})


def bench(data, metric=METRIC, predicted=None):
    actual = data["sold"].to_numpy()
    if predicted is None:
        predicted = Predictions(actual + np.where(data["shop"] == "north", 1.0, 2.0) * np.sin(np.arange(len(data))))
    known = split_table(data, Split(np.arange(len(data)), np.arange(0), "random"))
    return Bench(metric, known, data, actual, predicted, POLICY, looks=1, seed=0)


def by_id(checks):
    assert {check.outcome for check in checks} == {Outcome.PASS}
    return {check.id: check for check in checks}


def champion(data):
    return Predictions(data["sold"].to_numpy() + 3.0 * np.cos(np.arange(len(data))))


def test_every_group_of_enough_rows_is_held_against_the_champion():
    data = table()
    checks = by_id(tell_groups(bench(data), champion(data), "shop"))
    assert list(checks) == [
        *(f"compare.slice.shop.{shop}" for shop in ("north", "south", "west")),
        "compare.slices.shop",
    ]
    assert checks["compare.slices.shop"].evidence == {"column": "shop", "groups": 3, "measured": 3}
    assert checks["compare.slices.shop"].reason == ""
    assert checks["compare.slice.shop.north"].observed["low"] > 0


def test_a_group_of_few_rows_is_named():
    data = table(FEWEST_IN_GROUP - 1)
    for tell, census in (
        (lambda: tell_groups(bench(data), champion(data), "shop"), "compare.slices.shop"),
        (lambda: tell_gaps(bench(data), "shop"), "compare.groups.shop"),
    ):
        checks = by_id(tell())
        assert not [id_ for id_ in checks if id_.endswith(".west")]
        told = checks[census]
        assert is_note(told)
        assert told.reason == "Left out: west (19 held-out rows; 20 are needed)."
        assert told.evidence == {"column": "shop", "groups": 3, "measured": 2}


def test_a_gap_stands_beside_the_groups_that_it_is_between():
    checks = by_id(tell_gaps(bench(table()), "shop"))
    values = {shop: checks[f"compare.group.shop.{shop}"].evidence["value"] for shop in ("north", "south", "west")}
    gap = checks["compare.gap.shop"]
    assert gap.observed["value"] == pytest.approx(max(values.values()) - min(values.values()))
    assert 0 < gap.observed["low"] < gap.observed["value"] < gap.observed["high"]
    assert (gap.evidence["confidence"], gap.evidence["groups"], gap.evidence["metric"]) == (0.95, 3, METRIC.name)
    assert checks["compare.groups.shop"].evidence["measured"] == 3


def test_one_group_has_no_gap():
    data = table().assign(shop="north")
    checks = by_id(tell_gaps(bench(data), "shop"))
    assert list(checks) == ["compare.group.shop.north", "compare.groups.shop"]


def test_a_column_that_is_not_there_is_told():
    (told,) = tell_gaps(bench(table()), "sex")
    assert (told.observed, told.reason) == ("0 of 0 groups", "The table has no column 'sex'.")
    assert tell_groups(bench(table()), champion(table()), "sex")[0].reason == "The table has no column 'sex'."


def test_numbers_are_cut_as_the_evaluation_cuts_them():
    checks = by_id(tell_gaps(bench(table()), "age"))
    assert checks["compare.groups.age"].observed == "4 of 4 groups"


def test_gaps_in_a_column_are_a_group():
    data = table()
    data["shop"] = data["shop"].where(data["shop"] != "south")
    assert "compare.group.shop.(empty)" in by_id(tell_gaps(bench(data), "shop"))


def test_very_many_groups_are_counted_although_not_all_are_looked_at():
    data = table().assign(shop=[f"s{number % 66:02}" for number in range(ROWS)])
    told = by_id(tell_gaps(bench(data), "shop"))["compare.groups.shop"]
    assert told.observed == "0 of 66 groups"
    assert "and 30 more and the 16 smallest of 66 groups" in told.reason
    assert MOST_GROUPS == 50


def test_a_group_of_one_class_is_left_out_and_the_others_are_judged():
    data = table()
    data["sold"] = np.where(data["shop"] == "west", 0, np.arange(ROWS) % 2)
    chance = np.random.default_rng(0).uniform(0.1, 0.9, ROWS)
    model = Predictions((chance > 0.5).astype(int), np.column_stack([1 - chance, chance]), (0, 1))
    ranked = bench(data, METRICS["roc_auc_score"], model)
    for checks, census in (
        (tell_gaps(ranked, "shop"), "compare.groups.shop"),
        (tell_groups(ranked, model, "shop"), "compare.slices.shop"),
    ):
        told = by_id(checks)[census]
        assert told.evidence == {"column": "shop", "groups": 3, "measured": 2}
        assert told.reason.startswith("Left out: west (The metric has no value here: ")


# --- what the gate makes of it --------------------------------------------------------------------------------------


def decide(data, unjudged="error"):
    limits = {
        "slice": [{"column": "shop", "regression": 100.0, "unjudged": unjudged}],
        "fairness": [{"column": "shop", "max_gap": 100.0, "unjudged": unjudged}],
    }
    policy = msgspec.convert({**default_settings()["gate"], **limits}, Gate)
    checks = [*tell_groups(bench(data), champion(data), "shop"), *tell_gaps(bench(data), "shop")]
    found = Found("compare", conclude("compare", checks))
    scene = Scene(policy, Evidence([], {}, ""), found, "a" * 40, METRIC.name, METRIC.better, 0.0, date(2026, 3, 10))
    decided = {check.id: check for check in decide_more(scene)}
    return [decided[f"gate.{kind}.shop"] for kind in ("regression", "fairness")]


def test_the_gate_judges_what_the_bench_tells():
    assert [check.outcome for check in decide(table())] == [Outcome.PASS, Outcome.PASS]
    for check in decide(table(FEWEST_IN_GROUP - 1)):
        assert check.outcome is Outcome.ERROR
        assert "west (19 held-out rows; 20 are needed)" in check.reason
    assert [check.outcome for check in decide(table(FEWEST_IN_GROUP - 1), "warn")] == [Outcome.WARN, Outcome.WARN]
