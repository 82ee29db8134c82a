"""How the values of one column are distributed: a histogram for numbers, bars for categories."""

from collections.abc import Mapping

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
    return _histogram(ranged[:MOST_BINS], _tell_unranged(rows)) if ranged else _categories(rows)


def _histogram(rows: list[Row], more: str) -> Spec:
    """Bars over a range. Where bins differ in width, the area and not the height is the share of rows."""
    notes = [more] if more else []
    usual = _find_usual_width(rows)
    axis: Row = {"format": ".0%", "tickCount": 4}
    if usual is not None:
        rows, cut = _cut_ends(rows, usual)
        notes += ["the outermost bars hold all beyond"] if cut else []
    else:
        rows = [{**row, "share": row["share"] / ((row["high"] - row["low"]) or 1.0)} for row in rows]
        axis = {"labels": False, "ticks": False, "tickCount": 4}
        notes.append("the area of a bar is its share")
    y = {"field": "share", "type": "quantitative", "title": None, "axis": axis}
    x: Row = {"field": "low", "type": "quantitative", "title": "; ".join(notes) or None}
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
            "x": {**x, "scale": {"zero": False, "nice": False}, "axis": {"grid": False, "tickCount": 5}},
            "x2": {"field": "high"},
            "y": y,
            "y2": {"datum": 0},
        },
        "layer": layers,
    }


def _categories(rows: list[Row]) -> Spec:
    largest: dict[str, float] = {}
    for row in rows:
        largest[row["bin"]] = max(row["share"], largest.get(row["bin"], 0.0))
    names = sorted(largest, key=lambda name: -largest[name])
    shown = set(names[:_MOST_CATEGORIES])
    rows = [row for row in rows if row["bin"] in shown]
    sides = _in_order(rows)
    layers: list[Row] = [
        {
            "transform": [{"filter": f"datum.side {'===' if side == 'reference' else '!=='} 'reference'"}],
            "mark": {"type": "bar", "height": 14 if side == "reference" or len(sides) == 1 else 6, **_SIDES[side]},
        }
        for side in sides
    ]
    y = {"field": "bin", "type": "nominal", "sort": names[:_MOST_CATEGORIES], "title": None, "axis": BARE}
    x = {"field": "share", "type": "quantitative", "title": None, "axis": {"format": ".0%", "tickCount": 4}}
    return {
        "width": 210,
        "height": {"step": 20},
        "data": {"values": rows},
        "encoding": {"y": {**y, "axis": {**BARE, "labelLimit": 90}}, "x": x},
        "layer": layers,
    }


def _find_usual_width(rows: list[Row]) -> float | None:
    """The one width of all bins but the outermost, which may be open and therefore wider; none when bins differ."""
    bins = sorted({(row["low"], row["high"]) for row in rows})
    inner = [high - low for low, high in (bins[1:-1] or bins)]
    usual = float(min(inner))
    if usual <= 0 or max(inner) > _NEARLY * usual or any(high - low < usual / _NEARLY for low, high in bins):
        return None
    return usual


def _cut_ends(rows: list[Row], usual: float) -> tuple[list[Row], bool]:
    """Draw the open outermost bins as wide as the others."""
    first, last = min(row["high"] for row in rows), max(row["low"] for row in rows)
    cut = [
        {
            **row,
            "low": max(row["low"], first - usual) if row["high"] == first else row["low"],
            "high": min(row["high"], last + usual) if row["low"] == last else row["high"],
        }
        for row in rows
    ]
    return cut, any(_NEARLY * usual < row["high"] - row["low"] for row in rows)


def _tell_unranged(rows: list[Row]) -> str:
    """What a histogram cannot show, such as the share of missing values."""
    apart = [row for row in rows if row["low"] is None or row["high"] is None]
    told = [f"{row['bin']}: {row['share']:.1%}" for row in apart[:_MOST_APART]]
    return ", ".join(told)


def _in_order(rows: list[Row]) -> list[str]:
    """The sides that the rows have, the reference behind."""
    found = {"reference" if row["side"] == "reference" else "current" for row in rows}
    return [side for side in ("reference", "current") if side in found]
