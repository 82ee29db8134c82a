"""How pictures look: colours as CSS variables, fonts of known widths, calm axes.

``var(--accent)`` and its like come from the page's style, so one drawing serves the light page, the dark page and the
printer.
"""

from typing import Any

Spec = dict[str, Any]
Row = dict[str, Any]

FONT = "Liberation Sans, Arial, Helvetica, sans-serif"
"""Fonts of the same widths, so that labels fit wherever the page is read; the first comes with the renderer."""

MARGIN: Row = {"left": 16, "right": 16, "top": 4, "bottom": 4}
"""Pixels around a drawing: where a page finds only wider fonts, its labels reach that far beyond their place."""

INK, ACCENT, ALARM, GREY = "var(--ink)", "var(--accent)", "var(--fail)", "var(--grey)"
_MUTED, _LINE = "var(--muted)", "var(--line)"

LOOSE: Row = {"scale": {"zero": False}, "axis": {"tickCount": 5}}
"""A scale that need not start at zero, for what is a place and not a length."""

BARE: Row = {"grid": False, "domain": False, "ticks": False, "labelPadding": 8}
"""An axis of names."""

_AXIS = {
    "labelColor": _MUTED,
    "titleColor": _MUTED,
    "gridColor": _LINE,
    "domainColor": _LINE,
    "tickColor": _LINE,
    "labelFont": FONT,
    "titleFont": FONT,
    "labelFontSize": 11,
    "titleFontSize": 11,
    "titleFontWeight": "normal",
    "titlePadding": 8,
    "labelLimit": 150,
    "labelOverlap": True,
}
CONFIG = {
    "aria": False,
    "font": FONT,
    "axis": _AXIS,
    "view": {"stroke": None},
    "text": {"font": FONT, "fontSize": 11, "color": INK},
    "legend": {"labelColor": _MUTED, "titleColor": _MUTED, "labelFont": FONT, "titleFont": FONT},
}
