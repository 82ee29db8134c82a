"""DVC behind ``foundation.kept``: what it uploads is read back, and what it brings is verified before it is laid down.

DVC itself moves the data. It is not believed: a first push that was interrupted and is tried again can end well with a
remote that is incomplete (treeverse/dvc#10977), and a remote is trusted to hold what was put there.
"""

import io
import os
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pavedroad.engines import dvc_settings
from pavedroad.engines.dvc import run_program
from pavedroad.engines.dvc_cache import Cache, Stamp, check_named, hash_stream, open_manifest, stamp_file
from pavedroad.errors import ConfigError, DataError, MissingExtraError, PavedroadError
from pavedroad.foundation.kept import Care, Flaw, Kept, Tell, UnreachableError
from pavedroad.foundation.manifest import MAX_BYTES, Member, find_fault, is_digest, refuse_links
from pavedroad.report import write_whole

_LEGACY = "md5-dos2unix"
_TOUCHES = ("etag", "ETag", "mtime", "LastModified", "last_modified", "updated", "generation", "content_md5")
"""What the clients of remotes say of a file that changes whenever it is written again."""

_SHOWN = 3


@dataclass(frozen=True)
class _Out:
    """A file or directory that the repo keeps: its root piece and where it is kept."""

    piece: Kept
    legacy: bool
    remote: str
    """The one remote it may go to; empty: any."""
    remade: bool
    """Whether a stage of the pipeline makes it."""
    pushed: bool


def check_cache(root: Path) -> list[Flaw]:
    """Verify what the repo names and the cache holds; see ``foundation.kept.Keeper``."""
    return check_named(root, dvc_settings.find_cache(root))


def find_trusting(root: Path) -> list[str]:
    """The remotes that lack ``verify = true`` in the repo's own settings."""
    return dvc_settings.find_trusting(root)


def push(root: Path, remote: str, tell: Tell) -> Care:
    """Push by DVC, read the remote back, and upload again what it lacks; see ``foundation.kept.Keeper``."""
    with _open(root, remote) as opened:
        outs = [out for out in opened.outs if out.pushed]
        pieces = opened.open_directories(outs)
        damaged = opened.cache.check(pieces, tell)
        if damaged:
            raise DataError(
                f"The cache is damaged, so nothing was pushed: {_list(damaged)}.",
                where=damaged[0].where,
                next_step="Remove that file from the cache; then add the data again, or let the road make it again.",
            )
        tell("Pushing", 0, 1)
        said = run_program(root, ["push", *opened.choose_remote()])
        flaws = opened.check_remote(pieces, tell)
        mended = opened.upload(flaws)
        left = opened.check_remote([flaw.kept for flaw in flaws], tell)
        opened.cache.memory.save()
        gone = {flaw.kept for flaw in left}
        return opened.conclude(
            pieces,
            flaws=[*left, *opened.name_unopened(outs)],
            mended=[flaw for flaw in mended if flaw.kept not in gone],
            said=said if left else "",
        )


