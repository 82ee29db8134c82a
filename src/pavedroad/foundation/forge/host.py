"""What lies around a run: the host it runs on, which is told what came of it, and the forge that keeps the repo.

Both are optional. On a laptop there is no host, and nothing that a stage finds may depend on one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol, cast

from pavedroad.foundation.engines import ENGINES, load_engine
from pavedroad.report import Place

Level = Literal["error", "warning", "notice"]
Said = Literal["written", "rewritten", "unchanged"]


@dataclass(frozen=True)
class Annotation:
    """A remark that the host shows beside a line of the repo; the texts may come from data."""

    level: Level
    title: str
    message: str
    where: Place | None = None


@dataclass(frozen=True)
class Change:
    """The proposed change (pull request) that a run judges."""

    number: int
    own: bool
    """Whether its branch lies in the repository itself; a fork's run may not write."""


@dataclass(frozen=True)
class Remote:
    """Where a branch is pushed to, and the HTTP header that lets it."""

    url: str
    header: str


@dataclass(frozen=True)
class Proposal:
    """A change that the road asks for: a pushed branch, where it should go, and why."""

    branch: str
    base: str
    title: str
    text: str


@dataclass(frozen=True)
class Proposed:
    """An open proposal."""

    number: int
    url: str
    said: Said


class Forge(Protocol):
    """Where the repo lives, as far as the road talks to it."""

    def say(self, change: int, mark: str, text: str) -> Said:
        """Write ``text`` below a change, or over our own earlier text that bears the same ``mark``.

        Raises:
            ForgeError: the forge refused or could not be reached.
        """
        ...

    def propose(self, proposal: Proposal) -> Proposed:
        """Open a proposal, or bring the open one of the same branch up to date."""
        ...

    def remote(self) -> Remote:
        """Where branches are pushed to."""
        ...


class Host(Protocol):
    """What runs the command and shows its results to people."""

    def annotate(self, annotations: Sequence[Annotation], root: Path) -> None:
        """Show remarks; places are relative to ``root``."""
        ...

    def set_outputs(self, outputs: Mapping[str, str]) -> None:
        """Hand values to the steps that follow."""
        ...

    def add_summary(self, markdown: str) -> None:
        """Add to the page that the host shows for the run; the text must be safe Markdown already."""
        ...

    def find_change(self) -> Change | None:
        """The change that is judged, when the run judges one."""
        ...

    def default_branch(self) -> str:
        """The branch that changes go into."""
        ...

    def run_url(self) -> str:
        """The address of this run's page; empty when there is none."""
        ...

    def open_forge(self) -> Forge:
        """The forge that this run belongs to.

        Raises:
            UsageError: the run was given no token.
        """
        ...

    def leave(self) -> None:
        """Let the host listen to printed lines again."""
        ...


class HostEngine(Protocol):
    """An engine that knows one kind of host."""

    def enter(self, *, aside: bool) -> Host | None:
        """Take over from the host when the command runs on it: from here on, no printed line is a command to it.

        Args:
            aside: standard output is for a document and nothing else.
        """
        ...


def enter_host(*, aside: bool) -> Host | None:
    """Find the host that this command runs on; None on a laptop, and inside another command of ours."""
    for name in ENGINES["host"]:
        host = cast("HostEngine", load_engine("host", name)).enter(aside=aside)
        if host is not None:
            return host
    return None
