"""What the script says of itself, beside what the road measured: told, held against each other, and never evidence."""

from collections.abc import Mapping

from pavedroad.errors import JudgementError
from pavedroad.foundation.data.tables import name_code, name_tables
from pavedroad.foundation.evaluation.metrics import Metric, measure
from pavedroad.foundation.evaluation.predicted import PREDICTED
from pavedroad.foundation.evaluation.resampling import Interval
from pavedroad.foundation.package.claims import Claims, compare_claim, find_comparable, tell_claims, widen
from pavedroad.foundation.package.model import NO_MODEL, TO_MEASURE
from pavedroad.foundation.project import Project
from pavedroad.report import Check, Outcome, Report, Severity, conclude, judge
from pavedroad.stages.evaluate_details import Scored
from pavedroad.stages.train import name_model

_WHY = {
    "better": (
        "It is better than the road finds: look for rows, or columns that tell the target, which the script's own test "
        "shares with its training, and for another metric under this name."
    ),
    "worse": "It is worse than the road finds: the script may measure other rows, or another metric under this name.",
}


def judge_claims(claims: Claims, scored: Scored, known: Mapping[str, Interval]) -> list[Check]:
    """The script's own figures, and for each that bears the name of a metric whether the road measured the same.

    Args:
        claims: what the script says.
        scored: the holdout, and what the model said about it.
        known: metrics that are measured already, by their names.
    """
    comparable = find_comparable(claims, scored.config.objective.problem)
    return [
        tell_claims("evaluate.claimed", claims, held=len(comparable)),
        *(_judge(name, claims.figures[name], metric, scored, known) for name, metric in comparable.items()),
    ]


def _judge(name: str, claimed: float, metric: Metric, scored: Scored, known: Mapping[str, Interval]) -> Check:
    id_, title = f"evaluate.claimed.{name}", f"The script's own {metric.title} ({name}) is what the road measured"
    config = scored.config
    measured = known.get(metric.name)
    try:
        if measured is None:
            measured = measure(
                metric, scored.actual, scored.predicted, confidence=config.gate.confidence, seed=config.data.seed
            )
    except JudgementError as error:
        return Check(
            id=id_,
            title=title,
            outcome=Outcome.SKIPPED,
            severity=Severity.INFO,
            observed=claimed,
            reason=f"The road cannot measure it here: {error.what}",
        )
    found, limits = compare_claim(claimed, measured, metric.better), widen(measured)
    beside = (
        f"The script says {claimed:.4g}, the road measured {measured.value:.4g} ({measured.low:.4g} to "
        f"{measured.high:.4g}) on {len(scored.actual):,} rows it had not seen."
    )
    return judge(
        id_,
        title,
        ok=found == "same",
        severity=Severity.WARNING,
        observed=claimed,
        expected=f"{limits.low:.4g} to {limits.high:.4g}",
        reason="" if found == "same" else f"{beside} {_WHY[found]}",
        evidence={"claim": found, "measured": measured.value, "from": measured.low, "to": measured.high},
    )


def refuse_unmeasured(project: Project, claims: Claims) -> Report:
    """The evaluation of a script that gives figures of its own and nothing to measure: a no that says what to do."""
    (project.reports / PREDICTED).unlink(missing_ok=True)  # an older one is about another model
    reason = f"{NO_MODEL['metrics']} Nothing here was measured by the road, so the gate cannot say yes. {TO_MEASURE}"
    return conclude(
        "evaluate",
        [
            judge(
                "evaluate.measured",
                "The road measured the model on rows it had not seen",
                ok=False,
                observed="figures of the script alone",
                expected="predictions or a model",
                reason=reason,
            ),
            tell_claims("evaluate.claimed", claims),
        ],
        summary="Nothing was measured: the script gives figures of its own alone.",
        inputs=[*name_tables(project), name_model(project), *name_code(project)],
    )
