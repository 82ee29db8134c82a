"""Rows of both sides for what counts say nothing about: a bounded number, from the rows that the report names."""

from typing import TYPE_CHECKING

from pavedroad.errors import DataError
from pavedroad.foundation.data.source import find_source
from pavedroad.foundation.data.split import split_rows
from pavedroad.foundation.data.tables import read_spread
from pavedroad.foundation.data.training import read_training_table
from pavedroad.foundation.drift.reference import Reference
from pavedroad.foundation.drift.rows import MOST_ROWS
from pavedroad.foundation.project import Project
from pavedroad.stages.drift_model import WINDOWS
from pavedroad.stages.drift_sides import choose_window

if TYPE_CHECKING:
    import pandas as pd


def bring_rows(project: Project, current: Reference, columns: list[str]) -> "tuple[pd.DataFrame, pd.DataFrame]":
    """At most MOST_ROWS rows of the reference and of the current table, spread evenly, with these columns alone.

    A profile holds no rows; where it is the reference, the training rows that it was made of are taken.

    Args:
        project: the repo.
        current: the current table in counts, whose times a window is chosen by.
        columns: their names.

    Raises:
        DataError: a table cannot be read, or lacks a column.
    """
    data, how = project.config.data, project.config.drift.reference
    table = read_training_table(project)
    split = split_rows(table, data, project.config.objective)
    if data.current:
        now, _ = read_spread(find_source(project.root / data.current), MOST_ROWS)
    else:
        now = table.iloc[split.holdout]
    if how.startswith(WINDOWS):
        before, _ = choose_window(project, table if data.current else table.iloc[split.train], current)
    else:
        before = table.iloc[split.train]
    for name in columns:
        if name not in before.columns or name not in now.columns:
            raise DataError(f"A table lacks the column {name!r}.")
    return _spread(before[columns]), _spread(now[columns])


def _spread(rows: "pd.DataFrame") -> "pd.DataFrame":
    import numpy as np

    if len(rows) <= MOST_ROWS:
        return rows
    return rows.iloc[np.linspace(0, len(rows) - 1, MOST_ROWS).round().astype(int)]
