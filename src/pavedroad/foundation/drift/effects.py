"""How large a change is, whatever the number of rows: distances between two columns in counts."""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from msgspec.structs import replace

from pavedroad.errors import EvidenceError
from pavedroad.foundation.drift.grid import count_values, find_cells, find_edges
from pavedroad.foundation.drift.reference import BUCKETS, ColumnSketch, bucket_of

if TYPE_CHECKING:
    import numpy as np

Binning = Literal["deciles", "sturges"]
"""How numbers are binned for PSI and Jensen–Shannon: by the reference's deciles, or in equal bins as Evidently does."""
FEW_VALUES = 20
"""Numbers with no more distinct values than this in the reference are not binned; each value is its own bin."""


@dataclass(frozen=True)
class Line:
    """Two columns of numbers on one line: where their counts lie.

    ``counts`` (2, cells) are in ascending order. Between the bounds ``edges`` the rows of a cell are taken to be spread
    evenly, but for those at ``points``, which are where they are; ``heaps`` (2, points) are their counts.
    """

    counts: "np.ndarray"
    edges: "np.ndarray"
    spread: "np.ndarray"
    points: "np.ndarray"
    heaps: "np.ndarray"
    exact: bool

    @property
    def error(self) -> float:
        """How much the greatest distance between the distributions may exceed that at the cells' bounds."""
        if self.exact:
            return 0.0
        return float((self.spread / self.counts.sum(axis=1, keepdims=True)).max(initial=0.0))

    def cumulate(self, places: "np.ndarray", *, before: bool) -> "np.ndarray":
        """The share of rows of both sides up to each place, or only before it: shape (2, places)."""
        import numpy as np

        sizes = self.counts.sum(axis=1)
        shares = []
        for side in (0, 1):
            heaped = np.concatenate([[0], np.cumsum(self.heaps[side])])
            found = heaped[np.searchsorted(self.points, places, side="left" if before else "right")].astype("float64")
            if self.edges.size:
                running = np.concatenate([[0], np.cumsum(self.spread[side])])
                found += np.interp(places, self.edges, running)
            shares.append(found / sizes[side])
        return np.array(shares)


def align_numbers(reference: ColumnSketch, current: ColumnSketch) -> Line:
    """Bring two columns of numbers onto one line; neither is without values.

    Raises:
        EvidenceError: they were counted in different cells.
    """
    import numpy as np

    grid = reference.grid or current.grid
    if grid is None:
        points = np.union1d(reference.values, current.values)
        heaps = np.zeros((2, points.size), dtype="int64")
        for side, sketch in enumerate((reference, current)):
            heaps[side, np.searchsorted(points, sketch.values)] = sketch.counts
        none = np.zeros(0)
        return Line(heaps, none, np.zeros((2, 0), dtype="int64"), points, heaps, exact=True)
    counted = []
    for sketch in (reference, current):
        if sketch.grid is not None and sketch.grid != grid:
            raise EvidenceError(f"The sides of the column {reference.name!r} were counted in different cells.")
        if sketch.grid is None:
            counted.append(count_values(grid, np.array(sketch.values), np.array(sketch.counts)))
        else:
            counted.append(np.array(sketch.counts))
    every = np.array(counted)
    spread, heaps = every[:, : grid.cells], every[:, grid.cells :]
    low = min(side.low for side in (reference, current) if side.low is not None)
    high = max(side.high for side in (reference, current) if side.high is not None)
    counts = spread.copy()
    atoms = np.array(grid.atoms)
    edges = find_edges(grid, low, high)
    if atoms.size:
        for cell, heap in zip(find_cells(replace(grid, atoms=[]), atoms), heaps.T, strict=True):
            counts[:, cell] += heap
    return Line(counts, edges, spread, atoms, heaps, exact=False)


def measure_wasserstein(line: Line, spread: float) -> float:
    """The Wasserstein distance between two columns in units of ``spread``, the reference's standard deviation.

    The area between the two distribution functions. From a constant reference any other value is as far away as can
    be: 1. Source: S. S. Vallender, Theory of Probability and Its Applications 18 (1974), 784–786.
    """
    import numpy as np

    places = np.union1d(line.edges, line.points)
    if places.size < 2:
        return 0.0
    after, before = (line.cumulate(places, before=before) for before in (False, True))
    start, end = (after[0] - after[1])[:-1], (before[0] - before[1])[1:]
    # Scaled by a power of two, which is exact, no width overflows.
    _, exponent = math.frexp(max(abs(float(places[0])), abs(float(places[-1]))))
    widths = np.diff(np.ldexp(places, -exponent))
    size = np.abs(start) + np.abs(end)
    crossing = start * end < 0
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(crossing, (start**2 + end**2) / (2 * size), size / 2)
    distance = float((np.nan_to_num(mean) * widths).sum())
    if not spread > 0:
        return float(distance > 0)
    return float(distance / math.ldexp(spread, -exponent))


