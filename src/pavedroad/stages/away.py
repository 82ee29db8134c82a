"""A road whose data cannot be had: nothing is run, and the first stage says why, which is never a yes.

``Away`` is what a pull request from a fork meets when its data lies in a remote that needs a secret. ``Damaged`` stands
for data that is not what the repo names: in the cache, or on its way here.
"""

from collections.abc import Callable

from pavedroad.errors import PavedroadError
from pavedroad.foundation.pipeline import Event, Result
from pavedroad.foundation.project import Project
from pavedroad.report import Check, Outcome, Place, Report, conclude
from pavedroad.stages.runner import run_stage

ADVICE = "A maintainer who may read the remote can run it, for example by pushing the branch to the repository itself."


class Away:
    """Stands in for a pipeline that cannot start, because its tables cannot be had here.

    Args:
        project: the repo.
        tables: the tables that are missing.
        reason: why they could not be brought, in a sentence.
    """

    def __init__(self, project: Project, tables: list[str], reason: str) -> None:
        self._project = project
        self._tables = tables
        self._reason = reason

    def follow(self, watch: Callable[[Event], None]) -> Result:
        """Leave the report of a stage that was skipped."""
        report = run_stage(self._project, "validate", lambda _: self._skip())
        watch(Event("validate", "failed"))
        return Result(failed=("validate",), message=report.summary)

    def stop(self) -> None:
        """Nothing runs."""

    def _skip(self) -> Report:
        names = ", ".join(self._tables)
        reason = f"{names} lies in a remote that this run may not read: {self._reason} {ADVICE}"
        check = Check(
            id="data.reach",
            title="The data can be read here",
            outcome=Outcome.SKIPPED,
            reason=reason,
            where=Place(f"{self._tables[0]}.dvc"),
        )
        return conclude("validate", [check], summary=reason)


class Damaged:
    """Stands in for a pipeline that must not start, because it would build on damaged data.

    Args:
        project: the repo.
        error: what is damaged, and what to do.
    """

    def __init__(self, project: Project, error: PavedroadError) -> None:
        self._project = project
        self._error = error

    def follow(self, watch: Callable[[Event], None]) -> Result:
        """Leave the report of a stage that could not judge."""
        report = run_stage(self._project, "validate", lambda _: self._raise())
        watch(Event("validate", "failed"))
        return Result(failed=("validate",), message=report.summary)

    def stop(self) -> None:
        """Nothing runs."""

    def _raise(self) -> Report:
        raise self._error
