"""Decisions about groups of rows: a floor for each, none worse off than with the champion, and how far they differ.

A policy names the column; what it asks for holds for every group of it. Evidence that holds fewer groups than the
table has cannot answer that, so the decision is an error that names what was left out, unless the policy says that a
warning is enough. The report counts its groups, so one that is missing from it is noticed.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import msgspec

from pavedroad.config import FILE_NAME
from pavedroad.foundation.gate.decision import (
    find_check,
    measure,
    say_difference,
    say_limits,
    to_interval,
    to_number,
)
from pavedroad.foundation.gate.scene import Question, Scene, find_evidence, find_interval
from pavedroad.report import Check, Outcome, Report
from pavedroad.settings import FairnessLimit, SliceLimit

ADVICE = 'Hold out more rows, put small groups together, or accept a warning: unjudged = "warn" in this limit.'
_AGAIN = {
    "evaluate": "If another version of the road made it, make it again: dvc repro --force evaluate.",
    "compare": "Run: pavedroad check, with the base.",
}
CLOSE = 1e-9
"""Numbers that differ by a smaller share are the same, written to fewer digits."""


@dataclass(frozen=True)
class _Groups:
    """The groups of a column as a report holds them."""

    checks: dict[str, Check]
    total: int
    left_out: str
    """Which groups there is no evidence about, and why, in words; empty when there is some about each."""

    def settle(self, check: Check, unjudged: Literal["error", "warn"]) -> Check:
        """What a decision about these groups comes to, given that some could not be judged."""
        if not self.left_out or check.outcome is Outcome.ERROR:
            return check
        told = f"Not judged: {self.total - len(self.checks):,} of {self.total:,} groups. {self.left_out}"
        if unjudged == "error":
            told, outcome = f"{told} {ADVICE}", Outcome.ERROR
        else:
            outcome = Outcome.FAIL if check.outcome is Outcome.FAIL else Outcome.WARN
        reason = f"{check.reason} {told}".strip()
        return msgspec.structs.replace(check, outcome=outcome, reason=reason)


def judge_slices(scene: Scene, limit: SliceLimit) -> Iterator[Check]:
    """Every group keeps the floor, and none is worse off than with the champion beyond doubt."""
    if limit.floor is not None:
        question = Question(f"gate.slice.{limit.column}", f"No group of {limit.column!r} falls behind the floor")
        floor = limit.floor
        yield question.read(scene, "evaluate", lambda report: _judge_floor(scene, question, limit, floor, report))
    if limit.regression is not None:
        yield _judge_regression(scene, limit, limit.regression)


def judge_fairness(scene: Scene, limit: FairnessLimit) -> Check:
    """The groups do not differ by more than they may; where chance may hide that they do, a warning says so."""
    question = Question(f"gate.fairness.{limit.column}", f"The model serves the groups of {limit.column!r} alike")
    return question.read_comparison(scene, lambda report: _judge_gap(scene, question, limit, report))


def _judge_floor(scene: Scene, question: Question, limit: SliceLimit, floor: float, report: Report) -> Check:
    groups = _read_groups(report, "evaluate.slice.", limit.column, scene.metric)
    if isinstance(groups, str):
        return question.refuse(f"{groups} If the column is not measured, name it in [objective] slices.")
    found = {name: to_number(check.evidence.get("value")) for name, check in groups.checks.items()}
    known = {name: number for name, number in found.items() if number is not None}
    if len(known) < len(found):
        strange = next(name for name, number in found.items() if number is None)
        return question.refuse(f"The evidence about {strange!r} holds no finite number.")
    if not known:
        return question.refuse(f"No group of {limit.column!r} could be measured. {groups.left_out}".strip())
    higher = scene.better == "higher"
    name = (min if higher else max)(known, key=known.__getitem__)
    way = "at least" if higher else "at most"
    check = question.answer(
        ok=known[name] >= floor if higher else known[name] <= floor,
        observed=f"{scene.measure} {known[name]:.4g} for {name}, the worst of {len(known):,} groups",
        expected=f"{way} {floor:g}",
        reason=f"{name} has the {scene.measure} {known[name]:.4g}; it must be {way} {floor:g}.",
        evidence=measure(known[name], floor, way),
    )
    return groups.settle(check, limit.unjudged)


def _judge_regression(scene: Scene, limit: SliceLimit, most: float) -> Check:
    question = Question(
        f"gate.regression.{limit.column}", f"No group of {limit.column!r} is worse off than with the champion"
    )
    if scene.policy.champion == "off":
        return question.warn(f"Not judged: gate.champion in {FILE_NAME} is off, so there is no champion.")
    if not scene.base:
        return question.warn("Not judged: no base revision is known, so there is no champion. Name it with: --base.")
    return question.read_comparison(scene, lambda report: _judge_change(scene, question, limit, most, report))


def _judge_change(scene: Scene, question: Question, limit: SliceLimit, most: float, report: Report) -> Check:
    if find_check(report, "compare.first") is not None:
        return question.answer(ok=True, observed="a first release")
    groups = _read_groups(report, "compare.slice.", limit.column, scene.metric)
    if isinstance(groups, str):
        return question.refuse(groups)
    found = {name: to_interval(check.observed) for name, check in groups.checks.items()}
    gains = {name: interval for name, interval in found.items() if interval is not None}
    if not gains or len(gains) < len(found):
        reason = f"The comparison holds no finite differences for the groups of {limit.column!r}. {groups.left_out}"
        return question.refuse(reason.strip())
    # A group that could be better or worse is not accused: its whole interval must lie below.
    worst = min(gains, key=lambda name: gains[name][2])
    low, _, high = gains[worst]
    said = f"{worst} is {say_difference(gains[worst], scene.policy.confidence)} in {scene.measure}"
    said += f" (corrected for {len(gains)} groups)" if len(gains) > 1 else ""
    check = question.answer(
        ok=high >= -most,
        observed=said,
        expected=f"no whole interval below {-most:g}",
        reason=f"{said}; all of it lies below {-most:g}.",
        evidence=measure(high, -most, "at least", high - low),
    )
    return groups.settle(check, limit.unjudged)


def _judge_gap(scene: Scene, question: Question, limit: FairnessLimit, report: Report) -> Check:
    groups = _read_groups(report, "compare.group.", limit.column, scene.metric)
    if isinstance(groups, str):
        return question.refuse(groups)
    found = {name: to_number(check.evidence.get("value")) for name, check in groups.checks.items()}
    known = {name: number for name, number in found.items() if number is not None}
    if len(known) < 2 or len(known) < len(found):
        reason = f"There are no two groups of {limit.column!r} with a finite metric. {groups.left_out}"
        return question.refuse(reason.strip())
    id_ = f"compare.gap.{limit.column}"
    interval, confidence = find_interval(report, id_), to_number(find_evidence(report, id_, "confidence"))
    if interval is None or interval[0] < 0 or find_evidence(report, id_, "metric") != scene.metric:
        return question.refuse(f"The comparison holds no finite gap between the groups of {limit.column!r}.")
    if confidence != scene.policy.confidence:
        return question.refuse(f"The gap is at {confidence} confidence, the policy at {scene.policy.confidence}.")
    least, most = min(known, key=known.__getitem__), max(known, key=known.__getitem__)
    if not math.isclose(interval[1], known[most] - known[least], abs_tol=CLOSE * abs(known[most])):
        return question.refuse(f"The gap is not that between the groups of {limit.column!r}.")
    between = f"between {least} ({known[least]:.4g}) and {most} ({known[most]:.4g}) in {scene.measure}"
    return groups.settle(_weigh_gap(question, interval, limit.max_gap, confidence, between), limit.unjudged)


def _weigh_gap(
    question: Question, interval: tuple[float, float, float], most: float, confidence: float, between: str
) -> Check:
    """The estimate decides; where the interval reaches beyond the limit, a yes is a warning that says so."""
    low, gap, high = interval
    said = f"gap {gap:.4g}, {say_limits(low, high, confidence)}, {between}"
    sure = "all of it lies" if low > most else "the gap lies"
    check = question.answer(
        ok=gap <= most,
        observed=said,
        expected=f"at most {most:g}",
        reason=f"The groups differ: {said}; {sure} above {most:g}.",
        evidence=measure(gap, most, "at most", high - low),
    )
    if check.outcome is Outcome.PASS and high > most:
        reason = f"The groups may yet differ by more than {most:g}: {said}. More rows would settle it."
        return msgspec.structs.replace(check, outcome=Outcome.WARN, reason=reason)
    return check


def _read_groups(report: Report, prefix: str, column: str, metric: str) -> _Groups | str:
    """The groups of a column, held against how many the report says there are; or why that is no evidence."""
    found = [
        check
        for check in report.checks
        if check.id.startswith(prefix)
        and check.evidence.get("column") == column
        and check.evidence.get("metric") == metric
    ]
    checks = {str(check.evidence.get("group")): check for check in found}
    census = find_check(report, f"{prefix.removesuffix('.')}s.{column}")
    total, measured = (
        None if census is None else to_number(census.evidence.get(key)) for key in ("groups", "measured")
    )
    if census is None or total is None or measured is None:
        return f"The report of {report.stage!r} does not say how many groups {column!r} has. {_AGAIN[report.stage]}"
    if not len(found) == len(checks) == measured <= total:
        said = f"it measured {measured:,.0f} of {total:,.0f} groups of {column!r}, and holds {len(checks):,}"
        return f"The report of {report.stage!r} contradicts itself: {said}. {_AGAIN[report.stage]}"
    left_out = "" if 0 < measured == total else census.reason or "The report does not say why."
    return _Groups(checks, int(total), left_out)
