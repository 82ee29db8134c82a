"""Drawing with Vega-Lite, through vl-convert: no browser, no server, no network."""

from typing import Any

import vl_convert


def to_svg(spec: dict[str, Any]) -> str:
    """Draw a Vega-Lite specification as one SVG element.

    No address is allowed: a specification that names a file or a page to load never gets it.

    Args:
        spec: the specification as plain JSON data, with its values inside.

    Raises:
        ValueError: the specification is not valid, or asks for something from outside.
    """
    return str(vl_convert.vegalite_to_svg(spec, allowed_base_urls=[]))
