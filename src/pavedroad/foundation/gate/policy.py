"""The policy that a model is judged by, and who may loosen it: the base branch's, the organisation's floor, waivers.

A key that nobody has said a direction for counts as ``different``, which is treated like looser: it is better to ask
the owner once too often.
"""

import math
import tomllib
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from functools import partial
from importlib.resources import files
from typing import Any

import msgspec

from pavedroad.foundation.text import clean
from pavedroad.foundation.validation.contract import Change, Way
from pavedroad.report import Check, Outcome, Severity, judge
from pavedroad.settings import Config, Gate, Waiver

Compare = Callable[[Any, Any], Way]

UNJUDGED = frozenset({"project", "objective.statement", "objective.value_per_unit", "data.refresh", "data.keys"})
"""Sections and keys that decide nothing about whether a model is good enough, or that staleness guards already."""


def _compare_sizes(before: float, after: float, *, looser: str, none: float | None = None) -> Way:
    """More or less is looser; ``none`` is the value that means "not judged"."""
    endless = math.inf if looser == "more" else -math.inf
    was, now = (endless if value == none else value for value in (before, after))
    return "looser" if (now > was) == (looser == "more") else "stricter"


def _compare_steps(before: object, after: object, *, strictest_last: tuple[object, ...]) -> Way:
    return "looser" if strictest_last.index(after) < strictest_last.index(before) else "stricter"


def _compare_members(before: list[Any], after: list[Any], *, looser: str, empty_is: Way | None = None) -> Way:
    """A list of which more (or fewer) entries are looser; an empty one may stand for everything."""
    if empty_is and bool(before) != bool(after):
        otherwise: Way = "stricter" if empty_is == "looser" else "looser"
        return otherwise if after else empty_is
    gained, lost = [x for x in after if x not in before], [x for x in before if x not in after]
    if gained and lost:
        return "different"
    return "looser" if bool(gained) == (looser == "more") else "stricter"


_MORE_IS_LOOSER = partial(_compare_sizes, looser="more")
_LESS_IS_LOOSER = partial(_compare_sizes, looser="less")
_FEWER_ARE_LOOSER = partial(_compare_members, looser="fewer")
_FAIL_IS_STRICTER = partial(_compare_steps, strictest_last=("warn", "fail"))

_DIRECTIONS: dict[str, Compare] = {
    "gate.required": _FEWER_ARE_LOOSER,
    "gate.margin": _LESS_IS_LOOSER,
    "gate.confidence": _LESS_IS_LOOSER,
    "gate.max_latency_ms": _MORE_IS_LOOSER,
    "gate.max_size_mb": _MORE_IS_LOOSER,
    "gate.behind": _FAIL_IS_STRICTER,
    "gate.champion": partial(_compare_steps, strictest_last=("off", "auto", "required")),
    "gate.champion_margin": _MORE_IS_LOOSER,
    "gate.champion_share": _MORE_IS_LOOSER,
    "gate.superiority": partial(_compare_steps, strictest_last=(False, True)),
    "gate.looks": _LESS_IS_LOOSER,
    "gate.loosening": _FAIL_IS_STRICTER,
    "gate.max_calibration_error": partial(_compare_sizes, looser="more", none=0),
    "gate.max_data_age_days": partial(_compare_sizes, looser="more", none=0),
    "gate.min_value": _LESS_IS_LOOSER,
    "gate.card": _FEWER_ARE_LOOSER,
    "gate.licences": partial(_compare_members, looser="more", empty_is="looser"),
    "gate.slice": _FEWER_ARE_LOOSER,
    "gate.fairness": _FEWER_ARE_LOOSER,
    "gate.waiver": partial(_compare_members, looser="more"),
    "drift.false_alarm_rate": _LESS_IS_LOOSER,
    "drift.min_effect": _MORE_IS_LOOSER,
    "drift.fail_effect": _MORE_IS_LOOSER,
    "drift.columns": partial(_compare_members, looser="fewer", empty_is="stricter"),
    "validation.min_rows": _LESS_IS_LOOSER,
    "validation.max_nulls": _MORE_IS_LOOSER,
    "model.trusted": partial(_compare_members, looser="more"),
}


def compare_policies(before: Config, after: Config) -> list[tuple[str, Change]]:
    """What one configuration loosens or tightens against another, key by key, in words."""
    old, new = (msgspec.to_builtins(config) for config in (before, after))
    changes = []
    for section, settings in new.items():
        for key, now in settings.items():
            was, name = old[section][key], f"{section}.{key}"
            if was != now and section not in UNJUDGED and name not in UNJUDGED:
                changes.append((name, Change(_find_way(name, was, now), name, _tell(name, was, now))))
    return changes


