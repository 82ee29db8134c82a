"""Pictures: every kind draws, the same figure draws the same, nothing in a figure reaches out of the picture."""

import os
import subprocess
import sys
from datetime import UTC, datetime
from xml.etree import ElementTree as ET

import pytest

from pavedroad.errors import EvidenceError
from pavedroad.foundation.engines import load_engine
from pavedroad.render.charts import to_chart
from pavedroad.render.pictures import _check, describe, draw
from pavedroad.render.relevance import mark_drifted
from pavedroad.report import Figure, judge

FIGURES = [
    Figure(
        "a",
        "intervals",
        "A",
        {"label": ["model", "baseline"], "value": [1, 2], "low": [0.5, None], "high": [2, 3]},
        "u",
    ),
    Figure("b", "fit", "B", {"actual": [1.0, 2.0, None], "predicted": [1.5, 2.5, 3.0]}, "u"),
    Figure("c", "fit", "C", {"at": ["2015-01-01", "2015-01-02"], "actual": [1.0, 2.0], "predicted": [1.5, 2.5]}),
    Figure("d", "fit", "D", {"at": ["first", "second"], "actual": [1.0, 2.0], "predicted": [1.5, 2.5]}),
    Figure("e", "confusion", "E", {"actual": ["x", "y"], "predicted": ["x", "x"], "count": [3, 4]}),
    Figure("f", "effects", "F", {"label": ["x", "y"], "value": [0.5, -0.1], "threshold": [0.2, None]}),
    Figure(
        "g",
        "distribution",
        "G",
        {"bin": ["x", "y"] * 2, "share": [0.1, 0.9, 0.2, 0.8], "side": ["reference"] * 2 + ["current"] * 2},
    ),
    Figure(
        "h",
        "distribution",
        "H",
        {"bin": ["0", "1", "?"], "share": [0.5, 0.4, 0.1], "low": [0, 1, None], "high": [1, 2, None]},
    ),
    Figure("i", "distribution", "I", {"bin": ["0", "1"], "share": [0.5, 0.5], "low": [0, 1], "high": [1, 50]}),
    Figure("j", "reliability", "J", {"chance": [0.1, 0.9], "share": [0.2, 0.8], "rows": [50, 50]}),
]


def _texts(svg: str) -> set[str]:
    return {
        element.text
        for element in ET.fromstring(svg).iter()  # noqa: S314 - our own drawing
        if element.text
    }


@pytest.mark.parametrize("figure", FIGURES, ids=lambda figure: figure.id)
def test_every_kind_draws_the_same_each_time(figure):
    svg = draw(figure)
    assert svg.startswith("<svg ")
    assert draw(figure) == svg
    assert "var(--" in svg, "colours follow the page's theme"
    assert figure.title in describe(figure)


def test_pictures_show_their_labels():
    assert {"model", "baseline", "1", "2", "u"} <= _texts(draw(FIGURES[0]))
    assert {"x", "y", "3", "4", "actual", "predicted"} <= _texts(draw(FIGURES[4]))
    assert {"x", "y", "0.5", "-0.1"} <= _texts(draw(FIGURES[5]))
    assert {"predicted chance", "share that came true", "0.0", "1.0"} <= _texts(draw(FIGURES[9]))


def test_an_effect_over_its_threshold_alarms_only_if_the_check_did_not_pass():
    effects = Figure("e", "effects", "E", {"label": ["x", "y"], "value": [0.5, 0.4], "threshold": [0.2, 0.2]})
    svg = draw(mark_drifted(effects, [judge("drift.x", "X", ok=False), judge("drift.y", "Y", ok=True)]))
    assert {"0.5 drifted", "0.4"} <= _texts(svg)
    assert svg.count("var(--fail)") == 1
    assert "var(--fail)" not in draw(mark_drifted(effects, []))


def test_time_is_drawn_alike_in_every_time_zone():
    assert to_chart(FIGURES[2])["data"]["values"][0]["at"] == 1420070400000
    code = f"from pavedroad.render.pictures import *\nprint(draw({FIGURES[2]!r}))"
    drawn = {
        subprocess.run(
            [sys.executable, "-c", code], env={**os.environ, "TZ": zone}, capture_output=True, text=True, check=True
        ).stdout
        for zone in ("UTC", "Pacific/Auckland", "America/Los_Angeles")
    }
    assert len(drawn) == 1
    assert draw(FIGURES[2]) in drawn.pop()


