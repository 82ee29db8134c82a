"""The list of a kept directory's files, read as the hostile document it may be: no path of it leaves the directory."""

from collections.abc import Iterable
from pathlib import Path, PurePosixPath

import msgspec

from pavedroad.errors import DataError

MAX_BYTES = 128 * 1024 * 1024
"""A manifest larger than this is refused; at about eighty bytes a file it stands for more than a million files."""

_MAX_NAME, _MAX_PATH = 255, 4096
"""Bytes of one name and of a whole path at most, as file systems have it."""

_OWN = {".git", ".dvc"}
"""Folders that belong to the tools; data that is written into them would be configuration."""


class _Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One file of a directory, as the manifest spells it; all but the path and the hash is a note."""

    relpath: str
    md5: str
    size: int | None = None
    isexec: bool | None = None
    mtime: float | None = None
    etag: str | None = None
    checksum: str | None = None
    version_id: str | None = None


class Member(msgspec.Struct, frozen=True):
    """A file of a kept directory: its path inside it, with slashes, and the MD5 of its content."""

    path: str
    digest: str


def read_manifest(content: bytes, where: str) -> list[Member]:
    """Read the manifest of a kept directory.

    Args:
        content: the JSON text: a list of objects with ``relpath`` and ``md5``.
        where: the directory in the repo, for the error.

    Raises:
        DataError: it is too large, is no such list, or holds a path that could leave the directory, stands twice, or
            is a file and a folder at once. Nothing of it may be used then.
    """
    if len(content) > MAX_BYTES:
        raise _refuse(where, f"it has {len(content):,} bytes; at most {MAX_BYTES:,} are read")
    try:
        entries = msgspec.json.decode(content, type=list[_Entry])
    except (msgspec.DecodeError, msgspec.ValidationError, RecursionError, UnicodeDecodeError) as error:
        raise _refuse(where, f"it is not a list of files ({str(error)[:200]})") from error
    folders: set[str] = set()
    files: set[str] = set()
    for entry in entries:
        fault = find_fault(entry.relpath) or ("" if is_digest(entry.md5) else f"{entry.md5[:60]!r} is no MD5")
        if fault:
            raise _refuse(where, fault)
        if entry.relpath in files:
            raise _refuse(where, f"{entry.relpath!r} stands in it twice")
        files.add(entry.relpath)
        at = entry.relpath.rfind("/")
        while at > 0 and entry.relpath[:at] not in folders:
            folders.add(entry.relpath[:at])
            at = entry.relpath.rfind("/", 0, at)
    both = next((path for path in files if path in folders), None)
    if both is not None:
        raise _refuse(where, f"{both!r} is a file and a folder at once")
    return [Member(entry.relpath, entry.md5) for entry in entries]


def find_fault(path: str) -> str:
    """Why a path may not be written inside the repo, in words that end a sentence; empty when it may.

    It has to be relative, with slashes alone, without control characters, and without a part that is empty, leads
    upwards, or is a folder of git's or DVC's.
    """
    parts = path.split("/")
    faults = {
        "is not a relative one": not path or path.startswith("/"),
        "holds a backslash or a control character": any(
            letter == "\\" or ord(letter) < 32 or ord(letter) == 127 for letter in path
        ),
        "leads out of the directory, or is not in its shortest form": any(part in {"", ".", ".."} for part in parts),
        "leads into a folder of git's or DVC's": any(part.lower() in _OWN for part in parts),
        "is too long": _size(path) > _MAX_PATH or any(_size(part) > _MAX_NAME for part in parts),
    }
    fault = next((words for words, wrong in faults.items() if wrong), "")
    return f"the path {path[:120]!r} {fault}" if fault else ""


def is_digest(text: object, *, directory: bool = False) -> bool:
    """Whether a text is an MD5 in 32 lower-case hexadecimal digits; with ``.dir`` behind it for a directory."""
    if not isinstance(text, str):
        return False
    bare = text.removesuffix(".dir") if directory else text
    return len(bare) == 32 and not set(bare) - set("0123456789abcdef")


def refuse_links(root: Path, place: str, members: Iterable[Member], cache: Path) -> None:
    """Refuse to write through a link: a folder on the way that is one, or a file that is a link to anywhere else.

    Args:
        root: the repo.
        place: the kept file or directory, as a path in the repo.
        members: the directory's files; none for a file.
        cache: where the kept content itself lies; a file may be a link into it, for so a cache may be set to work.

    Raises:
        DataError: the error names the link.
    """
    inside = [PurePosixPath(place, member.path) for member in members] or [PurePosixPath(place)]
    kept = cache.resolve()
    for parent in sorted({parent for path in inside for parent in path.parents} - {PurePosixPath()}):
        _refuse_link(root / parent, place)
    if inside != [PurePosixPath(place)]:
        _refuse_link(root / place, place)
    for path in inside:
        found = root / path
        if found.is_symlink() and not found.resolve().is_relative_to(kept):
            _refuse_link(found, place)


def _refuse_link(path: Path, place: str) -> None:
    if path.is_symlink():
        raise DataError(
            f"{place} cannot be brought: a link stands in its way, and what is written would land elsewhere.",
            where=path,
            next_step="Remove the link, or put a real folder in its place; then run the command again.",
        )


def _refuse(where: str, fault: str) -> DataError:
    return DataError(
        f"The manifest of this directory is refused: {fault}. Nothing of it was written.",
        where=where,
        next_step="Find out who wrote it: git log says who changed the file that names it. `dvc add` makes a new one.",
    )


def _size(path: str) -> int:
    return len(path.encode("utf-8", "surrogatepass"))
