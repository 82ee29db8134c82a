"""A model in another format, for places that have no Python: proven to answer as the packed one does."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, cast

from pavedroad.foundation.engines import load_engine
from pavedroad.foundation.evaluation.metrics import Predictions

if TYPE_CHECKING:
    import pandas as pd

CLOSE = 1e-4
"""How far a prediction may be off: this share of itself and of the spread of all. Formats of 32 bits need some room."""


class Exporter(Protocol):
    """An engine that writes models in another format, and can ask what it wrote."""

    def convert(self, model: Any, features: "pd.DataFrame", about: dict[str, str]) -> bytes:  # noqa: ANN401
        """Write a model, with what is said about it; PackageError when this format cannot express it."""
        ...

    def ask(self, content: bytes, features: "pd.DataFrame") -> Predictions:
        """What the written model predicts, and with which probabilities if it has any."""
        ...


@dataclass(frozen=True)
class Parity:
    """How well two models agree on the same rows."""

    rows: int
    differing: int
    """Rows with another class, or a number or probability that is further off than ``CLOSE``."""
    largest: float
    """The largest difference between two numbers, as a share of their spread, or between two probabilities."""


def load_exporter(name: str) -> Exporter:
    """Find the exporter called ``name``."""
    return cast("Exporter", load_engine("export", name))


def compare(ours: Predictions, theirs: Predictions) -> Parity:
    """Compare predictions of two models on the same rows; where one gives none, or no number, they differ."""
    import numpy as np

    rows = len(ours.values)
    if len(theirs.values) != rows:
        return Parity(rows, rows, float("inf"))
    if ours.probabilities is None and ours.values.dtype.kind == "f":
        spread = float(ours.values.std()) or 1.0
        off = np.abs(ours.values - np.asarray(theirs.values, dtype="float64"))
        wrong = ~(off <= CLOSE * (spread + np.abs(ours.values)))
        return Parity(rows, int(wrong.sum()), float(np.nan_to_num(off / spread, nan=np.inf).max(initial=0)))
    wrong = np.array([str(one) != str(other) for one, other in zip(ours.values, theirs.values, strict=True)])
    largest = 0.0
    if ours.probabilities is not None:
        if theirs.probabilities is None or theirs.probabilities.shape != ours.probabilities.shape:
            return Parity(rows, rows, float("inf"))
        apart = np.abs(ours.probabilities - theirs.probabilities)
        largest = float(np.nan_to_num(apart, nan=np.inf).max(initial=0))
        wrong |= ~(apart <= CLOSE).all(axis=1)
    return Parity(rows, int(wrong.sum()), largest)
