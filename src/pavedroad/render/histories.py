"""What a number was in past runs, as a line of text that is a picture as well."""

from collections.abc import Sequence

from pavedroad.render import words
from pavedroad.report import Run

BARS = "▁▂▃▄▅▆▇█"
MOST = 24
"""The last so many runs are shown."""


def draw_sparkline(values: Sequence[float]) -> str:
    """A bar a value, from zero to the largest of them."""
    most = max((abs(value) for value in values), default=0.0)
    steps = len(BARS) - 1
    return "".join(BARS[round(min(1.0, abs(value) / most) * steps) if most > 0 else 0] for value in values)


def tell_history(run: Run | None, column: str) -> list[str]:
    """The past of a column in a few words, where the run knows any."""
    values = [] if run is None else run.history.get(column, [])[-MOST:]
    if len(values) < 2:
        return []
    ends = f"{words.number(values[0])} to {words.number(values[-1])}"
    return [f"{draw_sparkline(values)} size in the last {len(values)} states on record: {ends}"]
