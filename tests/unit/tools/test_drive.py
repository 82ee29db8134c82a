"""`drive.py` starts on a bare machine, or says in one sentence what the machine lacks."""

import ast
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def drive():
    spec = importlib.util.spec_from_file_location("project_drive", ROOT / "drive.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def checkout(tmp_path):
    """A folder that holds the start script and a lock, and nothing else."""
    (tmp_path / "requirements").mkdir()
    shutil.copy(ROOT / "drive.py", tmp_path)
    shutil.copy(ROOT / "requirements" / "nox.txt", tmp_path / "requirements")
    return tmp_path


def start(checkout, *arguments, path=os.defpath):
    return subprocess.run(
        [sys.executable, "drive.py", *arguments],
        cwd=checkout, env={"PATH": path, "HOME": str(checkout)}, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_an_old_python_gets_as_far_as_the_message():
    source = (ROOT / "drive.py").read_text()
    assert ast.parse(source, feature_version=(3, 7)).body
    assert source.index("from __future__ import annotations") < source.index("import hashlib")


def test_newer_syntax_would_be_noticed():
    with pytest.raises(SyntaxError):
        ast.parse("match 1:\n    case _: pass\n", feature_version=(3, 7))


def test_a_machine_without_git_is_told_which_package_brings_it(checkout):
    answer = start(checkout, "demo", path=str(checkout))
    assert answer.returncode == 2
    assert answer.stderr == "error: git is not installed. On Debian or Ubuntu: sudo apt install git\n"
    assert not (checkout / ".nox").exists()


def test_a_machine_without_venv_and_pip_is_told_which_package_brings_them(drive, monkeypatch):
    monkeypatch.setattr(drive, "has_module", lambda _: False)
    assert "sudo apt install python3-venv" in drive.find_problem()


def test_this_machine_lacks_nothing(drive):
    assert drive.find_problem() is None


@pytest.mark.slow
def test_a_package_without_its_hash_is_refused_and_nothing_counts_as_finished(checkout):
    (checkout / "requirements" / "nox.txt").write_text("nox==2026.10.20\n")
    answer = start(checkout, "demo")
    assert answer.returncode == 2
    assert "nox could not be installed" in answer.stderr
    assert "Traceback" not in answer.stderr
    assert list(checkout.glob(".nox/drive-*/finished")) == []


@pytest.mark.slow
def test_an_unfinished_environment_is_made_again_and_a_finished_one_is_used(checkout):
    (checkout / "requirements" / "nox.txt").write_text("# Nothing to install: the environment is all that is made.\n")
    (checkout / "noxfile.py").write_text("")
    first = start(checkout)
    [finished] = checkout.glob(".nox/drive-*/finished")
    second = start(checkout)
    finished.unlink()
    third = start(checkout)
    said = "Installing nox and uv"
    assert [said in run.stdout for run in (first, second, third)] == [True, False, True]


@pytest.mark.parametrize(
    ("typed", "given"),
    [
        ([], ["--list"]),
        (["demo"], ["--session", "demo"]),
        (["tests", "--", "-k", "gate"], ["--session", "tests", "--", "-k", "gate"]),
        (["lint", "tests"], ["--session", "lint", "tests"]),
        (["--list"], ["--list"]),
    ],
)
def test_words_are_sessions_and_options_go_to_nox(drive, typed, given):
    assert drive.to_nox(typed) == given
