"""Groups of rows that are judged apart: what holds on average may hold for some and fail for others."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from pavedroad.errors import ConfigError, JudgementError
from pavedroad.foundation.data.profile import finite_values, kind_of
from pavedroad.foundation.data.training import TrainingTable
from pavedroad.foundation.evaluation.metrics import Metric, Predictions, measure
from pavedroad.foundation.evaluation.resampling import Interval
from pavedroad.foundation.text import clean, join_some
from pavedroad.report import Check, Severity, judge
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
"""Groups of one column that are looked at at most, the largest first; how many there are beyond is always told."""
MOST_NAMED = 20
"""Groups that were left out are named up to here, and counted beyond."""
QUARTERS = (0.25, 0.5, 0.75)
EMPTY = "(empty)"


@dataclass(frozen=True)
class Slice:
    """A group of the holdout: the column and the value that all its rows share, and their positions."""

    column: str
    group: str
    rows: "np.ndarray"


@dataclass(frozen=True)
class Cut:
    """The groups of a column that are looked at, and how many further ones there are, all of them smaller."""

    column: str
    slices: list[Slice]
    beyond: int = 0


@dataclass(frozen=True)
class SliceEstimate:
    """The metric on a slice, or why there is none."""

    slice: Slice
    interval: Interval | None
    reason: str = ""


def find_slices(holdout: "pd.DataFrame", table: TrainingTable, config: Config) -> tuple[list[Cut], list[str]]:
    """The groups of each column of ``objective.slices``; numbers with many values are cut at training's quartiles.

    ``auto`` stands for a few columns that have few groups of enough rows; what it finds depends on the tables alone.

    Returns:
        A cut for each column, and the columns that ``auto`` passed over because it looks at a few only.

    Raises:
        ConfigError: there is no such column.
    """
    named = config.objective.slices
    for name in named:
        if name != AUTO and name not in holdout.columns:
            raise ConfigError(
                f"objective.slices names the column {name!r}, which the table does not have.",
                where="pavedroad.toml",
                next_step=f"Columns here: {join_some(list(map(str, holdout.columns)), MOST_NAMED)}.",
            )
    columns = [name for name in named if name != AUTO]
    cuts = [cut_column(holdout[name], table) for name in columns]
    discovered = _discover(holdout, table, config) if AUTO in named else []
    cuts += [cut for cut in discovered[:MOST_COLUMNS] if cut.column not in columns]
    return cuts, [cut.column for cut in discovered[MOST_COLUMNS:] if cut.column not in columns]


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
            yield SliceEstimate(piece, None, f"{say_few(len(piece.rows), MIN_ROWS)}.")
            continue
        try:
            part = predicted.choose(piece.rows)
            interval = measure(metric, actual[piece.rows], part, confidence=confidence, seed=seed)
        except (JudgementError, ValueError) as error:
            yield SliceEstimate(piece, None, say_undefined(error))
        else:
            yield SliceEstimate(piece, interval)


def say_few(rows: int, needed: int) -> str:
    """Why a group of few rows says too little."""
    return f"{rows:,} held-out {'row' if rows == 1 else 'rows'}; {needed} are needed"


def say_undefined(error: Exception) -> str:
    """Why a group has no value of the metric, as its computation says."""
    return f"The metric has no value here: {clean(str(error), 200)}"


def take_census(
    id_: str,
    column: str,
    measured: Sequence[str],
    left_out: Mapping[str, str],
    beyond: int = 0,
    otherwise: str = "",
) -> Check:
    """Which groups of a column the evidence holds and which it does not, and why; the gate counts on it.

    Args:
        id_: of the check.
        column: the column.
        measured: the groups that have a number.
        left_out: those that have none, each with the reason.
        beyond: how many further groups nobody looked at, because they are the smallest of very many.
        otherwise: why there is no group at all.
    """
    total = len(measured) + len(left_out) + beyond
    named = [f"{clean(group, 60)} ({reason.rstrip('.')})" for group, reason in left_out.items()]
    told = join_some(named, MOST_NAMED)
    further = f"the {beyond:,} smallest of {total:,} groups, because at most {MOST_GROUPS} are looked at"
    words = " and ".join(part for part in (told, further if beyond else "") if part)
    return judge(
        id_,
        f"Every group of {column!r} has a number of its own",
        ok=not words and not otherwise,
        severity=Severity.INFO,
        observed=f"{len(measured):,} of {total:,} groups",
        expected="all of them",
        reason=f"Left out: {words}." if words else otherwise,
        evidence={"column": column, "groups": total, "measured": len(measured)},
    )


def _discover(holdout: "pd.DataFrame", table: TrainingTable, config: Config) -> list[Cut]:
    """Every column that ``auto`` may choose, in the order in which it does: the fewest groups first."""
    aside = {config.objective.target, config.data.time, config.data.group, *config.data.keys}
    candidates = []
    for name in holdout.columns:
        column = holdout[name]
        if name in aside or kind_of(column) == "time" or column.dtype.kind == "f":
            continue
        levels = column.nunique(dropna=False)
        if 2 <= levels <= MOST_LEVELS:
            cut = cut_column(column, table)
            if sum(len(piece.rows) >= MIN_ROWS for piece in cut.slices) >= 2:
                candidates.append((levels, cut))
    candidates.sort(key=lambda item: item[0])
    return [cut for _, cut in candidates]


def cut_column(column: "pd.Series", table: TrainingTable) -> Cut:
    """The groups of a column; numbers with many values are cut at training's quartiles, times into years."""
    import numpy as np

    name = str(column.name)
    if kind_of(column) == "number" and column.nunique() > MOST_LEVELS:
        return Cut(name, _cut_numbers(column, table.read_training([name])[name]))
    if kind_of(column) == "time":
        column = column.dt.year
    values = column.astype(object).where(column.notna(), EMPTY).map(_name).to_numpy()
    groups, codes, counts = np.unique(values.astype(str), return_inverse=True, return_counts=True)
    kept = sorted(np.argsort(-counts, kind="stable")[:MOST_GROUPS].tolist())
    slices = [Slice(name, str(groups[code]), np.flatnonzero(codes == code)) for code in kept]
    return Cut(name, slices, len(groups) - len(kept))


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
