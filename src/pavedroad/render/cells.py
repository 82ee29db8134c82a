"""Reading the cells of a figure, which may hold anything JSON can: what is not of its kind counts as nothing."""

import math
from datetime import UTC, datetime

from pavedroad.errors import EvidenceError
from pavedroad.render import words
from pavedroad.render.palette import Row
from pavedroad.report import Figure, Scalar


def read_columns(figure: Figure, *names: str) -> list[list[Scalar]]:
    """The named columns of a figure.

    Raises:
        EvidenceError: one is missing, or the figure's columns differ in length.
    """
    missing = [name for name in names if name not in figure.data]
    if missing:
        raise EvidenceError(f"The figure {words.clean(figure.id)!r} lacks the column {missing[0]!r}.")
    if len({len(column) for column in figure.data.values()}) > 1:
        raise EvidenceError(f"The columns of the figure {words.clean(figure.id)!r} differ in length.")
    return [figure.data[name] for name in names]


def require_rows(rows: list[Row], figure: Figure) -> list[Row]:
    """The rows, of which there must be at least one.

    Raises:
        EvidenceError: there is none, so there is nothing to draw.
    """
    if not rows:
        raise EvidenceError(f"The figure {words.clean(figure.id)!r} holds no number to draw.")
    return rows


def to_numbers(column: list[Scalar]) -> list[float | None]:
    """Numbers as such, everything else as nothing; an integer too large for a float counts as nothing, too."""
    return [
        float(cell) if isinstance(cell, int | float) and not isinstance(cell, bool) and math.isfinite(cell) else None
        for cell in column
    ]


def to_label(cell: Scalar) -> str:
    """A cell as the label of a row or bar."""
    return words.clean(words.words(cell), 80)


def to_milliseconds(moment: Scalar) -> float | None:
    """A date as milliseconds since 1970 in UTC, whatever the time zone of the machine that draws."""
    if not isinstance(moment, str):
        return None
    try:
        parsed = datetime.fromisoformat(moment)
    except ValueError:
        return None
    return (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).timestamp() * 1000
