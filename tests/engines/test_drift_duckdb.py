"""Counting tables by DuckDB: the same counts as by NumPy, whatever the values, and the same cells on both sides."""

import numpy as np
import pandas as pd
import pytest

from pavedroad.foundation.data.source import find_source
from pavedroad.foundation.drift.grid import choose_grid, count_values, find_cells
from pavedroad.foundation.drift.reference import (
    bucket_of,
    choose_cells,
    hold_frame,
    measure,
    read_reference,
    write_reference,
)
from pavedroad.foundation.drift.samples import draw_sample

RNG = np.random.default_rng(11)
MANY, FEW = 40_000, 6_000
SHAPES = {
    "normal": lambda n: RNG.normal(size=n),
    "far from zero": lambda n: 1.7e15 + RNG.normal(size=n),
    "tiny": lambda n: RNG.normal(size=n) * 1e-250,
    "huge": lambda n: RNG.normal(size=n) * 1e300,
    "both": lambda n: RNG.choice([-1, 1], n) * np.exp(RNG.normal(0, 300, n)),
    "mostly zero": lambda n: np.where(RNG.uniform(size=n) < 0.8, 0.0, RNG.exponential(size=n)),
    "with gaps": lambda n: np.where(RNG.uniform(size=n) < 0.5, np.nan, RNG.normal(size=n)),
}


def count_by_numpy(sketch, values):
    distinct, counts = np.unique(values[np.isfinite(values)], return_counts=True)
    return count_values(sketch.grid, distinct, counts).tolist()


@pytest.mark.parametrize("rows", [MANY, FEW])
@pytest.mark.parametrize("make", SHAPES.values(), ids=SHAPES)
def test_every_value_is_counted_in_the_cell_that_the_arithmetic_says(make, rows):
    values = make(rows)
    column = measure(hold_frame(pd.DataFrame({"x": values})), "x").columns[0]
    if column.grid is None:
        assert dict(zip(column.values, column.counts, strict=True)) == dict(
            zip(*(part.tolist() for part in np.unique(values[np.isfinite(values)], return_counts=True)), strict=True)
        )
    else:
        assert column.counts == count_by_numpy(column, values)
    present = values[np.isfinite(values)]
    assert (column.rows, column.nulls) == (rows, int(np.isnan(values).sum()))
    assert (column.low, column.high) == (present.min(), present.max())
    if np.abs(present).max() < 1e150:
        assert column.std == pytest.approx(present.std(), rel=2e-3)


@pytest.mark.parametrize("rows", [MANY, FEW])
def test_infinite_and_far_values_are_counted_apart_from_missing_ones(rows):
    values = RNG.normal(size=rows)
    values[:10], values[10:15], values[15:18], values[20:22] = np.nan, np.inf, -np.inf, [1.7e308, -1.7e308]
    before = measure(hold_frame(pd.DataFrame({"x": RNG.normal(size=rows)})), "before")
    column = measure(hold_frame(pd.DataFrame({"x": values})), "now", like=before).columns[0]
    assert (column.nulls, column.infinite, sum(column.counts)) == (10, 8, rows - 18)
    assert column.counts == count_by_numpy(column, values)
    assert (column.low, column.high) == (-1.7e308, 1.7e308)


def test_the_current_table_is_counted_in_the_cells_of_the_reference():
    before = measure(hold_frame(pd.DataFrame({"x": RNG.normal(size=MANY)})), "before")
    now = measure(hold_frame(pd.DataFrame({"x": RNG.normal(5, 3, size=50)})), "now", like=before)
    assert now.columns[0].grid == before.columns[0].grid
    alone = measure(hold_frame(pd.DataFrame({"x": RNG.normal(5, 3, size=50)})), "now")
    assert alone.columns[0].grid is None


def test_a_crowded_column_is_counted_between_edges_of_its_own():
    values = np.concatenate([RNG.normal(0, 1e-9, MANY // 2), RNG.normal(0, 1e9, MANY // 2)])
    column = measure(hold_frame(pd.DataFrame({"x": values})), "x").columns[0]
    assert column.grid.edges
    assert max(column.counts) < 0.02 * MANY
    assert column.counts == count_by_numpy(column, values)


def test_values_that_stand_there_again_and_again_are_counted_apart():
    grid = choose_grid(*np.unique(SHAPES["mostly zero"](MANY), return_counts=True))
    assert grid.atoms == [0.0]
    assert find_cells(grid, np.array([0.0, 1e-300])).tolist() == [grid.cells, find_cells(grid, np.array([1e-300]))[0]]


def test_the_buckets_of_names_are_duckdbs():
    names = [f"é{number}" for number in range(3000)]
    column = measure(hold_frame(pd.DataFrame({"x": names})), "x").columns[0]
    expected = np.bincount([bucket_of(name) for name in names], minlength=256)
    assert column.buckets == expected.tolist()
    assert column.distinct == 3000


def test_a_table_in_parts_is_counted_as_one(tmp_path):
    whole = pd.DataFrame({"x": RNG.normal(size=60_000), "word": RNG.choice(list("abc"), 60_000)})
    for part in range(3):
        whole.iloc[part * 20_000 : (part + 1) * 20_000].to_parquet(tmp_path / f"part{part}.parquet")
    found = measure(find_source(tmp_path), "parts").columns
    assert found[0].counts == count_by_numpy(found[0], whole["x"].to_numpy())
    assert found[1].categories == whole["word"].value_counts().to_dict()


def test_a_profile_survives_being_kept(tmp_path):
    table = pd.DataFrame({name: make(FEW) for name, make in SHAPES.items()}).assign(word="a", flag=True)
    table["at"] = pd.date_range("2020-01-01", periods=FEW, freq="h", tz="UTC")
    reference = measure(hold_frame(table), "rows")
    write_reference(tmp_path / "reference.json", reference)
    assert read_reference(tmp_path / "reference.json") == reference
    assert (tmp_path / "reference.json").stat().st_size < 60_000 * len(reference.columns)


def test_a_sample_made_of_counts_has_the_distribution_of_the_rows():
    values = RNG.lognormal(size=MANY)
    column = measure(hold_frame(pd.DataFrame({"x": values})), "x").columns[0]
    made = np.array(draw_sample(column, 10_000))
    assert made.size == 10_000
    assert np.quantile(made, [0.05, 0.5, 0.95]) == pytest.approx(np.quantile(values, [0.05, 0.5, 0.95]), rel=0.01)


@pytest.mark.parametrize(("columns", "cells"), [(1, 2048), (20, 2048), (1000, 256), (5000, 64), (100_000, 64)])
def test_wide_tables_are_kept_in_fewer_counts(columns, cells):
    assert choose_cells(columns) == cells
