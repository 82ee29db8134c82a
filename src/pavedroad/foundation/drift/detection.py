"""Whether current data still looks like the reference: a significance test and an effect size a column, as one verdict.

A p-value alone flags everything on a large table; an effect size alone flags noise on a small one. A column has
drifted when its test is significant after Holm's correction over all tests of the run *and* its effect is material.
What chance cannot do – a column that is gone, another type, infinities where there were none – needs no test.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Protocol, cast

from pavedroad.errors import PavedroadError
from pavedroad.foundation.drift.effects import align_categories, measure_jensen_shannon
from pavedroad.foundation.drift.reference import ColumnSketch, Reference
from pavedroad.foundation.drift.significance import judge_homogeneity, judge_unseen
from pavedroad.foundation.engines import load_engine
from pavedroad.settings import Drift, DriftRule

if TYPE_CHECKING:
    import numpy as np

SHARES = "Jensen–Shannon distance"
DISTINCT = 0.5
"""Categories of which this share of the rows and more are different are names or free text."""
GONE = "The column is gone from the current data."


@dataclass(frozen=True)
class Comparison:
    """Two samples of one column compared.

    ``p_value`` is None for a method that knows distances only; ``effect`` is on the scale that ``effect_name`` names.
    ``drifted`` is a vendor's own decision by a threshold that was stated; ``more`` are further measures by name.
    """

    method: str
    p_value: float | None
    effect: float
    effect_name: str
    drifted: bool | None = None
    more: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Finding:
    """What became of one column's values, or of its empty cells, infinite values or unseen categories.

    ``problem`` says why the column could not be compared at all; such a finding is a failure, not a gap. ``skipped``
    says why nothing was compared where nothing could be.
    """

    column: str
    about: str
    comparison: Comparison | None = None
    unsure: str = ""
    """Why a comparison that finds no drift means nothing; such a finding is skipped then."""
    adjusted_p: float | None = None
    drifted: bool = False
    problem: str = ""
    skipped: str = ""


@dataclass(frozen=True)
class Policy:
    """What holds for one column: the method, how large a change matters, and what a drift comes to."""

    method: str
    min_effect: float
    fail_effect: float
    on_drift: str
    block: int = 1


class DriftEngine(Protocol):
    """An engine that compares two columns in counts."""

    def compare(self, reference: ColumnSketch, current: ColumnSketch, method: str, policy: Policy) -> Comparison:
        """Compare the values of two columns of one kind; neither is without values."""
        ...


def load_drift_engine(name: str) -> DriftEngine:
    """Find the drift engine called ``name``."""
    return cast("DriftEngine", load_engine("drift", name))


def choose_policy(settings: Drift, column: str) -> Policy:
    """The policy for a column: the first rule whose patterns match its name, over what holds for all columns."""
    rule = next((rule for rule in settings.rules if matches(rule.columns, column)), DriftRule(columns=[]))
    return Policy(
        method=rule.method or settings.method,
        min_effect=settings.min_effect if rule.min_effect is None else rule.min_effect,
        fail_effect=settings.fail_effect if rule.fail_effect is None else rule.fail_effect,
        on_drift=rule.on_drift,
        block=settings.block,
    )


def matches(patterns: Sequence[str], column: str) -> bool:
    """Whether a column's name is one of the patterns, in which ``*`` and ``?`` stand for any text and one character."""
    return any(pattern == column or fnmatchcase(column, pattern) for pattern in patterns)


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
    reference: Reference, current: Reference, columns: Sequence[str], settings: Drift, more: Sequence[Finding] = ()
) -> list[Finding]:
    """Compare ``columns`` of two tables: their values, and their empty cells, infinities and unseen categories.

    One column that a vendor cannot judge is a failed finding of its own; the others are still compared. What was
    compared elsewhere comes as ``more`` and shares the false-alarm rate of the run.
    """
    sides = [{column.name: column for column in side.columns} for side in (reference, current)]
    findings: list[Finding] = []
    for name in columns:
        before, now = sides[0].get(name), sides[1].get(name)
        if now is None:
            findings.append(Finding(name, "values", problem=GONE))
        elif before is None:
            findings.append(Finding(name, "values", problem="The column is not in the reference data."))
        else:
            findings += _compare_column(before, now, settings)
    findings += more
    tested = [i for i, found in enumerate(findings) if found.comparison and found.comparison.p_value is not None]
    adjusted = adjust_by_holm([cast("Comparison", findings[i].comparison).p_value or 0.0 for i in tested])
    by_index = dict(zip(tested, adjusted, strict=True))
    return [_decide(found, by_index.get(i), settings) for i, found in enumerate(findings)]


