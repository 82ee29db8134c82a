"""Tables: reading them, and naming them by content."""

import hashlib
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast

from pavedroad.errors import DataError
from pavedroad.foundation.data.source import Source, find_source
from pavedroad.foundation.engines import load_engine
from pavedroad.foundation.project import Project
from pavedroad.report import Input
from pavedroad.settings import IMPORT_PATH, Config

if TYPE_CHECKING:
    import pandas as pd


class Columns(Protocol):
    """A table of which one column at a time is brought to memory."""

    @property
    def names(self) -> list[str]:
        """Its columns, in their order."""
        ...

    @property
    def rows(self) -> int:
        """How many rows it has."""
        ...

    def read(self, name: str) -> "pd.Series":
        """One whole column, typed; raise DataError when the file is damaged."""
        ...


class TableReader(Protocol):
    """An engine that reads a table into memory, and writes one."""

    def read_source(self, source: Source) -> "pd.DataFrame":
        """Read the table with all its parts, typed; raise DataError when a file is damaged."""
        ...

    def write(self, table: "pd.DataFrame", path: Path) -> None:
        """Write a Parquet file with a checksum for every page."""
        ...

    def read_spread(self, source: Source, most: int) -> "tuple[pd.DataFrame, int]":
        """Read at most so many rows, in runs spread evenly over the table, typed as all of it; and how many it has."""
        ...

    def hold(self, table: "pd.DataFrame") -> Source:
        """A source over a pandas table that is in memory already."""
        ...

    def open_columns(self, source: Source) -> Columns:
        """The table as columns that are read one by one; raise DataError when a file is damaged."""
        ...


def read_table(path: Path) -> "pd.DataFrame":
    """Read a CSV (UTF-8, comma) or Parquet file, or a folder or pattern of them, into a pandas table.

    A table may have no rows; judging that is validation's task.

    Raises:
        DataError: a file is missing, empty, of an unknown kind or damaged, or two columns share a name.
    """
    return read_source(find_source(path))


def read_source(source: Source) -> "pd.DataFrame":
    """Read a table that was found already; see :func:`read_table`."""
    return load_reader().read_source(source)


def read_spread(source: Source, most: int) -> "tuple[pd.DataFrame, int]":
    """Read all rows of a table that has no more than ``most``, else so many, and the number that it has.

    They are runs of neighbours, spread evenly over the table, so that what is made of a row and those before it keeps
    its meaning. Of a Parquet file, no more is held in memory than these and one of its row groups.

    Raises:
        DataError: a file is damaged.
    """
    return load_reader().read_spread(source, most)


def write_table(table: "pd.DataFrame", path: Path) -> None:
    """Write a table as CSV or Parquet, by its name, without the index; Parquet pages get a checksum each."""
    if path.suffix.lower() == ".csv":
        table.to_csv(path, index=False)
    else:
        load_reader().write(table, path)


def load_reader() -> "TableReader":
    """Find the engine that reads tables, with what it loads."""
    return cast("TableReader", load_engine("tables", "arrow"))


def hash_file(path: Path) -> str:
    """The SHA-256 of a file's content, as 64 hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def hash_path(path: Path) -> str | None:
    """The SHA-256 of what a path names: a file's content, or the names and contents of a folder's or pattern's files.

    None when there is nothing.
    """
    if path.is_file():
        return hash_file(path)
    try:
        files = find_source(path).files
    except DataError:
        return None
    return hash_parts({file.relative_to(_find_stem(path)).as_posix(): hash_file(file) for file in files})


def hash_parts(digests: Mapping[str, str]) -> str:
    """The SHA-256 of several files: of the lines ``<digest>  <name>``, in the order of the names."""
    lines = "".join(f"{digest}  {name}\n" for name, digest in sorted(digests.items()))
    return hashlib.sha256(lines.encode("utf-8", errors="surrogateescape")).hexdigest()


def name_input(project: Project, relative: str, rows: int | None = None) -> Input:
    """Name what a stage reads by its path in the repo and its content.

    Raises:
        DataError: there is nothing at that path.
    """
    digest = hash_path(project.root / relative)
    if digest is None:
        raise DataError("The file is missing.", where=project.root / relative)
    return Input(path=relative, sha256=digest, rows=rows)


def name_code(project: Project) -> list[Input]:
    """Name the repo's own code that makes features and trains: every Python file of the packages the config names."""
    scripts = [word for word in project.config.model.words if (project.root / word).is_file()]
    own = [name_input(project, word) for word in scripts if not Path(word).is_absolute()]
    return own + _name_packages(project, _find_paths(project.config))


def _find_paths(config: Config) -> list[str]:
    """The import paths of the repo's functions, of its own baseline too; other ways to name one have no code."""
    named = [config.model.features.removeprefix("hamilton:"), config.model.train]
    if re.match(IMPORT_PATH, config.objective.baseline):
        named.append(config.objective.baseline)
    return [path for path in named if path]


def name_expectations(project: Project) -> list[Input]:
    """Name the code of the repo's own expectations: every Python file of the packages they are defined in."""
    return _name_packages(project, project.config.validation.expectations)


def _name_packages(project: Project, paths: Iterable[str]) -> list[Input]:
    packages = dict.fromkeys(path.partition(":")[0].partition(".")[0] for path in paths)
    files: list[Path] = []
    for package in packages:
        base = project.root / "src" / package
        files += sorted(base.rglob("*.py")) if base.is_dir() else [base.with_suffix(".py")]
    return [name_input(project, path.relative_to(project.root).as_posix()) for path in files if path.is_file()]


def name_tables(project: Project, rows: int | None = None) -> list[Input]:
    """Name what is trained and judged on: the training table and, where there is one, the holdout file.

    Args:
        project: the repo.
        rows: of both together.

    Raises:
        DataError: a table is missing.
    """
    held = project.config.data.holdout_file
    return [name_input(project, project.config.data.train, rows), *([name_input(project, held)] if held else [])]


def _find_stem(path: Path) -> Path:
    """The folder, or the part of a pattern before its first wildcard, that the names of a table's parts start from."""
    while not path.is_dir():
        path = path.parent
    return path
