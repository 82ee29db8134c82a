"""The latency stage in a process of its own, which gets ready while the pipeline is still at work.

Loading what predicts takes seconds on a machine that has not done so before; timing takes one. So the process is
started first, loads, and waits for the word to begin, which it gets when nothing else is at work any more.
"""

import sys
from collections.abc import Callable

from pavedroad.errors import JudgementError
from pavedroad.foundation.pipeline import Event
from pavedroad.foundation.project import Project
from pavedroad.foundation.usercode.command import Command
from pavedroad.report import Report
from pavedroad.stages.runner import run_stage

STAGE = "latency"


def _say_broken(code: int) -> Report:
    raise JudgementError(
        f"The process that times the model ended with exit code {code} and left no report.",
        next_step="See what it says by itself: pavedroad latency.",
    )


class Timing:
    """A process that is ready to time the model, or will be started when it is asked to.

    Where an earlier run has left a report there is perhaps nothing to time, so nothing is started early.

    Args:
        project: the repo.
    """

    def __init__(self, project: Project) -> None:
        self._project = project
        wanted = STAGE in project.config.gate.required and not project.report(STAGE).exists()
        self._ready = self._start("--when-told") if wanted else None

    def measure(self, watch: Callable[[Event], None]) -> None:
        """Time the model; what the process says is told, and its report tells the rest."""
        watch(Event(STAGE, "running"))
        command, self._ready = self._ready or self._start(), None
        command.tell()
        for line in command.lines():
            watch(Event(STAGE, text=line))
        code = command.wait()
        if code != 0:
            watch(Event(STAGE, "failed"))
        if not self._project.report(STAGE).exists():  # it broke before it could say why
            run_stage(self._project, STAGE, lambda _: _say_broken(code))

    def close(self) -> None:
        """End the process if it was not needed."""
        if self._ready is not None:
            self._ready.stop()
            self._ready = None

    def _start(self, *options: str) -> Command:
        words = [sys.executable, "-m", "pavedroad", STAGE, *options]
        return Command(words, self._project.root, waits=bool(options))
