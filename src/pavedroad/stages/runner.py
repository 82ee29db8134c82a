"""Running a stage: time it, catch what stops it, and leave its report behind whatever happens."""

import errno
import platform
import sys
import time
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.metadata import version

import msgspec

from pavedroad.errors import ConfigError, PavedroadError, UsageError, put_refusal
from pavedroad.foundation.forge.history import load_history
from pavedroad.foundation.project import Project
from pavedroad.report import Check, Outcome, Place, Report, Run, conclude, encode, write_report, write_whole

REPORTED_VERSIONS = {
    "duckdb": "duckdb",
    "evidently": "evidently",
    "great-expectations": "great_expectations",
    "numpy": "numpy",
    "pandas": "pandas",
    "pyarrow": "pyarrow",
    "scikit-learn": "sklearn",
    "scipy": "scipy",
    "skops": "skops",
}
"""Packages whose version a report names, with the module that shows that the stage used them."""

REFUSALS = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES, errno.EPERM, errno.EIO, errno.EMFILE}
"""What the system refuses for reasons of its own: no room, no right, a broken disk. That is no fault of the road."""

Judge = Callable[[Project], Report]


def run_stage(project: Project, stage: str, judge: Judge) -> Report:
    """Run one stage and write its report.

    An error the road knows becomes a report with the outcome ``error`` that says why; so does one it does not know,
    with the traceback kept beside it. A wrong configuration is reported the same way and then raised. A process that
    the system kills has nobody left to say so, so a report that it began is written first; Ctrl-C takes it back.

    Raises:
        ConfigError: the configuration or the suite is not valid.
        UsageError: an optional dependency is missing.
    """
    started, clock = datetime.now(UTC), time.perf_counter()
    write_report(project.report(stage), _report_unfinished(stage))
    try:
        report = judge(project)
        encode(report)  # a value that JSON cannot hold is a crash of the stage, not of the writing
    except (ConfigError, UsageError) as error:
        write_report(project.report(stage), _report_error(stage, error))
        raise
    except PavedroadError as error:
        report = _report_error(stage, error)
    except OSError as error:
        refused = error.errno in REFUSALS
        report = _report_error(stage, put_refusal(error)) if refused else _report_crash(project, stage, error)
    except KeyboardInterrupt:
        project.report(stage).unlink(missing_ok=True)
        raise
    except BaseException as error:  # noqa: BLE001 - the last line of defence: a crash is never a pass
        report = _report_crash(project, stage, error)
    run = describe_run(project, started, time.perf_counter() - clock)
    if report.run is not None:
        run = msgspec.structs.replace(
            run, measured=report.run.measured, behind=report.run.behind, history=report.run.history
        )
    report = msgspec.structs.replace(report, run=run)
    write_report(project.report(stage), report)
    return report


def describe_run(project: Project, started: datetime, duration_s: float) -> Run:
    """What may differ between two runs of the same stage."""
    commit = load_history().head(project.root)
    return Run(
        started=started.isoformat(timespec="seconds"),
        duration_s=round(duration_s, 3),
        commit=None if commit is None else commit.sha,
        dirty=None if commit is None else commit.dirty,
        versions={"python": platform.python_version(), **_find_versions()},
    )


def _find_versions() -> dict[str, str]:
    used = ["pavedroad", *(name for name, module in REPORTED_VERSIONS.items() if module in sys.modules)]
    return {name: version(name) for name in used}


def _report_error(stage: str, error: PavedroadError) -> Report:
    check = Check(
        id=f"{stage}.error",
        title=f"The stage {stage!r} could judge",
        outcome=Outcome.ERROR,
        reason=" ".join(part for part in (error.what, error.next_step) if part),
        where=None if error.where is None else Place(file=error.where, line=error.line),
    )
    return conclude(stage, [check], summary=error.what)


def _report_unfinished(stage: str) -> Report:
    """What stands there from a stage's beginning to its end, and stays when its process does not live to see it."""
    check = Check(
        id=f"{stage}.unfinished",
        title=f"The stage {stage!r} ran to its end",
        outcome=Outcome.ERROR,
        reason=(
            "It began, and its process ended before it could say why: the system may have killed it for want of "
            f"memory, or compiled code may have crashed. See what happens when it runs by itself: pavedroad {stage}."
        ),
    )
    return conclude(stage, [check], summary=f"The stage {stage!r} began and did not come to its end.")


def _report_crash(project: Project, stage: str, error: BaseException) -> Report:
    kept = project.reports / "run" / f"{stage}.traceback.txt"
    write_whole(kept, "".join(traceback.format_exception(error)).encode())
    check = Check(
        id=f"{stage}.crash",
        title=f"The stage {stage!r} ran to its end",
        outcome=Outcome.ERROR,
        reason=(
            f"pavedroad itself failed with {type(error).__name__}. The details are in "
            f"{kept.relative_to(project.root).as_posix()}; please report them."
        ),
    )
    return conclude(stage, [check], summary=f"pavedroad itself failed with {type(error).__name__}.")
