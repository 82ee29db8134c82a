"""What the footers of Parquet files say of a table: its columns, what they hold, and whether values are missing.

The same goes on record as by Arrow, without loading it. DuckDB reads all of a footer but the note that writers which
hold tables in Arrow's memory (pandas, Polars, Arrow itself) leave there, because Parquet knows no zones of time and no
spans of time: the schema as they had it, a FlatBuffers message in base64. Of it, types and zones are read here.
"""

import base64
import binascii
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from pavedroad.errors import DataError
from pavedroad.foundation.data.source import refuse_duplicates
from pavedroad.foundation.validation import schema

ADVICE = "A column holds numbers, text, booleans or times."

_WORDS = {
    **dict.fromkeys(("TINYINT", "SMALLINT", "INTEGER", "BIGINT"), "whole number"),
    **dict.fromkeys(("UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT"), "whole number"),
    **dict.fromkeys(("FLOAT", "DOUBLE", "DECIMAL"), "number"),
    "BOOLEAN": "boolean",
    "VARCHAR": "text",
    **dict.fromkeys(("DATE", "TIMESTAMP", "TIMESTAMP_NS"), "time"),
    **dict.fromkeys(("TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ_NS"), "time in UTC"),
    **dict.fromkeys(("TIME", "TIME_NS"), "time of day"),
    **dict.fromkeys(("NULL", '"NULL"'), "nothing"),
}
_TIMESTAMP, _DURATION = 10, 18
"""Arrow's numbers of the two types that are looked for."""


@dataclass(frozen=True)
class _Noted:
    """The type of a column by its number in Arrow, and the zone where it is a time that has one."""

    number: int
    zone: str = ""


def describe(connection: duckdb.DuckDBPyConnection, files: Mapping[str, Path]) -> list[schema.Column]:
    """The columns of Parquet files that make one table, without those that stand in their paths.

    Args:
        connection: to DuckDB.
        files: each by what DuckDB is told to read.

    Raises:
        DataError: columns are nested, share a name, differ between files, or hold spans of time.
    """
    first: list[tuple[str, str]] = []
    types: list[str] = []
    for pattern, file in files.items():
        read = connection.execute(
            "SELECT name, type, num_children, duckdb_type FROM parquet_schema($path)", {"path": pattern}
        ).fetchall()[1:]
        for name, _, children, _ in read:
            if children:
                raise DataError(f"The column {name!r} holds nested values.", where=file, next_step=ADVICE)
        columns = [(str(name), str(kind)) for name, kind, *_ in read]
        if not first:
            first = columns
            refuse_duplicates([name for name, _ in columns], file)
        elif columns != first:
            raise DataError(
                "This part has other columns or types than the first one.",
                where=file,
                next_step="Write the parts of a table with the same columns in the same order.",
            )
        words = [_name_type(str(kind)) for *_, kind in read]
        for place, noted in enumerate(_read_note(connection, pattern, file, len(read))):
            if noted.number == _DURATION:
                raise DataError(f"The column {first[place][0]!r} holds spans of time.", where=file, next_step=ADVICE)
            if noted.number == _TIMESTAMP and noted.zone and words[place] == "time in UTC":
                words[place] = f"time in {noted.zone}"
        types = words if not types else [schema.merge_types(*both) for both in zip(types, words, strict=True)]
    gaps = _find_gaps(connection, list(files))
    found = []
    for place, ((name, _), kind) in enumerate(zip(first, types, strict=True)):
        missing = gaps.get(place, False)
        found.append(schema.Column(name, kind, missing is not False if kind == "nothing" else missing))
    return found


def _name_type(kind: str) -> str:
    """What a column of one of DuckDB's types holds, in the words of ``foundation.validation.schema``."""
    return _WORDS.get(kind.partition("(")[0], kind)


def _find_gaps(connection: duckdb.DuckDBPyConnection, files: list[str]) -> dict[int, bool | None]:
    """Whether values are missing, by the place of the column; None where not every file says so.

    A table without rows may have no entry.
    """
    rows = connection.execute(
        "SELECT column_id, sum(stats_null_count), count(*) = count(stats_null_count) FROM parquet_metadata($paths)"
        " GROUP BY column_id",
        {"paths": files},
    ).fetchall()
    return {place: True if missing else False if known else None for place, missing, known in rows}


def _read_note(connection: duckdb.DuckDBPyConnection, pattern: str, file: Path, columns: int) -> list[_Noted]:
    """The types that the writer had; none where it left no note, or one about another number of columns."""
    found = connection.execute(
        "SELECT value FROM parquet_kv_metadata($path) WHERE key = 'ARROW:schema'", {"path": pattern}
    ).fetchall()
    if not found:
        return []
    try:
        message = base64.b64decode(found[0][0], validate=True)
        noted = read_types(message)
    except (ValueError, struct.error, binascii.Error) as error:
        raise DataError("The data file is damaged: the schema that its writer noted cannot be read.", where=file) from (
            error
        )
    return noted if len(noted) == columns else []


def read_types(message: bytes) -> list[_Noted]:
    """The types of the columns in a message of Arrow's that holds a schema.

    Raises:
        ValueError: it is none.
        struct.error: it ends too early.
    """
    start = 8 if message[:4] == b"\xff\xff\xff\xff" else 4
    header = _Fields(message, start + _read(message, start, "<I"))
    if header.number(1, "<B") != 1:
        raise ValueError("the message holds no schema")
    noted = []
    for field in header.table(2).tables(1):
        kind = field.number(2, "<B") if not field.has(4) else 0  # Arrow itself forgets what a dictionary was of
        noted.append(_Noted(kind, field.table(3).text(1) if kind == _TIMESTAMP else ""))
    return noted


class _Fields:
    """A table of FlatBuffers: its fields by their numbers."""

    def __init__(self, content: bytes, at: int) -> None:
        self._content = content
        self._at = at
        self._places = at - _read(content, at, "<i")

    def has(self, field: int) -> bool:
        """Whether a field is there."""
        return self._find(field) > 0

    def number(self, field: int, form: str) -> int:
        """A field that holds a number; 0 where it is not there."""
        at = self._find(field)
        return _read(self._content, at, form) if at else 0

    def table(self, field: int) -> "_Fields":
        """A field that holds a table."""
        return _Fields(self._content, self._follow(field))

    def tables(self, field: int) -> "list[_Fields]":
        """A field that holds several tables; none where it is not there."""
        if not self.has(field):
            return []
        start = self._follow(field)
        places = range(start + 4, start + 4 + 4 * _read(self._content, start, "<I"), 4)
        return [_Fields(self._content, place + _read(self._content, place, "<I")) for place in places]

    def text(self, field: int) -> str:
        """A field that holds a text; empty where it is not there."""
        if not self.has(field):
            return ""
        start = self._follow(field)
        return self._content[start + 4 : start + 4 + _read(self._content, start, "<I")].decode("utf-8")

    def _follow(self, field: int) -> int:
        at = self._find(field)
        if not at:
            raise ValueError(f"the field {field} is not there")
        return at + _read(self._content, at, "<I")

    def _find(self, field: int) -> int:
        """Where a field lies; 0 where it is not there."""
        place = 4 + 2 * field
        if place >= _read(self._content, self._places, "<H"):
            return 0
        step = _read(self._content, self._places + place, "<H")
        return self._at + step if step else 0


def _read(content: bytes, at: int, form: str) -> int:
    if at < 0:
        raise ValueError("an offset points before the beginning")
    value: Any = struct.unpack_from(form, content, at)[0]
    return int(value)
