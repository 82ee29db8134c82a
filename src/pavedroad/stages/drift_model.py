"""What the model makes of the current rows: do its predictions look like those on the holdout, and is it as good?

Both are held against what the evaluation kept, so no row of the holdout is read. The holdout is the reference whatever
``[drift] reference`` says: on rows that it was trained on a model is better, and says other things, than it ever will.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import msgspec

from pavedroad.errors import EvidenceError, JudgementError
from pavedroad.foundation.data.source import find_source
from pavedroad.foundation.data.tables import name_code, name_input, read_spread
from pavedroad.foundation.drift.detection import Finding
from pavedroad.foundation.drift.reference import ColumnSketch, Reference
from pavedroad.foundation.evaluation.decline import compare_performance, tell_performance
from pavedroad.foundation.evaluation.metrics import Metric, Predictions, find_metric, measure
from pavedroad.foundation.evaluation.predicted import (
    PREDICTED,
    PREDICTIONS,
    PROBABILITY,
    Predicted,
    count_predictions,
    read_predicted,
)
from pavedroad.foundation.package.envelope import open_package
from pavedroad.foundation.package.folder import MANIFEST
from pavedroad.foundation.package.model import NO_MODEL, Signature, name_file, predict
from pavedroad.foundation.project import Project
from pavedroad.foundation.usercode.functions import make_features
from pavedroad.report import Check, Input, Outcome
from pavedroad.stages.train import load_trained, name_model

if TYPE_CHECKING:
    import pandas as pd

MOST_ROWS = 100_000
"""The model is asked about no more current rows than this, in runs spread evenly over the table."""
PERFORMANCE = "performance"
TITLES = {
    PREDICTIONS: "The model's predictions have not drifted",
    PERFORMANCE: "The model does as well as on its holdout",
}
WINDOWS = ("same-period-last-year", "rolling:")
"""References of one season, which the holdout's predictions are not."""


@dataclass(frozen=True)
class Watched:
    """What there is to compare of a model: its predictions on both sides in counts, and what was compared already.

    ``checks`` say what could not be compared and why; ``sentences`` tell of findings, by what they are about.
    """

    before: Sequence[ColumnSketch] = ()
    now: Sequence[ColumnSketch] = ()
    findings: Sequence[Finding] = ()
    checks: Sequence[Check] = ()
    inputs: Sequence[Input] = ()
    sentences: Mapping[str, str] = field(default_factory=dict)

    @property
    def columns(self) -> list[str]:
        """The names that the predictions are compared under."""
        return [column.name for column in self.before]


@dataclass(frozen=True)
class _Kept:
    """A model with what its evaluation left."""

    model: Any
    signature: Signature
    predicted: Predicted
    inputs: list[Input]


def watch_model(project: Project, taken: Sequence[str]) -> Watched:
    """Let the model predict the current rows, and compare that, and how good it is, with its holdout.

    Args:
        project: the repo.
        taken: the names of the tables' columns, which the predictions must not bear.

    Raises:
        ConfigError: a setting of the model is wrong.
    """
    if not project.config.data.current:
        reason = "They are compared once [data] current names a table; now the holdout stands in for current rows."
        return Watched(checks=[_skip(reason)])
    if project.config.model.gives != "model":
        reason = f"{NO_MODEL[project.config.model.gives]} So nobody can ask it about current rows."
        return Watched(checks=[_skip(reason)])
    kept: _Kept | None = None
    try:
        kept = _find_model(project)
        if kept is None:
            return Watched(checks=[_skip("There is no model yet, neither in model/ nor in package/.")])
        return _watch(project, kept, taken)
    except JudgementError as error:
        reason = " ".join(part for part in (error.what, error.next_step) if part)
        title = "The model can be asked about the current rows"
        check = Check(id="drift.model", title=title, outcome=Outcome.ERROR, reason=reason)
        return Watched(checks=[check], inputs=[] if kept is None else kept.inputs)


def _find_model(project: Project) -> _Kept | None:
    """The model that training left, else that of the package; None where there is neither."""
    if (project.model / MANIFEST).is_file():
        named, path = name_model(project), project.reports / PREDICTED
        model, signature = load_trained(project)
    elif (project.package / MANIFEST).is_file():
        package = open_package(project.package)
        named = name_input(project, f"{project.package.name}/{name_file(project.config.model.format)}")
        path = project.package / PREDICTED
        model, signature = package.load_model(project.config.model.trusted), package.signature
    else:
        return None
    predicted = read_predicted(path)
    if predicted.model != named.sha256:
        raise EvidenceError(
            "What was kept of the predictions on the holdout is about another model.",
            where=path,
            next_step="Evaluate the model that is here: pavedroad evaluate.",
        )
    kept = name_input(project, path.relative_to(project.root).as_posix(), rows=predicted.predictions.rows)
    return _Kept(model, signature, predicted, [named, kept, *name_code(project)])