def pull(root: Path, targets: list[str], remote: str, tell: Tell) -> Care:
    """Fetch by DVC, verify, and only then lay down; see ``foundation.kept.Keeper``."""
    with _open(root, remote) as opened:
        outs = _choose(opened.outs, targets, root)
        for out in outs:
            opened.bring_manifest(out)
        pieces = opened.open_directories(outs)
        here = {piece for piece in pieces if opened.cache.find(piece.digest)}
        damaged = opened.cache.check(here, tell)
        if damaged:
            raise DataError(
                f"The cache is damaged, so nothing was brought: {_list(damaged)}.",
                where=damaged[0].where,
                next_step="Remove that file from the cache, then run: pavedroad data pull.",
            )
        for out in outs:
            members = [Member(item.path.removeprefix(f"{out.piece.path}/"), "") for item in opened.members(out)]
            refuse_links(root, out.piece.path, members, opened.cache.folder)
        said = ""
        if len(here) < len(pieces):
            tell("Fetching", 0, 1)
            said = run_program(root, ["fetch", *opened.choose_remote(), "--", *(out.piece.path for out in outs)])
        lacking = [piece for piece in pieces if piece not in here]
        for flaw in opened.cache.check(lacking, tell):
            Path(flaw.where).unlink(missing_ok=True)  # it came just now, and would be taken for the real one
        lacking = [piece for piece in lacking if opened.cache.find(piece.digest) is None]
        flaws = [*opened.find_why(lacking, tell), *opened.name_unopened(outs)]
        bad = {out for out in outs if any(_belongs(flaw.kept, out) for flaw in flaws)}
        flaws = [replace(flaw, remade=any(out.remade for out in bad if _belongs(flaw.kept, out))) for flaw in flaws]
        if any(flaw.trouble == "damaged" or not flaw.remade for flaw in flaws):
            return opened.conclude(pieces, flaws=flaws, said=said)
        whole = [out.piece.path for out in outs if out not in bad]
        tell("Laying down", 0, 1)
        failed = run_program(root, ["checkout", "--", *whole]) if whole else ""
        if failed:
            raise DataError(f"DVC could not lay the data down: {failed}", where=root)
        return opened.conclude(pieces, flaws=flaws, brought=whole)


def verify(root: Path, remote: str, tell: Tell) -> Care:
    """Read every piece in the cache and in the remote; see ``foundation.kept.Keeper``."""
    with _open(root, remote, wanted=False) as opened:
        opened.cache.memory.forget()
        pieces = opened.open_directories(opened.outs)
        flaws = opened.cache.check(pieces, tell)
        pushed = opened.open_directories([out for out in opened.outs if out.pushed])
        if opened.name:
            flaws += opened.check_remote(pushed, tell)
            opened.cache.memory.save()
        else:
            flaws += [Flaw(piece, "missing", "") for piece in pieces if opened.cache.find(piece.digest) is None]
        return opened.conclude(pieces, flaws=[*flaws, *opened.name_unopened(opened.outs)])


class _Opened:
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
        self._pieces: dict[_Out, list[Kept] | None] = {}

    def choose_remote(self) -> list[str]:
        """How DVC is told of a remote that was asked for by name."""
        return ["--remote", self._asked] if self._asked else []

    def open_directories(self, outs: Iterable[_Out]) -> list[Kept]:
        """Every piece of these files and directories, manifests first; what has no manifest here is left out."""
        found: dict[Kept, None] = {}
        for out in outs:
            found |= dict.fromkeys(self._open(out) or [])
        return sorted(found, key=lambda piece: not piece.digest.endswith(".dir"))

    def members(self, out: _Out) -> list[Kept]:
        """The files of a directory, as far as its manifest is here."""
        return (self._open(out) or [out.piece])[1:]

    def name_unopened(self, outs: Iterable[_Out]) -> list[Flaw]:
        """The directories whose manifest is neither here nor in the remote, so that nobody can say what they hold."""
        return [
            Flaw(out.piece, "missing", self._address(out.piece) if self.name else "", out.remade)
            for out in outs
            if self._open(out) is None
        ]

    def bring_manifest(self, out: _Out) -> None:
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

    def _open(self, out: _Out) -> list[Kept] | None:
        if out not in self._pieces:
            self._pieces[out] = self._open_anew(out)
        return self._pieces[out]

    def _open_anew(self, out: _Out) -> list[Kept] | None:
        if not out.piece.digest.endswith(".dir"):
            return [out.piece]
        here = self.cache.find(out.piece.digest)
        if here is None:
            return self._open_there(out) if self.name else None
        if not self.cache.is_whole(here, out.piece.digest):
            return [out.piece]  # whoever verifies it will say so; what it lists is not to be believed
        return self.cache.open_directory(out.piece)

    def _open_there(self, out: _Out) -> list[Kept] | None:
        """A directory's files by the manifest that the remote has, where the cache has none; None when it has none."""
        odb = self._odb(out)
        with _blame(self.name):
            try:
                with odb.fs.open(odb.oid_to_path(out.piece.digest), "rb") as file:
                    content = file.read(MAX_BYTES + 1)
            except FileNotFoundError:
                return None
        return open_manifest(out.piece, content)

    def _owner(self, piece: Kept) -> _Out:
        return next(out for out in self.outs if _belongs(piece, out))

    def _address(self, piece: Kept) -> str:
        return str(self._odb(self._owner(piece)).oid_to_path(piece.digest))

    def _odb(self, out: _Out) -> Any:  # noqa: ANN401 - DVC's own
        key = self._key(out)
        if key not in self._odbs:
            with _blame(key[0]):
                self._odbs[key] = self._repo.cloud.get_remote_odb(
                    key[0], "data", hash_name=_LEGACY if out.legacy else "md5"
                )
        return self._odbs[key]

    def _key(self, out: _Out) -> tuple[str, bool]:
        return (self._asked or out.remote or self.name, out.legacy)

    def _list_outs(self) -> Iterator[_Out]:
        for out in self._repo.index.outs:
            digest = out.hash_info.value
            if not out.use_cache or out.protocol != "local" or not digest or out.stage.is_repo_import:
                continue
            path = Path(os.path.relpath(out.fs_path, self.root)).as_posix()
            fault = find_fault(path) or ("" if is_digest(digest, directory=True) else f"{str(digest)[:60]!r} is no MD5")
            if fault:
                raise DataError(f"What this file keeps is refused: {fault}.", where=out.stage.relpath)
            yield _Out(
                piece=Kept(digest, path),
                legacy=out.hash_info.name == _LEGACY,
                remote=out.remote or "",
                remade=bool(out.stage.cmd),
                pushed=bool(out.can_push) and (not self._asked or not out.remote or out.remote == self._asked),
            )