def _read_bars(low: list[float], high: list[float]) -> tuple[list[tuple[float, float, float]], list[str] | None]:
    share = [1 / len(low)] * len(low)
    data = {"bin": [str(edge) for edge in low], "share": share, "low": low, "high": high}
    chart = to_chart(Figure("x", "distribution", "x", data))
    bars = [(row["low"], row["high"], round(row["share"], 6)) for row in chart["data"]["values"]]
    return bars, chart["encoding"]["x"]["title"]


def test_bins_of_one_width_are_drawn_as_they_are():
    assert _read_bars([0, 1], [1, 2]) == ([(0, 1, 0.5), (1, 2, 0.5)], None)


def test_open_ends_are_drawn_like_the_other_bins_and_said():
    bars, note = _read_bars([-90, 1, 2, 3], [1, 2, 3, 500])
    assert bars == [(0, 1, 0.25), (1, 2, 0.25), (2, 3, 0.25), (3, 4, 0.25)]
    assert note == ["the outermost bars hold all beyond"]


def test_bins_of_many_widths_are_drawn_by_area():
    bars, note = _read_bars([0, 1, 3, 7], [1, 3, 7, 8])
    assert [(high - low) * share for low, high, share in bars] == pytest.approx([0.25] * 4)
    assert note == ["the area of a bar is its share"]


def test_what_a_histogram_cannot_show_is_said():
    assert "?: 10.0%" in _texts(draw(FIGURES[7]))


def _draw_times(*moments: str, unit: str = "time", shares: list[float] | None = None) -> set[str]:
    """The texts in the picture of bins between these moments."""
    edges = [datetime.fromisoformat(moment).replace(tzinfo=UTC).timestamp() * 1000 for moment in moments]
    shares = shares or [1 / (len(edges) - 1)] * (len(edges) - 1)
    data = {"bin": [f"b{n}" for n in range(len(shares))], "share": shares, "low": edges[:-1], "high": edges[1:]}
    return _texts(draw(Figure("x", "distribution", "x", data, unit)))


@pytest.mark.parametrize(
    ("moments", "unit", "found"),
    [
        (["1970-01-01", "1980-01-01", "1990-01-01", "2000-01-01"], "time", {"1970", "1980", "1990", "2000"}),
        (["2023-11-01", "2023-12-01", "2024-01-01", "2024-02-01"], "time", {"Nov 2023", "Dec 2023", "Jan 2024"}),
        (["2023-12-30", "2023-12-31", "2024-01-01"], "time", {"30 Dec", "31 Dec", "1 Jan", "2023"}),
        (
            ["2023-12-30", "2023-12-31", "2024-01-01", "2024-01-02"],
            "time",
            {"30 Dec", "31 Dec", "1 Jan", "2023 to 2024"},
        ),
        (["2024-02-29T22:00", "2024-02-29T23:00", "2024-03-01"], "time", {"22:00", "23:00", "29 Feb 2024"}),
        (["2024-02-29T22:00", "2024-02-29T23:00", "2024-03-01"], "time in UTC", {"22:00", "29 Feb 2024 UTC"}),
        (["1970-01-01", "1970-01-01T12:00", "1970-01-02"], "time of day", {"00:00", "12:00", "24:00"}),
        (["2024-02-29T22:00:01", "2024-02-29T22:00:02", "2024-02-29T22:00:03"], "time", {"22:00:01", "29 Feb 2024"}),
        (["0002-01-01", "3000-01-01", "6000-01-01", "9000-01-01"], "time", {"5000"}),
        (["1969-12-31T23:59:59.9990", "1969-12-31T23:59:59.9995"], "time", {"milliseconds after 31 Dec 1969 23:59:59"}),
    ],
)
def test_times_are_drawn_over_a_calendar_or_a_clock(moments, unit, found):
    texts = _draw_times(*moments, unit=unit)
    assert found <= texts
    assert not any("NaN" in text or "undefined" in text for text in texts)
    assert not found <= _draw_times(*moments, unit="")


def test_months_count_as_of_one_width():
    months = [f"2023-{month:02d}-01" for month in range(1, 13)]
    assert not {"the outermost bars hold all beyond", "the area of a bar is its share"} & _draw_times(*months)
    assert "the outermost bars hold all beyond" in _draw_times("1990-01-01", *months)


