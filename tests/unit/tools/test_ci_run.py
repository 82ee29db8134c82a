"""`.ci/run` runs every session, and fails with whichever of them fails."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
SESSIONS = ["lint", "demo", "tests-fast", "tests-engines", "tests-models", "tests"]
DRIVE = """\
import os, sys
session = sys.argv[1].partition("-3.")[0]
print("ran", session)
sys.exit(session == os.environ["FAILING"])
"""


@pytest.fixture
def run(tmp_path):
    """The script on a machine that lacks nothing, beside a `drive.py` that only fails where it is told to."""
    (tmp_path / ".ci").mkdir()
    shutil.copy(ROOT / ".ci" / "run", tmp_path / ".ci")
    (tmp_path / "drive.py").write_text(DRIVE)
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("chromium", "java", "initdb"):
        (programs / name).write_text("#!/bin/sh\n")
        (programs / name).chmod(0o755)
    for name in ("python3", f"python3.{sys.version_info.minor}"):
        (programs / name).symlink_to(sys.executable)
    (programs / "git").symlink_to(shutil.which("git"))

    def start(failing):
        done = subprocess.run(
            ["bash", ".ci/run"],
            cwd=tmp_path,
            env={**os.environ, "PATH": f"{programs}{os.pathsep}{os.defpath}", "FAILING": failing},
            capture_output=True,
            text=True,
            check=False,
        )
        return done, [line.removeprefix("ran ") for line in done.stdout.splitlines() if line.startswith("ran ")]

    return start


def test_every_session_runs_and_all_tests_come_last(run):
    done, said = run("nothing")
    assert done.returncode == 0, done.stderr
    assert said == ["lint", "demo", "demo", "tests-fast", "tests-engines", "tests-models", "tests"]


@pytest.mark.parametrize("session", SESSIONS)
def test_a_session_that_fails_fails_the_whole(run, session):
    done, _ = run(session)
    assert done.returncode != 0


@pytest.mark.parametrize("session", ["tests-fast", "tests-engines", "tests-models"])
def test_of_sessions_side_by_side_all_are_shown_when_one_fails_and_nothing_follows(run, session):
    _, said = run(session)
    assert said[-3:] == ["tests-fast", "tests-engines", "tests-models"]
