"""Decisions that a policy may ask for beyond those that every policy holds; pure functions, like ``decision``.

Each is taken only where the policy asks for it, and then lives by the same rule: evidence that is missing, malformed or
about something else is an error, never a pass.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from pavedroad.foundation.gate.challenge import count_rows_needed
from pavedroad.foundation.gate.decision import (
    Evidence,
    Found,
    find_check,
    lack,
    measure,
    refuse,
    to_interval,
    to_number,
)
from pavedroad.foundation.gate.licences import allows
from pavedroad.report import Check, Outcome, Report, Value, judge
from pavedroad.settings import FairnessLimit, Gate, SliceLimit


@dataclass(frozen=True)
class Scene:
    """What the decisions are taken from."""

    policy: Gate
    evidence: Evidence
    comparison: Found
    """What the comparison with the champion left."""
    base: str
    """The commit that this change is made for; empty when there is none."""
    metric: str
    better: str
    """``lower`` or ``higher``."""
    value_per_unit: float
    today: date


def wants_comparison(policy: Gate, base: str) -> bool:
    """Whether the policy asks for evidence that the comparison alone has."""
    return (bool(base) and policy.champion != "off") or bool(policy.fairness) or policy.max_data_age_days > 0


def decide_more(scene: Scene) -> list[Check]:
    """Every decision that the policy asks for."""
    policy = scene.policy
    checks = [*_judge_champion(scene)]
    for limit in policy.slice:
        checks += _judge_slices(scene, limit)
    for fairness in policy.fairness:
        checks.append(_judge_fairness(scene, fairness))
    if policy.max_calibration_error > 0:
        checks.append(_judge_calibration(scene))
    if policy.max_data_age_days > 0:
        checks.append(_judge_age(scene))
    if policy.min_value > 0 or scene.value_per_unit > 0:
        checks.append(_judge_value(scene))
    if policy.card:
        checks.append(_judge_card(scene))
    if policy.licences:
        checks.append(_judge_licences(scene))
    return checks


def _judge_champion(scene: Scene) -> Iterator[Check]:
    policy, id_ = scene.policy, "gate.champion"
    title = "The model beats the champion" if policy.superiority else "The model is not worse than the champion"
    if policy.champion == "off":
        return
    if not scene.base:
        if policy.champion == "required":
            yield refuse(id_, title, "No base revision was given, so there is no champion. Name it with: --base.")
        return
    report = scene.comparison.report
    if report is None or scene.comparison.absent or scene.comparison.damaged:
        yield _lack_comparison(scene, id_, title)
        return
    first, check = find_check(report, "compare.first"), find_check(report, "compare.difference")
    told = next((item for item in (first, check) if item is not None), None)
    interval = None if check is None else to_interval(check.observed)
    if told is None or (first is None) == (check is None) or report.outcome is not Outcome.PASS:
        yield refuse(id_, title, _say_why(report, "The comparison does not say what came of it."))
    elif told.evidence.get("base") != scene.base:
        yield refuse(id_, title, f"The comparison is with {told.evidence.get('base')}, the base is {scene.base}.")
    elif first is not None:
        yield judge(id_, title, ok=True, observed="a first release, judged against the baseline")
    elif check is None or interval is None:
        yield refuse(id_, title, "The comparison holds no finite difference with its limits.")
    else:
        yield _judge_gain(scene, check, interval, title)


def _judge_gain(scene: Scene, check: Check, interval: tuple[float, float, float], title: str) -> Check:
    id_, policy = "gate.champion", scene.policy
    confidence, looks = (to_number(check.evidence.get(key)) for key in ("confidence", "looks"))
    if confidence != policy.confidence:
        return refuse(id_, title, f"The comparison is at {confidence} confidence, the policy at {policy.confidence}.")
    if looks is None or looks < policy.looks:
        return refuse(id_, title, f"The comparison is corrected for fewer than the {policy.looks} looks of the policy.")
    low, value, high = interval
    bound, why = (0.0, "") if policy.superiority else _find_bound(scene, value)
    ok = low > bound if policy.superiority else low >= bound
    words = "better" if value >= 0 else "worse"
    said = f"{words} by {abs(value):.4g}, {policy.confidence:.0%} interval {low:.4g} to {high:.4g}"
    if looks > 1:
        said += f", corrected for {looks:.0f} looks at this holdout"
    reason = ""
    if not ok and high < bound:
        reason = f"Against the champion the model is {said}{why}."
    elif not ok:
        name = "better" if policy.superiority else "not worse"
        more = _say_what_is_lacking(check, value, 1 - (1 - policy.confidence) / looks, bound)
        reason = f"Cannot tell whether the model is {name} than the champion ({said}{why}): {more}."
    return judge(
        id_,
        title,
        ok=ok,
        observed=said,
        expected=f"the whole interval {'above' if policy.superiority else 'from'} {bound:.4g}{why}",
        reason=reason,
        evidence=measure(low, bound, "above" if policy.superiority else "at least", high - low),
    )


def _find_bound(scene: Scene, gain: float) -> tuple[float, str]:
    """From which difference on the model is not worse than the champion, and in words where that comes from.

    What the champion gains over the baseline is what the model gains less what it gains over the champion; both were
    measured on the same rows. The lower limit counts, not the estimate: a margin that luck makes wide would let worse
    models pass more often than the interval says. Without that evidence only the margin counts, which is stricter.
    Source: FDA, "Non-Inferiority Clinical Trials to Establish Effectiveness" (2016), the fixed margin approach.
    """
    policy = scene.policy
    report = scene.evidence.reports.get("evaluate")
    check = None if report is None else find_check(report, "metric.improvement")
    interval = None if check is None else to_interval(check.observed)
    gained = 0.0 if interval is None else interval[0] - gain
    allowed = policy.champion_share * gained
    if allowed <= policy.champion_margin:
        return 0.0 - policy.champion_margin, ""
    share = f"{100 * policy.champion_share:.3g}% of the {gained:.4g} that the champion surely gains over the baseline"
    return -allowed, f"; it may lose {allowed:.4g}, {share}"


def _say_what_is_lacking(check: Check, gain: float, confidence: float, bound: float) -> str:
    """How many more rows would settle it, if the difference is what it seems; to two digits, for it is an estimate."""
    if gain <= bound:
        return "with this difference no number of rows would show it"
    error, rows = (to_number(check.evidence.get(key)) for key in ("error", "rows"))
    if error is None or rows is None:
        return "needs more rows"
    lacking = (count_rows_needed(gain, error, int(rows), confidence, bound) or 0) - int(rows)
    return f"needs about {float(f'{lacking:.2g}'):,.0f} more rows" if lacking > 0 else "needs more rows"


def _judge_slices(scene: Scene, limit: SliceLimit) -> Iterator[Check]:
    if limit.floor is not None:
        report = scene.evidence.reports.get("evaluate")
        id_ = f"gate.slice.{limit.column}"
        title = f"No group of {limit.column!r} falls behind the floor"
        if report is None:
            yield lack(id_, title, "evaluate", scene.policy, scene.evidence.stopped)
        else:
            yield _judge_floor(scene, limit.column, limit.floor, report, id_, title)
    if limit.regression is not None and scene.base and scene.policy.champion != "off":
        yield _judge_regression(scene, limit.column, limit.regression)


def _judge_floor(scene: Scene, column: str, floor: float, report: Report, id_: str, title: str) -> Check:
    groups = _find_groups(report, "evaluate.slice.", column, scene.metric)
    if not groups:
        return refuse(id_, title, f"The evaluation has no slices of {column!r}; name it in [objective] slices.")
    numbers = {name: to_number(check.evidence.get("value")) for name, check in groups.items()}
    return _judge_worst(scene, id_, title, numbers, floor)


def _judge_worst(scene: Scene, id_: str, title: str, numbers: dict[str, float | None], limit: float) -> Check:
    known = {name: number for name, number in numbers.items() if number is not None}
    if len(known) < len(numbers):
        strange = next(name for name, number in numbers.items() if number is None)
        return refuse(id_, title, f"The evidence about {strange!r} holds no finite number.")
    higher = scene.better == "higher"
    name = (min if higher else max)(known, key=known.__getitem__)
    ok = known[name] >= limit if higher else known[name] <= limit
    way = "at least" if higher else "at most"
    return judge(
        id_,
        title,
        ok=ok,
        observed=f"{known[name]:.4g} for {name}, the worst of {len(known)}",
        expected=f"{way} {limit:g}",
        reason="" if ok else f"{name} has {known[name]:.4g}; it must be {way} {limit:g}.",
        evidence=measure(known[name], limit, way),
    )


def _judge_regression(scene: Scene, column: str, most: float) -> Check:
    id_, title = f"gate.regression.{column}", f"No group of {column!r} is worse off than with the champion"
    report = scene.comparison.report
    if report is None or scene.comparison.absent or scene.comparison.damaged:
        return _lack_comparison(scene, id_, title)
    if find_check(report, "compare.first") is not None:
        return judge(id_, title, ok=True, observed="a first release")
    groups = _find_groups(report, "compare.slice.", column, scene.metric)
    found = {name: to_interval(check.observed) for name, check in groups.items()}
    gains = {name: interval for name, interval in found.items() if interval is not None}
    if not gains or len(gains) < len(groups):
        return refuse(id_, title, f"The comparison holds no finite differences for the groups of {column!r}.")
    # A group that could be better or worse is not accused: its whole interval must lie below.
    worst = min(gains, key=lambda name: gains[name][2])
    low, value, high = gains[worst]
    ok = high >= -most
    said = f"{worst} changes by {value:.4g}, {scene.policy.confidence:.0%} interval {low:.4g} to {high:.4g}"
    said += f" (corrected for {len(gains)} groups)" if len(gains) > 1 else ""
    return judge(
        id_,
        title,
        ok=ok,
        observed=said,
        expected=f"no whole interval below {-most:g}",
        reason="" if ok else f"{said}; all of it lies below {-most:g}.",
        evidence=measure(high, -most, "at least", high - low),
    )


def _judge_fairness(scene: Scene, limit: FairnessLimit) -> Check:
    id_, title = f"gate.fairness.{limit.column}", f"The model serves the groups of {limit.column!r} alike"
    report = scene.comparison.report
    if report is None or scene.comparison.absent or scene.comparison.damaged:
        return _lack_comparison(scene, id_, title)
    groups = _find_groups(report, "compare.group.", limit.column, scene.metric)
    numbers = {name: to_number(check.evidence.get("value")) for name, check in groups.items()}
    known = {name: number for name, number in numbers.items() if number is not None}
    if len(known) < 2 or len(known) < len(numbers):
        return refuse(id_, title, f"There are no two groups of {limit.column!r} with a finite metric.")
    low, high = min(known, key=known.__getitem__), max(known, key=known.__getitem__)
    gap = known[high] - known[low]
    ok = gap <= limit.max_gap
    said = f"{gap:.4g} between {low} ({known[low]:.4g}) and {high} ({known[high]:.4g})"
    return judge(
        id_,
        title,
        ok=ok,
        observed=said,
        expected=f"at most {limit.max_gap:g}",
        reason="" if ok else f"The gap is {said}; it may be {limit.max_gap:g}.",
        evidence=measure(gap, limit.max_gap, "at most"),
    )


def _judge_calibration(scene: Scene) -> Check:
    id_, title, most = "gate.calibration", "The probabilities mean what they say", scene.policy.max_calibration_error
    report = scene.evidence.reports.get("evaluate")
    if report is None:
        return lack(id_, title, "evaluate", scene.policy, scene.evidence.stopped)
    check = find_check(report, "evaluate.calibration")
    found = None if check is None else to_number(check.evidence.get("value"))
    if found is None or found < 0:
        return refuse(id_, title, "The evaluation holds no calibration error.")
    return _judge_most(id_, title, found, most, "The calibration error is", f"{found:.4g}")


def _judge_age(scene: Scene) -> Check:
    id_, title, most = "gate.age", "The data is fresh enough", scene.policy.max_data_age_days
    report = scene.comparison.report
    if report is None or scene.comparison.absent or scene.comparison.damaged:
        return _lack_comparison(scene, id_, title)
    check = find_check(report, "compare.newest")
    text = None if check is None else check.evidence.get("newest")
    try:
        newest = datetime.strptime(text[:10] if isinstance(text, str) else "", "%Y-%m-%d").date()
    except ValueError:
        return refuse(id_, title, "The comparison does not say on which day the newest row was made.")
    age = (scene.today - newest).days
    if age < -1:
        return refuse(id_, title, f"The newest row is of {newest}, which has not come yet.")
    return _judge_most(id_, title, float(max(age, 0)), most, "The age of the newest row is", f"{max(age, 0):,} days")


def _judge_value(scene: Scene) -> Check:
    id_, title = "gate.value", "The improvement is worth what it must be"
    if scene.value_per_unit <= 0:
        return refuse(
            id_, title, "gate.min_value is set, but objective.value_per_unit does not say what a unit is worth."
        )
    report = scene.evidence.reports.get("evaluate")
    if report is None:
        return lack(id_, title, "evaluate", scene.policy, scene.evidence.stopped)
    check = find_check(report, "metric.improvement")
    interval = None if check is None else to_interval(check.observed)
    if interval is None:
        return refuse(id_, title, "The evaluation holds no finite improvement over the baseline.")
    low, value, high = (number * scene.value_per_unit for number in interval)
    ok = scene.policy.min_value <= 0 or low >= scene.policy.min_value
    said = f"{value:,.4g} in money a row, interval {low:,.4g} to {high:,.4g}"
    return judge(
        id_,
        title,
        ok=ok,
        observed=said,
        expected=f"at least {scene.policy.min_value:g}",
        reason="" if ok else f"The improvement is worth {said}; all of it must be at least {scene.policy.min_value:g}.",
        evidence=measure(low, scene.policy.min_value, "at least") if scene.policy.min_value > 0 else None,
    )


def _judge_card(scene: Scene) -> Check:
    id_, title = "gate.card", "The model card says what it must"
    report = scene.evidence.reports.get("package")
    if report is None:
        return lack(id_, title, "package", scene.policy, scene.evidence.stopped)
    check = find_check(report, "package.card")
    if check is None:
        return refuse(id_, title, "The package's report says nothing about a card.")
    said = {name: value.strip() for name, value in check.evidence.items() if isinstance(value, str)}
    empty = [name for name in scene.policy.card if not said.get(name)]
    return judge(
        id_,
        title,
        ok=not empty,
        observed=f"{len(scene.policy.card) - len(empty)} of {len(scene.policy.card)} fields filled",
        expected="all of them",
        reason="" if not empty else f"The card does not say: {', '.join(empty)}.",
    )


def _judge_licences(scene: Scene) -> Check:
    id_, title = "gate.licences", "The model is made with nothing but listed licences"
    report = scene.evidence.reports.get("package")
    if report is None:
        return lack(id_, title, "package", scene.policy, scene.evidence.stopped)
    check = find_check(report, "package.licences")
    if check is None or not check.evidence:
        return refuse(id_, title, "The package's report names no licences.")
    strange = [f"{name} ({licence or 'unknown'})" for name, licence in _list_unlisted(check, scene.policy.licences)]
    return judge(
        id_,
        title,
        ok=not strange,
        observed=f"{len(check.evidence)} packages",
        expected=", ".join(scene.policy.licences),
        reason="" if not strange else f"Not on the list: {', '.join(strange[:10])}.",
    )


def _list_unlisted(check: Check, listed: Sequence[str]) -> list[tuple[str, Value]]:
    return [
        (name, value)
        for name, value in check.evidence.items()
        if not isinstance(value, str) or not allows(value, listed)
    ]


def _judge_most(id_: str, title: str, found: float, most: float, what: str, said: str) -> Check:
    ok = found <= most
    return judge(
        id_,
        title,
        ok=ok,
        observed=said,
        expected=f"at most {most:g}",
        reason="" if ok else f"{what} {said}; at most {most:g} is allowed.",
        evidence=measure(found, most, "at most"),
    )


def _find_groups(report: Report, prefix: str, column: str, metric: str) -> dict[str, Check]:
    return {
        str(check.evidence.get("group")): check
        for check in report.checks
        if check.id.startswith(prefix) and check.evidence.get("column") == column
        and check.evidence.get("metric") == metric
    }  # fmt: skip


def _lack_comparison(scene: Scene, id_: str, title: str) -> Check:
    if scene.evidence.stopped and not scene.comparison.damaged:
        reason = f"Not judged, because {scene.evidence.stopped!r} did not pass."
        return Check(id=id_, title=title, outcome=Outcome.SKIPPED, reason=reason)
    why = scene.comparison.damaged or scene.comparison.absent or "There is no comparison."
    return refuse(id_, title, f"{why} Run: pavedroad check, with the base.")


def _say_why(report: Report, otherwise: str) -> str:
    return next(
        (check.reason for check in report.checks if check.outcome is report.outcome and check.reason), otherwise
    )
