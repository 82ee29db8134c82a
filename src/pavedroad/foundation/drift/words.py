"""What changed in a column, in a sentence and in a picture, from its counts."""

import math
from itertools import pairwise
from typing import TYPE_CHECKING

from pavedroad.foundation.data.histograms import (
    BINS,
    FIRST,
    GRAINS,
    LAST,
    MAX_BARS,
    MILLISECOND,
    choose_moments,
    name_moment,
)
from pavedroad.foundation.drift.effects import Line, align_categories, align_numbers
from pavedroad.foundation.drift.reference import ColumnSketch
from pavedroad.report import Figure, Scalar

if TYPE_CHECKING:
    import numpy as np

DAY = 86_400.0
MICROSECONDS = 1e6


def tell_change(reference: ColumnSketch, current: ColumnSketch) -> str:
    """One sentence on how the current values differ from the reference; empty when a side has no values."""
    if not reference.size or not current.size or reference.kind != current.kind:
        return ""
    return _tell_numbers(reference, current) if reference.numeric else _tell_categories(reference, current)


def draw_change(reference: ColumnSketch, current: ColumnSketch) -> Figure | None:
    """Both distributions in the same bins; None where there is nothing to draw."""
    if not reference.size or not current.size or reference.kind != current.kind:
        return None
    data = _draw_numbers(reference, current) if reference.numeric else _draw_categories(reference, current)
    if data is None:
        return None
    title = reference.name + (f" (days after {reference.relative_to})" if reference.relative_to else "")
    unit = ("time in UTC" if reference.zoned else "time") if _are_moments(reference) else ""
    return Figure(id=f"column.{reference.name}", kind="distribution", title=title, data=data, unit=unit)


def _are_moments(sketch: ColumnSketch) -> bool:
    """Whether the numbers of a column are microseconds since 1970."""
    return sketch.kind == "time" and not sketch.relative_to


def _tell_numbers(reference: ColumnSketch, current: ColumnSketch) -> str:
    name = f"`{reference.name}`"
    if reference.mean is None or current.mean is None:
        return ""
    change = current.mean - reference.mean
    line = align_numbers(reference, current)
    places = _find_places(line)
    above, below = _share_beyond(line, places)
    side, share, end = ("above", above, "95th") if above >= below else ("below", below, "5th")
    tail = f"{share:.0%} of new rows lie {side} its {end} percentile"
    if not change:
        return f"{name} has the same mean as the reference; {tail}."
    if reference.kind == "time":
        unit = 1.0 if reference.relative_to else MICROSECONDS
        days = abs(change) / unit / DAY
        length = f"{days:,.3g} days" if days >= 1 else f"{days * DAY:,.3g} seconds"
        what = f"later after `{reference.relative_to}`" if reference.relative_to else "later"
        what = what if change > 0 else what.replace("later", "earlier", 1)
        return f"{name} is {length} {what} than the reference on average; {tail}."
    return f"{name} is {abs(change):.3g} {'higher' if change > 0 else 'lower'} than the reference on average; {tail}."


def _share_beyond(line: Line, places: "np.ndarray") -> tuple[float, float]:
    """The share of current rows above the reference's 95th percentile, and of those below its 5th."""
    import numpy as np

    upto, before = line.cumulate(places, before=False), line.cumulate(places, before=True)
    high = min(int(np.searchsorted(upto[0], 0.95 - 1e-12)), places.size - 1)
    low = min(int(np.searchsorted(upto[0], 0.05 - 1e-12)), places.size - 1)
    return 1.0 - float(upto[1, high]), float(before[1, low])


def _tell_categories(reference: ColumnSketch, current: ColumnSketch) -> str:
    counts, names = align_categories(reference, current)
    name = f"`{reference.name}`"
    if not names:
        return (
            f"{name} has too many categories to name: at least {reference.distinct:,} in the reference and "
            f"{current.distinct:,} in the current rows."
        )
    shares = counts / counts.sum(axis=1, keepdims=True)
    change = shares[1] - shares[0]
    most = max(range(len(names)), key=lambda i: (round(abs(float(change[i])), 9), float(change[i])))
    told = (
        f"{name} is {names[most]!r} in {shares[1, most]:.0%} of new rows, after {shares[0, most]:.0%} in the reference"
    )
    unseen = [names[i] for i in range(len(names)) if not counts[0, i]]
    if unseen:
        shown = ", ".join(repr(item) for item in unseen[:3]) + (" …" if len(unseen) > 3 else "")
        told += f"; {counts[1][counts[0] == 0].sum() / current.size:.1%} are in categories it lacks ({shown})"
    return told + "."


