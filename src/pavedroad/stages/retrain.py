"""Retrain: refresh the data, take the road, and hold the new model against the one that the branch has.

Both models predict the same rows, the holdout of the refreshed table, and the difference gets an interval from one
paired bootstrap. The new one is proposed only when the whole interval says that it is better. Where rows have no
order in time, the old model may have been trained on some of those rows; that favours the old one.
"""

import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import msgspec

from pavedroad.errors import ConfigError, DataError, JudgementError, UsageError
from pavedroad.foundation.data.kept import load_keeper, read_pointer
from pavedroad.foundation.data.training import open_training_table
from pavedroad.foundation.evaluation.metrics import Metric, Predictions, find_metric
from pavedroad.foundation.forge.branch import load_branches
from pavedroad.foundation.forge.history import load_history
from pavedroad.foundation.gate.challenge import Challenge, challenge
from pavedroad.foundation.package.folder import build_folder
from pavedroad.foundation.package.model import require_known_classes
from pavedroad.foundation.pipeline import Event, load_pipeline
from pavedroad.foundation.project import Project
from pavedroad.foundation.text import join_some
from pavedroad.report import Check, Outcome, Report, Severity, conclude, judge
from pavedroad.stages.check import check
from pavedroad.stages.gate import RECORDS, find_behind
from pavedroad.stages.refresh import bring_tables, hash_tables, list_kept, list_proposed, refresh
from pavedroad.stages.runner import run_stage
from pavedroad.stages.start import start
from pavedroad.stages.train import load_signature, name_model, predict_rows

if TYPE_CHECKING:
    import pandas as pd

STAGE = "retrain"
Decision = Literal["propose", "keep", "nothing-new", "refuse"]
Watch = Callable[[Event], None]

FILES, REPORTS = "files", "reports"
"""What a proposal's folder holds: the files to commit, by their path in the repo, and the evidence."""

NOTHING_NEW, PUSHED = "retrain.new", "retrain.pushed"


@dataclass(frozen=True)
class Retraining:
    """What a retraining came to."""

    decision: Decision
    reports: list[Report]
    """The road's reports, with that of the retraining before the gate's; only the latter when no road was taken."""

    @property
    def report(self) -> Report:
        """The retraining's own report."""
        return next(report for report in self.reports if report.stage == STAGE)


def retrain(project: Project, watch: Watch) -> Retraining:
    """Retrain, and leave the work tree as it was unless the new model is worth proposing.

    Raises:
        UsageError: the work tree holds changes, or a table cannot be had or handed over here.
        ConfigError: the configuration is not valid.
    """
    head = load_history().head(project.root)
    if head is None or head.dirty:
        raise UsageError(
            "The repo holds changes that are not committed, so nobody could say what the new data changed.",
            next_step="Commit them, or put them aside with: git stash.",
        )
    road: list[Report] = []
    bring_tables(project)
    before = hash_tables(project)
    decision: Decision = "refuse"
    with tempfile.TemporaryDirectory() as scratch:
        kept = Path(scratch)
        for name in before:
            _copy(project.root / name, kept / "old" / name)
        try:
            report = run_stage(project, STAGE, lambda _: _judge(project, kept, before, road, watch))
            decision = _decide(report)
        finally:
            if decision != "propose":
                for name in before:
                    _copy(kept / "old" / name, project.root / name)
                pointers = [f"{name}.dvc" for name in list_kept(project)]
                load_branches().restore(project.root, [*RECORDS, *pointers])
    return Retraining(decision, [*road[:-1], report, *road[-1:]])


def lay_proposal(project: Project, retraining: Retraining, folder: Path) -> None:
    """Lay what a pull request needs into a folder: the changed files, and the reports that speak for them."""
    with build_folder(folder) as made:
        for name in [*RECORDS, *list_proposed(project)]:
            if (project.root / name).is_file():
                _copy(project.root / name, made / FILES / name)
        for report in retraining.reports:
            for source in (project.report(report.stage), project.reports / "run" / f"{report.stage}.json"):
                if source.is_file():
                    _copy(source, made / REPORTS / source.relative_to(project.reports))


def _judge(project: Project, kept: Path, before: dict[str, str], road: list[Report], watch: Watch) -> Report:
    recorded = load_pipeline().read_lock(project.root).get("train") is not None and not find_behind(project)
    refresh(project, watch)
    after = hash_tables(project)
    if after == before and recorded:
        reason = "The data is the same as before." if project.config.data.refresh else "data.refresh names nothing."
        return _nothing_new(reason)
    old = _rebuild(project, kept, after, watch) if recorded else None
    road += check(project, start(project), watch)
    gate = road[-1]
    checks = [
        judge(
            NOTHING_NEW,
            "There is something new to train on",
            ok=True,
            observed=[name for name, digest in after.items() if before.get(name) != digest],
            expected="a table, or a model that was not recorded yet",
        ),
        _echo(gate),
    ]
    if gate.outcome in {Outcome.PASS, Outcome.WARN}:
        checks.append(_compare(project, old))
        if checks[-1].id == NOTHING_NEW:
            return _nothing_new(checks[-1].reason)
        if checks[-1].outcome is Outcome.PASS and list_kept(project):
            checks.append(hand_over(project))
    return conclude(STAGE, checks, summary=_summarise(checks))


