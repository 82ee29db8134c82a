"""Pictures that GitHub draws from text: the road, the lineage, the key metric.

GitHub shows no inline pictures in comments and summaries, but it draws Mermaid. Labels are held to letters,
digits and a few harmless marks, because Mermaid has a syntax of its own inside quoted labels.
"""

import re
from collections.abc import Sequence
from itertools import pairwise

from pavedroad.render.lineage import Step
from pavedroad.render.verdict import Comparison, Row
from pavedroad.report import Outcome

_LONGEST = 40
_TOO_LARGE = 10**12
_UNSAFE = re.compile(r"[^\w ./,+()-]|(?<=/)/")

_STROKES = {
    Outcome.PASS: "#1a7f37",
    Outcome.WARN: "#9a6700",
    Outcome.FAIL: "#cf222e",
    Outcome.ERROR: "#8250df",
    Outcome.SKIPPED: "#6e7781",
}


def draw_road(rows: Sequence[Row]) -> str:
    """The stages in order, each with its outcome as symbol and word."""
    lines = ["flowchart LR"]
    lines += [
        f'  s{place}["{row.symbol} {_label(row.stage)}<br/>{row.word}"]:::{row.outcome.value}'
        for place, row in enumerate(rows)
    ]
    if len(rows) > 1:
        lines.append("  " + " --> ".join(f"s{place}" for place in range(len(rows))))
    # Strokes only: the fill stays the theme's, so the text is readable on light and dark.
    lines += [f"  classDef {outcome.value} stroke:{_STROKES[outcome]},stroke-width:2px" for outcome in Outcome]
    return _fence(lines)


def draw_lineage(columns: Sequence[Sequence[Step]]) -> str:
    """What went in, the model, the package."""
    lines = ["flowchart LR"]
    for place, column in enumerate(columns):
        for number, step in enumerate(column):
            parts = [_label(part) for part in (step.kind, step.name, step.digest)]
            lines.append(f'  c{place}n{number}["{"<br/>".join(part for part in parts if part)}"]')
    for place, (left, right) in enumerate(pairwise(columns)):
        ends = (
            " & ".join(f"c{at}n{number}" for number in range(len(column)))
            for at, column in enumerate((left, right), place)
        )
        lines.append("  " + " --> ".join(ends))
    return _fence(lines)


def draw_graph(graph: Sequence[tuple[Step, Sequence[str]]]) -> str:
    """The features and what each is made of."""
    places = {step.name: place for place, (step, _) in enumerate(graph)}
    lines = ["flowchart LR"]
    for place, (step, _) in enumerate(graph):
        shape = ("([", "])") if step.kind == "source" else ("[", "]")
        lines.append(f'  f{place}{shape[0]}"{_label(step.name)}"{shape[1]}')
    lines += [
        f"  f{places[name]} --> f{place}" for place, (_, needs) in enumerate(graph) for name in needs if name in places
    ]
    return _fence(lines)


def draw_comparison(comparison: Comparison) -> str:
    """The key metric of the model and the baseline as two bars; nothing when there is no baseline."""
    if comparison.baseline is None:
        return ""
    values = (comparison.model.value, comparison.baseline.value)
    if max(map(abs, values)) >= _TOO_LARGE:
        return ""
    low, high = min(0.0, *values), max(0.0, *values)
    return _fence(
        [
            "xychart-beta horizontal",
            f'  title "{_label(comparison.title)}"',
            '  x-axis ["model", "baseline"]',
            f'  y-axis "{_label(comparison.unit) or "value"}" {_plain(low)} --> {_plain(high * 1.05 or 1.0)}',
            f"  bar [{_plain(values[0])}, {_plain(values[1])}]",
        ]
    )


def _label(text: str) -> str:
    return _UNSAFE.sub("_", text)[:_LONGEST]


def _plain(value: float) -> str:
    """A number without an exponent, which Mermaid would not read."""
    return f"{value:.6f}".rstrip("0").rstrip(".")


def _fence(lines: Sequence[str]) -> str:
    return "\n".join(["```mermaid", *lines, "```"])
