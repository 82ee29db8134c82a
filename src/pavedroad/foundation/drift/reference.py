"""What drift is judged by: counts of a table, small enough to keep beside a model, and no row of it.

A column of numbers with few distinct values is kept exactly, value by value; any other is counted in the cells of a
:class:`Grid`. A column of categories is kept as counts by name, and as counts in hashed buckets when it has too many.
"""

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol, cast

import msgspec

from pavedroad.errors import EvidenceError
from pavedroad.foundation.data.profile import Kind
from pavedroad.foundation.data.source import Source
from pavedroad.foundation.data.tables import load_reader
from pavedroad.foundation.drift.grid import CELLS, Grid
from pavedroad.foundation.engines import load_engine
from pavedroad.foundation.jsonfile import read_document
from pavedroad.report import encode, write_whole

if TYPE_CHECKING:
    import pandas as pd

REFERENCE = "reference.json"
"""The file beside a model that holds the reference of its training rows."""
SCHEMA: Literal["pavedroad.reference/1"] = "pavedroad.reference/1"
MOST_VALUES = 2048
"""A column of numbers with at most so many distinct values is kept exactly."""
MOST_CATEGORIES = 1000
BUCKETS = 256
WIDE = 400_000
"""Counts that a whole table may be kept in; very wide tables are counted in fewer cells a column."""


class ColumnSketch(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """One column in counts.

    Numbers and times: ``counts`` belong to ``values`` when there is no ``grid``, else to the grid's cells and atoms.
    Times are microseconds since 1970 in UTC, or seconds after the row's own moment where ``relative_to`` names it.
    Categories and booleans: ``categories``, the most frequent first; ``buckets`` when there are too many to name.
    """

    name: str
    kind: Kind
    rows: int
    nulls: int = 0
    infinite: int = 0
    zoned: bool = False
    relative_to: str = ""
    low: float | None = None
    high: float | None = None
    mean: float | None = None
    std: float | None = None
    """Standard deviation of all finite values (divided by n)."""
    values: list[float] = []
    counts: list[int] = []
    grid: Grid | None = None
    categories: dict[str, int] = {}
    distinct: int = 0
    """Distinct values: exact where all are kept, else the least it can be."""
    buckets: list[int] = []

    @property
    def size(self) -> int:
        """Rows with a value that can be compared."""
        return self.rows - self.nulls - self.infinite

    @property
    def numeric(self) -> bool:
        """Whether the values have an order: numbers and times."""
        return self.kind in {"number", "time"}


class Reference(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A table in counts, column by column, in its own order."""

    schema: Literal["pavedroad.reference/1"] = SCHEMA
    rows: int
    about: str
    """Which rows these are, in words."""
    columns: list[ColumnSketch]

    def find(self, name: str) -> ColumnSketch | None:
        """The column of that name, if there is one."""
        return next((column for column in self.columns if column.name == name), None)


class SketchEngine(Protocol):
    """An engine that counts a table where it lies."""

    def measure(
        self, source: Source, about: str, *, like: Reference | None, relative_to: str, threads: int, memory: str
    ) -> Reference:
        """Count every column, in the cells of ``like`` where it has the column; see :func:`measure`."""
        ...


def measure(
    source: Source,
    about: str,
    *,
    like: Reference | None = None,
    relative_to: str = "",
    threads: int = 0,
    memory: str = "",
    engine: str = "duckdb",
) -> Reference:
    """Count a table where it lies, in one pass over each column; no row of it reaches Python.

    Args:
        source: the table.
        about: which rows these are, in words.
        like: what the counts will be compared with; its cells are used.
        relative_to: a column of times that every other column of times is measured from.
        threads: 0 for one a core.
        memory: what the engine may use, such as ``"2GB"``; empty for its own choice.
        engine: who counts.

    Raises:
        DataError: the table cannot be read.
    """
    counter = cast("SketchEngine", load_engine("sketch", engine))
    return counter.measure(source, about, like=like, relative_to=relative_to, threads=threads, memory=memory)


def hold_frame(table: "pd.DataFrame") -> Source:
    """A source over a pandas table that is in memory already."""
    return load_reader().hold(table)


def choose_cells(columns: int) -> int:
    """How many cells or values a column of a table with so many columns may be kept in: a power of two."""
    most: int = 2 ** ((WIDE // max(1, columns)).bit_length() - 1)
    return max(64, min(CELLS, most))


def bucket_of(category: str) -> int:
    """The bucket of a category: the last eight bytes of its MD5, little end first, modulo the number of buckets."""
    digest = hashlib.md5(category.encode(), usedforsecurity=False).digest()
    return int.from_bytes(digest[8:], "little") % BUCKETS


def write_reference(path: Path, reference: Reference) -> None:
    """Write a reference as strict JSON."""
    write_whole(path, encode(reference))


def read_reference(path: Path) -> Reference:
    """Read a reference.

    Raises:
        EvidenceError: there is none, or it is not a valid one.
    """
    next_step = "Train the model again: training keeps the profile beside it."
    reference = read_document(path, Reference, "reference profile", next_step=next_step)
    for column in reference.columns:
        require_sound(column, path)
    return reference


def require_sound(column: ColumnSketch, path: Path) -> None:
    """Refuse counts that contradict each other: whoever compares them would get nonsense or a crash."""
    wanted = len(column.values) if column.grid is None else column.grid.cells + len(column.grid.atoms)
    known = column.buckets or list(column.categories.values())
    counted = sum(column.counts if column.numeric else known)
    every = [column.rows, column.nulls, column.infinite, *column.counts, *known]
    if (
        (column.numeric and len(column.counts) != wanted)
        or (column.buckets and len(column.buckets) != BUCKETS)
        or min(every) < 0
        or counted != column.size
        or column.values != sorted(set(column.values))
        or (column.grid is not None and (column.grid.cells < 1 or not column.grid.scale > 0))
        or (column.numeric and column.size and None in {column.low, column.high, column.mean, column.std})
    ):
        raise EvidenceError(f"The counts of the column {column.name!r} contradict each other.", where=path)
