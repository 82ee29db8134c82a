"""What training gives: a model by the repo's function or script, or a script's predictions where there is no model."""

import contextlib
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from pavedroad.errors import PackageError, UserCodeError
from pavedroad.foundation.evaluation.metrics import Needs, find_metric
from pavedroad.foundation.package.answers import ANSWERS, Answers, read_answers, recall, take_answers, write_answers
from pavedroad.foundation.package.claims import CLAIMED, Claims, read_claims, take_claims, write_claims
from pavedroad.foundation.package.folder import File
from pavedroad.foundation.package.model import NO_MODEL, Signature, load_format, name_file, predict
from pavedroad.foundation.project import Project
from pavedroad.foundation.usercode.frames import lend, lend_column
from pavedroad.foundation.usercode.functions import call, load_function, make_features, point_at
from pavedroad.foundation.usercode.parameters import read_parameters
from pavedroad.foundation.usercode.script import run_script
from pavedroad.foundation.usercode.supervision import end_at_last
from pavedroad.report import Check, Outcome, Severity, judge

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    import pandas as pd

    from pavedroad.foundation.data.training import TrainingTable


class Trained(Protocol):
    """What training gave, before it is kept."""

    @property
    def features(self) -> "pd.DataFrame":
        """The features of the training rows."""
        ...

    @property
    def wanted(self) -> list[str] | None:
        """The columns that features are made of when nobody says so in code; None: a function of the repo does."""
        ...

    @property
    def name(self) -> str:
        """What it is, in a word or two."""
        ...

    @property
    def claims(self) -> Claims | None:
        """The figures that a script wrote of itself; None where it declares none."""
        ...

    def keep(self, folder: Path) -> str:
        """Write it into a folder; the name of its file."""
        ...

    def check(self, folder: Path, signature: Signature, file: File) -> list[Check]:
        """Whether what lies in the folder is what was given, and how large it is."""
        ...


def fit(project: Project, table: "TrainingTable", rows: "pd.DataFrame", labels: tuple[object, ...]) -> Trained:
    """Train by the repo's own function or script.

    Args:
        project: the repo.
        table: all rows.
        rows: those to train on.
        labels: the classes of the target; none for numbers.

    Raises:
        UserCodeError: the function or the script failed, or did not give what it must.
    """
    config, settings = project.config, project.config.model
    needs = find_metric(config.objective.metric, config.objective.problem).needs
    if settings.predictions:
        target = config.objective.target
        asked = table.read_holdout([name for name in table.names if name != target])
        with run_script(project, rows, asked) as made:
            answers = take_answers(
                made["predictions"], asked, target=target, labels=labels, keys=config.data.keys, needs=needs
            )
            claims = _take_claims(made)
        return _Given(project, answers, asked, make_features(project, rows), claims)
    if settings.gives == "metrics":
        with run_script(project, rows) as made:
            return _Claimed(take_claims(made["metrics"]), make_features(project, rows))
    trained = _train(project, rows)
    with trained.blame():
        _require_estimator(trained.model, settings.train or settings.artifact, needs)
    return trained


@dataclass(frozen=True)
class _Fitted:
    """A model, and the function that trained it when it was no script."""

    project: Project
    model: Any
    features: "pd.DataFrame"
    function: "Callable[..., Any] | None"
    claims: Claims | None

    @property
    def wanted(self) -> list[str] | None:
        return None if self.function else list(self.features.columns)

    @property
    def name(self) -> str:
        whole, steps = type(self.model).__name__, getattr(self.model, "steps", None)
        return f"{whole} ending in {type(steps[-1][-1]).__name__}" if steps else whole

    def keep(self, folder: Path) -> str:
        settings = self.project.config.model
        file = name_file(settings.format)
        load_format(settings.format).save(self.model, folder / file, settings.trusted)
        return file

    def check(self, folder: Path, signature: Signature, file: File) -> list[Check]:
        settings = self.project.config.model
        name = name_file(settings.format)
        kept = load_format(settings.format).load(folder / name, settings.trusted)
        with self.blame():
            same = _survives(kept, self.model, self.features, signature, settings.timeout)
        return [
            judge(
                "train.round-trip",
                "The kept model predicts what the trained one did",
                ok=same,
                observed=same,
                expected=True,
                reason="" if same else "The model does not survive being written and read.",
            ),
            judge(
                "model.size",
                "The model was kept",
                ok=True,
                observed=f"{file.bytes / 1e6:.3g} MB",
                evidence={"file": name, "sha256": file.sha256, "bytes": file.bytes},
            ),
        ]

    def blame(self) -> AbstractContextManager[None]:
        return point_at(self.project, self.function) if self.function else contextlib.nullcontext()


