"""A repo as DVC reads it: what it keeps, its cache, and its remotes, read piece by piece."""

import io
import os
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pavedroad.engines.dvc import settings as dvc_settings
from pavedroad.engines.dvc.cache import Cache, Stamp, hash_stream, open_manifest, refuse_bombs, stamp_file
from pavedroad.errors import ConfigError, DataError, MissingExtraError, PavedroadError
from pavedroad.foundation.data.kept import Care, Flaw, Kept, Tell, UnreachableError
from pavedroad.foundation.data.manifest import MAX_BYTES, find_fault, is_digest
from pavedroad.report import write_whole

_LEGACY = "md5-dos2unix"
_TOUCHES = ("etag", "ETag", "mtime", "LastModified", "last_modified", "updated", "generation", "content_md5")
"""What the clients of remotes say of a file that changes whenever it is written again."""


@dataclass(frozen=True)
class Out:
    """A file or directory that the repo keeps: its root piece and where it is kept."""

    piece: Kept
    legacy: bool
    remote: str
    """The one remote it may go to; empty: any."""
    remade: bool
    """Whether a stage of the pipeline makes it."""
    pushed: bool


class Opened:
    """A repo that DVC has read: what it keeps, its cache and its remotes."""

    def __init__(self, root: Path, repo: Any, remote: str, asked: str) -> None:  # noqa: ANN401 - DVC's own
        self.root = root
        self.name = remote
        self._asked = asked
        self._repo = repo
        self._odbs: dict[tuple[str, bool], Any] = {}
        self._read = 0
        self.cache = Cache(root, Path(repo.cache.legacy.path))
        self.outs = list(self._list_outs())
        self._pieces: dict[Out, list[Kept] | None] = {}

    def choose_remote(self) -> list[str]:
        """How DVC is told of a remote that was asked for by name."""
        return ["--remote", self._asked] if self._asked else []

    def open_directories(self, outs: Iterable[Out]) -> list[Kept]:
        """Every piece of these files and directories, manifests first; what has no manifest here is left out."""
        found: dict[Kept, None] = {}
        for out in outs:
            found |= dict.fromkeys(self._open(out) or [])
        return sorted(found, key=lambda piece: not piece.digest.endswith(".dir"))

    def members(self, out: Out) -> list[Kept]:
        """The files of a directory, as far as its manifest is here."""
        return (self._open(out) or [out.piece])[1:]

    def name_unopened(self, outs: Iterable[Out]) -> list[Flaw]:
        """The directories whose manifest is neither here nor in the remote, so that nobody can say what they hold."""
        return [
            Flaw(out.piece, "missing", self._address(out.piece) if self.name else "", out.remade)
            for out in outs
            if self._open(out) is None
        ]

    def bring_manifest(self, out: Out) -> None:
        """Bring a directory's manifest from the remote, judge it, and only then put it where DVC will read it.

        Raises:
            DataError: it is damaged, or refused.
        """
        if not out.piece.digest.endswith(".dir") or self.cache.find(out.piece.digest) is not None or not self.name:
            return
        odb = self._odb(out)
        place = odb.oid_to_path(out.piece.digest)
        with _blame(self.name):
            try:
                with odb.fs.open(place, "rb") as file:
                    content = file.read(MAX_BYTES + 1)
            except FileNotFoundError:
                return
        if len(content) <= MAX_BYTES and f"{hash_stream(io.BytesIO(content))}.dir" != out.piece.digest:
            raise DataError(
                f"The manifest of {out.piece.path} is damaged in the remote {self.name!r}. Nothing was written.",
                where=place,
                next_step="Push it again from where the data is whole: pavedroad data push.",
            )
        open_manifest(out.piece, content)
        kept = self.cache.place(out.piece.digest)
        if out.legacy:
            kept = self.cache.folder / out.piece.digest[:2] / out.piece.digest[2:]
        write_whole(kept, content)
        kept.chmod(0o444)
        self._pieces.pop(out, None)

    def check_remote(self, pieces: list[Kept], tell: Tell) -> list[Flaw]:
        """The pieces that the remote lacks, or holds damaged.

        Raises:
            DataError: the remote cannot be read.
        """
        unique = list({(piece.digest, self._key(self._owner(piece))): piece for piece in pieces}.values())
        flaws = []
        with _blame(self.name), ThreadPoolExecutor(max_workers=8) as pool:
            for number, flaw in enumerate(pool.map(self._inspect, unique), start=1):
                tell("Reading the remote back", number, len(unique))
                if flaw is not None:
                    flaws.append(flaw)
        return flaws

    def find_why(self, pieces: list[Kept], tell: Tell) -> list[Flaw]:
        """Why pieces did not arrive, as far as the remote tells."""
        if not self.name:
            return [Flaw(piece, "missing", "") for piece in pieces]
        known = {flaw.kept.digest: flaw for flaw in self.check_remote(pieces, tell)}
        return [
            replace(known[piece.digest], kept=piece)
            if piece.digest in known
            else Flaw(piece, "missing", str(self.cache.place(piece.digest)))
            for piece in pieces
        ]

    def upload(self, flaws: list[Flaw]) -> list[Flaw]:
        """Upload again what the remote lacks or holds damaged, as far as the cache has it whole."""
        sent = []
        for flaw in sorted(flaws, key=lambda item: item.kept.digest.endswith(".dir")):  # a manifest says: all is there
            source = self.cache.find(flaw.kept.digest)
            if source is None:
                continue
            odb = self._odb(self._owner(flaw.kept))
            with _blame(self.name):
                if flaw.trouble == "damaged":
                    odb.fs.remove(flaw.where)
                odb.add(str(source), self._repo.cache.local.fs, flaw.kept.digest, check_exists=False)
            sent.append(flaw)
        return sent

    def conclude(self, pieces: list[Kept], **found: Any) -> Care:  # noqa: ANN401 - the rest of Care's own fields
        """What came of it."""
        return Care(
            pieces=len({piece.digest for piece in pieces}), read=self.cache.read + self._read, remote=self.name, **found
        )

    def _inspect(self, piece: Kept) -> Flaw | None:
        odb = self._odb(self._owner(piece))
        place = odb.oid_to_path(piece.digest)
        memory, key = self.cache.memory, f"{odb.fs.unstrip_protocol(place)}"
        try:
            stamp = _stamp(odb.fs, place)
            if memory.knows(key, piece.digest, stamp):
                return None
            self._read += 1
            with odb.fs.open(place, "rb") as file:
                whole = hash_stream(file) == piece.digest.removesuffix(".dir")
        except FileNotFoundError:
            return Flaw(piece, "missing", place)
        if not whole and odb.hash_name == _LEGACY:
            from dvc_data.hashfile.hash import file_md5

            whole = file_md5(place, odb.fs, name=_LEGACY) == piece.digest.removesuffix(".dir")
        if not whole:
            return Flaw(piece, "damaged", place)
        memory.keep(key, piece.digest, stamp)
        return None

    def _open(self, out: Out) -> list[Kept] | None:
        if out not in self._pieces:
            self._pieces[out] = self._open_anew(out)
        return self._pieces[out]

    def _open_anew(self, out: Out) -> list[Kept] | None:
        if not out.piece.digest.endswith(".dir"):
            return [out.piece]
        here = self.cache.find(out.piece.digest)
        if here is None:
            return self._open_there(out) if self.name else None
        if not self.cache.is_whole(here, out.piece.digest):
            return [out.piece]  # whoever verifies it will say so; what it lists is not to be believed
        return self.cache.open_directory(out.piece)

    def _open_there(self, out: Out) -> list[Kept] | None:
        """A directory's files by the manifest that the remote has, where the cache has none; None when it has none."""
        odb = self._odb(out)
        with _blame(self.name):
            try:
                with odb.fs.open(odb.oid_to_path(out.piece.digest), "rb") as file:
                    content = file.read(MAX_BYTES + 1)
            except FileNotFoundError:
                return None
        return open_manifest(out.piece, content)

    def _owner(self, piece: Kept) -> Out:
        return next(out for out in self.outs if belongs(piece, out))

    def _address(self, piece: Kept) -> str:
        return str(self._odb(self._owner(piece)).oid_to_path(piece.digest))

    def _odb(self, out: Out) -> Any:  # noqa: ANN401 - DVC's own
        key = self._key(out)
        if key not in self._odbs:
            with _blame(key[0]):
                self._odbs[key] = self._repo.cloud.get_remote_odb(
                    key[0], "data", hash_name=_LEGACY if out.legacy else "md5"
                )
        return self._odbs[key]

    def _key(self, out: Out) -> tuple[str, bool]:
        return (self._asked or out.remote or self.name, out.legacy)

    def _list_outs(self) -> Iterator[Out]:
        for out in self._repo.index.outs:
            digest = out.hash_info.value
            if not out.use_cache or out.protocol != "local" or not digest or out.stage.is_repo_import:
                continue
            path = Path(os.path.relpath(out.fs_path, self.root)).as_posix()
            fault = find_fault(path) or ("" if is_digest(digest, directory=True) else f"{str(digest)[:60]!r} is no MD5")
            if fault:
                raise DataError(f"What this file keeps is refused: {fault}.", where=out.stage.relpath)
            yield Out(
                piece=Kept(digest, path),
                legacy=out.hash_info.name == _LEGACY,
                remote=out.remote or "",
                remade=bool(out.stage.cmd),
                pushed=bool(out.can_push) and (not self._asked or not out.remote or out.remote == self._asked),
            )


