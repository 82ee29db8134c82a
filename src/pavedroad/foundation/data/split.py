"""Keeping rows apart: those that train, and those that only judge."""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pavedroad.errors import ConfigError, DataError
from pavedroad.foundation.data.profile import kind_of
from pavedroad.settings import Data, Objective

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

HELD_FROM = "pavedroad.held_from"
"""The attribute of a training table that says from which row on it is the holdout file's."""

MIN_PER_CLASS = 2
"""A stratified split needs at least this many rows of every class."""

_SECONDS = {"d": 86_400, "h": 3_600, "min": 60, "s": 1}


@dataclass(frozen=True)
class Split:
    """Row positions (0-based, in the table's order after sorting by time) for training and for judging.

    What lies in the gap of a split by time is in neither.
    """

    train: "np.ndarray"
    holdout: "np.ndarray"
    how: str


def split_rows(table: "pd.DataFrame", data: Data, objective: Objective) -> Split:
    """Split a table's rows, the same way every time.

    ``time`` holds out the last rows, those of one moment together, after a gap where one is set; ``group`` holds out
    whole groups; ``stratified`` keeps the share of each class; ``random`` shuffles. ``auto`` is ``group`` when the data
    names a group, ``time`` when it has a time column, ``stratified`` for classes that are common enough, else
    ``random``. A holdout file is the holdout, whatever else is set.

    Raises:
        DataError: too few rows to hold any out, or none left to train on.
        ConfigError: the gap does not fit the time column.
    """
    import numpy as np

    rows = len(table)
    if HELD_FROM in table.attrs:
        first = int(table.attrs[HELD_FROM])
        return Split(train=np.arange(first), holdout=np.arange(first, rows), how="file")
    held = round(rows * data.holdout)
    if held < 1 or rows - held < 1:
        raise DataError(
            f"{rows} rows cannot be split into training and holdout.", where=data.train, next_step="Add rows."
        )
    how = _choose(table, data, objective)
    if how == "time":
        return _split_by_time(table, data, rows - held)
    rng = np.random.default_rng(data.seed)
    if how == "random":
        order = rng.permutation(rows)
        return Split(train=np.sort(order[held:]), holdout=np.sort(order[:held]), how=how)
    if how == "group":
        return _split_by_group(table, data, held, rng)
    chosen = []
    for positions in table.groupby(objective.target, sort=True, observed=True).indices.values():
        count = min(max(1, round(len(positions) * data.holdout)), len(positions) - 1)
        chosen.append(rng.permutation(positions)[:count])
    holdout = np.sort(np.concatenate(chosen))
    return Split(train=np.setdiff1d(np.arange(rows), holdout), holdout=holdout, how=how)


def _choose(table: "pd.DataFrame", data: Data, objective: Objective) -> str:
    if data.split != "auto":
        return data.split
    if data.group:
        return "group"
    if data.time:
        return "time"
    common = objective.problem != "regression" and int(table[objective.target].value_counts().min()) >= MIN_PER_CLASS
    return "stratified" if common else "random"


def _split_by_time(table: "pd.DataFrame", data: Data, first: int) -> Split:
    """Hold out the moment of position ``first`` and all after it; training ends where the gap before it begins."""
    import numpy as np
    import pandas as pd

    times = table[data.time]
    first = int((times < times.iloc[first]).sum())  # rows of one moment know of each other, so they stay together
    if first < 1:
        raise DataError(
            f"No row is earlier in {data.time!r} than those held out, so none is left to train on.",
            where=data.train,
            next_step="Make the holdout smaller, or name a time column that tells more moments apart.",
        )
    last = first
    if isinstance(data.gap, int):
        last = first - data.gap
    else:
        found = re.fullmatch(r"(\d+) ?([a-z]+)", data.gap)
        if found is None or kind_of(times) != "time":
            raise ConfigError(
                f"data.gap is {data.gap!r}, but the time column {data.time!r} holds no dates or times.",
                where="pavedroad.toml",
                next_step="Give the gap as a number of rows.",
            )
        begins = times.iloc[first] - pd.Timedelta(seconds=int(found[1]) * _SECONDS[found[2]])
        last = min(first, int((times < begins).sum()))
    if last < 1:
        raise DataError(
            f"With a gap of {data.gap} no row is left to train on.",
            where=data.train,
            next_step="Make the gap or the holdout smaller.",
        )
    return Split(train=np.arange(last), holdout=np.arange(first, len(table)), how="time")


def _split_by_group(table: "pd.DataFrame", data: Data, held: int, rng: "np.random.Generator") -> Split:
    """Hold out groups, drawn at random, until as many rows are held as come closest to what was asked for."""
    import numpy as np

    column = table[data.group]
    if column.isna().any():
        raise DataError(
            f"The group column {data.group!r} has empty cells, so nobody knows on which side those rows belong.",
            where=data.train,
        )
    names, codes = np.unique(column.to_numpy(), return_inverse=True)
    if len(names) < 2:
        raise DataError(f"The group column {data.group!r} holds one group only.", where=data.train)
    order = rng.permutation(len(names))
    reached = np.cumsum(np.bincount(codes)[order])
    count = min(int(np.argmin(np.abs(reached - held))) + 1, len(names) - 1)
    inside = np.isin(codes, order[:count])
    return Split(train=np.flatnonzero(~inside), holdout=np.flatnonzero(inside), how="group")
