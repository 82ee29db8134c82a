"""How far a metric differs between groups of rows: the gap between the best and the worst of them, with its limits.

The gap is the largest difference of any two groups, so the limits of all differences must hold at once. Each group's
rows are drawn again by themselves; the largest standardised deviation of any pair over the resamples, at its quantile,
is how many standard errors every difference is given on either side ("max-T", single step). The gap then lies between
the largest lower and the largest upper limit with at least the stated confidence. A percentile interval of the gap
itself would lie too high: a gap of groups that are alike is never drawn as 0. Sources: P. Westfall and S. Young,
"Resampling-Based Multiple Testing" (1993), chapter 2; J. Hsu, "Multiple Comparisons: Theory and Methods" (1996),
chapter 5, for limits of all pairwise differences and what follows for the largest.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pavedroad.foundation.evaluation.metrics import Metric, Predictions, resample
from pavedroad.foundation.evaluation.resampling import Interval, find_interval, round_digits

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True)
class Resampled:
    """The metric on a group's rows, and on those rows drawn again, shape ``(resamples,)``."""

    value: float
    scores: "np.ndarray"

    def estimate(self, confidence: float) -> Interval:
        """The metric with its percentile interval."""
        return find_interval(self.value, self.scores, confidence)


def resample_group(
    metric: Metric, actual: "np.ndarray", predicted: Predictions, rows: "np.ndarray", *, seed: int
) -> Resampled:
    """Draw a group's rows again; groups need seeds of their own, so that one does not vary as the other does.

    Raises:
        JudgementError: the metric is not a finite number on these rows.
    """
    return Resampled(*resample(metric, actual[rows], predicted.choose(rows), seed))


def find_gap(groups: Sequence[Resampled], confidence: float) -> Interval:
    """The gap between the highest and the lowest of at least two groups, in the metric's units; never below 0."""
    import numpy as np

    values = np.array([group.value for group in groups])
    drawn = min(len(group.scores) for group in groups)  # resamples where the metric is not defined were left out
    scores = np.stack([group.scores[:drawn] for group in groups])
    first, second = np.triu_indices(len(groups), 1)
    apart = values[first] - values[second]
    away = scores[first] - scores[second]
    away -= apart[:, None]
    errors = away.std(axis=1)
    sure = errors == 0  # nothing varies, so there is nothing to give on either side
    away /= np.where(sure, 1.0, errors)[:, None]
    reach = float(np.quantile(np.abs(away).max(axis=0), confidence)) * errors
    gap = np.abs(apart)
    return Interval(
        value=round_digits(float(gap.max())),
        low=round_digits(max(0.0, float((gap - reach).max()))),
        high=round_digits(float((gap + reach).max())),
    )
