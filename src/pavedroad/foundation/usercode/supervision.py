"""Watching over code that is not ours while it runs: it may not take forever, nor end us, nor come back twice."""

import contextlib
import faulthandler
import gc
import io
import os
import signal
import sys
import threading
from collections.abc import Iterator
from types import FrameType
from typing import NoReturn, TextIO

PATIENCE_S = 60
"""Seconds after its time is over until code that does not listen is ended together with the process."""

SELDOM, USUAL = 100_000, (700, 10, 10)
"""New objects from which on a program searches for garbage seldom, and when Python does so by itself."""


class TooLongError(BaseException):
    """The time is over. No ``Exception``, so that code which catches everything does not catch this."""


@contextlib.contextmanager
def limit_time(seconds: float) -> Iterator[None]:
    """Raise TooLongError in the code inside when its time is over, and again each second until it listens.

    Only a program's main thread can be interrupted; in any other the code runs as long as it does.
    """
    if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "setitimer"):
        yield
        return

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise TooLongError

    before = signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, seconds, 1.0)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@contextlib.contextmanager
def end_at_last(seconds: float) -> Iterator[None]:
    """End the process when the code inside does not even listen to an interruption, as compiled code may not.

    The stage's report then says that it did not come to its end, which is never a pass.
    """
    try:
        faulthandler.dump_traceback_later(seconds + PATIENCE_S, exit=True)
    except (OSError, ValueError, RuntimeError):  # there is no standard error to write to
        yield
        return
    try:
        yield
    finally:
        faulthandler.cancel_dump_traceback_later()


@contextlib.contextmanager
def keep_process() -> Iterator[None]:
    """Let only the process that came in go out, and let it go out: not as a copy, and not by ``os._exit``.

    A copy that the code inside forked ends here, whatever it holds. To end the process itself without a word is an
    exit like any other, which the caller hears of as SystemExit.
    """
    entered, leave = os.getpid(), os._exit

    def stay(status: int) -> NoReturn:
        if os.getpid() != entered:  # a copy, which ends as it likes
            leave(status)
        raise SystemExit(status)

    os._exit = stay
    try:
        yield
    finally:
        os._exit = leave
        if os.getpid() != entered:
            leave(0)


@contextlib.contextmanager
def keep_streams() -> Iterator[None]:
    """Give back the standard output and error that the code inside replaced or closed, or the verdict goes unheard."""
    before = sys.stdout, sys.stderr
    places = {stream: _find_place(stream) for stream in {*before, sys.__stdout__, sys.__stderr__}}
    copies = {number: os.dup(number) for number in (1, 2)} if _is_open(1) and _is_open(2) else {}
    try:
        yield
    finally:
        for number, copy in copies.items():
            os.dup2(copy, number)
            os.close(copy)
        sys.stdout, sys.stderr = before
        for stream, place in places.items():
            _reopen(stream, place)


def _find_place(stream: TextIO | None) -> int | None:
    """The number of the file that a stream writes to; None where it writes to none."""
    try:
        return None if stream is None else stream.fileno()
    except (AttributeError, OSError, ValueError):  # a stand-in that a program put there may know no files
        return None


def _is_open(number: int) -> bool:
    try:
        os.fstat(number)
    except OSError:
        return False
    return True


def _reopen(stream: TextIO | None, number: int | None) -> None:
    """Bring a closed stream back to life, itself: others, and Python at its end, hold it too."""
    if isinstance(stream, io.TextIOWrapper) and stream.closed and number is not None:
        again = open(number, "wb", closefd=False)  # noqa: SIM115 - the stream's from now on
        stream.__init__(again, encoding="utf-8", errors="backslashreplace", line_buffering=True)  # type: ignore[misc]


@contextlib.contextmanager
def collect_garbage() -> Iterator[None]:
    """Let Python search for garbage as usual, where the program does so seldom: the code inside may leave much.

    What was there before is not searched meanwhile.
    """
    before = gc.get_threshold()
    if before[0] < SELDOM:
        yield
        return
    gc.freeze()
    gc.set_threshold(*USUAL)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()
