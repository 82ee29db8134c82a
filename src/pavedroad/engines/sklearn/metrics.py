"""scikit-learn behind ``foundation.evaluation.metrics``."""

import warnings
from collections.abc import Callable

import numpy as np
from sklearn import metrics as sk

from pavedroad.engines.sklearn import resamples as sklearn_resamples
from pavedroad.foundation.evaluation.metrics import Metric

_AVERAGED = {"f1_macro": "macro", "f1_weighted": "weighted"}
_OF_THE_POSITIVE: dict[str, Callable[..., float]] = {
    "f1_score": sk.f1_score,
    "precision_score": sk.precision_score,
    "recall_score": sk.recall_score,
}

prepare = sklearn_resamples.prepare


def score(
    metric: Metric,
    actual: np.ndarray,
    predicted: np.ndarray,
    labels: tuple[object, ...],
    weights: np.ndarray | None = None,
) -> float:
    """The metric of predictions, by scikit-learn."""
    options = {"sample_weight": weights}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        match metric.name:
            case "f1_score" | "precision_score" | "recall_score" as name:
                found = _OF_THE_POSITIVE[name](actual, predicted, pos_label=labels[1], zero_division=0, **options)
            case "f1_macro" | "f1_weighted" as name:
                average = _AVERAGED[name]
                found = sk.f1_score(actual, predicted, labels=list(labels), average=average, zero_division=0, **options)
            case "log_loss":
                found = sk.log_loss(actual, predicted, labels=list(labels), **options)
            case "average_precision_score" | "brier_score_loss" as name:
                found = getattr(sk, name)(actual, predicted, pos_label=labels[1], **options)
            case "roc_auc_score":
                found = sk.roc_auc_score(actual == labels[1], predicted, **options)
            case "roc_auc_ovr":
                each = [
                    sk.roc_auc_score(actual == label, predicted[:, column], **options)
                    for column, label in enumerate(labels)
                ]
                found = np.mean(each)
            case name:
                found = getattr(sk, name)(actual, predicted, **options)
    return float(found)
