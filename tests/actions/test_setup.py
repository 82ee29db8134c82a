"""The script that installs a repo's environment: what builds a package of the repo is the repo's code."""

import os
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SETUP = ROOT / "actions/setup"

PROJECT = """\
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]
[project]
name = "loud"
version = "1"
requires-python = ">=3.11"
"""
BACKEND = """\
import os

def build_editable(wheel_directory, config_settings=None, metadata_directory=None):
    print("\\n::error title=forged::the gate said yes", flush=True)
    for name in ("GITHUB_ENV", "GITHUB_PATH", "GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY"):
        print(f"{name}={os.environ.get(name)}", flush=True)
    raise SystemExit("The build is over.")
"""


@pytest.fixture
def setup(tmp_path):
    """Run the script in a folder as a step does; what it printed, its exit code, and the files it may speak by."""

    def run(files):
        repo, spoken = tmp_path / "repo", tmp_path / "spoken"
        repo.mkdir()
        spoken.mkdir()
        for name, text in files.items():
            (repo / name).write_text(text)
        if "pyproject.toml" in files:
            subprocess.run(["uv", "lock", "--quiet", "--offline"], cwd=repo, check=True)
        names = ("GITHUB_ENV", "GITHUB_PATH", "GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")
        said = {name: str(spoken / name) for name in names}
        environment = {**os.environ, **said, "GITHUB_ACTION_PATH": str(SETUP), "INSTALL": "repo", "UV_OFFLINE": "1"}
        done = subprocess.run(
            ["bash", str(SETUP / "setup.sh")],
            cwd=repo,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout, sorted(path.name for path in spoken.iterdir())

    return run


def obeyed(log):
    """The lines that a runner obeys: those that begin with ``::`` and stand outside every fence."""
    found, fence = [], None
    for line in log.splitlines():
        if fence is None and (opened := re.fullmatch(r"::stop-commands::(\w+)", line)):
            fence = opened[1]
        elif fence is not None and line == f"::{fence}::":
            fence = None
        elif fence is None and line.startswith("::"):
            found.append(line)
    return found


def test_what_a_build_prints_is_no_command_and_it_has_no_files_to_speak_by(setup):
    code, log, spoken = setup({"pyproject.toml": PROJECT, "backend.py": BACKEND})
    assert code == 2
    assert "::error title=forged::the gate said yes" in log, "The build ran, and what it printed is there to read."
    assert log.count("=None") == 4
    assert [line.partition("::")[2].partition("::")[0] for line in obeyed(log)] == [
        "error title=The environment cannot be installed"
    ]
    assert spoken == []


def test_the_twin_without_a_fence_the_forged_line_would_be_obeyed():
    assert obeyed("::error title=forged::x\n") == ["::error title=forged::x"]
    assert obeyed("::stop-commands::a1\n::error::x\n\n::a1::\n::notice::y") == ["::notice::y"]


def test_a_repo_without_a_lock_is_told_the_command_that_makes_it(setup):
    code, log, spoken = setup({})
    assert (code, spoken) == (2, [])
    assert 'There is no uv.lock in the working directory. Make it with "uv lock" and commit it.' in log
