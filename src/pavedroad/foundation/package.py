"""Folders that can be trusted: a manifest with the SHA-256 of every file, verified before anything is loaded."""

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import msgspec

from pavedroad.errors import EvidenceError, PackageError
from pavedroad.foundation.data import hash_file
from pavedroad.report import decode, encode, write_whole

MANIFEST = "manifest.json"


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
    """Fill a folder whole or not at all: work in the yielded one, which replaces ``folder`` when all went well."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}."))
    fresh, old = scratch / "new", scratch / "old"
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


def write_manifest(folder: Path, name: str) -> Manifest:
    """List and hash every file of a folder, and write the list into it."""
    files = {
        path.relative_to(folder).as_posix(): File(sha256=hash_file(path), bytes=path.stat().st_size)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != MANIFEST
    }
    manifest = Manifest(schema="pavedroad.manifest/1", name=name, files=files)
    write_whole(folder / MANIFEST, encode(manifest))
    return manifest


def verify_manifest(folder: Path) -> Manifest:
    """Check that a folder holds exactly the files of its manifest, byte for byte, and no link.

    Raises:
        PackageError: a file is changed, missing, added or a link, or the manifest itself is not valid.
    """
    path = folder / MANIFEST
    try:
        manifest = msgspec.convert(decode(path.read_bytes(), where=path), Manifest)
    except OSError as error:
        raise PackageError(f"The manifest cannot be read: {error.strerror}.", where=path) from error
    except (msgspec.ValidationError, EvidenceError) as error:
        raise PackageError(f"The manifest is not valid: {error}.", where=path) from error
    found = set()
    for base, folders, names in os.walk(folder):
        for name in [*folders, *names]:
            item = Path(base) / name
            if item.is_symlink():
                raise PackageError("The package holds a link, which could point anywhere.", where=item)
        found |= {(Path(base) / name).relative_to(folder).as_posix() for name in names}
    found -= {MANIFEST}
    for name in sorted(found - manifest.files.keys()):
        raise PackageError("The file is not in the manifest.", where=folder / name)
    for name, expected in manifest.files.items():
        if name not in found:
            raise PackageError("A file of the manifest is missing.", where=folder / name)
        if hash_file(folder / name) != expected.sha256:
            raise PackageError("The file is not the one that was packed.", where=folder / name)
    return manifest
