"""The decision about drift: corrected for all tests of the run, material as well as significant, and never silent."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pavedroad.config import parse_config
from pavedroad.foundation.drift import Comparison, adjust_by_holm, find_drift, load_drift_engine
from pavedroad.settings import Drift

CONFIG = """
[project]
name = "Sales"
owner = "Ada"
[objective]
problem = "regression"
target = "sold"
metric = "mean_absolute_error"
[data]
train = "data.csv"
[model]
features = "shop.features:features"
train = "shop.model:train"
[drift]
{drift}
"""


def settings(drift="") -> Drift:
    return parse_config(CONFIG.format(drift=drift)).drift


class Fixed:
    """An engine that finds the same in every column; for the decision alone."""

    def __init__(self, p_value, effect):
        self.found = Comparison("fixed", p_value, effect, "size")
        self.asked = []

    def compare(self, reference, current, kind):
        assert len(current)
        self.asked.append((reference.name, kind))
        return self.found


def compare(reference, current, drift="", engine=None, columns=None):
    tables = [
        pd.DataFrame({"x": side}) if not isinstance(side, pd.DataFrame) else side for side in (reference, current)
    ]
    engine = engine or load_drift_engine("two-sample")
    return find_drift(*tables, columns or list(tables[0].columns), settings(drift), engine)


# --- Holm's correction ----------------------------------------------------------------------------------------------


def test_holms_correction_of_a_case_done_by_hand():
    # Sorted: 0.005, 0.01, 0.03, 0.04. Times 4, 3, 2, 1: 0.02, 0.03, 0.06, 0.04; made ascending: 0.02, 0.03, 0.06, 0.06.
    assert adjust_by_holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])


@pytest.mark.parametrize(("given", "expected"), [([], []), ([0.2], [0.2]), ([0.9, 0.8], [1.0, 1.0]), ([0, 1], [0, 1])])
def test_holms_correction_at_its_ends(given, expected):
    assert adjust_by_holm(given) == expected


def reject_by_definition(p_values, level):
    """Holm's procedure as he wrote it: step down while the smallest left is at most level / how many are left."""
    left = sorted(range(len(p_values)), key=lambda i: p_values[i])
    rejected = set()
    while left and p_values[left[0]] * len(left) <= level:
        rejected.add(left.pop(0))
    return rejected


@given(p_values=st.lists(st.floats(0, 1), max_size=12), level=st.floats(0.001, 0.5))
def test_adjusted_values_at_or_below_a_level_are_the_tests_that_holm_rejects(p_values, level):
    adjusted = adjust_by_holm(p_values)
    assert {i for i, p in enumerate(adjusted) if p <= level} == reject_by_definition(p_values, level)


@given(p_values=st.lists(st.floats(0, 1), min_size=1, max_size=12), data=st.data())
def test_the_order_of_the_tests_makes_no_difference(p_values, data):
    order = data.draw(st.permutations(range(len(p_values))))
    adjusted = adjust_by_holm(p_values)
    shuffled = adjust_by_holm([p_values[i] for i in order])
    assert shuffled == [adjusted[i] for i in order]


# --- the decision ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("p_value", "effect", "drifted"),
    [
        (0.001, 0.3, True),
        (0.001, 0.05, False),
        (0.2, 0.3, False),
        (0.05, 0.1, True),
        (0.0501, 0.1, False),
        (0.05, 0.0999, False),
        (None, 0.3, True),
        (None, 0.05, False),
    ],
)
def test_a_column_has_drifted_when_the_change_is_certain_and_large_enough(p_value, effect, drifted):
    [found] = compare([1.0, 2.0], [1.0, 2.0], engine=Fixed(p_value, effect))
    assert found.drifted is drifted


def test_what_is_certain_alone_is_no_longer_certain_among_ten():
    table = pd.DataFrame({f"x{number}": [1.0, 2.0] for number in range(10)})
    assert not any(found.drifted for found in compare(table, table, engine=Fixed(0.01, 0.3)))
    assert compare(table[["x0"]], table[["x0"]], engine=Fixed(0.01, 0.3))[0].drifted


