"""A table opened in DuckDB: its columns by position, so that no name of the data ever becomes part of a query.

In every query the table is called ``t``, its columns ``c0``, ``c1`` … in their order, and the number of a row ``r``.
What Great Expectations sees through pandas holds here too: a NaN is a missing value, decimals are floats, dates are
times, and times of day are text.
"""

import re
import shutil
import tempfile
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Literal

import duckdb

from pavedroad.engines.duckdb.footers import ADVICE, describe
from pavedroad.engines.duckdb.loading import PART, Relation, load
from pavedroad.errors import DataError
from pavedroad.foundation.data.profile import Kind
from pavedroad.foundation.data.source import Source, is_row_number
from pavedroad.foundation.validation.judging import Limits, Watch
from pavedroad.foundation.validation.schema import Column as Recorded
from pavedroad.foundation.validation.schema import describe_partitions

Sort = Literal["whole", "real", "boolean", "text", "time", "zoned", "empty"]
"""What a column holds: whole or real numbers, booleans, text, times without or with a zone, or nothing at all."""

KINDS: Mapping[Sort, Kind] = {
    "whole": "number",
    "real": "number",
    "boolean": "boolean",
    "text": "category",
    "time": "time",
    "zoned": "time",
    "empty": "category",
}

STREAM_FROM = 256 * 1024 * 1024
"""A CSV of more bytes than this is read in blocks, into a table that DuckDB can move to disk."""
WIDE = 200
"""A query of a view looks at all of the view's columns, so that as many queries as there are columns would take a time
that grows with the square of these. A table of more columns than this is therefore copied into DuckDB once, where it
has no more bytes than that; and a larger one is, for each query, a view of the columns that the query names."""
_NAMED = re.compile(r"\bc(\d+)\b")
EVERY = 0.25
"""Seconds between two looks at how far a query is."""
_TOO_FAR = re.compile(
    r"with value (?P<day>\d+-\d\d-\d\d(?: \(BC\))?) can't be cast|Could not convert Timestamp\(\w+\) to Timestamp\(US\)"
)
"""What DuckDB says of a time that 64 bits of microseconds do not reach."""
_WHOLE = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT")
_READ_AS: Mapping[str, tuple[Sort, str]] = {
    **dict.fromkeys(_WHOLE, ("whole", "{}")),
    # Neither nullif nor isnan: DuckDB believes a Parquet file's statistics, which leave NaNs out, that there are none.
    "DOUBLE": ("real", "CASE WHEN {0} - {0} = 0 OR isinf({0}) THEN {0} END"),
    "FLOAT": ("real", "CASE WHEN {0} - {0} = 0 OR isinf({0}::DOUBLE) THEN {0}::DOUBLE END"),
    "BOOLEAN": ("boolean", "{}"),
    "VARCHAR": ("text", "{}"),
    "ENUM": ("text", "{}::VARCHAR"),
    **dict.fromkeys(("TIME", "TIME_NS"), ("text", "{}::VARCHAR")),
    "DATE": ("time", "{}::TIMESTAMP"),
    **dict.fromkeys(("TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS"), ("time", "{}")),
    "TIMESTAMP WITH TIME ZONE": ("zoned", "{}"),
    "TIMESTAMPTZ_NS": ("zoned", "{}::TIMESTAMPTZ"),  # DuckDB compares it with nothing else
    **dict.fromkeys(('"NULL"', "NULL"), ("empty", "NULL::VARCHAR")),
}
"""What each of DuckDB's types holds, and how such a column is read."""


@dataclass(frozen=True)
class Column:
    """One column: its name in the data, its name in queries, what it holds and DuckDB's type."""

    name: str
    sql: str
    sort: Sort
    type: str


