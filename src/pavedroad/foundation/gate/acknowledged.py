"""Acknowledgements of drift that have lapsed since the stage ran: the data has not changed, but the day is over.

The pipeline repeats a stage when something that it depends on changes, and the date is no such thing. So the drift
report says until when each finding is acknowledged and what it comes to afterwards, and the gate reads the calendar.
"""

from datetime import date

from pavedroad.foundation.gate.decision import refuse
from pavedroad.foundation.text import join_some
from pavedroad.report import Check, Outcome, Report, Severity, judge

UNTIL, OTHERWISE = "acknowledged_until", "otherwise"
"""In the evidence of a finding: the last day on which it is acknowledged, and its outcome from then on."""
SHOWN = 10
_SEVERITIES = {Outcome.WARN.value: Severity.WARNING, Outcome.FAIL.value: Severity.CRITICAL}


def judge_acknowledgements(report: Report | None, today: date) -> list[Check]:
    """A check where findings of the drift report are acknowledged; none where there are none.

    Args:
        report: the drift report, if there is one that counts.
        today: the day, in UTC; the last day of an acknowledgement still counts.
    """
    id_, title = "gate.acknowledged", "What drifted is still acknowledged"
    found = [check for check in report.checks if UNTIL in check.evidence] if report else []
    if not found:
        return []
    lapsed = []
    for check in found:
        try:
            until = date.fromisoformat(str(check.evidence[UNTIL]))
        except ValueError:
            return [refuse(id_, title, f"The drift report does not say until when {check.id!r} is acknowledged.")]
        if until < today:
            lapsed.append((check, until))
    severities = [_SEVERITIES.get(str(check.evidence.get(OTHERWISE)), Severity.CRITICAL) for check, _ in lapsed]
    told = join_some([f"{check.evidence.get('column') or check.id} (until {until})" for check, until in lapsed], SHOWN)
    return [
        judge(
            id_,
            title,
            ok=not lapsed,
            severity=Severity.CRITICAL if Severity.CRITICAL in severities else Severity.WARNING,
            observed=f"{len(found) - len(lapsed)} of {len(found)} acknowledgements hold",
            expected="all of them",
            reason=""
            if not lapsed
            else f"Lapsed: {told}. Take it out of [[drift.acknowledged]], or renew it with a reason that holds.",
        )
    ]
