"""Rows of both sides for what counts say nothing about: a bounded number, from the rows that the report names."""

from typing import TYPE_CHECKING

from pavedroad.errors import DataError
from pavedroad.foundation.data.source import find_source
from pavedroad.foundation.data.tables import read_spread
from pavedroad.foundation.data.training import TrainingTable, open_training_table
from pavedroad.foundation.drift.reference import Reference
from pavedroad.foundation.drift.rows import MOST_ROWS
from pavedroad.foundation.project import Project
from pavedroad.stages.drift_model import WINDOWS
from pavedroad.stages.drift_sides import choose_window

if TYPE_CHECKING:
    import numpy as np
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
    table, now = open_training_table(project), None
    if data.current:
        now, _ = read_spread(find_source(project.root / data.current), MOST_ROWS)
    known = table.names if now is None else [name for name in now.columns if name in table.names]
    for name in columns:
        if name not in known:
            raise DataError(f"A table lacks the column {name!r}.")
    if how.startswith(WINDOWS):
        rows, _ = choose_window(project, table, current, columns)
        before = rows.iloc[_spread(len(rows))]
    else:
        before = _read(table, table.split.train, columns)
    return before, _read(table, table.split.holdout, columns) if now is None else now[columns]


def _read(table: TrainingTable, positions: "np.ndarray", columns: list[str]) -> "pd.DataFrame":
    return table.read_rows(positions[_spread(len(positions))], columns)


def _spread(rows: int) -> "np.ndarray":
    """The positions of so many rows, or of MOST_ROWS of them from the first to the last."""
    import numpy as np

    return np.arange(rows) if rows <= MOST_ROWS else np.linspace(0, rows - 1, MOST_ROWS).round().astype(int)
