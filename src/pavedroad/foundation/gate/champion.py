"""The champion: the package that the base branch's lock points to, fetched or made once more, and never guessed."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, cast

from pavedroad.errors import ConfigError, DataError, JudgementError
from pavedroad.foundation.data.kept import load_keeper
from pavedroad.foundation.engines import load_engine
from pavedroad.foundation.pipeline import load_pipeline
from pavedroad.foundation.project import Project


class Checkouts(Protocol):
    """An engine that lays out what a revision holds."""

    def check_out(self, root: Path, revision: str) -> AbstractContextManager[Path]:
        """A work tree of its own with what a revision holds; gone when the context ends."""
        ...

    def resolve(self, root: Path, revision: str) -> str:
        """The commit that a revision names; UsageError when it names none."""
        ...

    def read_versions(self, root: Path, base: str, path: str) -> tuple[list[bytes], bool]:
        """What a file held in the commits since ``base``, each content once, and whether the history is all there."""
        ...


class Copies(Protocol):
    """An engine that gives kept directories by their digest."""

    def copy_kept(self, root: Path, path: str, digest: str, target: Path) -> bool:
        """Copy a kept directory out of the cache, verified; False when the cache does not hold all of it."""
        ...

    def share_cache(self, root: Path, other: Path) -> None:
        """Let another work tree use the same cache."""
        ...


@dataclass(frozen=True)
class Champion:
    """A package of the base branch, in a work tree that holds the code which belongs to it."""

    root: Path
    digest: str
    """As the base's lock names the package."""
    how: str
    """How it came: from the cache, from the remote, or made once more."""


def load_checkouts(name: str = "git") -> Checkouts:
    """Find the engine called ``name``."""
    return cast("Checkouts", load_engine("checkouts", name))


def load_copies(name: str = "dvc") -> Copies:
    """Find the engine called ``name``."""
    return cast("Copies", load_engine("copies", name))


@contextmanager
def bring_champion(project: Project, base: str) -> Iterator[Champion | None]:
    """The champion of a revision; None when that revision records no package, as before a first release.

    Raises:
        UsageError: git does not know the revision.
        JudgementError: the package can neither be fetched nor made again as it was.
    """
    name = project.package.name
    with load_checkouts().check_out(project.root, base) as tree:
        digest = _read_digest(tree, name)
        if not digest:
            yield None
            return
        yield Champion(tree, digest, _bring(project, tree, name, digest))


def _read_digest(tree: Path, name: str) -> str:
    """The package's digest by the lock; empty when no stage of the lock made one."""
    made = [stage.outputs[name] for stage in load_pipeline().read_lock(tree).values() if name in stage.outputs]
    return made[0] if made else ""


def _bring(project: Project, tree: Path, name: str, digest: str) -> str:
    copies = load_copies()
    if copies.copy_kept(project.root, name, digest, tree / name):
        return "from the cache"
    copies.share_cache(project.root, tree)
    try:
        load_keeper().pull(tree, [name], "", lambda *_: None)
        if copies.copy_kept(project.root, name, digest, tree / name):
            return "from the remote"
    except (ConfigError, DataError):
        pass  # no remote, or it lacks the package: then it is made again
    pipeline, made = load_pipeline(), tree / name
    pipeline.start(tree).follow(lambda _: None)
    again = pipeline.digest(made) if made.is_dir() else ""  # of the bytes: a lock stays as it was when a stage fails
    if again != digest:
        found = f"makes another one ({again[:12]})" if again else "makes none"
        raise JudgementError(
            f"The champion {digest[:12]} is neither in the cache nor in a remote, and the base's pipeline {found}.",
            next_step="Push it from where it was made: pavedroad data push.",
        )
    return "made once more"
