"""How the values of one column are distributed: a histogram for numbers and times, bars for categories."""

from collections.abc import Mapping

from pavedroad.render import moments
from pavedroad.render.cells import read_columns, require_rows, to_label, to_numbers
from pavedroad.render.palette import ACCENT, BARE, GREY, Row, Spec
from pavedroad.report import Figure, Scalar

MOST_BINS = 200
_MOST_CATEGORIES = 12
_MOST_APART = 4
_NEARLY = 1.05
"""Widths that differ by no more than this factor count as one."""

_SIDES: Mapping[str, Row] = {
    "reference": {"color": GREY, "opacity": 0.55, "stroke": None},
    "current": {"fill": ACCENT, "fillOpacity": 0.18, "stroke": ACCENT, "strokeWidth": 1.3},
}


def to_distribution(figure: Figure) -> Spec:
    """The specification of a distribution, with the reference behind the current data when both are there."""
    bins, share = read_columns(figure, "bin", "share")
    empty: list[Scalar] = [None] * len(bins)
    sides = ["current" if side is None else str(side) for side in figure.data.get("side", empty)]
    low, high = (to_numbers(figure.data.get(name, empty)) for name in ("low", "high"))
    rows = [
        {"bin": to_label(name), "share": part, "low": bottom, "high": top, "side": side}
        for name, part, bottom, top, side in zip(bins, to_numbers(share), low, high, sides, strict=False)
        if part is not None
    ]
    ranged = [row for row in require_rows(rows, figure) if row["low"] is not None and row["high"] is not None]
    if not ranged:
        return _categories(rows)
    dated = figure.unit in moments.UNITS and moments.have_dates([row[end] for row in ranged for end in ("low", "high")])
    return _histogram(ranged[:MOST_BINS], _tell_unranged(rows), figure.unit if dated else "")


def _histogram(rows: list[Row], more: list[str], unit: str) -> Spec:
    """Bars over a range. Where bins differ in width, the area and not the height is the share of rows.

    With a unit of :data:`moments.UNITS` the range is one of milliseconds since 1970, the axis a calendar or a clock.
    """
    notes: list[str] = []
    nearly = moments.NEARLY if unit else _NEARLY
    usual = _find_usual_width(rows, nearly)
    axis: Row = {"format": ".0%", "tickCount": 4}
    if usual is not None:
        rows, cut = _cut_ends(rows, usual, nearly)
        notes += ["the outermost bars hold all beyond"] if cut else []
    else:
        rows = [{**row, "share": row["share"] / ((row["high"] - row["low"]) or 1.0)} for row in rows]
        axis = {"labels": False, "ticks": False, "tickCount": 4}
        notes.append("the area of a bar is its share")
    y = {"field": "share", "type": "quantitative", "title": None, "axis": axis}
    ticks: Row = {"grid": False, "tickCount": 5, **({"tickMinStep": 1} if _are_whole(rows) else {})}
    x: Row = {"type": "quantitative", "scale": {"zero": False, "nice": False}, "axis": ticks}
    if unit:
        rows, x, told = moments.to_axis(rows, unit)
        notes = [*told, *notes]
    title = [*filter(None, ["; ".join(notes)]), *more]
    layers: list[Row] = [
        {
            "transform": [{"filter": f"datum.side {'===' if side == 'reference' else '!=='} 'reference'"}],
            "mark": {"type": "rect", **_SIDES[side]},
        }
        for side in _in_order(rows)
    ]
    return {
        "width": 270,
        "height": 110,
        "data": {"values": rows},
        "encoding": {
            "x": {**x, "field": "low", "title": title or None},
            "x2": {"field": "high"},
            "y": y,
            "y2": {"datum": 0},
        },
        "layer": layers,
    }


def _categories(rows: list[Row]) -> Spec:
    """Bars in the order of the figure."""
    names = [*dict.fromkeys(row["bin"] for row in rows)][:_MOST_CATEGORIES]
    rows = [row for row in rows if row["bin"] in names]
    sides = _in_order(rows)
    layers: list[Row] = [
        {
            "transform": [{"filter": f"datum.side {'===' if side == 'reference' else '!=='} 'reference'"}],
            "mark": {"type": "bar", "height": 14 if side == "reference" or len(sides) == 1 else 6, **_SIDES[side]},
        }
        for side in sides
    ]
    y = {"field": "bin", "type": "nominal", "sort": names, "title": None, "axis": BARE}
    x = {"field": "share", "type": "quantitative", "title": None, "axis": {"format": ".0%", "tickCount": 4}}
    return {
        "width": 210,
        "height": {"step": 20},
        "data": {"values": rows},
        "encoding": {"y": {**y, "axis": {**BARE, "labelLimit": 90}}, "x": x},
        "layer": layers,
    }


def _find_usual_width(rows: list[Row], nearly: float) -> float | None:
    """The one width of all bins but the outermost, which may be open and therefore wider; none when bins differ."""
    bins = sorted({(row["low"], row["high"]) for row in rows})
    inner = [high - low for low, high in (bins[1:-1] or bins)]
    usual = float(min(inner))
    if usual <= 0 or max(inner) > nearly * usual or any(high - low < usual / nearly for low, high in bins):
        return None
    return usual


def _are_whole(rows: list[Row]) -> bool:
    """Whether the bins hold whole numbers: then their inner edges lie halfway between two."""
    edges = {row["high"] for row in rows} & {row["low"] for row in rows}
    return bool(edges) and all(edge % 1 == 0.5 for edge in edges)


def _cut_ends(rows: list[Row], usual: float, nearly: float) -> tuple[list[Row], bool]:
    """Draw the open outermost bins as wide as the others."""
    if all(row["high"] - row["low"] <= nearly * usual for row in rows):
        return rows, False
    first, last = min(row["high"] for row in rows), max(row["low"] for row in rows)
    cut = [
        {
            **row,
            "low": max(row["low"], first - usual) if row["high"] == first else row["low"],
            "high": min(row["high"], last + usual) if row["low"] == last else row["high"],
        }
        for row in rows
    ]
    return cut, True


def _tell_unranged(rows: list[Row]) -> list[str]:
    """What a histogram cannot show, such as the share of missing values, a line each."""
    apart = [row for row in rows if row["low"] is None or row["high"] is None]
    return [f"{row['bin']}: {row['share']:.1%}" for row in apart[:_MOST_APART]]


def _in_order(rows: list[Row]) -> list[str]:
    """The sides that the rows have, the reference behind."""
    found = {"reference" if row["side"] == "reference" else "current" for row in rows}
    return [side for side in ("reference", "current") if side in found]
