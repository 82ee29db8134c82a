"""git behind ``foundation.history``, through its command line."""

import subprocess
from pathlib import Path

from pavedroad.foundation.history import Commit


def head(root: Path) -> Commit | None:
    """The commit that is checked out, and whether a tracked file differs from it."""
    answer = _ask(root, "status", "--porcelain=v2", "--branch", "--untracked-files=no")
    if answer is None:
        return None
    lines = answer.splitlines()
    sha = next((line.split()[2] for line in lines if line.startswith("# branch.oid ")), "(initial)")
    if sha == "(initial)":
        return None
    return Commit(sha=sha, dirty=any(not line.startswith("#") for line in lines))


def is_repository(root: Path) -> bool:
    """Whether ``root`` lies in a git work tree; a ``.git`` beside it or above answers without asking git."""
    if any((folder / ".git").exists() for folder in (root, *root.parents)):
        return True
    return _ask(root, "rev-parse", "--is-inside-work-tree") == "true\n"


def knows(root: Path, revision: str) -> bool:
    """Whether ``revision`` names a commit of this repository."""
    return _ask(root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}") is not None


def read(root: Path, revision: str, path: str) -> bytes | None:
    """A file as it was in a revision; None when it was not there."""
    if revision.startswith("-"):
        return None  # git would take it for an option
    return _run(root, "cat-file", "blob", f"{revision}:./{path}")


def changed(root: Path, paths: list[str]) -> list[str]:
    """Which of ``paths`` differ from the last commit or are not in it."""
    answer = _ask(root, "status", "--porcelain", "-z", "--untracked-files=all", "--", *paths)
    return [entry[3:] for entry in (answer or "").split("\0") if len(entry) > 3]  # "XY path"


def _ask(root: Path, *words: str) -> str | None:
    """What git answers, or None when git is missing or says no."""
    answer = _run(root, *words)
    return None if answer is None else answer.decode("utf-8", errors="replace")


def _run(root: Path, *words: str) -> bytes | None:
    try:
        done = subprocess.run(  # noqa: S603 - a fixed command, no shell
            ["git", "-C", str(root), *words],  # noqa: S607 - git is found on PATH, as everywhere
            capture_output=True,
            check=True,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout
