"""Watching over code that is not ours while it runs: it may not take forever, and it may not come back twice."""

import contextlib
import faulthandler
import os
import signal
import threading
from collections.abc import Iterator
from types import FrameType

PATIENCE_S = 60
"""Seconds after its time is over until code that does not listen is ended together with the process."""


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

    The stage then leaves no report, which is never a pass.
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
def keep_one_process() -> Iterator[None]:
    """Let only the process that came in go out: a copy that the code inside forked ends here, whatever it holds."""
    entered = os.getpid()
    try:
        yield
    finally:
        if os.getpid() != entered:
            os._exit(0)
