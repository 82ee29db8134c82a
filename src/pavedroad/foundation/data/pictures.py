"""Pictures of the columns of a pandas table; those that DuckDB counts are the same."""

from typing import TYPE_CHECKING

from pavedroad.foundation.data.histograms import (
    CLOCK,
    FIRST,
    GRAINS,
    LAST,
    MAX_BARS,
    choose_edges,
    choose_moments,
    draw_moments,
    draw_numbers,
    draw_values,
    find_quantiles,
    say_little,
)
from pavedroad.foundation.data.profile import count_categories, finite_values, kind_of
from pavedroad.report import Figure

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd


def draw_distribution(column: "pd.Series") -> Figure | None:
    """Count a column for a picture: numbers and times in a histogram, other values in bars of the most frequent.

    Times of day that are too many for bars are drawn over the day; of text that is nearly always another, its length.

    Returns:
        A ``distribution`` figure, or None when there is nothing to draw: no value, or no finite one.
    """
    name, kind = str(column.name), kind_of(column)
    if kind == "number":
        return _draw_numbers(name, [], finite_values(column))
    if kind == "time":
        zoned = getattr(column.dt, "tz", None) is not None
        return _draw_moments(name, _count_microseconds(column), "time in UTC" if zoned else "time")
    return _draw_values(name, column.dropna().astype(str), lower=kind == "boolean")


def _draw_numbers(name: str, notes: list[str], values: "np.ndarray") -> Figure | None:
    import numpy as np

    if values.size == 0:
        return None
    low, high = (float(quantile) for quantile in np.quantile(values, [0.005, 0.995]))
    least, most = float(values.min()), float(values.max())
    edges = choose_edges(low, high, least, most, whole=bool(np.all(values == np.round(values))))
    counts = _count(values, np.array(edges))
    return draw_numbers(name, notes, [min(edges[0], least), *edges[1:-1], max(edges[-1], most)], counts)


def _draw_moments(name: str, moments: "np.ndarray", unit: str) -> Figure | None:
    import numpy as np

    if moments.size == 0:
        return None
    beyond = int(np.count_nonzero(moments < FIRST)), int(np.count_nonzero(moments >= LAST))
    known = np.sort(moments[(moments >= FIRST) & (moments < LAST)])
    if known.size == 0:
        return draw_moments(name, [], [], {}, unit, beyond)
    low, high = (int(known[place]) for place in find_quantiles(known.size))
    grain = next((grain for grain in GRAINS if not (known % grain).any()), 1)
    edges = choose_moments(low, high, grain)
    counts = _count(known, np.array(edges))
    ends = [min(edges[0], int(known[0])), *edges[1:-1], max(edges[-1], int(known[-1]))]
    return draw_moments(name, [], ends, counts, unit, beyond)


def _draw_values(name: str, values: "pd.Series", *, lower: bool) -> Figure | None:
    if values.empty:
        return None
    counts = count_categories(values.str.lower() if lower else values)
    top = dict([*counts.items()][:MAX_BARS])
    if len(counts) > MAX_BARS and all(map(CLOCK.fullmatch, counts)):
        return _draw_moments(name, _count_since_midnight(values), "time of day")
    if say_little(top.values(), len(values), len(counts)):
        return _draw_numbers(name, ["length of the text"], values.str.len().to_numpy(dtype="float64"))
    return draw_values(name, [], top, len(values), len(counts))


def _count(values: "np.ndarray", edges: "np.ndarray") -> dict[int, int]:
    """How many values lie in each bin; the outermost hold all beyond."""
    import numpy as np

    places = np.searchsorted(edges[1:-1], values, side="right")
    return dict(enumerate(np.bincount(places).tolist()))


def _count_microseconds(column: "pd.Series") -> "np.ndarray":
    """Times as moments; fractions of a microsecond are cut off, and no time is farther than 64 bits reach."""
    import numpy as np

    times = column.dropna()
    if getattr(times.dt, "tz", None) is not None:
        times = times.dt.tz_convert("UTC").dt.tz_localize(None)
    moments = times.to_numpy()
    each = {"s": 1_000_000, "ms": 1_000}.get(np.datetime_data(moments.dtype)[0])
    found: np.ndarray
    if each is None:  # as fine as microseconds, or finer
        found = moments.astype("datetime64[us]").astype("int64")
    else:  # NumPy's own conversion overflows, in silence before 2.5
        most = (2**63 - 1) // each
        found = np.clip(moments.astype("int64"), -most, most) * each
    return found


def _count_since_midnight(values: "pd.Series") -> "np.ndarray":
    import pandas as pd

    found: np.ndarray = pd.to_timedelta(values.astype(object)).to_numpy().astype("timedelta64[us]").astype("int64")
    return found
