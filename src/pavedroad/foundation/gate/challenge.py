"""Champion against challenger: by how much one model is better than another on the same rows, and how sure that is.

The difference of the key metric gets one paired bootstrap interval: both models are scored on the same resamples, so
what they share cancels out. Each further look at the same holdout is paid for (Bonferroni): with ``looks`` proposals
the interval has the confidence 1 − (1 − confidence) / looks. Sources: B. Efron and R. Tibshirani, "An Introduction to
the Bootstrap" (1993), chapter 13; for non-inferiority, S. Wellek, "Testing Statistical Hypotheses of Equivalence and
Noninferiority" (2010), chapter 2; O. Dunn, "Multiple Comparisons Among Means", JASA 56 (1961).
"""

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING

from pavedroad.errors import JudgementError
from pavedroad.foundation.evaluation.metrics import Metric, Predictions, load_metric_engine
from pavedroad.foundation.evaluation.resampling import (
    MOST_UNITS,
    Interval,
    deal_groups,
    find_interval,
    round_digits,
    score_resamples,
)

if TYPE_CHECKING:
    import numpy as np

RESAMPLES = 10_000
CHANCE = 0.8
"""How likely the rows that are named as lacking would settle the question: the usual power of a planned trial."""
FEWEST_IN_TAIL = 20
"""A limit that fewer resamples lie beyond is taken from the normal curve: so few points give no quantile."""


@dataclass(frozen=True)
class Test:
    """A second test of the same question, for metrics that have one of their own."""

    name: str
    p: float
    """The chance of a difference at least as large if the two were equally good."""


@dataclass(frozen=True)
class Challenge:
    """What came of scoring two models on the same rows."""

    challenger: float
    champion: float
    gain: Interval
    """By how much the challenger is better, in the metric's units; above 0 is better whichever way the metric goes."""
    error: float
    """The standard error of the gain."""
    rows: int
    resamples: int
    confidence: float
    """That of the interval, after the correction for repeated looks."""
    test: Test | None


def challenge(
    metric: Metric,
    actual: "np.ndarray",
    challenger: Predictions,
    champion: Predictions,
    *,
    confidence: float,
    looks: int = 1,
    seed: int = 0,
    resamples: int = RESAMPLES,
) -> Challenge:
    """Score two models on the same rows.

    Raises:
        JudgementError: the two know different classes, or the metric is no finite number on these rows.
    """
    import numpy as np

    if challenger.labels != champion.labels:
        raise JudgementError("The two models know different classes, so no metric compares them.")
    engine = load_metric_engine()
    taken = [side.take(metric.needs) for side in (challenger, champion)]
    values = [engine.score(metric, actual, side, challenger.labels) for side in taken]
    if not np.isfinite(values).all():
        raise JudgementError(f"The metric {metric.name} is not a finite number on these rows ({values}).")
    groups = deal_groups(len(actual), seed)
    scorers = [engine.prepare(metric, actual, side, challenger.labels, groups) for side in taken]
    scores = score_resamples(scorers, len(actual) if groups is None else MOST_UNITS, resamples, seed)
    sign = 1.0 if metric.better == "higher" else -1.0
    gains = sign * (scores[0] - scores[1])
    gains = gains[np.isfinite(gains)]
    if len(gains) < resamples // 2:
        raise JudgementError(
            f"The metric {metric.name} is defined on only {len(gains):,} of {resamples:,} resamples.",
            next_step="The holdout needs more rows of every class.",
        )
    corrected = 1 - (1 - confidence) / looks
    gain = sign * (values[0] - values[1])
    error = float(gains.std())
    return Challenge(
        challenger=round_digits(values[0]),
        champion=round_digits(values[1]),
        gain=_find_limits(gain, gains, error, corrected),
        error=round_digits(error),
        rows=len(actual),
        resamples=len(gains),
        confidence=corrected,
        test=test_again(metric, actual, challenger, champion),
    )


