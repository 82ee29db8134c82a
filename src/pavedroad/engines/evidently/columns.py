"""Evidently behind ``foundation.drift.detection``: its methods by name, one clean column at a time, with a threshold.

Left to itself Evidently chooses a method by the number of rows, drops nulls and infinities silently and gives up on the
whole table for one bad column. Here it sees one column without either, of a plain type, and a named method.
"""

import math
import warnings
from typing import Any

import numpy as np
import pandas as pd

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from evidently import DataDefinition, Dataset, Report
    from evidently.metrics import ValueDrift

from pavedroad.errors import ConfigError, JudgementError
from pavedroad.foundation.drift.detection import Comparison, Policy
from pavedroad.foundation.drift.reference import ColumnSketch
from pavedroad.foundation.drift.samples import draw_sample

NUMERIC, CATEGORICAL = "wasserstein", "jensenshannon"
ROWS = 10_000
"""Evidently sees all rows of a side up to so many; of a larger side, as many drawn evenly from its counts."""
P_VALUES = {"ks", "z", "chisquare", "fisher_exact", "mannw", "anderson", "cramer_von_mises", "es", "t_test", "g_test"}
"""Methods that find a p-value, which is small where a column drifted; all others find a distance."""
NAMES = {
    "wasserstein": "Wasserstein distance in standard deviations",
    "jensenshannon": "Jensen–Shannon distance",
    "psi": "population stability index",
}
_CATEGORICAL_ONLY = {"chisquare", "z", "fisher_exact", "g_test", "TVD"}
_NUMERIC_ONLY = {"wasserstein", "ks", "anderson", "cramer_von_mises", "mannw", "ed", "es", "t_test", "empirical_mmd"}


def compare(reference: ColumnSketch, current: ColumnSketch, method: str, policy: Policy) -> Comparison:
    """Compare two columns by a method of Evidently, by default its normed Wasserstein or Jensen–Shannon distance.

    A distance is judged by ``min_effect``. A method that finds a p-value is judged by Evidently's own reading of it at
    the level ``min_effect``, because its tests know nothing of the other columns.

    Raises:
        ConfigError: Evidently has no such method, or it does not fit the column's kind.
        JudgementError: Evidently gave no number for the column.
    """
    numeric = reference.numeric
    chosen = choose_method(method, numeric=numeric)
    if chosen in (_CATEGORICAL_ONLY if numeric else _NUMERIC_ONLY):
        kind = "numbers" if numeric else "categories"
        raise ConfigError(
            f"Evidently's method {chosen!r} is not for {kind}, and {reference.name!r} holds {kind}.",
            next_step="Name columns it is for in [[drift.rules]].",
        )
    sides = [_to_dataset(side, numeric=numeric) for side in (reference, current)]
    value = _find_value(_run(sides, chosen, policy.min_effect))
    sampled = max(reference.size, current.size) > ROWS
    name = f"Evidently {chosen}" + (f" on {ROWS:,} rows drawn evenly from the counts" if sampled else "")
    if chosen in P_VALUES:
        return Comparison(name, None, 1.0 - value, "certainty (1 − p)", drifted=value < policy.min_effect)
    return Comparison(name, None, value, NAMES.get(chosen, f"Evidently {chosen}"))


def choose_method(method: str, *, numeric: bool) -> str:
    """The method that ``auto`` stands for, or the one that was named."""
    return (NUMERIC if numeric else CATEGORICAL) if method == "auto" else method


def _run(sides: list[Dataset], method: str, threshold: float) -> Any:  # noqa: ANN401 - Evidently's own results
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            snapshot = Report([ValueDrift(column="value", method=method, threshold=threshold)]).run(sides[1], sides[0])
            return snapshot.dict()["metrics"]
    except Exception as error:  # whatever Evidently raises is about this one column
        text = " ".join(str(error).split())[:200].rstrip(".")
        if "stattest" in text.lower() and "no" in text.lower():
            raise ConfigError(f"Evidently has no drift method called {method!r}: {text}.") from error
        raise JudgementError(f"Evidently's {method} failed: {type(error).__name__}: {text}.") from error


def _find_value(metrics: list[dict[str, Any]]) -> float:
    found = [result["value"] for result in metrics]
    if len(found) != 1 or not isinstance(found[0], int | float) or not math.isfinite(found[0]):
        raise JudgementError(f"Evidently gave no number for the column ({found!r}).")
    return float(found[0])


def _to_dataset(sketch: ColumnSketch, *, numeric: bool) -> Dataset:
    definition = (
        DataDefinition(numerical_columns=["value"]) if numeric else DataDefinition(categorical_columns=["value"])
    )
    frame = pd.DataFrame({"value": pd.Series(draw_sample(sketch, ROWS), dtype="float64" if numeric else object)})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return Dataset.from_pandas(frame, data_definition=definition)
