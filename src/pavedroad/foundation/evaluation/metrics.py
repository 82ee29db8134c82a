"""The metrics a model may be judged by, under scikit-learn's names, and estimates with confidence intervals."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol, cast

from pavedroad.config import nearest
from pavedroad.errors import ConfigError, JudgementError
from pavedroad.foundation.engines import load_engine
from pavedroad.foundation.evaluation.resampling import MOST_UNITS, Interval, deal_groups, find_interval, score_resamples

if TYPE_CHECKING:
    import numpy as np

Scorer = Callable[["np.ndarray"], "np.ndarray"]
"""From how often each unit stands in each resample, shape ``(resamples, units)``, to the scores, ``(resamples,)``.

A score is not a number where the metric has no value, for example a ranking of one class alone.
"""
Needs = Literal["value", "label", "probability"]
Better = Literal["lower", "higher"]

RESAMPLES = 2000


@dataclass(frozen=True)
class Metric:
    """A metric: its scikit-learn name, what it is called among people, and which way is better."""

    name: str
    title: str
    problems: frozenset[str]
    better: Better
    needs: Needs

    @property
    def headline(self) -> str:
        """Its title, as a sentence or a heading begins with it."""
        return self.title[0].upper() + self.title[1:]


_REGRESSION, _BINARY = frozenset({"regression"}), frozenset({"binary"})
_MULTICLASS, _CLASSES = frozenset({"multiclass"}), frozenset({"binary", "multiclass"})

METRICS = {
    metric.name: metric
    for metric in (
        Metric("mean_absolute_error", "mean absolute error", _REGRESSION, "lower", "value"),
        Metric("root_mean_squared_error", "root mean squared error", _REGRESSION, "lower", "value"),
        Metric("mean_squared_error", "mean squared error", _REGRESSION, "lower", "value"),
        Metric("median_absolute_error", "median absolute error", _REGRESSION, "lower", "value"),
        Metric("mean_absolute_percentage_error", "mean absolute percentage error", _REGRESSION, "lower", "value"),
        Metric("r2_score", "R²", _REGRESSION, "higher", "value"),
        Metric("explained_variance_score", "explained variance", _REGRESSION, "higher", "value"),
        Metric("accuracy_score", "accuracy", _CLASSES, "higher", "label"),
        Metric("balanced_accuracy_score", "balanced accuracy", _CLASSES, "higher", "label"),
        Metric("precision_score", "precision", _BINARY, "higher", "label"),
        Metric("recall_score", "recall", _BINARY, "higher", "label"),
        Metric("f1_score", "F1", _BINARY, "higher", "label"),
        Metric("f1_macro", "F1, mean over classes", _MULTICLASS, "higher", "label"),
        Metric("f1_weighted", "F1, weighted by class", _MULTICLASS, "higher", "label"),
        Metric("matthews_corrcoef", "Matthews correlation", _CLASSES, "higher", "label"),
        Metric("cohen_kappa_score", "Cohen's kappa", _CLASSES, "higher", "label"),
        Metric("roc_auc_score", "area under the ROC curve", _BINARY, "higher", "probability"),
        Metric("roc_auc_ovr", "area under the ROC curve, mean over classes", _MULTICLASS, "higher", "probability"),
        Metric("average_precision_score", "average precision", _BINARY, "higher", "probability"),
        Metric("brier_score_loss", "Brier score", _BINARY, "lower", "probability"),
        Metric("log_loss", "log loss", _CLASSES, "lower", "probability"),
    )
}
"""Each under the name of scikit-learn's function; where that needs an option, under the name of its scorer."""


