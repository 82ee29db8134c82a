"""The gate: the decision over the reports. Whatever is missing, stale or malformed stops it; it reads evidence only.

A stage that said no explains why the stages behind it have nothing to show; those are ``skipped``. Nothing else does.
"""

import math
import tomllib
from importlib.metadata import version

import msgspec

from pavedroad.config import FILE_NAME, find_line
from pavedroad.errors import ConfigError, EvidenceError
from pavedroad.foundation.data import hash_file
from pavedroad.foundation.freshness import Freshness
from pavedroad.foundation.history import load_history
from pavedroad.foundation.metrics import find_metric
from pavedroad.foundation.project import STAGES, Project
from pavedroad.report import Check, Input, Outcome, Place, Report, Run, Value, conclude, judge, read_report
from pavedroad.settings import Gate

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

LATENCY = "latency.p95"
"""The measurement that the latency budget is about."""

_WORDS = {
    Outcome.WARN: "warned",
    Outcome.FAIL: "said no",
    Outcome.ERROR: "could not judge",
    Outcome.SKIPPED: "was skipped, and a required stage may not be",
}


def gate(project: Project, fresh: Freshness | None = None) -> Report:
    """Decide whether this model may go on, from the reports of the required stages."""
    config = project.config
    fresh = fresh or Freshness(project)
    checks: list[Check] = []
    evidence: dict[str, Report] = {}
    stopped = ""
    for stage in STAGES:
        if stage not in config.gate.required:
            checks.append(_waive(stage))
            continue
        check, report = _judge_stage(project, stage, fresh, stopped)
        checks.append(check)
        if report is not None:
            evidence[stage] = report
        if check.outcome in {Outcome.FAIL, Outcome.ERROR}:
            stopped = stopped or stage
    behind = find_behind(project) if "evaluate" in evidence else []  # nothing was made that could be recorded
    decisions = [
        _judge_improvement(config.gate, evidence.get("evaluate"), stopped),
        _judge_skill(config.gate, evidence.get("evaluate"), stopped),
        _judge_latency(config.gate, evidence.get("latency"), stopped),
        _judge_size(config.gate, evidence.get("train"), stopped),
        *([_judge_records(behind)] if config.gate.behind == "fail" else []),
    ]
    checks += [_point(project, check) for check in decisions]
    return conclude(
        "gate",
        checks,
        summary=_summarise(checks),
        inputs=[Input(f"reports/{stage}.json", hash_file(project.report(stage))) for stage in evidence],
        about=_describe(project),
        run=Run(started="", duration_s=0.0, behind=behind, measured=_repeat_latency(evidence.get("latency"))),
    )


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


def _judge_stage(project: Project, stage: str, fresh: Freshness, stopped: str) -> tuple[Check, Report | None]:
    """One check a required stage; the report only when it is evidence for what is here now."""
    title = f"The stage {stage!r} passed"
    id_ = f"gate.stage.{stage}"
    advice = "Run: pavedroad check."

    def absent(reason: str) -> tuple[Check, None]:
        if stopped:
            reason = f"Not reached, because {stopped!r} did not pass."
            return Check(id=id_, title=title, outcome=Outcome.SKIPPED, reason=reason), None
        return Check(id=id_, title=title, outcome=Outcome.ERROR, reason=f"{reason} {advice}"), None

    path = project.report(stage)
    if not path.is_file():
        return absent("There is no report.")
    try:
        report = read_report(path)
    except EvidenceError as error:
        return Check(id=id_, title=title, outcome=Outcome.ERROR, reason=str(error)), None
    if report.outcome in {Outcome.PASS, Outcome.WARN}:
        try:
            stale = fresh.find_staleness(report)
        except (ConfigError, tomllib.TOMLDecodeError, OSError) as error:
            stale = f"It cannot be compared with what is here: {error}."
        if stale:
            return absent(f"The report is stale. {stale}")
    outcome = Outcome.ERROR if report.outcome is Outcome.SKIPPED else report.outcome
    reasons = [check.reason for check in report.checks if check.outcome is report.outcome and check.reason]
    said = _WORDS.get(report.outcome, "")
    reason = f"{stage} {said}: {reasons[0]}" if said and reasons else f"{stage} {said}." if said else ""
    return Check(
        id=id_, title=title, outcome=outcome, observed=report.outcome.value, expected="pass", reason=reason
    ), report


def _waive(stage: str) -> Check:
    """A stage that the policy leaves out: allowed, but never in silence."""
    return Check(
        id=f"gate.stage.{stage}",
        title=f"The stage {stage!r} passed",
        outcome=Outcome.WARN,
        reason=f"Not judged: gate.required in {FILE_NAME} leaves {stage!r} out.",
    )


def _judge_improvement(policy: Gate, report: Report | None, stopped: str) -> Check:
    title = "The model beats the baseline"
    return _judge_difference("gate.improvement", title, "metric.improvement", policy.margin, policy, report, stopped)


def _judge_skill(policy: Gate, report: Report | None, stopped: str) -> Check:
    title = "The model beats the best constant, so it has learned something"
    return _judge_difference("gate.skill", title, "metric.skill", 0.0, policy, report, stopped)


