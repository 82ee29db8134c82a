"""What turns rendered files into a repository: the table, its first suite, the lock and the first commit.

Each tool that is missing is said plainly and leaves a repository that works as soon as the tool is there. Only a
table that no model can be trained on stops the generation.
"""

import importlib.util
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pavedroad_template.answers import derive, locate_source
from pavedroad_template.origin import GIT_LOCATION

UV_LOCATION = ("VIRTUAL_ENV", "UV_PROJECT_ENVIRONMENT")
"""With these uv would fill, or empty, the environment of whoever generates the repo instead of the repo's own."""
OVERLAY = "_own_table"
"""Files that stand in for the example's when a table was given."""
SUITE = Path("expectations", "suite.json")
LARGEST_IN_GIT = 10 * 1024 * 1024
"""Bytes; a larger table is left to DVC, because git keeps every version of it forever."""

LOCK_SECONDS = 120
SUITE_SECONDS = 900
REFUSED = {2, 3}
"""Exit codes by which `pavedroad suite init` says that the table will not do."""

STRANGER = ["-c", "user.name=Paved Road", "-c", "user.email=pavedroad@localhost"]


class RefusedTableError(Exception):
    """No suite can be made from the table, so no model could be trained on it either."""


def finish(repo: Path, answers: Mapping[str, Any]) -> int:
    """Finish the repository in ``repo`` and print what to do next; 1 when its table cannot be used."""
    derived = derive(answers)
    lay_table(repo, locate_source(answers), derived["table"])
    if not derived["cron"]:
        (repo / ".github" / "workflows" / "retrain.yml").unlink()
    notes: list[str] = []
    locked = lock(repo, answers["python_version"], notes)
    if answers["data"]:
        try:
            write_suite(repo, answers["python_version"], locked=locked, notes=notes)
        except RefusedTableError as error:
            say(f"Refused: {error}", to=sys.stderr)
            return 1
        leave_large_table_to_dvc(repo, derived["table"], notes)
    commit(repo, notes)
    say(describe_next(repo, notes))
    return 0


def lay_table(repo: Path, source: str, place: str) -> None:
    """Put the table and the files that fit it in place: the example's, or, given a ``source``, those for any table."""
    overlay = repo / OVERLAY
    if source:
        (repo / "data" / "umbrella_sales.csv").unlink()
        (repo / SUITE).unlink()
        for file in [path for path in overlay.rglob("*") if path.is_file()]:
            file.replace(repo / file.relative_to(overlay))
        shutil.copyfile(source, repo / place)
    shutil.rmtree(overlay)


def lock(repo: Path, python: str, notes: list[str]) -> bool:
    """Lock the environment with uv when it is there; whether there is a lock now."""
    uv = shutil.which("uv")
    if uv is None:
        notes.append("uv was not found, so the environment is not locked: install uv, then run `uv lock`.")
        return False
    done = run([uv, "lock", "--quiet", *choose_python(python)], repo, seconds=LOCK_SECONDS)
    if done.returncode:
        reason = " ".join(clean(done.stderr).split())[:200]
        notes.append(f"The environment could not be locked ({reason} …): run `uv lock` when you are online.")
        return False
    return True


def choose_python(version: str) -> list[str]:
    """Options for uv, which would look for a Python and download one that it does not find: the one at hand will do."""
    running = f"{sys.version_info.major}.{sys.version_info.minor}"
    return ["--python", sys.executable] if running == version else []


def write_suite(repo: Path, python: str, *, locked: bool, notes: list[str]) -> None:
    """Let pavedroad profile the table and write the first suite from it, with the first installation of it that works.

    Raises:
        RefusedTableError: pavedroad says that the table will not do.
    """
    reason = ""
    for runner in find_runners(repo, python, locked=locked):
        done = run([*runner, "suite", "init"], repo, seconds=SUITE_SECONDS)
        if done.returncode == 0:
            say(clean(done.stdout).replace(f"{repo}{os.sep}", ""))
            return
        if done.returncode in REFUSED:
            said = clean(done.stderr) or clean(done.stdout)
            # The copy is about to be removed, so its place would lead nowhere.
            raise RefusedTableError(said.removeprefix("Error: ").replace(f"{repo}{os.sep}", ""))
        reason = f" ({(clean(done.stderr).splitlines() or ['it stopped without a word'])[-1][:200]})"
    notes.append(f"The first expectation suite is missing{reason}: run `uv run pavedroad suite init`, then commit it.")


