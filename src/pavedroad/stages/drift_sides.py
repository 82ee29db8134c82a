"""Which rows are compared with which: the choice of the reference, and what the report says of it."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from msgspec.structs import replace

from pavedroad.errors import ConfigError
from pavedroad.foundation.data.source import Source, find_source
from pavedroad.foundation.data.tables import name_input, name_tables
from pavedroad.foundation.data.training import TrainingTable, open_training_table
from pavedroad.foundation.drift.reference import REFERENCE, Reference, hold_frame, measure, read_reference
from pavedroad.foundation.project import Project
from pavedroad.report import Input

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Sides:
    """Two tables in counts, what they are in words, and the files they came from."""

    reference: Reference
    current: Reference
    inputs: list[Input]


def measure_sides(project: Project) -> Sides:
    """Count the current rows and the rows they are compared with, as ``[drift] reference`` says.

    ``auto`` is the profile that training kept where a table of current rows is named and there is one, and else the
    training rows; the holdout stands in for current rows where no table is named.

    Raises:
        ConfigError: the reference needs a column of times, and there is none.
        DataError: a table cannot be read, or no row lies in the window.
        EvidenceError: the kept profile is damaged or missing.
    """
    data, how = project.config.data, project.config.drift.reference
    kept = _find_kept(project) if how in {"auto", "profile"} else None
    if data.current and (how == "profile" or (how == "auto" and kept is not None)):
        path = kept or project.model / REFERENCE
        source = find_source(project.root / data.current)
        with ThreadPoolExecutor(max_workers=1) as beside:  # hashing needs a core and neither Python nor DuckDB
            hashed = beside.submit(name_input, project, data.current)
            reference = read_reference(path)
            current = _measure(project, source, data.current, like=reference)
        named = replace(hashed.result(), rows=current.rows)
        return Sides(reference, current, [_name(project, path, reference), named])
    table = open_training_table(project)
    inputs = name_tables(project, rows=table.rows)

    def measure_current(like: Reference | None) -> Reference:
        if data.current:
            return _measure(project, find_source(project.root / data.current), data.current, like=like)
        return _measure(project, hold_frame(table.read_holdout()), "the holdout", like=like)

    if how in {"auto", "training"}:
        reference = _measure(project, hold_frame(table.read_training()), "training rows")
        current = measure_current(reference)
    elif how == "profile":
        path = kept or project.model / REFERENCE
        reference = read_reference(path)
        current = measure_current(reference)
        inputs.append(_name(project, path, reference))
    else:
        current = measure_current(None)
        rows, about = choose_window(project, table, current)
        reference = _measure(project, hold_frame(rows), about, like=current)
    if data.current:
        inputs.append(_name_table(project, current))
    return Sides(reference, current, inputs)


def choose_columns(project: Project, reference: Reference, current: Reference) -> list[str]:
    """The configured columns; else every one of the reference but time, keys and a target that is not known yet."""
    config = project.config
    known = [column.name for column in reference.columns]
    if config.drift.columns:
        unknown = [name for name in config.drift.columns if name not in known]
        if unknown:
            raise ConfigError(
                f"drift.columns names {unknown[0]!r}, which is not in the reference.",
                where=project.root / "pavedroad.toml",
            )
        return config.drift.columns
    left_out = {config.data.time, *config.data.keys}
    if current.find(config.objective.target) is None:
        left_out.add(config.objective.target)
    return [name for name in known if name not in left_out]


def measure_training(project: Project, rows: "pd.DataFrame") -> Reference:
    """Count the rows that a model was trained on, to be kept beside it."""
    return _measure(project, hold_frame(rows), "training rows, as the profile beside the model has them")


def _measure(project: Project, source: Source, about: str, like: Reference | None = None) -> Reference:
    limits = project.config.validation
    return measure(
        source,
        about,
        like=like,
        relative_to=project.config.data.time,
        threads=limits.threads,
        memory=limits.memory_limit,
        engine=project.config.drift.counted_by if source.files else "duckdb",  # rows in memory need no cluster
    )


def choose_window(
    project: Project, table: TrainingTable, current: Reference, names: Sequence[str] | None = None
) -> tuple["pd.DataFrame", str]:
    """The rows of the window that ``[drift] reference`` names, seen from the current rows' own times.

    They are among all rows of the training table; where the holdout stands in for current rows, among the training
    rows.

    Args:
        project: the repo.
        table: the training table.
        current: the current rows in counts.
        names: the columns that are wanted; None: all.
    """
    import numpy as np
    import pandas as pd

    time, how = project.config.data.time, project.config.drift.reference
    where = project.root / "pavedroad.toml"
    if not time:
        raise ConfigError(
            f"drift.reference is {how!r}, but data.time names no column.",
            where=where,
            next_step='Name the column that orders the rows, for example: time = "date".',
        )
    column = current.find(time)
    if column is None or column.kind != "time" or column.low is None or column.high is None:
        raise ConfigError(f"drift.reference is {how!r}, but the current rows have no times in {time!r}.", where=where)
    first, last = (pd.Timestamp(moment, unit="us", tz="UTC") for moment in (column.low, column.high))
    if how == "same-period-last-year":
        start, end = first - pd.DateOffset(years=1), last - pd.DateOffset(years=1)
        words = "the same period a year before"
    else:
        days = int(how.removeprefix("rolling:").removesuffix("d"))
        start, end = first - timedelta(days=days), first - timedelta(microseconds=1)
        words = f"the {days:,} days before"
    among = np.arange(table.rows) if project.config.data.current else table.split.train
    moments = pd.to_datetime(table.read_column(time).iloc[among], utc=True)
    chosen = among[((moments >= start) & (moments <= end)).to_numpy()]
    return table.read_rows(chosen, names), f"rows of {words}, {start:%Y-%m-%d} to {end:%Y-%m-%d}"


def _find_kept(project: Project) -> "Path | None":
    return next((path for path in (project.model / REFERENCE, project.package / REFERENCE) if path.is_file()), None)


def _name(project: Project, path: "Path", reference: Reference) -> Input:
    return name_input(project, path.relative_to(project.root).as_posix(), rows=reference.rows)


def _name_table(project: Project, current: Reference) -> Input:
    return name_input(project, project.config.data.current, rows=current.rows)


if TYPE_CHECKING:
    from pathlib import Path
