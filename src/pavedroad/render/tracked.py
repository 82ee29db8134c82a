"""Recorded runs side by side: a table, what differs, and a page with a parallel plot; every text is hostile."""

import hashlib
import html
import math
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass

from pavedroad.foundation.package.facts import Measure
from pavedroad.foundation.tracking import TrackedRun
from pavedroad.render import words
from pavedroad.report import Scalar

KEY = "metric.model"
"""The measure that every run has that was evaluated: the key metric of the model."""
MOST_RUNS = 400
"""Runs that are drawn, the newest."""
MOST_AXES = 12
MOST_MARKS = 9
"""Words that are written beside one axis."""
LONGEST_REASON = 100
"""Characters of a table's cell that says why a run came to no package."""
ABSENT = -0.12
"""Where a run crosses an axis that it has no value of: below its foot, so that it is not taken for a value."""

_WIDTH, _HEIGHT, _TOP, _SIDE = 960.0, 380.0, 60.0, 70.0
_STYLE = """
:root { color-scheme: light dark; --ink: #1c2330; --soft: #5a6475; --line: #d9dee7; --ground: #fff; --best: #1f6feb; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6e9ef; --soft: #9aa5b8; --line: #333c4b; --ground: #12161d; --best: #6ea8ff; }
}
body { margin: 0 auto; max-width: 66rem; padding: 1.5rem 1rem 4rem; color: var(--ink); background: var(--ground);
  font: 1rem/1.5 "Liberation Sans", Arial, Helvetica, sans-serif; }
svg { width: 100%; min-width: 38rem; height: auto; }
svg text { fill: var(--soft); font-size: 12px; text-anchor: middle; }
svg .mark { font-size: 11px; text-anchor: start; paint-order: stroke; stroke: var(--ground); stroke-width: 3; }
.axis { stroke: var(--line); stroke-width: 2; } .run { fill: none; stroke: var(--soft); stroke-opacity: .45; }
.refused { stroke-dasharray: 3 4; }
.best { stroke: var(--best); stroke-opacity: 1; stroke-width: 3; }
.run:hover { stroke: var(--ink); stroke-opacity: 1; stroke-width: 3; }
.wide { overflow-x: auto; } table { border-collapse: collapse; width: 100%; font-size: .9rem; }
th, td { text-align: left; padding: .35rem .8rem .35rem 0; border-bottom: 1px solid var(--line); white-space: nowrap; }
th { color: var(--soft); font-weight: normal; } .first td { color: var(--best); }
"""


@dataclass(frozen=True)
class _Axis:
    """One upright line of the plot: what is written beside it, and where each run crosses it, from 0 to 1."""

    title: str
    marks: dict[str, float]
    heights: list[float]


def to_table(runs: Sequence[TrackedRun]) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """The head and the rows of a table of runs, the newest first, with the parameters in which they differ."""
    varying = _find_varying(runs)
    refused = any(run.refused for run in runs)
    head = ("run", "made", "commit", _name_metric(runs), *(words.clean(name, 40) for name in varying), "took")
    head += ("refused by",) if refused else ()
    best = find_best(runs)
    rows = [
        (
            f"{run.id} *" if run is best and len(runs) > 1 else run.id,
            words.clean(run.started, 40).replace("T", " ").removesuffix("+00:00"),
            (words.digest(run.commit or "") or words.NOTHING) + (" +" if run.dirty else ""),
            _tell_measure(_find_key(run)),
            *(words.words(run.parameters.get(name)) for name in varying),
            words.duration(run.duration_s),
            *((words.clean(run.refused, LONGEST_REASON) or words.NOTHING,) if refused else ()),
        )
        for run in reversed(runs)
    ]
    return head, rows


def to_differences(runs: Sequence[TrackedRun]) -> dict[str, tuple[str, ...]]:
    """What differs between runs, in words, by its name; nothing when all that is recorded is the same."""
    described = [_describe(run) for run in runs]
    names = dict.fromkeys(name for one in described for name in one)
    found = {name: tuple(one.get(name, words.NOTHING) for one in described) for name in names}
    return {name: values for name, values in found.items() if len(set(values)) > 1}


def find_best(runs: Sequence[TrackedRun]) -> TrackedRun | None:
    """The run with the best key metric among those with the newest run's metric; the first of equals.

    One that a stage said no to is not the best, however good it looks: it may know what it is judged on.
    """
    key = [run for run in runs if _find_key(run) is not None and run.metric == runs[-1].metric and not run.refused]
    if not key:
        return None
    lower = runs[-1].better == "lower"
    return min(key, key=lambda run: _value(run) if lower else -_value(run))


def to_page(runs: Sequence[TrackedRun]) -> str:
    """One page that loads nothing: the plot, and below it the table."""
    shown = list(runs)[-MOST_RUNS:]
    digest = b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    name = _quote(shown[-1].name) if shown else "this repo"
    parts = [
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>Runs of {name}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<h1>Runs of {name}</h1>",
        f"<p>{words.plural(len(shown), 'run')}{'' if len(shown) == len(runs) else f' of {len(runs):,}'}.</p>",
        _plot(shown) if len(shown) > 1 else "<p>The plot needs two runs or more.</p>",
        _tabulate(shown),
        "</body>\n</html>",
    ]
    return "\n".join(parts) + "\n"


