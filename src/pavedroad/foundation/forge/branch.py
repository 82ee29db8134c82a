"""Branches that the road makes itself: a commit that touches neither work tree nor index, and its way to a remote."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol, cast

from pavedroad.foundation.engines import load_engine
from pavedroad.foundation.forge.host import Remote

Published = Literal["pushed", "unchanged"]


@dataclass(frozen=True)
class Author:
    """Who a commit is by."""

    name: str
    mail: str


class Branches(Protocol):
    """An engine that makes and publishes commits."""

    def commit(self, root: Path, files: Mapping[str, Path], message: str, author: Author) -> str | None:
        """Commit files (path in the repo → where the content lies) onto the current commit, without checking it out.

        Returns:
            The new commit; None when the current one holds exactly this already.
        """
        ...

    def publish(self, root: Path, commit: str, remote: Remote, branch: str, author: Author) -> Published:
        """Make ``branch`` of the remote point to a commit, unless it holds the same already.

        Raises:
            ForgeError: the remote refused, or someone but ``author`` has committed to the branch.
        """
        ...

    def restore(self, root: Path, paths: list[str]) -> None:
        """Bring files, and the index, back to what the current commit holds."""
        ...


def load_branches(name: str = "git") -> Branches:
    """Find the engine called ``name``."""
    return cast("Branches", load_engine("branches", name))
