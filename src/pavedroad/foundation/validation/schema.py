"""A table's schema on record: which columns it has, what they hold, and whether values are missing in them.

``validate`` writes it to ``reports/schema.json``, which is committed like the metrics, so that a change of the table
shows in a pull request although the table itself lies elsewhere.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Literal, Protocol, cast

import msgspec

from pavedroad.errors import EvidenceError
from pavedroad.foundation.data.source import Source
from pavedroad.foundation.engines import load_engine
from pavedroad.foundation.validation.contract import Change, Way
from pavedroad.report import decode, encode, write_whole

FILE = "schema.json"
SCHEMA: Literal["pavedroad.schema/1"] = "pavedroad.schema/1"
MIXED = " or "


class Column(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One column: its name, what it holds, and whether values are missing in it (unknown where nobody counted)."""

    name: str
    type: str
    """``whole number``, ``number``, ``boolean``, ``text``, ``time``, ``time in <zone>``, ``time of day``, ``nothing``,
    or what the file itself calls it."""
    missing: bool | None = None


class Schema(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The columns of a table, in its own order."""

    schema: Literal["pavedroad.schema/1"]
    table: str
    columns: list[Column]


class Describer(Protocol):
    """An engine that reads a table's schema from its files."""

    def describe(self, source: Source) -> list[Column]:
        """The columns of a table, all its parts together; raise DataError for a file that is damaged."""
        ...


def describe_table(source: Source, table: str, known: list[Column] | None = None) -> Schema:
    """Read the schema of a table.

    Args:
        source: where it lies.
        table: what it is called in the repo.
        known: its columns, when whoever read the table has told them; nothing is read then.

    Raises:
        DataError: a file of it is damaged.
    """
    found = cast("Describer", load_engine("schema", "arrow")).describe(source) if known is None else known
    return Schema(schema=SCHEMA, table=table, columns=found)


def write_schema(path: Path, schema: Schema) -> None:
    """Put a schema on record."""
    write_whole(path, encode(schema))


def read_schema(content: bytes, where: Path | str) -> Schema:
    """Read a schema that was put on record.

    Raises:
        EvidenceError: it is not one, or a column stands in it twice.
    """
    try:
        found = msgspec.convert(decode(content, where=where), Schema)
    except msgspec.ValidationError as error:
        raise EvidenceError(f"This is not a schema on record: {error}.", where=where) from error
    if len({column.name for column in found.columns}) != len(found.columns):
        raise EvidenceError("This is not a schema on record: a column stands in it twice.", where=where)
    return found


def compare_schemas(before: Iterable[Column], after: Iterable[Column]) -> list[Change]:
    """What the table promises less or more than before: columns that came and went, types, and missing values.

    A column that went, a wider type and values that are missing now are looser: who relies on the table can rely on
    less. The order of the columns promises nothing.
    """
    old, new = ({column.name: column for column in columns} for columns in (before, after))
    changes = [
        Change("looser", f"the column `{name}`", f"it held {_plural(column)} and is no longer in the table")
        for name, column in old.items()
        if name not in new
    ]
    for name, column in new.items():
        was, about = old.get(name), f"the column `{name}`"
        if was is None:
            changes.append(Change("stricter", about, f"it is new in the table and holds {_plural(column)}"))
            continue
        if was.type != column.type:
            way = _find_way(was.type, column.type)
            changes.append(Change(way, about, f"it held {_plural(was)} and holds {_plural(column)} now"))
        if was.missing is False and column.missing:
            changes.append(Change("looser", about, "values are missing now, and none was before"))
        elif was.missing and column.missing is False:
            changes.append(Change("stricter", about, "no value is missing any more"))
    return changes


def merge_types(some: str, other: str) -> str:
    """What a column holds whose parts hold this and that."""
    parts = {*some.split(MIXED), *other.split(MIXED)} - {"nothing"}
    if parts == {"whole number", "number"}:
        return "number"
    return MIXED.join(sorted(parts)) or "nothing"


def merge_columns(parts: Iterable[Iterable[Column]]) -> list[Column]:
    """The columns of a table from those of its parts; all parts have the same ones."""
    found: dict[str, Column] = {}
    for number, columns in enumerate(parts):
        for column in columns:
            was = found.get(column.name)
            found[column.name] = column if was is None or number == 0 else _merge(was, column)
    return list(found.values())


def describe_partitions(source: Source, present: Iterable[Column]) -> list[Column]:
    """The columns of a table that stand in the paths of its parts and not among those ``present`` in the files."""
    names = {column.name for column in present}
    return [
        Column(name, "text" if any(isinstance(value, str) for value in values) else "whole number", None in values)
        for name, values in source.find_partitions().items()
        if name not in names
    ]


def _merge(some: Column, other: Column) -> Column:
    missing = True if some.missing or other.missing else None if None in (some.missing, other.missing) else False
    return Column(some.name, merge_types(some.type, other.type), missing)


def _find_way(was: str, now: str) -> Way:
    if "nothing" in {was, now}:
        return "looser" if now == "nothing" else "stricter"
    was_parts, now_parts = set(was.split(MIXED)), set(now.split(MIXED))
    if was_parts < now_parts or now_parts < was_parts:
        return "looser" if was_parts < now_parts else "stricter"
    if _is_wider(now, was) or _is_wider(was, now):
        return "looser" if _is_wider(now, was) else "stricter"
    return "different"


def _is_wider(some: str, other: str) -> bool:
    """Whether one type takes every value of the other: text takes anything, numbers take whole numbers."""
    return (some == "text" and other != "text") or (some, other) == ("number", "whole number")


def _plural(column: Column) -> str:
    if column.type in {"text", "nothing"} or MIXED in column.type or "of day" in column.type:
        return column.type
    word, _, zone = column.type.partition(" in ")
    return f"{word}s{f' in {zone}' if zone else ''}"
