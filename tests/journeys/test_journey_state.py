"""A repo in a bad state: said plainly, nothing half-written, and the next run comes to the verdict all the same."""

import os
import shutil
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from journey import STAGES, Answer, Repo

from pavedroad.report import Outcome

pytestmark = [pytest.mark.journey, pytest.mark.slow]

MODEL = "src/umbrella_sales/model.py"
MARK = "JOURNEY_RUN"
"""A variable in the environment of a run, by which all its processes are found."""
SLOW = """
    import os
    import time
    from pathlib import Path

    if "JOURNEY_SLOW" in os.environ:
        Path(os.environ["JOURNEY_SLOW"]).touch()
        time.sleep(float(os.environ["JOURNEY_SECONDS"]))
"""


def test_a_folder_without_git_is_said(fresh: Repo) -> None:
    shutil.rmtree(fresh.root / ".git")
    answer = fresh.check()
    assert answer.code == 3, answer
    assert "not in a git repository" in answer.said
    assert "git init" in answer.said
    assert not fresh.stamps()


def test_a_repo_without_dvc_is_said(fresh: Repo) -> None:
    shutil.rmtree(fresh.root / ".dvc")
    answer = fresh.check()
    assert answer.code == 3, answer
    assert "DVC is not set up" in answer.said
    assert "dvc init" in answer.said
    assert not fresh.stamps()


def conflict(text: str) -> str:
    line = next(line for line in text.splitlines(keepends=True) if "md5: " in line)
    return text.replace(line, f"<<<<<<< HEAD\n{line}=======\n{line[::-1].strip()}\n>>>>>>> other\n", 1)


@pytest.mark.parametrize(
    "damage",
    [conflict, lambda text: text[: len(text) // 2].rstrip() + ": [", lambda _: "- a list\n", lambda _: "stages: 7\n"],
    ids=["a merge conflict", "a lock cut short", "a list", "stages that are a number"],
)
def test_a_damaged_lock_is_said_and_a_restored_one_passes(small: Repo, damage: Callable[[str], str]) -> None:
    before = small.read("dvc.lock")
    small.write("dvc.lock", damage(before))
    answer = small.check()
    assert answer.code in {2, 3}, answer
    assert "dvc.lock" in answer.said
    assert "git checkout" in answer.said
    small.git("checkout", "--", "dvc.lock")
    stamps = small.stamps()
    answer = small.check()
    assert answer.code == 0, answer
    assert small.stamps() == stamps, "nothing had to run again"


HEARING = """
import os, signal, sys
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
    signal.signal(number, signal.SIG_DFL)
os.execv(sys.argv[1], sys.argv[1:])
"""
"""Become a command that hears signals, also where the tests were started by something like ``nohup``."""


@dataclass
class Run:
    """A ``check`` in the middle of training."""

    process: "subprocess.Popen[bytes]"
    mark: str
    log: Path

    def find_processes(self) -> dict[int, str]:
        """Every process of the run that still runs, by its id."""
        found = {}
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                if f"{MARK}={self.mark}".encode() in (folder / "environ").read_bytes().split(b"\0"):
                    found[int(folder.name)] = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            except OSError:
                continue  # ended meanwhile
        return found

    def await_end(self, known: dict[int, str], seconds: float = 30) -> None:
        """Wait until no process of the run is left, not even a dead one that nobody has waited for yet."""
        end = time.monotonic() + seconds
        while known := {number: what for number, what in known.items() if Path(f"/proc/{number}").exists()}:
            assert time.monotonic() < end, known
            time.sleep(0.1)


@contextmanager
def train_slowly(repo: Repo, tmp_path: Path, seconds: float) -> Iterator[Run]:
    """Start a ``check`` and hand it over once it is in the repo's own train function, where it stays for a while."""
    repo.replace(MODEL, "    settings = dict(params)", f"{SLOW}    settings = dict(params)")
    begun, log = tmp_path / "begun", tmp_path / "log"
    mark = uuid.uuid4().hex
    environment = repo.environment | {MARK: mark, "JOURNEY_SLOW": str(begun), "JOURNEY_SECONDS": str(seconds)}
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-c", HEARING, sys.executable, "-m", "pavedroad", "check"],
            cwd=repo.root,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    run = Run(process, mark, log)
    try:
        end = time.monotonic() + 120
        while not begun.exists():
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < end, log.read_text()
            time.sleep(0.05)
        yield run
    finally:
        for number in run.find_processes():
            os.kill(number, signal.SIGKILL)
        process.wait()


def assert_nothing_half_written(repo: Repo) -> None:
    assert not repo.find_scraps()
    for path in (repo.root / "reports").glob("*.json"):
        if path.stem in {*STAGES, "gate"}:
            repo.report(path.stem)  # reads strictly, and refuses half a document


def assert_converges(repo: Repo) -> Answer:
    answer = repo.check()
    assert answer.code == 0, answer
    assert repo.outcomes() == dict.fromkeys((*STAGES, "gate"), Outcome.PASS)
    assert_nothing_half_written(repo)
    return answer


@pytest.mark.parametrize(
    ("send", "number", "code"),
    [(os.killpg, signal.SIGINT, 130), (os.kill, signal.SIGTERM, 143), (os.kill, signal.SIGHUP, 129)],
    ids=[
        "Ctrl-C, as a terminal sends it to all",
        "SIGTERM, as a cancelled job sends it to the command alone",
        "SIGHUP, as a shell sends it to a command whose terminal was closed",
    ],
)
def test_an_interruption_while_training_ends_everything_and_the_next_run_passes(
    small: Repo, tmp_path: Path, send: Callable[[int, int], None], number: int, code: int
) -> None:
    with train_slowly(small, tmp_path, seconds=100) as run:
        assert len(run.find_processes()) >= 3, "the command, DVC and the stage"
        send(run.process.pid, number)
        assert run.process.wait(timeout=60) == code, run.log.read_text()
        said = run.log.read_text()
        assert "Interrupted. Nothing is half-written" in said
        assert "Traceback" not in said
        assert not run.find_processes()
    assert_nothing_half_written(small)
    assert not small.has_report("train"), "training has not ended, so nothing may speak of it"
    assert_converges(small)


def test_a_run_whose_every_process_was_killed_converges(small: Repo, tmp_path: Path) -> None:
    with train_slowly(small, tmp_path, seconds=100) as run:
        killed = run.find_processes()
        for number in killed:
            os.kill(number, signal.SIGKILL)
        assert run.process.wait(timeout=60) == -signal.SIGKILL
        run.await_end(killed)
    assert_nothing_half_written(small)
    assert_converges(small)


def test_a_second_check_says_that_the_first_is_running_even_when_it_was_orphaned(small: Repo, tmp_path: Path) -> None:
    with train_slowly(small, tmp_path, seconds=100) as run:
        answer = small.check()
        assert answer.code == 3, answer
        assert "Another DVC process is running" in answer.said
        assert run.process.poll() is None, "the first goes on"
        run.process.kill()
        run.process.wait()
        orphans = run.find_processes()
        assert orphans, "DVC and the stage live on without the command"
        answer = small.check()
        assert answer.code == 3, answer
        assert "Another DVC process is running" in answer.said
    assert_nothing_half_written(small)
