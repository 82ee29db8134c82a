"""What a model leans on: how much worse it gets when the values of one feature change places among the rows."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pavedroad.foundation.evaluation.metrics import Metric, load_metric_engine
from pavedroad.foundation.package.model import LONGEST_S, Signature, predict

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

MOST_ROWS = 1_000
MOST_PREDICTIONS = 100_000
"""Predictions that are asked for at most, so that a wide table does not take minutes."""
REPEATS = 3


@dataclass(frozen=True)
class Importance:
    """By how much the metric gets worse without a feature: the mean, least and most of the repeats."""

    feature: str
    value: float
    low: float
    high: float


def measure_importance(
    model: Any,  # noqa: ANN401
    features: "pd.DataFrame",
    actual: "np.ndarray",
    signature: Signature,
    metric: Metric,
    *,
    seed: int,
    seconds: float = LONGEST_S,
) -> list[Importance]:
    """Permutation importance on a bounded sample of the holdout, the most important feature first.

    Source: L. Breiman, "Random Forests" (2001), section 10. Features that tell the same share their importance, so each
    may seem to matter little. Each prediction may take so many ``seconds``.

    Raises:
        UserCodeError: the model cannot predict, or takes too long.
    """
    import numpy as np

    rng = np.random.default_rng(seed)
    rows = max(1, min(MOST_ROWS, len(features), MOST_PREDICTIONS // (REPEATS * features.shape[1])))
    chosen = np.sort(rng.permutation(len(features))[:rows])
    sample, answers = features.iloc[chosen].reset_index(drop=True), actual[chosen]
    if metric.needs == "probability" and len(np.unique(answers)) < len(signature.labels):
        return []
    engine = load_metric_engine()
    sign = 1.0 if metric.better == "higher" else -1.0

    def score(table: "pd.DataFrame") -> float:
        made = predict(model, table, signature, metric.needs, seconds=seconds)
        return sign * engine.score(metric, answers, made.take(metric.needs), made.labels)

    whole = score(sample)
    orders = [rng.permutation(rows) for _ in range(REPEATS)]
    found = []
    for name in features.columns:
        lost = []
        for order in orders:
            moved = sample.copy(deep=False)
            moved[name] = sample[name].iloc[order].set_axis(sample.index)
            lost.append(round(whole - score(moved), 9))
        found.append(Importance(str(name), round(float(np.mean(lost)), 9), min(lost), max(lost)))
    return sorted(found, key=lambda item: (-item.value, item.feature))
