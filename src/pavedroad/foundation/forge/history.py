"""The repo's history, as far as evidence needs it: which commit, and whether the work tree differs from it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, cast

from pavedroad.foundation.engines import load_engine


@dataclass(frozen=True)
class Commit:
    """Where the work tree stands."""

    sha: str
    dirty: bool
    """Whether a tracked file differs from the commit."""


class History(Protocol):
    """An engine that knows the repo's history."""

    def head(self, root: Path) -> Commit | None:
        """The commit that is checked out, or None before the first one or outside any repository."""
        ...

    def is_repository(self, root: Path) -> bool:
        """Whether ``root`` lies in a repository."""
        ...

    def knows(self, root: Path, revision: str) -> bool:
        """Whether ``revision`` (a commit, a tag, a branch) is one of this repository."""
        ...

    def find_fork(self, root: Path) -> str | None:
        """The commit at which the current branch, or the pull request that is checked out, left the default branch.

        None on the default branch itself, and where it cannot be told, as in a repository without one.

        Raises:
            UsageError: a pull request is checked out without the commit it is merged into.
        """
        ...

    def read(self, root: Path, revision: str, path: str) -> bytes | None:
        """A file as it was in a revision, or None when it was not there. ``path`` is relative to ``root``."""
        ...

    def changed(self, root: Path, paths: list[str]) -> list[str]:
        """Which of ``paths`` differ from the last commit, are new, or are missing from it."""
        ...

    def revisions(self, root: Path, path: str, most: int) -> list[str]:
        """The commits that changed a file, newest first, at most so many. ``path`` is relative to ``root``."""
        ...

    def copy(self, root: Path, revision: str, target: Path) -> Path:
        """Lay a revision into a new folder that shares nothing but history; where ``root`` lies in it.

        Raises:
            EvidenceError: there is no such revision, or it could not be laid there.
        """
        ...


def load_history(name: str = "git") -> History:
    """Find the history engine called ``name``."""
    return cast("History", load_engine("history", name))
