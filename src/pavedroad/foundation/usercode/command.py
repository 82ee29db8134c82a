"""A program at work in a repo's folder: started without a shell, heard line by line, ended with all that it started."""

import os
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

PATIENCE_S = 5.0
"""How long a program that is asked to end may take before it is asked less kindly."""


class Command:
    """A program that runs beside us; what it prints, on both of its streams, is one text in the order of printing.

    Args:
        words: the program and its arguments, each a word of its own; there is no shell.
        folder: where it runs.
        environment: its variables; ours unless given.
        waits: keep its standard input open until ``tell``; otherwise there is none.

    Raises:
        OSError: there is no such program.
    """

    def __init__(
        self,
        words: Sequence[str],
        folder: Path,
        *,
        environment: Mapping[str, str] | None = None,
        waits: bool = False,
    ) -> None:
        self._process = subprocess.Popen(  # noqa: S603 - the caller's words one by one, no shell
            list(words),
            cwd=folder,
            env=environment,
            stdin=subprocess.PIPE if waits else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="replace",
            start_new_session=True,  # so that it can be ended with whatever it has started
        )

    def tell(self) -> None:
        """Say a line to a program that waits for one; one that has ended meanwhile does not mind."""
        if self._process.stdin is not None:
            try:
                self._process.stdin.write("\n")
                self._process.stdin.close()
            except BrokenPipeError:
                pass

    def lines(self) -> Iterator[str]:
        """Each line as it is printed, until the program closes its output; an interruption ends the program."""
        try:
            for line in self._process.stdout or ():
                yield line.rstrip("\n")
        except BaseException:
            self.stop()
            raise

    def finish(self) -> tuple[int, list[str]]:
        """The exit code, once the program has ended, and all lines that it printed."""
        lines = list(self.lines())
        return self.wait(), lines

    def wait(self) -> int:
        """The exit code, once the program has ended; an interruption ends it."""
        try:
            return self._process.wait()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Ask the program and all that it started to end, and wait until they have; kill what does not listen.

        Whoever interrupts this as well is in a hurry, as a runner is that cancels a job: then all is killed at once.
        """
        try:
            for wanted in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
                try:
                    os.killpg(self._process.pid, wanted)  # what it started may outlive it
                    self._process.wait(timeout=PATIENCE_S)
                except (ProcessLookupError, PermissionError):  # the latter where its end was not waited for yet
                    break
                except subprocess.TimeoutExpired:
                    continue
            self._process.wait()
        except BaseException:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            raise
