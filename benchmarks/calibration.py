"""How often a drift check cries wolf: whole runs on data that did not drift, beside Evidently's defaults; its power.

Each run draws two tables of 20 columns from one distribution and judges them as the stage does, the current one counted
in the reference's cells. The first run of each kind and size is counted by DuckDB; the others by a few lines of NumPy
that must find the very same counts in the first, which saves an hour. At 1,000,000 rows a side the counts themselves
are drawn, from the exact distribution of counts that such rows have (multinomial over the cells); the table says so.
Seeds are fixed.

`python benchmarks/calibration.py` runs all of it, in some twenty minutes. `python benchmarks/calibration.py 500/500
mixed` runs one cell of the table, and `… 500/500 40` one size with so many runs. Each cell has a seed of its own, so
it is the same alone as among all. Figures are printed; those of full runs go to `docs/drift-calibration.json`, which
`docs/drift-calibration.svg` is drawn from.
"""

import json
import math
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from _timing import judge, leave

from pavedroad.config import default_settings
from pavedroad.engines.duckdb.sketch import SAMPLE, SLICES
from pavedroad.foundation.drift.detection import find_drift
from pavedroad.foundation.drift.grid import CELLS, choose_grid, count_values, find_edges
from pavedroad.foundation.drift.reference import ColumnSketch, Reference, hold_frame, measure
from pavedroad.foundation.engines import load_engine
from pavedroad.settings import Drift

OUT = Path(__file__).parents[1] / "docs" / "drift-calibration.json"
PICTURE = OUT.with_suffix(".svg")
RUNS, VENDOR_RUNS, COLUMNS = 400, 20, 20
SIZES = [(500, 500), (5000, 200), (5000, 50), (50_000, 5000), (1_000_000, 1_000_000)]
DRAWN = 1_000_000
"""From so many rows on, counts are drawn and not rows."""
SETTINGS = Drift(**default_settings()["drift"])
NOMINAL, BOUND = 0.05, 0.08


def numeric(rng, rows):
    return rng.normal(size=rows)


def heavy(rng, rows):
    return rng.standard_t(2, size=rows)


def zeros(rng, rows):
    return np.where(rng.uniform(size=rows) < 0.7, 0.0, rng.exponential(size=rows))


FIVE = [0.5, 0.3, 0.15, 0.04, 0.01]


def five(rng, rows):
    return np.array(list("abcde"), dtype=object)[rng.choice(5, rows, p=FIVE)]


LEVELS = np.array([f"c{number}" for number in range(50)], dtype=object)


def fifty(rng, rows):
    return LEVELS[rng.integers(50, size=rows)]


def gaps(rng, rows):
    return np.where(rng.uniform(size=rows) < 0.1, np.nan, rng.normal(size=rows))


KINDS = {
    "numeric": [numeric],
    "5 levels": [five],
    "50 levels": [fifty],
    "mixed": [numeric, five, fifty, zeros],
    "heavy-tailed": [heavy],
    "zero-inflated": [zeros],
    "with nulls": [gaps],
}
VENDOR_KINDS = ("numeric", "5 levels", "50 levels", "mixed")


def draw(rng, kind, rows, shift=0.0):
    """A table of 20 columns; the first is moved by ``shift``."""
    makers = KINDS[kind]
    table = {f"x{number}": makers[number % len(makers)](rng, rows) for number in range(COLUMNS)}
    if shift:
        table["x0"] = table["x0"] + shift
    return pd.DataFrame(table)


def judge_run(before, now):
    """Whether any column of a run is significant, and whether any has drifted by the default settings."""
    findings = find_drift(before, now, [column.name for column in before.columns], SETTINGS)
    significant = any(found.adjusted_p is not None and found.adjusted_p <= NOMINAL for found in findings)
    return significant, any(found.drifted or found.problem for found in findings), findings


def measure_level(kind, sizes, runs):
    rng = np.random.default_rng([sum(map(ord, kind)), *sizes])
    make = _draw_counts if sizes[0] >= DRAWN else _count_rows
    kept = None
    significant = material = 0
    for _ in range(runs):
        before, now, kept = make(rng, kind, sizes, kept)
        first, second, _ = judge_run(before, now)
        significant, material = significant + first, material + second
    return significant, material


