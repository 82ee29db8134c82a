"""Reading files of strict JSON that one of our stages left, as structs."""

from pathlib import Path
from typing import TypeVar

import msgspec

from pavedroad.errors import EvidenceError, PavedroadError
from pavedroad.report import decode

T = TypeVar("T")


def read_document(
    path: Path, kind: type[T], noun: str, *, next_step: str, error: type[PavedroadError] = EvidenceError
) -> T:
    """Read a file of strict JSON as one of our structs.

    Args:
        path: the file.
        kind: the struct.
        noun: what the file is, for messages, such as ``reference profile``.
        next_step: how to get the file where it cannot be read, as a full sentence.
        error: what is raised.

    Raises:
        PavedroadError: of the kind that ``error`` says; the file is missing, no strict JSON, or another document.
    """
    try:
        content = path.read_bytes()
    except OSError as problem:
        what = f"The {noun} cannot be read: {problem.strerror}."
        raise error(what, where=path, next_step=next_step) from problem
    try:
        return msgspec.convert(decode(content), kind)
    except msgspec.ValidationError as problem:
        raise error(f"This is not a valid {noun}: {problem}.", where=path) from problem
    except EvidenceError as problem:
        raise error(problem.what, where=path) from problem