def _plot(runs: Sequence[TrackedRun]) -> str:
    axes = _choose_axes(runs)
    step = (_WIDTH - 2 * _SIDE) / max(1, len(axes) - 1)
    places = [_SIDE + step * number for number in range(len(axes))]
    bottom = _HEIGHT - _SIDE

    def rise(height: float) -> float:
        return bottom - height * (bottom - _TOP)

    best = find_best(runs)
    parts = [
        '<div class="wide">',
        f'<svg viewBox="0 0 {_WIDTH:g} {_HEIGHT:g}" role="img" aria-label="Every run as a line over all axes">',
    ]
    for axis, place in zip(axes, places, strict=True):
        parts.append(f'<line class="axis" x1="{place:.1f}" x2="{place:.1f}" y1="{_TOP:g}" y2="{bottom:g}"/>')
        parts.append(f'<text x="{place:.1f}" y="{_TOP - 24:g}">{_quote(words.clean(axis.title, 26))}</text>')
    for number, run in sorted(enumerate(runs), key=lambda item: item[1] is best):
        points = [f"{place:.1f},{rise(axis.heights[number]):.1f}" for axis, place in zip(axes, places, strict=True)]
        kind = "run best" if run is best else "run refused" if run.refused else "run"
        title = f"<title>{_quote(run.id)}: {_quote(_tell_measure(_find_key(run)))}</title>"
        parts.append(f'<polyline class="{kind}" points="{" ".join(points)}">{title}</polyline>')
    for axis, place in zip(axes, places, strict=True):  # written last, to be read above the lines
        parts += [
            f'<text class="mark" x="{place + 6:.1f}" y="{rise(height) - 5:.1f}">{_quote(words.clean(text, 18))}</text>'
            for text, height in axis.marks.items()
        ]
    better = f"{runs[-1].better} is better" if runs[-1].better else ""
    told = f"One line a run; the best one by {_name_metric(runs)}{f' ({better})' if better else ''} stands out."
    told += " A stage said no to those with broken lines." if any(run.refused for run in runs) else ""
    return "\n".join([*parts, "</svg>\n</div>", f"<p>{_quote(told)}</p>"])


def _choose_axes(runs: Sequence[TrackedRun]) -> list[_Axis]:
    """The parameters in which runs differ, then how long they took, then the measures of the model."""
    axes = [_scale(name, [run.parameters.get(name) for run in runs]) for name in _find_varying(runs)[: MOST_AXES - 2]]
    axes.append(_scale("seconds", [run.duration_s for run in runs]))
    axes.append(_scale(_name_metric(runs), [None if _find_key(run) is None else _value(run) for run in runs]))
    return axes


def _scale(title: str, values: Sequence[Scalar]) -> _Axis:
    """Numbers by size; anything else in the order of its words, evenly apart; what a run lacks stands below."""
    known = [value for value in values if value is not None]
    numbers = [float(value) for value in known if isinstance(value, int | float) and not isinstance(value, bool)]
    absent = {words.NOTHING: ABSENT} if len(known) < len(values) else {}
    if numbers and len(numbers) == len(known) and all(map(math.isfinite, numbers)):
        low, high = min(numbers), max(numbers)
        half = high / 2 - low / 2  # the whole may be beyond what a number can be
        by_size = {number: (number / 2 - low / 2) / half if half else 0.5 for number in numbers}
        marks = {words.number(number): by_size[number] for number in (low, high)}
        return _Axis(title, marks | absent, [ABSENT if value is None else by_size[float(value)] for value in values])
    named = sorted({words.words(value) for value in known})
    places = {name: number / max(1, len(named) - 1) for number, name in enumerate(named)}
    shown = named if len(named) <= MOST_MARKS else [named[0], named[-1]]
    heights = [ABSENT if value is None else places[words.words(value)] for value in values]
    return _Axis(title, {name: places[name] for name in shown} | absent, heights)


def _tabulate(runs: Sequence[TrackedRun]) -> str:
    head, rows = to_table(runs)
    lines = [f"<tr>{''.join(f'<th>{_quote(name)}</th>' for name in head)}</tr>"]
    for row in rows:
        kind = ' class="first"' if row[0].endswith("*") else ""
        lines.append(f"<tr{kind}>{''.join(f'<td>{_quote(cell)}</td>' for cell in row)}</tr>")
    return '<div class="wide"><table>\n' + "\n".join(lines) + "\n</table></div>"


def _describe(run: TrackedRun) -> dict[str, str]:
    return {
        "commit": words.digest(run.commit or "") or words.NOTHING,
        "estimator": words.clean(run.estimator) or words.NOTHING,
        "code": words.digest(run.code),
        **{f"data {words.clean(path, 80)}": words.digest(digest) for path, digest in run.data.items()},
        **{f"parameter {words.clean(name, 60)}": words.words(value) for name, value in run.parameters.items()},
        **{f"package {words.clean(name, 60)}": words.clean(version, 60) for name, version in run.environment.items()},
        **{words.clean(measure.title, 80): _tell_measure(measure) for measure in run.measures},
        **{f"the script says {words.clean(name, 60)}": words.number(value) for name, value in run.claimed.items()},
        "model": words.digest(run.model) or words.NOTHING,
        "refused by": words.clean(run.refused) or words.NOTHING,
    }


def _find_varying(runs: Sequence[TrackedRun]) -> list[str]:
    names = dict.fromkeys(name for run in runs for name in run.parameters)
    return [name for name in names if len({words.words(run.parameters.get(name)) for run in runs}) > 1]


def _find_key(run: TrackedRun) -> Measure | None:
    return next((measure for measure in run.measures if measure.id == KEY), None)


def _value(run: TrackedRun) -> float:
    key = _find_key(run)
    return math.nan if key is None else key.value


def _name_metric(runs: Sequence[TrackedRun]) -> str:
    return words.clean(runs[-1].metric, 60) if runs else "metric"


def _tell_measure(measure: Measure | None) -> str:
    if measure is None:
        return words.NOTHING
    return f"{words.number(measure.value)} ({words.number(measure.low)} to {words.number(measure.high)})"


def _quote(text: str) -> str:
    return html.escape(words.clean(text, 500))
