"""Running a stage: whatever happens, a report is left that says so, and none that is older."""

import errno
import json
import signal
import subprocess
import sys

import pytest
from settings_text import write_settings

from pavedroad.config import load_config
from pavedroad.errors import ConfigError, DataError, JudgementError, MissingExtraError
from pavedroad.foundation.project import Project
from pavedroad.report import Outcome, conclude, encode, judge, read_report, write_whole
from pavedroad.stages.runner import run_stage
from pavedroad.stages.validate import Receipt, require_receipt

CONFIG = write_settings()


@pytest.fixture
def project(world):
    root = world({"pavedroad.toml": CONFIG})
    return Project(root=root, config=load_config(root / "pavedroad.toml"))


def good(_):
    return conclude("validate", [judge("a", "A holds", ok=True)], summary="Good.")


def raising(error):
    def stage(_):
        raise error

    return stage


def test_a_stage_leaves_its_report_with_when_and_with_what_it_ran(project):
    report = run_stage(project, "validate", good)
    assert read_report(project.report("validate")) == report
    assert report.outcome is Outcome.PASS
    assert report.run.started.endswith("+00:00")
    assert report.run.duration_s >= 0
    assert {"python", "pavedroad"} <= set(report.run.versions)


def test_the_report_itself_is_the_same_bytes_each_time(project):
    run_stage(project, "validate", good)
    before = project.report("validate").read_bytes()
    run_stage(project, "validate", good)
    assert project.report("validate").read_bytes() == before


def test_an_error_the_road_knows_becomes_a_report_with_its_place_and_advice(project):
    error = DataError("The table is gone.", where="data.csv", line=3, next_step="Bring it back.")
    report = run_stage(project, "validate", raising(error))
    assert report.outcome is Outcome.ERROR
    [check] = read_report(project.report("validate")).checks
    assert check.reason == "The table is gone. Bring it back."
    assert (check.where.file, check.where.line) == ("data.csv", 3)


@pytest.mark.parametrize("error", [ConfigError("No such metric."), MissingExtraError("scipy", "stats")])
def test_a_wrong_configuration_is_reported_and_raised(project, error):
    with pytest.raises(type(error)):
        run_stage(project, "validate", raising(error))
    assert read_report(project.report("validate")).outcome is Outcome.ERROR


CRASHES = [
    RuntimeError("our own fault"), MemoryError(), RecursionError(), AssertionError(), SystemExit(0), BaseException(),
]  # fmt: skip


@pytest.mark.parametrize("error", CRASHES, ids=lambda error: type(error).__name__)
def test_a_crash_is_an_error_and_keeps_its_traceback_beside(project, error):
    report = run_stage(project, "validate", raising(error))
    assert report.outcome is Outcome.ERROR
    assert type(error).__name__ in report.checks[0].reason
    assert "Traceback" in (project.reports / "run" / "validate.traceback.txt").read_text()
    assert "Traceback" not in project.report("validate").read_text()


def test_a_disk_that_is_full_is_no_fault_of_ours(project):
    report = run_stage(project, "validate", raising(OSError(errno.ENOSPC, "No space left on device")))
    assert report.outcome is Outcome.ERROR
    assert report.summary == "The system refused: No space left on device."
    assert not (project.reports / "run" / "validate.traceback.txt").exists()


def test_a_file_that_we_forgot_is(project):
    report = run_stage(project, "validate", raising(FileNotFoundError(errno.ENOENT, "No such file", "ours.json")))
    assert "pavedroad itself failed" in report.summary


@pytest.mark.parametrize("value", [float("nan"), float("inf"), object()])
def test_a_value_that_json_cannot_hold_is_a_crash_and_no_pass(project, value):
    def stage(_):
        return conclude("validate", [judge("a", "A holds", ok=True, observed=value)])

    assert run_stage(project, "validate", stage).outcome is Outcome.ERROR
    assert read_report(project.report("validate")).outcome is Outcome.ERROR


def test_an_interruption_leaves_no_older_report_that_could_be_taken_for_this_ones(project):
    run_stage(project, "validate", good)
    with pytest.raises(KeyboardInterrupt):
        run_stage(project, "validate", raising(KeyboardInterrupt()))
    assert not project.report("validate").exists()


def test_a_stage_whose_process_is_killed_leaves_a_report_that_it_did_not_end(project):
    run_stage(project, "validate", good)
    script = (
        "import os, signal\nfrom pathlib import Path\n"
        "from pavedroad.foundation.project import find_project\nfrom pavedroad.stages.runner import run_stage\n"
        "run_stage(find_project(Path.cwd()), 'validate', lambda _: os.kill(os.getpid(), signal.SIGKILL))\n"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=project.root, check=False, timeout=120)
    assert done.returncode == -signal.SIGKILL
    report = read_report(project.report("validate"))
    assert report.outcome is Outcome.ERROR
    assert "want of memory" in report.checks[0].reason
    assert "pavedroad validate" in report.checks[0].reason


def test_an_error_in_the_configuration_does_not_borrow_the_older_runs_time(project):
    run_stage(project, "validate", good)
    with pytest.raises(ConfigError):
        run_stage(project, "validate", raising(ConfigError("x")))
    assert read_report(project.report("validate")).run is None


# --- the receipt that training asks for -----------------------------------------------------------------------------


def test_training_asks_for_a_receipt_for_exactly_this_content(project):
    path = project.reports / "validated.json"
    with pytest.raises(JudgementError, match="has not passed validation"):
        require_receipt(project, "data.csv", "a" * 64)
    write_whole(path, encode(Receipt(path="data.csv", sha256="a" * 64)))
    require_receipt(project, "data.csv", "a" * 64)
    for other in (("data.csv", "b" * 64), ("other.csv", "a" * 64)):
        with pytest.raises(JudgementError, match="has changed since it passed"):
            require_receipt(project, *other)


@pytest.mark.parametrize("content", ["", "{}", "[]", json.dumps({"path": "data.csv", "sha256": 1}), "NaN"])
def test_a_receipt_that_is_none_is_refused(project, content):
    write_whole(project.reports / "validated.json", content.encode())
    with pytest.raises(JudgementError):
        require_receipt(project, "data.csv", "a" * 64)
