"""The metrics a model may be judged by, under scikit-learn's names, and estimates with confidence intervals."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol, cast

from pavedroad.config import nearest
from pavedroad.errors import ConfigError, JudgementError
from pavedroad.foundation.engines import load_engine

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np

Needs = Literal["value", "label", "probability"]
Better = Literal["lower", "higher"]

RESAMPLES = 2000
CELLS_AT_ONCE = 4_000_000
"""How many drawn rows are held in memory at once: bounds the bootstrap at about 64 MB whatever the table's size."""


@dataclass(frozen=True)
class Metric:
    """A metric: its scikit-learn name, what it is called among people, and which way is better."""

    name: str
    title: str
    problems: frozenset[str]
    better: Better
    needs: Needs


_REGRESSION, _BINARY = frozenset({"regression"}), frozenset({"binary"})
_MULTICLASS, _CLASSES = frozenset({"multiclass"}), frozenset({"binary", "multiclass"})

METRICS = {
    metric.name: metric
    for metric in (
        Metric("mean_absolute_error", "mean absolute error", _REGRESSION, "lower", "value"),
        Metric("root_mean_squared_error", "root mean squared error", _REGRESSION, "lower", "value"),
        Metric("r2_score", "R²", _REGRESSION, "higher", "value"),
        Metric("accuracy_score", "accuracy", _CLASSES, "higher", "label"),
        Metric("f1_score", "F1", _BINARY, "higher", "label"),
        Metric("f1_macro", "F1, mean over classes", _MULTICLASS, "higher", "label"),
        Metric("roc_auc_score", "area under the ROC curve", _BINARY, "higher", "probability"),
        Metric("average_precision_score", "average precision", _BINARY, "higher", "probability"),
        Metric("log_loss", "log loss", _CLASSES, "lower", "probability"),
    )
}


@dataclass(frozen=True)
class Predictions:
    """What a model (or a baseline) says about the holdout.

    ``values`` has one prediction a row, shape ``(rows,)``. ``probabilities`` has shape ``(rows, classes)`` in the order
    of ``labels``; None where there are no classes or the model gives none.
    """

    values: "np.ndarray"
    probabilities: "np.ndarray | None" = None
    labels: tuple[object, ...] = ()

    def take(self, needs: Needs) -> "np.ndarray":
        """The array that a metric needs; for two classes, the probability of the second label."""
        if needs != "probability":
            return self.values
        if self.probabilities is None:
            raise JudgementError("The metric needs probabilities, but the model gives none.")
        return self.probabilities[:, 1] if len(self.labels) == 2 else self.probabilities