def _judge_difference(
    id_: str, title: str, evidence_id: str, margin: float, policy: Gate, report: Report | None, stopped: str
) -> Check:
    """The whole interval of a difference must lie above the margin."""
    if report is None:
        return _lack(id_, title, "evaluate", policy, stopped)
    check = _find(report, evidence_id)
    numbers = {} if check is None or not isinstance(check.observed, dict) else check.observed
    low, value, high = (_number(numbers.get(key)) for key in ("low", "value", "high"))
    confidence = None if check is None else _number(check.evidence.get("confidence"))
    if low is None or value is None or high is None or not low <= value <= high:
        reason = f"The evaluation holds no finite {evidence_id} with its limits."
        advice = "If another version of the road made it, make it again: dvc repro --force evaluate."
        return _malformed(id_, title, f"{reason} {advice}")
    if confidence != policy.confidence:
        return _malformed(
            id_, title, f"The evaluation is at {confidence} confidence, the policy at {policy.confidence}."
        )
    ok = low > margin
    words = "better" if value >= 0 else "worse"
    said = f"{words} by {abs(value):.4g}, {policy.confidence:.0%} interval {low:.4g} to {high:.4g}"
    rival = "the best constant" if evidence_id == "metric.skill" else "the baseline"
    return judge(
        id_,
        title,
        ok=ok,
        observed=said,
        expected=f"the whole interval above {margin:g}",
        reason="" if ok else f"Against {rival} the model is {said}; all of it would have to lie above {margin:g}.",
    )


def _judge_latency(policy: Gate, report: Report | None, stopped: str) -> Check:
    id_, title = "gate.latency", "One prediction stays within the latency budget"
    if report is None:
        return _lack(id_, title, "latency", policy, stopped)
    p95 = None if report.run is None else _number(report.run.measured.get(LATENCY))
    if p95 is None or p95 < 0:
        return _malformed(id_, title, "The latency report holds no measurement.")
    ok = p95 <= policy.max_latency_ms
    return Check(
        id=id_,
        title=title,
        outcome=Outcome.PASS if ok else Outcome.FAIL,
        expected=f"at most {policy.max_latency_ms:g} ms",
        reason="" if ok else f"One prediction takes longer than the budget of {policy.max_latency_ms:g} ms.",
    )


def _repeat_latency(report: Report | None) -> dict[str, float]:
    """What was measured on this machine, under the id of the decision about it."""
    measured = {} if report is None or report.run is None else report.run.measured
    return {"gate.latency": measured[LATENCY]} if LATENCY in measured else {}


def _judge_size(policy: Gate, report: Report | None, stopped: str) -> Check:
    id_, title = "gate.size", "The model stays within the size budget"
    if report is None:
        return _lack(id_, title, "train", policy, stopped)
    check = _find(report, "model.size")
    size = None if check is None else _number(check.evidence.get("bytes"))
    if size is None or size <= 0:
        return _malformed(id_, title, "The training report holds no model size.")
    ok = size / 1e6 <= policy.max_size_mb
    return judge(
        id_,
        title,
        ok=ok,
        observed=f"{size / 1e6:.3g} MB",
        expected=f"at most {policy.max_size_mb:g} MB",
        reason="" if ok else f"The model has {size / 1e6:.3g} MB, over the budget of {policy.max_size_mb:g} MB.",
    )


def _judge_records(behind: list[str]) -> Check:
    return judge(
        "gate.records",
        "The commit holds the record of what its code makes",
        ok=not behind,
        observed=list(behind),
        expected="nothing behind",
        reason="" if not behind else f"Behind: {', '.join(behind)}. Run `pavedroad check` and commit them.",
    )


def _point(project: Project, check: Check) -> Check:
    """Lead from a decision to the line of its setting, where one is written."""
    text = (project.root / FILE_NAME).read_text(encoding="utf-8")
    section, key = _SETTINGS[check.id]
    return msgspec.structs.replace(check, where=Place(FILE_NAME, find_line(text, section, key)))


def _lack(id_: str, title: str, stage: str, policy: Gate, stopped: str) -> Check:
    """A decision without its evidence: skipped behind a no, a warning when the policy waives it, else an error."""
    if stage not in policy.required:
        reason = f"Not judged: gate.required in {FILE_NAME} leaves {stage!r} out."
        return Check(id=id_, title=title, outcome=Outcome.WARN, reason=reason)
    if stopped:
        reason = f"Not judged, because {stopped!r} did not pass."
        return Check(id=id_, title=title, outcome=Outcome.SKIPPED, reason=reason)
    return _malformed(id_, title, f"There is no evidence from {stage!r}.")


def _malformed(id_: str, title: str, reason: str) -> Check:
    return Check(id=id_, title=title, outcome=Outcome.ERROR, reason=reason)


def _find(report: Report, id_: str) -> Check | None:
    found = [check for check in report.checks if check.id == id_]
    return found[0] if len(found) == 1 else None


def _number(value: Value) -> float | None:
    """A finite number, or None for anything else; True and "1" are no numbers."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value)


def _summarise(checks: list[Check]) -> str:
    for outcome, words in (
        (Outcome.ERROR, "Cannot judge"),
        (Outcome.FAIL, "No"),
        (Outcome.WARN, "Yes, with a warning"),
    ):
        found = [check for check in checks if check.outcome is outcome]
        if found:
            return f"{words}: {found[0].reason or found[0].title}"
    improvement = _find_observed(checks, "gate.improvement")
    return "Yes: every required stage passed" + (f", and the model is {improvement}." if improvement else ".")


def _find_observed(checks: list[Check], id_: str) -> Value:
    return next((check.observed for check in checks if check.id == id_), None)


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
