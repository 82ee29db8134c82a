"""Progress of one long stage: a percentage on a terminal, a plain line now and then elsewhere."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click

EVERY = 10.0
"""Seconds between two plain lines; a stage that takes less leaves none."""

Watch = Callable[[int, float], None]


@contextmanager
def show_progress(stage: str) -> Iterator[Watch]:
    """Give a function that is told, while the stage is at work, which step it is at and the percentage that is done.

    On a terminal the line is renewed in place and gone at the end; nothing is imported for it before the first time
    that there is something to show.
    """
    shown = _Bar(stage) if sys.stderr.isatty() else _Lines(stage)
    try:
        yield shown.watch
    finally:
        shown.close()


class _Lines:
    """A line every few seconds, for logs."""

    def __init__(self, stage: str) -> None:
        self._stage = stage
        self._last = time.monotonic()

    def watch(self, step: int, percent: float) -> None:
        now = time.monotonic()
        if now - self._last >= EVERY:
            self._last = now
            click.echo(f"… {self._stage}  step {step}, {percent:.0f} %", err=True)

    def close(self) -> None:
        """Nothing is left open."""


class _Bar:
    """A line with a bar that is renewed in place."""

    def __init__(self, stage: str) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

        columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(24), TimeElapsedColumn())
        self._stage = stage
        self._progress = Progress(*columns, console=Console(stderr=True), transient=True)
        self._task = self._progress.add_task(f"{stage} …", total=100)
        self._progress.start()

    def watch(self, step: int, percent: float) -> None:
        self._progress.update(
            self._task, completed=percent, description=f"{self._stage}  step {step}, {percent:3.0f} %"
        )

    def close(self) -> None:
        self._progress.stop()
