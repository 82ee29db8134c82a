"""Where a table lies: one file, the parts of a folder or of a pattern, or memory. Nothing is read to find out."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pavedroad.errors import DataError

SUFFIXES = (".csv", ".parquet")
MAX_FILES = 10_000
"""A table in more parts than this is a mistake in a pattern more often than a table."""

_PATTERN = re.compile(r"[*?\[]")
_PARTITION = re.compile(r"^[^=/]+=[^/]*$")
_NOTHING = "__HIVE_DEFAULT_PARTITION__"
_ROW_NUMBERS = re.compile(r"__index_level_\d+__")


@dataclass(frozen=True)
class Database:
    """A table of a database: its name, its schema where that is told, and the environment variable with the address."""

    table: str
    schema: str
    variable: str


@dataclass(frozen=True)
class Source:
    """A table where it lies.

    ``files`` are in order of their paths; all are CSV or all are Parquet. ``table`` is an Arrow table in memory and
    has no files; neither has one in a ``database``. In a partitioned folder the paths hold ``column=value``, and such a
    column is part of the table.
    """

    path: Path
    files: tuple[Path, ...] = ()
    partitioned: bool = False
    table: Any = None
    database: Database | None = None

    @property
    def kind(self) -> str:
        """How to read it: ``.csv``, ``.parquet``, or nothing for a table in memory."""
        return self.files[0].suffix.lower() if self.files else ""

    @property
    def bytes(self) -> int:
        """How much there is to read."""
        return sum(file.stat().st_size for file in self.files)

    def find_partitions(self) -> "Partitions":
        """The columns that stand in the paths as ``column=value``, each with a value a file.

        They are whole numbers where every value is written as one, and text otherwise.

        Raises:
            DataError: a file has other such columns than the first one.
        """
        if not self.partitioned:
            return {}
        found: dict[str, list[str]] = {}
        for number, file in enumerate(self.files):
            parts = [part.partition("=") for part in file.relative_to(self.path).parent.parts]
            written = {name: text for name, equals, text in parts if equals}
            if number and set(written) != set(found):
                raise DataError("This part has other columns than the first one.", where=file)
            for name, text in written.items():
                found.setdefault(name, []).append(text)
        return {name: _read_values(texts) for name, texts in found.items()}


Partitions = dict[str, list[int | str | None]]
"""Columns that stand in the paths of a table's files: by their names, each with a value a file."""


def find_source(path: Path) -> Source:
    """Find the table that a path names: a CSV or Parquet file, a folder of such files, or a pattern (``d/*.csv``).

    Raises:
        DataError: there is none, a file of it is empty or cannot be opened, or CSV and Parquet are mixed.
    """
    partitioned = False
    try:
        if path.is_file():
            files = [path]
        elif path.is_dir():
            files = _list_folder(path)
            partitioned = any(_PARTITION.match(part) for file in files for part in file.relative_to(path).parent.parts)
        elif not path.exists() and _PATTERN.search(str(path)):
            files = _list_pattern(path)
        elif path.exists():
            raise DataError("This is neither a file nor a folder.", where=path)
        else:
            raise DataError(
                "The data file is missing.",
                where=path,
                next_step="Put it there, or run `pavedroad data pull` if DVC holds it.",
            )
        _require_readable(files)
    except OSError as error:
        raise DataError(f"The data cannot be read: {error.strerror}.", where=error.filename or path) from error
    return Source(path=path, files=tuple(files), partitioned=partitioned)


def hold_table(table: Any, name: str = "table") -> Source:  # noqa: ANN401 - an Arrow table; the vendor stays in engines
    """A source over an Arrow table that is in memory already."""
    return Source(path=Path(name), table=table)


def name_database_table(table: str, schema: str, variable: str) -> Source:
    """A source over a table of a database; nothing is connected yet."""
    return Source(path=Path(table), database=Database(table, schema, variable))


def refuse_duplicates(names: list[str], path: Path) -> None:
    """Refuse a table in which two columns share a name."""
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise DataError(f"Two columns share the name {name!r}.", where=path, next_step="Rename one of them.")
        seen.add(name)


def is_row_number(name: str) -> bool:
    """Whether this is a name under which pandas keeps row numbers in Parquet; they are no column of the data."""
    return _ROW_NUMBERS.fullmatch(name) is not None


def _read_values(texts: list[str]) -> list[int | str | None]:
    """What stands in paths, as values: text is written there as in addresses, and nothing by a word of its own."""
    known = [text for text in texts if text != _NOTHING]
    if known and all(text.isdecimal() and text == str(int(text)) for text in known):
        return [None if text == _NOTHING else int(text) for text in texts]
    from urllib.parse import unquote

    return [None if text == _NOTHING else unquote(text) for text in texts]


def _list_folder(folder: Path) -> list[Path]:
    files = sorted(
        file
        for file in folder.rglob("*")
        if file.is_file() and not any(part.startswith((".", "_")) for part in file.relative_to(folder).parts)
    )
    if not any(file.suffix.lower() in SUFFIXES for file in files):
        raise DataError(
            "This is a folder, not a data file, and there is no CSV or Parquet file in it.",
            where=folder,
            next_step="Name the file itself, or a folder that holds the parts of one table.",
        )
    return files


def _list_pattern(path: Path) -> list[Path]:
    parts = path.parts
    first = next(number for number, part in enumerate(parts) if _PATTERN.search(part))
    files = sorted(file for file in Path(*parts[:first]).glob("/".join(parts[first:])) if file.is_file())
    if not files:
        raise DataError(
            "No file matches this pattern.", where=path, next_step="Run `pavedroad data pull` if DVC holds the data."
        )
    return files


def _require_readable(files: list[Path]) -> None:
    if len(files) > MAX_FILES:
        raise DataError(f"The table has {len(files):,} parts; at most {MAX_FILES:,} are read.", where=files[0].parent)
    for file in files:
        if file.suffix.lower() not in SUFFIXES:
            raise DataError(f"Tables are read from {' or '.join(SUFFIXES)} files, not {file.suffix!r}.", where=file)
        if file.suffix.lower() != files[0].suffix.lower():
            raise DataError("CSV and Parquet files are mixed in one table.", where=file)
        with file.open("rb") as opened:
            if not opened.read(1):
                raise DataError("The data file is empty (0 bytes).", where=file)
