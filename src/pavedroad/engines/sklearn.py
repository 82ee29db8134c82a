"""scikit-learn behind ``foundation.metrics``."""

import warnings
from collections.abc import Callable

import numpy as np
from sklearn import metrics as sk

from pavedroad.foundation.metrics import Metric

EPSILON = float(np.finfo("float64").eps)
"""Probabilities are kept this far from 0 and 1, as scikit-learn's log loss does."""


def score(
    metric: Metric,
    actual: np.ndarray,
    predicted: np.ndarray,
    labels: tuple[object, ...],
    weights: np.ndarray | None = None,
) -> float:
    """The metric of predictions, by scikit-learn."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        match metric.name:
            case "f1_score":
                return float(
                    sk.f1_score(actual, predicted, pos_label=labels[1], sample_weight=weights, zero_division=0)
                )
            case "f1_macro":
                return float(
                    sk.f1_score(
                        actual, predicted, labels=list(labels), average="macro", sample_weight=weights, zero_division=0
                    )
                )
            case "log_loss":
                return float(sk.log_loss(actual, predicted, labels=list(labels), sample_weight=weights))
            case "average_precision_score":
                return float(sk.average_precision_score(actual, predicted, pos_label=labels[1], sample_weight=weights))
            case "roc_auc_score":
                return float(sk.roc_auc_score(actual == labels[1], predicted, sample_weight=weights))
            case name:
                return float(getattr(sk, name)(actual, predicted, sample_weight=weights))


def row_losses(
    metric: Metric, actual: np.ndarray, predicted: np.ndarray, labels: tuple[object, ...]
) -> tuple[np.ndarray, Callable[[np.ndarray], np.ndarray]] | None:
    """The terms of a metric that is a function of their means, one row or one row of several; None for any other."""
    found: tuple[np.ndarray, Callable[[np.ndarray], np.ndarray]] | None = None
    match metric.name:
        case "mean_absolute_error":
            found = np.abs(actual - predicted), _keep
        case "root_mean_squared_error":
            found = np.square(actual - predicted), np.sqrt
        case "r2_score":
            away = actual - actual.mean()  # the same metric, without the loss of digits that large values bring
            found = np.column_stack([np.square(actual - predicted), np.square(away), away]), _find_r2
        case "accuracy_score":
            found = (actual == predicted).astype("float64"), _keep
        case "f1_score":
            found = _count_hits(actual, predicted, labels[1:]), _find_f1
        case "f1_macro":
            found = _count_hits(actual, predicted, labels), _find_f1
        case "log_loss":
            columns = predicted if predicted.ndim == 2 else np.column_stack([1 - predicted, predicted])
            position = np.searchsorted(np.array(labels), actual)
            chosen = np.clip(columns[np.arange(len(actual)), position], EPSILON, 1 - EPSILON)
            found = -np.log(chosen), _keep
    return found


def _keep(means: np.ndarray) -> np.ndarray:
    """The metric is the mean itself."""
    return means


def _count_hits(actual: np.ndarray, predicted: np.ndarray, labels: tuple[object, ...]) -> np.ndarray:
    """True positives, false positives and false negatives of each label, a row for each row."""
    is_label = np.stack([actual == label for label in labels])
    says_label = np.stack([predicted == label for label in labels])
    hits = [is_label & says_label, ~is_label & says_label, is_label & ~says_label]
    return np.concatenate(hits).T.astype("float64")


def _find_f1(means: np.ndarray) -> np.ndarray:
    """F1 from the means of :func:`_count_hits`, averaged over the labels; 0 for a label that is nowhere."""
    hits, false_alarms, misses = np.split(means, 3, axis=1)
    found = 2 * hits + false_alarms + misses
    scores: np.ndarray = np.divide(2 * hits, found, out=np.zeros_like(found), where=found > 0).mean(axis=1)
    return scores


def _find_r2(means: np.ndarray) -> np.ndarray:
    """R² from the means of squared errors, squared values and values; not a number where the values do not vary."""
    spread = means[:, 1] - np.square(means[:, 2])
    scores: np.ndarray = 1 - np.divide(means[:, 0], spread, out=np.full_like(spread, np.nan), where=spread > 0)
    return scores
