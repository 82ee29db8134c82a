"""What becomes of a repository where tools are missing, refuse or know nobody: all is said plainly."""

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from pavedroad_template import finish

ROOT = Path(__file__).resolve().parents[2]
DVC = Path(sys.executable).parent / "dvc"


@pytest.fixture
def bake(outside, home, tmp_path):
    """The real program in a chosen environment; ``out/umbrella-sales`` is what it makes."""

    def run(*answers, **variables):
        env = {name: value for name, value in {**outside, **variables}.items() if value is not None}
        arguments = ["--no-input", ROOT, "-o", tmp_path / "out", "--config-file", home / "cookiecutter.yaml", *answers]
        command = [sys.executable, "-m", "cookiecutter", *map(str, arguments)]
        return subprocess.run(command, capture_output=True, text=True, env=env, check=False)

    return run


@pytest.fixture
def made(tmp_path):
    return tmp_path / "out" / "umbrella-sales"


def log(repo, form):
    command = ["git", "log", "-1", f"--format={form}"]
    return subprocess.run(command, cwd=repo, capture_output=True, text=True, check=True).stdout.strip()


def test_without_git_the_repository_is_usable(bake, made, tmp_path):
    nothing = tmp_path / "nothing"
    nothing.mkdir()
    said = bake(f"road_ref={'c' * 40}", PATH=str(nothing))
    assert said.returncode == 0, said.stdout + said.stderr
    assert "git was not found" in said.stdout
    assert not (made / ".git").exists()
    status = subprocess.run(
        [DVC, "status"], cwd=made, env={**os.environ, "PATH": str(nothing)}, capture_output=True, text=True, check=False
    )
    assert status.returncode == 0, status.stderr


def test_with_git_the_settings_of_dvc_say_nothing_about_it(bake, made):
    assert bake().returncode == 0
    assert "no_scm" not in (made / ".dvc" / "config").read_text()


def test_without_uv_it_says_how_to_lock(bake, made):
    said = bake()
    assert "uv was not found" in said.stdout
    assert not (made / "uv.lock").exists()


def test_a_stranger_gets_a_neutral_name(bake, made, tmp_path):
    nobody = {"HOME": str(tmp_path), "GIT_CONFIG_COUNT": "1"}
    nobody |= {"GIT_CONFIG_KEY_0": "user.useConfigOnly", "GIT_CONFIG_VALUE_0": "true"}
    said = bake(**nobody)
    assert said.returncode == 0, said.stderr
    assert "git knows no name for you yet" in said.stdout
    assert log(made, "%an <%ae>") == "Paved Road <pavedroad@localhost>"


def test_a_known_person_keeps_their_name(bake, made):
    said = bake()
    assert "git knows no name" not in said.stdout
    assert log(made, "%an <%ae>") == "Ada Example <ada@example.org>"


def test_a_commit_that_is_refused_is_said(bake, made, tmp_path):
    """A person's own hook, through git's template folder, turns every commit down."""
    hooks = tmp_path / "git-template" / "hooks"
    hooks.mkdir(parents=True)
    (hooks / "pre-commit").write_text("#!/bin/sh\necho not today >&2\nexit 1\n")
    (hooks / "pre-commit").chmod(0o755)
    said = bake(GIT_TEMPLATE_DIR=str(hooks.parent))
    assert said.returncode == 0
    assert "git could not make the first commit: not today" in said.stdout
    assert (made / "pavedroad.toml").exists()


def test_a_repository_that_stands_already_is_not_committed_to(bake, made):
    assert bake().returncode == 0
    first = log(made, "%H")
    said = bake("statement=Another one", "--overwrite-if-exists")
    assert "Next:" in said.stdout or said.returncode
    assert log(made, "%H") == first