def _compare_column(reference: ColumnSketch, current: ColumnSketch, settings: Drift) -> list[Finding]:
    name = reference.name
    findings = []
    if (reference.nulls or current.nulls) and reference.rows and current.rows:
        compared = _compare_share(reference.nulls, reference.rows, current.nulls, current.rows, settings)
        findings.append(Finding(name, "empty cells", compared))
    filled = [side.rows - side.nulls for side in (reference, current)]
    if not all(filled):
        where = "both sides" if not any(filled) else "every current row" if filled[0] else "every reference row"
        return [*findings, Finding(name, "values", skipped=f"The column is empty in {where}.")]
    problem = _find_other_type(reference, current)
    if problem:
        return [*findings, Finding(name, "values", problem=problem)]
    if reference.infinite and current.infinite:
        compared = _compare_share(reference.infinite, filled[0], current.infinite, filled[1], settings)
        findings.append(Finding(name, "infinite values", compared))
    elif current.infinite:
        problem = f"{current.infinite:,} values are infinite, and the reference has none that is."
        findings.append(Finding(name, "infinite values", problem=problem))
    least = min(reference.size, current.size)
    if least < settings.min_rows:
        reason = (
            f"{reference.size:,} reference and {current.size:,} current values are too few for a test to mean "
            f"anything; {settings.min_rows:,} are needed on both sides."
        )
        return [*findings, Finding(name, "values", skipped=reason)]
    if compares_rows(choose_policy(settings, name).method):
        return findings
    compared_values = _compare_values(reference, current, settings)
    findings.append(replace(compared_values, unsure=_find_doubt(reference, current)))
    if not reference.numeric and not reference.buckets and not current.buckets and settings.block == 1:
        unseen = _compare_unseen(reference, current)
        findings += [unseen] if unseen else []
    return findings


def compares_rows(method: str) -> bool:
    """Whether a method compares rows and not counts; ``foundation.drift.rows`` does that."""
    return method.startswith(("evidently:text", "evidently:embedding"))


def _find_doubt(reference: ColumnSketch, current: ColumnSketch) -> str:
    """Why counts say little about a column: most of its values stand there once, whatever they are."""
    sides = (reference, current)
    if reference.kind != "category" or any(side.distinct < DISTINCT * side.size for side in sides):
        return ""
    return (
        f"It holds {current.distinct:,} different values in {current.size:,} rows: free text or names, of which counts "
        f"show nothing but a flood of one. Compare text by its words: [[drift.rules]] columns = ["
        f'"{reference.name}"], method = "evidently:text".'
    )


def _find_other_type(reference: ColumnSketch, current: ColumnSketch) -> str:
    if reference.kind != current.kind:
        return f"The values were of kind {reference.kind!r} and are now {current.kind!r}."
    if reference.zoned != current.zoned:
        words = {True: "with a time zone", False: "without a time zone"}
        return f"The times were {words[reference.zoned]} and are now {words[current.zoned]}."
    if reference.relative_to != current.relative_to:
        return (
            f"The times were measured from {reference.relative_to or 'the calendar'!r} and are now measured from "
            f"{current.relative_to or 'the calendar'!r}."
        )
    return ""


def _compare_values(reference: ColumnSketch, current: ColumnSketch, settings: Drift) -> Finding:
    policy = choose_policy(settings, reference.name)
    vendor, _, method = policy.method.rpartition(":")
    engine = load_drift_engine(vendor or settings.engine)
    try:
        compared = engine.compare(reference, current, method, policy)
    except PavedroadError as error:
        if error.exit_code == 2:  # a setting is wrong, which is nothing that a column did
            raise
        return Finding(reference.name, "values", problem=f"The column could not be judged: {error.what}")
    return Finding(reference.name, "values", compared)


def _compare_share(reference: int, of: int, current: int, out_of: int, settings: Drift) -> Comparison:
    import numpy as np

    counts = np.array([[reference, of - reference], [current, out_of - current]], dtype="int64")
    return _compare_counts(counts, judge_homogeneity(counts, settings.block), "two-sample test of shares")


def _compare_counts(counts: "np.ndarray", p_value: float, method: str) -> Comparison:
    shares = counts / counts.sum(axis=1, keepdims=True)
    more = {"reference_share": float(shares[0, 0]), "current_share": float(shares[1, 0])}
    return Comparison(method, p_value, measure_jensen_shannon(shares), SHARES, more=more)


def _compare_unseen(reference: ColumnSketch, current: ColumnSketch) -> Finding | None:
    import numpy as np

    counts, _ = align_categories(reference, current)
    unseen = int(counts[1][counts[0] == 0].sum())
    if not unseen:
        return None
    shares = np.array([[0, reference.size], [unseen, current.size - unseen]], dtype="int64")
    compared = _compare_counts(shares, judge_unseen(counts), "permutation test of unseen categories")
    return Finding(reference.name, "unseen categories", compared)


def _decide(found: Finding, adjusted_p: float | None, settings: Drift) -> Finding:
    compared = found.comparison
    if compared is None:
        return found
    if compared.drifted is not None:
        return replace(found, drifted=compared.drifted)
    material = compared.effect >= choose_policy(settings, found.column).min_effect
    significant = adjusted_p is None or adjusted_p <= settings.false_alarm_rate
    if found.unsure and not (material and significant):
        return replace(found, comparison=None, skipped=found.unsure)
    return replace(found, adjusted_p=adjusted_p, drifted=material and significant)