@dataclass(frozen=True)
class Interval:
    """An estimate with its confidence limits."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Estimates:
    """The key metric of model and baseline on the same rows, and by how much the model is better (above 0: better)."""

    model: Interval
    baseline: Interval
    improvement: Interval
    resamples: int


class MetricEngine(Protocol):
    """An engine that computes metrics."""

    def score(
        self,
        metric: Metric,
        actual: "np.ndarray",
        predicted: "np.ndarray",
        labels: tuple[object, ...],
        weights: "np.ndarray | None" = None,
    ) -> float:
        """The metric of predictions, each row counted ``weights`` times (once when None)."""
        ...

    def row_losses(
        self, metric: Metric, actual: "np.ndarray", predicted: "np.ndarray", labels: tuple[object, ...]
    ) -> "tuple[np.ndarray, Callable[[np.ndarray], np.ndarray]] | None":
        """For a metric that is a function of means over rows: the rows' terms and that function; else None.

        The terms have shape ``(rows,)`` or ``(rows, terms)``; the function takes the means of many resamples at once,
        of shape ``(resamples,)`` or ``(resamples, terms)``.
        """
        ...


def load_metric_engine(name: str = "sklearn") -> MetricEngine:
    """Find the metric engine called ``name``."""
    return cast("MetricEngine", load_engine("metrics", name))


def find_metric(name: str, problem: str) -> Metric:
    """The metric called ``name``.

    Raises:
        ConfigError: there is none for this kind of problem; the error names the nearest one.
    """
    fitting = {key: metric for key, metric in METRICS.items() if problem in metric.problems}
    if name not in fitting:
        raise ConfigError(
            f"{name!r} is not a metric for a {problem} problem.",
            where="pavedroad.toml",
            next_step=nearest(name, list(fitting)),
        )
    return fitting[name]


def estimate(
    metric: Metric, actual: "np.ndarray", model: Predictions, baseline: Predictions, *, confidence: float, seed: int
) -> Estimates:
    """Estimate the key metric of model and baseline, and their difference, with paired percentile bootstrap intervals.

    Both are scored on the same resampled rows, so what they share cancels out of the difference. Resamples on which the
    metric is not defined (one class only) are left out. Source: B. Efron and R. Tibshirani, "An Introduction to the
    Bootstrap" (1993), chapter 13.

    Raises:
        JudgementError: the metric is not a finite number on this holdout.
    """
    import numpy as np

    sides = [model.take(metric.needs), baseline.take(metric.needs)]
    labels = model.labels
    engine = load_metric_engine()
    values = [engine.score(metric, actual, side, labels) for side in sides]
    if not np.isfinite(values).all():
        raise JudgementError(f"The metric {metric.name} is not a finite number on this holdout ({values}).")
    scores = np.array([_resample(engine, metric, actual, side, labels, seed) for side in sides])
    scores = scores[:, np.isfinite(scores).all(axis=0)]
    if scores.shape[1] < RESAMPLES // 2:
        raise JudgementError(
            f"The metric {metric.name} is defined on only {scores.shape[1]:,} of {RESAMPLES:,} resamples.",
            next_step="The holdout needs more rows of every class.",
        )
    sign = 1.0 if metric.better == "higher" else -1.0
    tail = (1 - confidence) / 2

    def interval(value: float, resampled: np.ndarray) -> Interval:
        low, high = (float(limit) for limit in np.quantile(resampled, [tail, 1 - tail]))
        return Interval(value=float(value), low=min(low, float(value)), high=max(high, float(value)))

    return Estimates(
        model=interval(values[0], scores[0]),
        baseline=interval(values[1], scores[1]),
        improvement=interval(sign * (values[0] - values[1]), sign * (scores[0] - scores[1])),
        resamples=int(scores.shape[1]),
    )


def _resample(
    engine: MetricEngine,
    metric: Metric,
    actual: "np.ndarray",
    predicted: "np.ndarray",
    labels: tuple[object, ...],
    seed: int,
) -> "np.ndarray":
    """The metric on each of ``RESAMPLES`` resamples of the rows; the same seed draws the same rows."""
    import numpy as np

    rng = np.random.default_rng(seed)
    rows = len(actual)
    at_once = max(1, CELLS_AT_ONCE // rows)
    terms = engine.row_losses(metric, actual, predicted, labels)
    scores: list[np.ndarray] = []
    for start in range(0, RESAMPLES, at_once):
        drawn = rng.integers(0, rows, size=(min(at_once, RESAMPLES - start), rows))
        if terms is None:
            scores.append(np.array([_score_drawn(engine, metric, actual, predicted, labels, row) for row in drawn]))
            continue
        losses, finish = terms
        if losses.ndim == 1:
            scores.append(finish(losses[drawn].mean(axis=1)))
        else:
            counts = np.stack([np.bincount(row, minlength=rows) for row in drawn])
            scores.append(finish(counts @ losses / rows))
    return np.concatenate(scores)


def _score_drawn(
    engine: MetricEngine,
    metric: Metric,
    actual: "np.ndarray",
    predicted: "np.ndarray",
    labels: tuple[object, ...],
    drawn: "np.ndarray",
) -> float:
    import numpy as np

    weights = np.bincount(drawn, minlength=len(actual)).astype("float64")
    kept = weights > 0
    if metric.needs == "probability" and len(np.unique(actual[kept])) < 2:
        return float("nan")
    return engine.score(metric, actual[kept], predicted[kept], labels, weights[kept])
