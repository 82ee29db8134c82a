"""What the decisions of a policy are taken from, and how one that lacks its evidence is refused; pure functions."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from pavedroad.foundation.evaluation.metrics import METRICS
from pavedroad.foundation.gate.decision import Evidence, Found, find_check, lack, measure, refuse, skip, to_interval
from pavedroad.report import Check, Outcome, Report, Value, judge
from pavedroad.settings import Gate


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

    @property
    def measure(self) -> str:
        """What the key metric is called among people."""
        return METRICS[self.metric].title if self.metric in METRICS else self.metric


@dataclass(frozen=True)
class Question:
    """A decision that is to be taken: its id, and what should be true."""

    id: str
    title: str

    def refuse(self, reason: str) -> Check:
        """It cannot be taken."""
        return refuse(self.id, self.title, reason)

    def warn(self, reason: str) -> Check:
        """It is not taken, because the policy's other settings leave nothing to take it by."""
        return Check(id=self.id, title=self.title, outcome=Outcome.WARN, reason=reason)

    def answer(
        self,
        *,
        ok: bool,
        observed: Value,
        expected: Value = None,
        reason: str = "",
        evidence: dict[str, Value] | None = None,
    ) -> Check:
        """It is taken; the reason is that of a no."""
        return judge(
            self.id,
            self.title,
            ok=ok,
            observed=observed,
            expected=expected,
            reason="" if ok else reason,
            evidence=evidence,
        )

    def answer_most(self, found: float, most: float, unit: str, what: str) -> Check:
        """A number that may be so much at most."""
        said, limit = f"{found:,.4g} {unit}", f"at most {most:g} {unit}"
        reason = f"{what} {said}; it may be {limit}."
        return self.answer(
            ok=found <= most,
            observed=said,
            expected=limit,
            reason=reason,
            evidence=measure(found, most, "at most", unit=unit),
        )

    def read(self, scene: Scene, stage: str, decide: Callable[[Report], Check]) -> Check:
        """Decide by the report of a stage; without one, say why there is none."""
        report = scene.evidence.reports.get(stage)
        if report is None:
            return lack(self.id, self.title, stage, scene.policy, scene.evidence.stopped)
        return decide(report)

    def read_comparison(self, scene: Scene, decide: Callable[[Report], Check]) -> Check:
        """Decide by the comparison; one that is missing, stale, damaged or did not pass is no evidence."""
        found = scene.comparison
        if found.report is None or found.absent or found.damaged:
            if scene.evidence.stopped and not found.damaged:
                return skip(self.id, self.title, scene.evidence.stopped)
            why = found.damaged or found.absent or "There is no comparison."
            return self.refuse(f"{why} Run: pavedroad check, with the base.")
        if found.report.outcome is not Outcome.PASS:
            return self.refuse(_say_why(found.report))
        return decide(found.report)


def find_interval(report: Report, id_: str) -> tuple[float, float, float] | None:
    """The low limit, the value and the high limit that a check observed; None unless it is there once and finite."""
    check = find_check(report, id_)
    return None if check is None else to_interval(check.observed)


def find_evidence(report: Report, id_: str, key: str) -> Value:
    """What a check holds as evidence under a name; None where there is no such thing."""
    check = find_check(report, id_)
    return None if check is None else check.evidence.get(key)


def _say_why(report: Report) -> str:
    reasons = (check.reason for check in report.checks if check.outcome is report.outcome and check.reason)
    return next(reasons, f"The comparison came to {report.outcome.value!r}.")
