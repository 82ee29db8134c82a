"""What a change of a suite means for the data: which promises became looser, which stricter, in words."""

import math
from dataclasses import dataclass
from typing import Any, Literal

from pavedroad.foundation.validation.suite import Expectation, Suite, describe
from pavedroad.report import Severity

Way = Literal["looser", "stricter", "different"]

_RANK = {Severity.INFO: 0, Severity.WARNING: 1, Severity.CRITICAL: 2}
_SETS = {"value_set": 1, "column_set": -1, "regex_list": 1, "type_list": 1}
"""Lists for which more entries make an expectation looser (1) or stricter (−1)."""


@dataclass(frozen=True)
class Change:
    """One promise about the data that changed: which way, what it is about, and what it was and is, in words."""

    way: Way
    about: str
    words: str
    line: int | None = None


def compare_suites(before: Suite, after: Suite) -> list[Change]:
    """What became looser or stricter from one suite to the next; expectations are matched by their ids."""
    old, new = ({item.id: item for item in suite.expectations} for suite in (before, after))
    changes = [
        Change("looser", describe(item), "it is no longer expected") for id_, item in old.items() if id_ not in new
    ]
    for id_, item in new.items():
        if id_ not in old:
            changes.append(Change("stricter", describe(item), "it is expected from now on", item.line))
        elif (old[id_].type, old[id_].columns[:1]) != (item.type, item.columns[:1]) and "table" not in item.type:
            changes.append(Change("different", describe(old[id_]), f"it became {describe(item)}", item.line))
        else:
            changes += _compare(old[id_], item)
    return changes


def _compare(old: Expectation, new: Expectation) -> list[Change]:
    changes = []
    if old.severity is not new.severity:
        way: Way = "looser" if _RANK[new.severity] < _RANK[old.severity] else "stricter"
        words = f"its failure counts as {new.severity} instead of {old.severity}"
        changes.append(Change(way, describe(new), words, new.line))
    for key in dict.fromkeys([*old.kwargs, *new.kwargs]):
        was, now = old.kwargs.get(key), new.kwargs.get(key)
        if was != now:
            words = f"{key.replace('_', ' ')} {_spell(was)} became {_spell(now)}"
            if isinstance(was, list) and isinstance(now, list):
                words = _tell_difference(key, was, now)
            changes.append(Change(_find_way(new.type, key, was, now), describe(new), words, new.line))
    return changes


def _find_way(kind: str, key: str, was: Any, now: Any) -> Way:  # noqa: ANN401 - whatever JSON holds
    if key in {"min_value", "max_value", "mostly"}:
        missing = {"min_value": -math.inf, "max_value": math.inf, "mostly": 1.0}[key]
        return _order(was, now, missing=missing, looser_when_less=key != "max_value")
    if key in {"strict_min", "strict_max", "exact_match", "strictly"}:
        return "stricter" if now else "looser"
    if key == "or_equal":
        return "looser" if now else "stricter"
    if key == "row_condition" and (was is None or now is None):
        return "looser" if was is None else "stricter"
    if key in _SETS and isinstance(was, list) and isinstance(now, list):
        return _compare_sets(kind, key, was, now)
    return "different"


def _compare_sets(kind: str, key: str, was: list[Any], now: list[Any]) -> Way:
    more, less = _lacks(now, was), _lacks(was, now)
    if bool(more) == bool(less):
        return "different"
    grows_loose = (_SETS[key] > 0) != ("_not_" in kind or "contain" in kind)
    return "looser" if bool(more) == grows_loose else "stricter"


def _order(was: Any, now: Any, *, missing: float, looser_when_less: bool) -> Way:  # noqa: ANN401
    first, second = (missing if bound is None else bound for bound in (was, now))
    if isinstance(first, str) != isinstance(second, str):
        return "looser" if now is None else "stricter" if was is None else "different"
    return "looser" if (second < first) == looser_when_less else "stricter"


def _lacks(some: list[Any], others: list[Any]) -> list[Any]:
    return [item for item in some if item not in others]


def _tell_difference(key: str, was: list[Any], now: list[Any]) -> str:
    parts = []
    for word, items in (("gained", _lacks(now, was)), ("lost", _lacks(was, now))):
        if items:
            more = f" and {len(items) - 10} more" if len(items) > 10 else ""
            parts.append(f"{word} {', '.join(map(_spell, items[:10]))}{more}")
    return f"{key.replace('_', ' ')} {' and '.join(parts) or 'has another order'}"


def _spell(value: object) -> str:
    return "none" if value is None else str(value)[:80]