def _count_rows(rng, kind, sizes, checked):
    tables = [draw(rng, kind, rows) for rows in sizes]
    before = count_table(tables[0], None)
    now = count_table(tables[1], before)
    if checked is None:
        first = measure(hold_frame(tables[0]), "drawn")
        assert [_read_counts(before), _read_counts(now)] == [
            _read_counts(first),
            _read_counts(measure(hold_frame(tables[1]), "drawn", like=first)),
        ], "NumPy and DuckDB count differently"
    return before, now, True


def _read_counts(table):
    return [(c.name, c.kind, c.rows, c.nulls, c.values, c.counts, c.grid, c.categories) for c in table.columns]


def count_table(table, like):
    """What DuckDB would count of a small table without infinite values, by NumPy."""
    known = {} if like is None else {column.name: column for column in like.columns}
    columns = [count_column(name, table[name].to_numpy(), known.get(name)) for name in table]
    return Reference(rows=len(table), about="drawn", columns=columns)


def count_column(name, values, like):
    if values.dtype == object:
        named, counts = np.unique(values.astype("U8"), return_counts=True)
        order = np.lexsort((named, -counts))
        categories = {str(named[i]): int(counts[i]) for i in order}
        return ColumnSketch(
            name=name, kind="category", rows=len(values), categories=categories, distinct=len(categories)
        )
    known = values[~np.isnan(values)]
    about = {
        "name": name,
        "kind": "number",
        "rows": len(values),
        "nulls": len(values) - known.size,
        "low": float(known.min()),
        "high": float(known.max()),
        "mean": float(known.mean()),
        "std": float(known.std()),
    }
    distinct, counts = np.unique(known, return_counts=True)
    grid = None if like is None else like.grid
    if grid is None:
        if distinct.size <= CELLS:
            return ColumnSketch(**about, values=distinct.tolist(), counts=counts.tolist())
        sample = values if len(values) <= SAMPLE else np.concatenate([values[part] for part in _slice(len(values))])
        grid = choose_grid(*np.unique(sample[~np.isnan(sample)], return_counts=True))
    return ColumnSketch(**about, grid=grid, counts=count_values(grid, distinct, counts).tolist())


