"""Tables: reading them, naming them by content, and keeping rows apart for training and for judging."""

import hashlib
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast

from pavedroad.errors import DataError
from pavedroad.foundation.data.profile import kind_of
from pavedroad.foundation.data.source import Source, find_source
from pavedroad.foundation.data.split import HELD_FROM
from pavedroad.foundation.engines import load_engine
from pavedroad.foundation.project import Project
from pavedroad.report import Input
from pavedroad.settings import IMPORT_PATH, Config

if TYPE_CHECKING:
    import pandas as pd


class TableReader(Protocol):
    """An engine that reads a table into memory."""

    def read_source(self, source: Source) -> "pd.DataFrame":
        """Read the table with all its parts, typed; raise DataError when a file is damaged."""
        ...

    def read_spread(self, source: Source, most: int) -> "tuple[pd.DataFrame, int]":
        """Read at most so many rows, in runs spread evenly over the table, typed as all of it; and how many it has."""
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
    scripts = [word for word in project.config.model.command if (project.root / word).is_file()]
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


def read_training_table(project: Project) -> "pd.DataFrame":
    """Read the training table in the order of its time column, when it has one, and check that its target is usable.

    The rows of ``data.holdout_file`` follow those of the training table; ``split_rows`` knows where they begin.

    Raises:
        DataError: the table cannot be read, has no rows, or lacks the target, the time column, the group or a key.
    """
    import pandas as pd

    data = project.config.data
    table = _read_usable(project, data.train)
    if not data.holdout_file:
        if len(table) == 1:
            raise DataError(
                "The table has one row only, so there is nothing to hold out.", where=project.root / data.train
            )
        return table
    held = _read_usable(project, data.holdout_file)
    if set(held.columns) != set(table.columns):
        odd = sorted(set(held.columns) ^ set(table.columns))
        raise DataError(
            f"The holdout file has other columns than the training table; only one of them has {odd[0]!r}.",
            where=project.root / data.holdout_file,
        )
    for name in table.columns:
        if kind_of(table[name]) != kind_of(held[name]) and held[name].notna().any() and table[name].notna().any():
            raise DataError(
                f"{name!r} holds {kind_of(held[name])} values here and {kind_of(table[name])} values in training.",
                where=project.root / data.holdout_file,
            )
    whole = pd.concat([table, held[table.columns]], ignore_index=True)
    whole.attrs[HELD_FROM] = len(table)
    return whole


def _read_usable(project: Project, relative: str) -> "pd.DataFrame":
    data, objective = project.config.data, project.config.objective
    path = project.root / relative
    table = read_table(path)
    if table.empty:
        raise DataError("The table has a header but no rows.", where=path)
    keys = (("key", key) for key in data.keys)
    for role, column in (("target", objective.target), ("time", data.time), ("group", data.group), *keys):
        if column and column not in table.columns:
            raise DataError(
                f"The {role} column {column!r} is not in the table.",
                where=path,
                next_step=f"Columns here: {', '.join(list(table.columns)[:20])}.",
            )
    _require_usable_target(table[objective.target], path, training=relative == data.train)
    return _sort_by_time(table, data.time, path) if data.time else table


def _require_usable_target(target: "pd.Series", path: Path, *, training: bool) -> None:
    if target.isna().all():
        raise DataError(f"The target {target.name!r} is empty in every row.", where=path)
    if target.isna().any():
        missing = int(target.isna().sum())
        raise DataError(
            f"The target {target.name!r} is empty in {missing:,} of {len(target):,} rows.",
            where=path,
            next_step="Remove those rows, or fill them in where the data is made.",
        )
    if training and len(target) > 1 and target.nunique() == 1:
        raise DataError(f"The target {target.name!r} has the same value in every row.", where=path)


def _sort_by_time(table: "pd.DataFrame", time: str, path: Path) -> "pd.DataFrame":
    if table[time].isna().any():
        raise DataError(f"The time column {time!r} has empty cells, so rows cannot be ordered.", where=path)
    if kind_of(table[time]) not in {"time", "number"}:
        raise DataError(
            f"The time column {time!r} holds text, whose alphabetical order need not be that of time.",
            where=path,
            next_step="Write times like 2015-12-31 or 2015-12-31 18:00:00, or as numbers.",
        )
    return table.sort_values(time, kind="stable", ignore_index=True)


def _find_stem(path: Path) -> Path:
    """The folder, or the part of a pattern before its first wildcard, that the names of a table's parts start from."""
    while not path.is_dir():
        path = path.parent
    return path
