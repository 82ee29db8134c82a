"""What a pull request runs: the pipeline, skipping what did not change, then the latency here, then the gate."""

from collections.abc import Callable
from contextlib import suppress
from functools import partial

from pavedroad.errors import ConfigError, EvidenceError
from pavedroad.foundation.evaluation.baseline import choose_baseline
from pavedroad.foundation.evaluation.metrics import find_metric
from pavedroad.foundation.gate.decision import YES
from pavedroad.foundation.gate.freshness import Freshness
from pavedroad.foundation.gate.standards import wants_comparison
from pavedroad.foundation.pipeline import Event, Running, load_pipeline
from pavedroad.foundation.project import Project
from pavedroad.foundation.validation.judging import lint_suite, load_project_suite
from pavedroad.foundation.validation.suite import load_suite
from pavedroad.report import Outcome, Report, read_report
from pavedroad.stages.contract import contract
from pavedroad.stages.gate import COMPARE, collect_reports, gate, read_base
from pavedroad.stages.runner import run_stage
from pavedroad.stages.timing import STAGE, Timing
from pavedroad.stages.verdict import record_verdict


def check(
    project: Project,
    running: Running,
    watch: Callable[[Event], None],
    base: str = "",
    timing: Timing | None = None,
) -> list[Report]:
    """Follow the pipeline to its end, measure what the machine decides, and let the gate judge.

    Args:
        project: the repo.
        running: its pipeline, started by ``stages.start``.
        watch: is told what happens, for people.
        base: the revision that this change is made for: its policy counts, its model is the champion, and the contract
            about the data is compared with its; empty: none.
        timing: a process that gets ready to time the model; one is started unless given.

    Returns:
        The reports that the gate used, in the order of the road, the gate's own last; before it, with a base, what
        changed in the contract about the data.

    Raises:
        ConfigError: the objective or the suite is not valid; no stage has run.
        PipelineError: the pipeline could not run.
    """
    timing = timing or Timing(project)
    try:
        _look_ahead(project, running)
        running.follow(watch)
        _refuse_suite(project)
        _draw_drift(project, watch)
        fresh = Freshness(project)
        if STAGE in project.config.gate.required and _must_measure(project, fresh, watch):
            timing.measure(watch)
            fresh = Freshness(project)
    finally:
        timing.close()
    fresh = _compare(project, fresh, base, watch)
    decision = run_stage(project, "gate", partial(gate, fresh=fresh, base=base))
    record_verdict(project, decision, base)
    reports = collect_reports(project)
    project.report("contract").unlink(missing_ok=True)  # an older one would be taken for this run's
    if base:
        changed = run_stage(project, "contract", partial(contract, base=base, recorded=True))
        reports = [*reports[:-1], changed, reports[-1]]
    return reports


def _draw_drift(project: Project, watch: Callable[[Event], None]) -> None:
    """Draw the page that the settings ask for where the stage did not, because its report came from the cache."""
    if project.config.drift.page:
        from pavedroad.stages.drift_page import draw_page

        watch(Event("drift page", "running"))
        draw_page(project)


def _refuse_suite(project: Project) -> None:
    """Say that the suite is wrong where this is why validation could not judge; only then is it looked at again.

    Raises:
        ConfigError: an expectation is unknown, or its arguments do not fit.
    """
    try:
        report = read_report(project.report("validate"))
    except EvidenceError:
        return
    if report.outcome is Outcome.ERROR:
        lint_suite(project.config.validation.engine, load_project_suite(project))


def _compare(project: Project, fresh: Freshness, base: str, watch: Callable[[Event], None]) -> Freshness:
    """Hold the new package against the one that the base records, where there is a package and somebody asks."""
    project.report(COMPARE).unlink(missing_ok=True)  # an older one is about another base
    policy = ((read_base(project, base) if base else None) or project.config).gate
    if not wants_comparison(policy, base):
        return fresh
    try:
        packed = read_report(project.report("package"))
        if packed.outcome not in YES or fresh.find_staleness(packed):
            return fresh
    except EvidenceError:
        return fresh
    from pavedroad.stages.compare import compare

    watch(Event(COMPARE, "running"))
    made = run_stage(project, COMPARE, partial(compare, base=base, policy=policy))
    if made.outcome not in YES:
        watch(Event(COMPARE, "failed"))
    return Freshness(project)


def _look_ahead(project: Project, running: Running) -> None:
    """While the pipeline gets going, refuse what would stop it later, and read what is asked for afterwards."""
    try:
        find_metric(project.config.objective.metric, project.config.objective.problem)
        choose_baseline(project.config.objective)
        load_suite(project.root / project.config.validation.suite)
    except ConfigError:
        running.stop()
        raise
    with suppress(ConfigError):  # the pipeline says it of its own lock
        load_pipeline().read_lock(project.root)  # most often the same when it has ended, and then not parsed again


def _must_measure(project: Project, fresh: Freshness, watch: Callable[[Event], None]) -> bool:
    """Whether there is a model that has not been timed on this machine yet."""
    if project.config.model.gives == "metrics":
        return False  # and the gate says no to what was not measured, before it asks for this
    try:
        trained = read_report(project.report("train"))
        if trained.outcome not in {Outcome.PASS, Outcome.WARN} or fresh.find_staleness(trained):
            return False
    except EvidenceError:
        return False
    try:
        known = read_report(project.report(STAGE))
    except EvidenceError:
        return True
    if known.outcome is not Outcome.PASS or fresh.find_staleness(known):
        return True
    watch(Event(STAGE, "unchanged"))
    return False
