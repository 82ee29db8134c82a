"""Figures as Vega-Lite specifications, one small function for each kind.

Every row is made here from cells that were looked at, so nothing in a report can reach into the specification's own
language.
"""

from collections.abc import Callable, Mapping

from pavedroad.errors import EvidenceError
from pavedroad.render import words
from pavedroad.render.cells import read_columns, require_rows, to_label, to_milliseconds, to_numbers
from pavedroad.render.histograms import to_distribution
from pavedroad.render.palette import ACCENT, ALARM, BARE, CONFIG, GREY, INK, LOOSE, MARGIN, Row, Spec
from pavedroad.report import Figure

MOST_ROWS = 30
"""Rows or classes that one picture shows."""

MOST_POINTS = 5_000

DRIFTED = "drifted"
"""A column that the page adds to a figure of effects, from the checks: which labels have drifted."""


def to_chart(figure: Figure) -> Spec:
    """The specification that draws a figure.

    Raises:
        EvidenceError: the figure's columns are not those of its kind, or its kind is not a chart (``flow``).
    """
    make = _CHARTS.get(figure.kind)
    if make is None:
        raise EvidenceError(f"A figure of kind {figure.kind!r} is not drawn as a chart.")
    return {"background": None, "padding": MARGIN, "config": CONFIG, **make(figure)}


def _intervals(figure: Figure) -> Spec:
    label, value = read_columns(figure, "label", "value")
    low, high = (to_numbers(figure.data.get(name, [None] * len(label))) for name in ("low", "high"))
    rows = [
        {
            "label": to_label(name),
            "low": bottom,
            "value": middle,
            "high": top,
            "text": words.number(middle),
            "who": "model" if name == "model" else "other",
        }
        for name, bottom, middle, top in zip(label, low, to_numbers(value), high, strict=False)
        if middle is not None
    ][:MOST_ROWS]
    x = {"type": "quantitative", "title": words.clean(figure.unit, 60), **LOOSE}
    y = {"field": "label", "type": "nominal", "sort": None, "title": None, "axis": {**BARE, "labelFontSize": 12}}
    colour = {"condition": {"test": "datum.who === 'model'", "value": ACCENT}, "value": GREY}
    return {
        "width": 420,
        "height": {"step": 42},
        "data": {"values": require_rows(rows, figure)},
        "encoding": {"y": y},
        "layer": [
            {
                "mark": {"type": "rule", "strokeWidth": 6, "strokeCap": "round", "opacity": 0.4},
                "encoding": {"x": {**x, "field": "low"}, "x2": {"field": "high"}, "color": colour},
            },
            {
                "mark": {"type": "point", "filled": True, "size": 110, "opacity": 1},
                "encoding": {
                    "x": {**x, "field": "value"},
                    "color": colour,
                    "shape": {"condition": {"test": "datum.who === 'model'", "value": "circle"}, "value": "diamond"},
                },
            },
            {
                "mark": {"type": "text", "dy": -14, "fontSize": 12, "fontWeight": "bold"},
                "encoding": {"x": {**x, "field": "value"}, "text": {"field": "text"}},
            },
        ],
    }


def _fit(figure: Figure) -> Spec:
    actual, predicted = (to_numbers(column) for column in read_columns(figure, "actual", "predicted"))
    if "at" in figure.data:
        return _fit_over_time(figure, actual, predicted)
    pairs = zip(actual, predicted, strict=True)
    rows = require_rows([{"x": x, "y": y} for x, y in pairs if x is not None and y is not None], figure)[:MOST_POINTS]
    ends = [value for row in rows for value in row.values()]
    line = [{"x": end, "y": end} for end in (min(ends), max(ends))]
    unit = f" ({words.clean(figure.unit, 40)})" if figure.unit else ""
    encoding = {
        "x": {"field": "x", "type": "quantitative", "title": f"actual{unit}", **LOOSE},
        "y": {"field": "y", "type": "quantitative", "title": f"predicted{unit}", **LOOSE},
    }
    return {
        "width": 420,
        "height": 300,
        "encoding": encoding,
        "layer": [
            {"data": {"values": line}, "mark": {"type": "line", "color": GREY, "strokeDash": [5, 4]}},
            {"data": {"values": rows}, "mark": {"type": "circle", "color": ACCENT, "opacity": 0.45, "size": 28}},
        ],
    }


def _fit_over_time(figure: Figure, actual: list[float | None], predicted: list[float | None]) -> Spec:
    at, _ = read_columns(figure, "at", "actual")
    times = [to_milliseconds(moment) for moment in at]
    dated = None not in times
    rows = [
        {"at": time if dated else index, "actual": x, "predicted": y}
        for index, (time, x, y) in enumerate(zip(times, actual, predicted, strict=True))
    ]
    rows = require_rows(sorted(rows, key=lambda row: row["at"]), figure)[:MOST_POINTS]
    x: Row = {"field": "at", "type": "quantitative", "title": "row, in order of time"}
    if dated:
        x = {"field": "at", "type": "temporal", "title": None, "scale": {"type": "utc"}, "axis": {"labelAngle": 0}}
    title = words.clean(figure.unit, 60) or None
    lines: list[Row] = [
        {"mark": {"type": "line", "color": GREY, "strokeWidth": 1.4}, "encoding": {"y": {"field": "actual"}}},
        {
            "mark": {"type": "line", "color": ACCENT, "strokeWidth": 1.6, "strokeDash": [5, 2]},
            "encoding": {"y": {"field": "predicted"}},
        },
    ]
    for line in lines:
        line["encoding"]["y"] |= {"type": "quantitative", "title": title, **LOOSE}
    return {"width": 720, "height": 220, "data": {"values": rows}, "encoding": {"x": x}, "layer": lines}


