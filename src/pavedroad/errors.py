"""What can go wrong, as a tree; each leaf knows its exit code and names the next step.

    PavedroadError
    ├── UsageError            2   the command was called in a way that cannot work
    │   └── MissingExtraError 2   an optional dependency is not installed
    ├── ConfigError           2   pavedroad.toml, a suite or params.yaml is not valid
    ├── RefusedError          1   the gate said no, so what was asked for may not be done
    └── JudgementError        3   we were asked a fair question and could not answer it
        ├── DataError         3   a table cannot be read
        ├── UserCodeError     3   the repo's own function failed or broke its contract
        ├── PackageError      3   a model or package is damaged or not trusted
        ├── PipelineError     3   the pipeline engine failed
        ├── EvidenceError     3   a report is missing, stale or malformed
        ├── TrackingError     3   a server that keeps runs is down or refused
        └── ForgeError        3   GitHub, or another home of the repo, refused or did not answer

A check that fails is *data* (``report.Check``), never an exception. Errors are printed in ``cli`` only.
"""

from enum import IntEnum
from pathlib import Path
from typing import ClassVar


class ExitCode(IntEnum):
    """The exit codes of every ``pavedroad`` command."""

    OK = 0
    """Pass, or pass with warnings."""
    NO = 1
    """The road says no: at least one check failed."""
    USAGE = 2
    """The command or the configuration is wrong."""
    CANNOT_JUDGE = 3
    """Something broke, so there is no verdict; this is never a pass."""


class PavedroadError(Exception):
    """The root of every error that pavedroad raises on purpose.

    Args:
        what: what happened, as a full sentence.
        where: the file (and line) it happened in, when known.
        next_step: what the reader can do now, as a full sentence.
    """

    exit_code: ClassVar[ExitCode] = ExitCode.CANNOT_JUDGE

    def __init__(
        self,
        what: str,
        *,
        where: Path | str | None = None,
        line: int | None = None,
        next_step: str | None = None,
    ) -> None:
        super().__init__(what)
        self.what = what
        self.where = None if where is None else str(where)
        self.line = line
        self.next_step = next_step

    def __str__(self) -> str:
        """Where, what and the next step in one line, for logs and reports."""
        place = "" if self.where is None else f"{self.where}{f':{self.line}' if self.line else ''}: "
        step = "" if self.next_step is None else f" {self.next_step}"
        return f"{place}{self.what}{step}"


class UsageError(PavedroadError):
    """The command was called in a way that cannot work."""

    exit_code = ExitCode.USAGE


class MissingExtraError(UsageError):
    """An engine needs an optional dependency that is not installed."""

    def __init__(self, module: str, extra: str) -> None:
        super().__init__(
            f"This step needs the Python package {module!r}, which is not installed.",
            next_step=f"Install it with: uv add 'pavedroad[{extra}]'.",
        )
        self.extra = extra


class ConfigError(PavedroadError):
    """A configuration file is not valid; nothing was run."""

    exit_code = ExitCode.USAGE


class RefusedError(PavedroadError):
    """The gate said no to what is asked to go on."""

    exit_code = ExitCode.NO


class JudgementError(PavedroadError):
    """The road could not reach a verdict."""


class DataError(JudgementError):
    """A table is missing, empty, damaged or of an unknown kind."""


class UserCodeError(JudgementError):
    """The repo's own features, train or predict function failed or broke its contract."""


class PackageError(JudgementError):
    """A model or package is damaged, incomplete or holds something that is not trusted."""


class PipelineError(JudgementError):
    """The pipeline engine could not run."""


class EvidenceError(JudgementError):
    """A report is missing, stale or malformed."""


class TrackingError(JudgementError):
    """A server that keeps runs is down or refused; the run itself is kept here."""


def put_refusal(error: OSError) -> JudgementError:
    """What the system refused to do, in words, for example to write on a disk that is full."""
    return JudgementError(
        f"The system refused: {error.strerror}.",
        where=error.filename if isinstance(error.filename, str) else None,
        next_step="Mend that and run the command again.",
    )


class ForgeError(JudgementError):
    """The forge (GitHub, or another home of the repo) refused or could not be reached.

    Args:
        refused: it answered, and the answer was that we may not.
    """

    def __init__(self, what: str, *, refused: bool = False, next_step: str | None = None) -> None:
        super().__init__(what, next_step=next_step)
        self.refused = refused
