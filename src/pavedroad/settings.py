"""The settings of a repo, section by section: what each may hold, in types alone.

``config.py`` reads a ``pavedroad.toml`` into them; ``defaults.toml`` says what holds when a key is not given. A list of
tables (``[[section.entries]]``) is a list of structs, whose own optional keys have their defaults here.
"""

import shlex
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

Name = Annotated[str, Meta(min_length=1, max_length=200)]
Share = Annotated[float, Meta(gt=0, lt=1)]
NotNegative = Annotated[float, Meta(ge=0)]
Positive = Annotated[float, Meta(gt=0)]
IMPORT_PATH = r"^[A-Za-z_][\w.]*:[A-Za-z_]\w*$"
MODULE = r"^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*$"
VARIABLE = r"^[A-Za-z_][A-Za-z0-9_]*$"
REFRESH = rf"{IMPORT_PATH}|^$"
FEATURES = rf"{IMPORT_PATH}|^hamilton:[A-Za-z_]\w*(\.[A-Za-z_]\w*)*$|^$"
GAP = r"^[1-9][0-9]{0,8} ?(d|h|min|s)$"
BASELINES = "auto|mean|median|most-frequent|prior|stratified|seasonal-naive|persistence|linear"
BASELINE = rf"^({BASELINES})$|{IMPORT_PATH}|^sql:\s*\S"
INSIDE_REPO = r"^(?!/)(?!.*(^|/)\.\.(/|$)).*$"
GATE_CHECK = r"^gate\.[\w.-]+$"
DAY = r"^20\d\d-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$"
MEMORY = r"^([1-9][0-9]{0,5} ?(MB|GB|TB|MiB|GiB|TiB))?$"
REFERENCE = r"^(auto|profile|training|same-period-last-year|rolling:[1-9][0-9]{0,4}d)$"
PATTERNS_IN_WORDS = {
    GATE_CHECK: 'the id of a check of the gate, such as "gate.improvement"',
    DAY: 'a day in quotes, such as "2026-03-31"',
    REFERENCE: '"auto", "profile", "training", "same-period-last-year" or a window such as "rolling:90d"',
    MEMORY: 'an amount of memory such as "2GB"',
    IMPORT_PATH: 'an import path like "package.module:function"',
    MODULE: 'a module like "package.module"',
    VARIABLE: 'the name of an environment variable like "DATABASE_URL", which holds the address',
    FEATURES: 'an import path like "package.module:function", or "hamilton:package.module"',
    GAP: 'a number of rows, or a length of time such as "7d", "12h", "30min" or "10s"',
    BASELINE: f'{BASELINES.replace("|", ", ")}, an import path like "package.module:function", or "sql:SELECT …"',
    REFRESH: 'an import path like "package.module:function", or a command as a list of words',
    INSIDE_REPO: "a relative path that stays inside the repo",
}
ImportPath = Annotated[str, Meta(pattern=IMPORT_PATH)]
RelativePath = Annotated[str, Meta(pattern=INSIDE_REPO)]
Stage = Literal["validate", "train", "evaluate", "drift", "package", "latency"]
Words = Annotated[str, Meta(max_length=2000)]
CardField = Literal[
    "intended_use", "owner", "metrics", "slices", "data", "inputs", "limits",
    "out_of_scope", "ethics", "caveats", "contact", "licence",
]  # fmt: skip
"""What a model card can be asked to say: first what the road finds out, then what ``[project.card]`` holds."""


