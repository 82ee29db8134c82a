"""Whether a model does worse on later rows than it did on its holdout: by how much, with an interval, and by chance?"""

import math
from dataclasses import dataclass
from statistics import NormalDist

from pavedroad.foundation.drift.detection import Comparison
from pavedroad.foundation.evaluation.metrics import Metric
from pavedroad.foundation.evaluation.predicted import Predicted
from pavedroad.foundation.evaluation.resampling import Interval

EFFECT = "share of the lead over the baseline that is lost"


@dataclass(frozen=True)
class Decline:
    """How much worse the key metric has become (above 0: worse), in its own units.

    ``p_value`` is one-sided: the chance of such a decline, or a greater one, where nothing has changed. ``share`` is
    the part of the lead over the baseline that the decline takes away.
    """

    worse: Interval
    p_value: float
    share: float


def measure_decline(kept: Predicted, now: Interval, block: int = 1) -> Decline:
    """Compare the key metric on later rows with that on the holdout.

    The two estimates are from different rows, so the limits of their difference follow from the limits of each, which
    may be lopsided. Source: G. Y. Zou and A. Donner, "Construction of confidence limits about effect measures: a
    general approach", Statistics in Medicine 27 (2008), 1693–1702. The p-value takes the distance from the difference
    to its lower limit for that many standard errors.

    Args:
        kept: the holdout's estimate.
        now: the later rows' estimate, at the same confidence.
        block: rows that count as one observation, which makes both estimates that much less certain.
    """
    then = kept.interval
    if kept.better == "lower":  # so that more is better, and the limits keep their order
        then, now = (Interval(-side.value, -side.high, -side.low) for side in (then, now))
    wider = math.sqrt(block)
    worse = then.value - now.value
    down = math.hypot(then.value - then.low, now.high - now.value) * wider
    up = math.hypot(then.high - then.value, now.value - now.low) * wider
    error = down / NormalDist().inv_cdf((1 + kept.confidence) / 2)
    lost = worse / kept.lead if kept.lead > 0 else 1.0
    return Decline(
        worse=Interval(worse, worse - down, worse + up),
        p_value=0.5 * math.erfc(worse / error / math.sqrt(2)) if error > 0 else float(worse <= 0),
        share=lost if worse > 0 else 0.0,
    )


def compare_performance(kept: Predicted, now: Interval, rows: int, block: int) -> Comparison:
    """The decline as a comparison that a drift policy judges, among the other tests of the run."""
    found = measure_decline(kept, now, block)
    return Comparison(
        method=f"bootstrap of {kept.metric}",
        p_value=found.p_value,
        effect=found.share,
        effect_name=EFFECT,
        more={
            "holdout": kept.value,
            "current": now.value,
            "worse_by": found.worse.value,
            "low": found.worse.low,
            "high": found.worse.high,
            "confidence": kept.confidence,
            "rows": float(rows),
        },
    )


def tell_performance(found: Comparison, metric: Metric) -> str:
    """One sentence on how the model does now, after how it did on its holdout."""
    told = found.more
    worse = told["worse_by"]
    change = "unchanged" if not worse else f"{'worse' if worse > 0 else 'better'} by {abs(worse):.4g}"
    return (
        f"The {metric.title} is {told['current']:.4g} on {told['rows']:,.0f} current rows whose target is known, after "
        f"{told['holdout']:.4g} on the holdout: {change}, {told['confidence']:.0%} interval of the decline "
        f"{told['low']:.4g} to {told['high']:.4g}."
    )
