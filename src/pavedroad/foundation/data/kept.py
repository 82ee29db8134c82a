"""Kept data: files and directories that the repo names by their content, and that lie in a cache and in a remote."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol, cast

from pavedroad.errors import ConfigError, DataError
from pavedroad.foundation.engines import load_engine


class UnreachableError(DataError):
    """The remote could not be reached, or refused."""


Trouble = Literal["missing", "damaged"]
Tell = Callable[[str, int, int], None]
"""Told while it lasts: what is being done, how much of it is done, of how much."""


@dataclass(frozen=True)
class Kept:
    """A piece of content that the repo names: its digest (MD5; ``.dir`` behind it for a manifest) and whose it is."""

    digest: str
    path: str
    """In the repo: a file, a directory (its manifest), or a file in a kept directory."""


@dataclass(frozen=True)
class Pointer:
    """What git holds in place of a file that is kept elsewhere."""

    md5: str


def read_pointer(path: Path, kept: str) -> Pointer:
    """Read the ``.dvc`` file of one kept file, and take it for nothing else: such a file could hold a command to run.

    Args:
        path: the ``.dvc`` file; it may come from anywhere.
        kept: the file it has to stand for, by its path in the repo.

    Raises:
        ConfigError: it is not what ``dvc add`` writes for that file.
    """
    from pavedroad.foundation.yamlfile import read_yaml  # the verbs that show only help do without its parser

    document = read_yaml(path)
    outs = document.get("outs")
    out = outs[0] if isinstance(outs, list) and len(outs) == 1 and isinstance(outs[0], dict) else {}
    known = set(document) == {"outs"} and set(out) <= {"md5", "size", "hash", "path"}
    names_it = out.get("hash", "md5") == "md5" and out.get("path") == Path(kept).name
    md5, size = out.get("md5"), out.get("size")
    sized = isinstance(size, int) and not isinstance(size, bool) and size >= 0
    if not (known and names_it and sized and isinstance(md5, str) and re.fullmatch(r"[0-9a-f]{32}", md5)):
        raise ConfigError(f"This is not what DVC writes for {kept}.", where=path)
    return Pointer(md5)


@dataclass(frozen=True)
class Flaw:
    """A piece that is not there, or is not what its digest says."""

    kept: Kept
    trouble: Trouble
    where: str
    """The file, or the address in the remote."""
    remade: bool = False
    """Whether the pipeline can make the content again."""


@dataclass(frozen=True)
class Care:
    """What came of pushing, pulling or verifying."""

    pieces: int
    """How many pieces of content the repo names."""
    read: int
    """How many were read from the first byte to the last now; the others have not been touched since they were."""
    remote: str = ""
    """The remote's name; empty when there is none."""
    flaws: list[Flaw] = field(default_factory=list)
    mended: list[Flaw] = field(default_factory=list)
    """What was missing or damaged in the remote, and was uploaded again."""
    brought: list[str] = field(default_factory=list)
    """The files and directories that now are in the work tree as the repo names them."""
    said: str = ""
    """What the vendor said when it failed."""


class Keeper(Protocol):
    """An engine that keeps data by its content."""

    def check_cache(self, root: Path) -> list[Flaw]:
        """The pieces in the cache that do not match their digest. Quick: only what was touched is read again.

        Raises:
            DataError: the manifest of a directory in the cache is refused.
        """
        ...

    def find_trusting(self, root: Path) -> list[str]:
        """The remotes that the repo's own settings name without having their content verified when it is fetched."""
        ...

    def find_remote(self, root: Path) -> str:
        """The name of the remote that is used when none is named; empty when there is none."""
        ...

    def push(self, root: Path, remote: str, tell: Tell) -> Care:
        """Upload what the remote lacks, and read the remote back; what is missing or damaged there is uploaded again.

        Raises:
            DataError: the cache holds something damaged, or a manifest is refused.
            UnreachableError: the remote cannot be read or written.
            ConfigError: there is no remote.
        """
        ...

    def pull(self, root: Path, targets: list[str], remote: str, tell: Tell) -> Care:
        """Bring kept data (all, or the ``targets``) into the work tree; nothing is written when a piece has a flaw.

        Raises:
            DataError: the cache holds something damaged, a manifest is refused, or a link is in the way.
            UnreachableError: the remote cannot be read.
            ConfigError: there is no remote, or a target is not kept.
        """
        ...

    def verify(self, root: Path, remote: str, tell: Tell) -> Care:
        """Read every piece that the repo names, in the cache and in the remote, from the first byte to the last."""
        ...


def load_keeper(name: str = "dvc") -> Keeper:
    """Find the engine called ``name``."""
    return cast("Keeper", load_engine("keeper", name))