def find_runners(repo: Path, python: str, *, locked: bool) -> Iterator[list[str]]:
    """The ways in which pavedroad can be run here: beside cookiecutter, or in the repo's own environment.

    The environment is installed only when it is asked for, and in a step of its own: uv's exit codes would otherwise be
    taken for pavedroad's.
    """
    if all(importlib.util.find_spec(name) for name in ("pavedroad", "pandas")):
        yield [sys.executable, "-P", "-m", "pavedroad"]
    uv = shutil.which("uv")
    if uv and locked:
        say("Installing the repository's environment, to profile the table …")
        done = run([uv, "sync", "--quiet", "--locked", *choose_python(python)], repo, seconds=SUITE_SECONDS)
        if done.returncode == 0:
            yield [uv, "run", "--quiet", "--no-sync", "pavedroad"]


def leave_large_table_to_dvc(repo: Path, place: str, notes: list[str]) -> None:
    """Keep a large table out of git."""
    table = repo / place
    if table.stat().st_size > LARGEST_IN_GIT:
        (table.parent / ".gitignore").write_text(f"/{table.name}\n", encoding="utf-8")
        notes.append(
            f"{place} is larger than {LARGEST_IN_GIT // 1024**2} MB, so git does not hold it: run "
            f"`uv run dvc add {place}`, name a remote with `uv run dvc remote add --default storage <address>` and "
            "`uv run dvc remote modify storage verify true`, run `uv run pavedroad data push`, and commit .dvc/config "
            f"and {place}.dvc."
        )


def commit(repo: Path, notes: list[str]) -> None:
    """Make the folder a git repository with one commit on ``main``."""
    git = shutil.which("git")
    if git is None:
        # DVC refuses to work without git unless it is told to.
        with (repo / ".dvc" / "config").open("a", encoding="utf-8") as config:
            config.write("    no_scm = true\n")
        notes.append(
            "git was not found, so there is no first commit: install git, run `git init`, and remove `no_scm` from "
            ".dvc/config."
        )
        return
    if (repo / ".git").exists():
        notes.append("The folder is a git repository already, so nothing was committed.")
        return
    known = all(run([git, "var", ident], repo).returncode == 0 for ident in ("GIT_AUTHOR_IDENT", "GIT_COMMITTER_IDENT"))
    identity = [] if known else STRANGER
    steps = [
        ["init", "--quiet"],
        ["symbolic-ref", "HEAD", "refs/heads/main"],  # `init -b` needs git 2.28
        ["add", "--all"],
        [*identity, "-c", "commit.gpgSign=false", "commit", "--quiet", "--message", "Lay the paved road"],
    ]
    for step in steps:
        done = run([git, *step], repo)
        if done.returncode:
            notes.append(f"git could not make the first commit: {clean(done.stderr)}")
            return
    if not known:
        notes.append(
            "git knows no name for you yet, so the first commit bears a neutral one: see `git config user.name`."
        )


def describe_next(repo: Path, notes: list[str]) -> str:
    """The three next steps, and what could not be done, for the terminal."""
    lines = [
        "",
        f"{repo.name} is ready. Next:",
        f"  1. cd {shlex.quote(str(repo))}",
        "  2. nox                       (needs uv and nox: pipx install uv nox)",
        "  3. open reports/report.html, then make src/ yours",
        *([""] if notes else []),
        *(f"Note: {note}" for note in notes),
    ]
    return "\n".join(lines)


def run(command: list[str], folder: Path, *, seconds: float = 60) -> subprocess.CompletedProcess[str]:
    """Run a program in ``folder``, quietly, without a shell and without questions; 124 when it takes too long."""
    foreign = {*GIT_LOCATION, *UV_LOCATION}
    environment = {name: value for name, value in os.environ.items() if name not in foreign}
    environment["GIT_TERMINAL_PROMPT"] = "0"
    try:
        return subprocess.run(  # noqa: S603 - fixed programs; answers reach them only as files
            command,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=seconds,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return subprocess.CompletedProcess(command, 124, "", str(error))


def clean(text: str) -> str:
    """Output of another program without colours and control characters."""
    return "".join(char for char in text.strip() if char.isprintable() or char == "\n")


def say(text: str, *, to: Any = None) -> None:  # noqa: ANN401 - any text stream
    """Print a line now, so that it stands in order with what cookiecutter prints."""
    stream = to or sys.stdout
    stream.write(f"{text}\n")
    stream.flush()
