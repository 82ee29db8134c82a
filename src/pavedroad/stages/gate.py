"""The gate: the decision over the reports. Whatever is missing, stale or malformed stops it; it reads evidence only.

A stage that said no explains why the stages behind it have nothing to show; those are ``skipped``. Nothing else does.
"""

import tomllib
from importlib.metadata import version

import msgspec

from pavedroad.config import FILE_NAME, find_line
from pavedroad.errors import ConfigError, EvidenceError
from pavedroad.foundation.data import hash_file
from pavedroad.foundation.decision import LATENCY, YES, Found, close, decide, judge_records, summarise, weigh
from pavedroad.foundation.freshness import Freshness
from pavedroad.foundation.history import load_history
from pavedroad.foundation.metrics import find_metric
from pavedroad.foundation.project import STAGES, Project
from pavedroad.report import Check, Input, Place, Report, Run, conclude, read_report

RECORDS = ["dvc.lock", "reports/metrics.json"]
"""What a commit holds of the things that its code makes."""

_SETTINGS = {
    "gate.improvement": ("objective", "metric"),
    "gate.skill": ("objective", "metric"),
    "gate.latency": ("gate", "max_latency_ms"),
    "gate.size": ("gate", "max_size_mb"),
    "gate.records": ("gate", "behind"),
}
"""The setting that a decision is taken by, so that a reader can be led to its line."""


def gate(project: Project, fresh: Freshness | None = None) -> Report:
    """Decide whether this model may go on, from the reports of the required stages."""
    policy = project.config.gate
    fresh = fresh or Freshness(project)
    evidence = weigh(policy, [find_report(project, stage, fresh) for stage in STAGES])
    behind = find_behind(project) if "evaluate" in evidence.reports else []  # nothing was made that could be recorded
    decisions = [*decide(policy, evidence), *([judge_records(behind)] if policy.behind == "fail" else [])]
    checks = close([*evidence.checks, *(_point(project, check) for check in decisions)])
    return conclude(
        "gate",
        checks,
        summary=summarise(checks),
        inputs=[Input(f"reports/{stage}.json", hash_file(project.report(stage))) for stage in evidence.reports],
        about=_describe(project),
        run=Run(started="", duration_s=0.0, behind=behind, measured=_repeat_latency(evidence.reports.get("latency"))),
    )


def find_report(project: Project, stage: str, fresh: Freshness) -> Found:
    """Read what a stage left, and find out whether it still speaks of what is here now."""
    path = project.report(stage)
    if not path.is_file():
        return Found(stage, absent="There is no report.")
    try:
        report = read_report(path)
    except EvidenceError as error:
        return Found(stage, damaged=str(error))
    if report.outcome not in YES:
        return Found(stage, report)
    try:
        stale = fresh.find_staleness(report)
    except (ConfigError, tomllib.TOMLDecodeError, OSError) as error:
        stale = f"It cannot be compared with what is here: {error}."
    return Found(stage, absent=f"The report is stale. {stale}") if stale else Found(stage, report)


def find_behind(project: Project) -> list[str]:
    """The files that record what was made, as far as the last commit does not hold what was made now.

    CI never commits them: it makes what is stale, judges that, and says here what the author has to bring up to date.
    """
    return load_history().changed(project.root, RECORDS)


def collect_reports(project: Project) -> list[Report]:
    """The gate's report and, before it, every report it took as evidence, in the order of the road.

    Raises:
        EvidenceError: the gate has not decided yet, or a report changed since.
    """
    decision = read_report(project.report("gate"))
    reports = []
    for used in decision.inputs:
        path = project.root / used.path
        if not path.is_file() or hash_file(path) != used.sha256:
            raise EvidenceError(
                "The report has changed since the gate read it.",
                where=path,
                next_step="Let the gate read it again: pavedroad gate.",
            )
        reports.append(read_report(path))
    return [*reports, decision]


def _repeat_latency(report: Report | None) -> dict[str, float]:
    """What was measured on this machine, under the id of the decision about it."""
    measured = {} if report is None or report.run is None else report.run.measured
    return {"gate.latency": measured[LATENCY]} if LATENCY in measured else {}


def _point(project: Project, check: Check) -> Check:
    """Lead from a decision to the line of its setting, where one is written."""
    text = (project.root / FILE_NAME).read_text(encoding="utf-8")
    section, key = _SETTINGS[check.id]
    return msgspec.structs.replace(check, where=Place(FILE_NAME, find_line(text, section, key)))


def _describe(project: Project) -> dict[str, str]:
    config = project.config
    metric = find_metric(config.objective.metric, config.objective.problem)
    return {
        "project": config.project.name,
        "owner": config.project.owner,
        "statement": config.objective.statement,
        "problem": config.objective.problem,
        "target": config.objective.target,
        "metric": metric.title,
        "better": metric.better,
        "road": version("pavedroad"),
    }
