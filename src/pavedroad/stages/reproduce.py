"""Reproduce: make a package again from the commit it comes from, and say what differs and why.

Nothing of the repo's own folders is touched: the commit is laid into a temporary folder, its stages run there, without
the pipeline's cache, so that everything is really made anew.
"""

import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from pavedroad.errors import EvidenceError, PavedroadError
from pavedroad.foundation.data.tables import hash_file, hash_parts, hash_path, name_code
from pavedroad.foundation.forge.history import load_history
from pavedroad.foundation.package.envelope import ENVIRONMENT, Package, open_package
from pavedroad.foundation.package.environment import compare_locks, find_versions, write_lock
from pavedroad.foundation.package.facts import Facts, Measure
from pavedroad.foundation.package.lineage import Lineage, trace
from pavedroad.foundation.pipeline import load_pipeline
from pavedroad.foundation.project import Project, find_project
from pavedroad.foundation.text import join_some
from pavedroad.foundation.usercode.command import Command
from pavedroad.report import Check, Outcome, Report, Severity, Value, conclude, judge

LOCK = "dvc.lock"
MOST_COMMITS = 500
"""Commits of the lock that are looked at, newest first."""
ROAD = ("validate", "train", "evaluate", "package")
_NAMED = 8

Watch = Callable[[str], None]


def reproduce(project: Project, folder: Path, revision: str, watch: Watch) -> Report:
    """Make a package again and compare every file of it.

    Args:
        project: the repo that the package comes from.
        folder: where the package lies.
        revision: the commit to make it from; empty: the newest one whose lock leads to it.
        watch: is told, in a word, what is being done.

    Raises:
        PackageError: the package is not what was packed.
        EvidenceError: no commit leads to it, or its data is not here.
    """
    package = open_package(folder)
    facts = package.facts
    watch("looking for the commit")
    revision = revision or find_revision(project, package.lineage)
    with tempfile.TemporaryDirectory(prefix="pavedroad-") as scratch:
        root = load_history().copy(project.root, revision, Path(scratch) / "repo")
        again = find_project(root)
        missing = _bring_data(project, again, facts)
        checks = [_judge_data(again, facts, missing), _judge_code(again, facts), _judge_environment(package, facts)]
        if missing:
            return conclude("reproduce", checks, summary=f"The data is not here: {join_some(missing, _NAMED)}.")
        for stage in ROAD:
            watch(stage)
            _run(again.root, stage)
        made = open_package(again.package)
        same = made.facts.model == facts.model
        why = "" if same else _explain(again, made, checks, watch)
        checks += [_judge_model(facts, made.facts, why), _judge_metrics(facts, made.facts), _judge_files(package, made)]
    differing = [check.title.lower() for check in checks if check.outcome is not Outcome.PASS]
    told = "byte for byte the same" if not differing else f"not the same; these do not hold: {'; '.join(differing)}"
    return conclude("reproduce", checks, summary=f"The package made again from {revision[:12]} is {told}.")


def find_revision(project: Project, lineage: Lineage) -> str:
    """The newest commit whose lock leads to this lineage.

    Raises:
        EvidenceError: there is none.
    """
    history, pipeline = load_history(), load_pipeline()
    with tempfile.TemporaryDirectory(prefix="pavedroad-") as scratch:
        for revision in history.revisions(project.root, LOCK, MOST_COMMITS):
            content = history.read(project.root, revision, LOCK)
            if content is None:
                continue
            (Path(scratch) / LOCK).write_bytes(content)
            try:
                found = trace(pipeline.read_lock(Path(scratch)), project.model.name)
            except PavedroadError:
                continue  # a lock that leads nowhere is not the one
            if found == lineage:
                return revision
    raise EvidenceError(
        f"No commit of this repo has a {LOCK} that leads to this package.",
        where=project.root / LOCK,
        next_step=f"Commit {LOCK} after pavedroad check, fetch the whole history, or name the commit with --commit.",
    )


def _bring_data(project: Project, again: Project, facts: Facts) -> list[str]:
    """Bring the tables that git does not hold from the repo's own folders, when they are the right ones.

    Returns:
        The tables that are nowhere to be found with the content that the package names.
    """
    missing = []
    for source in facts.sources:
        here, there = project.root / source.path, again.root / source.path
        if hash_path(there) == source.sha256:
            continue
        if not there.exists() and hash_path(here) == source.sha256:
            there.parent.mkdir(parents=True, exist_ok=True)
            if here.is_dir():
                shutil.copytree(here, there)
            else:
                shutil.copyfile(here, there)
        elif not there.exists():
            missing.append(source.path)
    return missing


