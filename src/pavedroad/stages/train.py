"""Train: the repo's two functions, or its script, on the training rows alone, with every seed fixed."""

import contextlib
import random
from functools import partial
from typing import TYPE_CHECKING, Any

from pavedroad.errors import ConfigError, UserCodeError
from pavedroad.foundation.data.leakage import Suspect, Twins, find_leaks
from pavedroad.foundation.data.profile import profile_table
from pavedroad.foundation.data.split import Split
from pavedroad.foundation.data.tables import name_code, name_input, name_tables
from pavedroad.foundation.data.training import open_training_table
from pavedroad.foundation.drift.reference import REFERENCE, write_reference
from pavedroad.foundation.evaluation.baseline import sort_labels
from pavedroad.foundation.evaluation.metrics import find_metric
from pavedroad.foundation.package.folder import build_folder, verify_manifest, write_manifest
from pavedroad.foundation.package.model import (
    PROFILE,
    SIGNATURE,
    Signature,
    load_format,
    name_file,
    predict,
    write_signature,
)
from pavedroad.foundation.project import Project
from pavedroad.foundation.usercode.columns import check_features
from pavedroad.foundation.usercode.frames import lend, lend_column
from pavedroad.foundation.usercode.functions import call, load_function, make_features, point_at
from pavedroad.foundation.usercode.parameters import read_parameters
from pavedroad.foundation.usercode.script import find_files, run_script
from pavedroad.foundation.usercode.supervision import end_at_last
from pavedroad.foundation.yamlfile import read_yaml
from pavedroad.report import Check, Input, Outcome, Report, conclude, encode, judge, write_whole
from pavedroad.settings import Data
from pavedroad.stages.drift_sides import measure_training
from pavedroad.stages.validate import RECEIPT, require_receipt

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

PIPELINE = "dvc.yaml"
_OF_HOLDOUT = ("train", "evaluate", "drift")
"""Stages that read the holdout."""


def train(project: Project) -> Report:
    """Train a model and keep it, with its signature and the profile of its training rows, in ``model/``."""
    import numpy as np

    config = project.config
    objective = config.objective
    metric = find_metric(objective.metric, objective.problem)
    parameters = read_parameters(project)
    table = open_training_table(project)
    tables, split = name_tables(project, rows=table.rows), table.split
    require_receipt(project, tables[0].path, tables[0].sha256)
    twins = Twins(split, aside=config.data.keys)
    rows = table.read_training(see=twins.see)
    target = rows[objective.target]
    labels = _find_labels(project, target)
    random.seed(config.data.seed)
    np.random.seed(config.data.seed)  # scikit-learn draws from it wherever random_state is None
    column_checks, graphs = check_features(project, rows)
    if any(check.outcome is Outcome.FAIL for check in column_checks):
        return conclude("train", column_checks, summary="A feature broke a rule of its own.", inputs=tables)
    model, features, function = _fit(project, rows, parameters)
    blamed = point_at(project, function) if function else contextlib.nullcontext()
    with blamed:
        _require_estimator(model, config.model.train or config.model.artifact, metric.needs)
    profile = profile_table(rows)
    signature = write_signature(profile, objective.problem, objective.target, labels, list(features.columns))
    model_format, file_name = load_format(config.model.format), name_file(config.model.format)
    with build_folder(project.model) as folder:
        model_format.save(model, folder / file_name, config.model.trusted)
        write_whole(folder / SIGNATURE, encode(signature))
        write_whole(folder / PROFILE, encode(profile))
        write_reference(folder / REFERENCE, measure_training(project, rows))
        manifest = write_manifest(folder, config.project.name)
        kept = model_format.load(folder / file_name, config.model.trusted)
        with point_at(project, function) if function else contextlib.nullcontext():
            same = _survives(kept, model, features, signature)
    make = partial(make_features, project, wanted=None if function else list(features.columns))
    leaks = find_leaks(Suspect(table, rows, twins, features, make, config.data, objective))
    file = manifest.files[file_name]
    size_mb = file.bytes / 1e6
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
            *_check_pipeline(project),
            *column_checks,
            *leaks,
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
                observed=f"{size_mb:.3g} MB",
                evidence={"file": file_name, "sha256": file.sha256, "bytes": file.bytes},
            ),
        ],
        summary=f"{type(model).__name__} on {len(rows):,} rows and {features.shape[1]:,} features, {size_mb:.2f} MB.",
        inputs=[
            *tables,
            name_input(project, f"reports/{RECEIPT}"),
            *name_code(project),
        ],
        figures=graphs,
    )


