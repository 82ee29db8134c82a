"""Arrow tables without pandas: CSV read strictly, and columns brought to numbers, text, booleans or times."""

import mmap
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.csv

from pavedroad.errors import DataError
from pavedroad.foundation.data.source import Partitions, refuse_duplicates

ADVICE = "A CSV must be UTF-8 with the same number of cells in every row."
LONGEST_LINE = 16 * 1024 * 1024
"""Bytes of one line of a CSV at most, and so of a row, which has several lines where a cell holds line breaks."""
GUESS_FROM = 16 * 1024 * 1024
"""A CSV of more bytes than this is read with the types of its first block, as long as they fit."""
_PORTION = 1024 * 1024
_STRADDLES = "straddling object straddles two block boundaries"
"""What Arrow says of a row that is longer than a block."""
_HEADLESS = "cannot infer number of columns"
"""What it says of a header that is, and of a file that holds nothing but line ends."""
_COLUMN = re.compile(r"In CSV column #(\d+)")
_VALUE = re.compile(r"invalid value '(.*)'", re.DOTALL)
_LADDER = (
    pa.null(), pa.int64(), pa.bool_(), pa.date32(), pa.time32("s"), pa.timestamp("s"), pa.timestamp("ns"),
    pa.float64(), pa.string(),
)  # fmt: skip
"""The types that Arrow tries for a column of a CSV, in its order."""


def read_csv(path: Path) -> "pa.Table":
    """Read a CSV whole, with types that fit all of it.

    Raises:
        DataError: it is not UTF-8, or two columns share a name.
        pa.ArrowException: rows are ragged, or quotes do not close.
    """
    refuse_nul(path)
    guessed = guess_types(path, GUESS_FROM) if path.stat().st_size > GUESS_FROM else {}
    names, types = list(guessed), {name: kind for name, kind in guessed.items() if kind != pa.null()}
    table = None
    while types and table is None:
        try:
            table = _read_whole(path, types)
        except pa.ArrowInvalid as error:
            types = _try_real(names, types, str(error))
    if table is None:
        table = _read_whole(path, {})
    refuse_duplicates(table.column_names, path)
    return table


def _read_whole(path: Path, types: dict[str, "pa.DataType"]) -> "pa.Table":
    try:
        return _read_at(path, types, _PORTION)
    except pa.ArrowInvalid as error:
        if not may_be_longer(error):
            raise
        return _read_at(path, types, LONGEST_LINE)


def _read_at(path: Path, types: dict[str, "pa.DataType"], block_bytes: int) -> "pa.Table":
    """Read in blocks of so many bytes, into which every row must fit; Arrow holds several of them at once."""
    return pa.csv.read_csv(
        path,
        read_options=pa.csv.ReadOptions(encoding="utf8", block_size=block_bytes),
        parse_options=pa.csv.ParseOptions(newlines_in_values=True),
        convert_options=_convert(types),
    )


def guess_types(path: Path, most: int) -> dict[str, "pa.DataType"]:
    """The columns of a CSV, with the types that fit its first rows; no more bytes than about ``most`` are looked at.

    Where Arrow has to find types out by itself over a whole file, it keeps all of the text until the end.
    """
    with path.open("rb") as file:
        begin = file.read(most + 1)  # one more, so that a row which is cut off ends no block
    source = path if len(begin) <= most else pa.BufferReader(begin)
    with _open_csv(source, path, {}, most) as reader:
        return {field.name: field.type for field in reader.schema}


def _try_real(names: list[str], types: dict[str, "pa.DataType"], message: str) -> dict[str, "pa.DataType"]:
    """The guess once more, with real numbers where a later one is not whole; nothing when something else is wrong."""
    found = _COLUMN.search(message)
    name = names[int(found[1])] if found is not None else ""
    return {**types, name: pa.float64()} if types.get(name) == pa.int64() else {}


def open_csv(path: Path, types: dict[str, "pa.DataType"], block_bytes: int) -> "pa.RecordBatchReader":
    """Read a CSV block by block, with the types that fit the first block where ``types`` does not say.

    Arrow reads 32 blocks ahead of whoever takes them.
    """
    return _open_csv(path, path, types, block_bytes)


def _open_csv(
    source: "Path | pa.BufferReader", path: Path, types: dict[str, "pa.DataType"], block_bytes: int
) -> "pa.RecordBatchReader":
    reader = pa.csv.open_csv(
        source,
        read_options=pa.csv.ReadOptions(encoding="utf8", block_size=block_bytes),
        parse_options=pa.csv.ParseOptions(newlines_in_values=True),
        convert_options=_convert(types),
    )
    refuse_duplicates(reader.schema.names, path)
    return reader


def widen(types: dict[str, "pa.DataType"], schema: "pa.Schema", message: str) -> dict[str, "pa.DataType"] | None:
    """The types to try next, after a value of a later block did not fit; None when that was not the trouble."""
    found = _COLUMN.search(message)
    if found is None:
        return None
    name = schema.names[int(found[1])]
    now = types.get(name, schema.field(name).type)
    value = _VALUE.search(message)
    if now not in _LADDER or value is None:
        return None
    higher = _LADDER[_LADDER.index(now) + 1 :]
    return next(({**types, name: kind} for kind in higher if _can_be(kind, value[1])), None)


