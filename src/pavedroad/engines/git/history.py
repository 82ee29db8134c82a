"""git behind ``foundation.forge.history``, through its command line."""

import subprocess
from pathlib import Path
from typing import NamedTuple

from pavedroad.engines.git.program import run_git
from pavedroad.errors import EvidenceError, UsageError
from pavedroad.foundation.forge.history import Commit

_MERGES = "refs/remotes/pull/*/merge"
"""Where GitHub's own action puts the merge of a pull request with its base."""
_REMOTE, _LOCAL = "refs/remotes/origin/", "refs/heads/"
_TRUNKS = [f"{place}{name}" for place in (_REMOTE, _LOCAL) for name in ("main", "master")]
"""Where the default branch is looked for when the remote does not say which one it is."""


class _Ref(NamedTuple):
    """A name in git's books, the commit it stands for, and the name it is only another word for, if it is."""

    sha: str
    name: str
    target: str


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


def find_fork(root: Path) -> str | None:
    """The commit at which the current branch left the default branch; see ``foundation.forge.history.History``.

    A pull request that GitHub's own action checked out is a merge whose first parent is the default branch.

    Raises:
        UsageError: it is such a merge, and its first parent is not in this checkout.
    """
    standing = (_ask(root, "rev-parse", "HEAD", "--symbolic-full-name", "HEAD") or "").split()
    if len(standing) != 2:
        return None  # there is no commit yet, or no repository
    head_, here = standing
    refs = _list_refs(root, _MERGES, f"{_REMOTE}HEAD", *_TRUNKS)
    if any(ref.sha == head_ and ref.name.startswith("refs/remotes/pull/") for ref in refs):
        return _find_base_of_merge(root)
    trunk = _find_trunk(refs)
    if trunk is None or here == trunk:
        return None
    fork = (_ask(root, "merge-base", "HEAD", trunk) or "").strip()
    on_trunk = here in {"HEAD", f"{_LOCAL}{trunk.removeprefix(_REMOTE).removeprefix(_LOCAL)}"}
    return None if not fork or (fork == head_ and on_trunk) else fork


def _find_base_of_merge(root: Path) -> str:
    first = _ask(root, "rev-parse", "--verify", "--quiet", "HEAD^1")
    if first is None:
        raise UsageError(
            "This checkout is the merge of a pull request without the commit it is merged into, so the policy and the "
            "model that it must be held against are missing.",
            next_step="Check it out with `fetch-depth: 2`, or fetch more of it: git fetch --deepen=1.",
        )
    return first.strip()


def _find_trunk(refs: list[_Ref]) -> str | None:
    """The default branch: what the remote says it is, or else the first of the usual names that is there."""
    said = next((ref.target for ref in refs if ref.name == f"{_REMOTE}HEAD"), "")
    return said or next((name for name in _TRUNKS if any(ref.name == name for ref in refs)), None)


def _list_refs(root: Path, *patterns: str) -> list[_Ref]:
    answer = _ask(root, "for-each-ref", "--format=%(objectname) %(refname) %(symref)", *patterns) or ""
    return [_Ref(*line.split(" ")) for line in answer.splitlines()]


def read(root: Path, revision: str, path: str) -> bytes | None:
    """A file as it was in a revision; None when it was not there."""
    if revision.startswith("-"):
        return None  # git would take it for an option
    return _run(root, "cat-file", "blob", f"{revision}:./{path}")


def changed(root: Path, paths: list[str]) -> list[str]:
    """Which of ``paths`` differ from the last commit or are not in it."""
    answer = _ask(root, "status", "--porcelain", "-z", "--untracked-files=all", "--", *paths)
    return [entry[3:] for entry in (answer or "").split("\0") if len(entry) > 3]  # "XY path"


def revisions(root: Path, path: str, most: int) -> list[str]:
    """The commits that changed a file, newest first; none outside a repository."""
    return (_ask(root, "log", "--format=%H", f"--max-count={most}", "HEAD", "--", path) or "").split()


def copy(root: Path, revision: str, target: Path) -> Path:
    """Clone into ``target`` without copying history, and check the revision out there; no hook runs.

    Raises:
        EvidenceError: git is missing, or refused.
    """
    top, prefix = _ask(root, "rev-parse", "--show-toplevel"), _ask(root, "rev-parse", "--show-prefix")
    quiet = ("-c", "core.hooksPath=/dev/null", "-c", "advice.detachedHead=false")
    made = (
        top is not None
        and prefix is not None
        and not revision.startswith("-")
        and _ask(root, *quiet, "clone", "--quiet", "--shared", "--no-checkout", "--", top.rstrip("\n"), str(target))
        is not None
        and _ask(target, *quiet, "checkout", "--quiet", "--detach", revision) is not None
    )
    if not made or prefix is None:
        raise EvidenceError(f"git could not lay the commit {revision[:12]!r} into a folder of its own.", where=root)
    return target / prefix.rstrip("\n")


def _ask(root: Path, *words: str) -> str | None:
    """What git answers, or None when git is missing or says no."""
    answer = _run(root, *words)
    return None if answer is None else answer.decode("utf-8", errors="replace")


def _run(root: Path, *words: str) -> bytes | None:
    try:
        return run_git(root, *words)
    except (OSError, subprocess.CalledProcessError):
        return None
