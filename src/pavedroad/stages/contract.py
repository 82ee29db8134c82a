"""The contract about the data, against the branch that a change is made for: what became looser, what stricter."""

from pathlib import Path
from tempfile import TemporaryDirectory

from pavedroad.errors import ConfigError, UsageError
from pavedroad.foundation.contract import Change, compare_suites
from pavedroad.foundation.data import name_input
from pavedroad.foundation.history import load_history
from pavedroad.foundation.project import Project
from pavedroad.foundation.suite import Suite, load_suite
from pavedroad.report import Check, Place, Report, Severity, conclude, judge

_MOST = 200


def contract(project: Project, base: str) -> Report:
    """Compare the suite with the one of another revision; a promise that became looser is a warning.

    Raises:
        UsageError: there is no such revision.
        ConfigError: one of the two suites is not valid.
    """
    place = project.config.validation.suite
    history = load_history()
    if not history.knows(project.root, base):
        raise UsageError(
            f"git does not know the revision {base!r}.", next_step="Fetch it first, for example: git fetch origin main."
        )
    now = load_suite(project.root / place)
    content = history.read(project.root, base, place)
    inputs = [name_input(project, place)]
    if content is None:
        check = judge("contract.new", "The suite is compared with the one before", ok=True, observed="a first suite")
        return conclude("contract", [check], summary=f"There is no suite in {base} to compare with.", inputs=inputs)
    changes = compare_suites(_load(content, place), now)
    checks = [_to_check(number, change, place) for number, change in enumerate(changes[:_MOST], start=1)]
    loose = sum(change.way == "looser" for change in changes)
    if not changes:
        checks = [judge("contract.same", "The suite promises what it did before", ok=True, observed="no change")]
    told = f"{loose} of {len(changes)} changes make the suite looser than in {base}." if changes else ""
    return conclude("contract", checks, summary=told or f"The suite promises what it does in {base}.", inputs=inputs)


def _load(content: bytes, place: str) -> Suite:
    with TemporaryDirectory(prefix="pavedroad-") as folder:
        path = Path(folder) / Path(place).name
        path.write_bytes(content)
        try:
            return load_suite(path)
        except ConfigError as error:
            raise ConfigError(f"The suite before the change is not valid: {error.what}", where=place) from error


def _to_check(number: int, change: Change, place: str) -> Check:
    return judge(
        f"contract.{number}",
        f"No promise about the data became looser ({change.way})",
        ok=change.way != "looser",
        severity=Severity.WARNING,
        observed=change.way,
        reason=change.words,
        where=Place(file=place, line=change.line),
    )
