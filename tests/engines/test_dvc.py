"""DVC, the real one, in a tiny repo: what it says is understood, and what it starts ends with it."""

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from pavedroad.errors import ConfigError, PavedroadError, PipelineError
from pavedroad.foundation.pipeline import load_pipeline

pytestmark = pytest.mark.slow  # DVC itself takes a second or two to start

PIPELINE = """\
stages:
  first:
    cmd: python first.py
    deps:
      - first.py
      - data.csv
    params:
      - pavedroad.toml:
          - train.depth
    outs:
      - first.out
  second:
    cmd: python second.py
    deps:
      - second.py
      - first.out
    outs:
      - second.out
  other:
    cmd: python other.py
    deps:
      - other.py
    outs:
      - other.out
"""

STAGE = (
    "from pathlib import Path\nprint('{name} says hello')\nPath('{name}.out').write_text(Path('{reads}').read_text())\n"
)
FILES = {
    "dvc.yaml": PIPELINE,
    "data.csv": "a,b\n1,2\n",
    "pavedroad.toml": "[train]\ndepth = 3\n",
    "first.py": STAGE.format(name="first", reads="data.csv"),
    "second.py": STAGE.format(name="second", reads="first.out"),
    "other.py": STAGE.format(name="other", reads="other.py"),
    ".gitignore": "*.out\n",
}
SLOW = "import time\nfrom pathlib import Path\nPath('begun').touch()\nprint('at work', flush=True)\ntime.sleep(60)\n"


