"""scikit-learn's metrics on many resamples of the same rows at once, in NumPy.

What one row adds is worked out once; a resample is then how often each row counts. scikit-learn itself sorts, checks
and converts every resample anew, which takes twenty times as long or more.
"""

from collections.abc import Callable

import numpy as np

from pavedroad.foundation.evaluation.metrics import Metric, Scorer
from pavedroad.foundation.evaluation.resampling import sum_groups

EPSILON = float(np.finfo("float64").eps)
"""Probabilities are kept this far from 0 and 1, and divisors this far from 0, as scikit-learn does."""

_Finish = Callable[[np.ndarray], np.ndarray]


def prepare(
    metric: Metric,
    actual: np.ndarray,
    predicted: np.ndarray,
    labels: tuple[object, ...],
    groups: np.ndarray | None = None,
) -> Scorer:
    """A function from counts, shape ``(resamples, units)``, to the metric on each; a unit is a row or a group."""
    if metric.needs == "label":
        return _from_confusion(_CONFUSION[metric.name], actual, predicted, labels, groups)
    if metric.name in _OF_ORDER:
        return _OF_ORDER[metric.name](actual, predicted, labels, groups)
    terms, finish = _TERMS[metric.name](actual, predicted, labels)
    return _from_means(terms, finish, groups)


# --- functions of means over rows -----------------------------------------------------------------------------------


def _from_means(terms: np.ndarray, finish: _Finish, groups: np.ndarray | None) -> Scorer:
    """Score by the means of terms, shape ``(rows, terms)``, over each resample."""
    sums = sum_groups(np.column_stack([np.ones(len(terms)), terms]), groups)

    def score(counts: np.ndarray) -> np.ndarray:
        found = counts @ sums
        with np.errstate(divide="ignore", invalid="ignore"):
            return finish(found[:, 1:] / found[:, :1])

    return score


def _absolute(actual: np.ndarray, predicted: np.ndarray, _: tuple[object, ...]) -> tuple[np.ndarray, _Finish]:
    return np.abs(actual - predicted)[:, np.newaxis], _first


def _relative(actual: np.ndarray, predicted: np.ndarray, _: tuple[object, ...]) -> tuple[np.ndarray, _Finish]:
    return (np.abs(actual - predicted) / np.maximum(np.abs(actual), EPSILON))[:, np.newaxis], _first


def _squared(actual: np.ndarray, predicted: np.ndarray, _: tuple[object, ...]) -> tuple[np.ndarray, _Finish]:
    return np.square(actual - predicted)[:, np.newaxis], _first


def _rooted(actual: np.ndarray, predicted: np.ndarray, _: tuple[object, ...]) -> tuple[np.ndarray, _Finish]:
    return np.square(actual - predicted)[:, np.newaxis], lambda means: np.sqrt(means[:, 0])


def _determined(actual: np.ndarray, predicted: np.ndarray, _: tuple[object, ...]) -> tuple[np.ndarray, _Finish]:
    away = actual - actual.mean()  # the same metric, without the loss of digits that large values bring
    return np.column_stack([np.square(actual - predicted), np.square(away), away]), _find_r2


def _explained(actual: np.ndarray, predicted: np.ndarray, _: tuple[object, ...]) -> tuple[np.ndarray, _Finish]:
    away, error = actual - actual.mean(), actual - predicted
    return np.column_stack([np.square(error), np.square(away), away, error]), _find_explained


def _surprise(actual: np.ndarray, predicted: np.ndarray, labels: tuple[object, ...]) -> tuple[np.ndarray, _Finish]:
    columns = predicted if predicted.ndim == 2 else np.column_stack([1 - predicted, predicted])
    chosen = columns[np.arange(len(actual)), _encode(actual, labels)]
    return -np.log(np.clip(chosen, EPSILON, 1 - EPSILON))[:, np.newaxis], _first


def _brier(actual: np.ndarray, predicted: np.ndarray, labels: tuple[object, ...]) -> tuple[np.ndarray, _Finish]:
    return np.square(predicted - (actual == labels[1]))[:, np.newaxis], _first


