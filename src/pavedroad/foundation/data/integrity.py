"""Whether a file is what it was when it was written: its content hash, its pages' checksums, its last line."""

import hashlib
import mmap
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from pavedroad.errors import DataError, PavedroadError
from pavedroad.foundation.data.pages import find_pages
from pavedroad.foundation.data.source import Source
from pavedroad.foundation.data.tables import hash_parts
from pavedroad.foundation.text import join_some
from pavedroad.report import Check, Severity, judge

Content = tuple[str, list[Check]]
"""The digest of a table's files, and the checks about their being whole."""

_STEP = 1 << 22


@contextmanager
def check_content(source: Source, named: str) -> Iterator[Callable[[], Content]]:
    """Hash a table's files and verify their checksums beside the block, which judges them meanwhile.

    Gives a function that waits for the result. When the block fails because of the data, damage that was found here is
    raised in its place, because it says more.

    Raises:
        DataError: a page of a Parquet file does not match its checksum; the error names the file.
    """
    with ThreadPoolExecutor(max_workers=1) as pool:
        running = pool.submit(_check, source, named)
        try:
            yield running.result
        except PavedroadError:
            running.result()
            raise


def _check(source: Source, named: str) -> Content:
    digests: dict[Path, str] = {}
    pages = checked = 0
    for file in source.files:
        digests[file], some, with_checksum = verify_file(file)
        pages, checked = pages + some, checked + with_checksum
    stem = source.path
    while not stem.is_dir():
        stem = stem.parent
    if source.files == (source.path,):
        digest = digests[source.path]
    else:
        digest = hash_parts({file.relative_to(stem).as_posix(): digest for file, digest in digests.items()})
    checks = [_judge_checksums(pages, checked)] if source.kind == ".parquet" else [_judge_ends(source, named)]
    return digest, checks


def verify_file(path: Path) -> tuple[str, int, int]:
    """Hash a file and verify the checksums of its pages when it is Parquet.

    Returns:
        The SHA-256, how many pages the file has, and how many of these carry a checksum.

    Raises:
        DataError: a page does not match its checksum.
    """
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        if path.suffix.lower() != ".parquet":
            return digest, 0, 0
        pages = checked = 0
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            for page in find_pages(content, path):
                pages += 1
                if page.checksum is None:
                    continue
                checked += 1
                if _sum(content, page.start, page.end) != page.checksum:
                    raise DataError(
                        f"The Parquet file is damaged: a page at byte {page.start:,} does not match its checksum.",
                        where=path,
                        next_step="Fetch it again from where it came, for example with: pavedroad data pull.",
                    )
    return digest, pages, checked


def _sum(content: mmap.mmap, start: int, end: int) -> int:
    found = 0
    for at in range(start, end, _STEP):
        found = zlib.crc32(content[at : min(at + _STEP, end)], found)
    return found


def _judge_checksums(pages: int, checked: int) -> Check:
    return judge(
        "guard.checksums",
        "What was read is what was written",
        ok=True,
        observed=f"{checked:,} of {pages:,} pages verified" if checked else "the file has no page checksums",
        expected="every checksum holds",
        reason="" if checked else "Damage to single bits cannot be noticed; write the file with page checksums.",
    )


def _judge_ends(source: Source, named: str) -> Check:
    """A CSV that was cut inside its last cell differs from a whole one in this alone: no line break ends it."""
    cut = [file.name for file in source.files if not _ends_in_line_break(file)]
    return judge(
        "guard.ends",
        "The last row ends with a line break",
        ok=not cut,
        severity=Severity.WARNING,
        observed="it does" if not cut else f"{len(cut):,} of {len(source.files):,} files do not",
        expected="a line break at the end",
        reason=""
        if not cut
        else f"The last row may have been cut off: {join_some(cut, 20)}. End the file with a line break.",
        evidence={"file": named} if cut else {},
    )


def _ends_in_line_break(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(-1, 2)
        return file.read(1) in b"\r\n"
