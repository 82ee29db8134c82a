"""Decisions that a policy may ask for beyond those that every policy holds; pure functions, like ``decision``.

Each is taken only where the policy asks for it, and then lives by the same rule: evidence that is missing, malformed or
about something else is an error, never a pass.
"""

from collections.abc import Iterator
from datetime import datetime

from pavedroad.foundation.gate.challenge import count_rows_needed
from pavedroad.foundation.gate.decision import (
    find_check,
    measure,
    say_difference,
    say_limits,
    to_interval,
    to_number,
)
from pavedroad.foundation.gate.groups import judge_fairness, judge_slices
from pavedroad.foundation.gate.licences import allows
from pavedroad.foundation.gate.scene import Question, Scene, find_evidence, find_interval
from pavedroad.foundation.text import join_some
from pavedroad.report import Check, Report, Severity, judge
from pavedroad.settings import Gate

MOST_NAMED = 10
"""Packages that a reason names; the others are counted."""


def wants_comparison(policy: Gate, base: str) -> bool:
    """Whether the policy asks for evidence that the comparison alone has."""
    return (bool(base) and policy.champion != "off") or bool(policy.fairness) or policy.max_data_age_days > 0


def decide_more(scene: Scene) -> list[Check]:
    """Every decision that the policy asks for."""
    policy = scene.policy
    checks = [*_judge_champion(scene)]
    for limit in policy.slice:
        checks += judge_slices(scene, limit)
    checks += [judge_fairness(scene, fairness) for fairness in policy.fairness]
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
    policy = scene.policy
    title = "The model beats the champion" if policy.superiority else "The model is not worse than the champion"
    question = Question("gate.champion", title)
    if policy.champion == "off":
        return
    if scene.base:
        yield question.read_comparison(scene, lambda report: _judge_meeting(scene, question, report))
    elif policy.champion == "required":
        yield question.refuse("No base revision was given, so there is no champion. Name it with: --base.")
    else:
        yield _tell_alone(question)


def _tell_alone(question: Question) -> Check:
    """That nobody asked for a base is allowed, as on the default branch, but never in silence."""
    return judge(
        question.id,
        "No base revision is known, so there is no champion to be held against",
        ok=True,
        severity=Severity.INFO,
        observed="no base",
        reason='Not compared with any champion. Name a base with --base, or ask for one with champion = "required".',
    )


def _judge_meeting(scene: Scene, question: Question, report: Report) -> Check:
    first, check = find_check(report, "compare.first"), find_check(report, "compare.difference")
    told = next((item for item in (first, check) if item is not None), None)
    interval = None if check is None else to_interval(check.observed)
    if told is None or (first is None) == (check is None):
        return question.refuse("The comparison does not say what came of it.")
    if told.evidence.get("base") != scene.base:
        return question.refuse(f"The comparison is with {told.evidence.get('base')}, the base is {scene.base}.")
    if first is not None:
        return question.answer(ok=True, observed="a first release, judged against the baseline")
    if check is None or interval is None:
        return question.refuse("The comparison holds no finite difference with its limits.")
    return _judge_gain(scene, check, interval, question)


