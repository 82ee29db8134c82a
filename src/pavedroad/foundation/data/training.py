"""The training table, column by column: rows are kept apart before they are read, and nobody holds more than they use.

A stage that judges needs the held-out rows alone; one that trains needs the others. So the columns are read one after
another, and of each the wanted rows stay: in memory there is never more than what was asked for and one column.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pavedroad.errors import DataError
from pavedroad.foundation.data.profile import kind_of
from pavedroad.foundation.data.source import find_source
from pavedroad.foundation.data.split import HELD_FROM, Split, split_rows
from pavedroad.foundation.data.tables import Columns, load_reader
from pavedroad.foundation.project import Project
from pavedroad.foundation.text import join_some

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    See = Callable[[str, pd.Series], None]

MANY = 100
"""From so many columns on, pandas is much faster when columns of one type lie in one block."""


@dataclass(frozen=True)
class HeldTable:
    """A pandas table that is in memory already, as columns."""

    table: "pd.DataFrame"

    @property
    def names(self) -> list[str]:
        """Its columns, in their order."""
        return [str(name) for name in self.table.columns]

    @property
    def rows(self) -> int:
        """How many rows it has."""
        return len(self.table)

    def read(self, name: str) -> "pd.Series":
        """One whole column."""
        return self.table[name].reset_index(drop=True)


@dataclass(frozen=True)
class _Part:
    """One of the files, with the position in it of each row in the order of time; None: the order it has."""

    columns: Columns
    path: Path
    order: "np.ndarray | None" = None

    def read(self, name: str) -> "pd.Series":
        column = self.columns.read(name)
        return column if self.order is None else column.iloc[self.order].reset_index(drop=True)


@dataclass(frozen=True)
class TrainingTable:
    """The rows to train and to judge on, in the order of their times where there is a column of them.

    Where the config names a holdout file its rows follow those of the training table. Positions count from 0 in this
    order.
    """

    names: list[str]
    rows: int
    split: Split
    known: "pd.DataFrame"
    """The columns that say how rows are kept apart, of all rows: the target, the times, the groups."""
    parts: tuple[_Part, ...]

    def read_training(self, names: Sequence[str] | None = None, see: "See | None" = None) -> "pd.DataFrame":
        """The rows to train on, numbered from 0; see :meth:`read_rows`."""
        return self.read_rows(self.split.train, names, see)

    def read_holdout(self, names: Sequence[str] | None = None) -> "pd.DataFrame":
        """The rows to judge on, numbered from 0; see :meth:`read_rows`."""
        return self.read_rows(self.split.holdout, names)

    def read_rows(
        self, positions: "np.ndarray", names: Sequence[str] | None = None, see: "See | None" = None
    ) -> "pd.DataFrame":
        """Some of the rows, numbered from 0, as a table of its own that nobody else holds.

        Args:
            positions: which rows.
            names: which columns; None: all.
            see: is shown every whole column on the way, which it must neither change nor keep.

        Raises:
            DataError: a file is damaged, or a column of the holdout file is of another kind than in training.
        """
        import pandas as pd

        found = {}
        for name in self.names if names is None else names:
            column = self.read_column(name)
            if see is not None:
                see(name, column)
            found[name] = column.array.take(positions)
        table = pd.DataFrame(found, index=pd.RangeIndex(len(positions)), copy=False)
        return table if len(found) <= MANY else table.copy()

    def read_column(self, name: str) -> "pd.Series":
        """One column of all rows; nobody may change it.

        Raises:
            DataError: a file is damaged, or the column is of another kind in the holdout file than in training.
        """
        import pandas as pd

        if name in self.known:
            return self.known[name]
        column = self.parts[0].read(name)
        for part in self.parts[1:]:
            held = part.read(name)
            _require_same_kind(name, column, held, part.path)
            column = pd.concat([column, held], ignore_index=True)
        return column


def open_training_table(project: Project) -> TrainingTable:
    """Open the training table, with the holdout file where there is one, and decide which rows train.

    Only the target, the times and the groups are read.

    Raises:
        DataError: a table cannot be read, has no rows, or lacks the target, the time column, the group or a key; or
            too few rows are there to hold some out.
        ConfigError: the gap does not fit the time column.
    """
    data, objective = project.config.data, project.config.objective
    parts, known = _open(project)
    return TrainingTable(
        names=parts[0].columns.names,
        rows=len(known),
        split=split_rows(known, data, objective),
        known=known,
        parts=tuple(parts),
    )


def split_table(table: "pd.DataFrame", split: Split) -> TrainingTable:
    """The same over a pandas table that is in memory already and in order."""
    columns = HeldTable(table)
    return TrainingTable(columns.names, len(table), split, table.iloc[:, :0], (_Part(columns, Path("table")),))


def read_training_table(project: Project) -> "pd.DataFrame":
    """Read the training table in the order of its time column, when it has one, and check that its target is usable.

    The rows of ``data.holdout_file`` follow those of the training table; ``split_rows`` knows where they begin. Who
    needs only some of the rows opens the table with :func:`open_training_table`.

    Raises:
        DataError: the table cannot be read, has no rows, or lacks the target, the time column, the group or a key.
    """
    import numpy as np

    parts, known = _open(project)
    table = TrainingTable(
        names=parts[0].columns.names,
        rows=len(known),
        split=Split(train=np.arange(len(known)), holdout=np.arange(0), how="none"),
        known=known,
        parts=tuple(parts),
    )
    whole = table.read_training()
    whole.attrs.update(known.attrs)
    return whole


def _open(project: Project) -> "tuple[list[_Part], pd.DataFrame]":
    """The files in their order, and the columns that say how rows are kept apart."""
    import pandas as pd

    data = project.config.data
    part, known = _open_usable(project, data.train)
    if not data.holdout_file:
        if len(known) == 1:
            raise DataError("The table has one row only, so there is nothing to hold out.", where=part.path)
        return [part], known
    held, held_known = _open_usable(project, data.holdout_file)
    if set(held.columns.names) != set(part.columns.names):
        odd = sorted(set(held.columns.names) ^ set(part.columns.names))
        raise DataError(
            f"The holdout file has other columns than the training table; only one of them has {odd[0]!r}.",
            where=held.path,
        )
    for name in known.columns:
        _require_same_kind(name, known[name], held_known[name], held.path)
    whole = pd.concat([known, held_known], ignore_index=True)
    whole.attrs[HELD_FROM] = len(known)
    return [part, held], whole


def _open_usable(project: Project, relative: str) -> "tuple[_Part, pd.DataFrame]":
    import pandas as pd

    data, objective = project.config.data, project.config.objective
    path = project.root / relative
    columns = load_reader().open_columns(find_source(path))
    if columns.rows == 0:
        raise DataError("The table has a header but no rows.", where=path)
    keys = (("key", key) for key in data.keys)
    for role, column in (("target", objective.target), ("time", data.time), ("group", data.group), *keys):
        if column and column not in columns.names:
            raise DataError(
                f"The {role} column {column!r} is not in the table.",
                where=path,
                next_step=f"Columns here: {join_some(columns.names, 20)}.",
            )
    named = dict.fromkeys(name for name in (objective.target, data.time, data.group) if name)
    known = pd.DataFrame({name: columns.read(name) for name in named})
    _require_usable_target(known[objective.target], path, training=relative == data.train)
    order = _find_order(known[data.time], path) if data.time else None
    if order is not None:
        known = known.iloc[order].reset_index(drop=True)
    return _Part(columns, path, order), known


def _require_same_kind(name: str, training: "pd.Series", held: "pd.Series", path: Path) -> None:
    if kind_of(training) != kind_of(held) and held.notna().any() and training.notna().any():
        raise DataError(
            f"{name!r} holds {kind_of(held)} values here and {kind_of(training)} values in training.", where=path
        )


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
    if training and len(target) > 1 and (target == target.iloc[0]).all():
        raise DataError(f"The target {target.name!r} has the same value in every row.", where=path)


def _find_order(times: "pd.Series", path: Path) -> "np.ndarray | None":
    """The positions of the rows in the order of time, equal times as they lie; None when they are in it already."""
    if times.isna().any():
        raise DataError(f"The time column {times.name!r} has empty cells, so rows cannot be ordered.", where=path)
    if kind_of(times) not in {"time", "number"}:
        raise DataError(
            f"The time column {times.name!r} holds text, whose alphabetical order need not be that of time.",
            where=path,
            next_step="Write times like 2015-12-31 or 2015-12-31 18:00:00, or as numbers.",
        )
    return None if times.is_monotonic_increasing else times.argsort(kind="stable").to_numpy()
