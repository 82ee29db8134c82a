"""The evidence: a stage's checks as one frozen, strictly typed JSON document.

A failed check is data. An exception means that *we* failed. Everything people read – tables, comments, pages – is
rendered from these documents alone, so nothing here may hold a value that JSON cannot express (NaN, infinity) or that
two readers could read differently (duplicate keys).

The ``run`` section is the only part that may differ between a laptop and CI. On disk it lies beside the report, in
``reports/run/<stage>.json``: the report itself is then the same bytes wherever it is made, and the pipeline's cache
can tell "ran again" from "changed".
"""

import json
import math
import os
import re
from collections.abc import Iterable, Mapping
from enum import StrEnum
from itertools import accumulate
from pathlib import Path
from typing import Any, Literal, TypeVar

import msgspec

from pavedroad.errors import EvidenceError

T = TypeVar("T")

SCHEMA: Literal["pavedroad.report/1"] = "pavedroad.report/1"
MAX_BYTES = 32 * 1024 * 1024
"""A report larger than this is refused: evidence is counts and keys, never tables."""

MAX_DIGITS = 19
"""No count needs a longer integer, and very long ones cost quadratic time to read."""

MAX_DEPTH = 100
"""JSON nested deeper is refused; where Python itself would give up differs from version to version."""

_NO_BRACKET = re.compile(rb'"(?:[^"\\]|\\.)*"|[^][{}"]+', re.DOTALL)


class Outcome(StrEnum):
    """What a check, a stage or the whole road came to."""

    PASS = "pass"  # noqa: S105
    WARN = "warn"
    FAIL = "fail"
    ERROR = "error"
    SKIPPED = "skipped"


_RANK = {Outcome.SKIPPED: 0, Outcome.PASS: 1, Outcome.WARN: 2, Outcome.FAIL: 3, Outcome.ERROR: 4}


def worst(outcomes: Iterable[Outcome]) -> Outcome:
    """Combine outcomes: ``error > fail > warn > pass > skipped``; nothing at all is ``skipped``."""
    return max(outcomes, key=_RANK.__getitem__, default=Outcome.SKIPPED)


class Severity(StrEnum):
    """What a failed check means for its stage, in Great Expectations' words."""

    CRITICAL = "critical"
    WARNING = "warning"
    INFO = "info"


_OUTCOME_WHEN_FAILED = {
    Severity.CRITICAL: Outcome.FAIL,
    Severity.WARNING: Outcome.WARN,
    Severity.INFO: Outcome.PASS,
}

Scalar = str | int | float | bool | None
Value = Scalar | list[Scalar] | dict[str, Scalar]


