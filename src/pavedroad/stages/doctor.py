"""Doctor: what keeps this repo from the road, each finding with the command that mends it."""

import importlib.util
import shutil
import tomllib
from collections.abc import Callable, Iterator

from pavedroad.config import FILE_NAME
from pavedroad.errors import PavedroadError
from pavedroad.foundation.evaluation.baseline import choose_baseline
from pavedroad.foundation.evaluation.metrics import find_metric
from pavedroad.foundation.forge.history import load_history
from pavedroad.foundation.pipeline import load_pipeline
from pavedroad.foundation.project import Project
from pavedroad.foundation.validation.suite import load_suite
from pavedroad.foundation.yamlfile import read_yaml
from pavedroad.report import Check, Outcome, Place, Report, Severity, conclude, judge
from pavedroad.stages.data import judge_remotes


def doctor(project: Project) -> Report:
    """Look at everything the road needs, without running any of it."""
    config = project.config
    checks = [
        judge("doctor.config", f"{FILE_NAME} is valid", ok=True),
        _try("doctor.objective", "The metric and the baseline fit the problem", lambda: _fit(project)),
        judge(
            "doctor.git",
            "The repo is under git",
            ok=load_history().is_repository(project.root),
            reason="Run: git init && git add . && git commit -m 'First commit'.",
        ),
        judge(
            "doctor.commit",
            "There is a commit to speak of",
            ok=load_history().head(project.root) is not None,
            severity=Severity.WARNING,
            reason="Run: git add . && git commit -m 'First commit'.",
        ),
        _try("doctor.pipeline", "The pipeline is set up", lambda: load_pipeline().check_ready(project.root)),
        *_find_missing_settings(project),
        *_find_trusting_remotes(project),
        judge(
            "doctor.data",
            "The training data is there",
            ok=(project.root / config.data.train).is_file(),
            observed=config.data.train,
            reason="Put the file there, or run: pavedroad data pull.",
        ),
        _try(
            "doctor.suite",
            "The suite of expectations is valid",
            lambda: load_suite(project.root / config.validation.suite),
        ),
        *_find_missing_modules(),
        judge(
            "doctor.uv",
            "uv is installed",
            ok=shutil.which("uv") is not None,
            severity=Severity.WARNING,
            reason="The sessions of noxfile.py and the workflows use it. Install it with: pip install uv.",
        ),
    ]
    kept = [check if check.outcome is not Outcome.PASS else _clear(check) for check in checks]
    bad = sum(check.outcome is not Outcome.PASS for check in kept)
    summary = f"All {len(kept)} findings are good." if not bad else f"{bad} of {len(kept)} findings need a hand."
    return conclude("doctor", kept, summary=summary)


def _fit(project: Project) -> None:
    find_metric(project.config.objective.metric, project.config.objective.problem)
    choose_baseline(project.config.objective)


def _find_missing_settings(project: Project) -> Iterator[Check]:
    """DVC stops at a setting that dvc.yaml names and the file does not hold; say which."""
    try:
        stages = read_yaml(project.root / "dvc.yaml").get("stages") or {}
        written = tomllib.loads((project.root / FILE_NAME).read_text(encoding="utf-8"))
        named = {
            str(key)
            for stage in stages.values()
            for entry in stage.get("params") or []
            if isinstance(entry, dict)
            for key in entry.get(FILE_NAME) or []
        }
    except (PavedroadError, AttributeError, TypeError):
        return
    missing = []
    for key in sorted(named):
        found: object = written
        for part in key.split("."):
            found = found.get(part) if isinstance(found, dict) else None
        if found is None:
            missing.append(key)
    yield judge(
        "doctor.settings",
        f"{FILE_NAME} holds every setting that dvc.yaml names",
        ok=not missing,
        reason=f"Write into {FILE_NAME}: {', '.join(missing)}." if missing else "",
    )


def _find_trusting_remotes(project: Project) -> Iterator[Check]:
    try:
        found = judge_remotes(project)
    except PavedroadError as error:
        yield judge("doctor.remotes", "The settings of DVC can be read", ok=False, reason=error.what)
        return
    if found is not None:
        yield found


def _find_missing_modules() -> Iterator[Check]:
    wanted = {"great_expectations": "gx", "sklearn": "sklearn", "skops": "sklearn", "scipy": "stats", "dvc": "dvc"}
    missing = sorted({extra for module, extra in wanted.items() if importlib.util.find_spec(module) is None})
    yield judge(
        "doctor.extras",
        "The road's engines are installed",
        ok=not missing,
        reason=f"Install them with: uv add 'pavedroad[{','.join(missing)}]'." if missing else "",
    )


def _try(id_: str, title: str, look: Callable[[], object]) -> Check:
    try:
        look()
    except PavedroadError as error:
        return Check(
            id=id_,
            title=title,
            outcome=Outcome.FAIL,
            reason=" ".join(part for part in (error.what, error.next_step) if part),
            where=None if error.where is None else Place(error.where, error.line),
        )
    return judge(id_, title, ok=True)


def _clear(check: Check) -> Check:
    """A finding that is good needs no advice."""
    return judge(check.id, check.title, ok=True, severity=check.severity, observed=check.observed)
