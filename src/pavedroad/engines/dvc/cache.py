"""DVC's cache, verified without DVC: what lies there under a digest has that digest, or nothing is built on it.

DVC trusts a file of its cache that is marked read-only, so a flipped bit would go into the next model unseen.
"""

import hashlib
import os
import re
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import BinaryIO

import msgspec

from pavedroad.errors import DataError, PavedroadError
from pavedroad.foundation.data.kept import Flaw, Kept, Tell
from pavedroad.foundation.data.manifest import MAX_BYTES, is_digest, read_manifest
from pavedroad.report import write_whole

OBJECTS = ("files", "md5")
RUNS = "runs"
PIPELINE, LOCK = "dvc.yaml", "dvc.lock"

_STEP = 1 << 20
"""Bytes hashed at once; the legacy rule about line ends looks at blocks of this size, so it is DVC's."""
_YOUNG_NS = 100_000_000
"""A file that was touched this shortly before may change again without its times telling."""
_DIGEST = re.compile(rb"(?<![0-9a-fA-F])[0-9a-f]{32}(?:\.dir)?(?![0-9a-fA-F])")

Stamp = tuple[int | str, ...]
"""What tells that a file has been touched: its size, its times and its number; or what a remote says of it."""


class Memory:
    """Which files were found to be whole, and how they looked then, so that they are read once."""

    def __init__(self, root: Path) -> None:
        self._path = root / ".dvc" / "tmp" / "pavedroad" / "verified.json"
        self._changed = False
        try:
            self._known = msgspec.json.decode(self._path.read_bytes(), type=dict[str, tuple[str, Stamp]])
        except (OSError, msgspec.DecodeError):
            self._known = {}

    def knows(self, place: str, digest: str, stamp: Stamp) -> bool:
        """Whether the file was found to have this digest and has not been touched since."""
        return bool(stamp) and self._known.get(place) == (digest, stamp)

    def keep(self, place: str, digest: str, stamp: Stamp) -> None:
        """Remember a file that was found whole."""
        if stamp:
            self._known[place] = (digest, stamp)
            self._changed = True

    def forget(self) -> None:
        """Know nothing, so that everything is read again."""
        self._known = {}
        self._changed = True

    def save(self) -> None:
        """Write what is new; where that cannot be done, everything is read again the next time."""
        if not self._changed:
            return
        try:
            write_whole(self._path, msgspec.json.encode(self._known))
        except OSError:
            return


class Cache:
    """The cache of a repo."""

    def __init__(self, root: Path, folder: Path) -> None:
        self.root = root
        self.folder = folder
        self.memory = Memory(root)
        self.read = 0
        """How many files were read to verify them."""
        self._whole: dict[tuple[Path, str], Stamp] = {}

    def find(self, digest: str) -> Path | None:
        """Where the content lies: in the present layout, or in that of DVC 2; None when it is not here."""
        for base in (self.folder.joinpath(*OBJECTS), self.folder):
            path = base / digest[:2] / digest[2:]
            if path.is_file():
                return path
        return None

    def place(self, digest: str) -> Path:
        """Where the content goes in the present layout."""
        return self.folder.joinpath(*OBJECTS, digest[:2], digest[2:])

    def is_whole(self, path: Path, digest: str) -> bool:
        """Whether a file of the cache has its digest; it is read only when it was touched since it was found whole."""
        stamp = stamp_file(path)
        if self.memory.knows(str(path), digest, stamp) or self._whole.get((path, digest)) == stamp:
            return True
        self.read += 1
        with path.open("rb") as file:
            if hash_stream(file) != digest.removesuffix(".dir") and not self._is_legacy(path, digest):
                return False
        self._whole[path, digest] = stamp
        after = stamp_file(path)
        settled = after == stamp and int(stamp[2]) < time.time_ns() - _YOUNG_NS
        self.memory.keep(str(path), digest, stamp if settled else ())
        return True

    def check(self, pieces: Iterable[Kept], tell: Tell = lambda *_: None) -> list[Flaw]:
        """The pieces that are here and damaged; those that are not here are no concern."""
        here = [(piece, path) for piece in pieces if (path := self.find(piece.digest)) is not None]
        flaws = []
        with ThreadPoolExecutor(max_workers=min(4, os.cpu_count() or 1)) as pool:
            verdicts = pool.map(lambda item: self.is_whole(item[1], item[0].digest), here)
            for number, ((piece, path), whole) in enumerate(zip(here, verdicts, strict=True), start=1):
                tell("Reading the cache", number, len(here))
                if not whole:
                    flaws.append(Flaw(piece, "damaged", str(path)))
        self.memory.save()
        return flaws

    def open_directory(self, piece: Kept) -> list[Kept] | None:
        """The files of a kept directory whose manifest is here, after the manifest itself; None when it is not.

        Raises:
            DataError: the manifest is refused.
        """
        path = self.find(piece.digest)
        if path is None:
            return None
        if path.stat().st_size > MAX_BYTES:
            raise DataError(
                f"The manifest of this directory has more than {MAX_BYTES:,} bytes and is refused.", where=piece.path
            )
        return open_manifest(piece, path.read_bytes())

    def _is_legacy(self, path: Path, digest: str) -> bool:
        """Whether a file of DVC 2's layout has the digest that DVC 2 gave it, with the line ends of text made one."""
        if path == self.place(digest):
            return False
        from dvc_data.hashfile.hash import file_md5

        return bool(file_md5(str(path), name="md5-dos2unix") == digest.removesuffix(".dir"))