def _first(means: np.ndarray) -> np.ndarray:
    """The metric is the mean itself."""
    only: np.ndarray = means[:, 0]
    return only


def _find_r2(means: np.ndarray) -> np.ndarray:
    """R² from the means of squared errors, squared values and values; not a number where the values do not vary."""
    spread = means[:, 1] - np.square(means[:, 2])
    return 1 - _divide(means[:, 0], spread, np.nan)


def _find_explained(means: np.ndarray) -> np.ndarray:
    """The share of the variance that the errors do not have."""
    spread = means[:, 1] - np.square(means[:, 2])
    return 1 - _divide(means[:, 0] - np.square(means[:, 3]), spread, np.nan)


_TERMS: dict[str, Callable[[np.ndarray, np.ndarray, tuple[object, ...]], tuple[np.ndarray, _Finish]]] = {
    "mean_absolute_error": _absolute,
    "mean_absolute_percentage_error": _relative,
    "mean_squared_error": _squared,
    "root_mean_squared_error": _rooted,
    "r2_score": _determined,
    "explained_variance_score": _explained,
    "log_loss": _surprise,
    "brier_score_loss": _brier,
}


# --- functions of the confusion matrix ------------------------------------------------------------------------------


def _from_confusion(
    finish: _Finish,
    actual: np.ndarray,
    predicted: np.ndarray,
    labels: tuple[object, ...],
    groups: np.ndarray | None,
) -> Scorer:
    """Score by how many rows of each class were predicted as each."""
    classes = len(labels)
    present, pairs = np.unique(_encode(actual, labels) * classes + _encode(predicted, labels), return_inverse=True)
    units = np.arange(len(actual)) if groups is None else groups
    cells = np.bincount(units * len(present) + pairs, minlength=(units.max() + 1) * len(present))
    sums = cells.reshape(-1, len(present)).astype("float64")

    def score(counts: np.ndarray) -> np.ndarray:
        found = np.zeros((len(counts), classes * classes))
        found[:, present] = counts @ sums
        return finish(found.reshape(-1, classes, classes))

    return score


def _encode(values: np.ndarray, labels: tuple[object, ...]) -> np.ndarray:
    """The positions of values among the labels, which are in ascending order."""
    positions: np.ndarray = np.searchsorted(np.array(labels), values)
    return positions


def _divide(above: np.ndarray, below: np.ndarray, otherwise: float) -> np.ndarray:
    """A division, with ``otherwise`` where there is nothing to divide by."""
    filled = np.full(np.broadcast(above, below).shape, otherwise)
    quotient: np.ndarray = np.divide(above, below, out=filled, where=below > 0)
    return quotient


