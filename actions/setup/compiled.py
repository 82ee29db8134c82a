"""Keep the compiled modules of an environment from one run to the next, in one file. The standard library only.

``compiled.py keep FILE`` gathers what the interpreter that runs it has compiled in its environment; ``compiled.py lay
FILE`` puts that into another environment, beside the same modules. A fresh environment compiles what it imports, which
is about half of all that a road on a fresh machine computes, and the result depends on the sources alone.

Each compiled module is kept with the hash of its source (PEP 552, "checked"), and Python itself compares it when it
imports: one whose source has changed is compiled anew. The time stamps by which Python tells otherwise are those of the
installation and differ from run to run.
"""

import importlib.util
import os
import struct
import sys
import sysconfig
import zipfile
from pathlib import Path, PurePosixPath

CHECKED = 0b11
"""The flags of a compiled module that names its source by hash and wants it compared."""
HEADER = struct.Struct("<4sI8s")
STAMP = struct.Struct("<II")
LARGEST = 32 * 1024 * 1024
"""Bytes of one compiled module at most; the largest in use have one or two million."""
ENDING = f".{sys.implementation.cache_tag}.pyc"


def keep(site: Path, archive: Path) -> int:
    """Gather the compiled modules below ``site`` whose sources are what they were compiled from; how many those are."""
    archive.parent.mkdir(parents=True, exist_ok=True)
    scratch = archive.with_suffix(f".{os.getpid()}")
    kept = 0
    with zipfile.ZipFile(scratch, "w") as file:  # not compressed: whoever carries the file does that
        for path in sorted(site.rglob(f"__pycache__/*{ENDING}")):
            source = find_source(path)
            if source.is_file() and (content := name_by_hash(path.read_bytes(), source)):
                file.writestr(path.relative_to(site).as_posix(), content)
                kept += 1
    scratch.replace(archive)
    return kept


def lay(site: Path, archive: Path) -> int:
    """Lay compiled modules beside their sources below ``site``, where there are none yet; how many those are."""
    laid = 0
    with zipfile.ZipFile(archive) as file:
        for entry in file.infolist():
            name = PurePosixPath(entry.filename)
            if name.is_absolute() or ".." in name.parts or name.parts[-2:-1] != ("__pycache__",):
                continue
            path = site / name
            if not path.name.endswith(ENDING) or entry.file_size > LARGEST or not find_source(path).is_file():
                continue
            content = file.read(entry)
            if HEADER.unpack_from(content)[:2] != (importlib.util.MAGIC_NUMBER, CHECKED):
                continue
            path.parent.mkdir(exist_ok=True)
            try:
                with path.open("xb") as target:
                    target.write(content)
            except FileExistsError:
                continue
            laid += 1
    return laid


def find_source(path: Path) -> Path:
    """The module that a compiled one stands for."""
    return path.parent.parent / f"{path.name.removesuffix(ENDING)}.py"


def name_by_hash(content: bytes, source: Path) -> bytes:
    """A compiled module that names its source by hash; empty when it is not one of this source as it is now."""
    if len(content) < HEADER.size:
        return b""
    magic, flags, rest = HEADER.unpack_from(content)
    if magic != importlib.util.MAGIC_NUMBER:
        return b""
    text, state = source.read_bytes(), source.stat()
    digest = importlib.util.source_hash(text)
    stamp = STAMP.pack(int(state.st_mtime) & 0xFFFFFFFF, state.st_size & 0xFFFFFFFF)
    if (flags, rest) in {(0, stamp), (CHECKED, digest)}:
        return HEADER.pack(magic, CHECKED, digest) + content[HEADER.size :]
    return b""


def main(what: str, archive: Path) -> int:
    """Keep or lay; that it cannot be done costs time, and nothing else, so it is said and is no failure."""
    site = Path(sysconfig.get_paths()["purelib"])
    if what == "lay" and not archive.is_file():
        sys.stdout.write("No compiled modules of an earlier run are here.\n")
        return 0
    try:
        count = (lay if what == "lay" else keep)(site, archive)
    except (OSError, zipfile.BadZipFile, struct.error, EOFError, NotImplementedError) as error:
        sys.stdout.write(f"The compiled modules of earlier runs are of no use: {type(error).__name__}.\n")
        return 0
    sys.stdout.write(f"{count} compiled modules {'laid' if what == 'lay' else 'kept'}.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], Path(sys.argv[2])))