def count_rows_needed(gain: float, error: float, rows: int, confidence: float, bound: float) -> int | None:
    """How many rows in all would put the lower limit above ``bound`` four times in five, if the gain is what it seems.

    The standard error falls with the root of the number of rows. None when the gain itself does not lie above the
    bound: more rows would then only make the no more certain. Source: J. Cohen, "Statistical Power Analysis for the
    Behavioral Sciences" (1988), chapter 2.
    """
    if gain <= bound or error <= 0:
        return None
    z = NormalDist().inv_cdf(1 - (1 - confidence) / 2) + NormalDist().inv_cdf(CHANCE)
    return max(rows, math.ceil(rows * (z * error / (gain - bound)) ** 2))


def test_again(metric: Metric, actual: "np.ndarray", first: Predictions, second: Predictions) -> Test | None:
    """McNemar's test for accuracy, DeLong's for the area under the ROC curve; None for any other metric."""
    if metric.name == "accuracy_score":
        right = [side.values == actual for side in (first, second)]
        p = find_mcnemar_p(int((right[0] & ~right[1]).sum()), int((~right[0] & right[1]).sum()))
        return Test("McNemar", round_digits(p))
    if metric.name == "roc_auc_score":
        positive = actual == first.labels[1]
        p = find_delong_p(positive, first.take("probability"), second.take("probability"))
        return Test("DeLong", round_digits(p))
    return None


def find_mcnemar_p(only_first: int, only_second: int) -> float:
    """The exact two-sided p-value of McNemar's test from the two counts of rows that one model alone got right.

    Source: Q. McNemar, "Note on the sampling error of the difference between correlated proportions or percentages",
    Psychometrika 12 (1947), in its exact binomial form.
    """
    n, least = only_first + only_second, min(only_first, only_second)
    if n == 0:
        return 1.0
    logs = [
        math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1) - n * math.log(2) for k in range(least + 1)
    ]
    return min(1.0, 2 * math.fsum(math.exp(term) for term in logs))


def find_delong_p(positive: "np.ndarray", first: "np.ndarray", second: "np.ndarray") -> float:
    """The two-sided p-value of DeLong's test for two areas under the ROC curve of the same rows.

    Sources: E. DeLong, D. DeLong and D. Clarke-Pearson, Biometrics 44 (1988); with midranks, X. Sun and W. Xu, IEEE
    Signal Processing Letters 21 (2014).
    """
    import numpy as np

    above, below, areas = [], [], []
    m, n = int(positive.sum()), int((~positive).sum())
    if m < 2 or n < 2:
        return 1.0
    for scores in (first, second):
        x, y = scores[positive], scores[~positive]
        among = _rank(np.concatenate([x, y]))
        above.append((among[:m] - _rank(x)) / n)
        below.append(1 - (among[m:] - _rank(y)) / m)
        areas.append(float(above[-1].mean()))
    contrast = np.array([1.0, -1.0])
    variance = float(contrast @ (np.cov(above) / m + np.cov(below) / n) @ contrast)
    if variance <= 0:
        return 1.0 if areas[0] == areas[1] else 0.0
    return 2 * NormalDist().cdf(-abs(areas[0] - areas[1]) / math.sqrt(variance))


def _rank(values: "np.ndarray") -> "np.ndarray":
    """Midranks from 1: equal values share the mean of their ranks."""
    import numpy as np

    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    ranks: np.ndarray = (ends - (counts - 1) / 2)[inverse]
    return ranks


def _find_limits(gain: float, gains: "np.ndarray", error: float, confidence: float) -> Interval:
    tail = (1 - confidence) / 2
    if tail * len(gains) >= FEWEST_IN_TAIL:
        return find_interval(gain, gains, confidence)
    reach = NormalDist().inv_cdf(1 - tail) * error
    return Interval(value=round_digits(gain), low=round_digits(gain - reach), high=round_digits(gain + reach))
