"""Our own drift engine: two-sample tests that treat both sides as samples, and an effect size of your choice."""

from typing import TYPE_CHECKING

from pavedroad.config import nearest
from pavedroad.errors import ConfigError
from pavedroad.foundation.drift.detection import Comparison, Policy
from pavedroad.foundation.drift.effects import (
    align_categories,
    align_numbers,
    bin_numbers,
    bound_wasserstein,
    measure_jensen_shannon,
    measure_psi,
    measure_wasserstein,
)
from pavedroad.foundation.drift.reference import ColumnSketch
from pavedroad.foundation.drift.significance import judge_distance, judge_homogeneity

if TYPE_CHECKING:
    import numpy as np

METHODS = ("auto", "wasserstein", "jensen-shannon", "psi", "ks")
"""What the size of a change is measured by; the test is the same for all of them."""
WASSERSTEIN = "Wasserstein distance in standard deviations"
NAMES = {
    "wasserstein": WASSERSTEIN,
    "jensen-shannon": "Jensen–Shannon distance",
    "psi": "population stability index",
    "ks": "Kolmogorov–Smirnov distance",
}


def compare(reference: ColumnSketch, current: ColumnSketch, method: str, policy: Policy) -> Comparison:
    """Compare two columns.

    Numbers: the two-sample Kolmogorov–Smirnov test and, unless another measure is named, the Wasserstein distance in
    units of the reference's standard deviation. Categories: the test of homogeneity on the contingency table of both
    samples, and the Jensen–Shannon distance (base 2, from 0 to 1).

    Raises:
        ConfigError: there is no such method, or it does not fit the column's kind.
    """
    if method not in METHODS:
        raise ConfigError(f"There is no drift method called {method!r}.", next_step=nearest(method, list(METHODS)))
    if reference.numeric:
        return _compare_numbers(reference, current, method, policy)
    if method in {"wasserstein", "ks"}:
        raise ConfigError(
            f"The method {method!r} is for numbers, and {reference.name!r} holds categories.",
            next_step='Name another in [[drift.rules]], for example method = "psi".',
        )
    return _compare_categories(reference, current, method, policy)


def _compare_numbers(reference: ColumnSketch, current: ColumnSketch, method: str, policy: Policy) -> Comparison:
    line = align_numbers(reference, current)
    distance, p_value = judge_distance(line.counts, policy.block)
    shares = bin_numbers(line)
    measured = {
        "wasserstein": measure_wasserstein(line, reference.std or 0.0),
        "jensen-shannon": measure_jensen_shannon(shares),
        "psi": measure_psi(shares),
        "ks": distance,
    }
    chosen = "wasserstein" if method == "auto" else method
    name = "Kolmogorov–Smirnov" if line.exact else "Kolmogorov–Smirnov on cells"
    more = {**measured, "ks_error": line.error, "wasserstein_error": bound_wasserstein(line, reference.std or 0.0)}
    return Comparison(name, p_value, measured[chosen], NAMES[chosen], more=more)


def _compare_categories(reference: ColumnSketch, current: ColumnSketch, method: str, policy: Policy) -> Comparison:
    counts, _ = align_categories(reference, current)
    shares: np.ndarray = counts / counts.sum(axis=1, keepdims=True)
    measured = {"jensen-shannon": measure_jensen_shannon(shares), "psi": measure_psi(shares)}
    chosen = "jensen-shannon" if method == "auto" else method
    name = "homogeneity of hashed categories" if reference.buckets or current.buckets else "homogeneity"
    return Comparison(name, judge_homogeneity(counts, policy.block), measured[chosen], NAMES[chosen], more=measured)
