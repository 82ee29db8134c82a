"""Evidently's methods that need rows: a classifier that tells texts or vectors of the two sides apart, and distances.

The classifiers learn on half of the rows and are judged on the other half, which they have not seen. So the area under
their ROC curve there is a Mann–Whitney statistic, and where nothing has changed its chance is known. Source:
D. Lopez-Paz and M. Oquab, "Revisiting Classifier Two-Sample Tests", ICLR 2017.
"""

import math
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from evidently import DataDefinition, Dataset, Report
    from evidently.metrics import ValueDrift
    from evidently.metrics.embeddings import DistanceDriftMethod, MMDDriftMethod, ModelDriftMethod, RatioDriftMethod

from pavedroad.errors import JudgementError
from pavedroad.foundation.drift.detection import Comparison

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

APART = "distance that a classifier finds between the sides (2 × ROC AUC − 1)"
_DISTANCES: "dict[str, tuple[Callable[[], Any], str]]" = {
    "embedding-distance": (DistanceDriftMethod, "Euclidean distance of the mean vectors"),
    "embedding-mmd": (MMDDriftMethod, "squared maximum mean discrepancy"),
    "embedding-ratio": (RatioDriftMethod, "share of dimensions whose Wasserstein distance is 0.1 or more"),
}


def compare_texts(reference: "Sequence[str]", current: "Sequence[str]") -> Comparison:
    """Compare texts by a classifier on their words: Evidently's ``abs_text_content_drift``.

    Raises:
        JudgementError: Evidently gave no number, for example because the texts hold no words.
    """

    def run() -> float:
        definition = DataDefinition(text_columns=["value"])
        sides = [
            Dataset.from_pandas(pd.DataFrame({"value": list(side)}), data_definition=definition)
            for side in (reference, current)
        ]
        metric = ValueDrift(column="value", method="abs_text_content_drift", threshold=0.55)
        return float(Report([metric]).run(sides[1], sides[0]).dict()["metrics"][0]["value"])

    return _judge_area("Evidently's classifier of texts", _ask(run), len(reference), len(current))


def compare_vectors(reference: "np.ndarray", current: "np.ndarray", method: str) -> Comparison:
    """Compare vectors, of shape (rows, dimensions) each, by one of Evidently's methods for embeddings.

    Raises:
        JudgementError: Evidently gave no number.
    """
    sides = [pd.DataFrame(side) for side in (current, reference)]
    if method == "embedding":
        area = _ask(lambda: float(ModelDriftMethod()(*sides)[0]))
        return _judge_area("Evidently's classifier of vectors", area, len(reference), len(current))
    make, name = _DISTANCES[method]
    return Comparison(f"Evidently {method}", None, _ask(lambda: float(make()(*sides)[0])), name)


def _judge_area(method: str, area: float, reference: int, current: int) -> Comparison:
    """The area under the ROC curve as a test and as a size: no better than a coin is 0, without a fault 1."""
    held, others = (max(1, side // 2) for side in (reference, current))
    error = math.sqrt((held + others + 1) / (12 * held * others))
    p_value = 0.5 * math.erfc((area - 0.5) / error / math.sqrt(2))
    more = {"roc_auc": area, "reference_rows": float(reference), "current_rows": float(current)}
    return Comparison(method, p_value, max(0.0, 2 * area - 1), APART, more=more)


def _ask(run: "Callable[[], float]") -> float:
    state = np.random.get_state()
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            value = run()
    except Exception as error:  # whatever Evidently raises is about these columns
        text = " ".join(str(error).split())[:200].rstrip(".")
        raise JudgementError(f"Evidently failed: {type(error).__name__}: {text}.") from error
    finally:
        np.random.set_state(state)
    if not math.isfinite(value):
        raise JudgementError(f"Evidently gave no number ({value}).")
    return value
