"""What stands behind the one number: slices, calibration, bias, and what the model leans on; as evidence."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pavedroad.foundation.data.pictures import draw_distribution
from pavedroad.foundation.data.training import TrainingTable
from pavedroad.foundation.evaluation.calibration import draw_reliability, measure_bias, measure_calibration
from pavedroad.foundation.evaluation.metrics import METRICS, Metric, Predictions, measure
from pavedroad.foundation.evaluation.resampling import Interval
from pavedroad.foundation.evaluation.slices import (
    AUTO,
    MOST_COLUMNS,
    SliceEstimate,
    find_slices,
    measure_slices,
    take_census,
)
from pavedroad.foundation.package.importance import Importance, measure_importance
from pavedroad.foundation.package.model import NO_MODEL, Signature
from pavedroad.foundation.text import join_some
from pavedroad.report import Check, Figure, Outcome, Severity, Value, judge
from pavedroad.settings import Config

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

BIAS = 0.25
"""A mean error of this share of the errors' standard deviation, certain to be there, is worth a word."""
SHOWN = 20


@dataclass(frozen=True)
class Scored:
    """The holdout, and what the model said about it."""

    config: Config
    metric: Metric
    table: TrainingTable
    holdout: "pd.DataFrame"
    features: "pd.DataFrame"
    actual: "np.ndarray"
    predicted: Predictions
    model: Any
    """None where there are predictions alone."""
    signature: Signature


def look_closer(scored: Scored) -> tuple[list[Check], list[Figure]]:
    """Evidence for the gate and for people: nothing here says no by itself."""
    checks: list[Check] = []
    figures: list[Figure] = []
    for part in (_slice, _calibrate, _find_bias, _find_importance):
        found, drawn = part(scored)
        checks += found
        figures += drawn
    return checks, figures


def to_evidence(metric: str, interval: Interval, rows: int, **more: Value) -> dict[str, Value]:
    """What the gate reads of an estimate."""
    return {
        "metric": metric,
        "value": interval.value,
        "low": interval.low,
        "high": interval.high,
        "rows": rows,
        **more,
    }


def _slice(scored: Scored) -> tuple[list[Check], list[Figure]]:
    config = scored.config
    cuts, passed_over = find_slices(scored.holdout, scored.table, config)
    found = list(
        measure_slices(
            [piece for cut in cuts for piece in cut.slices],
            scored.metric,
            scored.actual,
            scored.predicted,
            confidence=config.gate.confidence,
            seed=config.data.seed,
        )
    )
    named = [name for name in config.objective.slices if name != AUTO]
    checks = [_to_check(scored.metric, item) for item in found if item.interval or item.slice.column in named]
    for cut in cuts:
        of_column = [item for item in found if item.slice.column == cut.column]
        checks.append(
            take_census(
                f"evaluate.slices.{cut.column}",
                cut.column,
                [item.slice.group for item in of_column if item.interval is not None],
                {item.slice.group: item.reason for item in of_column if item.interval is None},
                cut.beyond,
            )
        )
    if passed_over:
        checks.append(_tell_passed_over(passed_over))
    measured = [(item.slice, item.interval) for item in found if item.interval is not None]
    if not measured:
        return checks, []
    figure = Figure(
        id="slices",
        kind="intervals",
        title=f"{scored.metric.headline} by group ({scored.metric.better} is better)",
        data={
            "label": [f"{piece.column}: {piece.group}" for piece, _ in measured],
            "low": [interval.low for _, interval in measured],
            "value": [interval.value for _, interval in measured],
            "high": [interval.high for _, interval in measured],
        },
    )
    return checks, [figure]


def _tell_passed_over(columns: list[str]) -> Check:
    reason = f"Passed over: {join_some(columns, SHOWN)}. Name a column in [objective] slices to have it measured."
    return judge(
        "evaluate.passed_over",
        "Every column that could be cut into groups was",
        ok=False,
        severity=Severity.INFO,
        observed=f"{len(columns):,} more columns have few groups of enough rows",
        expected=f"at most {MOST_COLUMNS} are chosen",
        reason=reason,
    )


def _to_check(metric: Metric, found: SliceEstimate) -> Check:
    piece = found.slice
    id_, title = f"evaluate.slice.{piece.column}.{piece.group}", f"{metric.title} where {piece.column} is {piece.group}"
    place: dict[str, Value] = {"column": piece.column, "group": piece.group, "rows": len(piece.rows)}
    if found.interval is None:
        return Check(
            id=id_, title=title, outcome=Outcome.SKIPPED, severity=Severity.INFO, reason=found.reason, evidence=place
        )
    interval = found.interval
    return judge(
        id_,
        title,
        ok=True,
        severity=Severity.INFO,
        observed={"value": interval.value, "low": interval.low, "high": interval.high},
        evidence=to_evidence(
            metric.name, interval, len(piece.rows), column=piece.column, group=piece.group, better=metric.better
        ),
    )


