"""The lineage as columns of steps: what went in, stacked, then the model, then the package."""

from collections.abc import Sequence
from dataclasses import dataclass

from pavedroad.foundation.text import join_some
from pavedroad.render import words
from pavedroad.report import Figure, Report, Scalar

_SOURCES = frozenset({"source", "data", "code", "params", "settings"})
"""Kinds that nobody on the road made: what went in."""

_MOST_STEPS = 40
_MOST_COLUMNS = 6
"""Columns of a graph that stand side by side on a page."""
_MOST_NAMED = 4


@dataclass(frozen=True)
class Step:
    """One thing in the lineage: what it is called, what kind of thing it is, and the start of its hash."""

    name: str
    kind: str
    digest: str


def find_lineage(reports: Sequence[Report]) -> list[list[Step]]:
    """The columns of the first lineage in the reports; none when there is none."""
    for report in reports:
        for figure in report.figures:
            if figure.kind == "flow":
                return to_columns(figure)
    return []


def find_graph(reports: Sequence[Report]) -> list[tuple[Step, list[str]]]:
    """The features of the first graph in the reports, each with the names of what it is made of; none without one."""
    for report in reports:
        for figure in report.figures:
            if figure.kind == "graph":
                names = figure.data.get("step", [])[:_MOST_STEPS]
                kinds, needs = (_fill(figure.data.get(name, []), len(names)) for name in ("kind", "needs"))
                return [
                    (Step(_text(name), _text(kind), ""), [_text(line) for line in str(made or "").split("\n")])
                    for name, kind, made in zip(names, kinds, needs, strict=True)
                ]
    return []


def lay_out_graph(reports: Sequence[Report]) -> list[list[Step]]:
    """The first graph in the reports as columns: the table's own first, each feature right of all it is made of."""
    graph = find_graph(reports)
    depths = {step.name: 0 for step, _ in graph}
    for _ in range(min(len(graph), _MOST_COLUMNS - 1)):  # a circle, which no engine makes, ends here too
        for step, needs in graph:
            depths[step.name] = max((depths[name] + 1 for name in needs if name in depths), default=0)
    columns: dict[int, list[Step]] = {}
    for step, needs in graph:
        made_of = join_some([name for name in needs if name], _MOST_NAMED)
        shown = Step(step.name, f"of {made_of}" if made_of else "in the table", "")
        columns.setdefault(min(depths[step.name], _MOST_COLUMNS - 1), []).append(shown)
    return [columns[depth] for depth in sorted(columns)]


def to_columns(figure: Figure) -> list[list[Step]]:
    """Group the steps: what went in shares the first column, then each kind that follows has its own."""
    names = figure.data.get("step", [])[:_MOST_STEPS]
    kinds, digests = (_fill(figure.data.get(name, []), len(names)) for name in ("kind", "digest"))
    columns: list[list[Step]] = []
    last = ""
    for name, kind, digest in zip(names, kinds, digests, strict=True):
        step = Step(words.clean(words.words(name), 80), _text(kind), _text(digest)[:12])
        group = "source" if step.kind in _SOURCES else step.kind
        if columns and group == last:
            columns[-1].append(step)
        else:
            columns.append([step])
        last = group
    return columns


def _text(cell: Scalar) -> str:
    return "" if cell is None else words.clean(words.words(cell), 80)


def _fill(column: list[Scalar], length: int) -> list[Scalar]:
    return [*column[:length], *[None] * (length - len(column))]