class Place(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Where a check is written: a file of the repo and, when known, its line."""

    file: str
    line: int | None = None


class Check(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """One assertion and its outcome.

    ``observed`` and ``expected`` are small values made for reading. ``evidence`` holds counts and the keys of failing
    rows, never raw rows. A value that measures this machine (a latency) stands in ``Run.measured`` under the check's
    id instead.
    """

    id: str
    title: str
    outcome: Outcome
    severity: Severity = Severity.CRITICAL
    observed: Value = None
    expected: Value = None
    reason: str = ""
    evidence: dict[str, Value] = {}
    where: Place | None = None
    columns: list[str] = []
    """The columns of the data that it is about; none when it is about the table, or about no data."""


class Input(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A file that a stage read: its path in the repo, the SHA-256 of its content and, for a table, its rows."""

    path: str
    sha256: str
    rows: int | None = None


class Figure(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A picture as data: columns of equal length that a renderer knows how to draw for this ``kind``.

    ================  ===================================================================================
    kind              columns in ``data``
    ================  ===================================================================================
    ``intervals``     ``label``, ``low``, ``value``, ``high``: estimates with confidence limits
    ``fit``           ``actual``, ``predicted`` and, for a series, ``at``: a bounded sample of the holdout
    ``confusion``     ``actual``, ``predicted``, ``count``
    ``reliability``   ``chance``, ``share``, ``rows``: for bins of rows, what was predicted and what came true
    ``distribution``  ``bin``, ``share`` and, for numbers, ``low``, ``high``; ``side`` = reference | current
    ``effects``       ``label``, ``value``, ``threshold``: drift by column
    ``flow``          ``step``, ``kind``, ``digest``: the lineage, in order
    ``graph``         ``step``, ``kind``, ``needs``: features, and the names of what each is made of, a line each
    ================  ===================================================================================

    A distribution of times has the ``unit`` "time" (as the clock says), "time in UTC" or "time of day"; its ``low`` and
    ``high`` are milliseconds since 1970, or since midnight, and null for what has no date.
    """

    id: str
    kind: Literal["intervals", "fit", "confusion", "reliability", "distribution", "effects", "flow", "graph"]
    title: str
    data: dict[str, list[Scalar]]
    unit: str = ""


class Run(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """What may differ between two runs of the same thing: when, where, how long, with which versions."""

    started: str
    """UTC, ISO 8601."""
    duration_s: float
    commit: str | None = None
    dirty: bool | None = None
    """Whether files that git tracks were changed when the stage ran."""
    versions: dict[str, str] = {}
    measured: dict[str, float] = {}
    """Measurements of this machine by check id, for example ``{"latency.p95": 3.1}`` in milliseconds."""
    history: dict[str, list[float]] = {}
    """What a number was on record, oldest first and this run's last, by the column that it is about."""
    behind: list[str] = []
    """Files that record what was made, as far as the commit does not hold what was made now."""


class Report(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """A stage's checks, what it read and what it found."""

    schema: Literal["pavedroad.report/1"]
    stage: str
    outcome: Outcome
    summary: str = ""
    """One sentence for people."""
    checks: list[Check] = []
    inputs: list[Input] = []
    figures: list[Figure] = []
    about: dict[str, str] = {}
    """Whose model this is, in words (project, owner, statement, metric …); filled by the gate."""
    run: Run | None = None


def judge(
    id: str,  # noqa: A002
    title: str,
    *,
    ok: bool,
    severity: Severity = Severity.CRITICAL,
    observed: Value = None,
    expected: Value = None,
    reason: str = "",
    evidence: Mapping[str, Value] | None = None,
    where: Place | None = None,
    columns: Iterable[str] = (),
) -> Check:
    """Make a check from a yes or no; the severity decides what a no comes to (critical → fail, warning → warn)."""
    return Check(
        id=id,
        title=title,
        outcome=Outcome.PASS if ok else _OUTCOME_WHEN_FAILED[severity],
        severity=severity,
        observed=observed,
        expected=expected,
        reason=reason,
        evidence=dict(evidence or {}),
        where=where,
        columns=list(columns),
    )


def is_note(check: Check) -> bool:
    """Whether a check passes and still has something to say, because it is of no weight (``info``)."""
    return check.outcome is Outcome.PASS and check.severity is Severity.INFO and bool(check.reason)


def conclude(
    stage: str,
    checks: Iterable[Check],
    *,
    summary: str = "",
    inputs: Iterable[Input] = (),
    figures: Iterable[Figure] = (),
    about: Mapping[str, str] | None = None,
    run: Run | None = None,
) -> Report:
    """Close a stage: its outcome is the worst of its checks. A report without checks is an error, not a pass."""
    kept = list(checks)
    if not kept:
        kept = [
            Check(
                id=f"{stage}.empty",
                title="The stage made at least one check",
                outcome=Outcome.ERROR,
                reason="No check was made, so there is nothing to judge.",
            )
        ]
    return Report(
        schema=SCHEMA,
        stage=stage,
        outcome=worst(check.outcome for check in kept),
        summary=summary,
        checks=kept,
        inputs=list(inputs),
        figures=list(figures),
        about=dict(about or {}),
        run=run,
    )


def finite(value: float) -> float | str:
    """A number as JSON can hold it: itself, or the words ``"NaN"``, ``"Infinity"``, ``"-Infinity"``."""
    number = float(value)
    if math.isnan(number):
        return "NaN"
    if math.isinf(number):
        return "Infinity" if number > 0 else "-Infinity"
    return number


def encode(document: object) -> bytes:
    """Encode a struct or plain data as strict, stable, readable JSON.

    Raises:
        ValueError: the document holds NaN or infinity.
    """
    plain = msgspec.to_builtins(document)
    return (json.dumps(plain, indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode()


def decode(text: bytes, *, where: Path | str | None = None) -> Any:  # noqa: ANN401
    """Decode strict JSON: no NaN, no infinity (``1e999`` included), no duplicate keys, neither oversized nor too deep.

    Raises:
        EvidenceError: the text is not such JSON; the message says why.
    """
    if len(text) > MAX_BYTES:
        raise EvidenceError(f"The document has {len(text):,} bytes; at most {MAX_BYTES:,} are read.", where=where)
    try:
        _refuse_depth(text)
        document = json.loads(
            text.decode("utf-8"),
            parse_constant=_refuse_constant,
            parse_float=_parse_float,
            parse_int=_parse_int,
            object_pairs_hook=_refuse_duplicates,
        )
        if b"\\u" in text:  # half of a surrogate pair is valid JSON, but no text that could be written again
            json.dumps(document, ensure_ascii=False).encode()
        return document
    except (ValueError, RecursionError) as error:
        raise EvidenceError(f"This is not strict JSON: {error}.", where=where) from error


def read_report(path: Path) -> Report:
    """Read one report, strictly, with the ``run`` section that lies beside it when there is one.

    Raises:
        EvidenceError: the file is missing, or is not a report whose outcome follows from its checks.
    """
    report = _read_as(path, Report)
    expected = worst(check.outcome for check in report.checks)
    if report.outcome is not expected:
        raise EvidenceError(
            f"The report claims {report.outcome.value!r}, but its checks come to {expected.value!r}.",
            where=path,
        )
    if report.stage != path.stem:
        raise EvidenceError(f"The report is of stage {report.stage!r}, not {path.stem!r}.", where=path)
    beside = run_path(path)
    if report.run is None and beside.is_file():
        return msgspec.structs.replace(report, run=_read_as(beside, Run))
    return report


def write_report(path: Path, report: Report) -> None:
    """Write a report and, beside it, its ``run`` section; each file appears whole or not at all."""
    if report.run is None:
        run_path(path).unlink(missing_ok=True)  # an older run's section would be read as this one's
    else:
        write_whole(run_path(path), encode(report.run))
    write_whole(path, encode(msgspec.structs.replace(report, run=None)))


def run_path(path: Path) -> Path:
    """Where the ``run`` section of the report at ``path`` lies."""
    return path.parent / "run" / path.name


def write_whole(path: Path, content: bytes) -> None:
    """Write a file by way of a temporary one beside it, so that a reader never meets half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    scratch = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with scratch.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        scratch.replace(path)
    except BaseException:
        scratch.unlink(missing_ok=True)
        raise


def json_schema() -> dict[str, Any]:
    """The JSON schema of ``pavedroad.report/1``, made from the types above."""
    return describe_type(Report, SCHEMA)


def describe_type(kind: type[msgspec.Struct], title: str) -> dict[str, Any]:
    """The JSON schema of a type, the same on every Python: since 3.13 docstrings come without their indentation."""
    from inspect import cleandoc

    def tidy(node: Any) -> Any:  # noqa: ANN401
        if isinstance(node, list):
            return [tidy(item) for item in node]
        if not isinstance(node, dict):
            return node
        return {
            key: cleandoc(value) if key == "description" and isinstance(value, str) else tidy(value)
            for key, value in node.items()
        }

    schema: dict[str, Any] = tidy(msgspec.json.schema(kind))
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": title, **schema}


def _read_as(path: Path, kind: type[T]) -> T:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise EvidenceError(f"The report cannot be read: {error.strerror}.", where=path) from error
    try:
        return msgspec.convert(decode(content, where=path), kind)
    except msgspec.ValidationError as error:
        raise EvidenceError(f"This is not a valid {kind.__name__.lower()}: {error}.", where=path) from error


def _refuse_depth(text: bytes) -> None:
    depths = accumulate(1 if bracket in b"[{" else -1 for bracket in _NO_BRACKET.sub(b"", text))
    if max(depths, default=0) > MAX_DEPTH:
        raise ValueError(f"it is nested more than {MAX_DEPTH} deep")


def _refuse_constant(name: str) -> float:
    raise ValueError(f"it holds {name}")


def _parse_float(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"the number {text} is too large")
    return number


def _parse_int(text: str) -> int:
    if len(text.removeprefix("-")) > MAX_DIGITS:
        raise ValueError(f"it holds an integer of more than {MAX_DIGITS} digits")
    return int(text)


def _refuse_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    document = dict(pairs)
    if len(document) != len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise ValueError(f"the key {twice!r} stands twice")
    return document
