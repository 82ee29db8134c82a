"""Drift: does the current data still look like what the model was trained on?"""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial

import msgspec

from pavedroad.foundation.data.tables import name_tables
from pavedroad.foundation.drift.detection import Finding, choose_policy, compares_rows, find_drift, matches
from pavedroad.foundation.drift.page import PAGE
from pavedroad.foundation.drift.reference import ColumnSketch, Reference
from pavedroad.foundation.drift.rows import compare_rows, tell_rows
from pavedroad.foundation.drift.words import draw_change, tell_change
from pavedroad.foundation.gate.acknowledged import OTHERWISE, UNTIL
from pavedroad.foundation.project import Project
from pavedroad.foundation.text import join_some
from pavedroad.report import Check, Figure, Outcome, Report, Run, Severity, Value, conclude, judge
from pavedroad.settings import Acknowledgement, Drift
from pavedroad.stages.dependencies import judge_dependencies
from pavedroad.stages.drift_history import read_history, write_sizes
from pavedroad.stages.drift_model import PERFORMANCE, TITLES, watch_model
from pavedroad.stages.drift_rows import bring_rows
from pavedroad.stages.drift_sides import Sides, choose_columns, measure_sides

MAX_FIGURES = 60
_ORDER = (Outcome.ERROR, Outcome.FAIL, Outcome.WARN, Outcome.PASS, Outcome.SKIPPED)


def drift(project: Project) -> Report:
    """Compare the current table (or, without one, the holdout) with the reference, column by column."""
    settings = project.config.drift
    sides = measure_sides(project)
    reference, current = sides.reference, sides.current
    columns = choose_columns(project, reference, current)
    if min(reference.rows, current.rows) < settings.min_rows:
        write_sizes(project, {})
        return _skip(settings, sides)
    new = [column.name for column in current.columns if reference.find(column.name) is None]
    watched = watch_model(project, [column.name for side in (reference, current) for column in side.columns])
    reference, current = _join(reference, watched.before), _join(current, watched.now)
    columns = [*columns, *watched.columns]
    by_rows = compare_rows(reference, current, columns, settings, partial(bring_rows, project, current))
    findings = find_drift(reference, current, columns, settings, more=[*watched.findings, *by_rows])
    before, now = ({column.name: column for column in side.columns} for side in (reference, current))
    judged = []
    for found in findings:
        sentence = watched.sentences.get(found.column, "") or tell_rows(found)
        if found.comparison and not sentence and found.column in before:
            sentence = tell_change(before[found.column], now[found.column])
        judged.append((found, _to_check(found, sentence, settings)))
    judged.sort(key=lambda pair: (_ORDER.index(pair[1].outcome), -_size(pair[0])))
    inputs = {used.path: used for used in (*sides.inputs, *watched.inputs)}
    if any(found.comparison for found in by_rows):
        inputs |= {used.path: used for used in name_tables(project) if used.path not in inputs}
    checks = [*(check for _, check in judged), *watched.checks, *_judge_pipeline(project, [*inputs])]
    if new and not settings.columns:
        checks.append(_tell_new(new, settings))
    sizes = {found.column: _size(found) for found in findings if found.about in {"values", PERFORMANCE}}
    write_sizes(project, sizes)
    return conclude(
        "drift",
        checks,
        summary=_summarise(sides, checks, project.config.project.owner, settings.block),
        inputs=inputs.values(),
        figures=_draw(findings, before, now, settings),
        about={"owner": project.config.project.owner, "reference": reference.about, **_point_at_page(settings)},
        run=Run(started="", duration_s=0.0, history=read_history(project, sizes)),
    )


def _judge_pipeline(project: Project, read: list[str]) -> list[Check]:
    """Where a table of current rows is named, which the template's pipeline cannot know of."""
    title = "The pipeline knows all that is compared"
    return judge_dependencies(project, "drift.pipeline", title, {"drift": read} if project.config.data.current else {})


