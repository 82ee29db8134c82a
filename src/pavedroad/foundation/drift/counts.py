"""What an engine counted of one column, put together as its sketch: the part of counting that needs no engine.

Every engine finds the same counts, so what is made of them here is the same, whoever counted.
"""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from msgspec.structs import replace

from pavedroad.foundation.data.profile import Kind
from pavedroad.foundation.drift.grid import Grid, count_values, find_cells, find_edges
from pavedroad.foundation.drift.reference import ColumnSketch

if TYPE_CHECKING:
    import numpy as np


BLOCK = 1 << 14
"""Numbers that are counted at a time where a column is in memory."""


@dataclass(frozen=True)
class Group:
    """Distinct finite values, ascending, with their counts; how many are missing and how many infinite."""

    values: "np.ndarray"
    counts: "np.ndarray"
    nulls: int
    infinite: int


@dataclass(frozen=True)
class CellCounts:
    """What stands in the cells and atoms of a grid: ``places`` in the grid's counts, and the rows and their mean there.

    ``halves`` is half of the width over which the values of each place are spread, where the engine found it.
    """

    places: "np.ndarray"
    rows: "np.ndarray"
    means: "np.ndarray"
    low: float
    high: float
    halves: "np.ndarray | None" = None
    nulls: int = 0
    infinite: int = 0


def count_held(grid: Grid, values: "np.ndarray") -> CellCounts | None:
    """Count numbers that are in memory already, in blocks small enough to stay near the processor.

    Args:
        grid: a grid without edges.
        values: numbers of double precision, none of them missing.

    Returns:
        None when some are infinite, or so large that their sum is.
    """
    import numpy as np

    size = grid.cells + len(grid.atoms)
    rows, sums = np.zeros(size, dtype="int64"), np.zeros(size)
    lows, highs = np.full(size, math.inf), np.full(size, -math.inf)
    for start in range(0, values.size, BLOCK):
        block = values[start : start + BLOCK]
        if not np.isfinite(block).all():
            return None
        cells = find_cells(grid, block)
        rows += np.bincount(cells, minlength=size)
        with np.errstate(over="ignore", invalid="ignore"):
            sums += np.bincount(cells, weights=block, minlength=size)
        np.minimum.at(lows, cells, block)
        np.maximum.at(highs, cells, block)
    places = np.flatnonzero(rows)
    means, halves = sums[places] / rows[places], highs[places] / 2 - lows[places] / 2
    if not np.isfinite(means).all():
        return None
    return CellCounts(places, rows[places], means, lows.min(initial=math.inf), highs.max(initial=-math.inf), halves)


def make_group(values: "np.ndarray", counts: "np.ndarray", missing: "np.ndarray") -> Group:
    """Sort out what a grouping by value found; where ``missing``, there is no value."""
    import numpy as np

    finite = ~missing & np.isfinite(values)
    infinite, nulls = int(counts[~missing & ~finite].sum()), int(counts[missing].sum())
    values, counts = values[finite], counts[finite]
    order = np.argsort(values, kind="stable")
    return Group(values[order] + 0.0, counts[order], nulls, infinite)


