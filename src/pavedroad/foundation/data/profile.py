"""What a table looks like, column by column: small enough to keep beside a model, rich enough to judge new data by."""

from typing import TYPE_CHECKING, Literal

import msgspec

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

Kind = Literal["number", "boolean", "time", "category"]

QUANTILES = 101
"""A numeric column is kept as its 0 %, 1 %, … 100 % quantiles."""
MAX_CATEGORIES = 50
"""At most this many categories are kept, the most frequent first."""
HUGE = 1e150
"""Beyond, the square of a value is close to what a float can hold, or more."""


class ColumnProfile(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """One column: its kind, its gaps and the shape of its values."""

    name: str
    kind: Kind
    dtype: str
    rows: int
    nulls: int
    not_finite: int = 0
    distinct: int = 0
    mean: float | None = None
    std: float | None = None
    """Standard deviation (n − 1); None where it is greater than any float."""
    quantiles: list[float] = []
    categories: dict[str, int] = {}
    earliest: str | None = None
    latest: str | None = None


class Profile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A table's columns, in its own order."""

    rows: int
    columns: list[ColumnProfile]


def kind_of(column: "pd.Series") -> Kind:
    """Tell what kind of values a column holds, from its type."""
    from pandas.api import types

    if types.is_bool_dtype(column.dtype):
        return "boolean"
    if types.is_object_dtype(column.dtype) and types.infer_dtype(column, skipna=True) == "boolean":
        return "boolean"  # with an empty cell among them, yes and no are kept as objects
    if types.is_numeric_dtype(column.dtype):
        return "number"
    if types.is_datetime64_any_dtype(column.dtype):
        return "time"
    return "category"


def hold_same(one: "pd.Series", other: "pd.Series") -> bool:
    """Whether two columns hold the same values row by row; numbers may differ in their last digits."""
    import numpy as np

    if kind_of(one) == "number" and kind_of(other) == "number":
        left, right = (side.to_numpy(dtype="float64", na_value=np.nan) for side in (one, other))
        return bool(np.allclose(left, right, rtol=1e-9, atol=1e-12, equal_nan=True))
    objects = [side.astype(object).where(side.notna(), None).tolist() for side in (one, other)]
    return bool(objects[0] == objects[1])


def finite_values(column: "pd.Series") -> "np.ndarray":
    """The finite numbers of a numeric column, as 64-bit floats; perhaps the column's own, so not to be changed."""
    import numpy as np

    values = column.to_numpy(dtype="float64", na_value=np.nan)
    finite = np.isfinite(values)
    chosen: np.ndarray = values if finite.all() else values[finite]
    return chosen


def profile_table(table: "pd.DataFrame") -> Profile:
    """Profile every column of a table."""
    return Profile(rows=len(table), columns=[profile_column(table[name]) for name in table.columns])


def profile_column(column: "pd.Series") -> ColumnProfile:
    """Profile one column. Numbers that are not finite are counted and then left out of every statistic."""
    import numpy as np

    kind = kind_of(column)
    name, dtype, rows, nulls = str(column.name), str(column.dtype), len(column), int(column.isna().sum())
    if kind == "number":
        values = finite_values(column)
        if values.size == 0:
            return ColumnProfile(name=name, kind=kind, dtype=dtype, rows=rows, nulls=nulls, not_finite=rows - nulls)
        # Squares, sums and differences of huge values overflow; those of values divided by a power of two do not.
        huge = float(np.abs(values).max()) > HUGE
        scale, step = (2.0**1000, 4.0) if huge else (1.0, 1.0)
        ordered = np.sort(values)
        spread = float((values / scale).std(ddof=1)) * scale if values.size > 1 else 0.0
        return ColumnProfile(
            name=name,
            kind=kind,
            dtype=dtype,
            rows=rows,
            nulls=nulls,
            not_finite=rows - nulls - int(values.size),
            distinct=1 + int(np.count_nonzero(ordered[1:] != ordered[:-1])),
            mean=float((values / scale).mean()) * scale,
            std=spread if np.isfinite(spread) else None,
            quantiles=[float(q) * step for q in read_quantiles(ordered / step, np.linspace(0, 1, QUANTILES))],
        )
    present = column.dropna()
    if kind == "time":
        empty = present.empty
        return ColumnProfile(
            name=name,
            kind=kind,
            dtype=dtype,
            rows=rows,
            nulls=nulls,
            distinct=int(present.nunique()),
            earliest=None if empty else str(present.min()),
            latest=None if empty else str(present.max()),
        )
    counts = count_categories(present)
    return ColumnProfile(
        name=name,
        kind=kind,
        dtype=dtype,
        rows=rows,
        nulls=nulls,
        distinct=len(counts),
        categories=dict(list(counts.items())[:MAX_CATEGORIES]),
    )


def read_quantiles(ordered: "np.ndarray", levels: "np.ndarray") -> "np.ndarray":
    """The quantiles of values in ascending order, interpolated as NumPy does, which would partition them once more."""
    import numpy as np

    places = levels * (len(ordered) - 1)
    below = np.floor(places).astype(int)
    low, high = ordered[below], ordered[np.minimum(below + 1, len(ordered) - 1)]
    share, width = places - below, high - low
    found: np.ndarray = np.where(share >= 0.5, high - width * (1 - share), low + width * share)
    return found


def count_categories(column: "pd.Series") -> dict[str, int]:
    """How often each value stands in a column, most frequent first, ties in alphabetical order."""
    counts = column.dropna().astype(str).value_counts()
    return dict(sorted(((str(k), int(v)) for k, v in counts.items()), key=lambda item: (-item[1], item[0])))
