"""The decision explained: why, what would have to change, and which check was closest to the other answer."""

from dataclasses import dataclass

from pavedroad.render import words
from pavedroad.report import Check, Outcome, Report

POINT = "  - "
"""What a line begins with that belongs to the sentence before it."""
MOST_SHARE = 10

_ANSWERS = {
    Outcome.PASS: "Yes: the model may go on.",
    Outcome.WARN: "Yes, the model may go on, but somebody should read the warnings.",
    Outcome.FAIL: "No: the model may not go on.",
    Outcome.ERROR: "There is no verdict, and without one nothing goes on.",
    Outcome.SKIPPED: "There is no verdict, and without one nothing goes on.",
}


@dataclass(frozen=True)
class Distance:
    """How far a decision by a number is from its limit."""

    check: Check
    value: float
    limit: float
    way: str
    share: float
    """The distance as a share of the limit, or of the interval's width; 0 is on the limit."""

    @property
    def failed(self) -> bool:
        """Whether the number lies on the wrong side of its limit."""
        return self.check.outcome in {Outcome.FAIL, Outcome.ERROR}

    @property
    def room(self) -> str:
        """The distance as a share, in words; from ten times the limit on the figures say nothing more."""
        share = "more than 1000%" if self.share > MOST_SHARE else f"{self.share:.0%}"
        return f"{share} {'lacking' if self.failed else 'left'}"

    @property
    def words(self) -> str:
        """The distance in a sentence."""
        unit = words.unit(self.check)

        def tell(value: float) -> str:
            return words.with_unit(words.number(value), unit)

        side = "from passing" if self.failed else "from failing"
        gap = f"{tell(abs(self.value - self.limit))} ({self.share:.0%}) {side}"
        return f"{words.clean(self.check.title)}: {tell(self.value)}, {self.way} {tell(self.limit)} wanted, {gap}."


def explain(report: Report) -> list[str]:
    """The gate's report in plain sentences, one a line."""
    lines = [_ANSWERS[report.outcome]]
    for outcome, head in (
        (Outcome.ERROR, "It could not be judged because"),
        (Outcome.FAIL, "It is refused because"),
        (Outcome.WARN, "A warning"),
    ):
        found = [check for check in report.checks if check.outcome is outcome]
        if found:
            lines.append(f"{head}:")
            lines += [f"{POINT}{words.clean(check.reason or check.title, 600)}" for check in found]
    wanted = [step for check in report.checks if (step := _tell_change(check))]
    if wanted:
        lines.append("For a yes:")
        lines += [f"{POINT}{step}" for step in dict.fromkeys(wanted)]
    if measure := name_measure(report):
        lines.append(measure)
    passed = [item for item in find_distances(report) if not item.failed]
    if passed:
        lines.append(f"Closest to failing: {passed[0].words}")
    return lines


def name_measure(report: Report) -> str:
    """What all the numbers about better and worse are in; empty when the report does not say."""
    metric, better = (report.about.get(name, "") for name in ("metric", "better"))
    if not metric:
        return ""
    return words.clean(f"Better and worse are told in {metric}, where {better} is better.")


def find_distances(report: Report) -> list[Distance]:
    """The decisions by numbers, the one closest to its limit first."""
    found = []
    for check in report.checks:
        limit, way = check.evidence.get("limit"), check.evidence.get("way")
        value = check.evidence.get("value")
        if value is None and report.run is not None:
            value = report.run.measured.get(check.id)
        if isinstance(value, int | float) and isinstance(limit, int | float):
            scale = check.evidence.get("scale")
            size = abs(scale) if isinstance(scale, int | float) and scale else abs(limit) or abs(value)
            share = abs(value - limit) / size if size else 0.0
            found.append(Distance(check, float(value), float(limit), str(way), share))
    return sorted(found, key=lambda item: item.share)


def _tell_change(check: Check) -> str:
    """What would have to be different for this check to pass."""
    if check.outcome not in {Outcome.FAIL, Outcome.ERROR}:
        return ""
    if check.id.startswith("gate.stage."):
        stage = words.clean(check.id.removeprefix("gate.stage."), 40)
        if check.outcome is Outcome.ERROR:
            return f"The stage {stage!r} must run on what is here now: pavedroad check."
        return f"What {stage!r} found has to be mended; its report names each check: pavedroad {stage}."
    if check.id.startswith(("gate.policy.", "gate.floor.")):
        return f"The setting {words.clean(check.id.split('.', 2)[2], 80)} has to go back, or its owner has to allow it."
    if check.expected is not None and check.outcome is Outcome.FAIL:
        return f"{words.clean(check.title)}: {words.words(check.expected)} is wanted."
    return f"{words.clean(check.title)}: the evidence has to be made again: pavedroad check."