def keep_values(name: str, kind: Kind, rows: int, group: Group, grid: Grid | None) -> ColumnSketch:
    """The sketch of a column whose distinct values are known: kept as they are, or counted in the cells of a grid."""
    import numpy as np

    values, counts = group.values, group.counts
    about = ColumnSketch(name=name, kind=kind, rows=rows, nulls=group.nulls, infinite=group.infinite)
    if not values.size:
        return _fill(about, grid, np.zeros(0 if grid is None else grid.cells + len(grid.atoms), dtype="int64"))
    # Scaled by a power of two, which is exact, no sum and no square overflows.
    _, exponent = math.frexp(max(abs(float(values[0])), abs(float(values[-1]))))
    scaled, weights = np.ldexp(values, -exponent), counts / counts.sum()
    # Seen from a value in their midst, so that numbers far from zero keep their digits.
    midst = float(scaled[values.size // 2])
    apart = scaled - midst
    mean = float((apart * weights).sum())
    std = math.sqrt(float(((apart - mean) ** 2 * weights).sum())) if values.size > 1 else 0.0
    filled = _fill(about, grid, counts if grid is None else count_values(grid, values, counts), values)
    known = _round_both(math.ldexp(midst + mean, exponent), math.ldexp(std, exponent))
    return _measure(filled, float(values[0]), float(values[-1]), known)


def keep_cells(name: str, kind: Kind, rows: int, grid: Grid, counted: CellCounts) -> ColumnSketch:
    """The sketch of a column that was counted in the cells of a grid."""
    import numpy as np

    about = ColumnSketch(name=name, kind=kind, rows=rows, nulls=counted.nulls, infinite=counted.infinite)
    counts = np.zeros(grid.cells + len(grid.atoms), dtype="int64")
    np.add.at(counts, counted.places, counted.rows)
    filled = _fill(about, grid, counts)
    if not counted.places.size:
        return filled
    halves = _bound_halves(grid, counted) if counted.halves is None else counted.halves
    return _measure(filled, counted.low, counted.high, _sum_up(counted.means, halves, counted.rows))


def keep_between(
    name: str,
    kind: Kind,
    rows: int,
    grid: Grid,
    counts: "np.ndarray",
    nulls: int,
    infinite: int,
    about: tuple[float | None, float | None, float | None],
) -> ColumnSketch:
    """The sketch of a column that was counted between edges; ``about`` are its least and greatest value and mean."""
    import numpy as np

    filled = _fill(ColumnSketch(name=name, kind=kind, rows=rows, nulls=nulls, infinite=infinite), grid, counts)
    low, high, mean = about
    if low is None or high is None:
        return filled
    bounds, held = find_edges(grid, low, high), counts > 0
    middles, halves = bounds[:-1] / 2 + bounds[1:] / 2, np.diff(bounds / 2)
    found, std = _sum_up(middles[held], halves[held], counts[held])
    return _measure(filled, low, high, (found if mean is None or not math.isfinite(mean) else float(mean), std))


def lie_at_ends(grid: Grid, counted: CellCounts) -> bool:
    """Whether the least and the greatest value lie in the outermost cells that hold rows, as they must."""
    import numpy as np

    values = np.array([*grid.atoms, counted.low, counted.high])
    cells = find_cells(Grid(cells=grid.cells, centre=grid.centre, scale=grid.scale, edges=grid.edges), values)
    filled = np.concatenate([np.arange(grid.cells), cells[:-2]])[counted.places]
    return bool(filled.min() == cells[-2] and filled.max() == cells[-1])


def _fill(
    about: ColumnSketch, grid: Grid | None, counts: "np.ndarray", values: "np.ndarray | None" = None
) -> ColumnSketch:
    import numpy as np

    return replace(
        about,
        values=[] if values is None or grid is not None else [float(value) for value in values],
        counts=[int(count) for count in counts],
        grid=grid,
        distinct=int(np.count_nonzero(counts)),
    )


def _measure(sketch: ColumnSketch, low: float, high: float, known: tuple[float, float]) -> ColumnSketch:
    mean, std = known
    return replace(sketch, low=float(low), high=float(high), mean=mean, std=std)


def _bound_halves(grid: Grid, counted: CellCounts) -> "np.ndarray":
    """Half of the width over which the values of each cell may be spread evenly, seen from their mean.

    So many values have a spread that is smaller than that of the width, by the root of 1 - 1/n.
    """
    import numpy as np

    edges = find_edges(grid, counted.low, counted.high)
    halves = np.zeros(counted.places.size)
    spread = counted.places < grid.cells
    cells, means = counted.places[spread], counted.means[spread]
    nearest = np.minimum(means / 2 - edges[cells] / 2, edges[cells + 1] / 2 - means / 2) * 2
    halves[spread] = np.clip(nearest, 0, None) * np.sqrt(1 - 1 / counted.rows[spread])
    return halves


def _sum_up(means: "np.ndarray", halves: "np.ndarray", rows: "np.ndarray") -> tuple[float, float]:
    """Mean and standard deviation of all from those of the cells, in which values are taken to be spread evenly.

    Rounded to what every order of adding agrees on; scaled by a power of two, which is exact, so nothing overflows.
    """
    import numpy as np

    weights = rows / rows.sum()
    _, exponent = math.frexp(max(float(np.abs(means).max()), float(halves.max())))
    means, halves = np.ldexp(means, -exponent), np.ldexp(halves, -exponent)
    midst = float(means[means.size // 2])
    apart = means - midst
    mean = float((apart * weights).sum())
    std = math.sqrt(float((((apart - mean) ** 2 + halves**2 / 3) * weights).sum()))
    return _round_both(math.ldexp(midst + mean, exponent), math.ldexp(std, exponent))


def _round_both(mean: float, std: float) -> tuple[float, float]:
    """The spread to nine digits, and the mean to as many places as that leaves."""
    if not std > 0:
        return mean, 0.0
    return round(mean, 8 - math.floor(math.log10(std))), float(f"{std:.9g}")
