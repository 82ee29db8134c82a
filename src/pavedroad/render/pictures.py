"""Figures as inline SVG, safe to stand in a page.

What the renderer gives back is checked against a list of harmless SVG elements before it may enter a page.
"""

from xml.etree import ElementTree as ET

from pavedroad.errors import EvidenceError
from pavedroad.foundation.engines import load_engine
from pavedroad.render import words
from pavedroad.render.charts import to_chart
from pavedroad.report import Figure

# No clip paths: their names are counted up from drawing to drawing, so that the same figure would draw differently.
_ELEMENTS = frozenset({"svg", "g", "path", "line", "text", "tspan", "rect", "circle"})
_SHOWN = {
    "intervals": "estimates with confidence intervals. The numbers stand in the table below the picture",
    "fit": "predicted against actual values of the holdout",
    "confusion": "how often each actual class was predicted as each class",
    "reliability": "for bins of rows. The numbers stand in the table below the picture",
    "effects": "size of the drift by column, with the threshold of each",
    "distribution": "share of rows by value",
}
"""What the pictures of each kind show."""
_SVG = "{http://www.w3.org/2000/svg}"


def draw(figure: Figure) -> str:
    """Draw a figure as one inline SVG element that loads nothing and runs nothing.

    A lineage (``flow``) is laid out by the page itself and is refused here.

    Raises:
        EvidenceError: the figure's columns are not those of its kind.
        MissingExtraError: the package that draws is not installed.
    """
    chart = to_chart(figure)
    engine = load_engine("pictures", "vegalite")
    try:
        svg = engine.to_svg(chart)
    except ValueError as error:
        raise EvidenceError(f"The figure {words.clean(figure.id)!r} cannot be drawn.") from error
    return _check(svg)


def describe(figure: Figure) -> str:
    """What a picture shows, in words, for those who cannot see it."""
    title = words.clean(figure.title, 120)
    return f"{title}: {_SHOWN[figure.kind]}." if figure.kind in _SHOWN else title


def _check(svg: str) -> str:
    """Refuse a drawing with anything in it that could load or run something."""
    root = ET.fromstring(svg)  # noqa: S314 - made by our own renderer, which writes no doctype
    for element in root.iter():
        harmless = element.tag.startswith(_SVG) and element.tag.removeprefix(_SVG) in _ELEMENTS
        for name, value in element.attrib.items():
            plain = name.rpartition("}")[2].lower()
            if plain.startswith("on") or plain in {"href", "style"} or "url(" in value.lower():
                harmless = False
        if not harmless:
            raise EvidenceError("The drawing holds something that a report must not hold.")
    return svg