@contextmanager
def open_repo(root: Path, remote: str, *, wanted: bool = True) -> Iterator[Opened]:
    """Let DVC read the repo; without a remote, and with one ``wanted``, that is a wrong configuration.

    Raises:
        ConfigError: DVC cannot read the repo's files, or there is no such remote.
        MissingExtraError: DVC is not installed.
    """
    refuse_bombs(root)
    os.environ.setdefault("DVC_NO_ANALYTICS", "1")
    try:
        from dvc.config import NoRemoteError
        from dvc.exceptions import DvcException
        from dvc.repo import Repo
    except ModuleNotFoundError as error:
        raise MissingExtraError("dvc", "dvc") from error
    try:
        repo = Repo(str(root))
        try:
            name = repo.cloud.get_remote(remote or None).name
        except NoRemoteError as error:
            if wanted or remote:
                raise ConfigError(
                    "There is no remote that data could go to or come from.",
                    where=root / dvc_settings.CONFIG,
                    next_step="Name one: dvc remote add --default storage <address>; dvc remote modify storage verify "
                    "true; then commit .dvc/config.",
                ) from error
            name = ""
        opened = Opened(root, repo, name, remote)
    except DvcException as error:
        raise ConfigError(f"DVC cannot read this repo: {_shorten(error)}.", where=root) from error
    try:
        yield opened
    finally:
        repo.close()


@contextmanager
def _blame(remote: str) -> Iterator[None]:
    """Turn whatever a remote's client raises into an error that names the remote."""
    try:
        yield
    except PavedroadError:
        raise
    except Exception as error:
        raise UnreachableError(
            f"The remote {remote!r} cannot be used: {_shorten(error)}.",
            next_step="See that it can be reached from here with your rights, then run the command again.",
        ) from error


def belongs(piece: Kept, out: Out) -> bool:
    """Whether a piece is of this file or directory."""
    return piece == out.piece or piece.path.startswith(f"{out.piece.path}/")


def _stamp(fs: Any, place: str) -> Stamp:  # noqa: ANN401 - a file system of fsspec's
    """How a file in a remote looks from outside; empty when the remote says nothing that a change would change."""
    if fs.protocol in {"local", "file"} or fs.protocol == ("file", "local"):
        return stamp_file(Path(place))
    info = fs.info(place)
    touches = [f"{key}={info[key]}" for key in _TOUCHES if info.get(key)]
    return (int(info.get("size") or 0), *touches) if touches else ()


def _shorten(error: Exception) -> str:
    return (" ".join(str(error).split()) or type(error).__name__)[:300].rstrip(".")
