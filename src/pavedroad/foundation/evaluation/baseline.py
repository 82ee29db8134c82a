"""What a model must beat: predictions that need no model."""

from typing import TYPE_CHECKING

from pavedroad.errors import ConfigError
from pavedroad.foundation.data.split import Split
from pavedroad.foundation.evaluation.metrics import Predictions, find_metric
from pavedroad.settings import Objective

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

TITLES = {
    "mean": "the training mean",
    "median": "the training median",
    "most-frequent": "the most frequent class",
    "prior": "the share of each class in training",
    "stratified": "classes drawn by their shares in training",
    "linear": "a linear model of the same features",
    "seasonal-naive": "the value one season ago",
    "persistence": "the value of the row before",
}
_FOR_CLASSES = {"most-frequent", "prior", "stratified"}
_FOR_BOTH = {"linear"}


def choose_baseline(objective: Objective) -> str:
    """The baseline's name; ``auto`` is the best constant for the key metric.

    Raises:
        ConfigError: the baseline does not fit the kind of problem.
    """
    chosen: str = objective.baseline
    if chosen == "auto":
        return choose_constant(objective)
    if chosen not in TITLES or chosen in _FOR_BOTH:  # a function or a rule, whose predictions are looked at later
        return chosen
    if (chosen in _FOR_CLASSES) == (objective.problem == "regression"):
        raise ConfigError(
            f"The baseline {chosen!r} does not fit a {objective.problem} problem.",
            where="pavedroad.toml",
            next_step="Leave it out to get a fitting one.",
        )
    return chosen


def choose_constant(objective: Objective) -> str:
    """The best prediction that looks at no feature, for the key metric: a model that cannot beat it learned nothing."""
    metric = find_metric(objective.metric, objective.problem)
    if objective.problem != "regression":
        return "prior"
    return "median" if metric.name == "mean_absolute_error" else "mean"


def predict_baseline(name: str, target: "pd.Series", split: Split, season: int, seed: int = 0) -> Predictions:
    """The predictions for the holdout of a baseline that looks at nothing but the target.

    Args:
        name: a name of ``TITLES``, other than ``linear``.
        target: the target of the whole table, in its order.
        split: which rows train and which are judged.
        season: rows in one season. A season ago is known when a row is predicted, so it may lie in the holdout.
        seed: of what is drawn.

    Raises:
        ConfigError: a seasonal baseline on rows that are not in order of time, or without a season before the holdout.
    """
    import numpy as np

    known = target.iloc[split.train]
    rows = len(split.holdout)
    if name in {"seasonal-naive", "persistence"}:
        lag = season if name == "seasonal-naive" else 1
        if split.how != "time":
            raise ConfigError(
                f"The baseline {name!r} needs rows in the order of time.",
                where="pavedroad.toml",
                next_step="Name the time column in [data], or choose another baseline.",
            )
        if int(split.holdout[0]) < lag:
            raise ConfigError(f"The holdout begins before a season of {lag} rows has passed.", where="pavedroad.toml")
        return Predictions(values=target.to_numpy(dtype="float64")[split.holdout - lag])
    if name in {"mean", "median"}:
        value = float(known.mean() if name == "mean" else known.median())
        return Predictions(values=np.full(rows, value))
    labels = sort_labels(target)
    shares = np.array([float((known == label).mean()) for label in labels])
    if name == "stratified":
        drawn = np.random.default_rng(seed).choice(len(labels), size=rows, p=shares / shares.sum())
        return Predictions(values=np.array(labels)[drawn], probabilities=np.eye(len(labels))[drawn], labels=labels)
    values = np.full(rows, labels[int(np.argmax(shares))], dtype=target.to_numpy().dtype)
    certain = shares if name == "prior" else (shares == shares.max()).astype("float64")
    return Predictions(values=values, probabilities=np.tile(certain / certain.sum(), (rows, 1)), labels=labels)


def sort_labels(target: "pd.Series | np.ndarray") -> tuple[object, ...]:
    """The classes of a target in ascending order; of two classes the second is the positive one."""
    import numpy as np

    return tuple(np.unique(np.asarray(target)).tolist())
