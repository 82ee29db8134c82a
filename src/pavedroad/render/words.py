"""Values as words: every string of a report is untrusted, every number is to be read by people."""

import math
import re
from collections.abc import Mapping, Sequence

from pavedroad.foundation import text as plain
from pavedroad.report import Check, Outcome, Place, Run, Scalar, Value

LONGEST, clean, escape = plain.LONGEST, plain.clean, plain.escape
_encode = plain.encode

MOST_ITEMS = 8
"""Items of one list or mapping that are shown."""

NOTHING = "–"
"""What stands where there is no value."""

SYMBOLS = {
    Outcome.PASS: "✓",
    Outcome.WARN: "!",
    Outcome.FAIL: "✗",
    Outcome.ERROR: "?",
    Outcome.SKIPPED: "–",
}

WORDS = {
    Outcome.PASS: "passed",
    Outcome.WARN: "warned",
    Outcome.FAIL: "failed",
    Outcome.ERROR: "could not judge",
    Outcome.SKIPPED: "skipped",
}

_HASH = re.compile(r"[0-9a-f]{40,128}")
_SEPARATE_FROM = 1000
_SIXTY = 60


def split_code(text: str, longest: int = LONGEST) -> list[tuple[str, bool]]:
    """Cleaned text in parts, each with whether it stood between backticks; an odd backtick stays as it is."""
    parts = clean(text, longest).split("`")
    if len(parts) % 2 == 0:
        return [("`".join(parts), False)]
    return [(part, place % 2 == 1) for place, part in enumerate(parts) if part]


def escape_prose(text: str, longest: int = LONGEST) -> str:
    """Like ``escape``, but what stands between backticks becomes code, as the road writes column names."""
    parts = [(_encode(part), code) for part, code in split_code(text, longest)]
    return "".join(f"<code>{part}</code>" if code else part for part, code in parts)


def number(value: float) -> str:
    """A number for people: four significant digits, thousands separators, integers whole."""
    if isinstance(value, int):
        return f"{value:,}" if abs(value) < 10**15 else f"{float(value):.3e}"
    if not math.isfinite(value):
        return str(value)
    size = abs(value)
    if size >= 10**15 or 0 < size < 10**-4:
        return f"{value:.3e}"
    if size >= _SEPARATE_FROM:
        return f"{value:,.0f}"
    return f"{value:.4g}"


def words(value: Value) -> str:
    """Any value of a check, in one line."""
    if value is None:
        return NOTHING
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return number(value)
    if isinstance(value, str):
        return clean(f"{value[:12]}…" if _HASH.fullmatch(value) else value)
    return _tell_mapping(value) if isinstance(value, Mapping) else _several([words(item) for item in value])


def observed(check: Check, run: Run | None) -> str:
    """What a check saw; a measurement of this machine stands in the run section under the check's id."""
    if check.observed is None and run is not None and check.id in run.measured:
        return with_unit(number(run.measured[check.id]), unit(check))
    return words(check.observed)


def unit(check: Check) -> str:
    """What the numbers of a check are in; empty where they are in the key metric's own units, or have none."""
    found = check.evidence.get("unit")
    return clean(found, 40) if isinstance(found, str) else ""


def with_unit(said: str, unit: str) -> str:
    """A number in words, and its unit where it has one."""
    return f"{said} {unit}".rstrip()


def place(where: Place | None) -> str:
    """Where a check is written, as ``file:line``."""
    if where is None:
        return ""
    return clean(where.file) if where.line is None else f"{clean(where.file)}:{where.line}"


def duration(seconds: float) -> str:
    """A length of time: ``340 ms``, ``4.2 s``, ``3 min 5 s``, ``2 h 10 min``."""
    if not math.isfinite(seconds) or seconds < 0:
        return NOTHING
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    minutes, rest = divmod(round(seconds), _SIXTY)
    if not minutes:
        return f"{seconds:.1f} s"
    hours, minutes = divmod(minutes, _SIXTY)
    return f"{hours:,} h {minutes} min" if hours else f"{minutes} min {rest} s"


def digest(sha256: str) -> str:
    """The start of a hash, enough to compare by eye."""
    return clean(sha256)[:12]


def plural(count: int, noun: str) -> str:
    """``1 check``, ``1,200 checks``."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def _tell_mapping(value: Mapping[str, Scalar]) -> str:
    if value.keys() == {"value", "low", "high"}:
        return f"{words(value['value'])} ({words(value['low'])} to {words(value['high'])})"
    return _several([f"{clean(key)}: {words(item)}" for key, item in value.items()])


def _several(items: Sequence[str]) -> str:
    if not items:
        return "none"
    return plain.join_some(items, MOST_ITEMS)
