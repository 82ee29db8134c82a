"""Which pictures come first when there are too many: those of columns that failed, then those that drifted most."""

import re
from collections.abc import Iterator
from itertools import islice

import msgspec

from pavedroad.render.charts import DRIFTED
from pavedroad.report import Check, Figure, Outcome, Report, Scalar

MOST_PICTURES = 60
"""Pictures of one stage that are drawn; thousands of columns must not become thousands of pictures."""

_RANK = {Outcome.ERROR: 0, Outcome.FAIL: 1, Outcome.WARN: 2}
_OVERVIEWS = frozenset({"intervals", "fit", "confusion", "reliability", "effects", "flow"})
"""Kinds that show a whole stage and not one column."""

_MOST_ENDS = 6


def choose_figures(report: Report, most: int = MOST_PICTURES) -> tuple[list[Figure], int]:
    """The figures worth drawing, most relevant first, and how many are left out.

    Overviews come first. A figure belongs to a check when they share an id, or when the figure's title or the
    end of its id is the end of the check's id or the column that its evidence names.
    """
    ranks = _rank_names(report.checks)
    effects = _read_effects(report.figures)

    def key(figure: Figure) -> tuple[bool, int, float]:
        names = set(_names(figure.id)) | {figure.title}
        rank = min((ranks[name] for name in names if name in ranks), default=len(_RANK))
        effect = max((effects[name] for name in names if name in effects), default=0.0)
        return (figure.kind not in _OVERVIEWS, rank, -effect)

    ordered = sorted(report.figures, key=key)
    return ordered[:most], max(0, len(ordered) - most)


def mark_drifted(figure: Figure, checks: list[Check]) -> Figure:
    """Add to a figure of effects which columns have drifted: an effect over its threshold may still be chance."""
    ranks = _rank_names(checks)
    drifted: list[Scalar] = [str(label) in ranks for label in figure.data.get("label", [])]
    return msgspec.structs.replace(figure, data={**figure.data, DRIFTED: drifted})


def _rank_names(checks: list[Check]) -> dict[str, int]:
    ranks: dict[str, int] = {}
    for check in checks:
        rank = _RANK.get(check.outcome)
        if rank is None:
            continue
        column = check.evidence.get("column")
        for name in (*_names(check.id), *([column] if isinstance(column, str) else [])):
            ranks[name] = min(rank, ranks.get(name, rank))
    return ranks


def _read_effects(figures: list[Figure]) -> dict[str, float]:
    """The size of the drift by column, as the stage's own overview has it."""
    return {
        str(label): abs(value)
        for figure in figures
        if figure.kind == "effects"
        for label, value in zip(figure.data.get("label", []), figure.data.get("value", []), strict=False)
        if isinstance(value, int | float)
    }


def _names(identifier: str) -> Iterator[str]:
    """The id and its ends after the first few dots or colons; a column's own name may hold dots."""
    yield identifier
    for match in islice(re.finditer(r"[.:]", identifier), _MOST_ENDS):
        yield identifier[match.end() :]