def judge_changes(changes: Iterable[tuple[str, Change]], policy: Gate) -> list[Check]:
    """One check a change of the policy: what became looser, or other, is for the owner to approve."""
    severity = Severity.CRITICAL if policy.loosening == "fail" else Severity.WARNING
    checks = []
    for name, change in changes:
        ok = change.way == "stricter"
        held = name.startswith("gate.")
        told = (
            "This change was judged by the base branch's value; the new one counts once the owner has approved it."
            if held
            else "The evidence was made by the new value; the owner has to approve it."
        )
        checks.append(
            judge(
                f"gate.policy.{name}",
                "The change does not loosen what models are judged by",
                ok=ok,
                severity=severity,
                observed=change.way,
                expected="stricter, or the same",
                reason=change.words if ok else f"{change.words} {told}",
            )
        )
    return checks


def read_floor() -> dict[str, dict[str, Any]]:
    """The organisation's floor, as it stands beside the defaults in this version of the road."""
    return tomllib.loads((files("pavedroad") / "floor.toml").read_text(encoding="utf-8"))


def judge_floor(config: Config, floor: Mapping[str, Mapping[str, Any]]) -> list[Check]:
    """One check for each setting that is looser than the organisation allows.

    Raises:
        KeyError: the floor names a setting that does not exist; the road's own tests see to that.
    """
    now = msgspec.to_builtins(config)
    checks = []
    for section, settings in floor.items():
        for key, least in settings.items():
            name, value = f"{section}.{key}", now[section][key]
            ok = value == least or _find_way(name, least, value) == "stricter"
            checks.append(
                judge(
                    f"gate.floor.{name}",
                    f"{name} is not looser than the organisation allows",
                    ok=ok,
                    observed=_spell(value),
                    expected=_spell(least),
                    reason="" if ok else f"{_tell(name, least, value)} A repo may only tighten the floor.",
                )
            )
    return checks


def apply_waivers(checks: Iterable[Check], waivers: Iterable[Waiver], today: date) -> list[Check]:
    """Turn a *fail* into a warning where a waiver says so, and show every waiver, used or not.

    What could not be judged is never waived: a waiver answers for a result that somebody has seen, not for the lack of
    one. Nor are the organisation's floor and the policy's own protection.
    """
    given = list(waivers)
    done: list[Check] = []
    used: list[Waiver] = []
    for check in checks:
        fitting = (waiver for waiver in given if waiver.check == check.id and _may_waive(waiver, today))
        waiver = next(fitting, None)
        if waiver is None or check.outcome is not Outcome.FAIL:
            done.append(check)
            continue
        used.append(waiver)
        words = f"Waived until {waiver.until} by {waiver.by}: {waiver.reason}"
        reason = f"{words} Without the waiver: {check.reason}"
        done.append(msgspec.structs.replace(check, outcome=Outcome.WARN, severity=Severity.WARNING, reason=reason))
    return [*done, *(_show(waiver, today, used=waiver in used) for waiver in given)]


def _may_waive(waiver: Waiver, today: date) -> bool:
    protected = waiver.check.startswith(("gate.floor.", "gate.policy.", "gate.waiver."))
    return not protected and today <= date.fromisoformat(waiver.until)


def _show(waiver: Waiver, today: date, *, used: bool) -> Check:
    state = "used" if used else "not needed" if _may_waive(waiver, today) else "expired, or not allowed"
    return Check(
        id=f"gate.waiver.{waiver.check.removeprefix('gate.')}",
        title=f"No waiver stands for {waiver.check}",
        outcome=Outcome.WARN,
        severity=Severity.WARNING,
        observed=state,
        reason=f"A waiver by {waiver.by} until {waiver.until} ({state}): {waiver.reason}",
    )


def _find_way(name: str, was: object, now: object) -> Way:
    compare = _DIRECTIONS.get(name)
    return "different" if compare is None else compare(was, now)


def _tell(name: str, was: object, now: object) -> str:
    return f"{name} was {_spell(was)} and is {_spell(now)}: {_WORDS[_find_way(name, was, now)]}."


_WORDS: dict[Way, str] = {
    "looser": "looser, so worse models may pass",
    "stricter": "stricter",
    "different": "something else than before, which nobody can call stricter",
}


def _spell(value: object) -> str:
    if value in ("", [], None):
        return "nothing"
    return ", ".join(map(_spell, value)) if isinstance(value, list) else clean(str(value), 200)