def _join(side: Reference, more: Sequence[ColumnSketch]) -> Reference:
    return msgspec.structs.replace(side, columns=[*side.columns, *more])


def _point_at_page(settings: Drift) -> dict[str, str]:
    return {"page": PAGE} if settings.page else {}


def _skip(settings: Drift, sides: Sides) -> Report:
    check = Check(
        id="drift.rows",
        title="There are enough rows to compare",
        outcome=Outcome.SKIPPED,
        observed=min(sides.reference.rows, sides.current.rows),
        expected=f"at least {settings.min_rows:,} on both sides",
        reason=(
            f"{sides.reference.rows:,} reference rows ({sides.reference.about}) and {sides.current.rows:,} current "
            f"rows ({sides.current.about}) are too few for a test to mean anything. Add rows, name a larger table as "
            '[data] current, or take "drift" out of [gate] required.'
        ),
    )
    return conclude("drift", [check], summary=check.reason, inputs=sides.inputs)


def _summarise(sides: Sides, checks: list[Check], owner: str, block: int) -> str:
    moved = [check for check in checks if check.outcome in {Outcome.WARN, Outcome.FAIL}]
    reference, current = sides.reference, sides.current
    told = f"{current.rows:,} rows of {current.about} against {reference.rows:,} {reference.about}: "
    stopped = next((check for check in checks if check.outcome is Outcome.ERROR), None)
    if stopped is not None:
        return told + stopped.reason
    if block > 1:
        told = told.removesuffix(": ") + f", {block:,} rows counted as one observation: "
    if not moved:
        return told + "no column has drifted."
    return told + f"{len(moved)} of {len(checks)} checks found drift, which {owner} owns."


def _tell_new(new: list[str], settings: Drift) -> Check:
    known = [_find_acknowledgement(name, settings) for name in new]
    all_known = [found for found in known if found is not None]
    first = min(all_known, key=lambda found: found.until) if len(all_known) == len(new) else None
    return judge(
        "drift.new-columns",
        "No column is new",
        ok=False,
        severity=Severity.WARNING if first is None else Severity.INFO,
        observed=len(new),
        expected=0,
        reason=f"New in the current data: {join_some(new, 20)}.",
        evidence={} if first is None else _acknowledge(first, Severity.WARNING),
    )


def _acknowledge(known: Acknowledgement, severity: Severity) -> dict[str, Value]:
    """What the gate needs to know when the day is over, because nothing makes this stage run again then."""
    otherwise = Outcome.FAIL if severity is Severity.CRITICAL else Outcome.WARN
    return {} if severity is Severity.INFO else {UNTIL: known.until, OTHERWISE: otherwise.value}


def _find_acknowledgement(column: str, settings: Drift) -> Acknowledgement | None:
    """What somebody said of a column's drift, as long as it holds; its last day counts."""
    today = datetime.now(UTC).date().isoformat()
    return next((a for a in settings.acknowledged if matches([a.column], column) and today <= a.until), None)


def _to_check(finding: Finding, sentence: str, settings: Drift) -> Check:
    about = "" if finding.about in {"values", PERFORMANCE} else finding.about
    title = f"`{finding.column}` has not drifted" + (f" in its {about}" if about else "")
    title = TITLES[PERFORMANCE] if finding.about == PERFORMANCE else title
    id_ = f"drift.{finding.column}" + (f".{about.replace(' ', '-')}" if about else "")
    columns = [] if finding.about == PERFORMANCE else [finding.column]
    if finding.skipped:
        return Check(id=id_, title=title, outcome=Outcome.SKIPPED, reason=finding.skipped, columns=columns)
    policy = choose_policy(settings, finding.column)
    severity = _find_severity(finding, policy.on_drift, policy.fail_effect)
    known = _find_acknowledgement(finding.column, settings)
    reason = _tell(finding, sentence, policy.min_effect)
    evidence: dict[str, Value] = {"column": finding.column, **_list_evidence(finding)}
    if known is not None and (finding.problem or finding.drifted):
        reason = f"{reason} Acknowledged until {known.until}: {known.reason.rstrip('.')}."
        evidence |= _acknowledge(known, severity)
        severity = Severity.INFO
    compared = finding.comparison
    if compared is None:
        return judge(
            id_,
            title,
            ok=False,
            severity=severity,
            reason=reason,
            expected="comparable values",
            evidence=evidence,
            columns=columns,
        )
    expected = f"below {policy.min_effect:g}" + ("" if finding.adjusted_p is None else ", or within chance")
    return judge(
        id_,
        title,
        ok=not finding.drifted,
        severity=severity,
        observed=round(compared.effect, 4),
        expected=expected,
        reason=reason,
        evidence=evidence,
        columns=columns,
    )