def test_the_next_steps_can_be_pasted(bake, tmp_path, outside, home):
    folder = tmp_path / "it's $HOME"
    command = [sys.executable, "-m", "cookiecutter", "--no-input", ROOT, "-o", folder]
    said = subprocess.run(
        [*map(str, command), "--config-file", home / "cookiecutter.yaml"],
        capture_output=True, text=True, env=outside, check=True,
    ).stdout  # fmt: skip
    step = next(line for line in said.splitlines() if line.startswith("  1. cd "))
    there = subprocess.run(["sh", "-c", f"{step[5:]} && pwd"], capture_output=True, text=True, check=True)
    assert there.stdout.strip() == str(folder / "umbrella-sales")


def with_uv(outside):
    uv = shutil.which("uv", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]))
    assert uv, "uv belongs to the test environment"
    return {"PATH": os.pathsep.join([outside["PATH"], str(Path(uv).parent)])}


def test_a_lock_that_fails_is_said_and_harmless(bake, made, outside):
    said = bake(
        "road_repository=shop/road", **with_uv(outside), UV_OFFLINE="1", UV_CACHE_DIR=str(made.parent / "cache")
    )
    assert said.returncode == 0, said.stderr
    assert "could not be locked" in said.stdout
    assert not (made / "uv.lock").exists()
    assert log(made, "%s") == "Lay the paved road"


@pytest.mark.slow
def test_a_lock_is_part_of_the_first_commit(bake, made, outside):
    said = bake(**with_uv(outside), HOME=os.environ["HOME"])
    assert said.returncode == 0, said.stderr
    assert "Note:" not in said.stdout.replace("Note: git knows no name", "")
    locked = {package["name"] for package in tomllib.loads((made / "uv.lock").read_text())["package"]}
    assert {"pavedroad", "great-expectations", "dvc", "skops", "pytest", "nox"} <= locked
    tracked = subprocess.run(["git", "ls-files", "uv.lock"], cwd=made, capture_output=True, text=True, check=True)
    assert tracked.stdout == "uv.lock\n"


def write_suite_without_pavedroad(repo, **env):
    """In a Python that sees only its standard library and the template."""
    script = (
        f"import sys; sys.path.insert(0, {str(ROOT)!r})\n"
        "from pathlib import Path; from pavedroad_template.finish import write_suite\n"
        "notes = []; write_suite(Path.cwd(), '3.12', locked=True, notes=notes); print(*notes)"
    )
    command = [sys.executable, "-I", "-S", "-c", script]
    return subprocess.run(command, cwd=repo, env=env, capture_output=True, text=True, check=True).stdout


MISSING_SUITE = "The first expectation suite is missing: run `uv run pavedroad suite init`, then commit it.\n"


def test_where_pavedroad_cannot_run_it_says_which_command_will(tmp_path):
    assert write_suite_without_pavedroad(tmp_path, PATH=str(tmp_path)) == MISSING_SUITE


def test_an_environment_that_cannot_be_installed_is_no_verdict_on_the_table(bake, made, outside):
    """uv fails with an exit code by which pavedroad would refuse the table."""
    assert bake("road_repository=shop/road").returncode == 0
    uv = {**with_uv(outside), "UV_OFFLINE": "1", "UV_CACHE_DIR": str(made.parent / "cache"), "HOME": str(made.parent)}
    assert write_suite_without_pavedroad(made, **uv).endswith(f"to profile the table …\n{MISSING_SUITE}")


def test_a_command_that_hangs_is_stopped(tmp_path):
    done = finish.run([sys.executable, "-c", "import time; time.sleep(60)"], tmp_path, seconds=0.2)
    assert done.returncode == 124


def test_colours_and_control_characters_of_other_programs_are_dropped():
    assert finish.clean("\x1b[31mred\x1b[0m\r\nnext\x07\n") == "[31mred[0m\nnext"


def test_the_environment_of_whoever_generates_is_not_taken_for_the_repos(tmp_path, monkeypatch):
    for name in (*finish.UV_LOCATION, "KEPT"):
        monkeypatch.setenv(name, str(tmp_path))
    shown = finish.run([sys.executable, "-c", "import os; print(*os.environ)"], tmp_path).stdout.split()
    assert "KEPT" in shown
    assert not set(finish.UV_LOCATION) & set(shown)
