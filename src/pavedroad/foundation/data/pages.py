"""The pages of a Parquet file and their checksums, from the headers alone.

Neither DuckDB nor anything else that is quick to import verifies them. The format is Thrift's compact protocol: the
footer leads to the column chunks, and each chunk is a run of pages, each behind a header with its size and, where the
writer was careful, the CRC-32 of its bytes.
"""

import mmap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pavedroad.errors import DataError

_MAGIC = b"PAR1"
_MAX_DEPTH = 30
_TRUE, _FALSE, _BYTE, _I16, _I32, _I64, _DOUBLE, _BINARY, _LIST, _SET, _MAP, _STRUCT = range(1, 13)

# The numbers of the fields that are needed, from the definition of the format.
_ROW_GROUPS, _CHUNKS, _CHUNK_META = 4, 1, 3
_VALUES, _TOTAL_COMPRESSED, _DATA_OFFSET, _DICTIONARY_OFFSET = 5, 7, 9, 11
_COMPRESSED_SIZE, _CRC = 3, 4


Bytes = bytes | mmap.mmap
"""What pages are found in: bytes, or a file mapped into memory."""


@dataclass(frozen=True)
class Page:
    """Where a page's bytes lie in its file, and the CRC-32 that its writer gave them, if any."""

    start: int
    end: int
    checksum: int | None


def find_pages(content: Bytes, path: Path) -> Iterator[Page]:
    """Find every page of a Parquet file, in the order of its row groups and columns.

    Raises:
        DataError: the file is not Parquet, or its footer or a header is damaged.
    """
    try:
        for start, length in _find_chunks(content):
            at = start
            while at < start + length:
                page = _read_page(content, at, start + length)
                yield page
                at = page.end
    except (ValueError, KeyError, IndexError, TypeError, RecursionError) as error:
        raise DataError(
            f"The data file is damaged or not what its name says: {error}.",
            where=path,
            next_step="Fetch it again from where it came, for example with: pavedroad data pull.",
        ) from error


def _read_page(content: Bytes, at: int, end: int) -> Page:
    reader = _Reader(content, at)
    header = reader.read_struct()
    size, checksum = header[_COMPRESSED_SIZE], header.get(_CRC)
    if size < 0 or reader.at + size > end:
        raise ValueError("a page is longer than its column")
    return Page(reader.at, reader.at + size, None if checksum is None else checksum & 0xFFFFFFFF)


def _find_chunks(content: Bytes) -> Iterator[tuple[int, int]]:
    size = len(content)
    if size < 12 or content[size - 4 : size] != _MAGIC or content[:4] != _MAGIC:
        raise ValueError("it does not begin and end as Parquet does, so it may have been cut off")
    length = int.from_bytes(content[size - 8 : size - 4], "little")
    if length > size - 12:
        raise ValueError("its footer is longer than the file")
    footer = _Reader(content, size - 8 - length).read_struct()
    for group in footer[_ROW_GROUPS]:
        for chunk in group[_CHUNKS]:
            meta = chunk[_CHUNK_META]
            if not meta[_VALUES]:
                continue  # a table without rows has no pages
            start = meta[_DATA_OFFSET]
            if 0 < meta.get(_DICTIONARY_OFFSET, 0) < start:
                start = meta[_DICTIONARY_OFFSET]
            if start < 4 or start + meta[_TOTAL_COMPRESSED] > size:
                raise ValueError("a column lies outside the file")
            yield start, meta[_TOTAL_COMPRESSED]


class _Reader:
    """Reads Thrift's compact protocol; structs become dictionaries by field number."""

    def __init__(self, content: Bytes, at: int) -> None:
        self._content = content
        self.at = at

    def read_struct(self, depth: int = 0) -> dict[int, Any]:
        if depth > _MAX_DEPTH:
            raise ValueError("its metadata is nested too deeply")
        fields: dict[int, Any] = {}
        number = 0
        while True:
            head = self._read_byte()
            if head == 0:
                return fields
            kind, step = head & 0x0F, head >> 4
            number = number + step if step else self._read_signed()
            fields[number] = kind == _TRUE if kind in {_TRUE, _FALSE} else self._read(kind, depth)

    def _read(self, kind: int, depth: int) -> Any:  # noqa: ANN401 - whatever the field holds
        if kind in {_I16, _I32, _I64}:
            return self._read_signed()
        if kind == _BINARY:
            return self._skip(self._read_unsigned())
        if kind in {_LIST, _SET}:
            return self._read_list(depth)
        if kind == _STRUCT:
            return self.read_struct(depth + 1)
        if kind == _DOUBLE:
            return self._skip(8)
        if kind == _BYTE:
            return self._read_byte()
        raise ValueError(f"its metadata holds a field of the unknown kind {kind}")

    def _read_list(self, depth: int) -> list[Any]:
        head = self._read_byte()
        length, kind = head >> 4, head & 0x0F
        if length == 15:
            length = self._read_unsigned()
        if length > len(self._content):
            raise ValueError("a list in its metadata is longer than the file")
        if kind in {_TRUE, _FALSE}:
            self._skip(length)
            return []
        return [self._read(kind, depth + 1) for _ in range(length)]

    def _read_byte(self) -> int:
        value: int = self._content[self.at]
        self.at += 1
        return value

    def _read_unsigned(self) -> int:
        value = shift = 0
        while True:
            byte = self._read_byte()
            value |= (byte & 0x7F) << shift
            if not byte & 0x80:
                return value
            shift += 7
            if shift > 63:
                raise ValueError("a number in its metadata has no end")

    def _read_signed(self) -> int:
        value = self._read_unsigned()
        return (value >> 1) ^ -(value & 1)

    def _skip(self, length: int) -> None:
        if length > len(self._content) - self.at:
            raise ValueError("a text in its metadata is longer than the file")
        self.at += length