def _fit(
    project: Project, rows: "pd.DataFrame", parameters: dict[str, Any]
) -> "tuple[Any, pd.DataFrame, Callable[..., Any] | None]":
    """The model, the features it was trained on, and the function that trained it when it was no script."""
    settings = project.config.model
    if settings.command:
        with run_script(project, rows) as made:
            model = load_format(settings.format).load(made, settings.trusted)
        features = make_features(project, rows)
        known = [str(name) for name in getattr(model, "feature_names_in_", ())]
        return model, features[known] if known and set(known) <= set(features.columns) else features, None
    features = make_features(project, rows)
    function = load_function(project, settings.train)
    lent = lend(features, settings.frame), lend_column(rows[project.config.objective.target], settings.frame)
    with end_at_last(settings.timeout):
        model = call(project, settings.train, function, *lent, dict(parameters))
    return model, features, function


def _describe_split(data: Data, split: Split) -> str:
    if split.how == "file":
        return f"the rows of {data.holdout_file} held out"
    gap = "" if split.how != "time" or not data.gap else f", after a gap of {data.gap}"
    return f"{data.holdout:.0%} held out, by {split.how}{gap}"


def _check_pipeline(project: Project) -> list[Check]:
    """What the pipeline does not know of could change without anything being made or judged again."""
    held, path = project.config.data.holdout_file, project.root / PIPELINE
    needed = {name: [held] if held else [] for name in _OF_HOLDOUT}
    needed["train"] += find_files(project)
    if not any(needed.values()) or not path.is_file():
        return []
    stages = read_yaml(path).get("stages")
    known = stages if isinstance(stages, dict) else {}
    lacking = [
        f"{file} in {name}"
        for name, files in needed.items()
        for file in files
        if name in known and not any(_holds(dep, file) for dep in known[name].get("deps") or [])
    ]
    return [
        judge(
            "train.pipeline",
            "The pipeline knows the holdout file and the script",
            ok=not lacking,
            observed=list(lacking),
            expected="none that it lacks",
            reason="" if not lacking else f"Add to the deps of its stage in {PIPELINE}: {', '.join(lacking)}.",
        )
    ]


def _holds(dependency: object, file: str) -> bool:
    return dependency == file or file.startswith(f"{dependency}/")


def load_trained(project: Project) -> tuple[Any, Signature]:
    """Load the trained model and its signature, after its manifest has been verified.

    Raises:
        PackageError: the folder is damaged or holds a type that is not trusted.
    """
    import msgspec

    from pavedroad.report import decode

    verify_manifest(project.model)
    model_format, file_name = load_format(project.config.model.format), name_file(project.config.model.format)
    signature = msgspec.convert(decode((project.model / SIGNATURE).read_bytes()), Signature)
    return model_format.load(project.model / file_name, project.config.model.trusted), signature


def name_model(project: Project) -> Input:
    """Name the model file by its content."""
    return name_input(project, f"{project.model.name}/{name_file(project.config.model.format)}")


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


def _require_estimator(model: object, path: str, needs: str) -> None:
    wanted = ["predict", *(["predict_proba"] if needs == "probability" else [])]
    for name in wanted:
        if not callable(getattr(model, name, None)):
            raise UserCodeError(
                f"{path} returned {type(model).__name__}, which has no {name!r}.",
                next_step="End the function with `return model`, where model is a fitted scikit-learn estimator.",
            )


def _survives(kept: Any, model: Any, features: "pd.DataFrame", signature: Signature) -> bool:  # noqa: ANN401
    import numpy as np

    sample = features.head(200)
    before = predict(model, sample, signature, "value")
    after = predict(kept, sample, signature, "value")
    return bool(np.array_equal(before.values, after.values))
