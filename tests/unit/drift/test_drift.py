"""The decision about drift: corrected for all tests of the run, material as well as significant, and never silent."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from settings_text import write_settings

from pavedroad.config import parse_config
from pavedroad.errors import ConfigError, JudgementError
from pavedroad.foundation.drift import detection as drift_module
from pavedroad.foundation.drift.detection import Comparison, adjust_by_holm, choose_policy, find_drift
from pavedroad.foundation.drift.reference import hold_frame, measure
from pavedroad.settings import Drift

CONFIG = write_settings(
    drift="{drift}",
)


def settings(drift="") -> Drift:
    return parse_config(CONFIG.format(drift=drift)).drift


class Fixed:
    """An engine that finds the same in every column; for the decision alone."""

    def __init__(self, p_value, effect):
        self.found = Comparison("fixed", p_value, effect, "size")
        self.asked = []

    def compare(self, reference, current, method, policy):  # noqa: ARG002
        assert reference.size
        assert current.size
        self.asked.append((reference.name, reference.kind, method))
        return self.found


@pytest.fixture
def fixed(monkeypatch):
    """``fixed(p_value, effect)`` puts such an engine in the place of every other."""

    def put(p_value, effect):
        engine = Fixed(p_value, effect)
        monkeypatch.setattr(drift_module, "load_drift_engine", lambda _: engine)
        return engine

    return put


def compare(reference, current, drift="", columns=None, relative_to=""):
    tables = [
        pd.DataFrame({"x": side}) if not isinstance(side, pd.DataFrame) else side for side in (reference, current)
    ]
    before = measure(hold_frame(tables[0]), "before", relative_to=relative_to)
    now = measure(hold_frame(tables[1]), "now", like=before, relative_to=relative_to)
    return find_drift(before, now, columns or list(tables[0].columns), settings(drift))


def by_about(found):
    return {item.about: item for item in found}


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
def test_a_column_has_drifted_when_the_change_is_certain_and_large_enough(p_value, effect, drifted, fixed):
    fixed(p_value, effect)
    [found] = compare([1.0] * 30, [1.0] * 30)
    assert found.drifted is drifted


def test_what_is_certain_alone_is_no_longer_certain_among_ten(fixed):
    fixed(0.01, 0.3)
    table = pd.DataFrame({f"x{number}": [1.0, 2.0] * 20 for number in range(10)})
    assert not any(found.drifted for found in compare(table, table))
    assert compare(table[["x0"]], table[["x0"]])[0].drifted


@pytest.mark.parametrize(
    ("drift", "p_value", "effect", "drifted"),
    [
        ("min_effect = 0.4", 0.001, 0.3, False),
        ("min_effect = 0.2", 0.001, 0.3, True),
        ("false_alarm_rate = 0.3", 0.2, 0.3, True),
        ("false_alarm_rate = 0.1", 0.2, 0.3, False),
        ('rules = [{columns = ["x"], min_effect = 0.4}]', 0.001, 0.3, False),
        ('rules = [{columns = ["y*"], min_effect = 0.4}]', 0.001, 0.3, True),
    ],
)
def test_the_settings_decide(drift, p_value, effect, drifted, fixed):
    fixed(p_value, effect)
    assert compare([1.0] * 30, [1.0] * 30, drift)[0].drifted is drifted


def test_the_first_rule_that_matches_a_column_counts():
    rules = 'rules = [{columns = ["temp_*"], method = "psi", on_drift = "fail"}, {columns = ["*"], fail_effect = 9}]'
    first, second = (choose_policy(settings(rules), name) for name in ("temp_max", "wind"))
    assert (first.method, first.on_drift, first.fail_effect) == ("psi", "fail", 0.5)
    assert (second.method, second.on_drift, second.fail_effect) == ("auto", "by-effect", 9)


@pytest.mark.parametrize(
    "drift",
    [
        'reference = "rolling:90"',
        'reference = "yesterday"',
        'rules = [{columns = ["x"], on_drift = "shout"}]',
        'rules = [{columns = ["x"], treshold = 1}]',
        'acknowledged = [{column = "x", reason = "known"}]',
        'acknowledged = [{column = "x", reason = "known", until = "soon"}]',
        'acknowledged = [{column = "x", reason = "known", until = 2027-01-31}]',
        "block = 0",
    ],
)
def test_settings_that_mean_nothing_are_refused(drift):
    with pytest.raises(ConfigError, match="drift"):
        settings(drift)


def test_a_wrong_method_stops_the_run_and_a_failing_vendor_only_its_column(monkeypatch):
    with pytest.raises(ConfigError, match="no drift method"):
        compare([1.0] * 30, [1.0] * 30, 'method = "nonsense"')

    class Broken(Fixed):
        def compare(self, reference, current, method, policy):
            if reference.name == "y":
                raise JudgementError("It gave up.")
            return super().compare(reference, current, method, policy)

    monkeypatch.setattr(drift_module, "load_drift_engine", lambda _: Broken(0.001, 0.9))
    table = pd.DataFrame({name: [1.0, 2.0] * 20 for name in "xyz"})
    found = {item.column: item for item in compare(table, table)}
    assert found["x"].drifted
    assert found["z"].drifted
    assert "It gave up" in found["y"].problem


# --- columns that cannot simply be compared -------------------------------------------------------------------------

NUMBERS = list(np.random.default_rng(0).normal(size=200))

STRANGE = {
    "numbers turned to text": (NUMBERS, ["x"] * 200, "were of kind 'number' and are now 'category'"),
    "text turned to numbers": (["x"] * 200, NUMBERS, "were of kind 'category' and are now 'number'"),
    "numbers turned to booleans": (NUMBERS, [True, False] * 100, "are now 'boolean'"),
    "times that gained a zone": (
        pd.date_range("2020", periods=200),
        pd.date_range("2020", periods=200, tz="UTC"),
        "without a time zone and are now with a time zone",
    ),
}


@pytest.mark.parametrize(("reference", "current", "why"), STRANGE.values(), ids=STRANGE)
def test_a_column_that_cannot_be_compared_is_a_finding_of_its_own(reference, current, why):
    found = compare(pd.DataFrame({"x": reference}), pd.DataFrame({"x": current}))
    assert [why in item.problem for item in found] == [True]


@pytest.mark.parametrize(("reference", "current"), [(NUMBERS, [None] * 200), ([None] * 200, NUMBERS)])
def test_a_column_that_is_emptied_or_filled_has_drifted_in_its_empty_cells(reference, current):
    found = by_about(compare(pd.DataFrame({"x": reference}), pd.DataFrame({"x": current})))
    assert found["empty cells"].drifted
    assert found["empty cells"].comparison.effect == pytest.approx(1.0)
    assert "is empty in every" in found["values"].skipped


def test_infinite_values_alone_are_too_few_to_compare_and_a_problem():
    found = by_about(compare(NUMBERS, [np.inf] * 200))
    assert "200 values are infinite" in found["infinite values"].problem
    assert found["values"].skipped


def test_a_column_that_is_gone_is_found():
    found = compare(pd.DataFrame({"x": NUMBERS, "y": NUMBERS}), pd.DataFrame({"x": NUMBERS}))
    assert [item.problem for item in found if item.column == "y"] == ["The column is gone from the current data."]
    assert not found[0].drifted


def test_a_column_asked_for_that_is_new_is_found():
    [found] = compare(pd.DataFrame({"y": NUMBERS}), pd.DataFrame({"x": NUMBERS}), columns=["x"])
    assert found.problem == "The column is not in the reference data."


def test_a_column_that_was_always_empty_is_told_and_no_alarm():
    found = by_about(compare(pd.DataFrame({"x": [None] * 90}), pd.DataFrame({"x": [None] * 90})))
    assert found["values"].skipped == "The column is empty in both sides."
    assert not found["empty cells"].drifted


def test_some_infinite_values_are_a_finding_and_the_others_are_still_compared():
    found = by_about(compare(NUMBERS, [*NUMBERS[:-3], np.inf, -np.inf, np.inf]))
    assert found["infinite values"].problem.startswith("3 values are infinite")
    assert not found["values"].drifted
    assert found["values"].comparison is not None


def test_infinite_values_on_both_sides_are_judged_by_their_share():
    some = [*NUMBERS[:-20], *[np.inf] * 20]
    assert not by_about(compare(some, some))["infinite values"].drifted
    assert by_about(compare(some, [*NUMBERS[:-90], *[-np.inf] * 90]))["infinite values"].drifted


def test_a_flood_of_empty_cells_is_drift_even_when_the_values_left_are_the_same():
    current = [None if number % 2 else value for number, value in enumerate(NUMBERS)]
    found = by_about(compare(NUMBERS, current))
    assert found["empty cells"].drifted
    assert not found["values"].drifted


def test_the_same_share_of_empty_cells_is_none():
    half = [None if number % 2 else value for number, value in enumerate(NUMBERS)]
    assert not any(item.drifted for item in compare(half, half[::-1]))


def test_one_gap_does_not_turn_booleans_into_something_else():
    found = compare(pd.DataFrame({"x": [True, False] * 50}), pd.DataFrame({"x": [True, False] * 49 + [True, None]}))
    assert not any(item.problem or item.drifted for item in found)


def test_categories_never_seen_before_are_a_finding_of_their_own():
    found = by_about(compare(["a", "b"] * 100, ["a", "b"] * 80 + ["c", "d"] * 20))
    assert found["unseen categories"].drifted
    assert found["unseen categories"].comparison.more["current_share"] == pytest.approx(0.2)


def test_one_row_in_a_category_never_seen_before_is_within_chance():
    found = by_about(compare(["a", "b"] * 100, ["a", "b"] * 99 + ["a", "c"]))
    assert not found["unseen categories"].drifted
    assert found["unseen categories"].adjusted_p > 0.2


def test_too_few_values_are_skipped_with_the_reason():
    found = by_about(compare(NUMBERS, [*NUMBERS[:29], *[None] * 171]))
    assert "200 reference and 29 current values are too few" in found["values"].skipped
    assert found["empty cells"].drifted
    assert by_about(compare(NUMBERS, [*NUMBERS[:30], *[None] * 170]))["values"].comparison is not None


@pytest.mark.parametrize("zone", [None, "UTC", "Europe/Zurich"])
def test_times_are_compared_whatever_their_zone(zone):
    days = pd.Series(pd.date_range("2012-01-01", periods=200, tz=zone))
    [same] = compare(days.to_frame("x"), days.to_frame("x"))
    [later] = compare(days.to_frame("x"), (days + pd.Timedelta(days=150)).to_frame("x"))
    assert not same.drifted
    assert later.drifted


@pytest.mark.parametrize(("lag", "drifted"), [(2, False), (9, True)])
def test_times_that_move_with_the_rows_own_time_are_measured_from_it(lag, drifted):
    rng = np.random.default_rng(1)

    def make(start, days):
        sold = pd.Series(pd.date_range(start, periods=200))
        return pd.DataFrame({"sold": sold, "sent": sold + pd.to_timedelta(days + rng.uniform(size=200), unit="D")})

    found = compare(make("2012-01-01", 2), make("2014-01-01", lag), columns=["sent"], relative_to="sold")
    assert [item.drifted for item in found] == [drifted]
    [absolute] = compare(make("2012-01-01", 2), make("2014-01-01", lag), columns=["sent"])
    assert absolute.drifted


def test_rows_that_come_in_runs_count_as_blocks():
    rng = np.random.default_rng(5)
    reference, current = (np.repeat(rng.normal(size=20), 50) + rng.normal(size=1000) * 0.01 for _ in range(2))
    assert compare(reference, current)[0].drifted  # 1,000 rows, but no more than 20 different days
    assert not compare(reference, current, "block = 50")[0].drifted
    assert compare(reference, current + 5, "block = 50")[0].drifted


def test_engines_are_asked_with_the_method_that_the_rules_name(fixed):
    engine = fixed(0.5, 0.0)
    table = pd.DataFrame(
        {"n": [1, 2], "t": pd.to_datetime(["2012", "2013"]), "c": ["a", "b"], "b": [True, False]}
    ).sample(60, replace=True, random_state=1)
    compare(table, table, 'rules = [{columns = ["c"], method = "evidently:psi"}]')
    assert engine.asked == [
        ("n", "number", "auto"), ("t", "time", "auto"), ("c", "category", "psi"), ("b", "boolean", "auto"),
    ]  # fmt: skip