@contextmanager
def _open(root: Path, remote: str, *, wanted: bool = True) -> Iterator[_Opened]:
    """Let DVC read the repo; without a remote, and with one ``wanted``, that is a wrong configuration.

    Raises:
        ConfigError: DVC cannot read the repo's files, or there is no such remote.
        MissingExtraError: DVC is not installed.
    """
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
        opened = _Opened(root, repo, name, remote)
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


def _choose(outs: list[_Out], targets: list[str], root: Path) -> list[_Out]:
    """What the targets name: kept files and directories, or the ``.dvc`` files beside them; all, without targets."""
    if not targets:
        return outs
    paths = {Path(os.path.relpath(root / target, root)).as_posix().removesuffix(".dvc"): target for target in targets}
    for path, target in paths.items():
        if not any(out.piece.path == path for out in outs):
            raise ConfigError(
                f"{target!r} is nothing that DVC keeps here.",
                where=root / path,
                next_step=f"Kept are: {', '.join(out.piece.path for out in outs[:10]) or 'no files'}.",
            )
    return [out for out in outs if out.piece.path in paths]


def _belongs(piece: Kept, out: _Out) -> bool:
    return piece == out.piece or piece.path.startswith(f"{out.piece.path}/")


def _stamp(fs: Any, place: str) -> Stamp:  # noqa: ANN401 - a file system of fsspec's
    """How a file in a remote looks from outside; empty when the remote says nothing that a change would change."""
    if fs.protocol in {"local", "file"} or fs.protocol == ("file", "local"):
        return stamp_file(Path(place))
    info = fs.info(place)
    touches = [f"{key}={info[key]}" for key in _TOUCHES if info.get(key)]
    return (int(info.get("size") or 0), *touches) if touches else ()


def _list(flaws: list[Flaw]) -> str:
    names = ", ".join(flaw.kept.path for flaw in flaws[:_SHOWN])
    return f"{names} and {len(flaws) - _SHOWN:,} more" if len(flaws) > _SHOWN else names


def _shorten(error: Exception) -> str:
    return (" ".join(str(error).split()) or type(error).__name__)[:300].rstrip(".")