def _run(root: Path, stage: str) -> None:
    """Run one stage in a process of its own, as anybody would."""
    code, lines = Command([sys.executable, "-m", "pavedroad", stage], root).finish()
    if code != 0:
        said = " ".join(" ".join(lines).split())[-500:]
        raise EvidenceError(f"The stage {stage!r} did not pass when the package was made again: {said}")


def _explain(again: Project, made: Package, checks: list[Check], watch: Watch) -> str:
    """Why another model came of it: what it was made of differs, or training itself gives another one each time."""
    differing = [check.title.lower() for check in checks if check.outcome is not Outcome.PASS]
    watch("train once more")
    _run(again.root, "train")
    model = made.find_kept()
    if hash_file(again.model / model.name) != made.facts.model:
        return (
            "Training gives another model each time, on this machine, with the same data, code and packages. Look for "
            "draws without a seed, threads that add in another order, or the time of day."
        )
    if differing:
        return f"Training gives the same model each time here, but this does not hold: {'; '.join(differing)}."
    return (
        "Training gives the same model each time here, so the machines differ: their processor, threads or libraries."
    )


def _judge_data(again: Project, facts: Facts, missing: list[str]) -> Check:
    changed = [source.path for source in facts.sources if hash_path(again.root / source.path) != source.sha256]
    said = f"{'Missing' if missing else 'Changed'}: {join_some(missing or changed, _NAMED)}."
    return judge(
        "reproduce.data",
        "The data is the one it was made of",
        ok=not changed,
        observed="all tables are here" if not changed else f"{len(changed)} of {len(facts.sources)} differ",
        reason="" if not changed else f"{said} Fetch it with: pavedroad data pull.",
    )


def _judge_code(again: Project, facts: Facts) -> Check:
    found = hash_parts({entry.path: entry.sha256 for entry in name_code(again)})
    return judge(
        "reproduce.code",
        "The code is the one it was made by",
        ok=found == facts.code,
        observed=found,
        expected=facts.code,
        reason="" if found == facts.code else "The commit's functions are not those that the package names.",
    )


def _judge_environment(package: Package, facts: Facts) -> Check:
    then = (package.folder / ENVIRONMENT).read_text(encoding="utf-8")
    differing = compare_locks(then, write_lock(find_versions(facts.environment)))
    return judge(
        "reproduce.environment",
        "The packages are those it was made with",
        ok=not differing,
        severity=Severity.WARNING,
        observed="the same versions" if not differing else f"{len(differing)} differ",
        reason="" if not differing else join_some(differing, _NAMED, "; ") + ".",
    )


def _judge_model(then: Facts, now: Facts, why: str) -> Check:
    return judge(
        "reproduce.model",
        "The model is the same, byte for byte",
        ok=then.model == now.model,
        observed=now.model,
        expected=then.model,
        reason=why,
    )


def _judge_metrics(then: Facts, now: Facts) -> Check:
    before = {measure.id: measure for measure in (*then.measures, *then.slices)}
    after = {measure.id: measure for measure in (*now.measures, *now.slices)}
    differing = [id_ for id_ in before.keys() | after.keys() if _read(before.get(id_)) != _read(after.get(id_))]
    evidence: dict[str, Value] = {
        id_: f"{before[id_].value:.10g} then, {after[id_].value:.10g} now"
        for id_ in sorted(differing)[:_NAMED]
        if id_ in before and id_ in after
    }
    return judge(
        "reproduce.metrics",
        "The metrics are the same, with their limits",
        ok=not differing,
        observed=f"{len(before) - len(set(differing) & before.keys())} of {len(before)} are",
        reason="" if not differing else f"Different: {join_some(sorted(differing), _NAMED)}.",
        evidence=evidence,
    )


def _read(measure: Measure | None) -> tuple[float, float, float] | None:
    """The numbers of a measure: what it is called may change with the road's version."""
    return None if measure is None else (measure.value, measure.low, measure.high)


def _judge_files(then: Package, now: Package) -> Check:
    names = then.manifest.files.keys() | now.manifest.files.keys()
    differing = sorted(name for name in names if then.manifest.files.get(name) != now.manifest.files.get(name))
    return judge(
        "reproduce.package",
        "Every file of the package is the same",
        ok=then.digest == now.digest,
        severity=Severity.WARNING,
        observed=now.digest,
        expected=then.digest,
        reason="" if then.digest == now.digest else f"Different: {', '.join(differing) or 'the manifest alone'}.",
    )