class Table:
    """A source opened for questions. It is a context manager: leaving it closes DuckDB and removes what it spilled."""

    def __init__(self, source: Source, limits: Limits, watch: Watch | None = None) -> None:
        self.source = source
        self._watch = watch
        self._steps = 0
        self._narrow = self._copied = False
        self._read: list[str] = []
        """Every column as it is read, by its number."""
        self._shown: set[int] = set()
        """The columns that the view has now, where it does not have all of them."""
        self._spill = Path(tempfile.mkdtemp(prefix="pavedroad-"))
        settings: dict[str, Any] = {
            "temp_directory": str(self._spill),
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "allow_community_extensions": False,
        }
        if limits.threads:
            settings["threads"] = limits.threads
        if limits.memory:
            settings["memory_limit"] = limits.memory
        try:
            self.connection = duckdb.connect(":memory:", config=settings)
        except duckdb.Error:
            shutil.rmtree(self._spill, ignore_errors=True)
            raise
        try:
            if watch is not None:  # these two are known to an open connection only
                self.connection.execute("SET enable_progress_bar = true")
                self.connection.execute("SET enable_progress_bar_print = false")
            self.memory = self._find_memory()
            """What DuckDB may take, in bytes."""
            with blame_data(source.path):
                self.columns: dict[str, Column] = self._open()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> "Table":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close DuckDB and remove what it spilled."""
        self.connection.close()
        shutil.rmtree(self._spill, ignore_errors=True)

    def ask(self, query: str, values: Mapping[str, Any] | None = None) -> list[tuple[Any, ...]]:
        """Run a query of ours.

        Raises:
            DataError: a file turned out to be damaged, or the memory given is too small even with the disk.
        """
        with blame_data(self.source.path), self._watched():
            self._show(query)
            rows: list[tuple[Any, ...]] = self.connection.execute(query, dict(values or {})).fetchall()
            return rows

    def fetch(self, query: str) -> dict[str, Any]:
        """Run a query of ours whose answer is long: a NumPy array a column, masked where values are missing.

        Raises:
            DataError: as in :meth:`ask`.
        """
        with blame_data(self.source.path):
            self._show(query)
            found: dict[str, Any] = self.connection.execute(query).fetchnumpy()
            return found

    @contextmanager
    def _watched(self) -> Iterator[None]:
        """Tell how far DuckDB is, from a thread beside the query."""
        self._steps += 1
        watch, step = self._watch, self._steps
        if watch is None:
            yield
            return
        done = threading.Event()

        def look() -> None:
            while not done.wait(EVERY):
                percent = float(self.connection.query_progress())
                if percent >= 0:
                    watch(step, percent)

        beside = threading.Thread(target=look)
        beside.start()
        try:
            yield
        finally:
            done.set()
            beside.join()

    @property
    def schema(self) -> list[Recorded]:
        """The columns as they go on record."""
        return [column for column in self._relation.schema if not is_row_number(column.name)]

    def find_raw(self, column: Column) -> str:
        """A column of numbers as its Parquet file has it, NaNs and all, as what follows SELECT; empty for any other.

        What is asked of it alone, such as its least value, DuckDB answers from the file's statistics where it can.
        """
        if self._copied or self.source.kind != ".parquet" or column.type not in {*_WHOLE, "DOUBLE", "FLOAT"}:
            return ""
        number = int(column.sql[1:])
        return f"k{number}::DOUBLE AS x FROM ({self._select([number])})"

    def name_row(self, number: int) -> str:
        """A row in words: its number from 1, with the file where there are several."""
        part, row = divmod(number, PART)
        files = self.source.files
        return f"row {row + 1}" if len(files) < 2 else f"{self._relate(files[part])} row {row + 1}"

    def _relate(self, file: Path) -> str:
        return file.relative_to(self.source.path).as_posix() if self.source.path.is_dir() else file.name

    def _find_memory(self) -> float:
        (row,) = self.connection.execute("SELECT current_setting('memory_limit')").fetchall()
        number, unit = str(row[0]).split()
        power = ("bytes", "KiB", "MiB", "GiB", "TiB", "PiB").index(unit)
        return float(number) * float(1024**power)

    def _open(self) -> dict[str, Column]:
        parquet = self.source.kind == ".parquet"
        relation = self._open_parquet() if parquet else load(self.connection, self.source, STREAM_FROM)
        self._relation = relation
        columns = {}
        for number, (name, kind) in enumerate(zip(relation.names, relation.types, strict=True)):
            sort, expression = _read_as(f"k{number}", kind, name, self.source.path)
            self._read.append(f"{expression} AS c{number}")
            if not is_row_number(name):
                columns[name] = Column(name=name, sql=f"c{number}", sort=sort, type=kind)
        wide = len(columns) > WIDE
        self._narrow = wide and self.source.bytes > STREAM_FROM
        self._copied = wide and not self._narrow
        if self._copied:
            # To find that every column is needed, the optimizer takes a time that grows with the square of their
            # number.
            self.connection.execute("PRAGMA disable_optimizer")
            self.connection.execute(f"CREATE TEMP TABLE t AS {self._write(range(len(self._read)))}")
            self.connection.execute("PRAGMA enable_optimizer")
            return columns
        if self._narrow:
            self.connection.execute(
                "SET parquet_metadata_cache = true"
            )  # a long footer is read once and not once a query
        shown = [] if self._narrow else range(len(self._read))
        self.connection.execute(f"CREATE TEMP VIEW t AS {self._write(shown)}")
        return columns

    def _show(self, query: str) -> None:
        """Let the view of a wide table have the columns that a query names."""
        if not self._narrow:
            return
        wanted = {int(number) for number in _NAMED.findall(query)} & {*range(len(self._read))}
        if not wanted and "SELECT * FROM t" in query:
            wanted = {*range(len(self._read))}
        if not wanted <= self._shown:
            self.connection.execute(f"CREATE OR REPLACE TEMP VIEW t AS {self._write(sorted(wanted))}")
            self._shown = wanted

    def _write(self, numbers: Iterable[int]) -> str:
        """The query for the table with some of its columns, and the number of each row."""
        some = list(numbers)
        return f"SELECT {', '.join([*(self._read[number] for number in some), 'r'])} FROM ({self._select(some)})"  # noqa: S608

    def _select(self, numbers: Iterable[int]) -> str:
        """Some of the columns as they lie, and the number of each row."""
        relation = self._relation
        wanted = [f"{relation.places[number]} AS k{number}" for number in numbers]
        return f"SELECT {', '.join([*wanted, f'{relation.number} AS r'])} FROM {relation.origin}"  # noqa: S608

    def _open_parquet(self) -> Relation:
        files = {escape_pattern(str(file)): file for file in self.source.files}
        columns = describe(self.connection, files)
        names = [column.name for column in columns]
        partitions = {name: values for name, values in self.source.find_partitions().items() if name not in names}
        reader = (
            f"read_parquet([{', '.join(map(quote, files))}], hive_partitioning={str(bool(partitions)).lower()},"
            " hive_types_autocast=false, file_row_number=true)"
        )
        described = self.connection.execute(f"DESCRIBE SELECT * FROM {reader}").fetchall()  # noqa: S608
        found = [(f"#{place}", str(row[1])) for place, row in enumerate(described, 1) if row[0] != "file_row_number"]
        # DuckDB renames columns that differ in case alone; those of the partitions, which are text to it, come last.
        names += [str(row[0]) for row in described if row[0] != "file_row_number"][len(names) :]
        places, types = [place for place, _ in found], [kind for _, kind in found]
        for at, name in enumerate(names):
            if name in partitions and not any(isinstance(value, str) for value in partitions[name]):
                places[at], types[at] = f"{places[at]}::BIGINT", "BIGINT"
        number = "file_row_number" if len(files) == 1 else f"file_index::BIGINT * {PART} + file_row_number"
        schema = [*columns, *describe_partitions(self.source, columns)]
        return Relation(reader, places, number, names, types, schema)


def quote(text: str) -> str:
    """A text as a literal of DuckDB's SQL, which knows no escape but the doubled quote."""
    return "'" + text.replace("'", "''") + "'"


