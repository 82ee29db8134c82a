"""Large CSV files block by block, in types that fit all of them, so that memory does not grow with the table."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.csv

from pavedroad.engines.arrow.tables import describe_damage, guess_types, may_be_longer, open_csv, refuse_nul, widen
from pavedroad.errors import DataError

STREAM_FROM = 256 * 1024 * 1024
"""A CSV table of more bytes than this is read in blocks."""
BLOCK = 16 * 1024 * 1024
"""The types of the first so many bytes are tried first; a row must fit into as many."""
PORTION = 1024 * 1024
"""So many bytes are read at once, because Arrow reads 32 times as many ahead."""

Begin = Callable[["pa.Schema"], None]
"""Told the schema of all blocks. When a value does not fit, all begins anew, and it is told again, with wider types."""
Take = Callable[[int, "pa.RecordBatch"], None]
"""Handed the blocks in their order, each with the number of the file it is from."""


@dataclass(frozen=True)
class Counted:
    """What came of one file: the types of its columns, and how many values are missing in each."""

    schema: "pa.Schema"
    nulls: list[int]


class _WiderError(Exception):
    """A value does not fit; ``types`` are those to begin again with."""

    def __init__(self, types: dict[str, "pa.DataType"]) -> None:
        super().__init__()
        self.types = types


class _LongerError(Exception):
    """A row is longer than what is read at once."""


def read_blocks(files: Sequence[Path], begin: Begin, take: Take) -> list[Counted]:
    """Read CSV files that make one table, block by block, with the columns of the first in its order.

    Raises:
        DataError: a file is damaged, or has other columns than the first one.
    """
    for file in files:
        refuse_nul(file)
    types: dict[str, pa.DataType] = {}
    size = min(PORTION, BLOCK)
    seen: dict[Path, pa.Schema] = {}
    while True:
        try:
            return _read(files, types, seen, begin, take, size)
        except _WiderError as wider:
            types = wider.types
        except _LongerError:
            size = BLOCK


def _read(
    files: Sequence[Path],
    types: dict[str, "pa.DataType"],
    seen: dict[Path, "pa.Schema"],
    begin: Begin,
    take: Take,
    size: int,
) -> list[Counted]:
    """Read all files in these types; ``seen`` keeps the schema in which each was opened last."""
    first: pa.Schema | None = None
    counted = []
    for number, file in enumerate(files):
        now = types
        try:
            now = {**guess_types(file, BLOCK), **types}
            reader = open_csv(file, now, size)
            seen[file] = reader.schema
            if first is None:
                first = reader.schema
                begin(first)
            elif _unite(first, reader.schema, file, types) != reader.schema:
                now = {field.name: field.type for field in first}
                reader = open_csv(file, now, size)
            nulls = [0] * len(first)
            for batch in reader:
                block = batch.select(first.names)
                nulls = [known + column.null_count for known, column in zip(nulls, block.columns, strict=True)]
                take(number, block)
        except (pa.ArrowException, UnicodeDecodeError) as error:
            if may_be_longer(error) and size < BLOCK:
                raise _LongerError from error
            wider = widen(now, seen[file], str(error)) if file in seen else None
            if wider is None:
                raise describe_damage(error, file) from error
            raise _WiderError(wider) from error
        counted.append(Counted(first, nulls))
    return counted


def _unite(first: "pa.Schema", other: "pa.Schema", file: Path, types: dict[str, "pa.DataType"]) -> "pa.Schema":
    """The types that fit the first file and another one; all begins anew where those of the first are too narrow."""
    if set(other.names) != set(first.names):
        raise DataError("This part has other columns than the first one.", where=file)
    both = pa.unify_schemas([first, other], promote_options="permissive")
    if both != first:
        raise _WiderError({**types, **{field.name: field.type for field in both}})
    return both
