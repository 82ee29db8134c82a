"""The settings of a repo, section by section: what each may hold, in types alone.

``config.py`` reads a ``pavedroad.toml`` into them; ``defaults.toml`` says what holds when a key is not given. A list of
tables (``[[section.entries]]``) is a list of structs, whose own optional keys have their defaults here.
"""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

Name = Annotated[str, Meta(min_length=1, max_length=200)]
Share = Annotated[float, Meta(gt=0, lt=1)]
NotNegative = Annotated[float, Meta(ge=0)]
Positive = Annotated[float, Meta(gt=0)]
IMPORT_PATH = r"^[A-Za-z_][\w.]*:[A-Za-z_]\w*$"
REFRESH = rf"{IMPORT_PATH}|^$"
INSIDE_REPO = r"^(?!/)(?!.*(^|/)\.\.(/|$)).*$"
MEMORY = r"^([1-9][0-9]{0,5} ?(MB|GB|TB|MiB|GiB|TiB))?$"
PATTERNS_IN_WORDS = {
    MEMORY: 'an amount of memory such as "2GB"',
    IMPORT_PATH: 'an import path like "package.module:function"',
    REFRESH: 'an import path like "package.module:function", or a command as a list of words',
    INSIDE_REPO: "a relative path that stays inside the repo",
}
ImportPath = Annotated[str, Meta(pattern=IMPORT_PATH)]
RelativePath = Annotated[str, Meta(pattern=INSIDE_REPO)]
Stage = Literal["validate", "train", "evaluate", "drift", "package", "latency"]


class Project(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whose model this is."""

    name: Name
    owner: Name


class Objective(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the model is for, and the number that says whether it is any good."""

    statement: str
    problem: Literal["regression", "binary", "multiclass"]
    target: Name
    metric: Name
    baseline: Literal["auto", "mean", "median", "most-frequent", "prior", "seasonal-naive", "persistence"]
    season: Annotated[int, Meta(ge=1)]


class Data(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the tables are and how rows are kept apart for training and judging."""

    train: Annotated[RelativePath, Meta(min_length=1)]
    current: RelativePath
    time: str
    keys: list[str]
    split: Literal["auto", "time", "random", "stratified"]
    holdout: Share
    seed: Annotated[int, Meta(ge=0, le=2**32 - 1)]
    refresh: Annotated[str, Meta(pattern=REFRESH)] | Annotated[list[str], Meta(min_length=1)]
    """What rewrites the tables before a retraining: a function of the repo, or a command as a list of words."""


class Validation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the data must look like before anything is trained on it."""

    engine: Name
    suite: Annotated[RelativePath, Meta(min_length=1)]
    min_rows: Annotated[int, Meta(ge=1)]
    max_nulls: Annotated[float, Meta(ge=0, le=1)]
    max_keys: Annotated[int, Meta(ge=0, le=1000)]
    threads: Annotated[int, Meta(ge=0, le=1024)]
    memory_limit: Annotated[str, Meta(pattern=MEMORY)]


class Model(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The repo's two functions and the format their result is kept in."""

    features: ImportPath
    train: ImportPath
    format: Name
    trusted: list[str]


class Drift(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """When a change between reference and current data is worth a warning, and when it stops the road."""

    engine: Name
    columns: list[str]
    false_alarm_rate: Share
    min_effect: NotNegative
    fail_effect: NotNegative
    min_rows: Annotated[int, Meta(ge=2)]


class Gate(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What must hold before a model may go on."""

    required: Annotated[list[Stage], Meta(min_length=1)]
    margin: NotNegative
    confidence: Annotated[float, Meta(ge=0.5, lt=1)]
    max_latency_ms: Positive
    max_size_mb: Positive
    behind: Literal["warn", "fail"]


class Config(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All settings of a repo, defaults included."""

    project: Project
    objective: Objective
    data: Data
    validation: Validation
    model: Model
    drift: Drift
    gate: Gate