@dataclass(frozen=True)
class Predictions:
    """What a model (or a baseline) says about the holdout.

    ``values`` has one prediction a row, shape ``(rows,)``. ``probabilities`` has shape ``(rows, classes)`` in the order
    of ``labels``; None where there are no classes or the model gives none.
    """

    values: "np.ndarray"
    probabilities: "np.ndarray | None" = None
    labels: tuple[object, ...] = ()

    def choose(self, rows: "np.ndarray") -> "Predictions":
        """The predictions of some of the rows, by position."""
        chances = None if self.probabilities is None else self.probabilities[rows]
        return Predictions(self.values[rows], chances, self.labels)

    def take(self, needs: Needs) -> "np.ndarray":
        """The array that a metric needs; for two classes, the probability of the second label."""
        if needs != "probability":
            return self.values
        if self.probabilities is None:
            raise JudgementError("The metric needs probabilities, but the model gives none.")
        return self.probabilities[:, 1] if len(self.labels) == 2 else self.probabilities


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

    def prepare(
        self,
        metric: Metric,
        actual: "np.ndarray",
        predicted: "np.ndarray",
        labels: tuple[object, ...],
        groups: "np.ndarray | None" = None,
    ) -> Scorer:
        """Make ready to score many resamples at once: of the rows, or of groups when each row's group is given.

        Of rows, each value is what ``score`` gives. Of groups, metrics of an order may be linear approximations.
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
    """Estimate the metric of model and baseline, and their difference; see :func:`compare`."""
    return compare(metric, actual, model, {"": baseline}, confidence=confidence, seed=seed)[""]


def compare(
    metric: Metric,
    actual: "np.ndarray",
    model: Predictions,
    baselines: Mapping[str, Predictions],
    *,
    confidence: float,
    seed: int,
) -> dict[str, Estimates]:
    """Estimate the metric of a model beside each baseline, and the differences, with paired bootstrap intervals.

    All are scored on the same resampled rows, so what they share cancels out of a difference. Resamples on which the
    metric is not defined (one class only) are left out. The intervals are percentiles; source: B. Efron and
    R. Tibshirani, "An Introduction to the Bootstrap" (1993), chapter 13.

    Raises:
        JudgementError: the metric is not a finite number on this holdout.
    """
    import numpy as np

    values, scores = _score(metric, actual, [model, *baselines.values()], model.labels, seed)
    sign = 1.0 if metric.better == "higher" else -1.0

    def measure(value: float, resampled: np.ndarray) -> Interval:
        return find_interval(value, resampled, confidence)

    return {
        name: Estimates(
            model=measure(values[0], scores[0]),
            baseline=measure(values[side], scores[side]),
            improvement=measure(sign * (values[0] - values[side]), sign * (scores[0] - scores[side])),
            resamples=scores.shape[1],
        )
        for side, name in enumerate(baselines, start=1)
    }


def measure(metric: Metric, actual: "np.ndarray", model: Predictions, *, confidence: float, seed: int) -> Interval:
    """Estimate the metric of a model alone, with a percentile bootstrap interval.

    Raises:
        JudgementError: the metric is not a finite number on these rows.
    """
    return find_interval(*resample(metric, actual, model, seed), confidence)


def resample(metric: Metric, actual: "np.ndarray", model: Predictions, seed: int) -> "tuple[float, np.ndarray]":
    """The metric of a model on the rows, and on those resamples where it is defined, shape ``(resamples,)``.

    Raises:
        JudgementError: the metric is not a finite number on these rows.
    """
    values, scores = _score(metric, actual, [model], model.labels, seed)
    return values[0], scores[0]


def _score(
    metric: Metric, actual: "np.ndarray", sides: Sequence[Predictions], labels: tuple[object, ...], seed: int
) -> "tuple[list[float], np.ndarray]":
    """The metric of each side on the rows, and on those resamples where all are defined."""
    import numpy as np

    engine = load_metric_engine()
    taken = [side.take(metric.needs) for side in sides]
    values = [engine.score(metric, actual, predicted, labels) for predicted in taken]
    if not np.isfinite(values).all():
        raise JudgementError(f"The metric {metric.name} is not a finite number on this holdout ({values}).")
    groups = deal_groups(len(actual), seed)
    scorers = [engine.prepare(metric, actual, predicted, labels, groups) for predicted in taken]
    scores = score_resamples(scorers, len(actual) if groups is None else MOST_UNITS, RESAMPLES, seed)
    scores = scores[:, np.isfinite(scores).all(axis=0)]
    if scores.shape[1] < RESAMPLES // 2:
        raise JudgementError(
            f"The metric {metric.name} is defined on only {scores.shape[1]:,} of {RESAMPLES:,} resamples.",
            next_step="The holdout needs more rows of every class.",
        )
    return values, scores
