"""The gate's decisions as pure functions: from a policy and what lies there for each stage to checks, nothing else.

Nothing here reads a file, a clock or the environment, so every decision can be taken again from the same reports, asked
"what if", drawn at random by the thousand and mutated. The rule that all of it keeps: what is missing, stale, damaged
or no finite number never becomes a pass.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from pavedroad.config import FILE_NAME
from pavedroad.report import Check, Outcome, Report, Value, judge
from pavedroad.settings import Gate

LATENCY = "latency.p95"
"""The measurement that the latency budget is about."""

YES = frozenset({Outcome.PASS, Outcome.WARN})
NO = frozenset({Outcome.FAIL, Outcome.ERROR})

_WORDS = {
    Outcome.WARN: "warned",
    Outcome.FAIL: "said no",
    Outcome.ERROR: "could not judge",
    Outcome.SKIPPED: "was skipped, and a required stage may not be",
}


@dataclass(frozen=True)
class Found:
    """What lies there for one stage: its report, or why there is none that speaks of what is here now."""

    stage: str
    report: Report | None = None
    absent: str = ""
    """Why there is no report, or why it is stale; a stage before it that said no is an excuse."""
    damaged: str = ""
    """Why the report cannot be trusted; nothing excuses that."""


@dataclass(frozen=True)
class Evidence:
    """The reports that may be judged by, with the check about each required stage."""

    checks: list[Check]
    reports: dict[str, Report]
    stopped: str
    """The first stage that did not pass; empty when all did."""


def weigh(policy: Gate, found: Sequence[Found]) -> Evidence:
    """One check a stage, in the order of the road, and the reports that the decisions may use."""
    checks: list[Check] = []
    reports: dict[str, Report] = {}
    stopped = ""
    for item in found:
        if item.stage not in policy.required:
            checks.append(_leave_out(item.stage))
            continue
        check = _judge_stage(item, stopped)
        checks.append(check)
        if item.report is not None and not item.absent and not item.damaged:
            reports[item.stage] = item.report
        if check.outcome in NO:
            stopped = stopped or item.stage
    return Evidence(checks, reports, stopped)


def decide(policy: Gate, evidence: Evidence) -> list[Check]:
    """The decisions that every policy holds."""
    return [
        judge_improvement(policy, evidence),
        judge_skill(policy, evidence),
        judge_latency(policy, evidence),
        judge_size(policy, evidence),
    ]


def judge_improvement(policy: Gate, evidence: Evidence) -> Check:
    """The model beats the baseline by more than the margin, with its whole interval."""
    title = "The model beats the baseline"
    return _judge_difference("gate.improvement", title, "metric.improvement", policy.margin, policy, evidence)


def judge_skill(policy: Gate, evidence: Evidence) -> Check:
    """The model beats the best constant, with its whole interval; no margin softens or hardens that."""
    title = "The model beats the best constant, so it has learned something"
    return _judge_difference("gate.skill", title, "metric.skill", 0.0, policy, evidence)


def judge_latency(policy: Gate, evidence: Evidence) -> Check:
    """The 95th percentile of single predictions, in milliseconds, is within the budget."""
    id_, title = "gate.latency", "One prediction stays within the latency budget"
    report = evidence.reports.get("latency")
    if report is None:
        return lack(id_, title, "latency", policy, evidence.stopped)
    p95 = None if report.run is None else to_number(report.run.measured.get(LATENCY))
    if p95 is None or p95 < 0:
        return refuse(id_, title, "The latency report holds no measurement.")
    ok = p95 <= policy.max_latency_ms
    return Check(
        id=id_,
        title=title,
        outcome=Outcome.PASS if ok else Outcome.FAIL,
        expected=f"at most {policy.max_latency_ms:g} ms",
        reason="" if ok else f"One prediction takes longer than the budget of {policy.max_latency_ms:g} ms.",
        # The value is this machine's: see Run.measured.
        evidence={"limit": policy.max_latency_ms, "way": "at most", "unit": "ms"},
    )


def judge_size(policy: Gate, evidence: Evidence) -> Check:
    """The model file, in megabytes, is within the budget."""
    id_, title = "gate.size", "The model stays within the size budget"
    report = evidence.reports.get("train")
    if report is None:
        return lack(id_, title, "train", policy, evidence.stopped)
    check = find_check(report, "model.size")
    if check is not None and check.outcome is Outcome.SKIPPED:
        if evidence.stopped:
            return lack(id_, title, "train", policy, evidence.stopped)
        # There is no model. A policy that asks for its latency counts on one, so it cannot do without its size either.
        outcome = Outcome.ERROR if "latency" in policy.required else Outcome.WARN
        return Check(id=id_, title=title, outcome=outcome, reason=f"Not judged: {check.reason}")
    size = None if check is None else to_number(check.evidence.get("bytes"))
    if size is None or size <= 0:
        return refuse(id_, title, "The training report holds no model size.")
    found = size / 1e6
    ok = found <= policy.max_size_mb
    return judge(
        id_,
        title,
        ok=ok,
        observed=f"{found:.3g} MB",
        expected=f"at most {policy.max_size_mb:g} MB",
        reason="" if ok else f"The model has {found:.3g} MB, over the budget of {policy.max_size_mb:g} MB.",
        evidence=measure(found, policy.max_size_mb, "at most", unit="MB"),
    )


def judge_records(behind: list[str] | None, policy: Gate, evidence: Evidence) -> Check:
    """The commit holds the records of what its code makes; where nothing was made, nobody can tell."""
    id_, title = "gate.records", "The commit holds the record of what its code makes"
    if behind is None:
        return lack(id_, title, "evaluate", policy, evidence.stopped)
    return judge(
        id_,
        title,
        ok=not behind,
        observed=list(behind),
        expected="nothing behind",
        reason="" if not behind else f"Behind: {', '.join(behind)}. Run `pavedroad check` and commit them.",
    )


def close(checks: Sequence[Check]) -> list[Check]:
    """What was skipped is explained by a no; where no check says no (any more), it is an error, never a pass."""
    if any(check.outcome in NO for check in checks):
        return list(checks)
    return [
        msgspec.structs.replace(check, outcome=Outcome.ERROR) if check.outcome is Outcome.SKIPPED else check
        for check in checks
    ]


def summarise(checks: Sequence[Check]) -> str:
    """The decision in one sentence: the worst that was found first."""
    for outcome, words in (
        (Outcome.ERROR, "Cannot judge"),
        (Outcome.FAIL, "No"),
        (Outcome.WARN, "Yes, with a warning"),
    ):
        found = [check for check in checks if check.outcome is outcome]
        if found:
            return f"{words}: {found[0].reason or found[0].title}"
    improvement = next((check.observed for check in checks if check.id == "gate.improvement"), None)
    return "Yes: every required stage passed" + (
        f", and the model is {improvement}, against the baseline." if improvement else "."
    )


def measure(value: float, limit: float, way: str, scale: float = 0.0, unit: str = "") -> dict[str, Value]:
    """What a decision by a number leaves behind, so that its distance from the limit can be told.

    ``scale`` is what the distance is a share of, such as the width of an interval; 0: of the limit itself. ``unit`` is
    that of both numbers; empty where they are in the key metric's own.
    """
    told: dict[str, Value] = {"value": value, "limit": limit, "way": way}
    return told | ({"scale": scale} if scale else {}) | ({"unit": unit} if unit else {})


def lack(id_: str, title: str, stage: str, policy: Gate, stopped: str) -> Check:
    """A decision without its evidence: skipped behind a no, a warning when the policy waives it, else an error."""
    if stage not in policy.required:
        reason = f"Not judged: gate.required in {FILE_NAME} leaves {stage!r} out."
        return Check(id=id_, title=title, outcome=Outcome.WARN, reason=reason)
    if stopped:
        return skip(id_, title, stopped)
    return refuse(id_, title, f"There is no evidence from {stage!r}.")


def skip(id_: str, title: str, stopped: str) -> Check:
    """A decision behind a stage that said no."""
    reason = f"Not judged, because {stopped!r} did not pass."
    return Check(id=id_, title=title, outcome=Outcome.SKIPPED, reason=reason)


def refuse(id_: str, title: str, reason: str) -> Check:
    """A decision that cannot be taken."""
    return Check(id=id_, title=title, outcome=Outcome.ERROR, reason=reason)


def find_check(report: Report, id_: str) -> Check | None:
    """The check of that id; None when it is there not exactly once."""
    found = [check for check in report.checks if check.id == id_]
    return found[0] if len(found) == 1 else None


def to_number(value: Value) -> float | None:
    """A finite number, or None for anything else; True and "1" are no numbers."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def to_interval(value: Value) -> tuple[float, float, float] | None:
    """The low limit, the value and the high limit of an estimate; None unless all are finite and in order."""
    numbers = value if isinstance(value, dict) else {}
    low, middle, high = (to_number(numbers.get(key)) for key in ("low", "value", "high"))
    if low is None or middle is None or high is None or not low <= middle <= high:
        return None
    return low, middle, high


