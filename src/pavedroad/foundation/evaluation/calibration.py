"""Whether errors go one way: chances against what happened, and numbers against what was predicted."""

from typing import TYPE_CHECKING

from pavedroad.foundation.evaluation.metrics import RESAMPLES
from pavedroad.foundation.evaluation.resampling import (
    MOST_UNITS,
    Interval,
    deal_groups,
    find_interval,
    score_resamples,
    sum_groups,
)
from pavedroad.report import Figure

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np

BINS = 10


def measure_calibration(chance: "np.ndarray", happened: "np.ndarray", *, confidence: float, seed: int) -> Interval:
    """The expected calibration error: how far chances are from the shares that came true, by bins, rows averaged.

    The ten bins hold about as many rows each. Source: C. Guo et al., "On Calibration of Modern Neural Networks" (2017);
    bins of equal mass as in J. Nixon et al., "Measuring Calibration in Deep Learning" (2019). Being a mean of absolute
    values it is never below 0, and on few rows above it even for perfect chances; the interval is a percentile one.

    Args:
        chance: predicted chance of the positive class, shape ``(rows,)``.
        happened: whether each row was of the positive class, shape ``(rows,)``.
        confidence: of the interval.
        seed: of the resamples.
    """
    import numpy as np

    bins, count = find_bins(chance)
    away = chance - happened
    terms = np.zeros((len(chance), count + 1))
    terms[np.arange(len(chance)), bins] = away
    terms[:, count] = 1.0
    value = float(np.abs(terms[:, :count].sum(axis=0)).sum() / len(chance))
    return _resample(terms, lambda sums: np.abs(sums[:, :-1]).sum(axis=1) / sums[:, -1], value, confidence, seed)


def measure_bias(actual: "np.ndarray", predicted: "np.ndarray", *, confidence: float, seed: int) -> Interval:
    """The mean of predicted minus actual: above 0 the model says too much, below it too little."""
    import numpy as np

    terms = np.column_stack([predicted - actual, np.ones(len(actual))])
    value = float((predicted - actual).mean())
    return _resample(terms, lambda sums: sums[:, 0] / sums[:, 1], value, confidence, seed)


def find_bins(chance: "np.ndarray") -> "tuple[np.ndarray, int]":
    """The bin of each chance, and how many bins there are: ten of about equal mass, fewer where chances repeat."""
    import numpy as np

    edges = np.unique(np.quantile(chance, np.linspace(0, 1, BINS + 1)[1:-1]))
    codes = np.unique(np.searchsorted(edges, chance, side="left"), return_inverse=True)[1]
    return codes, int(codes.max()) + 1


def draw_reliability(chance: "np.ndarray", happened: "np.ndarray") -> Figure:
    """The share that came true by the mean chance of each bin: on the diagonal, chances mean what they say."""
    import numpy as np

    bins, count = find_bins(chance)
    rows = np.bincount(bins, minlength=count)
    mean, share = (np.bincount(bins, weights=side, minlength=count) / rows for side in (chance, happened))
    return Figure(
        id="reliability",
        kind="reliability",
        title="Reliability: how often it came true, by predicted chance",
        data={
            "chance": [round(float(value), 9) for value in mean],
            "share": [round(float(value), 9) for value in share],
            "rows": [int(count) for count in rows],
        },
    )


def _resample(
    terms: "np.ndarray",
    finish: "Callable[[np.ndarray], np.ndarray]",
    value: float,
    confidence: float,
    seed: int,
) -> Interval:
    groups = deal_groups(len(terms), seed)
    sums = sum_groups(terms, groups)
    units = len(terms) if groups is None else MOST_UNITS
    (scores,) = score_resamples([lambda counts: finish(counts @ sums)], units, RESAMPLES, seed)
    return find_interval(value, scores, confidence)
