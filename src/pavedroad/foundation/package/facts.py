"""What a package says of itself: whose it is, what it is for, what was measured, and what it was made of."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol, cast

import msgspec

from pavedroad.foundation.engines import load_engine
from pavedroad.report import Check, Outcome, Report, Scalar
from pavedroad.settings import CardWords, Waiver

FACTS = "package.json"
NO_ESTIMATOR = "none: predictions of a script"
"""What is said of the model where there is none."""


@dataclass(frozen=True)
class Makeup:
    """What a model file says its model is made of."""

    estimator: str
    """The full name of the model's type."""
    modules: frozenset[str]
    """The top-level modules that its types come from."""


class ModelReader(Protocol):
    """An engine that reads what a model file says of itself, without loading the model."""

    def describe(self, path: Path) -> Makeup:
        """Read a model file's own words; raise PackageError when it is not of this format."""
        ...


def describe_model(model_format: str, path: Path) -> Makeup:
    """What a model file of the given format says its model is made of.

    Raises:
        PackageError: the file is not of this format.
    """
    return cast("ModelReader", load_engine("model-facts", model_format)).describe(path)


class Measure(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """One number that was measured on rows the model never saw, with its confidence limits."""

    id: str
    title: str
    value: float
    low: float
    high: float
    column: str = ""
    """The column whose group this is about; empty: all rows."""
    group: str = ""
    rows: int | None = None
    """How many rows it was measured on, when these are not all."""


class Source(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A table that the model was made of."""

    path: str
    sha256: str
    rows: int | None = None


class Facts(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """All that people and tools want to know of a package, in one document."""

    schema: Literal["pavedroad.package/1"]
    name: str
    owner: str
    statement: str
    problem: str
    target: str
    metric: str
    better: str
    confidence: float
    rows: int
    """Rows of the holdout."""
    measures: list[Measure]
    slices: list[Measure]
    sources: list[Source]
    code: str
    """One SHA-256 over the repo's own functions that make features and train."""
    parameters: dict[str, Scalar]
    estimator: str
    """The full name of the model's type."""
    format: str
    model: str
    """The SHA-256 of the model's file."""
    bytes: int
    """Its size."""
    environment: dict[str, str]
    """The packages that reading and asking the model needs, with their versions."""
    warnings: list[str]
    """What the stages before had to say against the model or its data."""
    licences: dict[str, str] = {}
    """The licence of each of those packages as an SPDX expression; empty where it cannot be told."""
    words: CardWords = CardWords()
    """What only people can say of the model."""
    waivers: list[Waiver] = []
    """The gate's waivers that stood in the policy when the package was made, whether they were needed or not."""
    claimed: dict[str, float] = {}
    """What the repo's script says of itself: its own figures, which the road did not measure."""
    held_out: str = ""
    """How the rows were chosen that the measures are of, in words."""


def find_measures(evaluated: Report) -> tuple[list[Measure], list[Measure]]:
    """The metrics of an evaluation, and those of its slices.

    Every check that observed a value with both its limits counts; a slice is one whose evidence names a column.
    """
    overall: list[Measure] = []
    slices: list[Measure] = []
    for check in evaluated.checks:
        measure = _read_measure(check)
        if measure is not None:
            (slices if measure.column else overall).append(measure)
    return overall, slices


def find_warnings(reports: list[Report]) -> list[str]:
    """In words, every check that passed with a warning."""
    return [
        ": ".join(part for part in (check.title, check.reason) if part)
        for report in reports
        for check in report.checks
        if check.outcome is Outcome.WARN
    ]


def _read_measure(check: Check) -> Measure | None:
    found = check.observed if isinstance(check.observed, dict) else check.evidence
    value, low, high = (found.get(name) for name in ("value", "low", "high"))
    if not _is_number(value) or not _is_number(low) or not _is_number(high):
        return None
    rows, column, group = (check.evidence.get(name) for name in ("rows", "column", "group"))
    return Measure(
        id=check.id,
        title=check.title,
        value=float(value),  # type: ignore[arg-type]
        low=float(low),  # type: ignore[arg-type]
        high=float(high),  # type: ignore[arg-type]
        column=str(column or ""),
        group="" if group is None else str(group),
        rows=rows if isinstance(rows, int) and column else None,
    )


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