class CardWords(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What only people can say of a model; it stands in the model card as it is written."""

    out_of_scope: Words = ""
    """Uses that the model is not for."""
    ethics: Words = ""
    """Whom its mistakes may harm, and what was done about it."""
    caveats: Words = ""
    contact: Words = ""
    licence: Words = ""
    """Under which the model itself may be used."""


class Project(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whose model this is."""

    name: Name
    owner: Name
    card: CardWords


class Objective(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the model is for, and the number that says whether it is any good."""

    statement: str
    problem: Literal["regression", "binary", "multiclass"]
    target: Name
    metric: Name
    baseline: Annotated[str, Meta(pattern=BASELINE)]
    season: Annotated[int, Meta(ge=1)]
    value_per_unit: NotNegative
    """What one unit of the metric is worth, in money; 0: unknown."""
    slices: list[Name]
    """Columns whose groups are judged apart; "auto" stands for a few that are found in the table."""


class Data(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the tables are and how rows are kept apart for training and judging."""

    train: Annotated[RelativePath, Meta(min_length=1)]
    current: RelativePath
    time: str
    keys: list[str]
    group: str
    """The column that names what rows belong to: all rows of a group stand on one side of the split."""
    split: Literal["auto", "time", "random", "stratified", "group"]
    holdout: Share
    holdout_file: RelativePath
    """A table of its own that is judged on; the whole of ``train`` is then trained on."""
    gap: Annotated[int, Meta(ge=0, le=1_000_000_000)] | Annotated[str, Meta(pattern=GAP)]
    """What is left out between training and holdout of a split by time: rows, or a length of time."""
    leakage: Literal["warn", "fail"]
    seed: Annotated[int, Meta(ge=0, le=2**32 - 1)]
    refresh: Annotated[str, Meta(pattern=REFRESH)] | Annotated[list[str], Meta(min_length=1)]
    """What rewrites the tables before a retraining: a function of the repo, or a command as a list of words."""


class Validation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the data must look like before anything is trained on it."""

    engine: Name
    suite: Annotated[RelativePath, Meta(min_length=1)]
    expectations: list[Annotated[str, Meta(pattern=MODULE)]]
    """Modules of the repo in which it defines expectations of its own."""
    table: str
    """A table of a PostgreSQL database that is judged beside the file; empty: none."""
    table_schema: str
    connection: Annotated[str, Meta(pattern=VARIABLE)]
    """The environment variable that holds the database's address; never the address itself."""
    min_rows: Annotated[int, Meta(ge=1)]
    max_nulls: Annotated[float, Meta(ge=0, le=1)]
    max_keys: Annotated[int, Meta(ge=0, le=1000)]
    threads: Annotated[int, Meta(ge=0, le=1024)]
    memory_limit: Annotated[str, Meta(pattern=MEMORY)]


class Model(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The repo's two functions and the format their result is kept in."""

    features: Annotated[str, Meta(pattern=FEATURES)]
    train: Annotated[str, Meta(pattern=REFRESH)]
    command: str | list[str]
    """A script that trains instead of the function ``train``: word by word, or as a line that is split into words."""
    artifact: RelativePath
    """The model file that ``command`` writes, in the format that ``format`` names."""
    predictions: RelativePath
    """Instead of a model: the table with its predictions for the held-out rows that ``command`` writes."""
    metrics: RelativePath
    """The JSON file with figures of its own that ``command`` writes, beside a model or predictions or alone."""
    frame: Literal["pandas", "polars"]
    timeout: Annotated[int, Meta(ge=1, le=604_800)]
    """Seconds that one call of the repo's functions, or its command, may take."""
    format: Name
    trusted: list[str]

    @property
    def words(self) -> list[str]:
        """The words of ``command``. A line is split as a shell would, and no shell ever sees it.

        Raises:
            ValueError: a quotation in the line does not end.
        """
        return shlex.split(self.command) if isinstance(self.command, str) else self.command

    @property
    def gives(self) -> Literal["model", "predictions", "metrics"]:
        """What training leaves: a model; a script's predictions; or, where it declares no more, its own figures."""
        if self.predictions:
            return "predictions"
        return "metrics" if self.command and not self.artifact else "model"


class DriftRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What holds for some columns instead of what holds for all; the first rule that matches a column counts."""

    columns: list[str]
    """Names of columns, in which ``*`` and ``?`` stand for any text and for one character."""
    method: str = ""
    min_effect: NotNegative | None = None
    fail_effect: NotNegative | None = None
    on_drift: Literal["by-effect", "warn", "fail", "ignore"] = "by-effect"


class Acknowledgement(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A finding that somebody looked at: until that day it is told, and neither warns nor fails."""

    column: Name
    reason: Name
    until: Annotated[str, Meta(pattern=DAY)]
    """The last day on which it counts, as 2026-03-31 in UTC; text, because the pipeline keeps no dates."""


class Drift(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """When a change between reference and current data is worth a warning, and when it stops the road."""

    engine: Name
    counted_by: Name
    """The engine that counts tables in files; the counts are the same whoever does."""
    method: Name
    reference: Annotated[str, Meta(pattern=REFERENCE)]
    columns: list[str]
    false_alarm_rate: Share
    min_effect: NotNegative
    fail_effect: NotNegative
    min_rows: Annotated[int, Meta(ge=2)]
    block: Annotated[int, Meta(ge=1, le=1_000_000)]
    page: bool
    """Whether Evidently's own page is made beside the report."""
    rules: list[DriftRule]
    acknowledged: list[Acknowledgement]


class SliceLimit(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What the key metric has to be in every group of a column."""

    column: Name
    floor: float | None = None
    """The worst value a group may have, in the metric's units: a ceiling where lower is better."""
    regression: NotNegative | None = None
    """How much worse than the champion a group may be, in the metric's units."""
    unjudged: Literal["error", "warn"] = "error"
    """What becomes of the decision where a group cannot be judged, because it has too few rows."""

    def __post_init__(self) -> None:
        """Refuse a limit that asks for nothing: it would be kept by every model, in silence."""
        if self.floor is None and self.regression is None:
            raise ValueError("a limit on a column needs a floor, a regression, or both")


class FairnessLimit(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """How far the key metric may differ between the groups of a sensitive column."""

    column: Name
    max_gap: Positive
    unjudged: Literal["error", "warn"] = "error"
    """What becomes of the decision where a group cannot be judged, because it has too few rows."""


class Waiver(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An emergency: one check may fail until a day, by somebody's word and with a reason, in everybody's sight."""

    check: Annotated[str, Meta(pattern=GATE_CHECK)]
    reason: Annotated[str, Meta(min_length=20, max_length=500)]
    by: Name
    until: Annotated[str, Meta(pattern=DAY)]
    """The last day on which it counts, as 2026-03-31 in UTC."""


class Gate(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What must hold before a model may go on."""

    required: Annotated[list[Stage], Meta(min_length=1)]
    margin: NotNegative
    confidence: Annotated[float, Meta(ge=0.5, lt=1)]
    max_latency_ms: Positive
    max_size_mb: Positive
    behind: Literal["warn", "fail"]
    champion: Literal["auto", "required", "off"]
    champion_margin: NotNegative
    champion_share: Annotated[float, Meta(ge=0, lt=1)]
    """The share of the champion's sure gain over the baseline that may be lost, where that is more than the margin."""
    superiority: bool
    looks: Annotated[int, Meta(ge=1, le=10_000)]
    """How many proposals the same holdout is meant to judge; the interval against the champion is corrected for it."""
    loosening: Literal["warn", "fail"]
    max_calibration_error: NotNegative
    max_data_age_days: NotNegative
    min_value: NotNegative
    card: list[CardField]
    licences: list[Name]
    slice: list[SliceLimit]
    fairness: list[FairnessLimit]
    waiver: list[Waiver]


class Tracking(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where it is recorded which models were made; every run is kept in files here in any case."""

    engine: Name
    uri: str
    """Where the engine's server is, or its database; only for engines that have one."""
    experiment: str
    timeout: Annotated[int, Meta(ge=1, le=600)]
    """Seconds that the server may take to answer before the run is kept to be sent later."""


class Config(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All settings of a repo, defaults included."""

    project: Project
    objective: Objective
    data: Data
    validation: Validation
    model: Model
    drift: Drift
    gate: Gate
    tracking: Tracking