def escape_pattern(path: str) -> str:
    """A path that means itself where DuckDB would see wildcards."""
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in path)


@contextmanager
def blame_data(path: Path) -> Iterator[None]:
    """Turn what DuckDB says about a file or about memory into an error that names the file and the next step."""
    try:
        yield
    except duckdb.OutOfMemoryException as error:
        raise DataError(
            f"The memory given was not enough, even with the disk: {_shorten(error)}.",
            where=path,
            next_step="Raise [validation] memory_limit.",
        ) from error
    except duckdb.Error as error:
        if isinstance(error, duckdb.ProgrammingError) and not isinstance(error, duckdb.InvalidInputException):
            raise  # a query of ours is wrong, and no file is to blame
        far = _TOO_FAR.search(str(error))
        if far is not None:
            raise DataError(
                "The data file holds a time that is too far away to be counted"
                + (f": {far['day']}." if far["day"] else "."),
                where=path,
                next_step="Times reach from the year 290309 BC to 294247. Correct it where the data is made.",
            ) from error
        raise DataError(
            f"The data file is damaged or not what its name says: {_shorten(error)}.", where=path
        ) from error


def _shorten(error: Exception) -> str:
    return " ".join(str(error).split())[:300].rstrip(".")


def _read_as(column: str, kind: str, name: str, path: Path) -> tuple[Sort, str]:
    """What a column of one of DuckDB's types holds, and how it is read."""
    plain = "FLOAT" if kind.startswith("DECIMAL") else "ENUM" if kind.startswith("ENUM") else kind
    if plain in _READ_AS:
        sort, pattern = _READ_AS[plain]
        return sort, pattern.format(column)
    raise DataError(f"The column {name!r} holds values of the type {kind}.", where=path, next_step=ADVICE)
