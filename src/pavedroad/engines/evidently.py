"""Evidently behind ``foundation.drift``: its distances, one column at a time, with the method always stated.

Left to itself Evidently chooses a method by the number of rows, drops nulls and infinities silently and gives up on the
whole table for one bad column. Here it sees one clean column and a named method.
"""

import math
import warnings

import pandas as pd

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from evidently import DataDefinition, Dataset, Report
    from evidently.metrics import ValueDrift

from pavedroad.errors import JudgementError
from pavedroad.foundation.drift import Comparison
from pavedroad.foundation.profile import Kind

NUMERIC, CATEGORICAL = "wasserstein", "jensenshannon"


def compare(reference: pd.Series, current: pd.Series, kind: Kind) -> Comparison:
    """Compare two samples by Evidently's normed Wasserstein (numbers) or Jensen–Shannon (categories) distance."""
    numeric = kind in {"number", "time"}
    method = NUMERIC if numeric else CATEGORICAL
    definition = (
        DataDefinition(numerical_columns=["value"]) if numeric else DataDefinition(categorical_columns=["value"])
    )
    sides = []
    for side in (reference, current):
        column = side.astype("float64") if numeric else side.astype(str).astype(object)
        frame = pd.DataFrame({"value": column.to_numpy()})
        sides.append(Dataset.from_pandas(frame, data_definition=definition))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        snapshot = Report([ValueDrift(column="value", method=method, threshold=0.1)]).run(sides[1], sides[0])
    found = [result["value"] for result in snapshot.dict()["metrics"]]
    if len(found) != 1 or not isinstance(found[0], float) or math.isnan(found[0]):
        raise JudgementError(f"Evidently gave no distance for the column ({found!r}).")
    name = "Wasserstein distance in standard deviations" if numeric else "Jensen–Shannon distance"
    return Comparison(f"Evidently {method}", None, float(found[0]), name)
