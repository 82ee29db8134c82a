"""The nouns and protocols of the road; stable, and free of any vendor's name.

What a team needs to build a stage of its own stands here by name, and is imported when it is asked for:

    from pavedroad.foundation import Package
    from pavedroad.foundation import Split
    from pavedroad.foundation import find_project
    from pavedroad.foundation import open_package
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pavedroad.foundation.data.profile import Profile, profile_table
    from pavedroad.foundation.data.split import Split, split_rows
    from pavedroad.foundation.data.tables import name_input, read_table
    from pavedroad.foundation.data.training import TrainingTable, open_training_table, read_training_table
    from pavedroad.foundation.engines import load_engine
    from pavedroad.foundation.evaluation.metrics import Estimates, Metric, Predictions, estimate, find_metric
    from pavedroad.foundation.evaluation.resampling import Interval
    from pavedroad.foundation.forge.history import Commit, History, load_history
    from pavedroad.foundation.package.card import Card, make_card
    from pavedroad.foundation.package.envelope import Package, open_package
    from pavedroad.foundation.package.facts import Facts, Measure
    from pavedroad.foundation.package.folder import Manifest, build_folder, verify_manifest, write_manifest
    from pavedroad.foundation.package.inputs import InputFinding, check_inputs, require_inputs
    from pavedroad.foundation.package.lineage import Lineage, trace
    from pavedroad.foundation.package.model import ModelFormat, Signature, load_format, predict
    from pavedroad.foundation.pipeline import Pipeline, load_pipeline
    from pavedroad.foundation.project import Project, find_project
    from pavedroad.foundation.tracking import TrackedRun, Tracker, list_runs, load_tracker
    from pavedroad.foundation.usercode.functions import make_features

_HOMES = {
    "package.card": ("Card", "make_card"),
    "data.tables": ("name_input", "read_table"),
    "data.training": ("TrainingTable", "open_training_table", "read_training_table"),
    "engines": ("load_engine",),
    "package.envelope": ("Package", "open_package"),
    "package.facts": ("Facts", "Measure"),
    "forge.history": ("Commit", "History", "load_history"),
    "package.inputs": ("InputFinding", "check_inputs", "require_inputs"),
    "package.lineage": ("Lineage", "trace"),
    "evaluation.metrics": ("Estimates", "Metric", "Predictions", "estimate", "find_metric"),
    "package.model": ("ModelFormat", "Signature", "load_format", "predict"),
    "package.folder": ("Manifest", "build_folder", "verify_manifest", "write_manifest"),
    "pipeline": ("Pipeline", "load_pipeline"),
    "data.profile": ("Profile", "profile_table"),
    "project": ("Project", "find_project"),
    "evaluation.resampling": ("Interval",),
    "data.split": ("Split", "split_rows"),
    "tracking": ("TrackedRun", "Tracker", "list_runs", "load_tracker"),
    "usercode.functions": ("make_features",),
}
"""Where each public name lives. Importing them all here would make every command pay for what it does not use."""

__all__ = [
    "Card",
    "Commit",
    "Estimates",
    "Facts",
    "History",
    "InputFinding",
    "Interval",
    "Lineage",
    "Manifest",
    "Measure",
    "Metric",
    "ModelFormat",
    "Package",
    "Pipeline",
    "Predictions",
    "Profile",
    "Project",
    "Signature",
    "Split",
    "TrackedRun",
    "Tracker",
    "TrainingTable",
    "build_folder",
    "check_inputs",
    "estimate",
    "find_metric",
    "find_project",
    "list_runs",
    "load_engine",
    "load_format",
    "load_history",
    "load_pipeline",
    "load_tracker",
    "make_card",
    "make_features",
    "name_input",
    "open_package",
    "open_training_table",
    "predict",
    "profile_table",
    "read_table",
    "read_training_table",
    "require_inputs",
    "split_rows",
    "trace",
    "verify_manifest",
    "write_manifest",
]


def __getattr__(name: str) -> Any:  # noqa: ANN401
    for home, names in _HOMES.items():
        if name in names:
            return getattr(importlib.import_module(f"pavedroad.foundation.{home}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
