"""Whether current data still looks like the reference: a significance test and an effect size a column, as one verdict.

A p-value alone flags everything on a large table; an effect size alone flags noise on a small one. A column has
drifted when its test is significant after Holm's correction over all tests of the run *and* its effect is material.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, cast

from pavedroad.foundation.engines import load_engine
from pavedroad.foundation.profile import Kind, kind_of
from pavedroad.settings import Drift

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Comparison:
    """Two samples of one column compared.

    ``p_value`` is None for a method that knows distances only; ``effect`` is on the scale that ``effect_name`` names.
    """

    method: str
    p_value: float | None
    effect: float
    effect_name: str


@dataclass(frozen=True)
class Finding:
    """What became of one column, or of its empty cells.

    ``problem`` says why the column could not be compared at all; such a finding is a failure, not a gap.
    """

    column: str
    about: str
    comparison: Comparison | None = None
    adjusted_p: float | None = None
    drifted: bool = False
    problem: str = ""


class DriftEngine(Protocol):
    """An engine that compares two samples of one column."""

    def compare(self, reference: "pd.Series", current: "pd.Series", kind: Kind) -> Comparison:
        """Compare two samples without nulls or values that are not finite; neither is empty."""
        ...


def load_drift_engine(name: str) -> DriftEngine:
    """Find the drift engine called ``name``."""
    return cast("DriftEngine", load_engine("drift", name))


def adjust_by_holm(p_values: Sequence[float]) -> list[float]:
    """Holm's step-down adjusted p-values, in the order given.

    Rejecting those at or below a level keeps the chance of *any* false rejection at that level, whatever the dependence
    between the tests. Source: S. Holm, "A simple sequentially rejective multiple test procedure", Scandinavian Journal
    of Statistics 6 (1979), 65–70.
    """
    order = sorted(range(len(p_values)), key=lambda i: p_values[i])
    adjusted = [0.0] * len(p_values)
    running = 0.0
    for rank, i in enumerate(order):
        running = max(running, min(1.0, (len(p_values) - rank) * p_values[i]))
        adjusted[i] = running
    return adjusted


def find_drift(
    reference: "pd.DataFrame", current: "pd.DataFrame", columns: Sequence[str], settings: Drift, engine: DriftEngine
) -> list[Finding]:
    """Compare ``columns`` of two tables, and the share of empty cells wherever there are any.

    A column that vanished, changed its kind of values or has no value left is a finding of its own.
    """
    findings: list[Finding] = []
    for name in columns:
        if name not in current.columns:
            findings.append(Finding(name, "values", problem="The column is gone from the current data."))
        elif name not in reference.columns:
            findings.append(Finding(name, "values", problem="The column is not in the reference data."))
        else:
            findings += _compare_column(reference[name], current[name], engine)
    tested = [i for i, found in enumerate(findings) if found.comparison and found.comparison.p_value is not None]
    adjusted = adjust_by_holm([cast("Comparison", findings[i].comparison).p_value or 0.0 for i in tested])
    by_index = dict(zip(tested, adjusted, strict=True))
    return [_decide(found, by_index.get(i), settings) for i, found in enumerate(findings)]


def _compare_column(reference: "pd.Series", current: "pd.Series", engine: DriftEngine) -> list[Finding]:
    name = str(reference.name)
    kinds = kind_of(reference), kind_of(current)
    if reference.isna().all() and current.isna().all():
        return []  # nothing then, nothing now
    if current.isna().all():
        return [Finding(name, "values", problem="The column is empty in every current row.")]
    if reference.isna().all():
        return [Finding(name, "values", problem="The column is empty in every reference row.")]
    if kinds[0] != kinds[1]:
        return [Finding(name, "values", problem=f"The values were of kind {kinds[0]!r} and are now {kinds[1]!r}.")]
    findings = []
    if reference.isna().any() or current.isna().any():
        findings.append(
            Finding(name, "empty cells", comparison=engine.compare(reference.isna(), current.isna(), "boolean"))
        )
    sides = [_keep_comparable(column, kinds[0]) for column in (reference, current)]
    if any(side.empty for side in sides):
        return [*findings, Finding(name, "values", problem="No value of the column is a finite number.")]
    lost = sum(int(column.notna().sum()) - len(side) for column, side in zip((reference, current), sides, strict=True))
    if lost:
        findings.append(Finding(name, "finite numbers", problem=f"{lost:,} values are not finite numbers (infinity)."))
    return [*findings, Finding(name, "values", comparison=engine.compare(sides[0], sides[1], kinds[0]))]


def _keep_comparable(column: "pd.Series", kind: Kind) -> "pd.Series":
    import numpy as np
    import pandas as pd

    present = column.dropna()
    if kind == "time":
        moments = pd.to_datetime(present, utc=True).astype("datetime64[us, UTC]")
        return pd.Series(moments.astype("int64").to_numpy(dtype="float64"), name=column.name)
    if kind != "number":
        return present.astype(str)
    values = present.to_numpy(dtype="float64")
    return pd.Series(values[np.isfinite(values)], name=column.name)


def _decide(found: Finding, adjusted_p: float | None, settings: Drift) -> Finding:
    if found.comparison is None:
        return found
    material = found.comparison.effect >= settings.min_effect
    significant = adjusted_p is None or adjusted_p <= settings.false_alarm_rate
    return Finding(
        found.column, found.about, comparison=found.comparison, adjusted_p=adjusted_p, drifted=material and significant
    )
