"""The two-sample tests: quiet on data that did not drift, awake when it did, and equal to SciPy's own."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from scipy.spatial.distance import jensenshannon

from pavedroad.engines.two_sample import compare
from pavedroad.foundation.drift import find_drift, load_drift_engine
from pavedroad.settings import Drift

SETTINGS = Drift(
    engine="two-sample", columns=[], false_alarm_rate=0.05, min_effect=0.0, fail_effect=0.5, min_rows=2
)  # without a least effect, the test alone decides


def numbers(values):
    return pd.Series(values, dtype="float64", name="x")


def categories(values):
    return pd.Series(values, dtype="object", name="x")


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
            "gaps": np.where(rng.uniform(size=rows) < 0.1, np.nan, rng.normal(size=rows)),
        }
    )


@pytest.mark.slow
def test_of_300_runs_on_data_that_did_not_drift_at_most_8_percent_raise_an_alarm():
    engine = load_drift_engine("two-sample")
    alarms = 0
    for seed in range(300):
        rng = np.random.default_rng(seed)
        reference, current = draw(rng, 300), draw(rng, 150)
        alarms += any(found.drifted for found in find_drift(reference, current, list(reference), SETTINGS, engine))
    assert alarms <= 0.08 * 300


@pytest.mark.parametrize(
    ("column", "change"),
    [
        ("normal", lambda side: side + 0.5),
        ("normal", lambda side: side * 3),
        ("counts", lambda side: side + 1),
        ("zeros", lambda side: side.where(side > 0, 0.5)),
        ("few", lambda side: side.replace("a", "b")),
        ("few", lambda side: side.replace("a", "new")),
        ("flag", lambda side: side.replace("no", "yes")),
    ],
)
def test_a_real_change_is_found_in_nearly_every_run(column, change):
    engine = load_drift_engine("two-sample")
    found = 0
    for seed in range(20):
        rng = np.random.default_rng(seed)
        reference, current = draw(rng, 300), draw(rng, 150)
        current[column] = change(current[column])
        findings = find_drift(reference, current, list(reference), SETTINGS, engine)
        found += any(item.drifted for item in findings if item.column == column)
    assert found >= 19


# --- the numbers ----------------------------------------------------------------------------------------------------


def test_numbers_are_judged_as_scipy_judges_them():
    rng = np.random.default_rng(1)
    reference, current = rng.normal(size=400), rng.normal(0.3, 1.2, size=300)
    found = compare(numbers(reference), numbers(current), "number")
    assert found.p_value == pytest.approx(stats.ks_2samp(reference, current).pvalue)
    distance = stats.wasserstein_distance(reference, current) / reference.std(ddof=1)
    assert found.effect == pytest.approx(distance)


def test_a_shift_by_half_a_standard_deviation_has_an_effect_of_one_half():
    reference = np.random.default_rng(2).normal(10, 3, size=5000)
    found = compare(numbers(reference), numbers(reference + 1.5), "number")
    assert found.effect == pytest.approx(0.5, rel=0.02)


def test_categories_are_judged_as_scipy_judges_them():
    reference, current = ["a"] * 60 + ["b"] * 40, ["a"] * 30 + ["b"] * 50
    found = compare(categories(reference), categories(current), "category")
    assert found.p_value == pytest.approx(stats.chi2_contingency([[60, 40], [30, 50]], correction=False).pvalue)
    assert found.effect == pytest.approx(jensenshannon([0.6, 0.4], [0.375, 0.625], base=2))


def test_both_sides_are_samples_so_swapping_them_changes_no_p_value():
    rng = np.random.default_rng(3)
    sides = categories(rng.choice(list("abc"), 90)), categories(rng.choice(list("abd"), 200))
    forth, back = compare(*sides, "category"), compare(*reversed(sides), "category")
    assert (forth.p_value, forth.effect) == pytest.approx((back.p_value, back.effect))


def test_rare_categories_are_pooled_so_that_ids_do_not_look_like_drift():
    reference = categories([f"r{number}" for number in range(200)])
    current = categories([f"c{number}" for number in range(100)])
    assert compare(reference, current, "category").p_value == 1.0


def test_a_common_new_category_is_found():
    found = compare(categories(["a"] * 100), categories(["a"] * 50 + ["b"] * 50), "category")
    assert found.p_value < 1e-6


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
    found = compare(numbers(reference), numbers(current), "number")
    assert found.effect == effect
    assert (found.p_value < 0.01) is certain


def test_one_category_on_both_sides_tells_nothing_apart():
    found = compare(categories(["a"] * 50), categories(["a"] * 9), "category")
    assert (found.p_value, found.effect) == (1.0, 0.0)


@pytest.mark.parametrize("size", [1e-300, 1e-10, 1.0, 1e10, 1e200, 1e300])
def test_the_unit_of_a_column_makes_no_difference(size):
    rng = np.random.default_rng(4)
    reference, current = rng.normal(size=100), rng.normal(0.4, 1, size=100)
    plain = compare(numbers(reference), numbers(current), "number")
    sized = compare(numbers(reference * size), numbers(current * size), "number")
    assert (sized.p_value, sized.effect) == pytest.approx((plain.p_value, plain.effect), rel=1e-6)


FINITE = st.floats(-1e300, 1e300)


@given(reference=st.lists(FINITE, min_size=1, max_size=40), current=st.lists(FINITE, min_size=1, max_size=40))
def test_any_finite_numbers_give_a_finite_judgement(reference, current):
    found = compare(numbers(reference), numbers(current), "number")
    assert 0 <= found.p_value <= 1
    assert np.isfinite(found.effect)
    assert found.effect >= 0


TEXTS = st.lists(st.text(max_size=2), min_size=1, max_size=60)


@given(reference=TEXTS, current=TEXTS)
def test_any_categories_give_a_finite_judgement(reference, current):
    found = compare(categories(reference), categories(current), "category")
    assert 0 <= found.p_value <= 1
    assert 0 <= found.effect <= 1 + 1e-9
