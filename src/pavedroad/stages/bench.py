"""The bench that two models are held on: the same rows, and the groups of them that a policy asks about."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pavedroad.errors import JudgementError
from pavedroad.foundation.data.training import TrainingTable
from pavedroad.foundation.evaluation.gaps import Resampled, find_gap, resample_group
from pavedroad.foundation.evaluation.metrics import RESAMPLES, Metric, Predictions
from pavedroad.foundation.evaluation.resampling import Interval
from pavedroad.foundation.evaluation.slices import Cut, cut_column, say_few, say_undefined, take_census
from pavedroad.foundation.gate.challenge import Challenge, challenge
from pavedroad.report import Check, Severity, Value, judge
from pavedroad.settings import Gate

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

FEWEST_IN_GROUP = 20
"""A smaller group has no interval worth a decision; the report names it with its rows, and the gate counts on that."""


@dataclass(frozen=True)
class Bench:
    """The rows, and what there is to say about them."""

    metric: Metric
    table: TrainingTable
    rows: "pd.DataFrame"
    actual: "np.ndarray"
    challenger: Predictions
    policy: Gate
    looks: int
    seed: int

    def challenge(self, champion: Predictions, at: "np.ndarray | None" = None, among: int = 1) -> Challenge:
        """Meet on all rows, or on those of one group ``among`` several, which are looked at together."""
        sides = (self.challenger, champion)
        challenger, other = sides if at is None else tuple(side.choose(at) for side in sides)
        return challenge(
            self.metric,
            self.actual if at is None else self.actual[at],
            challenger,
            other,
            confidence=self.policy.confidence,
            looks=self.looks * among,
            seed=self.seed,
        )


def tell_gain(id_: str, title: str, found: Challenge, evidence: dict[str, Value]) -> Check:
    """By how much the proposal is better, as evidence."""
    observed = {"value": found.gain.value, "low": found.gain.low, "high": found.gain.high}
    return judge(id_, title, ok=True, severity=Severity.INFO, observed=dict(observed), evidence=evidence)


def tell_groups(bench: Bench, champion: Predictions, column: str) -> list[Check]:
    """By how much each group of a column is better off than with the champion, and which groups cannot say."""
    cut, left_out = _cut(bench, column)
    judged = [piece for piece in cut.slices if piece.group not in left_out]
    checks = []
    for piece in judged:
        about: dict[str, Value] = {
            "column": column, "group": piece.group, "rows": len(piece.rows), "metric": bench.metric.name,
        }  # fmt: skip
        try:
            found = bench.challenge(champion, piece.rows, among=len(judged))
        except (JudgementError, ValueError) as error:
            left_out[piece.group] = say_undefined(error)
        else:
            checks.append(tell_gain(f"compare.slice.{column}.{piece.group}", f"{column} = {piece.group}", found, about))
    return [*checks, _count(bench, f"compare.slices.{column}", cut, left_out)]


def tell_gaps(bench: Bench, column: str) -> list[Check]:
    """The key metric of the proposal in each group of a column, and the gap between the groups with its limits."""
    cut, left_out = _cut(bench, column)
    drawn: dict[str, Resampled] = {}
    checks = []
    for place, piece in enumerate(cut.slices):
        if piece.group in left_out:
            continue  # the census names it
        try:
            found = resample_group(
                bench.metric, bench.actual, bench.challenger, piece.rows, seed=bench.seed + 1 + place
            )
        except (JudgementError, ValueError) as error:
            left_out[piece.group] = say_undefined(error)
            continue
        drawn[piece.group] = found
        interval = found.estimate(bench.policy.confidence)
        checks.append(
            judge(
                f"compare.group.{column}.{piece.group}",
                f"{bench.metric.title} where {column} = {piece.group}",
                ok=True,
                severity=Severity.INFO,
                evidence={
                    "column": column,
                    "group": piece.group,
                    "rows": len(piece.rows),
                    "metric": bench.metric.name,
                    "value": interval.value,
                    "low": interval.low,
                    "high": interval.high,
                },
            )
        )
    if len(drawn) > 1:
        checks.append(_tell_gap(bench, column, find_gap(list(drawn.values()), bench.policy.confidence), len(drawn)))
    return [*checks, _count(bench, f"compare.groups.{column}", cut, left_out)]


def _tell_gap(bench: Bench, column: str, gap: Interval, groups: int) -> Check:
    return judge(
        f"compare.gap.{column}",
        f"How far the {bench.metric.title} differs between the groups of {column}",
        ok=True,
        severity=Severity.INFO,
        observed={"value": gap.value, "low": gap.low, "high": gap.high},
        evidence={
            "column": column, "metric": bench.metric.name, "groups": groups, "confidence": bench.policy.confidence,
            "resamples": RESAMPLES,
        },
    )  # fmt: skip


def _cut(bench: Bench, column: str) -> tuple[Cut, dict[str, str]]:
    """The groups of a column, and why some of them are too small to be judged."""
    cut = cut_column(bench.rows[column], bench.table) if column in bench.rows else Cut(column, [])
    few = {
        piece.group: say_few(len(piece.rows), FEWEST_IN_GROUP)
        for piece in cut.slices
        if len(piece.rows) < FEWEST_IN_GROUP
    }
    return cut, few


def _count(bench: Bench, id_: str, cut: Cut, left_out: dict[str, str]) -> Check:
    measured = [piece.group for piece in cut.slices if piece.group not in left_out]
    otherwise = "" if cut.column in bench.rows else f"The table has no column {cut.column!r}."
    return take_census(id_, cut.column, measured, left_out, cut.beyond, otherwise)