@pytest.mark.parametrize("unit", ["time", "time in UTC", "time of day"])
@pytest.mark.parametrize("edge", [1e300, -1e300, 9e15, 253_402_300_800_000])
def test_moments_without_a_date_are_drawn_as_numbers(unit, edge):
    data = {"bin": ["a", "b"], "share": [0.5, 0.5], "low": [0, 1], "high": [1, edge]}
    assert to_chart(Figure("x", "distribution", "x", data, unit))["encoding"]["x"]["type"] == "quantitative"
    near = {**data, "high": [1, 86_400_000]}
    assert to_chart(Figure("x", "distribution", "x", near, unit))["encoding"]["x"]["type"] == "temporal"


def test_bins_of_whole_numbers_are_marked_at_whole_numbers():
    data = {"bin": ["3", "4", "5"], "share": [0.2, 0.3, 0.5], "low": [2.5, 3.5, 4.5], "high": [3.5, 4.5, 5.5]}
    assert {"3", "4", "5"} <= _texts(draw(Figure("x", "distribution", "x", data)))
    halves = {**data, "low": [2.2, 3.3, 4.4], "high": [3.3, 4.4, 5.5]}
    assert "4.5" in _texts(draw(Figure("x", "distribution", "x", halves)))


def test_bars_stand_in_the_order_of_the_figure():
    data = {"bin": ["a", "b", "(7 others)"], "share": [0.2, 0.1, 0.7]}
    assert to_chart(Figure("x", "distribution", "x", data))["encoding"]["y"]["sort"] == ["a", "b", "(7 others)"]


@pytest.mark.parametrize(
    "figure",
    [
        Figure("x", "intervals", "x", {}),
        Figure("x", "intervals", "x", {"label": ["model"], "value": []}),
        Figure("x", "intervals", "x", {"label": ["model"], "value": ["NaN"]}),
        Figure("x", "fit", "x", {"actual": [1.0], "predicted": [1.0, 2.0]}),
        Figure("x", "reliability", "x", {"chance": [0.5], "share": []}),
        Figure("x", "fit", "x", {"actual": ["a"], "predicted": ["b"]}),
        Figure("x", "confusion", "x", {"actual": [], "predicted": [], "count": []}),
        Figure("x", "effects", "x", {"label": ["a"], "value": [None]}),
        Figure("x", "distribution", "x", {"bin": ["a"], "share": [True]}),
        Figure("x", "flow", "x", {"step": ["a"]}),
    ],
    ids=lambda figure: f"{figure.kind}-{figure.data}",
)
def test_a_figure_that_lacks_something_is_refused(figure):
    with pytest.raises(EvidenceError):
        draw(figure)


def test_more_than_a_picture_can_show_is_cut():
    many = [f"c{n}" for n in range(5000)]
    svg = draw(Figure("x", "effects", "x", {"label": many, "value": [0.1] * 5000, "threshold": [0.2] * 5000}))
    assert len(svg) < 60_000
    classes = Figure("x", "confusion", "x", {"actual": many, "predicted": many, "count": [1] * 5000})
    assert len(to_chart(classes)["data"]["values"]) == 900


@pytest.mark.parametrize(
    "inside",
    [
        '<script xmlns="http://www.w3.org/2000/svg">1</script>',
        '<image xmlns="http://www.w3.org/2000/svg" href="http://evil.example/x"/>',
        '<path d="M0,0" onclick="x()"/>',
        '<path d="M0,0" fill="url(http://evil.example/#x)"/>',
        '<g style="background:red"/>',
        "<a><text>x</text></a>",
        '<html xmlns="http://www.w3.org/1999/xhtml"/>',
    ],
)
def test_a_drawing_with_more_than_shapes_is_refused(inside):
    svg = '<svg xmlns="http://www.w3.org/2000/svg">{}</svg>'
    assert _check(svg.format('<path d="M0,0" fill="var(--accent)"/>'))
    with pytest.raises(EvidenceError):
        _check(svg.format(inside))


def test_the_engine_loads_nothing_from_outside(tmp_path):
    engine = load_engine("pictures", "vegalite")
    table = tmp_path / "secret.csv"
    table.write_text("a,b\nsecret,1\n")
    encoding = {"x": {"field": "b", "type": "quantitative"}, "y": {"field": "a", "type": "nominal"}}
    inside = {"data": {"values": [{"a": "shown", "b": 1}]}, "mark": "bar", "encoding": encoding}
    assert "shown" in engine.to_svg(inside)
    for address in (table.as_uri(), str(table), "http://127.0.0.1:9/x.csv"):
        try:
            drawn = engine.to_svg({**inside, "data": {"url": address}})
        except ValueError:
            continue
        assert "secret" not in drawn
