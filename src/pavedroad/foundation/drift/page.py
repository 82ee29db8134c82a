"""A vendor's own page on drift, as an artifact beside the report: on a bounded sample, and it says so."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, cast

from pavedroad.foundation.drift.reference import ColumnSketch
from pavedroad.foundation.engines import load_engine

PAGE = "drift-evidently.html"
"""The file among the reports."""


@dataclass(frozen=True)
class Pair:
    """A column on both sides, and the method and threshold that the page shows it with."""

    reference: ColumnSketch
    current: ColumnSketch
    method: str
    threshold: float


@dataclass(frozen=True)
class Note:
    """What the page says of itself: which rows are compared, and a mark of what it was made from (no dashes)."""

    about: str
    mark: str


class PageEngine(Protocol):
    """An engine that draws a page."""

    def write_page(self, pairs: list[Pair], path: Path, note: Note) -> list[str]:
        """See :func:`write_page`."""
        ...


def write_page(pairs: list[Pair], path: Path, note: Note, engine: str = "evidently") -> list[str]:
    """Write the page whole or not at all.

    Returns:
        The columns that the vendor gave up on, each with its reason; the others are shown.

    Raises:
        EvidenceError: no column could be shown.
        MissingExtraError: the vendor is not installed.
    """
    return cast("PageEngine", load_engine("drift-page", engine)).write_page(pairs, path, note)
