"""Train: the repo's two functions, or its script, on the training rows alone, with every seed fixed."""

import random
from functools import partial
from typing import TYPE_CHECKING, Any

from pavedroad.errors import ConfigError, PackageError
from pavedroad.foundation.data.leakage import Suspect, Twins, find_leaks
from pavedroad.foundation.data.profile import profile_table
from pavedroad.foundation.data.split import Split
from pavedroad.foundation.data.tables import name_code, name_input, name_tables
from pavedroad.foundation.data.training import open_training_table
from pavedroad.foundation.drift.reference import REFERENCE, write_reference
from pavedroad.foundation.evaluation.baseline import sort_labels
from pavedroad.foundation.evaluation.metrics import Needs, Predictions, find_metric
from pavedroad.foundation.package.answers import ANSWERS, read_answers, recall
from pavedroad.foundation.package.claims import CLAIMED, Claims, read_claims, tell_claims, write_claims
from pavedroad.foundation.package.folder import build_folder, verify_manifest, write_manifest
from pavedroad.foundation.package.model import (
    PROFILE,
    SIGNATURE,
    Signature,
    load_format,
    name_file,
    name_kept,
    predict,
    write_signature,
)
from pavedroad.foundation.project import Project
from pavedroad.foundation.usercode.columns import check_features
from pavedroad.foundation.usercode.functions import make_features
from pavedroad.foundation.usercode.parameters import read_parameters
from pavedroad.foundation.usercode.script import find_files
from pavedroad.report import Check, Input, Outcome, Report, conclude, encode, judge, write_whole
from pavedroad.settings import Data
from pavedroad.stages.dependencies import judge_dependencies
from pavedroad.stages.drift_sides import measure_training
from pavedroad.stages.fitting import fit
from pavedroad.stages.validate import RECEIPT, require_receipt

if TYPE_CHECKING:
    import pandas as pd

_OF_HOLDOUT = ("train", "evaluate", "drift")
"""Stages that read the holdout."""


def train(project: Project) -> Report:
    """Train a model and keep it, with its signature and the profile of its training rows, in ``model/``."""
    import numpy as np

    config = project.config
    objective = config.objective
    find_metric(objective.metric, objective.problem)  # refuses a wrong one before anything is read
    read_parameters(project)  # likewise
    table = open_training_table(project)
    tables, split = name_tables(project, rows=table.rows), table.split
    require_receipt(project, tables[0].path, tables[0].sha256)
    twins = Twins(split, aside=config.data.keys)
    rows = table.read_training(see=twins.see)
    target = rows[objective.target]
    labels = _find_labels(project, target)
    profile = profile_table(rows)  # and counted, before the libraries of the model need memory as well
    counted = measure_training(project, rows)
    random.seed(config.data.seed)
    np.random.seed(config.data.seed)  # scikit-learn draws from it wherever random_state is None
    column_checks, graphs = check_features(project, rows)
    if any(check.outcome is Outcome.FAIL for check in column_checks):
        return conclude("train", column_checks, summary="A feature broke a rule of its own.", inputs=tables)
    trained = fit(project, table, rows, labels)
    features, wanted = trained.features, trained.wanted
    named = list(features.columns) if config.model.gives == "model" else []
    signature = write_signature(profile, objective.problem, objective.target, labels, named)
    with build_folder(project.model) as folder:
        file_name = trained.keep(folder)
        write_whole(folder / SIGNATURE, encode(signature))
        write_whole(folder / PROFILE, encode(profile))
        write_reference(folder / REFERENCE, counted)
        if trained.claims is not None and file_name != CLAIMED:
            write_claims(folder / CLAIMED, trained.claims)
        file = write_manifest(folder, config.project.name).files[file_name]
        kept = trained.check(folder, signature, file)
    make = partial(make_features, project, wanted=wanted)
    leaks = find_leaks(Suspect(table, rows, twins, features, make, config.data, objective))
    return conclude(
        "train",
        [
            judge(
                "train.rows",
                "Rows were kept apart for judging",
                ok=len(split.holdout) > 0,
                observed=f"{len(split.train):,} to train, {len(split.holdout):,} held out",
                expected=_describe_split(config.data, split),
            ),
            *_judge_pipeline(project),
            *column_checks,
            *leaks,
            *kept,
            *([] if trained.claims is None else [tell_claims("train.claimed", trained.claims)]),
        ],
        summary=(
            f"{trained.name} on {len(rows):,} rows and {features.shape[1]:,} features, {file.bytes / 1e6:.2f} MB."
        ),
        inputs=[
            *tables,
            name_input(project, f"reports/{RECEIPT}"),
            *name_code(project),
        ],
        figures=graphs,
    )