@pytest.fixture(scope="module")
def made(tmp_path_factory, write_world):
    """A repo that was set up and driven once."""
    root = write_world(tmp_path_factory.mktemp("dvc") / "repo", FILES)
    subprocess.run(["git", "init", "-q"], cwd=root, check=True)
    dvc = shutil.which("dvc", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    subprocess.run([dvc, "init", "-q"], cwd=root, check=True)
    assert run(root)[0].failed == ()
    return root


@pytest.fixture
def repo(made, tmp_path):
    return shutil.copytree(made, tmp_path / "repo", symlinks=True)


def run(root):
    """Run the pipeline; how it ended, and what was told meanwhile."""
    events = []
    result = load_pipeline().start(root).follow(events.append)
    return result, events


def states(events):
    return [(event.stage, event.state) for event in events if event.state]


def refusal(root):
    with pytest.raises(PipelineError) as caught:
        run(root)
    return caught.value


# --- what DVC says --------------------------------------------------------------------------------------------------


def test_what_did_not_change_is_not_run(repo):
    result, events = run(repo)
    assert result.failed == ()
    assert sorted(states(events)) == [("first", "unchanged"), ("other", "unchanged"), ("second", "unchanged")]


def test_what_changed_is_run_with_all_that_depends_on_it_and_its_words_are_told(repo):
    (repo / "data.csv").write_text("a,b\n3,4\n")
    result, events = run(repo)
    assert result.failed == ()
    assert sorted(states(events)) == [("first", "running"), ("other", "unchanged"), ("second", "running")]
    texts = [(event.stage, event.text) for event in events if event.text]
    assert texts == [("first", "first says hello"), ("second", "second says hello")]


def test_a_changed_setting_runs_what_it_is_for_and_nothing_that_does_not_depend_on_it(repo):
    (repo / "pavedroad.toml").write_text("[train]\ndepth = 4\n")
    _, events = run(repo)
    assert ("first", "running") in states(events)
    assert ("other", "unchanged") in states(events)


def test_a_comment_in_the_settings_runs_nothing(repo):
    (repo / "pavedroad.toml").write_text("# a comment\n[train]\ndepth = 3\n")
    assert {state for _, state in states(run(repo)[1])} == {"unchanged"}


def test_what_was_made_before_comes_from_the_cache(repo):
    (repo / "data.csv").write_text("a,b\n3,4\n")
    run(repo)
    (repo / "data.csv").write_text(FILES["data.csv"])
    _, events = run(repo)
    assert ("first", "restored") in states(events)
    assert (repo / "second.out").read_text() == FILES["data.csv"]


def test_a_stage_that_fails_is_named_and_the_others_still_run(repo):
    (repo / "first.py").write_text("print('oh dear')\nraise SystemExit(1)\n")
    (repo / "other.py").write_text(FILES["other.py"] + "# changed\n")
    result, events = run(repo)
    assert result.failed == ("first",)
    assert ("first", "failed") in states(events)
    assert ("other", "running") in states(events)
    assert ("second", "running") not in states(events)
    assert ("first", "oh dear") in [(event.stage, event.text) for event in events]


def test_a_stage_that_fails_is_run_again_the_next_time(repo):
    (repo / "first.py").write_text("raise SystemExit(1)\n")
    run(repo)
    (repo / "first.py").write_text(FILES["first.py"] + "# mended\n")
    result, events = run(repo)
    assert result.failed == ()
    assert ("first", "running") in states(events)


def test_a_stage_that_does_not_make_what_it_promised_has_failed(repo):
    (repo / "first.py").write_text("from pathlib import Path\nPath('first.out').unlink(missing_ok=True)\n")
    assert run(repo)[0].failed == ("first",)


# --- what stops it --------------------------------------------------------------------------------------------------


def test_a_setting_that_is_not_there_is_named_with_its_file(repo):
    (repo / "pavedroad.toml").write_text("[train]\nwidth = 3\n")
    error = refusal(repo)
    assert "train.depth" in error.what
    assert error.where.endswith("pavedroad.toml")


def test_a_data_file_that_is_not_there_is_named(repo):
    (repo / "data.csv").unlink()
    error = refusal(repo)
    assert "missing" in error.what
    assert error.where.endswith("data.csv")


def test_a_pipeline_that_is_no_yaml_is_refused(repo):
    (repo / "dvc.yaml").write_text("stages: [\n")
    assert "dvc.yaml" in f"{refusal(repo)}"


def test_a_pipeline_in_a_circle_is_refused(repo):
    (repo / "dvc.yaml").write_text(PIPELINE.replace("      - data.csv\n", "      - second.out\n"))
    assert "could not run the pipeline" in refusal(repo).what


CONFLICT = "<<<<<<< HEAD\nstages: {}\n=======\nstages: {}\n>>>>>>> main\n"


@pytest.mark.parametrize(
    "content", [CONFLICT, "stages: [1]\n", "stages:\n  first: 1\n", "schema: '2.0'\nstages: *x\n"], ids=repr
)
def test_a_corrupt_lock_is_refused_with_how_to_mend_it(repo, content):
    (repo / "dvc.lock").write_text(content)
    error = refusal(repo)
    assert "dvc.lock" in f"{error.where} {error.what}"
    with pytest.raises(PavedroadError):
        load_pipeline().read_lock(repo)


@pytest.mark.parametrize(("name", "why"), [(".dvc", "not set up"), ("dvc.yaml", "no dvc.yaml")])
def test_a_repo_without_a_pipeline_is_not_ready(repo, name, why):
    pipeline = load_pipeline()
    pipeline.check_ready(repo)
    path = repo / name
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    with pytest.raises(PipelineError, match=why):
        pipeline.check_ready(repo)


def test_another_dvc_at_work_is_noticed(repo):
    (repo / "first.py").write_text(SLOW)
    running = load_pipeline().start(repo)
    try:
        wait_for(repo / "begun")
        error = refusal(repo)
    finally:
        running.stop()
    assert "Another DVC process is running" in error.what
    assert "again" in error.next_step


# --- interruption ---------------------------------------------------------------------------------------------------


def wait_for(path, seconds=30):
    end = time.monotonic() + seconds
    while not path.exists():
        assert time.monotonic() < end, f"{path} did not appear"
        time.sleep(0.05)


def alive(group):
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.parametrize("deaf", [False, True], ids=["a stage that listens", "a stage that does not"])
def test_ctrl_c_ends_dvc_and_the_stage_it_runs_and_the_next_run_goes_on(repo, deaf):
    ignore = (
        "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
    )
    (repo / "first.py").write_text(ignore + SLOW if deaf else SLOW)
    running = load_pipeline().start(repo)
    group = running._command._process.pid
    threading.Timer(0, lambda: (wait_for(repo / "begun"), os.kill(os.getpid(), signal.SIGINT))).start()
    with pytest.raises(KeyboardInterrupt):
        running.follow(lambda _: None)
    end = time.monotonic() + 5
    while alive(group) and time.monotonic() < end:
        time.sleep(0.05)
    assert not alive(group)
    (repo / "first.py").write_text(FILES["first.py"])
    result, _ = run(repo)
    assert result.failed == ()
    assert (repo / "second.out").read_text() == FILES["data.csv"]


def test_a_watcher_that_fails_ends_the_pipeline_too(repo):
    (repo / "first.py").write_text(SLOW)
    running = load_pipeline().start(repo)

    def fail(event):
        if event.text:
            raise RuntimeError("the screen is gone")

    with pytest.raises(RuntimeError, match="screen"):
        running.follow(fail)
    assert not alive(running._command._process.pid)


# --- the lock -------------------------------------------------------------------------------------------------------


def test_the_lock_tells_what_was_made_of_what(repo):
    pipeline = load_pipeline()
    lock = pipeline.read_lock(repo)
    assert set(lock) == {"first", "second", "other"}
    assert lock["first"].inputs["data.csv"] == pipeline.digest(repo / "data.csv")
    assert lock["first"].outputs == {"first.out": pipeline.digest(repo / "first.out")}
    assert lock["second"].inputs["first.out"] == lock["first"].outputs["first.out"]
    assert lock["first"].parameters == {"pavedroad.toml": {"train.depth": 3}}


def test_a_lock_that_changed_is_read_again_whatever_its_size_and_time(repo):
    pipeline, path = load_pipeline(), repo / "dvc.lock"
    before, stamp = path.read_text(), path.stat().st_mtime_ns
    assert pipeline.read_lock(repo)["first"].parameters == {"pavedroad.toml": {"train.depth": 3}}
    path.write_text(before.replace("train.depth: 3", "train.depth: 4"))
    os.utime(path, ns=(stamp, stamp))
    assert pipeline.read_lock(repo)["first"].parameters == {"pavedroad.toml": {"train.depth": 4}}


def test_a_folder_in_the_place_of_the_lock_is_refused(repo):
    (repo / "dvc.lock").unlink()
    (repo / "dvc.lock").mkdir()
    with pytest.raises(ConfigError, match="lock cannot be read: Is a directory"):
        load_pipeline().read_lock(repo)


def test_before_the_first_run_the_lock_is_empty(repo):
    (repo / "dvc.lock").unlink()
    assert load_pipeline().read_lock(repo) == {}


def test_dvc_reports_nothing_home(repo, monkeypatch, tmp_path):
    (repo / "first.py").write_text(
        "import os\nfrom pathlib import Path\nPath('first.out').write_text(os.environ['DVC_NO_ANALYTICS'])\n"
    )
    monkeypatch.delenv("DVC_NO_ANALYTICS")
    run(repo)
    assert (repo / "first.out").read_text() == "1"
