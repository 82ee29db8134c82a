"""A look at the data file before anything is made of it, with the standard library alone.

It settles what would make the new repository useless from the start; the rest (constant targets, damaged Parquet) is
found by the profile that the first expectation suite is made from.
"""

import codecs
import csv
import difflib
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

KINDS = {".csv", ".parquet"}
MAX_FIELD = 1_000_000
"""Characters in one CSV field; more is a quote that was never closed."""

_PARQUET = b"PAR1"
_SMALLEST_PARQUET = 12


def check_table(path: Path, *, target: str) -> str:
    """What is wrong with the file as a table that holds ``target``, as one sentence; empty when nothing is seen.

    A CSV file is read to its end, because a wrong byte may stand anywhere.
    """
    try:
        return _check_file(path) or (
            _check_parquet(path) if path.suffix.lower() == ".parquet" else _check_csv(path, target)
        )
    except (OSError, ValueError) as error:
        return f"data: {_show(path)} cannot be read ({type(error).__name__})."


def name_copy(source: Path) -> str:
    """The file's name inside the repo: plain ASCII, so that no tool stumbles over it."""
    stem = re.sub(r"[^A-Za-z0-9_-]+", "_", source.stem).strip("_-")[:60]
    return f"{stem or 'table'}{source.suffix.lower()}"


def _check_file(path: Path) -> str:
    if not path.exists():
        return f"data: there is no file {_show(path)}."
    if not path.is_file():
        return f"data: {_show(path)} is not a file."
    if path.suffix.lower() not in KINDS:
        return f"data: {_show(path)} has to be a .csv or a .parquet file."
    return "" if path.stat().st_size else f"data: {_show(path)} is empty."


def _check_parquet(path: Path) -> str:
    with path.open("rb") as file:
        head = file.read(len(_PARQUET))
        file.seek(-min(len(_PARQUET), path.stat().st_size), 2)
        tail = file.read()
    if head != _PARQUET or tail != _PARQUET or path.stat().st_size < _SMALLEST_PARQUET:
        return f"data: {_show(path)} is not a whole Parquet file."
    return ""


def _check_csv(path: Path, target: str) -> str:
    wrong = _check_encoding(path)
    if wrong:
        return wrong
    limit = csv.field_size_limit(MAX_FIELD)
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = (row for row in csv.reader(file) if row)
            return _check_header(path, next(rows, []), target) or _check_rows(path, rows)
    except csv.Error as error:
        return f"data: {_show(path)} is not a CSV file ({error})."
    finally:
        csv.field_size_limit(limit)


def _check_encoding(path: Path) -> str:
    decoder = codecs.getincrementaldecoder("utf-8")()
    with path.open("rb") as file:
        try:
            for block in iter(lambda: file.read(1 << 20), b""):
                if b"\0" in block:
                    return f"data: {_show(path)} holds zero bytes, so it is not a CSV file in UTF-8."
                decoder.decode(block)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return f"data: {_show(path)} is not in UTF-8; save it as CSV in UTF-8."
    return ""


def _check_header(path: Path, header: list[str], target: str) -> str:
    if not any(name.strip() for name in header):
        return f"data: {_show(path)} has no header with column names."
    if not all(name.strip() for name in header):
        return f"data: {_show(path)} has a column without a name in its header."
    twice = [name for name, times in Counter(header).items() if times > 1]
    if twice:
        return f"data: {_show(path)} names the column {twice[0][:60]!r} more than once."
    if target not in header:
        near = difflib.get_close_matches(target, header, n=1)
        hint = (
            f"did you mean {near[0][:60]!r}?" if near else f"it begins with {', '.join(map(repr, header[:5]))[:200]}."
        )
        return f"data: {_show(path)} has no column {target[:60]!r}, the target; {hint}"
    if len(header) == 1:
        return f"data: {_show(path)} has no column besides the target."
    return ""


def _check_rows(path: Path, rows: Iterator[list[str]]) -> str:
    if next(rows, None) is None:
        return f"data: {_show(path)} has a header, but no rows."
    return ""


def _show(path: Path) -> str:
    return repr(path.name[:60])
