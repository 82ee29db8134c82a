"""The two-sample tests: quiet on data that did not drift, awake when it did, and equal to SciPy's own."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.spatial.distance import jensenshannon

from pavedroad.config import default_settings
from pavedroad.engines.two_sample import compare as compare_sketches
from pavedroad.errors import ConfigError
from pavedroad.foundation.drift.detection import choose_policy, find_drift
from pavedroad.foundation.drift.reference import hold_frame, measure
from pavedroad.settings import Drift

SETTINGS = Drift(**{**default_settings()["drift"], "min_effect": 0.0, "min_rows": 2})
"""Without a least effect, the test alone decides."""


def measure_both(reference, current):
    before = measure(hold_frame(reference), "before")
    return before, measure(hold_frame(current), "now", like=before)


def compare(reference, current, method="auto"):
    before, now = measure_both(pd.DataFrame({"x": reference}), pd.DataFrame({"x": current}))
    return compare_sketches(before.columns[0], now.columns[0], method, choose_policy(SETTINGS, "x"))


def draw(rng, rows):
    """Ten columns of many shapes: bell, heavy tails, ties, rare categories, yes and no."""
    return pd.DataFrame(
        {
            "normal": rng.normal(size=rows),
            "uniform": rng.uniform(size=rows),
            "skewed": rng.lognormal(size=rows),
            "heavy": rng.standard_t(2, size=rows),
            "counts": rng.poisson(3, size=rows).astype(float),
            "zeros": np.where(rng.uniform(size=rows) < 0.7, 0.0, rng.exponential(size=rows)),
            "few": rng.choice(list("abc"), size=rows, p=[0.7, 0.25, 0.05]),
            "many": rng.choice([f"c{number}" for number in range(40)], size=rows),
            "flag": rng.choice(["yes", "no"], size=rows),
            "gaps": np.where(rng.uniform(size=rows) < 0.3, np.nan, rng.normal(size=rows)),
        }
    )


@pytest.mark.slow
@pytest.mark.parametrize(("before", "now"), [(400, 400), (2000, 150)])
def test_a_whole_run_seldom_raises_an_alarm_when_nothing_drifted(before, now):
    rng = np.random.default_rng(1)
    alarms, runs = 0, 100
    for _ in range(runs):
        sides = measure_both(draw(rng, before), draw(rng, now))
        alarms += any(found.drifted for found in find_drift(*sides, [c.name for c in sides[0].columns], SETTINGS))
    assert alarms <= 11  # 5 expected; 12 or more would come with probability 0.4 %


@pytest.mark.slow
def test_half_a_standard_deviation_in_one_of_ten_columns_is_found():
    rng = np.random.default_rng(2)
    found = 0
    for _ in range(40):
        now = draw(rng, 500)
        now["normal"] += 0.5
        sides = measure_both(draw(rng, 500), now)
        findings = find_drift(*sides, [c.name for c in sides[0].columns], SETTINGS)
        found += any(item.drifted for item in findings if item.column == "normal")
    assert found == 40


VALUES = st.lists(st.floats(-1e6, 1e6).map(lambda x: x + 0.0), min_size=2, max_size=60)


@settings(max_examples=40)
@given(reference=VALUES, current=VALUES)
def test_numbers_are_judged_as_scipy_judges_them(reference, current):
    found = compare(reference, current)
    expected = stats.ks_2samp(reference, current, method="exact")
    assert found.more["ks"] == pytest.approx(expected.statistic, abs=1e-12)
    if found.p_value < 0.5:
        assert found.p_value == pytest.approx(expected.pvalue, rel=1e-6, abs=1e-10)
    spread = np.std(reference)
    if spread > 1e-3 * np.abs(reference).max():
        assert found.effect == pytest.approx(
            stats.wasserstein_distance(reference, current) / spread, rel=1e-6, abs=1e-9
        )


@pytest.mark.parametrize(
    "shape",
    ["normal", "lognormal", "cauchy", "uniform", "far", "zeros", "steps", "monster"],
)
def test_large_columns_in_cells_are_judged_as_scipy_judges_the_rows(shape):
    rng = np.random.default_rng(8)
    rows = 60_000
    make = {
        "normal": lambda n, s: rng.normal(s, 1, n),
        "lognormal": lambda n, s: rng.lognormal(s, 1, n),
        "cauchy": lambda n, s: np.clip(rng.standard_cauchy(n) + s, -1e4, 1e4),
        "uniform": lambda n, s: rng.uniform(s, 1 + s, n),
        "far": lambda n, s: 1.6e15 + (rng.normal(s, 1, n) * 1e3),
        "zeros": lambda n, s: np.where(rng.uniform(size=n) < 0.7 - s / 3, 0.0, rng.exponential(size=n)),
        "steps": lambda n, s: np.round(rng.normal(s, 1, n), 2),
        "monster": lambda n, s: rng.lognormal(s, 12, n),
    }[shape]
    reference, current = make(rows, 0.0), make(rows // 2, 0.15)
    found = compare(reference, current)
    expected = stats.ks_2samp(reference, current, method="asymp")
    assert found.more["ks_error"] <= 0.02
    assert expected.statistic - found.more["ks_error"] - 1e-12 <= found.more["ks"] <= expected.statistic + 1e-12
    assert found.p_value >= expected.pvalue * (1 - 1e-3)
    distance = stats.wasserstein_distance(reference, current) / reference.std()
    if shape != "monster":  # whose spread a handful of rows decide
        assert found.effect == pytest.approx(distance, abs=found.more["wasserstein_error"] + 1e-4 * distance)
    if shape not in {"monster", "cauchy"}:
        assert found.more["wasserstein_error"] < 0.02


@pytest.mark.parametrize("rows", [30, 3000])
def test_categories_are_judged_as_scipy_judges_them(rows):
    found = compare(["a"] * rows * 6 + ["b"] * rows * 4, ["a"] * rows * 3 + ["b"] * rows * 5)
    table = [[60 * rows, 40 * rows], [30 * rows, 50 * rows]]
    expected = stats.chi2_contingency(np.array(table) // 10, correction=False)
    assert found.p_value == pytest.approx(expected.pvalue, rel=1e-9, abs=1e-300)
    assert found.effect == pytest.approx(jensenshannon([0.6, 0.4], [0.375, 0.625], base=2))


def test_both_sides_are_samples_so_swapping_them_changes_no_p_value():
    rng = np.random.default_rng(3)
    sides = list(rng.choice(list("abc"), 900)), list(rng.choice(list("abd"), 2000))
    forth, back = compare(*sides), compare(*reversed(sides))
    assert (forth.p_value, forth.effect) == pytest.approx((back.p_value, back.effect))


def test_ids_do_not_look_like_drift():
    found = compare([f"r{number}" for number in range(200)], [f"c{number}" for number in range(100)])
    assert found.p_value == 1.0


def test_many_ids_are_counted_in_buckets_and_do_not_look_like_drift():
    found = compare([f"r{number}" for number in range(5000)], [f"c{number}" for number in range(4000)])
    assert found.method == "homogeneity of hashed categories"
    assert found.p_value > 0.001


def test_a_flood_of_one_id_is_found_in_the_buckets():
    found = compare([f"r{number}" for number in range(5000)], [f"c{number}" for number in range(3000)] + ["r1"] * 1000)
    assert found.p_value < 1e-6


def test_a_common_new_category_is_found():
    assert compare(["a"] * 100, ["a"] * 50 + ["b"] * 50).p_value < 1e-6


@pytest.mark.parametrize(
    ("reference", "current", "effect", "certain"),
    [
        ([5.0] * 50, [5.0] * 50, 0.0, False),
        ([5.0] * 50, [6.0] * 50, 1.0, True),
        ([0.0] * 50, [0.0] * 50, 0.0, False),
        ([0.0] * 50, [1e-9] * 50, 1.0, True),
    ],
    ids=["constant, the same", "constant, another", "all zero", "zero and nearly"],
)
def test_a_constant_is_compared_without_dividing_by_its_spread(reference, current, effect, certain):
    found = compare(reference, current)
    assert found.effect == effect
    assert (found.p_value < 0.01) is certain


def test_one_category_on_both_sides_tells_nothing_apart():
    found = compare(["a"] * 50, ["a"] * 9)
    assert (found.p_value, found.effect) == (1.0, 0.0)


@pytest.mark.parametrize("size", [1e-290, 1e-10, 1.0, 1e10, 1e200, 1e300])
@pytest.mark.parametrize("rows", [100, 30_000])
def test_the_unit_of_a_column_makes_no_difference(size, rows):
    rng = np.random.default_rng(4)
    reference, current = rng.normal(size=rows), rng.normal(0.4, 1, size=rows)
    plain, sized = compare(reference, current), compare(reference * size, current * size)
    assert (sized.more["ks"], sized.effect) == pytest.approx((plain.more["ks"], plain.effect), rel=1e-2)


FINITE = st.floats(-1e300, 1e300)


@settings(max_examples=40)
@given(reference=st.lists(FINITE, min_size=1, max_size=40), current=st.lists(FINITE, min_size=1, max_size=40))
def test_any_finite_numbers_give_a_finite_judgement(reference, current):
    found = compare(reference, current)
    assert 0 <= found.p_value <= 1
    assert all(np.isfinite(value) and value >= 0 for value in found.more.values())


TEXTS = st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=2), min_size=1, max_size=60)


@settings(max_examples=40)
@given(reference=TEXTS, current=TEXTS)
def test_any_categories_give_a_finite_judgement(reference, current):
    found = compare(reference, current)
    assert 0 <= found.p_value <= 1
    assert 0 <= found.effect <= 1 + 1e-9


@pytest.mark.parametrize("method", ["jensen-shannon", "psi", "ks"])
def test_another_measure_can_be_named(method):
    reference, current = np.linspace(0, 1, 500), np.linspace(0.3, 1.3, 500)
    found = compare(reference, current, method)
    assert found.effect == found.more[method] > 0.1


def test_psi_of_a_case_done_by_hand():
    found = compare(["a"] * 50 + ["b"] * 50, ["a"] * 20 + ["b"] * 80, "psi")
    assert found.effect == pytest.approx((0.5 - 0.2) * np.log(0.5 / 0.2) + (0.5 - 0.8) * np.log(0.5 / 0.8))


def test_a_method_that_does_not_exist_is_refused_with_the_nearest_one():
    with pytest.raises(ConfigError) as caught:
        compare([1.0, 2.0], [1.0, 2.0], "waserstein")
    assert "wasserstein" in caught.value.next_step


def test_a_method_for_numbers_is_refused_for_categories():
    with pytest.raises(ConfigError, match="holds categories"):
        compare(["a", "b"], ["a", "b"], "ks")
