"""Evidently's own methods, by the real Evidently, on the counts of a table: the same numbers as on its rows."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.spatial.distance import jensenshannon

from pavedroad.config import default_settings
from pavedroad.engines.evidently import columns as evidently
from pavedroad.errors import ConfigError
from pavedroad.foundation.drift.detection import Policy, choose_policy, find_drift
from pavedroad.foundation.drift.effects import (
    align_numbers,
    bin_numbers,
    measure_jensen_shannon,
    measure_psi,
    measure_wasserstein,
)
from pavedroad.foundation.drift.reference import hold_frame, measure
from pavedroad.foundation.drift.significance import judge_distance
from pavedroad.settings import Drift, DriftRule

RNG = np.random.default_rng(5)
POLICY = Policy("auto", 0.1, 0.5, "by-effect")


def sketch(reference, current):
    before = measure(hold_frame(pd.DataFrame({"x": reference})), "before")
    return before.columns[0], measure(hold_frame(pd.DataFrame({"x": current})), "now", like=before).columns[0]


def make_settings(**changes):
    return Drift(**{**default_settings()["drift"], "engine": "evidently", **changes})


@pytest.mark.parametrize("rows", [50, 2000, 30_000])
def test_numbers_have_scipys_wasserstein_distance_in_standard_deviations(rows):
    reference, current = RNG.normal(10, 3, size=rows), RNG.normal(11, 3, size=rows // 2)
    found = evidently.compare(*sketch(reference, current), "auto", POLICY)
    expected = stats.wasserstein_distance(reference, current) / reference.std()
    assert found.effect == pytest.approx(expected, rel=2e-3)
    assert found.p_value is None
    assert "wasserstein" in found.method
    assert ("drawn evenly" in found.method) is (rows > 10_000)


@pytest.mark.parametrize("rows", [50, 2000, 30_000])
def test_categories_have_scipys_jensen_shannon_distance(rows):
    reference, current = RNG.choice(list("abc"), rows), RNG.choice(list("abc"), rows, p=[0.6, 0.3, 0.1])
    found = evidently.compare(*sketch(reference, current), "auto", POLICY)
    shares = [[np.mean(side == name) for name in "abc"] for side in (reference, current)]
    assert found.effect == pytest.approx(jensenshannon(*shares), rel=2e-3)


@settings(max_examples=12)
@given(
    reference=st.lists(st.integers(-100, 100).map(lambda n: n / 7), min_size=30, max_size=200),
    current=st.lists(st.integers(-100, 100).map(lambda n: n / 7), min_size=30, max_size=200),
)
def test_our_psi_and_jensen_shannon_are_evidentlys_in_its_bins(reference, current):
    sides = sketch(reference, current)
    if len(sides[0].values) <= 20 or sides[0].values[0] == sides[0].values[-1]:
        return
    shares = bin_numbers(align_numbers(*sides), "sturges")
    assert evidently.compare(*sides, "psi", POLICY).effect == pytest.approx(measure_psi(shares), rel=1e-6, abs=1e-9)
    theirs = evidently.compare(*sides, "jensenshannon", POLICY).effect
    assert theirs == pytest.approx(measure_jensen_shannon(shares, base=np.e), rel=1e-6, abs=1e-7)


@settings(max_examples=12)
@given(
    reference=st.lists(st.integers(-100, 100).map(lambda n: n / 7), min_size=30, max_size=200),
    current=st.lists(st.integers(-100, 100).map(lambda n: n / 7), min_size=30, max_size=200),
)
def test_our_wasserstein_distance_is_evidentlys(reference, current):
    sides = sketch(reference, current)
    if sides[0].values[0] == sides[0].values[-1]:
        return
    theirs = evidently.compare(*sides, "wasserstein", POLICY).effect
    assert theirs == pytest.approx(measure_wasserstein(align_numbers(*sides), sides[0].std), rel=1e-6, abs=1e-9)


@pytest.mark.parametrize("shift", [0.0, 0.2, 0.5, 1.0])
@pytest.mark.parametrize(("before", "now"), [(60, 40), (500, 500), (1500, 200)])
def test_our_kolmogorov_smirnov_test_is_evidentlys(before, now, shift):
    rng = np.random.default_rng(before)
    chance, ours = judge_by_both(rng.normal(size=before), rng.normal(shift, 1, size=now))
    # Ours gives the limit's chance where that is above one half, which nobody acts on.
    assert ours == pytest.approx(chance, rel=1e-6, abs=1e-10) or max(ours, chance) > 0.5


@pytest.mark.parametrize("shift", [0.1, 0.2, 0.5])
def test_our_kolmogorov_smirnov_test_in_cells_is_a_little_more_careful_than_evidentlys_on_rows(shift):
    for seed in range(5):
        rng = np.random.default_rng(seed)
        chance, ours = judge_by_both(rng.normal(size=3000), rng.normal(shift, 1, size=200))
        assert chance * (1 - 1e-9) <= ours <= chance**0.9


def judge_by_both(reference, current):
    """The p-value of Evidently's Kolmogorov-Smirnov test, which its score is one minus, and ours."""
    sides = sketch(reference, current)
    _, ours = judge_distance(align_numbers(*sides).counts)
    return 1 - evidently.compare(*sides, "ks", POLICY).effect, ours


