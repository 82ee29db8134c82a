"""Polars behind ``foundation.usercode.frames``."""

import pandas as pd
import polars as pl


def from_table(table: pd.DataFrame) -> pl.DataFrame:
    """The table as a Polars frame."""
    return pl.from_pandas(table.reset_index(drop=True))


def from_column(column: pd.Series) -> pl.Series:
    """The column as a Polars series."""
    return pl.from_pandas(column.reset_index(drop=True))


def to_table(frame: pl.DataFrame | pl.LazyFrame) -> pd.DataFrame:
    """A Polars frame, collected when it is lazy, as a pandas table."""
    whole = frame.collect() if isinstance(frame, pl.LazyFrame) else frame
    table: pd.DataFrame = whole.to_pandas()
    return table


def is_frame(made: object) -> bool:
    """Whether this is a frame, lazy or not."""
    return isinstance(made, pl.DataFrame | pl.LazyFrame)