def _rebuild(project: Project, kept: Path, new: dict[str, str], watch: Watch) -> Project:
    """The model that the branch holds, from the pipeline's cache or made again from the old data, set aside."""
    for name in new:
        _copy(project.root / name, kept / "new" / name)
        if (kept / "old" / name).is_file():
            _copy(kept / "old" / name, project.root / name)
    failed = start(project).follow(watch).failed
    if {"validate", "train"} & set(failed):
        raise JudgementError(
            "The model that the branch holds cannot be made again, so there is nothing to compare with.",
            next_step="Run `pavedroad check` on the branch to see why.",
        )
    shutil.copytree(project.model, kept / project.model.name)
    for name in new:
        _copy(kept / "new" / name, project.root / name)
    return Project(root=kept, config=project.config)


def _compare(project: Project, old: Project | None) -> Check:
    id_, title = "retrain.improvement", "The new model beats the one that the branch holds"
    metric = find_metric(project.config.objective.metric, project.config.objective.problem)
    if old is None:
        return judge(id_, title, ok=True, reason="The branch records no model yet.", expected="a recorded model")
    if name_model(old).sha256 == name_model(project).sha256:
        return _nothing_new("The new data makes the very same model.").checks[0]
    found = _challenge(project, old, metric)
    gain = found.gain
    ok = gain.low > 0
    said = (
        f"{metric.title} {found.challenger:.4g}, the branch's model {found.champion:.4g} on the same "
        f"rows; better by {gain.value:.4g}, {project.config.gate.confidence:.0%} interval {gain.low:.4g} to "
        f"{gain.high:.4g}"
    )
    return judge(
        id_,
        title,
        ok=ok,
        severity=Severity.WARNING,
        observed={"value": gain.value, "low": gain.low, "high": gain.high},
        expected="the whole interval above 0",
        reason=f"{said[0].upper()}{said[1:]}.",
        evidence={"metric": metric.name, "new": found.challenger, "old": found.champion},
    )


def _challenge(project: Project, old: Project, metric: Metric) -> Challenge:
    config = project.config
    holdout = open_training_table(project).read_holdout()
    sides = [_predict(project, side, holdout, metric) for side in (project, old)]
    actual = holdout[config.objective.target].to_numpy()
    return challenge(metric, actual, *sides, confidence=config.gate.confidence, seed=config.data.seed)


def _predict(project: Project, side: Project, holdout: "pd.DataFrame", metric: Metric) -> Predictions:
    require_known_classes(holdout[project.config.objective.target], load_signature(side))
    return predict_rows(project, holdout, metric.needs, trained=side)


def hand_over(project: Project) -> Check:
    """Push what DVC keeps and have it read back: a proposal that names data which nobody can have is worth nothing."""
    check = judge(PUSHED, "The remote holds the new data", ok=True)
    pipeline = load_pipeline()
    for name in list_kept(project):
        if read_pointer(project.root / f"{name}.dvc", name).md5 != pipeline.digest(project.root / name):
            return msgspec.structs.replace(check, outcome=Outcome.ERROR, reason=f"DVC did not take up the new {name}.")
    try:
        care = load_keeper().push(project.root, "", lambda *_: None)
    except (ConfigError, DataError) as error:
        reason = f"{error.what} {error.next_step or ''} A retraining needs a remote that its run may write.".strip()
        return msgspec.structs.replace(check, outcome=Outcome.ERROR, reason=reason)
    if care.flaws:
        names = join_some([flaw.kept.path for flaw in care.flaws], 5)
        reason = f"The remote {care.remote!r} is not complete after the push: {names}. {care.said}".strip()
        return msgspec.structs.replace(check, outcome=Outcome.ERROR, reason=reason)
    return msgspec.structs.replace(check, observed=f"{care.pieces:,} pieces in {care.remote!r}, read back")


def _echo(gate: Report) -> Check:
    said_yes = gate.outcome in {Outcome.PASS, Outcome.WARN}
    check = judge(
        "retrain.gate",
        "The road says yes to the new model",
        ok=said_yes,
        observed=gate.outcome.value,
        expected="pass",
        reason="" if said_yes else gate.summary,
    )
    return check if gate.outcome is not Outcome.ERROR else msgspec.structs.replace(check, outcome=Outcome.ERROR)


def _nothing_new(reason: str) -> Report:
    check = Check(id=NOTHING_NEW, title="There is something new to train on", outcome=Outcome.SKIPPED, reason=reason)
    return conclude(STAGE, [check], summary=f"Nothing new: {reason}")


def _decide(report: Report) -> Decision:
    decisions: dict[Outcome, Decision] = {
        Outcome.PASS: "propose",
        Outcome.WARN: "keep",
        Outcome.SKIPPED: "nothing-new",
        Outcome.FAIL: "refuse",
        Outcome.ERROR: "refuse",
    }
    return decisions[report.outcome]


def _summarise(checks: list[Check]) -> str:
    last = next(check for check in reversed(checks) if check.id != PUSHED or check.outcome is not Outcome.PASS)
    words = {Outcome.PASS: "Proposed.", Outcome.WARN: "Kept the old model."}
    return f"{words.get(last.outcome, 'Nothing is proposed.')} {last.reason}"


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