def _judge_gain(scene: Scene, check: Check, interval: tuple[float, float, float], question: Question) -> Check:
    policy = scene.policy
    confidence, looks = (to_number(check.evidence.get(key)) for key in ("confidence", "looks"))
    if confidence != policy.confidence:
        return question.refuse(f"The comparison is at {confidence} confidence, the policy at {policy.confidence}.")
    if looks is None or looks < policy.looks:
        return question.refuse(f"The comparison is corrected for fewer than the {policy.looks} looks of the policy.")
    low, value, high = interval
    bound, why = (0.0, "") if policy.superiority else _find_bound(scene, value)
    ok = low > bound if policy.superiority else low >= bound
    said = say_difference(interval, policy.confidence)
    if looks > 1:
        said += f", corrected for {looks:.0f} looks at this holdout"
    if high < bound:
        reason = f"Against the champion the model is {said}{why}."
    else:
        name = "better" if policy.superiority else "not worse"
        more = _say_what_is_lacking(check, value, 1 - (1 - policy.confidence) / looks, bound)
        reason = f"Cannot tell whether the model is {name} than the champion ({said}{why}): {more}."
    return question.answer(
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
    interval = None if report is None else find_interval(report, "metric.improvement")
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


def _judge_calibration(scene: Scene) -> Check:
    question = Question("gate.calibration", "The probabilities mean what they say")

    def decide(report: Report) -> Check:
        found = to_number(find_evidence(report, "evaluate.calibration", "value"))
        if found is None or found < 0:
            return question.refuse("The evaluation holds no calibration error.")
        most = scene.policy.max_calibration_error
        return question.answer_most(found, most, "in probability", "The calibration error is")

    return question.read(scene, "evaluate", decide)


def _judge_age(scene: Scene) -> Check:
    question = Question("gate.age", "The data is fresh enough")

    def decide(report: Report) -> Check:
        text = find_evidence(report, "compare.newest", "newest")
        try:
            newest = datetime.strptime(text[:10] if isinstance(text, str) else "", "%Y-%m-%d").date()
        except ValueError:
            return question.refuse("The comparison does not say on which day the newest row was made.")
        age = (scene.today - newest).days
        if age < -1:
            return question.refuse(f"The newest row is of {newest}, which has not come yet.")
        most = scene.policy.max_data_age_days
        return question.answer_most(float(max(age, 0)), most, "days", "The age of the newest row is")

    return question.read_comparison(scene, decide)


def _judge_value(scene: Scene) -> Check:
    question = Question("gate.value", "The improvement is worth what it must be")
    if scene.value_per_unit <= 0:
        return question.refuse("gate.min_value is set, but objective.value_per_unit does not say what a unit is worth.")

    def decide(report: Report) -> Check:
        interval = find_interval(report, "metric.improvement")
        if interval is None:
            return question.refuse("The evaluation holds no finite improvement over the baseline.")
        low, value, high = (number * scene.value_per_unit for number in interval)
        least = scene.policy.min_value
        said = f"{value:,.4g} in money a row, {say_limits(low, high, scene.policy.confidence)}"
        return question.answer(
            ok=least <= 0 or low >= least,
            observed=said,
            expected=f"at least {least:g} in money a row",
            reason=f"The improvement is worth {said}; all of it must be at least {least:g}.",
            evidence=measure(low, least, "at least", unit="in money a row") if least > 0 else None,
        )

    return question.read(scene, "evaluate", decide)


def _judge_card(scene: Scene) -> Check:
    question, wanted = Question("gate.card", "The model card says what it must"), scene.policy.card

    def decide(report: Report) -> Check:
        check = find_check(report, "package.card")
        if check is None:
            return question.refuse("The package's report says nothing about a card.")
        said = {name: value.strip() for name, value in check.evidence.items() if isinstance(value, str)}
        empty = [name for name in wanted if not said.get(name)]
        return question.answer(
            ok=not empty,
            observed=f"{len(wanted) - len(empty)} of {len(wanted)} fields filled",
            expected="all of them",
            reason=f"The card does not say: {', '.join(empty)}.",
        )

    return question.read(scene, "package", decide)


def _judge_licences(scene: Scene) -> Check:
    question, listed = (
        Question("gate.licences", "The model is made with nothing but listed licences"),
        scene.policy.licences,
    )

    def decide(report: Report) -> Check:
        check, parts = find_check(report, "package.licences"), find_check(report, "package.components")
        if check is None or not check.evidence:
            return question.refuse("The package's report names no licences.")
        if parts is None or not parts.evidence:
            advice = "If another version of the road made it, make it again: dvc repro --force package."
            return question.refuse(f"The package's report does not list what the model needs. {advice}")
        known = {**dict.fromkeys(parts.evidence, ""), **check.evidence}
        strange = [
            f"{name} ({licence or 'unknown'})"
            for name, licence in known.items()
            if not isinstance(licence, str) or not allows(licence, listed)
        ]
        return question.answer(
            ok=not strange,
            observed=f"{len(known)} packages",
            expected=", ".join(listed),
            reason=f"Not on the list: {join_some(strange, MOST_NAMED)}.",
        )

    return question.read(scene, "package", decide)
