"""Cells to count numbers in: fine where the values lie, whatever their unit, and the same for both sides.

A grid maps a number to a cell by arithmetic that every machine and engine does alike, so that two tables which are
never in one place are still counted in the same cells. The distance ``d`` of a number from the centre becomes
``d / (scale + |d|)``, which is linear in the middle and lets heavy tails run out slowly; values that stand there again
and again are counted apart.
Where even that leaves too much in one cell, the grid is a list of edges, taken from quantiles.
"""

from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    import numpy as np

CELLS = 2048
"""Cells of a grid, unless a table is very wide."""
MAX_ATOMS = 16
ATOM_SHARE = 0.005
"""A value that makes up this share of a sample is counted apart."""
CROWDED = 0.02
"""A grid that puts more than this share of a sample into one cell is replaced by edges."""
FARTHEST = 1e15
"""Beyond so many scales from the centre, all values lie in the outermost cell; nothing overflows."""


class Grid(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """Where the cells lie: by ``centre`` and ``scale`` with ``atoms`` counted apart, or by ``edges`` alone.

    Counts are those of the cells from left to right and then of the atoms in their order. With ``edges`` a cell holds
    what lies above the edge on its left, up to and including the one on its right.
    """

    cells: int
    centre: float = 0.0
    scale: float = 1.0
    atoms: list[float] = []
    edges: list[float] = []


def choose_grid(values: "np.ndarray", counts: "np.ndarray", cells: int = CELLS) -> Grid:
    """Choose a grid that spreads a sample evenly.

    Args:
        values: distinct finite numbers, ascending; at least one.
        counts: how often each stands in the sample.
        cells: how many cells there may be.
    """
    import numpy as np

    total = counts.sum()
    heavy = np.flatnonzero(counts >= max(2, ATOM_SHARE * total))
    if heavy.size > MAX_ATOMS:
        heavy = heavy[np.argsort(-counts[heavy], kind="stable")[:MAX_ATOMS]]
    rest = np.ones(values.size, dtype=bool)
    rest[heavy] = False
    spread, weights = (values[rest], counts[rest]) if rest.any() else (values, counts)
    low, centre, high = (weigh_quantile(spread, weights, share) for share in (0.25, 0.5, 0.75))
    scale = (high / 2 - low / 2) * 1.5
    if not scale > 0:
        scale = (float(spread[-1]) / 2 - float(spread[0]) / 2) or max(abs(centre), 1.0)
    atoms = sorted(float(values[i]) for i in heavy)
    grid = Grid(cells=cells, centre=centre, scale=float(np.clip(scale, 1e-290, 1e290)), atoms=atoms)
    found = count_values(grid, values, counts)[:cells]
    if found.max(initial=0) <= CROWDED * total:
        return grid
    places = np.linspace(0, 1, cells // 2)[1:-1]
    edges = {weigh_quantile(spread, weights, float(share)) for share in places}
    edges |= {edge for atom in atoms for edge in (float(np.nextafter(atom, -np.inf)), atom)}
    kept = sorted(edges)
    return Grid(cells=len(kept) + 1, edges=kept)


def find_cells(grid: Grid, values: "np.ndarray") -> "np.ndarray":
    """The position of each value in the counts of a grid; the arithmetic is the same that engines do in SQL."""
    import numpy as np

    if grid.edges:
        found: np.ndarray = np.searchsorted(np.array(grid.edges), values, side="left")
        return found
    farthest = FARTHEST * grid.scale
    with np.errstate(over="ignore"):
        distance = np.clip(values - grid.centre, -farthest, farthest)
    places = np.floor(grid.cells / 2 * (1 + distance / (grid.scale + np.abs(distance))))
    cells: np.ndarray = np.clip(places, 0, grid.cells - 1).astype("int64")
    for number, atom in enumerate(grid.atoms):
        cells[values == atom] = grid.cells + number
    return cells


def count_values(grid: Grid, values: "np.ndarray", counts: "np.ndarray") -> "np.ndarray":
    """Count values that stand several times each into the cells of a grid, then its atoms."""
    import numpy as np

    size = grid.cells + len(grid.atoms)
    found = np.bincount(find_cells(grid, values), weights=counts, minlength=size)
    return found.round().astype("int64")


def find_edges(grid: Grid, low: float, high: float) -> "np.ndarray":
    """The bounds of the cells, one more than there are cells, none of them beyond ``low`` and ``high``."""
    import numpy as np

    if grid.edges:
        inner = np.array(grid.edges)
    else:
        u = 2 * np.arange(1, grid.cells) / grid.cells - 1
        with np.errstate(over="ignore"):
            inner = np.nan_to_num(grid.centre + grid.scale * (u / (1 - np.abs(u))))
    return np.concatenate([[low], np.clip(inner, low, high), [high]])


def weigh_quantile(values: "np.ndarray", counts: "np.ndarray", share: float) -> float:
    """The least of the ascending ``values`` that at least this share of all rows does not exceed."""
    import numpy as np

    running = np.cumsum(counts)
    return float(values[min(values.size - 1, int(np.searchsorted(running, share * running[-1], side="left")))])