def check_named(root: Path, folder: Path) -> list[Flaw]:
    """Verify what ``.dvc`` files, locks and the record of earlier runs name, as far as the cache holds it.

    Raises:
        DataError: the manifest of a directory is refused.
    """
    cache = Cache(root, folder)
    texts = [*list_records(root), *_list_runs(folder)]
    digests = sorted({digest for path in texts for digest in _find_digests(path)})
    manifests = [Kept(digest, digest) for digest in digests if digest.endswith(".dir")]
    flaws = cache.check(manifests)
    damaged = {flaw.kept.digest for flaw in flaws}
    pieces = {digest: Kept(digest, digest) for digest in digests if not digest.endswith(".dir")}
    for manifest in manifests:
        if manifest.digest in damaged:
            continue
        try:
            opened = cache.open_directory(manifest) or [manifest]
        except DataError as error:
            raise DataError(error.what, where=_name(root, manifest.path), next_step=error.next_step) from error
        pieces |= {piece.digest: piece for piece in opened[1:]}
    flaws += cache.check(pieces.values())
    return [Flaw(Kept(flaw.kept.digest, _name(root, flaw.kept.path)), flaw.trouble, flaw.where) for flaw in flaws]


def list_records(root: Path) -> list[Path]:
    """The files of the repo that name kept data: ``.dvc`` files and locks, but those in hidden folders."""
    return [path for path in _walk_files(root) if path.name == LOCK or path.suffix == ".dvc"]


def refuse_bombs(root: Path) -> None:
    """Refuse a repo with a file that would keep DVC, which reads them all, busy for ever.

    Raises:
        ConfigError: it names the file.
    """
    for path in _walk_files(root):
        if path.name in {PIPELINE, LOCK} or path.suffix == ".dvc" or path.parent == root:
            content = path.read_bytes()
            if b"*" in content and b"&" in content:  # without an alias it stands for no more than it holds
                from pavedroad.foundation.yamlfile import refuse_bomb

                refuse_bomb(path)


def _walk_files(root: Path) -> Iterator[Path]:
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(name for name in folders if not name.startswith((".", "__")) and name != "node_modules")
        for name in sorted(files):
            if name.endswith((".dvc", ".lock", ".yaml", ".yml")) and (path := Path(folder, name)).is_file():
                yield path


def open_manifest(piece: Kept, content: bytes) -> list[Kept]:
    """A directory's manifest, and its files, by the path that each has in the repo.

    Raises:
        DataError: the manifest is refused.
    """
    return [piece, *(Kept(item.digest, f"{piece.path}/{item.path}") for item in read_manifest(content, piece.path))]


def hash_stream(file: BinaryIO) -> str:
    """The MD5 of what is left of a file, in hexadecimal digits."""
    made = hashlib.md5(usedforsecurity=False)
    while block := file.read(_STEP):
        made.update(block)
    return made.hexdigest()


def stamp_file(path: Path) -> Stamp:
    """How a file looks from outside. No program can set back the time of its last change (``ctime``)."""
    state = path.stat()
    return (state.st_size, state.st_mtime_ns, state.st_ctime_ns, state.st_ino)


def _find_digests(path: Path) -> set[str]:
    """All that could be a digest in a file: much faster than to understand it, and nothing is missed by it."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DataError(f"The file cannot be read: {error.strerror}.", where=path) from error
    found = {digest.decode() for digest in _DIGEST.findall(content)}
    if b"\\" in content:
        from pavedroad.foundation.yamlfile import read_yaml

        # a text in double quotes may spell its letters in another way
        found |= {text for text in _walk(read_yaml(path)) if is_digest(text, directory=True)}
    return found


def _walk(node: object) -> Iterator[str]:
    if isinstance(node, str):
        yield node
    for item in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from _walk(item)


def _list_runs(folder: Path) -> Iterator[Path]:
    """The record of earlier runs, from which DVC brings back what a stage made once."""
    for path in sorted((folder / RUNS).glob("*/*/*")):
        if len(path.name) == 64 and path.is_file():
            yield path


def _name(root: Path, path: str) -> str:
    """A path that starts with a digest as one in the repo, with what a record says in the digest's place."""
    digest, slash, rest = path.partition("/")
    for record in list_records(root):
        named = _find_path(record, digest)
        if named:
            return os.path.normpath(record.parent.relative_to(root) / named) + slash + rest
    return rest or "what an earlier run of the pipeline made"


def _find_path(record: Path, digest: str) -> str:
    """The path that a record gives for a digest; empty when it does not say."""
    from pavedroad.foundation.yamlfile import read_yaml

    try:
        open_ends: list[object] = [read_yaml(record)]
    except PavedroadError:
        return ""
    while open_ends:
        node = open_ends.pop()
        if isinstance(node, dict):
            if node.get("md5") == digest and isinstance(node.get("path"), str):
                return str(node["path"])
            open_ends += node.values()
        elif isinstance(node, list):
            open_ends += node
    return ""
