"""Is the data what the suite says it is? Guards first, then every expectation in the suite's order."""

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

import msgspec

from pavedroad.errors import JudgementError
from pavedroad.foundation.data.integrity import check_content
from pavedroad.foundation.data.source import find_source, name_database_table
from pavedroad.foundation.data.tables import name_expectations, name_input
from pavedroad.foundation.project import Project
from pavedroad.foundation.validation.guards import guard
from pavedroad.foundation.validation.judging import (
    Finding,
    Judgement,
    Limits,
    Question,
    Watch,
    judge_by,
    load_project_suite,
)
from pavedroad.foundation.validation.schema import FILE as SCHEMA_FILE
from pavedroad.foundation.validation.schema import describe_table, write_schema
from pavedroad.foundation.validation.suite import describe
from pavedroad.report import (
    Check,
    Input,
    Outcome,
    Place,
    Report,
    Severity,
    conclude,
    decode,
    encode,
    is_note,
    judge,
    write_whole,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pavedroad.foundation.data.profile import Kind

RECEIPT = "validated.json"
MAX_FIGURES = 60
DATABASE_ENGINE = "gx-postgres"


class Receipt(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Proof that a table with exactly this content passed validation; training asks for it."""

    path: str
    sha256: str


def validate(project: Project, *, watch: Watch | None = None) -> Report:
    """Judge the training table by guards and by the suite, and leave a receipt when it passes.

    ``watch`` is told how far the work is. The table's schema goes on record in any case, so that a pull request can
    show what changed.
    """
    config = project.config
    receipt = project.reports / RECEIPT
    receipt.unlink(missing_ok=True)
    (project.reports / SCHEMA_FILE).unlink(missing_ok=True)
    suite = load_project_suite(project)
    source = find_source(project.root / config.data.train)
    own = [config.objective.target, *filter(None, [config.data.time]), *config.data.keys]
    named = tuple(dict.fromkeys([*suite.columns, *own]))
    kinds: dict[str, Kind] = {config.objective.target: "number"} if config.objective.problem == "regression" else {}
    question = Question(
        source=source,
        suite=suite,
        named=named,
        drawn=tuple(suite.columns[:MAX_FIGURES]),
        keys=tuple(config.data.keys),
        limits=Limits(
            threads=config.validation.threads, memory=config.validation.memory_limit, keys=config.validation.max_keys
        ),
        watch=watch,
    )
    place = config.validation.suite
    with check_content(source, config.data.train) as content:
        judgement = judge_by(config.validation.engine, question)
        digest, whole = content()
    write_schema(project.reports / SCHEMA_FILE, describe_table(source, config.data.train, judgement.schema))
    checks = [
        *guard(judgement.facts, named, suite, config.validation, kinds),
        *whole,
        *(_to_check(finding, place) for finding in judgement.findings),
    ]
    if config.validation.table:
        checks += _judge_database(project, question, kinds)
    report = conclude(
        "validate",
        checks,
        summary=_summarise(checks, judgement),
        inputs=[
            Input(config.data.train, digest, judgement.facts.rows),
            name_input(project, place),
            *name_expectations(project),
        ],
        figures=judgement.figures,
    )
    if report.outcome in {Outcome.PASS, Outcome.WARN}:
        write_whole(receipt, encode(Receipt(path=config.data.train, sha256=digest)))
    return report


def _judge_database(project: Project, question: Question, kinds: "Mapping[str, Kind]") -> list[Check]:
    """Judge the table of the database by the same guards and the same suite; its checks stand beside the file's."""
    config = project.config.validation
    source = name_database_table(config.table, config.table_schema, config.connection)
    judgement = judge_by(DATABASE_ENGINE, replace(question, source=source, drawn=()))
    checks = [
        *guard(judgement.facts, question.named, question.suite, config, kinds),
        *(_to_check(finding, config.suite) for finding in judgement.findings),
    ]
    return [
        msgspec.structs.replace(check, id=f"database.{check.id}", title=f"In the database: {check.title}")
        for check in checks
    ]


def require_receipt(project: Project, path: str, sha256: str) -> None:
    """Refuse to train on a table that validation has not passed.

    Raises:
        JudgementError: there is no receipt, or it is for other content.
    """
    receipt = project.reports / RECEIPT
    advice = "Run the stages in order: pavedroad check."
    if not receipt.is_file():
        raise JudgementError(f"{path} has not passed validation.", where=receipt, next_step=advice)
    try:
        found = msgspec.convert(decode(receipt.read_bytes(), where=receipt), Receipt)
    except msgspec.ValidationError as error:
        raise JudgementError(f"The receipt of validation is not valid: {error}.", where=receipt) from error
    if (found.path, found.sha256) != (path, sha256):
        raise JudgementError(f"{path} has changed since it passed validation.", where=receipt, next_step=advice)


def _to_check(finding: Finding, place: str) -> Check:
    expectation = finding.expectation
    reason = finding.reason if finding.success is not None else f"The check could not be made: {finding.reason}"
    if finding.success is False and expectation.severity is Severity.INFO:
        reason = f"Noted only: {reason}"
    expected = " · ".join(filter(None, [_spell(expectation.kwargs), expectation.notes]))
    check = judge(
        f"expectation.{expectation.id}",
        describe(expectation),
        ok=bool(finding.success),
        severity=expectation.severity,
        observed=finding.observed,
        expected=expected,
        reason=reason,
        evidence=finding.evidence,
        where=Place(file=place, line=expectation.line),
        columns=() if expectation.type.startswith("expect_table_") else expectation.columns,
    )
    return check if finding.success is not None else msgspec.structs.replace(check, outcome=Outcome.ERROR)


def _spell(kwargs: dict[str, object]) -> str:
    shown = {key: value for key, value in kwargs.items() if not key.startswith("column")}
    return ", ".join(f"{key.replace('_', ' ')} {value}" for key, value in shown.items())[:200]


def _summarise(checks: list[Check], judgement: Judgement) -> str:
    bad = sum(check.outcome is not Outcome.PASS for check in checks)
    size = f"{judgement.facts.rows:,} rows × {len(judgement.facts.names):,} columns"
    found = f"all {len(checks)} checks hold." if not bad else f"{bad} of {len(checks)} checks do not hold."
    noted = sum(is_note(check) for check in checks)
    found = found if not noted else f"{found} {noted} noted only."
    engines = Counter(str(item.evidence["engine"]) for item in judgement.findings if "engine" in item.evidence)
    by = ", ".join(f"{count} by {name}" for name, count in engines.most_common()) if len(engines) > 1 else ""
    return f"{size}: {found}{f' Expectations judged: {by}.' if by else ''}"
