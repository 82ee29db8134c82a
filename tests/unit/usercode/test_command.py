"""A program that runs beside us is heard line by line, waits to be told, and is ended with all that it started."""

import os
import signal
import sys
import threading
import time
from pathlib import Path

import pytest

from pavedroad.foundation.usercode.command import Command


def python(code, folder, **options):
    return Command([sys.executable, "-c", code], folder, **options)


def is_alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def wait_until(condition, seconds=10):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "That did not come about."
        time.sleep(0.05)


def test_its_lines_are_heard_in_order_from_both_streams_and_its_code_is_told(tmp_path):
    code = "import os, sys\nos.write(1, b'one\\n'); os.write(2, b'two\\n'); os.write(1, b'three\\n'); sys.exit(7)"
    command = python(code, tmp_path)
    assert list(command.lines()) == ["one", "two", "three"]
    assert command.wait() == 7


def test_bytes_that_are_no_text_do_not_stop_the_listening(tmp_path):
    command = python(r"import sys; sys.stdout.buffer.write(b'a\xff\nb')", tmp_path)
    assert list(command.lines()) == ["a\ufffd", "b"]


def test_words_are_not_read_by_a_shell(tmp_path):
    command = Command([sys.executable, "-c", "import sys; print(sys.argv[1])", "$(touch canary); `id`"], tmp_path)
    assert list(command.lines()) == ["$(touch canary); `id`"]
    assert list(tmp_path.iterdir()) == []


def test_it_runs_where_it_is_told_and_sees_what_it_is_given(tmp_path):
    command = python("import os; print(os.getcwd(), os.environ['WORD'])", tmp_path, environment={"WORD": "given"})
    assert list(command.lines()) == [f"{tmp_path.resolve()} given"]


def test_one_that_waits_begins_when_it_is_told(tmp_path):
    command = python("print(repr(input()))", tmp_path, waits=True)
    time.sleep(0.2)
    assert command._process.poll() is None
    command.tell()
    assert list(command.lines()) == ["''"]
    assert command.wait() == 0


def test_one_that_does_not_wait_finds_nothing_on_its_input(tmp_path):
    command = python("import sys; print(repr(sys.stdin.read()))", tmp_path)
    command.tell()
    assert list(command.lines()) == ["''"]


def test_telling_one_that_has_ended_is_no_error(tmp_path):
    command = python("pass", tmp_path, waits=True)
    command._process.wait()
    command.tell()
    assert list(command.lines()) == []


def test_an_absent_program_is_the_systems_own_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        Command(["no-such-program-anywhere"], tmp_path)


def test_an_interruption_ends_it_and_what_it_started(tmp_path):
    code = (
        "import subprocess, sys\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        "print(child.pid, flush=True)\nchild.wait()"
    )
    command = python(code, tmp_path)
    with pytest.raises(KeyboardInterrupt):
        _interrupt_after_one(command, pids := [])
    wait_until(lambda: not is_alive(pids[0]))
    assert command._process.poll() is not None


def _interrupt_after_one(command, pids):
    lines = command.lines()
    pids.append(int(next(lines)))
    lines.throw(KeyboardInterrupt())


def test_a_second_interruption_kills_at_once_whatever_was_started(tmp_path):
    code = (
        "import signal, subprocess, sys\n"
        "for kind in (signal.SIGINT, signal.SIGTERM): signal.signal(kind, signal.SIG_IGN)\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        "print(child.pid, flush=True)\nchild.wait()"
    )
    command = python(code, tmp_path)
    lines = command.lines()  # kept, since to let go of it would end the program
    child = int(next(lines))
    threading.Timer(0.3, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
    with pytest.raises(KeyboardInterrupt):
        command.stop()
    assert command._process.returncode == -signal.SIGKILL
    wait_until(lambda: not is_alive(child))
    assert list(lines) == []


def test_one_that_does_not_listen_is_killed(tmp_path, monkeypatch):
    monkeypatch.setattr("pavedroad.foundation.usercode.command.PATIENCE_S", 0.3)
    code = (
        "import signal, time\n"
        "for kind in (signal.SIGINT, signal.SIGTERM): signal.signal(kind, signal.SIG_IGN)\n"
        "print('deaf', flush=True)\ntime.sleep(60)"
    )
    command = python(code, tmp_path)
    assert next(command.lines()) == "deaf"
    command.stop()
    assert command._process.returncode == -9
