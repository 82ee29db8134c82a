"""Timing whole processes, in turn, so that the ratio of two holds when the machine's speed drifts."""

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

_ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
"""Installed packages are compiled once, not at every start; where nobody did it yet, the warm-up does."""


@dataclass(frozen=True)
class Command:
    """A command to time; ``before`` runs, untimed, ahead of every run."""

    name: str
    words: Sequence[str]
    cwd: Path
    env: Mapping[str, str] = field(default_factory=dict)
    before: Callable[[], None] | None = None


@dataclass(frozen=True)
class Figures:
    """What was measured of each run: wall seconds, peak memory (MB, the largest single process), processor seconds."""

    name: str
    seconds: list[float]
    peak_mb: list[float]
    cpu_s: list[float] = field(default_factory=list)

    def __str__(self) -> str:
        """Median, least and most, the peak of memory and the median of the processors' time, in one line."""
        low, high = min(self.seconds), max(self.seconds)
        middle = statistics.median(self.seconds)
        busy = f"  {statistics.median(self.cpu_s):8.3f} s busy" if self.cpu_s else ""
        return f"{self.name:<44} {middle:8.3f} s  ({low:.3f} to {high:.3f})  {max(self.peak_mb):7.0f} MB{busy}"


def time_in_turn(commands: Sequence[Command], runs: int = 7, warm_ups: int = 1) -> list[Figures]:
    """Run the commands one after the other, A B A B …, and return the figures of each.

    Raises:
        SystemExit: a command failed; its output is shown.
    """
    figures = [Figures(command.name, [], []) for command in commands]
    for turn in range(warm_ups + runs):
        for command, figure in zip(commands, figures, strict=True):
            if command.before is not None:
                command.before()
            seconds, peak, cpu = _run(command)
            if turn >= warm_ups:
                figure.seconds.append(seconds)
                figure.peak_mb.append(peak)
                figure.cpu_s.append(cpu)
    for figure in figures:
        print(figure)
    return figures


def find_ratio(first: Figures, second: Figures) -> float:
    """The median, over the turns, of first ÷ second."""
    return statistics.median(a / b for a, b in zip(first.seconds, second.seconds, strict=True))


def find_busy_ratio(first: Figures, second: Figures) -> float:
    """The same of the processors' time, which other work on the machine moves least."""
    return statistics.median(a / b for a, b in zip(first.cpu_s, second.cpu_s, strict=True))


def judge(what: str, found: float, bound: float, unit: str = "") -> bool:
    """Print one line of the verdict and say whether it holds."""
    held = found <= bound
    print(f"{'held ' if held else 'MISSED'} {what}: {found:.3g}{unit}, at most {bound:g}{unit}")
    return held


def leave(*held: bool) -> None:
    """End with 1 when a bound was missed."""
    sys.exit(0 if all(held) else 1)


def _run(command: Command) -> tuple[float, float, float]:
    clock = time.perf_counter()
    process = subprocess.Popen(
        list(command.words),
        cwd=command.cwd,
        env={**_ENVIRONMENT, **command.env},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    output = process.stdout.read() if process.stdout else b""
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - clock
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.stdout.write(output.decode(errors="replace"))
        sys.exit(f"{command.name} ended with {process.returncode}")
    return seconds, usage.ru_maxrss / 1024, usage.ru_utime + usage.ru_stime
