"""Suites of expectations, in Great Expectations' JSON, read strictly."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pavedroad.errors import ConfigError, EvidenceError
from pavedroad.report import Severity, decode

SUITE_KEYS = {"name", "id", "meta", "notes", "expectations"}
EXPECTATION_KEYS = {"type", "kwargs", "severity", "notes", "meta", "id", "description", "rendered_content"}


@dataclass(frozen=True)
class Expectation:
    """One line of a suite: what is expected of the table, and what it means when it does not hold."""

    id: str
    type: str
    kwargs: dict[str, Any]
    severity: Severity
    notes: str
    line: int

    @property
    def columns(self) -> list[str]:
        """The columns the expectation names."""
        named = [self.kwargs.get(key) for key in ("column", "column_A", "column_B")]
        named += [*self.kwargs.get("column_list", ()), *self.kwargs.get("column_set", ())]
        return [name for name in named if isinstance(name, str)]


@dataclass(frozen=True)
class Suite:
    """A file of expectations."""

    name: str
    path: Path
    expectations: tuple[Expectation, ...]
    meta: dict[str, Any] = field(default_factory=dict)
    define: Callable[[], None] = field(default=lambda: None, compare=False, repr=False)
    """Imports the modules in which the repo defines expectations of its own; engines that know such call it first."""

    @property
    def columns(self) -> list[str]:
        """Every column the suite names, once, in the order of first mention."""
        return list(dict.fromkeys(name for expectation in self.expectations for name in expectation.columns))


def load_suite(path: Path) -> Suite:
    """Read a suite strictly.

    Raises:
        ConfigError: the file is missing or not JSON, holds an unknown key or severity, has no expectation, has two
            equal ones, or one that can never fail (``mostly`` of 0). The error names the line.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ConfigError(
            f"The suite of expectations cannot be read: {error.strerror}.",
            where=path,
            next_step="Make a first one from the data with: pavedroad suite init.",
        ) from error
    try:
        document = decode(content, where=path)
    except EvidenceError as error:
        raise ConfigError(error.what, where=path) from error
    if not isinstance(document, dict):
        raise ConfigError("A suite is a JSON object with the keys 'name' and 'expectations'.", where=path, line=1)
    _refuse_unknown(document, SUITE_KEYS, path, 1)
    written = document.get("expectations")
    if not isinstance(written, list) or not written:
        raise ConfigError("The suite holds no expectation, so it would pass anything.", where=path, line=1)
    lines = _find_lines(content.decode("utf-8"))
    expectations = []
    seen: dict[str, int] = {}
    ids: set[str] = set()
    numbers: dict[str, int] = {}
    for entry, line in zip(written, lines, strict=True):
        expectation = _read_expectation(entry, path, line)
        same = json.dumps([expectation.type, expectation.kwargs], sort_keys=True)
        if same in seen:
            raise ConfigError(f"The same expectation stands on line {seen[same]} already.", where=path, line=line)
        seen[same] = line
        id_ = expectation.id
        while id_ in ids:
            numbers[expectation.id] = numbers.get(expectation.id, 1) + 1
            id_ = f"{expectation.id}.{numbers[expectation.id]}"
        ids.add(id_)
        expectations.append(replace(expectation, id=id_))
    meta = document.get("meta")
    return Suite(
        name=str(document.get("name") or path.stem),
        path=path,
        expectations=tuple(expectations),
        meta=meta if isinstance(meta, dict) else {},
    )


def describe(expectation: Expectation) -> str:
    """A title for people: the expectation's type in words, with the column it is about."""
    words = expectation.type.removeprefix("expect_").replace("_", " ")
    for prefix in ("column pair values ", "column values ", "column ", "multicolumn ", "compound columns "):
        if words.startswith(prefix):
            words = words.removeprefix(prefix)
            break
    about = ", ".join(f"`{name}`" for name in expectation.columns[:3])
    return f"{about}: {words}" if about else words


