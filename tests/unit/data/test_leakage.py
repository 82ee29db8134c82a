"""Leaks are found where they are, and not where they are not: every finding has a twin without it."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from settings_text import write_settings

from pavedroad.config import parse_config
from pavedroad.errors import UserCodeError
from pavedroad.foundation.data.leakage import Suspect, Twins, find_leaks, measure_power
from pavedroad.foundation.data.split import Split
from pavedroad.foundation.data.training import split_table
from pavedroad.report import Outcome

CONFIG = write_settings(
    objective='problem = "{problem}"\nmetric = "{metric}"',
    data="{data}",
)
ROWS, HELD = 200, 50
SPLIT = Split(train=np.arange(ROWS - HELD), holdout=np.arange(ROWS - HELD, ROWS), how="time")


def table():
    rng = np.random.default_rng(0)
    rain = rng.gamma(2.0, 2.0, ROWS)
    return pd.DataFrame(
        {
            "day": pd.date_range("2024-01-01", periods=ROWS),
            "order": [f"o{number:04d}" for number in rng.permutation(ROWS)],
            "shop": rng.choice(["north", "south", "west"], ROWS),
            "rain": rain,
            "sold": np.round(3 * rain + rng.normal(size=ROWS) * 3, 2),
        }
    )


def rain_only(rows):
    return rows[["rain"]]


def suspect(data, features, make, config):
    whole = split_table(data, SPLIT)
    twins = Twins(SPLIT, aside=config.data.keys)
    training = whole.read_training(see=twins.see)
    return Suspect(whole, training, twins, features, make, config.data, config.objective)


def look(data, make=rain_only, problem="regression", settings=""):
    """The outcomes of all checks by the last word of their ids, and the checks."""
    metric = "mean_absolute_error" if problem == "regression" else "accuracy_score"
    config = parse_config(CONFIG.format(problem=problem, metric=metric, data=settings))
    features = make(data.iloc[SPLIT.train].reset_index(drop=True))
    checks = {
        check.id.removeprefix("train.leakage."): check for check in find_leaks(suspect(data, features, make, config))
    }
    return {name: check.outcome for name, check in checks.items()}, checks


def found(outcomes):
    return {name for name, outcome in outcomes.items() if outcome is not Outcome.PASS}


KEYS = 'keys = ["order"]\ntime = "day"'


def test_a_clean_table_has_no_leak():
    outcomes, checks = look(table(), settings=KEYS)
    assert found(outcomes) == set()
    assert set(checks) == {"rows", "alone", "columns", "statistics", "row-by-row"}
    assert all(check.observed == "none found" for check in checks.values())


@pytest.mark.parametrize(("way", "outcome"), [("warn", Outcome.WARN), ("fail", Outcome.FAIL)])
def test_a_finding_warns_or_fails_as_the_config_says(way, outcome):
    data = table().assign(double=lambda rows: rows["sold"] * 2)
    outcomes, _ = look(data, lambda rows: rows[["double"]], settings=f'leakage = "{way}"')
    assert outcomes["alone"] is outcome


# --- rows on both sides ---------------------------------------------------------------------------------------------


def copy_rows(count, **changes):
    data = table()
    data.loc[ROWS - count :, :] = data.iloc[:count].assign(**changes).to_numpy()
    return data.astype(table().dtypes)


def test_copies_of_training_rows_in_the_holdout_are_found_whatever_their_keys():
    fresh = [f"new{number}" for number in range(10)]
    outcomes, checks = look(copy_rows(10, order=fresh), settings='keys = ["order"]')
    assert found(outcomes) == {"rows"}
    assert "10 of 50 held-out rows" in checks["rows"].reason
    assert checks["rows"].evidence == {"rows": 50, "twins": 10}


def test_rows_that_differ_in_the_target_are_no_copies():
    data = copy_rows(10)
    data.loc[ROWS - 10 :, "sold"] += 1
    assert found(look(data)[0]) == set()


# --- a feature that is the target -----------------------------------------------------------------------------------

DISGUISES = {
    "another unit": lambda sold: sold * 100,
    "with a little noise": lambda sold: sold + np.random.default_rng(1).normal(size=ROWS) * 0.01 * sold.std(),
    "turned round": lambda sold: -3 * sold + 7,
}


@pytest.mark.parametrize("disguise", DISGUISES.values(), ids=DISGUISES)
def test_the_target_in_disguise_is_found(disguise):
    data = table().assign(turnover=lambda rows: disguise(rows["sold"]))
    outcomes, checks = look(data, lambda rows: rows[["rain", "turnover"]])
    assert found(outcomes) == {"alone"}
    assert checks["alone"].observed == "turnover"
    assert checks["alone"].evidence["turnover"] >= 0.99


def test_a_feature_that_is_only_good_is_not_taken_for_the_target():
    data = table().assign(good=lambda rows: rows["sold"] + np.random.default_rng(1).normal(size=ROWS) * 2)
    assert found(look(data, lambda rows: rows[["good"]])[0]) == set()


@pytest.mark.parametrize("labels", [["no", "yes"], [0, 1], ["a", "b", "c"]])
def test_a_class_in_disguise_is_found_and_a_hint_is_not(labels):
    rng = np.random.default_rng(2)
    codes = rng.integers(0, len(labels), ROWS)
    hint = np.where(rng.uniform(size=ROWS) < 0.8, codes, rng.integers(0, len(labels), ROWS))
    data = table().assign(sold=np.array(labels)[codes], status=np.array(["x", "y", "z"])[codes], hint=hint)
    problem = "binary" if len(labels) == 2 else "multiclass"
    outcomes, checks = look(data, lambda rows: rows[["status", "hint"]], problem)
    assert found(outcomes) == {"alone"}
    assert checks["alone"].observed == "status"


def test_a_curve_and_a_constant_and_gaps_are_measured():
    rng = np.random.default_rng(3)
    answer = rng.normal(size=4000)
    curve = pd.Series(answer + 0.2 * answer**3)  # rises with the target, though not along a line
    assert measure_power(curve, answer, "regression") > 0.95
    assert measure_power(pd.Series(rng.normal(size=4000)), answer, "regression") < 0.05
    assert measure_power(pd.Series(np.ones(4000)), answer, "regression") == 0.0
    assert measure_power(pd.Series([None] * 4000, dtype="float64"), answer, "regression") == 0.0
    gaps = pd.Series(np.where(rng.uniform(size=4000) < 0.5, np.nan, answer))
    assert 0.3 < measure_power(gaps, answer, "regression") < 0.7


def test_names_that_never_come_twice_tell_nothing():
    names = pd.Series([f"n{number}" for number in range(400)])
    answer = np.random.default_rng(0).integers(0, 2, 400)
    assert measure_power(names, answer, "binary") < 0.2


# --- keys and later times -------------------------------------------------------------------------------------------


def test_a_key_among_the_features_is_found():
    def make(rows):
        return rows[["rain"]].assign(number=rows["order"].str[1:].astype(int))

    outcomes, checks = look(table(), make, settings=KEYS)
    assert found(outcomes) == {"columns"}
    assert "'order' is a key" in checks["columns"].observed
    assert found(look(table(), make, settings='time = "day"')[0]) == set()


def test_a_time_after_the_row_is_found_when_it_is_used_and_only_then():
    late = table().assign(paid=lambda rows: rows["day"] + pd.to_timedelta(np.arange(ROWS) % 9, unit="D"))

    def make(rows):
        return rows[["rain"]].assign(wait=(rows["paid"] - rows["day"]).dt.days)

    outcomes, checks = look(late, make, settings=KEYS)
    assert found(outcomes) == {"columns"}
    assert "'paid' comes after the row" in checks["columns"].observed
    assert found(look(late, settings=KEYS)[0]) == set()
    early = table().assign(paid=lambda rows: rows["day"] - pd.to_timedelta(np.arange(ROWS) % 9, unit="D"))
    assert found(look(early, make, settings=KEYS)[0]) == set()


# --- averages of the target -----------------------------------------------------------------------------------------


def test_averages_over_the_whole_table_are_found_and_those_of_training_are_not():
    data = table()
    whole = data.assign(usual=data.groupby("shop")["sold"].transform("mean"))
    outcomes, checks = look(whole, lambda rows: rows[["usual"]])
    assert found(outcomes) == {"statistics"}
    assert checks["statistics"].observed == "usual"
    training = data.assign(usual=data["shop"].map(data.iloc[SPLIT.train].groupby("shop")["sold"].mean()))
    assert found(look(training, lambda rows: rows[["usual"]])[0]) == set()


def test_shares_of_a_class_are_averages_too():
    data = table().assign(sold=lambda rows: np.where(rows["sold"] > 10, "much", "little"))
    share = data.assign(usual=(data["sold"] == "much").groupby(data["shop"]).transform("mean"))
    assert found(look(share, lambda rows: rows[["usual"]], "binary")[0]) == {"statistics"}


# --- features of neighbours -----------------------------------------------------------------------------------------

NEIGHBOURS = {
    "a mean of the table": lambda rows: rows[["rain"]] - rows["rain"].mean(),
    "the row before": lambda rows: rows[["rain"]].assign(before=rows["rain"].shift(1)),
    "a rank": lambda rows: rows[["rain"]].rank(pct=True),
    "one column for each value": lambda rows: pd.get_dummies(rows[["shop"]]),
}


@pytest.mark.parametrize("make", NEIGHBOURS.values(), ids=NEIGHBOURS)
def test_features_that_depend_on_other_rows_are_found(make):
    outcomes, checks = look(table(), make)
    assert found(outcomes) == {"row-by-row"}
    assert checks["row-by-row"].reason


def test_features_that_cannot_be_made_of_a_single_row_are_found():
    def make(rows):
        if len(rows) == 1:
            raise UserCodeError("features failed: ValueError: too few.")
        return rows[["rain"]]

    outcomes, checks = look(table(), make)
    assert found(outcomes) == {"row-by-row"}
    assert "too few" in checks["row-by-row"].reason


def test_text_gaps_and_truth_values_are_compared_as_they_are():
    def make(rows):
        gaps = rows["rain"].where(rows["rain"] > 3)
        return pd.DataFrame({"shop": rows["shop"], "gap": gaps, "wet": rows["rain"] > 5, "day": rows["day"]})

    assert found(look(table(), make)[0]) == set()


# --- twins, while columns go by -------------------------------------------------------------------------------------


@given(
    st.lists(st.tuples(*[st.integers(0, 2)] * 5), min_size=2, max_size=30),
    st.integers(1, 29),
    st.sets(st.integers(0, 29)),
)
def test_twins_are_the_held_out_rows_that_training_has(rows, cut, gap):
    cut = min(cut, len(rows) - 1)
    split = Split(np.array([n for n in range(cut) if n not in gap], dtype=int), np.arange(cut, len(rows)), "time")
    twins = Twins(split, aside=["b"])
    for place, name in enumerate("abcde"):
        twins.see(name, pd.Series([row[place] for row in rows]))
    known = {rows[n][:1] + rows[n][2:] for n in split.train}
    assert twins.count() == sum(rows[n][:1] + rows[n][2:] in known for n in split.holdout)