def _describe_split(data: Data, split: Split) -> str:
    gap = f" after a gap of {data.gap}{'' if isinstance(data.gap, str) else ' rows'}" if data.gap else ""
    words = {
        "file": f"those of {data.holdout_file} held out",
        "time": f"the last {data.holdout:.0%} in time held out{gap}",
        "group": f"{data.holdout:.0%} held out, by whole groups of {data.group!r}",
        "stratified": f"{data.holdout:.0%} of each class held out at random",
        "random": f"{data.holdout:.0%} held out at random",
    }
    return words[split.how]


def _judge_pipeline(project: Project) -> list[Check]:
    held = project.config.data.holdout_file
    read = {name: [held] if held else [] for name in _OF_HOLDOUT}
    read["train"] += find_files(project)
    return judge_dependencies(project, "train.pipeline", "The pipeline knows the holdout file and the script", read)


def load_trained(project: Project) -> tuple[Any, Signature]:
    """Load the trained model and its signature, after its manifest has been verified.

    Raises:
        PackageError: the folder is damaged or holds a type that is not trusted.
    """
    settings, signature = project.config.model, load_signature(project)
    model_format, file_name = load_format(settings.format), name_file(settings.format)
    return model_format.load(project.model / file_name, settings.trusted), signature


def load_signature(project: Project) -> Signature:
    """Read the signature of what training left, after its manifest has been verified.

    Raises:
        PackageError: the folder is damaged.
    """
    import msgspec

    from pavedroad.report import decode

    if not project.model.is_dir():
        raise PackageError("There is no trained model here.", where=project.model, next_step="Run: pavedroad train.")
    verify_manifest(project.model)
    return msgspec.convert(decode((project.model / SIGNATURE).read_bytes()), Signature)


def load_claims(project: Project) -> Claims | None:
    """The figures that the script wrote of itself, after the manifest has been verified; None where none are declared.

    Raises:
        PackageError: the folder is damaged, or from before they were declared.
    """
    if not project.config.model.metrics:
        return None
    verify_manifest(project.model)
    return read_claims(project.model / CLAIMED)


def predict_rows(project: Project, rows: "pd.DataFrame", needs: Needs, trained: Project | None = None) -> Predictions:
    """What a trained model says about rows; or a script's predictions, when they are for these rows.

    Args:
        project: the repo, whose functions make the features.
        rows: the rows.
        needs: what to ask for.
        trained: where the model lies when it is not this repo's own.

    Raises:
        PackageError: the folder is damaged, or the predictions are for other rows.
        UserCodeError: the model or the features failed.
    """
    trained = trained or project
    if project.config.model.gives == "predictions":
        verify_manifest(trained.model)
        return recall(read_answers(trained.model / ANSWERS), rows, project.config.objective.target)
    model, signature = load_trained(trained)
    features = make_features(project, rows, signature.features)
    return predict(model, features, signature, needs, seconds=project.config.model.timeout)


def name_model(project: Project) -> Input:
    """Name the model file by its content."""
    return name_input(project, f"{project.model.name}/{name_kept(project.config.model)}")


def _find_labels(project: Project, target: "pd.Series") -> tuple[object, ...]:
    objective = project.config.objective
    if objective.problem == "regression":
        if target.dtype.kind not in "fiu":
            raise ConfigError(
                f"The target {objective.target!r} holds {target.dtype} values, but the problem is regression.",
                where=project.root / "pavedroad.toml",
                next_step='Set problem = "binary" or "multiclass", or choose a numeric target.',
            )
        return ()
    labels = sort_labels(target)
    if objective.problem == "binary" and len(labels) != 2:
        raise ConfigError(
            f"The target {objective.target!r} has {len(labels):,} classes, but the problem is binary.",
            where=project.root / "pavedroad.toml",
            next_step='Set problem = "multiclass", or choose a target with two classes.',
        )
    return labels
