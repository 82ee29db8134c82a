"""Tables: reading them, naming them by content, and keeping rows apart for training and for judging."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast

from pavedroad.errors import DataError
from pavedroad.foundation.engines import load_engine
from pavedroad.foundation.profile import kind_of
from pavedroad.foundation.project import Project
from pavedroad.foundation.source import Source, find_source
from pavedroad.report import Input
from pavedroad.settings import Data, Objective

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

MIN_PER_CLASS = 2
"""A stratified split needs at least this many rows of every class."""


class TableReader(Protocol):
    """An engine that reads a table into memory."""

    def read_source(self, source: Source) -> "pd.DataFrame":
        """Read the table with all its parts, typed; raise DataError when a file is damaged."""
        ...


@dataclass(frozen=True)
class Split:
    """Row positions (0-based, in the table's order after sorting by time) for training and for judging."""

    train: "np.ndarray"
    holdout: "np.ndarray"
    how: str


def read_table(path: Path) -> "pd.DataFrame":
    """Read a CSV (UTF-8, comma) or Parquet file, or a folder or pattern of them, into a pandas table.

    A table may have no rows; judging that is validation's task.

    Raises:
        DataError: a file is missing, empty, of an unknown kind or damaged, or two columns share a name.
    """
    return read_source(find_source(path))


def read_source(source: Source) -> "pd.DataFrame":
    """Read a table that was found already; see :func:`read_table`."""
    return cast("TableReader", load_engine("tables", "arrow")).read_source(source)


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
    paths = (project.config.model.features, project.config.model.train)
    packages = dict.fromkeys(path.partition(":")[0].partition(".")[0] for path in paths)
    files: list[Path] = []
    for package in packages:
        base = project.root / "src" / package
        files += sorted(base.rglob("*.py")) if base.is_dir() else [base.with_suffix(".py")]
    return [name_input(project, path.relative_to(project.root).as_posix()) for path in files if path.is_file()]


def read_training_table(project: Project) -> "pd.DataFrame":
    """Read the training table in the order of its time column, when it has one, and check that its target is usable.

    Raises:
        DataError: the table cannot be read, has no rows, or lacks the target, the time column or a key.
    """
    data, objective = project.config.data, project.config.objective
    path = project.root / data.train
    table = read_table(path)
    if table.empty:
        raise DataError("The table has a header but no rows.", where=path)
    for role, column in (("target", objective.target), ("time", data.time), *(("key", key) for key in data.keys)):
        if column and column not in table.columns:
            raise DataError(
                f"The {role} column {column!r} is not in the table.",
                where=path,
                next_step=f"Columns here: {', '.join(list(table.columns)[:20])}.",
            )
    if len(table) == 1:
        raise DataError("The table has one row only, so there is nothing to hold out.", where=path)
    _require_usable_target(table[objective.target], path)
    return _sort_by_time(table, data.time, path) if data.time else table


def _require_usable_target(target: "pd.Series", path: Path) -> None:
    if target.isna().all():
        raise DataError(f"The target {target.name!r} is empty in every row.", where=path)
    if target.isna().any():
        missing = int(target.isna().sum())
        raise DataError(
            f"The target {target.name!r} is empty in {missing:,} of {len(target):,} rows.",
            where=path,
            next_step="Remove those rows, or fill them in where the data is made.",
        )
    if target.nunique() == 1:
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


def split_rows(table: "pd.DataFrame", data: Data, objective: Objective) -> Split:
    """Split a table's rows, the same way every time.

    ``time`` holds out the last rows; ``stratified`` keeps the share of each class; ``random`` shuffles. ``auto`` is
    ``time`` when the data has a time column, ``stratified`` for classes that are common enough, else ``random``.

    Raises:
        DataError: too few rows to hold any out.
    """
    import numpy as np

    rows = len(table)
    held = round(rows * data.holdout)
    if held < 1 or rows - held < 1:
        raise DataError(
            f"{rows} rows cannot be split into training and holdout.", where=data.train, next_step="Add rows."
        )
    how = data.split
    if how == "auto":
        counts = table[objective.target].value_counts()
        if data.time:
            how = "time"
        elif objective.problem != "regression" and int(counts.min()) >= MIN_PER_CLASS:
            how = "stratified"
        else:
            how = "random"
    if how == "time":
        return Split(train=np.arange(rows - held), holdout=np.arange(rows - held, rows), how=how)
    rng = np.random.default_rng(data.seed)
    if how == "random":
        order = rng.permutation(rows)
        return Split(train=np.sort(order[held:]), holdout=np.sort(order[:held]), how=how)
    chosen = []
    for positions in table.groupby(objective.target, sort=True, observed=True).indices.values():
        count = min(max(1, round(len(positions) * data.holdout)), len(positions) - 1)
        chosen.append(rng.permutation(positions)[:count])
    holdout = np.sort(np.concatenate(chosen))
    return Split(train=np.setdiff1d(np.arange(rows), holdout), holdout=holdout, how=how)


def _find_stem(path: Path) -> Path:
    """The folder, or the part of a pattern before its first wildcard, that the names of a table's parts start from."""
    while not path.is_dir():
        path = path.parent
    return path
