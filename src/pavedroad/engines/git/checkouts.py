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


def read_versions(root: Path, base: str, path: str) -> tuple[list[bytes], bool]:
    """What a file held in the commits since ``base``, each content once, and whether the history is all there.

    A merge is held against each of its parents, and no side of the history is left out: what was tried on a branch that
    lost was tried all the same.
    """
    asked = ("log", "--full-history", "-m", "--raw", "--no-abbrev", "--no-renames", "--format=")
    lines = _ask(root, *asked, "--end-of-options", f"{base}..HEAD", "--", path).splitlines()
    blobs = dict.fromkeys(line.split()[3] for line in lines if line.startswith(":"))
    gone = [blob for blob in blobs if not blob.strip("0")]  # where the file was taken out
    contents = [_ask_bytes(root, "cat-file", "blob", blob) for blob in blobs if blob not in gone]
    complete = _ask(root, "rev-parse", "--is-shallow-repository").strip() == "false"
    return contents, complete


def _ask(root: Path, *words: str) -> str:
    return _ask_bytes(root, *words).decode("utf-8", errors="replace")


def _ask_bytes(root: Path, *words: str) -> bytes:
    try:
        return run_git(root, *words)
    except subprocess.CalledProcessError as error:
        said = " ".join(error.stderr.decode("utf-8", errors="replace").split())[:300]
        raise UsageError(f"git could not look at the base revision: {said}") from error
    except OSError as error:
        raise UsageError(f"git could not be run: {error}.") from error
