"""Folders that can be trusted: a manifest with the SHA-256 of every file, verified before anything is loaded."""

import contextlib
import fcntl
import os
import re
import shutil
import stat
import tempfile
import unicodedata
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Literal

import msgspec

from pavedroad.errors import EvidenceError, PackageError
from pavedroad.foundation.data.tables import hash_file
from pavedroad.report import decode, encode, write_whole

MANIFEST = "manifest.json"
MOST_FILES = 10_000
"""Files that a package may hold; ours holds about ten."""
NEW, OLD = "new", "old"
"""In the folder in which one is made: what is being made, and what it replaces."""


class File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One file of a package."""

    sha256: str
    bytes: int


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Every file of a package by its path in it, ``manifest.json`` itself aside."""

    schema: Literal["pavedroad.manifest/1"]
    name: str
    files: dict[str, File]


@contextlib.contextmanager
def build_folder(folder: Path) -> Iterator[Path]:
    """Fill a folder whole or not at all: work in the yielded one, which replaces ``folder`` when all went well.

    What a process that was killed left behind is cleared away first; when it was killed between putting the folder
    aside and putting the new one in its place, the folder comes back.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    _clear_leftovers(folder)
    scratch = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}."))
    fresh, old = scratch / NEW, scratch / OLD
    held = _hold(scratch)
    fresh.mkdir()
    try:
        yield fresh
        if folder.exists():
            folder.rename(old)
        try:
            fresh.rename(folder)
        except BaseException:
            if old.exists():
                old.rename(folder)
            raise
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
        if held is not None:
            os.close(held)


def _clear_leftovers(folder: Path) -> None:
    named = re.compile(re.escape(f".{folder.name}.") + r"[^.]+")  # not those of `package.signature`, beside `package`
    for scratch in [path for path in folder.parent.iterdir() if named.fullmatch(path.name)]:
        parts = {path.name for path in scratch.iterdir()} if scratch.is_dir() and not scratch.is_symlink() else set()
        if not parts or parts - {NEW, OLD} or (held := _hold(scratch)) is None:
            continue  # it is somebody's own, or one that still works in it
        if OLD in parts and not folder.exists():
            (scratch / OLD).rename(folder)
        shutil.rmtree(scratch, ignore_errors=True)
        os.close(held)


def _hold(scratch: Path) -> int | None:
    """Lock a folder until the file that is returned is closed, or the process ends; None while another holds it."""
    held = os.open(scratch, os.O_RDONLY)
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(held)
        return None
    return held


def write_manifest(folder: Path, name: str) -> Manifest:
    """List and hash every file of a folder, and write the list into it.

    Raises:
        PackageError: two names differ in case alone, so the folder would not survive being copied everywhere.
    """
    files = {
        path.relative_to(folder).as_posix(): File(sha256=hash_file(path), bytes=path.stat().st_size)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path != folder / MANIFEST
    }
    _require_distinct(list(files), folder / MANIFEST)
    manifest = Manifest(schema="pavedroad.manifest/1", name=name, files=files)
    write_whole(folder / MANIFEST, encode(manifest))
    return manifest


def read_manifest(folder: Path) -> Manifest:
    """Read the manifest of a folder, and check that every path in it stays inside.

    Raises:
        PackageError: there is none, or it is not valid.
    """
    path = folder / MANIFEST
    try:
        if folder.is_symlink() or not stat.S_ISREG(path.lstat().st_mode):
            raise PackageError("The package or its manifest is a link, which could point anywhere.", where=path)
        manifest = msgspec.convert(decode(path.read_bytes(), where=path), Manifest)
    except OSError as error:
        raise PackageError(f"The manifest cannot be read: {error.strerror}.", where=path) from error
    except (msgspec.ValidationError, EvidenceError) as error:
        raise PackageError(f"The manifest is not valid: {error}.", where=path) from error
    if len(manifest.files) > MOST_FILES:
        raise PackageError(
            f"The manifest names {len(manifest.files):,} files; {MOST_FILES:,} are too many.", where=path
        )
    for name in manifest.files:
        if not _is_inside(name):
            raise PackageError(f"The manifest names {name!r}, which is no path inside the package.", where=path)
    _require_distinct(list(manifest.files), path)
    return manifest


def verify_manifest(folder: Path) -> Manifest:
    """Check that a folder holds exactly the files of its manifest, byte for byte, and no link.

    Nothing but plain files is opened, and no file of another size than the manifest says is read.

    Raises:
        PackageError: a file is changed, missing, added or a link, or the manifest itself is not valid.
    """
    manifest = read_manifest(folder)
    found = _find_files(folder)
    for name in sorted(found.keys() - manifest.files.keys()):
        raise PackageError("The file is not in the manifest.", where=folder / name)
    for name, expected in manifest.files.items():
        if name not in found:
            raise PackageError("A file of the manifest is missing.", where=folder / name)
        if found[name] != expected.bytes or hash_file(folder / name) != expected.sha256:
            raise PackageError("The file is not the one that was packed.", where=folder / name)
    return manifest


def digest_folder(folder: Path) -> str:
    """The SHA-256 that names a package: that of its manifest, which binds every other file by its own."""
    return hash_file(folder / MANIFEST)


def _find_files(folder: Path) -> dict[str, int]:
    """The size of every plain file below a folder by its path in it, the manifest aside.

    Raises:
        PackageError: there is a link, a pipe, a device, or more than a package can have.
    """
    found: dict[str, int] = {}
    for base, folders, names in os.walk(folder):
        for name in [*folders, *names]:
            item = Path(base) / name
            state = item.lstat()
            if stat.S_ISLNK(state.st_mode):
                raise PackageError("The package holds a link, which could point anywhere.", where=item)
            if stat.S_ISREG(state.st_mode):
                found[item.relative_to(folder).as_posix()] = state.st_size
            elif not stat.S_ISDIR(state.st_mode):
                raise PackageError("The package holds something that is no plain file.", where=item)
        if len(found) > MOST_FILES + 1:
            raise PackageError(f"The package holds more than {MOST_FILES:,} files.", where=folder)
    found.pop(MANIFEST, None)
    return found


def _is_inside(name: str) -> bool:
    """Whether a name of the manifest is a plain, relative, normalised path that means the same on every system."""
    parts = PurePosixPath(name).parts
    return (
        name == "/".join(parts)
        and name != MANIFEST
        and bool(parts)
        and not name.startswith("/")
        and not any(part in {".", ".."} for part in parts)
        and not any(letter in '\\:*?"<>|' or not letter.isprintable() for letter in name)
        and unicodedata.is_normalized("NFC", name)
    )


def _require_distinct(names: list[str], where: Path) -> None:
    """Refuse two names that are one on a file system that does not tell case: which one it keeps is anybody's guess."""
    seen: dict[str, str] = {}
    for name in names:
        other = seen.setdefault(unicodedata.normalize("NFC", name).casefold(), name)
        if other != name:
            raise PackageError(f"{other!r} and {name!r} differ in case alone.", where=where)