def test_the_settings_decide():
    assert not compare([1.0, 2.0], [1.0, 2.0], "min_effect = 0.4", Fixed(0.001, 0.3))[0].drifted
    assert compare([1.0, 2.0], [1.0, 2.0], "false_alarm_rate = 0.3", Fixed(0.2, 0.3))[0].drifted


# --- columns that cannot simply be compared -------------------------------------------------------------------------

NUMBERS = list(np.random.default_rng(0).normal(size=200))

STRANGE = {
    "emptied": (NUMBERS, [None] * 200, "empty in every current row"),
    "never filled before": ([None] * 200, NUMBERS, "empty in every reference row"),
    "numbers turned to text": (NUMBERS, ["x"] * 200, "were of kind 'number' and are now 'category'"),
    "text turned to numbers": (["x"] * 200, NUMBERS, "were of kind 'category' and are now 'number'"),
    "numbers turned to booleans": (NUMBERS, [True, False] * 100, "are now 'boolean'"),
    "infinite only": (NUMBERS, [np.inf] * 200, "No value of the column is a finite number"),
}


@pytest.mark.parametrize(("reference", "current", "why"), STRANGE.values(), ids=STRANGE)
def test_a_column_that_cannot_be_compared_is_a_finding_of_its_own(reference, current, why):
    found = compare(pd.DataFrame({"x": reference}), pd.DataFrame({"x": current}))
    assert [why in item.problem for item in found] == [True]


def test_a_column_that_is_gone_is_found():
    found = compare(pd.DataFrame({"x": NUMBERS, "y": NUMBERS}), pd.DataFrame({"x": NUMBERS}))
    assert [item.problem for item in found if item.column == "y"] == ["The column is gone from the current data."]
    assert not found[0].drifted


def test_a_column_asked_for_that_is_new_is_found():
    [found] = compare(pd.DataFrame({"y": NUMBERS}), pd.DataFrame({"x": NUMBERS}), columns=["x"])
    assert found.problem == "The column is not in the reference data."


def test_a_column_that_was_always_empty_is_no_finding():
    assert compare(pd.DataFrame({"x": [None] * 9}), pd.DataFrame({"x": [None] * 9})) == []


def test_some_infinite_values_are_a_finding_and_the_others_are_still_compared():
    found = {item.about: item for item in compare(NUMBERS, [*NUMBERS[:-3], np.inf, -np.inf, np.inf])}
    assert found["finite numbers"].problem.startswith("3 values are not finite")
    assert not found["values"].drifted
    assert found["values"].comparison is not None


def test_a_flood_of_empty_cells_is_drift_even_when_the_values_left_are_the_same():
    current = [None if number % 2 else value for number, value in enumerate(NUMBERS)]
    found = {item.about: item for item in compare(NUMBERS, current)}
    assert found["empty cells"].drifted
    assert not found["values"].drifted


def test_the_same_share_of_empty_cells_is_none():
    half = [None if number % 2 else value for number, value in enumerate(NUMBERS)]
    assert not any(item.drifted for item in compare(half, half[::-1]))


def test_one_gap_does_not_turn_booleans_into_something_else():
    found = compare(pd.DataFrame({"x": [True, False] * 50}), pd.DataFrame({"x": [True, False] * 49 + [True, None]}))
    assert not any(item.problem or item.drifted for item in found)


@pytest.mark.parametrize("zone", [None, "UTC", "Europe/Zurich"])
def test_times_are_compared_whatever_their_zone(zone):
    days = pd.Series(pd.date_range("2012-01-01", periods=200, tz=zone))
    [same] = compare(days.to_frame("x"), days.to_frame("x"))
    [later] = compare(days.to_frame("x"), (days + pd.Timedelta(days=150)).to_frame("x"))
    assert not same.drifted
    assert later.drifted


def test_engines_are_asked_with_the_kind_of_the_values():
    engine = Fixed(0.5, 0.0)
    table = pd.DataFrame({"n": [1, 2], "t": pd.to_datetime(["2012", "2013"]), "c": ["a", "b"], "b": [True, False]})
    compare(table, table, engine=engine)
    assert engine.asked == [("n", "number"), ("t", "time"), ("c", "category"), ("b", "boolean")]
