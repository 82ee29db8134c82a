"""git behind ``foundation.gate.champion``: a revision in a folder of its own, and the looks at a file's history."""

import contextlib
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from pavedroad.engines.git.program import run_git
from pavedroad.errors import UsageError

_QUIET = ["-c", "core.hooksPath=/dev/null"]
"""Hooks of the repo are code that nobody asked for here."""


@contextlib.contextmanager
def check_out(root: Path, revision: str) -> Iterator[Path]:
    """A work tree of its own with what a revision holds, at the same place in the repository as ``root``."""
    inside = _ask(root, "rev-parse", "--show-prefix").strip()
    commit = resolve(root, revision)
    with tempfile.TemporaryDirectory(prefix="pavedroad-") as scratch:
        tree = Path(scratch) / "tree"
        _ask(root, *_QUIET, "worktree", "add", "--quiet", "--detach", "--force", str(tree), commit)
        try:
            yield tree / inside
        finally:
            _ask(root, "worktree", "remove", "--force", str(tree))


def resolve(root: Path, revision: str) -> str:
    """The commit that a revision names."""
    return _ask(root, "rev-parse", "--verify", "--end-of-options", f"{revision}^{{commit}}").strip()


def count_versions(root: Path, base: str, path: str) -> tuple[int, bool]:
    """How many versions of a file the commits since ``base`` brought, and whether the history is all there."""
    since = _ask(root, "log", "--format=%H", "--end-of-options", f"{base}..HEAD", "--", path)
    complete = _ask(root, "rev-parse", "--is-shallow-repository").strip() == "false"
    return len(since.split()), complete


def _ask(root: Path, *words: str) -> str:
    try:
        return run_git(root, *words).decode("utf-8", errors="replace")
    except subprocess.CalledProcessError as error:
        said = " ".join(error.stderr.decode("utf-8", errors="replace").split())[:300]
        raise UsageError(f"git could not look at the base revision: {said}") from error
    except OSError as error:
        raise UsageError(f"git could not be run: {error}.") from error
