"""The gate: the decision over the reports. Whatever is missing, stale or malformed stops it; it reads evidence only.

A stage that said no explains why the stages behind it have nothing to show; those are ``skipped``. Nothing else does.
"""

import tomllib
from datetime import UTC, datetime
from importlib.metadata import version

import msgspec

from pavedroad.config import FILE_NAME, find_line, parse_config
from pavedroad.errors import ConfigError, EvidenceError, UsageError
from pavedroad.foundation.data.tables import hash_file
from pavedroad.foundation.evaluation.metrics import find_metric
from pavedroad.foundation.forge.history import load_history
from pavedroad.foundation.gate.acknowledged import judge_acknowledgements
from pavedroad.foundation.gate.champion import load_checkouts
from pavedroad.foundation.gate.decision import LATENCY, YES, Found, close, decide, judge_records, summarise, weigh
from pavedroad.foundation.gate.freshness import Freshness
from pavedroad.foundation.gate.policy import apply_waivers, compare_policies, judge_changes, judge_floor, read_floor
from pavedroad.foundation.gate.scene import Scene
from pavedroad.foundation.gate.standards import decide_more, wants_comparison
from pavedroad.foundation.project import STAGES, Project
from pavedroad.report import Check, Input, Place, Report, Run, conclude, read_report
from pavedroad.settings import Config, Gate
from pavedroad.stages.data import judge_remotes

RECORDS = ["dvc.lock", "reports/metrics.json", "reports/schema.json", "reports/drift-sizes.json"]
"""What a commit holds of the things that its code makes."""

COMPARE = "compare"
"""The stage that holds the model against the champion; it runs where a base is known."""

_SETTINGS = {
    "gate.improvement": ("objective", "metric"),
    "gate.skill": ("objective", "metric"),
    "gate.latency": ("gate", "max_latency_ms"),
    "gate.size": ("gate", "max_size_mb"),
    "gate.records": ("gate", "behind"),
}
"""The setting that a decision is taken by, so that a reader can be led to its line."""


def gate(project: Project, fresh: Freshness | None = None, base: str = "", policy: Gate | None = None) -> Report:
    """Decide whether this model may go on, from the reports of the required stages.

    Args:
        project: the repo.
        fresh: what is known already about which reports are stale.
        base: the revision that this change is made for. The policy is then that revision's, the report tells what the
            change loosens of it, and the model is held against that revision's.
        policy: judge by this one instead; for questions, never for decisions.

    Raises:
        UsageError: git does not know the base.
        ConfigError: the base's configuration is not valid.
    """
    before = read_base(project, base) if base else None
    policy = policy or (before or project.config).gate
    found = read_findings(project, fresh or Freshness(project))
    evidence = weigh(policy, found[:-1])
    # Without an evaluation nothing was made that could be recorded, and nobody looks.
    behind = find_behind(project) if "evaluate" in evidence.reports else None
    today = datetime.now(UTC).date()
    config = project.config
    scene = Scene(
        policy=policy,
        evidence=evidence,
        comparison=found[-1],
        base=load_checkouts().resolve(project.root, base) if base else "",
        metric=config.objective.metric,
        better=find_metric(config.objective.metric, config.objective.problem).better,
        value_per_unit=config.objective.value_per_unit,
        today=today,
    )
    changes = compare_policies(before, config) if before else []
    checks = take_decisions(scene, behind)
    checks += [*judge_floor(config, read_floor()), *judge_changes(changes, policy)]
    trusting = judge_remotes(project)
    checks += [] if trusting is None else [msgspec.structs.replace(trusting, id="gate.remotes")]
    checks = close(apply_waivers(checks, policy.waiver, today))
    used = [*evidence.reports, *([COMPARE] if wants_comparison(policy, base) and found[-1].report else [])]
    return conclude(
        "gate",
        [_point(project, check) for check in checks],
        summary=summarise(checks),
        inputs=[Input(f"reports/{stage}.json", hash_file(project.report(stage))) for stage in used],
        about=_describe(project),
        run=Run(
            started="", duration_s=0.0, behind=behind or [], measured=_repeat_latency(evidence.reports.get("latency"))
        ),
    )


def take_decisions(scene: Scene, behind: list[str] | None) -> list[Check]:
    """Every decision over the evidence, in the order in which people read it.

    Args:
        scene: the evidence and the policy.
        behind: the records that the commit does not hold as they are now; None: nobody could look.
    """
    policy, evidence = scene.policy, scene.evidence
    records = [judge_records(behind, policy, evidence)] if policy.behind == "fail" else []
    drift = judge_acknowledgements(evidence.reports.get("drift"), scene.today)
    return [*evidence.checks, *decide(policy, evidence), *drift, *decide_more(scene), *records]


def read_findings(project: Project, fresh: Freshness) -> list[Found]:
    """What each stage of the road left, and last what the comparison with the champion left."""
    return [find_report(project, stage, fresh) for stage in (*STAGES, COMPARE)]


def read_base(project: Project, base: str) -> Config | None:
    """The configuration that a revision holds; None where it has none, as before a repo joined the road.

    Raises:
        UsageError: git does not know the revision.
        ConfigError: that configuration is not valid.
    """
    history = load_history()
    if not history.knows(project.root, base):
        raise UsageError(
            f"git does not know the revision {base!r}.", next_step="Fetch it first, for example: git fetch origin main."
        )
    content = history.read(project.root, base, FILE_NAME)
    if content is None:
        return None
    try:
        return parse_config(content.decode("utf-8"), where=f"{base}:{FILE_NAME}")
    except UnicodeDecodeError as error:
        raise ConfigError("The base's configuration is not UTF-8.", where=f"{base}:{FILE_NAME}") from error


def find_report(project: Project, stage: str, fresh: Freshness) -> Found:
    """Read what a stage left, and find out whether it still speaks of what is here now."""
    path = project.report(stage)
    if not path.is_file():
        return Found(stage, absent=f"There is no report of {stage!r}.")
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
    return Found(stage, absent=f"The report of {stage!r} is stale. {stale}") if stale else Found(stage, report)


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
    name = check.id.removeprefix("gate.").removeprefix("policy.").removeprefix("floor.")
    section, _, key = name.partition(".")
    setting = _SETTINGS.get(check.id) or ((section, key) if name != check.id[5:] else None)
    if setting is None:
        return check
    text = (project.root / FILE_NAME).read_text(encoding="utf-8")
    section, key = setting
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