def _find_places(line: Line) -> "np.ndarray":
    import numpy as np

    return np.union1d(line.edges, line.points)


def _draw_numbers(reference: ColumnSketch, current: ColumnSketch) -> dict[str, list[Scalar]] | None:
    """The shares of both sides in the same bins; times are in milliseconds then."""
    import numpy as np

    line = align_numbers(reference, current)
    edges = _choose_edges(line, dated=_are_moments(reference))
    if edges is None:
        return None
    running = line.cumulate(edges, before=True)
    running[:, 0], running[:, -1] = 0.0, 1.0
    ends = (
        [*(edges / MILLISECOND)] if _are_moments(reference) else _round(edges / (DAY if reference.relative_to else 1.0))
    )
    data: dict[str, list[Scalar]] = {"bin": [], "share": [], "side": [], "low": [], "high": []}
    for side, shares in zip(("reference", "current"), np.diff(running, axis=1), strict=True):
        data["bin"] += [_name_bin(float(low), float(high), reference) for low, high in pairwise(edges)]
        data["share"] += [round(float(share), 6) for share in shares]
        data["side"] += [side] * len(shares)
        data["low"] += [float(end) for end in ends[:-1]]
        data["high"] += [float(end) for end in ends[1:]]
    return data


def _choose_edges(line: Line, *, dated: bool) -> "np.ndarray | None":
    """Equal bins over the middle 99 % of both sides, of times by the calendar; the outermost hold all beyond."""
    import numpy as np

    places = _find_places(line)
    upto = line.cumulate(places, before=False).mean(axis=0)
    low, high = (float(places[min(int(np.searchsorted(upto, q)), places.size - 1)]) for q in (0.005, 0.995 - 1e-9))
    if low == high:
        low, high = float(places[0]), float(places[-1])
    if not math.isfinite(high - low):
        return None
    if dated and low >= FIRST and high < LAST:
        grain = next((grain for grain in GRAINS if not (places % grain).any()), 1)
        edges = np.array(choose_moments(round(low), round(high), grain), dtype="float64")
    else:
        edges = _divide(low, high, whole=line.exact and bool(np.all(places == np.round(places))))
    edges[0], edges[-1] = min(edges[0], float(places[0])), max(edges[-1], float(places[-1]))
    return edges


def _divide(low: float, high: float, *, whole: bool) -> "np.ndarray":
    import numpy as np

    if low == high:
        low, high = low - 0.5, high + 0.5
    if whole and high - low < BINS:
        low, high = math.floor(low) - 0.5, math.ceil(high) + 0.5
        return np.linspace(low, high, int(high - low) + 1)
    return np.linspace(low, high, BINS + 1)


def _name_bin(low: float, high: float, sketch: ColumnSketch) -> str:
    if _are_moments(sketch):
        return " to ".join(name_moment(moment) for moment in (low, high))
    divide = DAY if sketch.relative_to else 1.0
    return f"{low / divide:.6g} to {high / divide:.6g}"


def _draw_categories(reference: ColumnSketch, current: ColumnSketch) -> dict[str, list[Scalar]] | None:
    counts, names = align_categories(reference, current)
    if not names:
        return None
    shares = counts / counts.sum(axis=1, keepdims=True)
    order = sorted(range(len(names)), key=lambda i: -float(shares[:, i].max()))[:MAX_BARS]
    data: dict[str, list[Scalar]] = {"bin": [], "share": [], "side": []}
    for side, row in zip(("reference", "current"), shares, strict=True):
        for i in order:
            data["bin"].append(names[i])
            data["share"].append(round(float(row[i]), 6))
            data["side"].append(side)
    return data


def _round(values: "np.ndarray") -> list[float]:
    return [float(f"{value:.9g}") for value in values]
