"""The process that times the model gets ready early, begins when told, and is gone when it is not needed."""

import sys
from types import SimpleNamespace

import pytest

from pavedroad.foundation.pipeline import Event
from pavedroad.report import Outcome, read_report
from pavedroad.stages import timing as module
from pavedroad.stages.timing import Timing

STAND_IN = """
import pathlib, sys
if "--when-told" in sys.argv:
    pathlib.Path("ready").touch()
    if not sys.stdin.readline():
        sys.exit(0)
pathlib.Path("begun").write_text(" ".join(sys.argv[1:]))
print("Single predictions were timed.")
sys.exit(CODE)
"""


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A repo whose `python -m pavedroad` is a stand-in that ends with the code that stands in `code`."""
    (tmp_path / "pavedroad.py").write_text(STAND_IN.replace("CODE", "int(pathlib.Path('code').read_text())"))
    (tmp_path / "code").write_text("0")
    monkeypatch.setattr(module, "sys", SimpleNamespace(executable=sys.executable))
    gate = SimpleNamespace(required=["train", "latency"])
    return SimpleNamespace(
        root=tmp_path, config=SimpleNamespace(gate=gate), report=lambda stage: tmp_path / f"{stage}.json"
    )


def measure(timing):
    events = []
    timing.measure(events.append)
    return events


def test_it_is_started_early_and_begins_when_told(project):
    timing = Timing(project)
    assert timing._ready is not None
    assert not (project.root / "begun").exists()
    assert measure(timing) == [Event("latency", "running"), Event("latency", text="Single predictions were timed.")]
    assert (project.root / "begun").read_text() == "latency --when-told"
    timing.close()


def test_what_is_not_needed_ends_without_having_begun(project):
    timing = Timing(project)
    process = timing._ready._process
    timing.close()
    assert process.poll() is not None
    assert not (project.root / "begun").exists()
    timing.close()


def test_nothing_is_started_early_where_an_earlier_run_left_a_report(project):
    project.report("latency").touch()
    timing = Timing(project)
    assert timing._ready is None
    assert measure(timing)[0] == Event("latency", "running")
    assert (project.root / "begun").read_text() == "latency", "It is started when it is asked to."


def test_nothing_is_started_where_the_gate_does_not_ask_for_it(project):
    project.config.gate.required.remove("latency")
    assert Timing(project)._ready is None


def test_a_failure_is_told(project):
    (project.root / "code").write_text("3")
    assert measure(Timing(project))[-1] == Event("latency", "failed")


@pytest.mark.parametrize("code", ["0", "3"])
def test_a_process_that_leaves_no_report_leaves_the_reason_instead(project, code):
    (project.root / "code").write_text(code)
    measure(Timing(project))
    report = read_report(project.report("latency"))
    assert report.outcome is Outcome.ERROR
    assert f"ended with exit code {code} and left no report" in report.checks[0].reason


def test_a_report_that_the_process_left_is_not_touched(project):
    (project.root / "pavedroad.py").write_text("import pathlib; pathlib.Path('latency.json').write_text('its own')")
    measure(Timing(project))
    assert project.report("latency").read_text() == "its own"


def test_it_can_be_asked_twice(project):
    timing = Timing(project)
    measure(timing)
    assert measure(timing)[0] == Event("latency", "running")
    assert (project.root / "begun").read_text() == "latency"
