"""Code that is not ours: it ends when its time is over, whatever it catches, and comes back once."""

import os
import subprocess
import sys
import threading
import time

import pytest

from pavedroad.foundation.usercode.supervision import TooLongError, keep_process, keep_streams, limit_time


def test_code_in_time_is_left_alone_and_its_alarm_is_taken_back():
    with limit_time(0.3):
        done = 1 + 1
    time.sleep(0.5)
    assert done == 2


def catch(what, times):
    """Work forever, shrugging off what is caught, as often as ``times`` says."""
    while True:
        try:
            time.sleep(30)
        except what:
            times -= 1
            if times < 0:
                raise


def limited(what, times):
    with limit_time(0.2):
        catch(what, times)


@pytest.mark.parametrize(
    ("what", "times"), [(Exception, 99), (ValueError, 99), (BaseException, 1)], ids=["all errors", "one", "everything"]
)
def test_code_out_of_time_is_interrupted_whatever_it_catches(what, times):
    begun = time.monotonic()
    with pytest.raises(TooLongError):
        limited(what, times)
    assert time.monotonic() - begun < 20


def test_in_another_thread_code_runs_as_it_does():
    done = []

    def work():
        with limit_time(0.05):
            time.sleep(0.2)
        done.append(True)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert done == [True]


HANGS = """
from pavedroad.foundation.usercode import supervision
supervision.PATIENCE_S = 1
with supervision.limit_time(1), supervision.end_at_last(1):
    print("in", flush=True)
    sum(range(10**13))
print("out")
"""


def test_compiled_code_that_does_not_listen_ends_with_the_process():
    done = subprocess.run([sys.executable, "-c", HANGS], capture_output=True, text=True, check=False, timeout=120)
    assert done.stdout == "in\n"
    assert done.returncode != 0
    assert "Timeout" in done.stderr


def test_streams_that_were_redirected_are_given_back():
    before = sys.stdout, sys.stderr
    with keep_streams():
        sys.stdout, sys.stderr = None, None
    assert (sys.stdout, sys.stderr) == before


CLOSES = """
import os, sys
from pavedroad.foundation.usercode.supervision import keep_streams
print("before", flush=True)
try:
    with keep_streams():
        CLOSE
        raise LookupError
except LookupError:
    pass
print("out")
print("err", file=sys.stderr)
os.write(1, b"")
"""
CLOSING = {
    "the files": "os.close(1); os.close(2)",
    "the streams": "sys.stdout.close(); sys.stderr.close()",
    "Python's own": "sys.__stdout__.close(); sys.__stderr__.close(); sys.stdout = None",
    "both": "sys.stdout.close(); sys.stderr.close(); os.close(1); os.close(2)",
    "to a full disk": "os.dup2(os.open('/dev/full', os.O_WRONLY), 1)",
}


@pytest.mark.parametrize("close", CLOSING.values(), ids=CLOSING)
def test_streams_that_were_closed_are_open_again(close):
    program = CLOSES.replace("CLOSE", close)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr, done.returncode) == ("before\nout\n", "err\n", 0)
    alone = program.replace("with keep_streams()", "if keep_streams")  # the trap works
    done = subprocess.run([sys.executable, "-c", alone], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr, done.returncode) != ("before\nout\n", "err\n", 0)


def test_a_stand_in_that_knows_no_files_is_given_back_too(monkeypatch):
    stand_in = object()
    monkeypatch.setattr(sys, "stdout", stand_in)
    with keep_streams():
        sys.stdout = None
    assert sys.stdout is stand_in


def test_streams_that_were_closed_before_stay_so():
    program = CLOSES.replace("CLOSE", "pass").replace('print("before", flush=True)', "os.close(2)")
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("out\n", "")


def test_a_process_cannot_be_ended_from_inside_and_ends_as_ever_afterwards():
    leave = os._exit
    with pytest.raises(SystemExit) as ended, keep_process():
        os._exit(7)
    assert ended.value.code == 7
    assert os._exit is leave


def test_a_copy_may_end_as_it_likes():
    with keep_process():
        child = os.fork()
        if child == 0:
            os._exit(3)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 3


def test_a_forked_copy_does_not_come_out(capfd):
    with keep_process():
        child = os.fork()
    os.write(1, b"out")
    assert os.waitpid(child, 0)[1] == 0
    assert capfd.readouterr().out == "out"
