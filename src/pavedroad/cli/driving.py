"""Driving down the road: progress while it lasts, then the verdict and the page that shows why."""

import gc
import sys
from typing import TYPE_CHECKING

from rich.console import Console

from pavedroad.cli.console import load_table, print_json, print_verdict
from pavedroad.cli.ending import exit_with
from pavedroad.cli.host import tell_road
from pavedroad.cli.report import load_writers, write_pages
from pavedroad.foundation.pipeline import Event, Running
from pavedroad.foundation.project import Project
from pavedroad.render import words
from pavedroad.stages.check import check
from pavedroad.stages.timing import Timing

if TYPE_CHECKING:
    from rich.status import Status


def drive(project: Project, running: Running, timing: Timing, *, base: str = "", as_json: bool) -> None:
    """Follow the road to its end, print what came of it and end the command with its exit code."""
    console = Console(highlight=False, stderr=as_json)
    with Progress(console, quiet=as_json) as progress:
        _load_ahead()
        reports = check(project, running, progress.watch, base, timing)
        progress.watch(Event("report", "running"))
        page = write_pages(project, reports)
    outcome = reports[-1].outcome
    if as_json:
        print_json({"outcome": outcome, "page": str(page), "reports": reports})
    else:
        console.print()
        print_verdict(reports, console)
        console.print(f"Report: {page}", soft_wrap=True, markup=False)
        behind = reports[-1].run.behind if reports[-1].run else []
        if behind:
            files = ", ".join(words.clean(path) for path in behind)
            console.print(
                f"Not committed yet: {files}. Commit what the road made, so that others see it too.",
                markup=False,
                soft_wrap=True,
            )
    tell_road(project, reports, page)
    exit_with(outcome)


def _load_ahead() -> None:
    """Load, while the pipeline is at work, what is wanted as soon as it has ended."""
    from importlib.metadata import version

    load_table()
    load_writers()
    version("pavedroad")  # the first answer loads a parser of e-mails, in which Python keeps what it knows of packages
    gc.freeze()  # all this is here to stay: the searches for garbage, the last one above all, need not go through it


class Progress:
    """Shows what the road is doing: a spinner on a terminal, a line a stage elsewhere."""

    def __init__(self, console: Console, *, quiet: bool) -> None:
        self._quiet = quiet
        self._console = console
        self._status: Status | None = None

    def __enter__(self) -> "Progress":
        return self

    def __exit__(self, *_: object) -> None:
        self._rest()

    def watch(self, event: Event) -> None:
        """Show one thing that happened."""
        if self._quiet:
            return
        if event.text:
            indent = " " * min(8, len(event.text) - len(event.text.lstrip(" ")))
            self._console.print(indent + words.clean(event.text, 500), markup=False, soft_wrap=True)
        elif event.state == "running":
            self._rest()
            if sys.stdout.isatty():
                self._status = self._console.status(f"{words.clean(event.stage)} …")
                self._status.start()
            else:
                self._console.print(f"… {words.clean(event.stage)}", markup=False)
        elif event.state == "unchanged":
            self._console.print(f"= {words.clean(event.stage)}  unchanged, not run again", markup=False)
        elif event.state == "restored":
            self._console.print(f"= {words.clean(event.stage)}  restored from the cache", markup=False)

    def _rest(self) -> None:
        if self._status is not None:
            self._status.stop()
            self._status = None
