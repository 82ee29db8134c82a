"""The archive that a skops model lies in: judged before skops reads it, and written so that its bytes say the same.

skops audits the *types* a file names. This looks at what comes before: whether the archive is one that skops would have
written, so that no bomb, no hidden entry and no array of objects gets as far as the audit.
"""

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

LARGEST_UNPACKED = 256 * 1024 * 1024
"""Bytes that any archive may unpack to; a larger one must be large itself, see ``LARGEST_RATIO``."""
LARGEST_RATIO = 100
"""How many times its own size an archive beyond that may unpack to."""
MOST_ENTRIES = 200_000
OLDEST_PROTOCOL = 2
"""Older protocols of skops are read by code that trusts more; no version in our range writes them."""

_COMPRESSIONS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}


def require_plain_archive(content: bytes) -> None:
    """Refuse what skops never writes: a bomb, hidden or foreign entries, encryption, object arrays, old protocols.

    Raises:
        ValueError: why, in words.
        zipfile.BadZipFile: it is no archive, or a damaged one.
    """
    with _open(content, LARGEST_UNPACKED) as archive:
        names = archive.namelist()
        schema = json.loads(archive.read("schema.json"))
        if not isinstance(schema, dict):
            raise TypeError("its schema is not an object")
        protocol = schema.get("protocol")
        if not isinstance(protocol, int) or protocol < OLDEST_PROTOCOL:
            raise ValueError(f"it has the protocol {protocol!r}; {OLDEST_PROTOCOL} is the oldest that is read")
        hidden = set(names) - _find_files(schema) - {"schema.json"}
        if hidden:
            raise ValueError(f"it holds the entry {sorted(hidden)[0]!r}, which its schema does not name")
        _require_plain_arrays(archive)


def make_reproducible(content: bytes) -> bytes:
    """Take the memory addresses and the time of day out of a skops file.

    skops names objects by their address in memory, in the schema and in file names, and zip entries carry the clock.
    Here the addresses become 1, 2, 3 … in the order of their first mention.
    """
    source = zipfile.ZipFile(io.BytesIO(content))
    schema = json.loads(source.read("schema.json"))
    numbers: dict[int, int] = {}
    files: dict[str, str] = {}

    def renumber(node: Any) -> Any:  # noqa: ANN401
        if isinstance(node, list):
            return [renumber(item) for item in node]
        if not isinstance(node, dict):
            return node
        renewed = {key: renumber(value) for key, value in node.items()}
        address = node.get("__id__")
        if isinstance(address, int):
            renewed["__id__"] = numbers.setdefault(address, len(numbers) + 1)
        name = node.get("file")
        if isinstance(name, str) and name in names:
            renewed["file"] = files.setdefault(name, f"{len(files) + 1}{Path(name).suffix}")
        return renewed

    names = set(source.namelist())
    schema = renumber(schema)
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for old, new in files.items():
            archive.writestr(zipfile.ZipInfo(new), source.read(old), zipfile.ZIP_DEFLATED)
        archive.writestr(zipfile.ZipInfo("schema.json"), json.dumps(schema, indent=2), zipfile.ZIP_DEFLATED)
    return target.getvalue()


def _open(content: bytes, largest: int) -> zipfile.ZipFile:
    """Open an archive whose entries are plain, few enough and not too large together."""
    archive = zipfile.ZipFile(io.BytesIO(content))
    entries = archive.infolist()
    if len(entries) > MOST_ENTRIES:
        raise ValueError(f"it holds {len(entries):,} entries; at most {MOST_ENTRIES:,} are read")
    unpacked = sum(entry.file_size for entry in entries)
    if unpacked > max(largest, LARGEST_RATIO * len(content)):
        raise ValueError(f"{len(content):,} bytes would unpack to {unpacked:,}")
    if len({entry.filename for entry in entries}) != len(entries):
        raise ValueError("two of its entries have the same name")
    for entry in entries:
        if entry.flag_bits & 0x1 or entry.compress_type not in _COMPRESSIONS:
            raise ValueError(f"its entry {entry.filename!r} is encrypted or packed in a way that skops does not use")
        if entry.is_dir() or Path(entry.filename).name != entry.filename or entry.filename in {"", ".", ".."}:
            raise ValueError(f"its entry {entry.filename!r} is not a plain file name")
    return archive


def _find_files(schema: dict[str, Any]) -> set[str]:
    found: set[str] = set()
    rest: list[object] = [schema]
    while rest:
        node = rest.pop()
        if isinstance(node, dict):
            name = node.get("file")
            if isinstance(name, str):
                found.add(name)
            rest += node.values()
        elif isinstance(node, list):
            rest += node
    return found


def _require_plain_arrays(archive: zipfile.ZipFile) -> None:
    """Refuse arrays of objects, and headers that promise more or less than follows (NumPy would allocate it first)."""
    for entry in archive.infolist():
        suffix = Path(entry.filename).suffix
        if suffix == ".npy":
            with archive.open(entry) as file:
                _require_plain_array(file, entry)
        elif suffix == ".npz":
            inner = _open(archive.read(entry), LARGEST_UNPACKED)
            for member in inner.infolist():
                with inner.open(member) as file:
                    _require_plain_array(file, member)


def _require_plain_array(file: Any, entry: zipfile.ZipInfo) -> None:  # noqa: ANN401
    version = np.lib.format.read_magic(file)
    if version == (1, 0):
        shape, _, dtype = np.lib.format.read_array_header_1_0(file)
    elif version == (2, 0):
        shape, _, dtype = np.lib.format.read_array_header_2_0(file)
    else:
        raise ValueError(f"its array {entry.filename!r} is of version {version}, which skops does not write")
    if dtype.hasobject:
        raise ValueError(f"its array {entry.filename!r} holds objects")
    count = 1
    for length in shape:
        if length < 0:
            raise ValueError(f"its array {entry.filename!r} has a negative length")
        count *= length
    if count * dtype.itemsize != entry.file_size - file.tell():
        raise ValueError(f"its array {entry.filename!r} does not have the length that it promises")