def _find_severity(finding: Finding, on_drift: str, fail_effect: float) -> Severity:
    if on_drift != "by-effect":
        return {"warn": Severity.WARNING, "fail": Severity.CRITICAL, "ignore": Severity.INFO}[on_drift]
    large = finding.comparison is None or finding.comparison.effect >= fail_effect
    return Severity.CRITICAL if large else Severity.WARNING


def _tell(finding: Finding, sentence: str, min_effect: float) -> str:
    if finding.problem:
        return finding.problem
    compared = finding.comparison
    if compared is None or not finding.drifted:
        return ""
    if finding.about in _SHARE_OF:
        shares = compared.more
        sentence = (
            f"{shares['current_share']:.1%} of the current rows are {_SHARE_OF[finding.about]}, after "
            f"{shares['reference_share']:.1%} in the reference."
        )
    told = f"{sentence} The {compared.effect_name} is {compared.effect:.3g}"
    if compared.drifted is None:
        told += f"; material from {min_effect:g} on"
    if finding.adjusted_p is not None:
        chance = "less than 0.0001" if finding.adjusted_p < 0.0001 else f"{finding.adjusted_p:.2g}"
        told += f", and chance explains it with probability {chance} at most"
    return (told + ".").strip()


_SHARE_OF = {
    "empty cells": "empty",
    "infinite values": "infinite",
    "unseen categories": "in categories that are new",
}


def _list_evidence(finding: Finding) -> dict[str, Value]:
    compared = finding.comparison
    if compared is None:
        return {}
    found: dict[str, Value] = {
        "method": compared.method,
        "effect": _round(compared.effect),
        "measure": compared.effect_name,
    }
    if finding.adjusted_p is not None and compared.p_value is not None:
        found |= {"p_value": _round(compared.p_value), "adjusted_p": _round(finding.adjusted_p)}
    return found | {name: _round(value) for name, value in compared.more.items()}


def _round(value: float) -> float:
    """Six digits: what every machine agrees on, whatever the order in which it adds."""
    return float(f"{value:.6g}")


def _size(finding: Finding) -> float:
    return finding.comparison.effect if finding.comparison else 0.0


def _find_method(finding: Finding, settings: Drift) -> str:
    return choose_policy(settings, finding.column).method


def _draw(
    findings: list[Finding], before: dict[str, ColumnSketch], now: dict[str, ColumnSketch], settings: Drift
) -> list[Figure]:
    compared = sorted(
        (found for found in findings if found.comparison and found.about == "values"), key=lambda found: -_size(found)
    )
    effects = Figure(
        id="effects",
        kind="effects",
        title="Size of the change, by column",
        data={
            "label": [found.column for found in compared],
            "value": [round(_size(found), 6) for found in compared],
            "threshold": [choose_policy(settings, found.column).min_effect for found in compared],
        },
    )
    # Of free text, a picture would show rows and not a distribution.
    counted = [found.column for found in compared if not (found.unsure or compares_rows(_find_method(found, settings)))]
    both = [name for name in counted if name in before and name in now]
    drawn = [draw_change(before[name], now[name]) for name in both[:MAX_FIGURES]]
    return [*([effects] if compared else []), *(figure for figure in drawn if figure is not None)]
