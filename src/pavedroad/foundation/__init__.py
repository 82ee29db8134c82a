"""The nouns and protocols of the road; stable, and free of any vendor's name.

What a team needs to build a stage of its own stands here by name, and is imported when it is asked for:

    from pavedroad.foundation import Package, Split, find_project, open_package
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pavedroad.foundation.card import Card, make_card
    from pavedroad.foundation.data import name_input, read_table, read_training_table
    from pavedroad.foundation.engines import load_engine
    from pavedroad.foundation.envelope import Package, open_package
    from pavedroad.foundation.facts import Facts, Measure
    from pavedroad.foundation.history import Commit, History, load_history
    from pavedroad.foundation.lineage import Lineage, trace
    from pavedroad.foundation.metrics import Estimates, Metric, Predictions, estimate, find_metric
    from pavedroad.foundation.model import ModelFormat, Signature, load_format, predict
    from pavedroad.foundation.package import Manifest, build_folder, verify_manifest, write_manifest
    from pavedroad.foundation.pipeline import Pipeline, load_pipeline
    from pavedroad.foundation.profile import Profile, profile_table
    from pavedroad.foundation.project import Project, find_project
    from pavedroad.foundation.resampling import Interval
    from pavedroad.foundation.split import Split, split_rows
    from pavedroad.foundation.tracking import TrackedRun, Tracker, list_runs, load_tracker
    from pavedroad.foundation.usercode import make_features

_HOMES = {
    "card": ("Card", "make_card"),
    "data": ("name_input", "read_table", "read_training_table"),
    "engines": ("load_engine",),
    "envelope": ("Package", "open_package"),
    "facts": ("Facts", "Measure"),
    "history": ("Commit", "History", "load_history"),
    "lineage": ("Lineage", "trace"),
    "metrics": ("Estimates", "Metric", "Predictions", "estimate", "find_metric"),
    "model": ("ModelFormat", "Signature", "load_format", "predict"),
    "package": ("Manifest", "build_folder", "verify_manifest", "write_manifest"),
    "pipeline": ("Pipeline", "load_pipeline"),
    "profile": ("Profile", "profile_table"),
    "project": ("Project", "find_project"),
    "resampling": ("Interval",),
    "split": ("Split", "split_rows"),
    "tracking": ("TrackedRun", "Tracker", "list_runs", "load_tracker"),
    "usercode": ("make_features",),
}
"""Where each public name lives. Importing them all here would make every command pay for what it does not use."""

__all__ = [
    "Card",
    "Commit",
    "Estimates",
    "Facts",
    "History",
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
    "build_folder",
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
    "predict",
    "profile_table",
    "read_table",
    "read_training_table",
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
