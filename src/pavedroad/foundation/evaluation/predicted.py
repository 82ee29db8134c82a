"""What a model said about rows it never saw, in counts, and how good that was: later rows are held against it."""

from pathlib import Path
from typing import TYPE_CHECKING, Literal

import msgspec

from pavedroad.errors import EvidenceError
from pavedroad.foundation.drift.reference import Reference, hold_frame, measure, require_sound
from pavedroad.foundation.evaluation.metrics import Better, Estimates, Metric, Predictions
from pavedroad.foundation.evaluation.resampling import Interval
from pavedroad.foundation.jsonfile import read_document
from pavedroad.report import encode, write_whole

if TYPE_CHECKING:
    import numpy as np

PREDICTED = "predicted.json"
"""The file that the evaluation leaves among the reports, and that a package holds a copy of."""
SCHEMA: Literal["pavedroad.predicted/1"] = "pavedroad.predicted/1"
PREDICTIONS, PROBABILITY = "predictions", "probability"
"""What the model says, and of two classes the chance of the second label."""


class Predicted(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The model's predictions on the holdout in counts, and its key metric there with its limits."""

    schema: Literal["pavedroad.predicted/1"] = SCHEMA
    model: str
    """The SHA-256 of the model's file."""
    metric: str
    better: Better
    confidence: float
    value: float
    low: float
    high: float
    baseline: str
    lead: float
    """How much better than the baseline it was, in the metric's units."""
    predictions: Reference

    @property
    def interval(self) -> Interval:
        """The key metric on the holdout."""
        return Interval(self.value, self.low, self.high)


def keep_predicted(
    predicted: Predictions, estimates: Estimates, metric: Metric, *, model: str, baseline: str, confidence: float
) -> Predicted:
    """Put what an evaluation found into the few numbers that later rows are held against."""
    return Predicted(
        model=model,
        metric=metric.name,
        better=metric.better,
        confidence=confidence,
        value=estimates.model.value,
        low=estimates.model.low,
        high=estimates.model.high,
        baseline=baseline,
        lead=estimates.improvement.value,
        predictions=count_predictions(predicted, "the holdout of the evaluation"),
    )


def count_predictions(predicted: Predictions, about: str, like: Reference | None = None) -> Reference:
    """Count predictions as a table is counted: numbers as numbers, classes by their names.

    Args:
        predicted: what the model said.
        about: about which rows, in words.
        like: the predictions that these will be compared with.
    """
    import pandas as pd

    values: np.ndarray = predicted.values
    # Classes are names even when they look like numbers; so none is nearer to another.
    frame = pd.DataFrame({PREDICTIONS: [str(value) for value in values.tolist()] if predicted.labels else values})
    if predicted.probabilities is not None and len(predicted.labels) == 2:
        frame[PROBABILITY] = predicted.probabilities[:, 1]
    return measure(hold_frame(frame), about, like=like)


def write_predicted(path: Path, kept: Predicted) -> None:
    """Write it as strict JSON."""
    write_whole(path, encode(kept))


def read_predicted(path: Path) -> Predicted:
    """Read what an evaluation left.

    Raises:
        EvidenceError: there is nothing, or its numbers contradict each other.
    """
    next_step = "Evaluate the model again: pavedroad evaluate."
    kept = read_document(path, Predicted, "record of what the model predicted on its holdout", next_step=next_step)
    for column in kept.predictions.columns:
        require_sound(column, path)
    if not (kept.low <= kept.value <= kept.high and 0 < kept.confidence < 1):
        raise EvidenceError("The limits of the key metric contradict each other.", where=path)
    return kept