@dataclass(frozen=True)
class _Given:
    """Predictions of a script for the held-out rows."""

    project: Project
    answers: Answers
    asked: "pd.DataFrame"
    features: "pd.DataFrame"
    claims: Claims | None

    @property
    def wanted(self) -> list[str] | None:
        return list(self.features.columns)

    @property
    def name(self) -> str:
        return "predictions"

    def keep(self, folder: Path) -> str:
        write_answers(folder / ANSWERS, self.answers)
        return ANSWERS

    def check(self, folder: Path, _: Signature, file: File) -> list[Check]:
        kept = recall(read_answers(folder / ANSWERS), self.asked, self.project.config.objective.target)
        return [
            judge(
                "train.predictions",
                "The script gave one usable prediction for every row to judge on",
                ok=True,
                observed=len(kept.values),
                expected=len(self.asked),
                evidence={"file": ANSWERS, "sha256": file.sha256, "bytes": file.bytes},
            ),
            _tell_no_size("predictions"),
        ]


@dataclass(frozen=True)
class _Claimed:
    """Figures that a script wrote of itself, and nothing that could be measured."""

    claims: Claims
    features: "pd.DataFrame"

    @property
    def wanted(self) -> list[str] | None:
        return list(self.features.columns)

    @property
    def name(self) -> str:
        return "figures of the script's own"

    def keep(self, folder: Path) -> str:
        write_claims(folder / CLAIMED, self.claims)
        return CLAIMED

    def check(self, folder: Path, _: Signature, __: File) -> list[Check]:
        read_claims(folder / CLAIMED)
        return [_tell_no_size("metrics")]


def _tell_no_size(gives: str) -> Check:
    return Check(
        id="model.size",
        title="The model was kept",
        outcome=Outcome.SKIPPED,
        severity=Severity.INFO,
        reason=f"{NO_MODEL[gives]} So there is none to weigh.",
    )


def _take_claims(made: "Mapping[str, Path]") -> Claims | None:
    return take_claims(made["metrics"]) if "metrics" in made else None


def _train(project: Project, rows: "pd.DataFrame") -> _Fitted:
    """The model, with the features it was trained on."""
    settings = project.config.model
    if settings.command:
        with run_script(project, rows) as made:
            with _point_at_artifact(project):
                model = load_format(settings.format).load(made["artifact"], settings.trusted)
            claims = _take_claims(made)
        features = make_features(project, rows)
        known = [str(name) for name in getattr(model, "feature_names_in_", ())]
        features = features[known] if known and set(known) <= set(features.columns) else features
        return _Fitted(project, model, features, None, claims)
    features = make_features(project, rows)
    function = load_function(project, settings.train)
    lent = lend(features, settings.frame), lend_column(rows[project.config.objective.target], settings.frame)
    with end_at_last(settings.timeout):
        model = call(project, settings.train, function, *lent, read_parameters(project))
    return _Fitted(project, model, features, function, None)


@contextlib.contextmanager
def _point_at_artifact(project: Project) -> "Iterator[None]":
    """Let an error about the file that a script wrote name its path in the repo: the copy it lay in is gone."""
    try:
        yield
    except PackageError as error:
        error.where = project.config.model.artifact
        raise


def _require_estimator(model: object, path: str, needs: Needs) -> None:
    wanted = ["predict", *(["predict_proba"] if needs == "probability" else [])]
    if isinstance(model, type):
        raise UserCodeError(
            f"{path} returned the class {model.__name__} itself, not a fitted model of it.",
            next_step=f"End the function with `return {model.__name__}().fit(X, y)`.",
        )
    for name in wanted:
        if not callable(getattr(model, name, None)):
            raise UserCodeError(
                f"{path} returned {type(model).__name__}, which has no {name!r}.",
                next_step="End the function with `return model`, where model is a fitted scikit-learn estimator.",
            )


def _survives(
    kept: Any,  # noqa: ANN401
    model: Any,  # noqa: ANN401
    features: "pd.DataFrame",
    signature: Signature,
    seconds: float,
) -> bool:
    import numpy as np

    sample = features.head(200)
    before, after = (predict(side, sample, signature, "value", seconds=seconds).values for side in (model, kept))
    return bool(np.array_equal(before, after))