def say_difference(interval: tuple[float, float, float], confidence: float) -> str:
    """By how much one thing is better or worse than another, with its limits, in words."""
    low, value, high = interval
    words = "better" if value >= 0 else "worse"
    return f"{words} by {abs(value):.4g}, {say_limits(low, high, confidence)}"


def say_limits(low: float, high: float, confidence: float) -> str:
    """An interval in words; a confidence of 0.999 is not 100 %."""
    return f"{100 * confidence:.6g}% interval {low:.4g} to {high:.4g}"


def _judge_stage(item: Found, stopped: str) -> Check:
    """The check about a required stage."""
    title = f"The stage {item.stage!r} passed"
    id_ = f"gate.stage.{item.stage}"
    if item.damaged:
        return refuse(id_, title, item.damaged)
    if item.absent or item.report is None:
        if stopped:
            reason = f"Not reached, because {stopped!r} did not pass."
            return Check(id=id_, title=title, outcome=Outcome.SKIPPED, reason=reason)
        return refuse(id_, title, f"{item.absent or f'There is no report of {item.stage!r}.'} Run: pavedroad check.")
    report = item.report
    outcome = Outcome.ERROR if report.outcome is Outcome.SKIPPED else report.outcome
    reason = f"{item.stage} {_tell_worst(report)}" if report.outcome in _WORDS else ""
    return Check(id=id_, title=title, outcome=outcome, observed=report.outcome.value, expected="pass", reason=reason)


