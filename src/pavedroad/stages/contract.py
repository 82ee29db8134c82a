"""The contract about the data, against the branch that a change is made for: what became looser, what stricter."""

import tomllib
from pathlib import Path
from tempfile import TemporaryDirectory

from pavedroad.config import FILE_NAME
from pavedroad.errors import ConfigError, DataError, EvidenceError
from pavedroad.foundation.data.manifest import find_fault
from pavedroad.foundation.data.source import find_source
from pavedroad.foundation.data.tables import name_input
from pavedroad.foundation.forge.history import load_history
from pavedroad.foundation.project import Project
from pavedroad.foundation.text import capitalise
from pavedroad.foundation.validation.contract import Change, compare_suites
from pavedroad.foundation.validation.schema import FILE, Schema, compare_schemas, describe_table, read_schema
from pavedroad.foundation.validation.suite import Suite, load_suite
from pavedroad.report import Check, Outcome, Place, Report, Severity, conclude, judge
from pavedroad.stages.base import find_base

_MOST = 200
_SUITE, _SCHEMA = "suite", "schema"
_TITLES = {_SUITE: "The suite promises what it did before", _SCHEMA: "The table has the schema that it had before"}


def contract(project: Project, base: str, *, recorded: bool = False) -> Report:
    """Compare the suite and the table's schema with those of another revision; what became looser is a warning.

    Args:
        project: the repo.
        base: the revision.
        recorded: believe the schema that validation put on record, because it has just done so.

    Raises:
        UsageError: there is no such revision.
        ConfigError: the suite is not valid.
    """
    find_base(project, base or "HEAD")
    before = _read_base_places(project, base)
    shown = base if len(base) < 40 else base[:12]
    place = project.config.validation.suite
    suite_changes, suite_check = _compare_suite(project, base, before[_SUITE], shown)
    schema_changes, schema_check = _compare_schema(project, base, before, recorded=recorded, shown=shown)
    checks = [
        *(
            _to_check(f"contract.{number}", change, place, shown)
            for number, change in enumerate(suite_changes[:_MOST], 1)
        ),
        *([] if suite_check is None else [suite_check]),
        *(
            _to_check(f"contract.schema.{number}", change, f"{project.reports.name}/{FILE}", shown)
            for number, change in enumerate(schema_changes[:_MOST], 1)
        ),
        *([] if schema_check is None else [schema_check]),
    ]
    changes = [*suite_changes, *schema_changes]
    loose = sum(change.way == "looser" for change in changes)
    told = f"{loose} of {len(changes)} changes make the contract about the data looser than in {shown}."
    unclear = next((check.reason for check in checks if check.outcome is Outcome.WARN), "")
    calm = unclear or f"The data is promised as it is in {shown}."
    if not changes and suite_check is not None and suite_check.id == "contract.new":
        calm = f"There is no suite in {shown} to compare with."
    return conclude("contract", checks, summary=told if changes else calm, inputs=[name_input(project, place)])


def _compare_suite(project: Project, base: str, was: str, shown: str) -> tuple[list[Change], Check | None]:
    now = load_suite(project.root / project.config.validation.suite)
    content = load_history().read(project.root, base, was)
    if content is None:
        return [], judge("contract.new", _TITLES[_SUITE], ok=True, observed="a first suite")
    try:
        changes = compare_suites(_load(content, was), now)
    except ConfigError as error:
        return [], _doubt(_SUITE, f"The suite in {shown} is not valid, so nothing can be compared: {error.what}")
    if not changes:
        return [], judge("contract.same", _TITLES[_SUITE], ok=True, observed="no change")
    return changes, None


def _compare_schema(
    project: Project, base: str, before: dict[str, str], *, recorded: bool, shown: str
) -> tuple[list[Change], Check | None]:
    """The table against the schema on record in the base or, where there is none, against the table that it holds."""
    try:
        now = _read_schema_now(project, recorded=recorded)
        was = _read_schema_then(project, base, before["train"])
    except (EvidenceError, DataError) as error:
        return [], _doubt(_SCHEMA, f"The schemas cannot be compared: {error.what}")
    if now is None or was is None:
        missing = f"no schema on record in {shown}" if was is None else "no table, and no schema on record"
        return [], judge("contract.schema", _TITLES[_SCHEMA], ok=True, observed=missing)
    changes = compare_schemas(was.columns, now.columns)
    if not changes:
        return [], judge("contract.schema", _TITLES[_SCHEMA], ok=True, observed="no change")
    return changes, None


def _read_schema_now(project: Project, *, recorded: bool) -> Schema | None:
    path = project.reports / FILE
    table = project.root / project.config.data.train
    if recorded or not table.exists():
        return read_schema(path.read_bytes(), path) if path.is_file() else None
    return describe_table(find_source(table), project.config.data.train)


def _read_schema_then(project: Project, base: str, train: str) -> Schema | None:
    history = load_history()
    place = f"{project.reports.name}/{FILE}"
    content = history.read(project.root, base, place)
    if content is not None:
        return read_schema(content, place)
    table = history.read(project.root, base, train)
    if table is None:
        return None
    with TemporaryDirectory(prefix="pavedroad-") as folder:
        path = Path(folder) / Path(train).name
        path.write_bytes(table)
        return describe_table(find_source(path), train)


def _read_base_places(project: Project, base: str) -> dict[str, str]:
    """Where the base has its suite and its table: a suite that is moved is still the suite that was promised."""
    config = project.config
    found = {_SUITE: config.validation.suite, "train": config.data.train}
    content = load_history().read(project.root, base, FILE_NAME)
    try:
        written = tomllib.loads((content or b"").decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError):
        return found
    for name, section, key in ((_SUITE, "validation", "suite"), ("train", "data", "train")):
        values = written.get(section)
        place = values.get(key) if isinstance(values, dict) else None
        if isinstance(place, str) and not find_fault(place):
            found[name] = place
    return found


def _load(content: bytes, place: str) -> Suite:
    with TemporaryDirectory(prefix="pavedroad-") as folder:
        path = Path(folder) / Path(place).name
        path.write_bytes(content)
        return load_suite(path)


def _doubt(what: str, reason: str) -> Check:
    return judge(f"contract.{what}", _TITLES[what], ok=False, severity=Severity.WARNING, reason=reason)


def _to_check(id_: str, change: Change, place: str, shown: str) -> Check:
    looser = change.way == "looser"
    return judge(
        id_,
        f"{capitalise(change.about)}, no looser than in {shown}",
        ok=not looser,
        severity=Severity.WARNING,
        observed=change.way if looser else f"{change.way}: {change.words}",
        reason=f"{capitalise(change.words)}." if looser else "",
        where=Place(file=place, line=change.line),
    )
