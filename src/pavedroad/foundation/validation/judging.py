"""Judging a table by a suite: what is asked of an engine, and what it answers."""

from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol, cast

from pavedroad.errors import MissingExtraError
from pavedroad.foundation.data.profile import Kind
from pavedroad.foundation.data.source import Source
from pavedroad.foundation.engines import load_engine
from pavedroad.foundation.project import Project
from pavedroad.foundation.validation.schema import Column
from pavedroad.foundation.validation.suite import Expectation, Suite, load_suite
from pavedroad.report import Figure, Scalar, Value

_FIRST, _REST = "duckdb", "gx"
"""What ``auto`` asks: the fast engine first, and the one that can express everything for what is left."""


@dataclass(frozen=True)
class Limits:
    """What an engine may use. It works with less memory by writing to disk, and never takes more."""

    threads: int = 0
    """0: one a core."""
    memory: str = ""
    """For example ``"2GB"``; empty: the engine's own choice."""
    keys: int = 10
    """How many failing rows are named for one expectation."""


Watch = Callable[[int, float], None]
"""What is told while an engine is at work: the number of the step, from 1, and the percentage of it that is done."""


@dataclass(frozen=True)
class Question:
    """What is asked of an engine: a table, the suite to judge it by, and how failing rows are named.

    ``named`` are the columns whose facts the guards need, whatever the suite says; ``drawn`` are those to draw.
    """

    source: Source
    suite: Suite
    named: tuple[str, ...] = ()
    drawn: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    limits: Limits = Limits()
    watch: Watch | None = None


@dataclass(frozen=True)
class ColumnFacts:
    """What the guards ask of a column: its kind, and how many values are missing or not finite."""

    kind: Kind
    nulls: int
    not_finite: int = 0


@dataclass(frozen=True)
class TableFacts:
    """What the guards ask of a table: its rows, its columns in order, and the facts of the columns in question."""

    rows: int
    names: tuple[str, ...]
    columns: dict[str, ColumnFacts]

    def about(self, named: Iterable[str]) -> "TableFacts":
        """The same table with the facts of these columns alone."""
        return replace(self, columns={name: self.columns[name] for name in named if name in self.columns})


@dataclass(frozen=True)
class Finding:
    """What an engine found for one expectation. ``success`` is None when the engine could not judge it."""

    expectation: Expectation
    success: bool | None
    observed: Value = None
    reason: str = ""
    evidence: dict[str, Value] = field(default_factory=dict)


@dataclass(frozen=True)
class Judgement:
    """An engine's answer: the facts, a finding for each expectation it can express, and why not for the others."""

    facts: TableFacts
    findings: list[Finding]
    left: dict[str, str] = field(default_factory=dict)
    """Why this engine cannot express an expectation, by its id."""
    figures: list[Figure] = field(default_factory=list)
    schema: list[Column] | None = None
    """The table's columns as they go on record, where the engine learnt them along the way."""


class ValidationEngine(Protocol):
    """An engine that judges a table by a suite."""

    def check_suite(self, suite: Suite) -> dict[str, str]:
        """Raise ConfigError for arguments that do not fit; tell, by id, which expectations the engine does not know."""
        ...

    def judge(self, question: Question) -> Judgement:
        """Judge the table: findings in the suite's order, for all expectations but those the answer lists as left."""
        ...


def find_missing_column(expectation: Expectation, names: Container[str]) -> Finding | None:
    """The finding for an expectation about a column that is not there; None when its columns are, or may be absent."""
    if expectation.type == "expect_column_to_exist" or expectation.type.startswith("expect_table_"):
        return None
    missing = [name for name in expectation.columns if name not in names]
    if not missing:
        return None
    return Finding(expectation, success=False, reason=f"The column {missing[0]!r} is not in the table.")


def load_project_suite(project: Project, path: Path | None = None) -> Suite:
    """Read the suite that the config names, or another one, with the expectations that the repo defines itself.

    Raises:
        ConfigError: the suite is not valid; see ``foundation.validation.suite.load_suite``.
    """

    def define() -> None:
        from pavedroad.foundation.usercode.functions import load_module

        for module in project.config.validation.expectations:
            load_module(project, module)

    suite = load_suite(project.root / project.config.validation.suite if path is None else path)
    return replace(suite, define=define)


def load_validation_engine(name: str) -> ValidationEngine:
    """Find the validation engine called ``name``."""
    return cast("ValidationEngine", load_engine("validation", name))


def judge_by(engine: str, question: Question) -> Judgement:
    """Judge a table by the engine of that name; ``auto`` is DuckDB and, for what it cannot express, the vendor itself.

    Raises:
        ConfigError: an expectation is of a type that the engine does not know, or its arguments do not fit.
        MissingExtraError: the engine is not installed.
    """
    if engine != "auto":
        chosen = load_validation_engine(engine)
        unknown = chosen.check_suite(question.suite)
        judgement = chosen.judge(question)
        left = {**judgement.left, **unknown}
        return replace(
            judgement,
            findings=_fill(
                question.suite,
                judgement,
                [_leave(item, left) for item in question.suite.expectations if item.id in left],
            ),
        )
    first = _load_first()
    if first is None:
        return judge_by(_REST, question)
    unknown = first.check_suite(question.suite)
    if unknown:
        load_validation_engine(_REST).check_suite(_choose(question.suite, unknown))
    judgement = first.judge(question)
    if not judgement.left:
        return judgement
    rest = load_validation_engine(_REST)
    suite = _choose(question.suite, judgement.left)
    rest.check_suite(suite)
    others = rest.judge(replace(question, suite=suite, named=(), drawn=()))
    return replace(judgement, findings=_fill(question.suite, judgement, others.findings), left={})


def lint_suite(engine: str, suite: Suite) -> dict[str, str]:
    """Refuse a suite whose expectations are unknown or do not fit; tell, by id, which engine would judge which.

    ``auto`` may still hand an expectation on when it meets the table.

    Raises:
        ConfigError: with the file and the line of the expectation.
    """
    first = _load_first() if engine == "auto" else load_validation_engine(engine)
    if first is None:
        return lint_suite(_REST, suite)
    unknown = first.check_suite(suite)
    if engine != "auto":
        return {item.id: "nobody" if item.id in unknown else engine for item in suite.expectations}
    if unknown:
        load_validation_engine(_REST).check_suite(_choose(suite, unknown))
    return {item.id: _REST if item.id in unknown else _FIRST for item in suite.expectations}


def _load_first() -> ValidationEngine | None:
    """The fast engine, where it is installed."""
    try:
        return load_validation_engine(_FIRST)
    except MissingExtraError:
        return None


def _choose(suite: Suite, ids: Container[str]) -> Suite:
    return replace(suite, expectations=tuple(item for item in suite.expectations if item.id in ids))


def _leave(expectation: Expectation, left: Mapping[str, str]) -> Finding:
    return Finding(expectation, success=None, reason=f'{left[expectation.id]} Set [validation] engine to "auto".')


def _fill(suite: Suite, judgement: Judgement, others: list[Finding]) -> list[Finding]:
    found = {finding.expectation.id: finding for finding in [*judgement.findings, *others]}
    return [found[item.id] for item in suite.expectations if item.id in found]


def readable(value: object) -> Scalar:
    """Any single value as JSON can hold it, for an ``observed`` or a row's key."""
    if value is None or isinstance(value, bool | str):
        return value
    item = value.item() if hasattr(value, "item") else value
    if isinstance(item, bool | int | str):
        return item
    if isinstance(item, float):
        from pavedroad.report import finite

        return finite(item)
    return str(item)