def _watch(project: Project, kept: _Kept, taken: Sequence[str]) -> Watched:
    data, drift = project.config.data, project.config.drift
    table, rows = read_spread(find_source(project.root / data.current), MOST_ROWS)
    if len(table) < drift.min_rows:
        reason = f"{len(table):,} current rows are too few for a test to mean anything; {drift.min_rows:,} are needed."
        return Watched(checks=[_skip(reason)], inputs=kept.inputs)
    if data.time in table.columns:
        table = table.sort_values(data.time, kind="stable")
    table = table.reset_index(drop=True)
    metric = find_metric(kept.predicted.metric, project.config.objective.problem)
    before = kept.predicted.predictions
    asks_chances = before.find(PROBABILITY) is not None or metric.needs == "probability"
    features = make_features(project, table, kept.signature.features)
    needs = "probability" if asks_chances else metric.needs
    predicted = predict(kept.model, features, kept.signature, needs, seconds=project.config.model.timeout)
    about = f"{len(table):,} of {rows:,} current rows, in runs spread evenly" if rows > len(table) else "current rows"
    name = _name_apart(PERFORMANCE, taken)
    found, checks = _compare_performance(project, kept, metric, table, predicted)
    findings = [] if found is None else [replace(found, column=name)]
    compared = None if found is None else found.comparison
    sentences = {} if compared is None else {name: tell_performance(compared, metric)}
    if drift.reference.startswith(WINDOWS):
        reason = f"The reference is {drift.reference!r}, and what is known of predictions is of another season."
        return Watched(
            findings=findings,
            checks=[_skip(reason), *checks],
            inputs=kept.inputs,
            sentences=sentences,
        )
    now = count_predictions(predicted, about, like=before)
    return Watched(
        before=_rename(before, taken),
        now=_rename(now, taken),
        findings=findings,
        checks=checks,
        inputs=kept.inputs,
        sentences=sentences,
    )


def _compare_performance(
    project: Project, kept: _Kept, metric: Metric, table: "pd.DataFrame", predicted: Predictions
) -> tuple[Finding | None, list[Check]]:
    """The finding about the key metric, or the check that says why there is none."""
    target, drift = project.config.objective.target, project.config.drift
    if target not in table.columns:
        return None, [_skip(f"The current rows do not hold {target!r} yet.", PERFORMANCE)]
    known = table[target].notna().to_numpy()
    count = int(known.sum())
    if count < drift.min_rows:
        reason = f"{target!r} is known of {count:,} of {len(table):,} current rows; {drift.min_rows:,} are needed."
        return None, [_skip(reason, PERFORMANCE)]
    actual = table[target][known]
    problem = _find_problem(actual, kept.signature)
    if problem:
        return Finding(PERFORMANCE, PERFORMANCE, problem=problem), []
    if predicted.labels:  # a column with gaps may hold 1.0 where the model says 1
        actual = actual.map({label: label for label in predicted.labels})
    chosen, confidence = predicted.choose(known.nonzero()[0]), kept.predicted.confidence
    try:
        now = measure(metric, actual.to_numpy(), chosen, confidence=confidence, seed=project.config.data.seed)
    except JudgementError as error:
        return None, [_skip(f"The {metric.title} has no value on the current rows: {error.what}", PERFORMANCE)]
    compared = compare_performance(kept.predicted, now, count, drift.block)
    return Finding(PERFORMANCE, PERFORMANCE, compared), []


def _find_problem(actual: "pd.Series", signature: Signature) -> str:
    """Why known targets cannot be held against predictions; empty when they can."""
    import numpy as np

    if signature.problem != "regression":
        strange = actual[~actual.isin(signature.labels)]
        if not len(strange):
            return ""
        return (
            f"{len(strange):,} of {len(actual):,} current rows are of a class that training never saw, for example "
            f"{strange.iloc[0]!r}; no model can be right about them."
        )
    if actual.dtype.kind not in "fiu":
        return f"The target {actual.name!r} holds {actual.dtype} values now, and the model predicts numbers."
    infinite = int((~np.isfinite(actual.to_numpy(dtype="float64"))).sum())
    return f"{infinite:,} values of the target {actual.name!r} are infinite." if infinite else ""


def _name_apart(name: str, taken: Sequence[str]) -> str:
    """The name, or another that no column of the tables is likely to have."""
    return f"model.{name}" if name in taken else name


def _rename(predictions: Reference, taken: Sequence[str]) -> list[ColumnSketch]:
    return [msgspec.structs.replace(column, name=_name_apart(column.name, taken)) for column in predictions.columns]


def _skip(reason: str, about: str = PREDICTIONS) -> Check:
    return Check(id=f"drift.{about}", title=TITLES[about], outcome=Outcome.SKIPPED, reason=reason)