def _reliability(figure: Figure) -> Spec:
    chance, share = (to_numbers(column) for column in read_columns(figure, "chance", "share"))
    pairs = zip(chance, share, strict=True)
    rows = require_rows([{"x": x, "y": y} for x, y in pairs if x is not None and y is not None], figure)[:MOST_ROWS]
    whole = {"type": "quantitative", "scale": {"domain": [0, 1]}, "axis": {"tickCount": 5}}
    return {
        "width": 300,
        "height": 300,
        "encoding": {
            "x": {**whole, "field": "x", "title": "predicted chance"},
            "y": {**whole, "field": "y", "title": "share that came true"},
        },
        "layer": [
            {
                "data": {"values": [{"x": end, "y": end} for end in (0, 1)]},
                "mark": {"type": "line", "color": GREY, "strokeDash": [5, 4]},
            },
            {"data": {"values": rows}, "mark": {"type": "line", "color": ACCENT, "strokeWidth": 1.6}},
            {"data": {"values": rows}, "mark": {"type": "circle", "color": ACCENT, "opacity": 1, "size": 70}},
        ],
    }


def _confusion(figure: Figure) -> Spec:
    actual, predicted, count = read_columns(figure, "actual", "predicted", "count")
    classes = list(dict.fromkeys(to_label(name) for name in (*actual, *predicted)))[:MOST_ROWS]
    totals: dict[str, float] = {}
    cells: dict[tuple[str, str], float] = {}
    for truth, guess, many in zip(actual, predicted, to_numbers(count), strict=True):
        cell = (to_label(truth), to_label(guess))
        cells[cell] = cells.get(cell, 0.0) + (many or 0.0)
        totals[cell[0]] = totals.get(cell[0], 0.0) + (many or 0.0)
    rows = [
        {
            "actual": truth,
            "predicted": guess,
            "share": cells.get((truth, guess), 0.0) / (totals.get(truth) or 1.0),
            "text": words.number(round(cells.get((truth, guess), 0.0))),
            "right": truth == guess,
        }
        for truth in classes
        for guess in classes
    ]
    axis = {"type": "nominal", "sort": classes}
    size = max(34, min(64, 380 // max(1, len(classes))))
    return {
        "width": {"step": size},
        "height": {"step": size},
        "data": {"values": require_rows(rows, figure)},
        "encoding": {
            "x": {
                **axis,
                "field": "predicted",
                "title": "predicted",
                "axis": {**BARE, "labelAngle": 0, "orient": "top"},
            },
            "y": {**axis, "field": "actual", "title": "actual", "axis": BARE},
        },
        "layer": [
            {
                "mark": {"type": "rect", "cornerRadius": 3, "stroke": "var(--card)", "strokeWidth": 3},
                "encoding": {
                    "color": {"condition": {"test": "datum.right", "value": ACCENT}, "value": ALARM},
                    "opacity": {
                        "field": "share",
                        "type": "quantitative",
                        # Half at most, so that ink stays readable on top.
                        "scale": {"domain": [0, 1], "range": [0.05, 0.5]},
                        "legend": None,
                    },
                },
            },
            {"mark": {"type": "text", "fontSize": 12}, "encoding": {"text": {"field": "text"}}},
        ],
    }


def _effects(figure: Figure) -> Spec:
    label, value = read_columns(figure, "label", "value")
    thresholds = to_numbers(figure.data.get("threshold", [None] * len(label)))
    drifted = figure.data.get(DRIFTED, [None] * len(label))
    rows: list[Row] = [
        {
            "label": to_label(name),
            "value": size,
            "threshold": limit,
            "alarm": bool(alarm),
            "text": words.number(size) + (" drifted" if alarm else ""),
            "end": size if limit is None else max(size, limit),
        }
        for name, size, limit, alarm in zip(label, to_numbers(value), thresholds, drifted, strict=False)
        if size is not None
    ]
    rows = sorted(rows, key=lambda row: -abs(row["value"]))[:MOST_ROWS]
    title = words.clean(figure.unit, 60) or "effect"
    x = {"type": "quantitative", "title": title, "axis": {"tickCount": 5}}
    return {
        "width": 420,
        "height": {"step": 24},
        "data": {"values": require_rows(rows, figure)},
        "encoding": {"y": {"field": "label", "type": "nominal", "sort": None, "title": None, "axis": BARE}},
        "layer": [
            {
                "mark": {"type": "bar", "height": 12},
                "encoding": {
                    "x": {**x, "field": "value"},
                    "color": {"condition": {"test": "datum.alarm", "value": ALARM}, "value": ACCENT},
                },
            },
            {
                "mark": {"type": "tick", "thickness": 2, "size": 20, "color": INK},
                "encoding": {"x": {**x, "field": "threshold"}},
            },
            {
                "mark": {"type": "text", "align": "left", "dx": 6},
                "encoding": {"x": {**x, "field": "end"}, "text": {"field": "text"}},
            },
        ],
    }


_CHARTS: Mapping[str, Callable[[Figure], Spec]] = {
    "intervals": _intervals,
    "fit": _fit,
    "confusion": _confusion,
    "reliability": _reliability,
    "effects": _effects,
    "distribution": to_distribution,
}
