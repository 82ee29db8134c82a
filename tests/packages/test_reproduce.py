"""Making a package again: the same bytes from the same commit, and a reason in words whenever they are not."""

import json
import subprocess
import sys

import pytest
from small_repo import OWN, commit, git, lay, walk

from pavedroad.errors import EvidenceError
from pavedroad.foundation.package.envelope import open_package
from pavedroad.foundation.package.folder import write_manifest
from pavedroad.foundation.project import find_project
from pavedroad.report import Outcome
from pavedroad.stages.reproduce import find_revision, reproduce

pytestmark = pytest.mark.slow


def run(repo, folder="package", revision=""):
    seen = []
    report = reproduce(find_project(repo), repo / folder, revision, seen.append)
    return report, {check.id.partition(".")[2]: check for check in report.checks}, seen


@pytest.fixture
def kept(repo):
    """Such a repo under git, with its package at hand as it is for whoever fetched it."""
    commit(repo)
    return repo


def test_the_same_package_comes_of_the_same_commit(kept):
    before = git(kept, "status", "--porcelain")
    report, checks, seen = run(kept)
    assert report.outcome is Outcome.PASS, report
    assert "byte for byte the same" in report.summary
    assert checks["package"].observed == open_package(kept / "package").digest
    assert seen == ["looking for the commit", "validate", "train", "evaluate", "package"]
    assert git(kept, "status", "--porcelain") == before
    assert git(kept, "worktree", "list").count("\n") == 1


def test_it_comes_of_its_own_commit_however_many_follow(kept):
    first = git(kept, "rev-parse", "HEAD").strip()
    lock = kept / "dvc.lock"
    lock.write_text(lock.read_text().replace("0123456789abcdef0123456789abcdef", "f" * 32))
    (kept / "src" / "beans" / "own.py").write_text(OWN.replace("alpha=params", "alpha=2 * params"))
    git(kept, "commit", "-q", "-a", "-m", "Another model")
    assert find_revision(find_project(kept), open_package(kept / "package").lineage) == first
    report, _, _ = run(kept)
    assert report.outcome is Outcome.PASS


def test_no_commit_leads_to_a_package_whose_lock_nobody_committed(kept):
    lock = kept / "dvc.lock"
    lock.write_text(lock.read_text().replace("0123456789abcdef0123456789abcdef", "f" * 32))
    walk(kept, ["package"])
    with pytest.raises(EvidenceError, match="No commit") as caught:
        run(kept)
    assert "--commit" in caught.value.next_step


def test_data_that_git_does_not_hold_is_taken_from_here_when_it_is_the_right_one(repo):
    ignored = repo / ".gitignore"
    ignored.write_text(ignored.read_text() + "/data\n")
    commit(repo)
    assert run(repo)[0].outcome is Outcome.PASS
    (repo / "data" / "beans.csv").write_text("weight,height,beans\n1,2,3\n")
    report, checks, seen = run(repo)
    assert report.outcome is Outcome.FAIL
    assert "Missing: data/beans.csv" in checks["data"].reason
    assert "train" not in seen


def test_other_code_in_the_named_commit_is_told(kept):
    (kept / "src" / "beans" / "own.py").write_text(OWN.replace("alpha=params", "alpha=900 * params"))
    git(kept, "commit", "-q", "-a", "-m", "Another model")
    report, checks, seen = run(kept, revision="HEAD")
    assert report.outcome is Outcome.FAIL
    assert {name for name, check in checks.items() if check.outcome is Outcome.FAIL} == {"code", "model", "metrics"}
    assert "the code is the one it was made by" in checks["model"].reason
    assert "metric.model" in checks["metrics"].evidence
    assert "model.skops" in checks["package"].reason
    assert seen[-1] == "train once more"


DRAWS = OWN.replace("from sklearn", "import time\n\nfrom sklearn").replace(
    'params["alpha"]', 'params["alpha"] + time.time() % 1'
)


def test_training_that_draws_anew_each_time_is_told(tmp_path):
    repo = lay(tmp_path / "beans", own=DRAWS)
    walk(repo)
    commit(repo)
    report, checks, _ = run(repo)
    assert report.outcome is Outcome.FAIL
    assert "another model each time" in checks["model"].reason
    assert checks["code"].outcome is checks["data"].outcome is Outcome.PASS


def test_another_version_of_a_package_is_a_warning_when_all_else_is_the_same(kept):
    path = kept / "package" / "environment.txt"
    path.write_text(path.read_text().replace("joblib==", "joblib==0."))
    write_manifest(kept / "package", "beans")
    report, checks, _ = run(kept)
    assert report.outcome is Outcome.WARN
    assert "joblib 0." in checks["environment"].reason
    assert checks["model"].outcome is checks["metrics"].outcome is Outcome.PASS
    assert "environment.txt" in checks["package"].reason


def test_a_metric_that_is_called_otherwise_is_the_same_metric(kept):
    path = kept / "package" / "package.json"
    path.write_text(path.read_text().replace("How much better", "By how much better"))
    write_manifest(kept / "package", "beans")
    report, checks, _ = run(kept)
    assert report.outcome is Outcome.WARN
    assert checks["metrics"].outcome is Outcome.PASS
    assert "package.json" in checks["package"].reason


def test_a_package_that_was_tampered_with_is_not_even_tried(kept):
    (kept / "package" / "metrics.json").write_text("{}")
    done = subprocess.run(
        [sys.executable, "-m", "pavedroad", "reproduce", "--json"],
        cwd=kept,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 3
    assert "not the one that was packed" in json.loads(done.stdout)["summary"]


def test_the_command_says_yes_with_its_exit_code(kept):
    done = subprocess.run(
        [sys.executable, "-m", "pavedroad", "reproduce"], cwd=kept, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "… train" in done.stdout
    assert (kept / "reports" / "reproduce.json").is_file()


@pytest.mark.parametrize("revision", ["--upload-pack=touch x", "nobody"])
def test_a_revision_that_is_none_is_refused(kept, revision):
    with pytest.raises(EvidenceError, match="could not lay"):
        run(kept, revision=revision)
