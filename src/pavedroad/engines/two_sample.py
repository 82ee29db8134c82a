"""Two-sample tests that treat both sides as samples: Kolmogorov–Smirnov for numbers, chi-square for categories."""

import warnings

import numpy as np
import pandas as pd
from scipy import stats
from scipy.spatial.distance import jensenshannon

from pavedroad.foundation.drift import Comparison
from pavedroad.foundation.profile import Kind

MIN_EXPECTED = 5.0
"""Cells of the contingency table expected to hold fewer rows are pooled (Cochran, 1954)."""


def compare(reference: pd.Series, current: pd.Series, kind: Kind) -> Comparison:
    """Compare two samples of a column.

    Numbers: the two-sample Kolmogorov–Smirnov test, and the Wasserstein distance in units of the reference's standard
    deviation. Categories: the chi-square test of homogeneity on the contingency table of both samples, rare categories
    pooled, and the Jensen–Shannon distance (base 2, from 0 to 1).
    """
    if kind in {"number", "time"}:
        return _compare_numbers(reference.to_numpy(dtype="float64"), current.to_numpy(dtype="float64"))
    return _compare_categories(reference.astype(str), current.astype(str))


def _compare_numbers(reference: np.ndarray, current: np.ndarray) -> Comparison:
    # The effect has no unit, so both sides may be scaled by a power of two, which is exact; then no square overflows.
    _, exponent = np.frexp(max(np.abs(reference).max(), np.abs(current).max()))
    reference, current = np.ldexp(reference, -exponent), np.ldexp(current, -exponent)
    constant = reference.min() == reference.max()
    spread = 0.0 if constant else float(reference.std(ddof=1))
    distance = float(stats.wasserstein_distance(reference, current))
    # From a constant reference any other value is as far away as can be.
    effect = distance / spread if spread > 0.0 else float(distance > 0.0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # where the exact p-value is out of reach, SciPy says so and approximates
        p_value = float(stats.ks_2samp(reference, current, method="auto").pvalue)
    return Comparison("Kolmogorov–Smirnov", p_value, effect, "Wasserstein distance in standard deviations")


def _compare_categories(reference: pd.Series, current: pd.Series) -> Comparison:
    names = sorted(set(reference.unique()) | set(current.unique()))
    counts = np.array([side.value_counts().reindex(names, fill_value=0).to_numpy() for side in (reference, current)])
    effect = float(jensenshannon(counts[0], counts[1], base=2))
    effect = 0.0 if np.isnan(effect) else effect
    return Comparison("chi-square", _test_homogeneity(counts), effect, "Jensen–Shannon distance")


def _test_homogeneity(counts: np.ndarray) -> float:
    share = counts.sum(axis=1) / counts.sum()
    expected = counts.sum(axis=0) * share.min()
    common = counts[:, expected >= MIN_EXPECTED]
    rare = counts[:, expected < MIN_EXPECTED].sum(axis=1, keepdims=True)
    table = np.hstack([common, rare]) if rare.sum() else common
    if table.shape[1] < 2:  # one category on both sides: nothing to tell apart
        return 1.0
    return float(stats.chi2_contingency(table, correction=False).pvalue)