def _tell_worst(report: Report) -> str:
    """What a stage said with its first reason, and how many more checks say so; before it, for reasons may be cut."""
    worst = [check for check in report.checks if check.outcome is report.outcome]
    reason = next((check.reason for check in worst if check.reason), "")
    more = len(worst) - 1
    others = f" (this and {more:,} more {'check' if more == 1 else 'checks'})" if more and reason else ""
    return f"{_WORDS[report.outcome]}{others}: {reason}" if reason else f"{_WORDS[report.outcome]}."


def _leave_out(stage: str) -> Check:
    """A stage that the policy leaves out: allowed, but never in silence."""
    return Check(
        id=f"gate.stage.{stage}",
        title=f"The stage {stage!r} passed",
        outcome=Outcome.WARN,
        reason=f"Not judged: gate.required in {FILE_NAME} leaves {stage!r} out.",
    )


def _judge_difference(id_: str, title: str, about: str, margin: float, policy: Gate, evidence: Evidence) -> Check:
    """The whole interval of a difference must lie above the margin."""
    report = evidence.reports.get("evaluate")
    check = None if report is None else find_check(report, about)
    if report is None or (check is None and report.outcome is Outcome.FAIL):  # a no, which says why by itself
        return lack(id_, title, "evaluate", policy, evidence.stopped)
    interval = None if check is None else to_interval(check.observed)
    if check is None or interval is None:
        reason = f"The evaluation holds no finite {about} with its limits."
        advice = "If another version of the road made it, make it again: dvc repro --force evaluate."
        return refuse(id_, title, f"{reason} {advice}")
    low, _, high = interval
    confidence = to_number(check.evidence.get("confidence"))
    if confidence != policy.confidence:
        return refuse(id_, title, f"The evaluation is at {confidence} confidence, the policy at {policy.confidence}.")
    ok = low > margin
    said = say_difference(interval, policy.confidence)
    rival = "the best constant" if about == "metric.skill" else "the baseline"
    return judge(
        id_,
        title,
        ok=ok,
        observed=said,
        expected=f"the whole interval above {margin:g}",
        reason="" if ok else f"Against {rival} the model is {said}; all of it would have to lie above {margin:g}.",
        evidence=measure(low, margin, "above", high - low),
    )
