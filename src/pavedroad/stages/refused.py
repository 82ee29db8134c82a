"""Runs that came to no package because a stage said no: recorded all the same, for what they tell the next one."""

from pavedroad.foundation.evaluation.metrics import find_metric
from pavedroad.foundation.package.environment import list_packages
from pavedroad.foundation.package.facts import find_measures
from pavedroad.foundation.project import Project
from pavedroad.foundation.text import join_some
from pavedroad.foundation.tracking import TrackedRun, record_refused
from pavedroad.report import Outcome, Report, read_report
from pavedroad.stages.package import find_sources, hash_code, read_scalars
from pavedroad.stages.train import load_claims, name_model

_ORDER = ("validate", "train", "evaluate")
MOST_REASONS = 3


def keep_refused(project: Project, stage: str) -> TrackedRun:
    """Record the run whose last stage was this one, and said no.

    Where training said no there is no model to speak of: the one that lies there may be an earlier run's.

    Args:
        project: the repo.
        stage: "train" or "evaluate".

    Raises:
        EvidenceError: a report is missing or malformed.
        PackageError: the model's folder is not what training left there.
    """
    config = project.config
    reports = [read_report(project.report(name)) for name in _ORDER[: _ORDER.index(stage) + 1]]
    last, runs = reports[-1], [report.run for report in reports[1:] if report.run is not None]
    trained = stage == "evaluate"
    claims = load_claims(project) if trained else None
    run = TrackedRun(
        schema="pavedroad.run/1",
        id="",
        name=config.project.name,
        started=runs[0].started,
        duration_s=round(sum(run.duration_s for run in runs), 3),
        commit=runs[-1].commit,
        dirty=runs[-1].dirty,
        package="",
        model=name_model(project).sha256 if trained else "",
        estimator="",
        metric=config.objective.metric,
        better=find_metric(config.objective.metric, config.objective.problem).better,
        parameters=read_scalars(project),
        measures=find_measures(last)[0],
        data={source.path: source.sha256 for source in find_sources(project, reports)},
        code=hash_code(project),
        environment=list_packages(set()),
        claimed={} if claims is None else claims.figures,
        refused=f"{stage}: {_tell_reasons(last)}",
    )
    return record_refused(project, run)


def _tell_reasons(report: Report) -> str:
    said = [check.reason or check.title for check in report.checks if check.outcome is Outcome.FAIL]
    return join_some(said, MOST_REASONS, " ")
