"""When, where and with what the stages ran: the part that may differ between a laptop and CI."""

from collections.abc import Sequence
from dataclasses import dataclass

from pavedroad.render import words
from pavedroad.render.verdict import find_gate
from pavedroad.report import Report, Run

_MOST_VERSIONS = 60
_MOST_BEHIND = 10

CATCH_UP = "uv run pavedroad check && git add dvc.lock reports && git commit -m 'Record the model'"
"""The one command that brings the records of a repo up to date."""


@dataclass(frozen=True)
class Time:
    """When one stage ran and how long it took."""

    stage: str
    started: str
    duration: str
    commit: str


def find_facts(reports: Sequence[Report]) -> list[tuple[str, str]]:
    """What identifies the run as label and text: the road, the commit, the moment, the time all stages took."""
    gate = find_gate(reports)
    about = {} if gate is None else gate.about
    runs = [report.run for report in reports if report.run is not None]
    facts = [(label, words.clean(about[name], 120)) for name, label in _LABELS.items() if about.get(name)]
    latest = max(runs, key=lambda run: run.started, default=None)
    if latest is not None:
        facts += _describe(latest)
        facts.append(("All stages together", words.duration(sum(run.duration_s for run in runs))))
    if behind := find_behind(reports):
        facts.append(("Behind", f"the commit lacks the present {' and '.join(behind)}"))
    return facts or [("Recorded", "nothing about when and where it ran")]


def find_behind(reports: Sequence[Report]) -> list[str]:
    """The files that record what was made and that the judged commit holds in an older state.

    A retraining makes new ones on purpose, and its pull request brings them along.
    """
    if any(report.stage == "retrain" for report in reports):
        return []
    gate = find_gate(reports)
    behind = [words.clean(file, 120) for file in (gate.run.behind if gate and gate.run else [])]
    more = len(behind) - _MOST_BEHIND
    return behind[:_MOST_BEHIND] + ([f"{more:,} more"] if more > 0 else [])


def find_versions(reports: Sequence[Report]) -> list[tuple[str, str]]:
    """The software that made the reports, by name; where stages differ, every version that was used."""
    found: dict[str, set[str]] = {}
    for report in reports:
        for name, version in ({} if report.run is None else report.run.versions).items():
            found.setdefault(words.clean(name, 60), set()).add(words.clean(version, 60))
    return [(name, ", ".join(sorted(found[name]))) for name in sorted(found)][:_MOST_VERSIONS]


def to_times(reports: Sequence[Report]) -> list[Time]:
    """When each stage ran, in the order of the road."""
    return [
        Time(
            stage=words.clean(report.stage, 60),
            started=_moment(report.run.started),
            duration=words.duration(report.run.duration_s),
            commit=words.digest(report.run.commit or "") or words.NOTHING,
        )
        for report in reports
        if report.run is not None
    ]


_LABELS = {
    "problem": "Problem",
    "target": "Predicts",
    "metric": "Key metric",
    "road": "Road",
    "package": "Package",
}


def _describe(run: Run) -> list[tuple[str, str]]:
    state = {True: ", with changes that are not committed", False: "", None: ""}[run.dirty]
    commit = [] if run.commit is None else [("Commit", words.digest(run.commit) + state)]
    return [*commit, ("Judged at", f"{_moment(run.started)} UTC")]


def _moment(started: str) -> str:
    """``2026-01-02T03:04:05.678Z`` as ``2026-01-02 03:04:05``; anything else as it is."""
    return words.clean(started, 40).replace("T", " ").partition(".")[0].removesuffix("Z").removesuffix("+00:00")
