"""Signing a package with a key, without any server: who vouches for exactly these bytes, under which name and version.

What is signed is a statement of three lines: the package's name, its version, and its digest, which binds every file by
its SHA-256. So a signature cannot be moved to another package, to another version of it, or to the same bytes under
another name. It lies beside the package, because a package holds exactly the files of its manifest.
"""

import tempfile
from pathlib import Path
from typing import Literal, Protocol, cast

import msgspec

from pavedroad.errors import EvidenceError, PackageError
from pavedroad.foundation.engines import load_engine
from pavedroad.foundation.package.envelope import Package
from pavedroad.foundation.package.folder import build_folder
from pavedroad.report import decode, encode, write_whole

STATEMENT, SIGNATURE = "statement.json", "model.sig"


class Statement(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a signature vouches for."""

    schema: Literal["pavedroad.statement/1"]
    name: str
    version: str
    package: str
    """The digest of the package: the SHA-256 of its manifest."""


class Signer(Protocol):
    """An engine that signs folders and verifies signatures of them, offline."""

    def sign(self, folder: Path, signature: Path, key: Path, password: str | None) -> None:
        """Sign every file of a folder; PackageError when the key is of no use."""
        ...

    def verify(self, folder: Path, signature: Path, key: Path) -> None:
        """Verify the signature of a folder; PackageError when it is not this key's, or not of these files."""
        ...


def find_place(package: Path) -> Path:
    """Where the signature of a package lies: beside it."""
    return package.parent / f"{package.name}.signature"


def sign(package: Package, version: str, key: Path, password: str | None = None) -> Statement:
    """Sign a verified package under a version, and leave the signature beside it.

    Raises:
        PackageError: the key cannot be read or is of no use.
    """
    statement = Statement(
        schema="pavedroad.statement/1", name=package.manifest.name, version=version, package=package.digest
    )
    with build_folder(find_place(package.folder)) as folder:
        with _lay(statement) as scratch:
            _load().sign(Path(scratch), folder / SIGNATURE, key, password)
        write_whole(folder / STATEMENT, encode(statement))
    return statement


def verify(package: Package, key: Path, name: str, version: str = "") -> Statement:
    """Verify that the holder of a key vouches for exactly this package.

    Args:
        package: a verified package.
        key: the public key.
        name: the name that it must be signed under.
        version: the version that it must be signed under; empty: any.

    Raises:
        PackageError: there is no signature, or it is of something else, or not of this key.
    """
    place = find_place(package.folder)
    try:
        content = (place / STATEMENT).read_bytes()
        statement = msgspec.convert(decode(content, where=place / STATEMENT), Statement)
    except OSError as error:
        raise PackageError("The package is not signed.", where=place) from error
    except (msgspec.ValidationError, EvidenceError) as error:
        raise PackageError(f"The statement is not valid: {error}.", where=place / STATEMENT) from error
    with _lay(statement) as scratch:
        _load().verify(Path(scratch), place / SIGNATURE, key)
    for what, found, wanted in (
        ("package", statement.package, package.digest),
        ("name", statement.name, name),
        ("name", package.manifest.name, name),
        ("version", statement.version, version or statement.version),
    ):
        if found != wanted:
            raise PackageError(f"The signature is of another {what}: {found!r}, not {wanted!r}.", where=place)
    return statement


def _lay(statement: Statement) -> "tempfile.TemporaryDirectory[str]":
    """A folder that holds the statement alone, in the bytes that are signed."""
    scratch = tempfile.TemporaryDirectory(prefix="pavedroad-")
    write_whole(Path(scratch.name) / STATEMENT, encode(statement))
    return scratch


def _load() -> Signer:
    return cast("Signer", load_engine("signature", "model-signing"))