def _can_be(kind: "pa.DataType", cell: str) -> bool:
    """Whether a cell of a CSV can be read as a value of a type."""
    written = 'c\n"{}"\n'.format(cell.replace('"', '""')).encode()
    try:
        pa.csv.read_csv(
            pa.BufferReader(written),
            read_options=pa.csv.ReadOptions(block_size=len(written)),  # the cell may be longer than a usual block
            parse_options=pa.csv.ParseOptions(newlines_in_values=True),
            convert_options=_convert({"c": kind}),
        )
    except pa.ArrowInvalid:
        return False
    return True


def flatten(table: "pa.Table", path: Path) -> "pa.Table":
    """The table with every column as numbers, text, booleans or times.

    Raises:
        DataError: a column holds something else, such as lists, or text that is not UTF-8.
    """
    return pa.table([_flatten(table, name, path) for name in table.column_names], names=table.column_names)


def add_partitions(table: "pa.Table", partitions: Partitions, place: int) -> "pa.Table":
    """One part of a table, by its place among the files, with the columns that stand in its path."""
    for name, values in partitions.items():
        if name not in table.column_names:
            table = table.append_column(name, find_partition(values, place, len(table)))
    return table


def find_partition(values: Sequence[int | str | None], place: int, rows: int) -> "pa.Array":
    """A column that stands in the paths of a table's parts, in one of these parts: the same value in each row."""
    kind = pa.string() if any(isinstance(value, str) for value in values) else pa.int64()
    return pa.array([values[place]] * rows, kind)


def join(parts: "list[pa.Table]", path: Path) -> "pa.Table":
    """One table of its parts, in types that hold the values of all.

    Raises:
        DataError: there are no such types.
    """
    if len(parts) == 1:
        return parts[0]
    try:
        return pa.concat_tables(parts, promote_options="permissive")
    except pa.ArrowException as error:
        raise DataError(f"The parts of the table do not fit together: {error}.", where=path) from error


@contextmanager
def blame(file: Path) -> Iterator[None]:
    """Turn what Arrow says of a file into an error of ours."""
    try:
        yield
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        raise describe_damage(error, file) from error


def describe_damage(error: Exception, file: Path) -> DataError:
    """What Arrow, or whoever decodes text, says of a file, as an error of ours."""
    if _STRADDLES in str(error):
        return DataError(
            f"A row of the data file has more than {LONGEST_LINE:,} bytes.",
            where=file,
            next_step="Write one row a line, and close every quote that is opened.",
        )
    reason = " ".join(str(error).split())[:300].rstrip(".")
    return DataError(f"The data file is damaged or not what its name says: {reason}.", where=file, next_step=ADVICE)


def may_be_longer(error: Exception) -> bool:
    """Whether it can be that a row, or the header, does not fit into what is read of a CSV at once."""
    return _STRADDLES in str(error) or _HEADLESS in str(error)


def refuse_endless(path: Path) -> None:
    """Refuse a CSV with a line that has no end: a reader would have to hold all of it to find the first cell.

    Looks backwards from every 16 MB for a line break, so that hardly anything of a good file is read.
    """
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        at = 0
        while len(content) - at > LONGEST_LINE:
            end = at + LONGEST_LINE
            found = content.rfind(b"\n", at, end)
            if found < 0:
                found = content.rfind(b"\r", at, end)
            if found < 0:
                raise DataError(
                    f"A line of the data file has more than {LONGEST_LINE:,} bytes (from byte {at:,} on).",
                    where=path,
                    next_step="Write one row a line, and end each line with a line break.",
                )
            at = found + 1


def refuse_nul(path: Path) -> None:
    """Refuse a CSV that holds NUL bytes, which other readers take for the end of a text, or a line without an end."""
    refuse_endless(path)
    with path.open("rb") as file:  # in portions: a file that is mapped whole counts as memory of the process
        while portion := file.read(_PORTION):
            if b"\0" in portion:
                raise DataError("The data file holds NUL bytes, so it is not UTF-8 text.", where=path, next_step=ADVICE)


def _convert(types: dict[str, "pa.DataType"]) -> "pa.csv.ConvertOptions":
    return pa.csv.ConvertOptions(strings_can_be_null=True, quoted_strings_can_be_null=False, column_types=types)


def _flatten(table: "pa.Table", name: str, path: Path) -> "pa.ChunkedArray":
    column, kind = table[name], table.schema.field(name).type
    is_ = pa.types
    if is_.is_dictionary(kind) and not is_.is_string(kind.value_type):
        column, kind = column.cast(kind.value_type), kind.value_type
    if is_.is_decimal(kind):
        return column.cast(pa.float64())
    if is_.is_time(kind):
        return _write_times(column.cast(pa.string()))
    if is_.is_binary(kind) and path.suffix.lower() != ".parquet":
        raise DataError(f"The column {name!r} holds text that is not UTF-8.", where=path, next_step=ADVICE)
    if is_.is_nested(kind) or is_.is_duration(kind) or is_.is_interval(kind) or _is_bytes(kind):
        raise DataError(
            f"The column {name!r} holds values of the type {kind}.",
            where=path,
            next_step="A column holds numbers, text, booleans or times.",
        )
    return column


def _write_times(times: "pa.ChunkedArray") -> "pa.ChunkedArray":
    """Times of day as everyone writes them: 12:00:00 in any unit, and 12:00:00.5, without idle zeros."""
    shorter = pa.compute.replace_substring_regex(times, pattern=r"(\.\d*?)0+$", replacement=r"\1")
    return pa.compute.replace_substring_regex(shorter, pattern=r"\.$", replacement="")


def _is_bytes(kind: "pa.DataType") -> bool:
    return bool(pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind))