def _read_expectation(entry: object, path: Path, line: int) -> Expectation:
    if not isinstance(entry, dict):
        raise ConfigError("An expectation is a JSON object with 'type' and 'kwargs'.", where=path, line=line)
    _refuse_unknown(entry, EXPECTATION_KEYS, path, line)
    kind, kwargs, meta = entry.get("type"), entry.get("kwargs", {}), entry.get("meta") or {}
    if not isinstance(kind, str) or not kind:
        raise ConfigError("The expectation has no 'type'.", where=path, line=line)
    if not isinstance(kwargs, dict) or not isinstance(meta, dict):
        raise ConfigError("'kwargs' and 'meta' are JSON objects.", where=path, line=line)
    severity = entry.get("severity", Severity.CRITICAL.value)
    if severity not in [member.value for member in Severity]:  # a list, for it may be anything, hashable or not
        raise ConfigError(
            f"{severity!r} is not a severity.",
            where=path,
            line=line,
            next_step=f"Valid here: {', '.join(member.value for member in Severity)}.",
        )
    mostly = kwargs.get("mostly")
    if mostly is not None and (isinstance(mostly, bool) or not isinstance(mostly, int | float) or not 0 < mostly <= 1):
        raise ConfigError(
            f"'mostly' is {mostly!r}; it must be more than 0 and at most 1, else the expectation could never fail.",
            where=path,
            line=line,
        )
    _refuse_idle_range(kind, kwargs, path, line)
    notes = entry.get("notes")
    expectation = Expectation(
        id="",
        type=kind,
        kwargs=kwargs,
        severity=Severity(severity),
        notes=" ".join(notes) if isinstance(notes, list) else str(notes or ""),
        line=line,
    )
    given = meta.get("id")
    short = kind.removeprefix("expect_").removeprefix("column_")
    name = given if isinstance(given, str) and given else ".".join([*expectation.columns[:2], short])
    return replace(expectation, id=name)


def _refuse_idle_range(kind: str, kwargs: dict[str, Any], path: Path, line: int) -> None:
    """Refuse a range that every value lies in, and one that none can."""
    if not kind.endswith("_to_be_between") or "quantile" in kind:
        return
    low, high = kwargs.get("min_value"), kwargs.get("max_value")
    if low is None and high is None:
        raise ConfigError(
            "The range has no bound, so the expectation could never fail.",
            where=path,
            line=line,
            next_step="Give it a 'min_value' or a 'max_value'.",
        )
    both_numbers = all(isinstance(bound, int | float) and not isinstance(bound, bool) for bound in (low, high))
    if both_numbers and low > high:  # type: ignore[operator]
        raise ConfigError(f"'min_value' {low} is more than 'max_value' {high}.", where=path, line=line)


def _refuse_unknown(entry: dict[str, Any], valid: set[str], path: Path, line: int) -> None:
    from pavedroad.config import nearest

    for key in entry:
        if key not in valid:
            raise ConfigError(
                f"{key!r} is not a key here.", where=path, line=line, next_step=nearest(key, sorted(valid))
            )


def _find_lines(text: str) -> list[int]:
    """The line on which each entry of the top-level list ``expectations`` begins; the text is known to be valid."""
    decoder = json.JSONDecoder()

    def skip(position: int) -> int:
        while text[position] in " \t\r\n,:":
            position += 1
        return position

    position = skip(0) + 1
    while True:
        position = skip(position)
        key, position = decoder.raw_decode(text, position)
        position = skip(position)
        if key == "expectations":
            break
        _, position = decoder.raw_decode(text, position)
    lines = []
    position = skip(position + 1)
    line, counted = 1, 0
    while text[position] != "]":
        line += text.count("\n", counted, position)
        counted = position
        lines.append(line)
        _, position = decoder.raw_decode(text, position)
        position = skip(position)
    return lines
