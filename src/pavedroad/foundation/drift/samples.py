"""Rows made up from counts, for a vendor that wants rows: the same values in the same shares, in order."""

from typing import TYPE_CHECKING

from pavedroad.foundation.drift.grid import find_edges
from pavedroad.foundation.drift.reference import ColumnSketch

if TYPE_CHECKING:
    import numpy as np


def draw_sample(sketch: ColumnSketch, rows: int) -> "list[float] | list[str]":
    """All values of a column where there are no more than ``rows``, else so many, spread evenly over its distribution.

    Between the bounds of a cell values are taken to be spread evenly. A column that is counted in hashed buckets gives
    the buckets' numbers.
    """
    import numpy as np

    wanted = min(rows, sketch.size)
    if not sketch.numeric:
        counts = sketch.buckets or list(sketch.categories.values())
        names = [f"bucket {number}" for number in range(len(counts))] if sketch.buckets else list(sketch.categories)
        places = _spread(np.array(counts), wanted)
        return [names[place] for place in places]
    counts_ = np.array(sketch.counts, dtype="int64")
    if sketch.grid is None:
        values = np.array(sketch.values)
        return [float(value) for value in values[_spread(counts_, wanted)]]
    low, high = sketch.low or 0.0, sketch.high or 0.0
    edges = find_edges(sketch.grid, low, high)
    starts = np.concatenate([edges[:-1], sketch.grid.atoms])
    widths = np.concatenate([np.diff(edges), np.zeros(len(sketch.grid.atoms))])
    running = np.concatenate([[0], np.cumsum(counts_)])
    ranks = (np.arange(wanted) + 0.5) * sketch.size / wanted
    cells = np.searchsorted(running, ranks, side="right") - 1
    inside = (ranks - running[cells]) / counts_[cells]
    return [float(value) for value in np.sort(starts[cells] + widths[cells] * inside)]


def _spread(counts: "np.ndarray", wanted: int) -> "np.ndarray":
    """Positions of ``wanted`` rows, each count having its share of them."""
    import numpy as np

    running = np.cumsum(counts)
    ranks = (np.arange(wanted) + 0.5) * running[-1] / max(1, wanted)
    found: np.ndarray = np.searchsorted(running, ranks, side="right")
    return found
