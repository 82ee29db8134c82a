"""Counting tables by DuckDB: the same counts as by NumPy, whatever the values, and the same cells on both sides."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pavedroad.engines.duckdb import sketch
from pavedroad.engines.duckdb import table as duckdb_table
from pavedroad.foundation.data.source import find_source
from pavedroad.foundation.drift.counts import CellCounts, count_held, lie_at_ends
from pavedroad.foundation.drift.grid import Grid, choose_grid, count_values, find_cells
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
    "both": lambda n: RNG.choice([-1, 1], n) * np.exp(RNG.normal(0, 300, n).clip(-709, 709)),
    "with infinities": lambda n: RNG.choice([-np.inf, -1.5, 0.0, 1e300, np.inf], n) * RNG.uniform(0.5, 1.5, n),
    "mostly zero": lambda n: np.where(RNG.uniform(size=n) < 0.8, 0.0, RNG.exponential(size=n)),
    "with gaps": lambda n: np.where(RNG.uniform(size=n) < 0.5, np.nan, RNG.normal(size=n)),
}


def count_by_numpy(sketch, values):
    distinct, counts = np.unique(values[np.isfinite(values)], return_counts=True)
    return count_values(sketch.grid, distinct, counts).tolist()


def keep_in_memory(table, _):
    return hold_frame(table)


def keep_in_file(table, folder):
    path = folder / f"{len(list(folder.iterdir()))}.parquet"
    table.to_parquet(path)
    return find_source(path)


@pytest.mark.parametrize("keep", [keep_in_memory, keep_in_file])
@pytest.mark.parametrize("rows", [MANY, FEW])
@pytest.mark.parametrize("make", SHAPES.values(), ids=SHAPES)
def test_every_value_is_counted_in_the_cell_that_the_arithmetic_says(make, rows, keep, tmp_path):
    values = make(rows)
    column = measure(keep(pd.DataFrame({"x": values}), tmp_path), "x").columns[0]
    if column.grid is None:
        assert dict(zip(column.values, column.counts, strict=True)) == dict(
            zip(*(part.tolist() for part in np.unique(values[np.isfinite(values)], return_counts=True)), strict=True)
        )
    else:
        assert column.counts == count_by_numpy(column, values)
    present = values[np.isfinite(values)]
    assert (column.rows, column.nulls) == (rows, int(np.isnan(values).sum()))
    assert column.infinite == int(np.isinf(values).sum())
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


def test_a_table_in_memory_is_counted_as_the_same_table_in_a_file(tmp_path):
    table = pd.DataFrame({name: make(MANY) for name, make in SHAPES.items()})
    table["whole"] = RNG.integers(-(2**62), 2**62, MANY)
    table["short"] = RNG.integers(-30_000, 30_000, MANY).astype("int32")
    table["narrow"] = RNG.normal(size=MANY).astype("float32")
    table["whole with gaps"] = table["whole"].astype("Int64").mask(RNG.uniform(size=MANY) < 0.1)
    counted = measure(hold_frame(table), "x")
    assert {column.name for column in counted.columns if column.grid and not column.grid.edges} > {"whole", "narrow"}
    assert counted == measure(keep_in_file(table, tmp_path), "x")


def test_numbers_in_memory_are_left_to_the_engine_when_some_are_infinite_or_add_up_to_more_than_a_float():
    values, grid = np.linspace(-3.0, 3.0, 50_000), Grid(cells=8, atoms=[0.0])
    counted = count_held(grid, values)
    assert (counted.rows.sum(), counted.low, counted.high) == (50_000, -3.0, 3.0)
    for place in (0, 49_999):
        assert count_held(grid, np.where(np.arange(50_000) == place, -np.inf, values)) is None
    assert count_held(grid, np.full(50_000, 1.7e308)) is None
    assert count_held(grid, values[:0]).rows.size == 0


SPOILS = {
    "finite": {},
    "with gaps": {3: None, 30_000: None},
    "with NaNs": {3: np.nan, 30_000: np.nan},
    "with infinities": {3: np.inf, 5: -np.inf, 7: None},
    "with far values": {3: 1.7e308, 5: -1.7e308},
}


@pytest.mark.parametrize("spoils", SPOILS.values(), ids=SPOILS)
@pytest.mark.parametrize("shape", ["normal", "mostly zero", "with gaps"])
def test_a_file_is_counted_as_its_values_are_whatever_its_statistics_say(spoils, shape, tmp_path, monkeypatch):
    values = SHAPES[shape](MANY)
    before = measure(hold_frame(pd.DataFrame({"x": values})), "before")
    now = SHAPES[shape](MANY) * 1.01
    whole = pa.array([spoils.get(row, value) for row, value in enumerate(now)], pa.float64())
    pq.write_table(pa.table({"x": whole}), tmp_path / "now.parquet")
    monkeypatch.setattr(sketch, "HELD", 0)  # else so small a table would be held in memory
    column = measure(find_source(tmp_path / "now.parquet"), "now", like=before).columns[0]
    seen = whole.to_numpy(zero_copy_only=False)
    present = seen[np.isfinite(seen)]
    assert column.grid == before.columns[0].grid
    assert column.counts == count_by_numpy(column, seen)
    assert (column.nulls, column.infinite) == (int(np.isnan(seen).sum()), int(np.isinf(seen).sum()))
    assert (column.low, column.high) == (present.min(), present.max())
    if spoils != SPOILS["with far values"]:
        assert column.std == pytest.approx(present.std(), rel=2e-3)
        assert column.mean == pytest.approx(present.mean(), abs=1e-6 * present.std())


def test_ends_that_contradict_the_rows_are_not_believed():
    grid = Grid(cells=8, atoms=[0.0])
    cells = find_cells(grid, np.array([-1.5, 0.5, 1.5]))
    true = CellCounts(cells, np.ones(3, dtype="int64"), np.array([-1.5, 0.5, 1.5]), low=-1.5, high=1.5)
    assert lie_at_ends(grid, true)
    assert not lie_at_ends(grid, replace(true, low=-30.0))
    assert not lie_at_ends(grid, replace(true, high=0.5))
    heap = CellCounts(np.array([8]), np.array([5]), np.array([0.0]), low=0.0, high=0.0)
    assert lie_at_ends(grid, heap)
    assert not lie_at_ends(grid, replace(heap, high=2.0))


def test_a_large_column_of_another_kind_than_before_is_counted_as_what_it_is():
    before = measure(hold_frame(pd.DataFrame({"x": RNG.normal(size=MANY), "y": [f"y{n}" for n in range(MANY)]})), "was")
    now = measure(hold_frame(pd.DataFrame({"x": ["a"] * MANY, "y": RNG.normal(size=MANY)})), "now", like=before)
    assert now.columns[0].categories == {"a": MANY}
    assert sum(now.columns[1].counts) == MANY


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


@pytest.mark.parametrize("held", [0, sketch.HELD])
def test_a_large_wide_table_is_counted_like_a_narrow_one(tmp_path, monkeypatch, held):
    table = pd.DataFrame({f"x{number}": RNG.normal(size=MANY) for number in range(5)}).assign(word="a")
    table["at"] = pd.date_range("2020-01-01", periods=MANY, freq="h")
    table.to_parquet(tmp_path / "t.parquet")
    monkeypatch.setattr(sketch, "HELD", held)
    narrow = measure(find_source(tmp_path / "t.parquet"), "rows")
    again = measure(find_source(tmp_path / "t.parquet"), "rows", like=narrow)
    monkeypatch.setattr(duckdb_table, "WIDE", 3)
    monkeypatch.setattr(duckdb_table, "STREAM_FROM", 10)
    assert measure(find_source(tmp_path / "t.parquet"), "rows") == narrow
    assert measure(find_source(tmp_path / "t.parquet"), "rows", like=narrow) == again


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