def _slice(rows):
    each = SAMPLE // SLICES
    starts = [number * (rows - each) // (SLICES - 1) for number in range(SLICES)]
    return [slice(start, start + each) for start in starts]


def _draw_counts(rng, kind, sizes, cells):
    """Two tables in counts, as DuckDB would have counted rows of the kind's distribution.

    The chance of each cell follows from the distribution function at its bounds; given the cells, the counts of
    independent rows are multinomial, so no row needs to be drawn.
    """
    cells = cells or [_find_chances(maker) for maker in KINDS[kind]]
    sides = []
    for rows in sizes:
        columns = [_draw_column(rng, f"x{number}", rows, *cells[number % len(cells)]) for number in range(COLUMNS)]
        sides.append(Reference(rows=rows, about="drawn", columns=columns))
    return *sides, cells


def _find_chances(maker):
    sample = maker(np.random.default_rng(99), 20_000)
    if sample.dtype == object:
        names = np.unique(sample)
        return list(names), np.array(FIVE if maker is five else [0.02] * 50), 0.0
    grid = choose_grid(*np.unique(sample[np.isfinite(sample)], return_counts=True))
    edges = find_edges(grid, -math.inf, math.inf)
    chances = np.diff(CDFS[maker](edges))
    atoms = np.array([0.7] if grid.atoms else [])
    if atoms.size:  # what lies at zero itself is counted apart
        chances *= 0.3
    return grid, np.concatenate([chances, atoms]), 0.1 if maker is gaps else 0.0


def _normal_cdf(x):
    return 0.5 * (1 + np.vectorize(math.erf)(np.clip(x, -40, 40) / math.sqrt(2)))


def _student_cdf(x):
    with np.errstate(invalid="ignore"):
        found = 0.5 + x / (2 * np.sqrt(2) * np.sqrt(1 + x * x / 2))
    return np.where(np.isfinite(x), found, x > 0)


CDFS = {
    numeric: _normal_cdf,
    gaps: _normal_cdf,
    heavy: _student_cdf,
    zeros: lambda x: np.where(x > 0, 1 - np.exp(-np.clip(x, 0, 700)), 0.0),
}


def _draw_column(rng, name, rows, cells, chances, missing):
    nulls = int(rng.binomial(rows, missing)) if missing else 0
    counts = rng.multinomial(rows - nulls, chances / chances.sum())
    if isinstance(cells, list):
        named = {cell: int(count) for cell, count in zip(cells, counts, strict=True) if count}
        return ColumnSketch(name=name, kind="category", rows=rows, categories=named, distinct=len(named))
    low, high = -50.0, 50.0
    return ColumnSketch(
        name=name,
        kind="number",
        rows=rows,
        nulls=nulls,
        grid=cells,
        counts=counts.tolist(),
        low=low,
        high=high,
        mean=0.0,
        std=1.0,
    )


def measure_power(runs):
    """How often a shift of half a standard deviation in one of 20 columns is found at 500/500."""
    rng = np.random.default_rng(3)
    found = others = 0
    for _ in range(runs):
        before = count_table(draw(rng, "numeric", 500), None)
        now = count_table(draw(rng, "numeric", 500, shift=0.5), before)
        _, _, findings = judge_run(before, now)
        found += any(item.drifted for item in findings if item.column == "x0")
        others += any(item.drifted for item in findings if item.column != "x0")
    return found, others


def measure_blocks(runs):
    """Alarms on a series with memory, 2,000/500 rows that follow each other, with and without blocks of 30 rows."""
    rng = np.random.default_rng(4)
    alarms = {}
    for block in (1, 30):
        settings = Drift(**{**default_settings()["drift"], "block": block, "min_effect": 0.0})
        count = 0
        for _ in range(runs):
            sides = [_walk(rng, rows) for rows in (2000, 500)]
            before = count_table(sides[0], None)
            now = count_table(sides[1], before)
            count += any(item.drifted for item in find_drift(before, now, list(sides[0].columns), settings))
        alarms[block] = count
    return alarms


def _walk(rng, rows, memory=0.8):
    """Five autoregressive columns: each value keeps 0.8 of the one before."""
    noise = rng.normal(size=(rows + 50, 5))
    series = np.zeros_like(noise)
    for row in range(1, len(noise)):
        series[row] = memory * series[row - 1] + noise[row]
    return pd.DataFrame(series[50:], columns=[f"x{number}" for number in range(5)])


def measure_vendor(kind, sizes, runs):
    """Runs in which Evidently's preset, left to its defaults, finds any of the 20 columns to have drifted."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from evidently import DataDefinition, Dataset
        from evidently import Report as VendorReport
        from evidently.metrics import ValueDrift

        rng = np.random.default_rng([7, *sizes])
        alarms = 0
        for _ in range(runs):
            tables = [draw(rng, kind, rows) for rows in sizes]
            names = list(tables[0])
            numbers = [name for name in names if pd.api.types.is_numeric_dtype(tables[0][name])]
            words = [name for name in names if name not in numbers]
            definition = DataDefinition(numerical_columns=numbers or None, categorical_columns=words or None)
            before, now = (Dataset.from_pandas(table, data_definition=definition) for table in tables)
            report = VendorReport([ValueDrift(column=name) for name in names], include_tests=True)
            tests = report.run(now, before).dict()["tests"]
            alarms += any("FAIL" in str(test["status"]).upper() for test in tests)
    return alarms


def measure_cell(kind, sizes, runs):
    """One cell of the table: ours, and beside it the vendor's where that can be waited for."""
    clock = time.perf_counter()
    significant, material = measure_level(kind, sizes, runs)
    row = {
        "reference": sizes[0],
        "current": sizes[1],
        "kind": kind,
        "runs": runs,
        "significant": significant / runs,
        "alarm": material / runs,
        "drawn": "counts" if sizes[0] >= DRAWN else "rows",
    }
    if kind in VENDOR_KINDS and sizes[0] < DRAWN and runs >= RUNS // VENDOR_RUNS:
        few = max(1, runs * VENDOR_RUNS // RUNS)
        row |= {"vendor": measure_vendor(kind, sizes, few) / few, "vendor_runs": few}
    print(json.dumps(row), f"{time.perf_counter() - clock:.0f} s", flush=True)
    return row


def keep(rows, more):
    """Put what was measured in full in the place of what stood in the table, and draw it again."""
    document = json.loads(OUT.read_text())
    cells = {(row["reference"], row["current"], row["kind"]): row for row in [*document["level"], *rows]}
    order = [(*sizes, kind) for sizes in SIZES for kind in KINDS]
    document = {**document, "level": [cells[cell] for cell in order if cell in cells], **more}
    OUT.write_text(json.dumps(document, indent=1) + "\n")
    PICTURE.write_text(draw_table(document["level"]) + "\n")


def draw_table(rows):
    """The share of runs with an alarm, a panel a size: ours, Evidently's, and the bound."""
    values = []
    for row in rows:
        size = f"{row['reference']:,} / {row['current']:,} rows"
        values.append({"size": size, "kind": row["kind"], "who": "pavedroad", "share": row["significant"]})
        if "vendor" in row:
            values.append({"size": size, "kind": row["kind"], "who": "Evidently's defaults", "share": row["vendor"]})
    point = {
        "mark": {"type": "point", "filled": True, "size": 70, "opacity": 1},
        "encoding": {
            "x": {
                "field": "share",
                "type": "quantitative",
                "scale": {"domain": [0, 1]},
                "axis": {"format": "%", "values": [0, 0.25, 0.5, 0.75, 1], "title": "runs with a false alarm"},
            },
            "y": {"field": "kind", "type": "nominal", "sort": list(KINDS), "title": None, "axis": {"grid": True}},
            "color": {
                "field": "who",
                "type": "nominal",
                "title": None,
                "scale": {"domain": ["pavedroad", "Evidently's defaults"], "range": ["#2a6fb0", "#d9822b"]},
                "legend": {"orient": "top"},
            },
            "shape": {"field": "who", "type": "nominal", "legend": None},
        },
    }
    bound = {"mark": {"type": "rule", "strokeDash": [4, 3], "color": "#888888"}, "encoding": {"x": {"datum": BOUND}}}
    sizes = list(dict.fromkeys(value["size"] for value in values))
    spec = {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "background": "white",
        "data": {"values": values},
        "facet": {"field": "size", "type": "nominal", "sort": sizes, "title": None},
        "columns": 3,
        "spec": {"width": 190, "height": 150, "layer": [bound, point]},
        "title": f"Tables of 20 columns that did not drift: runs with any alarm (dashed: {BOUND:.0%})",
    }
    return load_engine("pictures", "vegalite").to_svg(spec)


def main():
    words = sys.argv[1:]
    sizes = [tuple(int(part) for part in word.split("/")) for word in words if "/" in word] or SIZES
    kinds = [word for word in words if word in KINDS] or list(KINDS)
    runs = next((int(word) for word in words if word.isdecimal()), RUNS)
    held, whole = [], not words
    for size in sizes:
        for kind in kinds:
            row = measure_cell(kind, size, runs)
            held.append(judge(f"{size[0]:,}/{size[1]:,} {kind}: runs with an alarm", row["significant"], BOUND))
            if runs == RUNS:
                keep([row], {})
    if whole or kinds == list(KINDS):
        found, others = measure_power(runs)
        held.append(judge("a shift of 0.5 sigma in 1 of 20 columns at 500/500 is missed", 1 - found / runs, 0.01))
        print(f"other columns of those runs raised an alarm in {others / runs:.1%}")
        blocks = measure_blocks(max(1, runs // 2))
        print(f"series with memory: alarms in {blocks[1]} of {runs // 2} runs row by row, {blocks[30]} in blocks of 30")
        if runs == RUNS:
            series = {str(block): count / (RUNS // 2) for block, count in blocks.items()}
            keep([], {"nominal": NOMINAL, "power": found / runs, "series": series})
    leave(*held)


if __name__ == "__main__":
    main()
