"""Groups of rows that are judged apart: what holds on average may hold for some and fail for others."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from pavedroad.errors import ConfigError, JudgementError
from pavedroad.foundation.data.profile import finite_values, kind_of
from pavedroad.foundation.data.training import TrainingTable
from pavedroad.foundation.evaluation.metrics import Metric, Predictions, measure
from pavedroad.foundation.evaluation.resampling import Interval
from pavedroad.settings import Config

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

AUTO = "auto"
MIN_ROWS = 30
"""A group of fewer held-out rows says too little of itself to be measured."""
MOST_LEVELS = 8
MOST_COLUMNS = 3
"""How many columns ``auto`` chooses at most: those with the fewest groups, from the left."""
MOST_GROUPS = 50
"""Groups of one column that are measured at most, the largest first."""
QUARTERS = (0.25, 0.5, 0.75)
EMPTY = "(empty)"


@dataclass(frozen=True)
class Slice:
    """A group of the holdout: the column and the value that all its rows share, and their positions."""

    column: str
    group: str
    rows: "np.ndarray"


@dataclass(frozen=True)
class SliceEstimate:
    """The metric on a slice, or why there is none."""

    slice: Slice
    interval: Interval | None
    reason: str = ""


def find_slices(holdout: "pd.DataFrame", table: TrainingTable, config: Config) -> list[Slice]:
    """The groups of each column of ``objective.slices``; numbers with many values are cut at training's quartiles.

    ``auto`` stands for a few columns that have few groups of enough rows; what it finds depends on the tables alone.

    Raises:
        ConfigError: there is no such column.
    """
    named = config.objective.slices
    for name in named:
        if name != AUTO and name not in holdout.columns:
            raise ConfigError(
                f"objective.slices names the column {name!r}, which the table does not have.",
                where="pavedroad.toml",
                next_step=f"Columns here: {', '.join(list(holdout.columns)[:20])}.",
            )
    columns = [name for name in named if name != AUTO]
    found = [piece for name in columns for piece in _cut(holdout[name], table)]
    if AUTO in named:
        found += [piece for piece in _discover(holdout, table, config) if piece.column not in columns]
    return found


def measure_slices(
    slices: list[Slice],
    metric: Metric,
    actual: "np.ndarray",
    predicted: Predictions,
    *,
    confidence: float,
    seed: int,
) -> Iterator[SliceEstimate]:
    """The metric with its interval on each slice; too few rows, or one class alone, give a reason instead."""
    for piece in slices:
        if len(piece.rows) < MIN_ROWS:
            yield SliceEstimate(piece, None, f"{len(piece.rows):,} held-out rows; {MIN_ROWS} are needed.")
            continue
        try:
            part = predicted.choose(piece.rows)
            interval = measure(metric, actual[piece.rows], part, confidence=confidence, seed=seed)
        except (JudgementError, ValueError) as error:
            yield SliceEstimate(piece, None, f"The metric has no value here: {' '.join(str(error).split())[:200]}")
        else:
            yield SliceEstimate(piece, interval)


def _discover(holdout: "pd.DataFrame", table: TrainingTable, config: Config) -> list[Slice]:
    aside = {config.objective.target, config.data.time, config.data.group, *config.data.keys}
    candidates = []
    for name in holdout.columns:
        column = holdout[name]
        if name in aside or kind_of(column) == "time" or column.dtype.kind == "f":
            continue
        levels = column.nunique(dropna=False)
        if 2 <= levels <= MOST_LEVELS:
            groups = [piece for piece in _cut(column, table) if len(piece.rows) >= MIN_ROWS]
            if len(groups) >= 2:
                candidates.append((levels, groups))
    candidates.sort(key=lambda item: item[0])
    return [piece for _, groups in candidates[:MOST_COLUMNS] for piece in groups]


def _cut(column: "pd.Series", table: TrainingTable) -> list[Slice]:
    import numpy as np

    name = str(column.name)
    if kind_of(column) == "number" and column.nunique() > MOST_LEVELS:
        return _cut_numbers(column, table.read_training([name])[name])
    if kind_of(column) == "time":
        column = column.dt.year
    values = column.astype(object).where(column.notna(), EMPTY).map(_name).to_numpy()
    groups, codes, counts = np.unique(values.astype(str), return_inverse=True, return_counts=True)
    kept = sorted(np.argsort(-counts, kind="stable")[:MOST_GROUPS].tolist())
    return [Slice(name, str(groups[code]), np.flatnonzero(codes == code)) for code in kept]


def _name(value: object) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _cut_numbers(column: "pd.Series", training: "pd.Series") -> list[Slice]:
    """Four groups of about the same size in training; what is no finite number is a fifth."""
    import numpy as np

    edges = np.unique(np.quantile(finite_values(training), QUARTERS)) if len(finite_values(training)) else np.array([])
    numbers = column.to_numpy(dtype="float64", na_value=np.nan)
    finite = np.isfinite(numbers)
    codes = np.where(finite, np.searchsorted(edges, numbers, side="left"), len(edges) + 1)
    shown = [f"{edge:.6g}" for edge in edges]
    names = [
        f"at most {shown[0]}" if shown else "any",
        *(f"above {low}, at most {high}" for low, high in pairwise(shown)),
        *([f"above {shown[-1]}"] if shown else []),
        EMPTY,
    ]
    return [
        Slice(str(column.name), label, np.flatnonzero(codes == code))
        for code, label in enumerate(names)
        if (codes == code).any()
    ]