def _calibrate(scored: Scored) -> tuple[list[Check], list[Figure]]:
    """For two classes whose chances the model gives: whether they mean what they say."""
    predicted, config = scored.predicted, scored.config
    if config.objective.problem != "binary" or predicted.probabilities is None:
        return [], []
    chance = predicted.probabilities[:, 1]
    happened = (scored.actual == predicted.labels[1]).astype("float64")
    confidence, seed = config.gate.confidence, config.data.seed
    error = measure_calibration(chance, happened, confidence=confidence, seed=seed)
    brier = measure(METRICS["brier_score_loss"], scored.actual, predicted, confidence=confidence, seed=seed)
    rows = len(chance)
    checks = [
        judge(
            id_,
            title,
            ok=True,
            severity=Severity.INFO,
            observed={"value": interval.value, "low": interval.low, "high": interval.high},
            evidence=to_evidence(name, interval, rows, better="lower"),
        )
        for id_, title, name, interval in (
            (
                "evaluate.calibration",
                "How far chances are from what came true (expected calibration error)",
                "expected_calibration_error",
                error,
            ),
            ("evaluate.calibration.brier", "Brier score of the model", "brier_score_loss", brier),
        )
    ]
    return checks, [draw_reliability(chance, happened)]


def _find_bias(scored: Scored) -> tuple[list[Check], list[Figure]]:
    """For numbers: whether the errors go one way, and how they are spread."""
    import pandas as pd

    config = scored.config
    if config.objective.problem != "regression":
        return [], []
    errors = scored.predicted.values - scored.actual
    bias = measure_bias(
        scored.actual, scored.predicted.values, confidence=config.gate.confidence, seed=config.data.seed
    )
    one_way = not bias.low <= 0 <= bias.high and abs(bias.value) > BIAS * float(errors.std())
    words = "too much" if bias.value > 0 else "too little"
    check = judge(
        "evaluate.bias",
        "The mean error (predicted minus actual) lies about 0",
        ok=not one_way,
        severity=Severity.INFO,
        observed={"value": bias.value, "low": bias.low, "high": bias.high},
        expected=f"an interval around 0, or at most {BIAS:.0%} of the errors' standard deviation",
        reason=f"On average the model says {abs(bias.value):.4g} {words}." if one_way else "",
        evidence=to_evidence("mean_error", bias, len(errors)),
    )
    figure = draw_distribution(pd.Series(errors, name="Error (predicted minus actual)"))
    if figure is None:
        return [check], []
    return [check], [Figure(id="residuals", kind=figure.kind, title=figure.title, data=figure.data, unit=figure.unit)]


def _find_importance(scored: Scored) -> tuple[list[Check], list[Figure]]:
    title = "What the model leans on: the loss when a feature's values change places"
    if scored.model is None:
        reason = f"{NO_MODEL[scored.config.model.gives]} So nobody can ask it about other rows."
        return [
            Check(
                id="evaluate.importance",
                title=title,
                outcome=Outcome.SKIPPED,
                severity=Severity.INFO,
                reason=reason,
            )
        ], []
    found = measure_importance(
        scored.model,
        scored.features,
        scored.actual,
        scored.signature,
        scored.metric,
        seed=scored.config.data.seed,
        seconds=scored.config.model.timeout,
    )
    if not found:
        return [], []
    more = len(found) - SHOWN
    check = judge(
        "evaluate.importance",
        title,
        ok=True,
        severity=Severity.INFO,
        observed=f"{found[0].feature} most",
        reason=f"The {SHOWN} features that matter most are shown; {more:,} more matter less." if more > 0 else "",
        evidence={item.feature: item.value for item in found[:SHOWN]},
    )
    return [check], [_draw_importance(found[:SHOWN], scored.metric)]


def _draw_importance(found: list[Importance], metric: Metric) -> Figure:
    return Figure(
        id="importance",
        kind="intervals",
        title=f"How much worse the {metric.title} gets when one feature's values are shuffled",
        data={
            "label": [f"feature {item.feature}" for item in found],
            "low": [item.low for item in found],
            "value": [item.value for item in found],
            "high": [item.high for item in found],
        },
    )