def _split_hits(found: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of each class: rows hit, rows that are of it, and rows said to be; each ``(resamples, classes)``."""
    return np.diagonal(found, axis1=1, axis2=2), found.sum(axis=2), found.sum(axis=1)


def _find_accuracy(found: np.ndarray) -> np.ndarray:
    hits, actual, _ = _split_hits(found)
    return _divide(hits.sum(axis=1), actual.sum(axis=1), np.nan)


def _find_balanced(found: np.ndarray) -> np.ndarray:
    """The mean recall of the classes that are there."""
    hits, actual, _ = _split_hits(found)
    return _divide(_divide(hits, actual, 0.0).sum(axis=1), (actual > 0).sum(axis=1), np.nan)


def _find_precision(found: np.ndarray) -> np.ndarray:
    hits, _, said = _split_hits(found)
    return _divide(hits, said, 0.0)[:, 1]


def _find_recall(found: np.ndarray) -> np.ndarray:
    hits, actual, _ = _split_hits(found)
    return _divide(hits, actual, 0.0)[:, 1]


def _find_f1_each(found: np.ndarray) -> np.ndarray:
    hits, actual, said = _split_hits(found)
    return _divide(2 * hits, actual + said, 0.0)


def _find_f1_weighted(found: np.ndarray) -> np.ndarray:
    actual = found.sum(axis=2)
    return _divide((_find_f1_each(found) * actual).sum(axis=1), actual.sum(axis=1), np.nan)


def _find_matthews(found: np.ndarray) -> np.ndarray:
    """Source: J. Gorodkin, "Comparing two K-category assignments by a K-category correlation coefficient" (2004)."""
    hits, actual, said = _split_hits(found)
    rows = actual.sum(axis=1)
    shared = hits.sum(axis=1) * rows - (actual * said).sum(axis=1)
    spread = (rows**2 - (said**2).sum(axis=1)) * (rows**2 - (actual**2).sum(axis=1))
    return _divide(shared, np.sqrt(spread), 0.0)


def _find_kappa(found: np.ndarray) -> np.ndarray:
    """Source: J. Cohen, "A coefficient of agreement for nominal scales" (1960)."""
    hits, actual, said = _split_hits(found)
    rows = actual.sum(axis=1)
    by_chance = _divide((actual * said).sum(axis=1), rows, np.nan)
    return 1 - _divide(rows - hits.sum(axis=1), rows - by_chance, np.nan)


_CONFUSION: dict[str, _Finish] = {
    "accuracy_score": _find_accuracy,
    "balanced_accuracy_score": _find_balanced,
    "precision_score": _find_precision,
    "recall_score": _find_recall,
    "f1_score": lambda found: _find_f1_each(found)[:, 1],
    "f1_macro": lambda found: _find_f1_each(found).mean(axis=1),
    "f1_weighted": _find_f1_weighted,
    "matthews_corrcoef": _find_matthews,
    "cohen_kappa_score": _find_kappa,
}


# --- functions of the order -----------------------------------------------------------------------------------------


def _find_area(
    actual: np.ndarray, predicted: np.ndarray, labels: tuple[object, ...], groups: np.ndarray | None
) -> Scorer:
    return _rank(actual == labels[1], predicted, groups)


def _find_mean_area(
    actual: np.ndarray, predicted: np.ndarray, labels: tuple[object, ...], groups: np.ndarray | None
) -> Scorer:
    each = [_rank(actual == label, predicted[:, column], groups) for column, label in enumerate(labels)]

    def score(counts: np.ndarray) -> np.ndarray:
        mean: np.ndarray = np.mean([scorer(counts) for scorer in each], axis=0)
        return mean

    return score


def _group(scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The rows in ascending order of their scores, and where each run of equal scores begins."""
    order = np.argsort(scores, kind="stable")
    ascending = scores[order]
    return order, np.concatenate([[0], 1 + np.flatnonzero(ascending[1:] != ascending[:-1])])


def _sum_runs(counts: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """The counts of each run of equal scores together."""
    if len(starts) == counts.shape[1]:
        return counts
    sums: np.ndarray = np.add.reduceat(counts, starts, axis=1)
    return sums


def _rank(is_positive: np.ndarray, scores: np.ndarray, groups: np.ndarray | None) -> Scorer:
    """Area under the ROC curve: how often a positive row scores above a negative one, ties counting half.

    Source: D. Bamber, "The area above the ordinal dominance graph and the area below the receiver operating
    characteristic graph" (1975). Of groups, it is the mean of the rows' placements, as in E. DeLong, D. DeLong and
    D. Clarke-Pearson, "Comparing the areas under two or more correlated ROC curves" (1988).
    """
    order, starts = _group(scores)
    positive = is_positive[order].astype("float64")

    def score(counts: np.ndarray) -> np.ndarray:
        sorted_ = counts[:, order]
        above = _sum_runs(sorted_ * positive, starts)
        below = _sum_runs(sorted_ * (1 - positive), starts)
        won = np.einsum("ij,ij->i", above, np.cumsum(below, axis=1) - below / 2)
        return _divide(won, above.sum(axis=1) * below.sum(axis=1), np.nan)

    if groups is None:
        return score
    lengths = np.diff(starts, append=len(order))
    above, below = (np.add.reduceat(side, starts) for side in (positive, 1 - positive))
    beaten = np.empty(len(order))
    beaten[order] = np.repeat(np.cumsum(below) - below / 2, lengths) / below.sum()
    beaten_by = np.empty(len(order))
    beaten_by[order] = np.repeat(above.sum() - np.cumsum(above) + above / 2, lengths) / above.sum()
    area = float(beaten[is_positive].mean())
    terms = np.column_stack([is_positive, is_positive * beaten, ~is_positive, ~is_positive * beaten_by])
    return _from_means(
        terms, lambda means: np.clip(means[:, 1] / means[:, 0] + means[:, 3] / means[:, 2] - area, 0, 1), groups
    )


def _find_precisions(
    actual: np.ndarray, predicted: np.ndarray, labels: tuple[object, ...], groups: np.ndarray | None
) -> Scorer:
    """Average precision: the precision at each threshold, weighted by the recall that it adds.

    Of groups, it is linear in the counts: each row adds its own precision, where it is positive, and moves the
    precision at every threshold at or below its score.
    """
    is_positive = actual == labels[1]
    order, starts = _group(-predicted)
    positive = is_positive[order].astype("float64")

    def score(counts: np.ndarray) -> np.ndarray:
        sorted_ = counts[:, order]
        hits = _sum_runs(sorted_ * positive, starts)
        said = np.cumsum(_sum_runs(sorted_, starts), axis=1)
        precision = _divide(np.cumsum(hits, axis=1), said, 0.0)
        return _divide(np.einsum("ij,ij->i", hits, precision), hits.sum(axis=1), np.nan)

    if groups is None:
        return score
    lengths = np.diff(starts, append=len(order))
    hits = np.add.reduceat(positive, starts)
    said = np.cumsum(lengths)
    precision = np.cumsum(hits) / said
    total = hits.sum()
    whole = float((hits * precision).sum() / total)
    # What one more row at a threshold adds to the precision at it and at all that lie below.
    by_hit, by_any = (np.cumsum((hits * part / said)[::-1])[::-1] for part in (np.ones(len(hits)), precision))
    slope = np.empty(len(order))
    slope[order] = positive * np.repeat(precision - whole + by_hit, lengths) - np.repeat(by_any, lengths)
    slope *= len(order) / total
    return _from_means(slope[:, np.newaxis], lambda means: np.clip(whole + means[:, 0], 0, 1), groups)


def _find_medians(
    actual: np.ndarray, predicted: np.ndarray, _: tuple[object, ...], groups: np.ndarray | None
) -> Scorer:
    """The median error of each resample: the middle value, or the mean of the two in the middle.

    Of groups, it is read off the distribution at thresholds that stand close around the median.
    """
    errors = np.abs(actual - predicted)
    order = np.argsort(errors, kind="stable")
    ascending = errors[order]

    def score(counts: np.ndarray) -> np.ndarray:
        passed = np.cumsum(counts[:, order], axis=1)
        rows = passed[:, -1]
        lower, upper = (
            ascending[np.argmax(passed > position[:, np.newaxis], axis=1)] for position in ((rows - 1) // 2, rows // 2)
        )
        middle: np.ndarray = (lower + upper) / 2
        return middle

    if groups is None:
        return score
    # A resample's median lies this many ranks from the table's own with less than one chance in a million.
    reach = 2.5 * len(errors) ** 0.5
    ranks = np.linspace(len(errors) / 2 - reach, len(errors) / 2 + reach, _THRESHOLDS)
    thresholds = np.unique(ascending[ranks.astype(int)])
    steps = np.searchsorted(thresholds, errors, side="left")
    cells = np.bincount(groups * (len(thresholds) + 1) + steps, minlength=(groups.max() + 1) * (len(thresholds) + 1))
    sums = cells.reshape(-1, len(thresholds) + 1).astype("float64")

    def read(counts: np.ndarray) -> np.ndarray:
        passed = np.cumsum(counts @ sums, axis=1)
        shares = passed[:, :-1] / passed[:, -1:]
        return np.array([np.interp(0.5, share, thresholds) for share in shares])

    return read


_THRESHOLDS = 101
_OF_ORDER = {
    "median_absolute_error": _find_medians,
    "roc_auc_score": _find_area,
    "roc_auc_ovr": _find_mean_area,
    "average_precision_score": _find_precisions,
}
