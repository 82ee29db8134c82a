"""The decision in words: what the road says, why, and how each stage came out."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pavedroad.foundation.text import capitalise
from pavedroad.render import words
from pavedroad.report import Check, Figure, Outcome, Report, Scalar, worst

BAD = frozenset({Outcome.FAIL, Outcome.ERROR})

_HEADLINES = {
    Outcome.PASS: "The road says yes",
    Outcome.WARN: "The road says yes, with warnings",
    Outcome.FAIL: "The road says no",
    Outcome.ERROR: "There is no verdict",
    Outcome.SKIPPED: "There is no verdict",
}

_ANSWER = re.compile(r"^(?:yes|no)\b[^:.;]{0,40}: ", re.IGNORECASE)

_ORDER = {Outcome.ERROR: 0, Outcome.FAIL: 1, Outcome.WARN: 2, Outcome.SKIPPED: 3, Outcome.PASS: 4}


@dataclass(frozen=True)
class Row:
    """One stage of the road, ready to print: no markup, no control characters, one line each."""

    stage: str
    outcome: Outcome
    symbol: str
    word: str
    summary: str
    duration: str
    seconds: float | None
    """The duration in seconds, when the stage recorded its run."""


@dataclass(frozen=True)
class Verdict:
    """What the road says about the whole, with one sentence why."""

    outcome: Outcome
    headline: str
    sentence: str


@dataclass(frozen=True)
class Estimate:
    """A metric with its confidence limits, which may be missing."""

    value: float
    low: float | None
    high: float | None

    def __str__(self) -> str:
        """The value and, when known, the interval in words."""
        return words.number(self.value) + (f" ({self.interval})" if self.interval else "")

    @property
    def number(self) -> str:
        """The value in words."""
        return words.number(self.value)

    @property
    def interval(self) -> str:
        """The limits in words, or nothing when one of them is missing."""
        if self.low is None or self.high is None:
            return ""
        return f"{words.number(self.low)} to {words.number(self.high)}"


@dataclass(frozen=True)
class Comparison:
    """The key metric of the model and, when there is one, of the baseline it has to beat."""

    title: str
    unit: str
    model: Estimate
    baseline: Estimate | None
    figure: Figure
    """The picture that this was read from."""

    better: str = ""
    """``lower`` or ``higher``, when the reports say it."""

    @property
    def change(self) -> str:
        """How far the model lies from the baseline, for example ``33.1 % below the baseline``."""
        if self.baseline is None or not self.baseline.value:
            return ""
        share = (self.model.value - self.baseline.value) / abs(self.baseline.value)
        if share == 0:
            return "the same as the baseline"
        side = "below" if share < 0 else "above"
        wins = {"lower": share < 0, "higher": share > 0}.get(self.better)
        told = "" if wins is None else ", which is better" if wins else ", which is worse"
        return f"{abs(share) * 100:,.1f} % {side} the baseline{told}"


def to_rows(reports: Sequence[Report]) -> list[Row]:
    """One row a stage, in the order given."""
    return [
        Row(
            stage=words.clean(report.stage, 60),
            outcome=report.outcome,
            symbol=words.SYMBOLS[report.outcome],
            word=words.WORDS[report.outcome],
            summary=words.clean(report.summary) or _first_reason(report),
            duration=words.NOTHING if report.run is None else words.duration(report.run.duration_s),
            seconds=None if report.run is None else report.run.duration_s,
        )
        for report in reports
    ]


def to_verdict(reports: Sequence[Report]) -> Verdict:
    """What the gate decided. Without a gate there is no yes: what failed failed, and the rest is not judged."""
    gate = find_gate(reports)
    if gate is None:
        found = worst(report.outcome for report in reports)
        outcome = found if found in BAD else Outcome.ERROR
        sentence = "The gate did not run, so nothing was decided."
        failed = next((report for report in reports if report.outcome in BAD), None)
        if failed is not None:
            sentence = f"The road ended early: {words.clean(failed.stage, 60)} {words.WORDS[failed.outcome]}. "
            sentence += words.clean(failed.summary) or _first_reason(failed)
        elif not reports:
            sentence = "No report was found."
        return Verdict(outcome, _HEADLINES[outcome], sentence.strip())
    outcome = Outcome.ERROR if gate.outcome is Outcome.SKIPPED else gate.outcome
    summary = _ANSWER.sub("", words.clean(gate.summary))  # the headline says yes or no already
    sentence = capitalise(summary) or _first_reason(gate) or "The gate gave no reason."
    return Verdict(outcome, _HEADLINES[outcome], sentence)


def find_gate(reports: Sequence[Report]) -> Report | None:
    """The gate's report, when the road came that far."""
    return next((report for report in reversed(reports) if report.stage == "gate"), None)


def find_comparison(reports: Sequence[Report]) -> Comparison | None:
    """The key metric against the baseline: the first picture of intervals that has a row called ``model``."""
    gate = find_gate(reports)
    better = "" if gate is None else gate.about.get("better", "")
    for figure in (figure for report in reports for figure in report.figures if figure.kind == "intervals"):
        rows = {str(label): index for index, label in enumerate(figure.data.get("label", []))}
        if "model" not in rows:
            continue
        model = _estimate(figure.data, rows["model"])
        baseline = _estimate(figure.data, rows["baseline"]) if "baseline" in rows else None
        if model is not None:
            title = capitalise(words.clean(figure.title, 120))
            return Comparison(title, words.clean(figure.unit, 40), model, baseline, figure, better)
    return None


def sort_checks(checks: Sequence[Check]) -> list[Check]:
    """The checks with the worst first; among equals the order stays."""
    return sorted(checks, key=lambda check: _ORDER[check.outcome])


def find_attention(reports: Sequence[Report]) -> Iterator[tuple[Report, Check]]:
    """Every check that did not pass, with its report: errors and failures, then warnings, then what was skipped."""
    pairs = [(report, check) for report in reports for check in report.checks if check.outcome is not Outcome.PASS]
    return iter(sorted(pairs, key=lambda pair: _ORDER[pair[1].outcome]))


def _first_reason(report: Report) -> str:
    worst_first = sort_checks(report.checks)
    if not worst_first or worst_first[0].outcome is Outcome.PASS:
        return f"{words.plural(len(report.checks), 'check')} passed." if report.checks else ""
    return words.clean(worst_first[0].reason or worst_first[0].title)


def _estimate(data: dict[str, list[Scalar]], index: int) -> Estimate | None:
    value, low, high = (_number(data.get(name, []), index) for name in ("value", "low", "high"))
    return None if value is None else Estimate(value, low, high)


def _number(column: list[Scalar], index: int) -> float | None:
    cell = column[index] if index < len(column) else None
    return None if isinstance(cell, bool) or not isinstance(cell, int | float) else float(cell)
