"""Baselines that look at the rows: a linear model, a function of the repo, or a rule in SQL."""

from typing import TYPE_CHECKING, Protocol, cast

from pavedroad.errors import UserCodeError
from pavedroad.foundation.data.training import TrainingTable
from pavedroad.foundation.engines import load_engine
from pavedroad.foundation.evaluation.baseline import TITLES, predict_baseline, sort_labels
from pavedroad.foundation.evaluation.metrics import Needs, Predictions
from pavedroad.foundation.project import Project
from pavedroad.foundation.usercode.functions import call, load_function, make_features

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    import pandas as pd

RULE = "sql:"


class LinearModel(Protocol):
    """An engine that fits a linear model to a table of any kinds of columns."""

    def fit_linear(
        self, features: "pd.DataFrame", target: "pd.Series", problem: str
    ) -> "Callable[[pd.DataFrame], np.ndarray]":
        """A function from features to predicted numbers, or to chances of shape ``(rows, classes)`` in their order."""
        ...


class RuleEngine(Protocol):
    """An engine that evaluates a query over a table."""

    def evaluate_rule(self, query: str, holdout: "pd.DataFrame", *, seconds: int) -> "np.ndarray":
        """The one column that the query gives; raise UserCodeError when it cannot be run, may not, or takes longer."""
        ...


def title_baseline(name: str) -> str:
    """What a baseline is called among people."""
    if name.startswith(RULE):
        return "your rule"
    return TITLES.get(name, "your own baseline")


def identify_baseline(name: str) -> str:
    """What a baseline is called in the ids of checks."""
    if name.startswith(RULE):
        return "rule"
    return name if name in TITLES else "own"


def make_baseline(project: Project, name: str, table: TrainingTable, needs: Needs) -> Predictions:
    """The predictions of any baseline for the holdout.

    A function of the repo is called as ``function(training_rows, holdout_without_target)``. A rule sees the table
    ``holdout``, without the target, and nothing else.

    Raises:
        ConfigError: the baseline does not fit the rows.
        UserCodeError: the function or the rule failed, or what it gave are no predictions for these rows.
    """
    objective = project.config.objective
    target = table.read_column(objective.target)
    if name in TITLES and name != "linear":
        return predict_baseline(name, target, table.split, objective.season, seed=project.config.data.seed)
    holdout = table.read_holdout([column for column in table.names if column != objective.target])
    labels = () if objective.problem == "regression" else sort_labels(target)
    if name == "linear":
        return _fit_linear(project, table.read_training(), holdout)
    if name.startswith(RULE):
        rules = cast("RuleEngine", load_engine("rules", "duckdb"))
        said = rules.evaluate_rule(name.removeprefix(RULE), holdout, seconds=project.config.model.timeout)
        return to_predictions(said, labels, len(holdout), needs, name)
    made = call(project, name, load_function(project, name), table.read_training(), holdout)
    return to_predictions(made, labels, len(holdout), needs, name)


def _fit_linear(project: Project, training: "pd.DataFrame", holdout: "pd.DataFrame") -> Predictions:
    import numpy as np

    objective = project.config.objective
    features = make_features(project, training)
    engine = cast("LinearModel", load_engine("baseline", "sklearn"))
    answer = engine.fit_linear(features, training[objective.target], objective.problem)
    made = answer(make_features(project, holdout, list(features.columns)))
    if objective.problem == "regression":
        return Predictions(values=made)
    labels = sort_labels(training[objective.target])
    return Predictions(values=np.array(labels)[made.argmax(axis=1)], probabilities=made, labels=labels)


def to_predictions(made: object, labels: tuple[object, ...], rows: int, needs: Needs, name: str) -> Predictions:
    """Hold what a baseline gave to what predictions are: numbers, classes, or chances, one a row.

    Of two classes a number from 0 to 1 is the chance of the second one when the metric needs chances.

    Raises:
        UserCodeError: they are not.
    """
    import numpy as np

    values = np.asarray(made)
    if values.shape[:1] != (rows,) or values.ndim > 2:
        raise UserCodeError(f"The baseline {name!r} gave values of shape {values.shape} for {rows:,} rows.")
    if not labels:
        return Predictions(values=_to_finite(values, name))
    if values.ndim == 2 or (needs == "probability" and len(labels) == 2 and values.dtype.kind == "f"):
        chances = _to_finite(values, name, dimensions=values.ndim)
        if chances.ndim == 1:
            chances = np.column_stack([1 - chances, chances])
        if chances.shape[1] != len(labels) or (chances < 0).any() or not np.allclose(chances.sum(axis=1), 1, atol=1e-6):
            raise UserCodeError(f"The chances of the baseline {name!r} are not from 0 to 1, or do not add up to 1.")
        return Predictions(values=np.array(labels)[chances.argmax(axis=1)], probabilities=chances, labels=labels)
    known = {str(label): position for position, label in enumerate(labels)}
    strange = sorted({str(value) for value in values.tolist()} - known.keys())
    if strange:
        raise UserCodeError(f"The baseline {name!r} predicts the class {strange[0]!r}, which is none of the target's.")
    positions = np.array([known[str(value)] for value in values.tolist()], dtype=int)
    return Predictions(values=np.array(labels)[positions], probabilities=np.eye(len(labels))[positions], labels=labels)


def _to_finite(values: "np.ndarray", name: str, dimensions: int = 1) -> "np.ndarray":
    import numpy as np

    if values.dtype.kind not in "fiub" or values.ndim != dimensions:
        raise UserCodeError(f"The baseline {name!r} gave {values.dtype} values, not one number a row.")
    numbers = values.astype("float64")
    if not np.isfinite(numbers).all():
        raise UserCodeError(f"The baseline {name!r} gave values that are not finite numbers.")
    return numbers