def bound_wasserstein(line: Line, spread: float) -> float:
    """How far :func:`measure_wasserstein` can be from the distance of the rows, because these were counted in cells.

    Within a cell the two distribution functions can differ by no more than the larger of its two shares more than they
    do at its bounds; so each cell adds at most its width times that share.
    """
    import numpy as np

    if line.exact or not spread > 0:
        return 0.0
    shares = (line.spread / line.counts.sum(axis=1, keepdims=True)).max(axis=0)
    _, exponent = math.frexp(max(abs(float(line.edges[0])), abs(float(line.edges[-1]))))
    widths = np.diff(np.ldexp(line.edges, -exponent))
    return float((shares * widths).sum() / math.ldexp(spread, -exponent))


def bin_numbers(line: Line, binning: Binning = "deciles") -> "np.ndarray":
    """The shares of both sides in bins: shape (2, bins)."""
    import numpy as np

    filled = line.counts[:, line.counts.sum(axis=0) > 0]
    if filled.shape[1] <= FEW_VALUES or (line.exact and np.count_nonzero(line.heaps[0]) <= FEW_VALUES):
        return np.asarray(filled / filled.sum(axis=1, keepdims=True))
    places = np.union1d(line.edges, line.points)
    if binning == "sturges":
        size = int(line.counts.sum())
        bins = math.ceil(math.log2(size) + 1)
        edges = np.linspace(places[0], places[-1], bins + 1)
    else:
        reference = line.cumulate(places, before=False)[0]
        inner = np.unique([places[np.searchsorted(reference, share - 1e-12)] for share in np.arange(1, 10) / 10])
        edges = np.concatenate([[places[0]], inner[(inner > places[0]) & (inner < places[-1])], [places[-1]]])
    running = line.cumulate(edges, before=True)
    running[:, 0], running[:, -1] = 0.0, 1.0
    return np.diff(running, axis=1)


def align_categories(reference: ColumnSketch, current: ColumnSketch) -> tuple["np.ndarray", list[str]]:
    """The counts of both sides by category, and the categories' names; by bucket, and no names, where they are many."""
    import numpy as np

    sides = (reference, current)
    if any(side.buckets for side in sides):
        counts = np.zeros((2, BUCKETS), dtype="int64")
        for number, side in enumerate(sides):
            if side.buckets:
                counts[number] = side.buckets
            for name, count in side.categories.items():
                counts[number, bucket_of(name)] += 0 if side.buckets else count
        return counts, []
    names = list(dict.fromkeys([*reference.categories, *current.categories]))
    return np.array([[side.categories.get(name, 0) for name in names] for side in sides], dtype="int64"), names


def measure_jensen_shannon(shares: "np.ndarray", base: float = 2.0) -> float:
    """The Jensen–Shannon distance of two rows of shares: the root of the divergence, from 0 to 1 with base 2.

    Source: D. M. Endres and J. E. Schindelin, IEEE Transactions on Information Theory 49 (2003), 1858–1860.
    """
    import numpy as np

    middle = shares.mean(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        parts = np.where(shares > 0, shares * np.log(shares / middle), 0.0)
    return math.sqrt(max(0.0, float(parts.sum())) / 2 / math.log(base))


def measure_psi(shares: "np.ndarray") -> float:
    """The population stability index of two rows of shares: the symmetric Kullback–Leibler divergence, in nats.

    An empty bin stands for a share of 0.0001, or for a millionth of the smallest share where that is smaller still, so
    that the index stays finite. Source: B. Yurdakul, "Statistical Properties of Population Stability Index" (2018).
    """
    import numpy as np

    filled = []
    for row in shares:
        least = float(row[row > 0].min())
        filled.append(np.where(row > 0, row, least / 10**6 if least <= 0.0001 else 0.0001))
    reference, current = filled
    return float(((reference - current) * np.log(reference / current)).sum())