def test_our_psi_of_many_rows_in_cells_is_evidentlys_of_the_rows():
    reference, current = RNG.normal(size=40_000), RNG.normal(0.2, 1.1, size=40_000)
    edges = np.histogram_bin_edges(np.concatenate([reference, current]), bins="sturges")
    shares = np.array([np.histogram(side, edges)[0] / 40_000 for side in (reference, current)])
    ours = bin_numbers(align_numbers(*sketch(reference, current)), "sturges")
    assert ours == pytest.approx(shares, abs=5e-4)
    assert measure_psi(ours) == pytest.approx(measure_psi(shares), rel=0.05)


def test_the_road_decides_by_the_distance_alone():
    reference = pd.DataFrame({"same": RNG.normal(size=500), "moved": RNG.normal(size=500)})
    current = pd.DataFrame({"same": RNG.permutation(reference["same"]), "moved": reference["moved"] + 1})
    before = measure(hold_frame(reference), "before")
    found = find_drift(before, measure(hold_frame(current), "now", like=before), ["same", "moved"], make_settings())
    assert [item.drifted for item in found] == [False, True]
    assert [item.adjusted_p for item in found] == [None, None]


@pytest.mark.parametrize("method", ["psi", "ks", "jensenshannon", "hellinger", "kl_div", "ed"])
@pytest.mark.parametrize("shift", [0.0, 1.5])
def test_any_of_its_methods_is_asked_by_name_with_an_explicit_threshold(method, shift):
    reference, current = np.linspace(-2, 2, 300), np.linspace(-2, 2, 300) + shift
    rule = DriftRule(columns=["x"], method=f"evidently:{method}")
    drift = make_settings(engine="two-sample", rules=[rule], min_effect=0.12)
    before = measure(hold_frame(pd.DataFrame({"x": reference})), "before")
    now = measure(hold_frame(pd.DataFrame({"x": current})), "now", like=before)
    [found] = find_drift(before, now, ["x"], drift)
    assert found.comparison.method == f"Evidently {method}"
    assert found.drifted is bool(shift)


def test_a_method_it_does_not_have_or_that_does_not_fit_is_refused():
    numbers, words = sketch([1.0, 2.0] * 20, [1.0, 2.0] * 20), sketch(["a", "b"] * 20, ["a", "b"] * 20)
    with pytest.raises(ConfigError, match="no drift method"):
        evidently.compare(*numbers, "nonsense", POLICY)
    with pytest.raises(ConfigError, match="not for categories"):
        evidently.compare(*words, "wasserstein", POLICY)
    with pytest.raises(ConfigError, match="not for numbers"):
        evidently.compare(*numbers, "chisquare", POLICY)


TRAPS = {
    "half of it empty": ([1.0, None] * 50, [1.0, 2.0] * 50),
    "infinite values": ([1.0, 2.0] * 50, [1.0, np.inf] * 50),
    "nullable integers": (pd.array([1, None] * 50, dtype="Int64"), pd.array([1, 2] * 50, dtype="Int64")),
    "arrow strings": (pd.array(["a", "b"] * 50, dtype="string[pyarrow]"), pd.array(["a", "c"] * 50, dtype="string")),
    "categories": (pd.Categorical(["a", "b"] * 50), pd.Categorical(["b", "c"] * 50)),
    "booleans with gaps": ([True, None] * 50, [True, False] * 50),
    "a constant": ([1.0] * 100, [1.0] * 100),
}


@pytest.mark.parametrize(("reference", "current"), TRAPS.values(), ids=TRAPS)
def test_what_breaks_it_on_rows_gets_a_number_here(reference, current):
    found = evidently.compare(*sketch(reference, current), "auto", POLICY)
    assert np.isfinite(found.effect)


def test_gaps_are_compared_by_the_road_itself():
    reference = pd.DataFrame({"x": np.linspace(-2, 2, 200)})
    current = reference.mask(np.arange(200)[:, np.newaxis] % 2 == 0)  # every second value: the rest are spread alike
    before = measure(hold_frame(reference), "before")
    now = measure(hold_frame(current), "now", like=before)
    found = {item.about: item.drifted for item in find_drift(before, now, ["x"], make_settings())}
    assert found == {"empty cells": True, "values": False}


def test_the_policy_of_a_column_is_its_threshold():
    rules = [DriftRule(columns=["x"], min_effect=0.7)]
    assert choose_policy(make_settings(rules=rules), "x").min_effect == 0.7
