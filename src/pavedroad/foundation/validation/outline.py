"""A table in outline, column by column: what a first suite is written from and later held against.

It is taken where the table lies, in a memory that does not grow with it, so it says less than a profile: no quantiles
but the ends and the middle, and categories only where they are few.
"""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, cast

from pavedroad.errors import DataError
from pavedroad.foundation.data.profile import Kind
from pavedroad.foundation.data.source import Source
from pavedroad.foundation.engines import load_engine
from pavedroad.foundation.text import join_some
from pavedroad.foundation.validation.judging import Limits
from pavedroad.settings import Data, Objective

FEW = 64
"""Up to about so many values of a column are counted exactly, and kept where they are text; beyond, the number is an
estimate by hashes, the same on every machine and mostly within 5 %."""


@dataclass(frozen=True, kw_only=True)
class ColumnOutline:
    """One column: its kind, its gaps and, of the values that are there and finite, where they lie."""

    name: str
    kind: Kind
    nulls: int
    not_finite: int = 0
    distinct: int = 0
    estimated: bool = False
    """Whether ``distinct`` is an estimate."""
    least: float | None = None
    median: float | None = None
    """The lower one of two in the middle."""
    most: float | None = None
    mean: float | None = None
    categories: tuple[str, ...] = ()
    """In alphabetical order; empty where they are many."""
    earliest: str | None = None
    latest: str | None = None


@dataclass(frozen=True)
class Outline:
    """A table's rows, the gaps of all its columns by name, in its own order, and some of the columns in detail."""

    rows: int
    nulls: dict[str, int]
    columns: list[ColumnOutline]


class Outliner(Protocol):
    """An engine that outlines tables."""

    def outline(self, source: Source, limits: Limits, most: int, also: Collection[str]) -> Outline:
        """Outline the first ``most`` columns and those in ``also``; raise DataError for a file that is damaged."""
        ...


def outline_table(source: Source, limits: Limits, *, most: int, also: Collection[str] = ()) -> Outline:
    """Outline a table: its first ``most`` columns and those of the names in ``also`` that it has.

    Raises:
        DataError: a file of it is damaged.
        MissingExtraError: the engine is not installed.
    """
    return cast("Outliner", load_engine("outline", "duckdb")).outline(source, limits, most, also)


def require_trainable(outline: Outline, objective: Objective, data: Data, path: Path) -> None:
    """Refuse a table that nothing can be trained on, before a suite is written for it.

    Raises:
        DataError: too few rows, a column that the config names is missing, the target has gaps or one value, or the
            time column has gaps or holds text.
    """
    if outline.rows < 2:
        amount = "one row only, so there is nothing to hold out" if outline.rows else "a header but no rows"
        raise DataError(f"The table has {amount}.", where=path)
    for role, column in (("target", objective.target), ("time", data.time), *(("key", key) for key in data.keys)):
        if column and column not in outline.nulls:
            raise DataError(
                f"The {role} column {column!r} is not in the table.",
                where=path,
                next_step=f"Columns here: {join_some(list(outline.nulls), 20)}.",
            )
    columns = {column.name: column for column in outline.columns}
    target = columns[objective.target]
    if target.nulls:
        share = "every row" if target.nulls == outline.rows else f"{target.nulls:,} of {outline.rows:,} rows"
        raise DataError(
            f"The target {target.name!r} is empty in {share}.",
            where=path,
            next_step="Remove those rows, or fill them in where the data is made.",
        )
    if target.distinct == 1 and not target.not_finite:
        raise DataError(f"The target {target.name!r} has the same value in every row.", where=path)
    time = columns.get(data.time)
    if time is not None and time.nulls:
        raise DataError(f"The time column {time.name!r} has empty cells, so rows cannot be ordered.", where=path)
    if time is not None and time.kind not in {"time", "number"}:
        raise DataError(
            f"The time column {time.name!r} holds text, whose alphabetical order need not be that of time.",
            where=path,
            next_step="Write times like 2015-12-31 or 2015-12-31 18:00:00, or as numbers.",
        )
