"""What retraining comes to: `retrain.yml`, on a schedule or by hand, as a generated repo calls it, under `act`."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest
from workflow_drive import REPOSITORY, ask

from pavedroad.testing import dispatch, schedule

BRANCH = "pavedroad/retrain"
DATA, INCOMING = "data/umbrella_sales.csv", "incoming.csv"
REFRESH = f'import shutil\nshutil.copyfile("{INCOMING}", "{DATA}")\n'


def head(text, rows):
    return "".join(text.splitlines(keepends=True)[: rows + 1])


def prepare(drive, *, before, after):
    """A repo whose branch holds a table, and whose refresh brings another one.

    The branch's own model is not in the cache, so a retraining has to make it again before it can compare. Drift
    between seasons is set aside, because a part of a year is no year.
    """
    whole = (drive.repo / DATA).read_text()
    drive.edit(DATA, before(whole)).edit(INCOMING, after(whole)).edit("refresh.py", REFRESH)
    drive.edit(
        "pavedroad.toml",
        lambda text: text.replace("[validation]", 'refresh = ["python", "refresh.py"]\n[validation]').replace(
            "[gate]", "min_effect = 10.0\nfail_effect = 10.0\n[gate]"
        ),
    )
    return drive.commit("Lay older data")


def list_changes(drive):
    listing = ["git", "-C", str(drive.github.bare), "diff", "--name-only", "main", BRANCH]
    return set(ask(listing, drive.repo, os.environ).split())


def show(drive, what):
    return ask(["git", "-C", str(drive.github.bare), "show", f"{BRANCH}:{what}"], drive.repo, os.environ)


def test_a_better_model_is_proposed_once_and_twice_makes_no_second_pull_request(drive):
    whole = (drive.repo / DATA).read_text()
    prepare(drive, before=lambda text: head(text, 700), after=lambda text: text)
    main = drive.github.branches()["main"]
    run = drive.run("retrain.yml", dispatch(REPOSITORY))
    assert run.ok, run
    assert run.jobs == {"Retrain": "success", "Propose": "success"}
    assert run.skipped == []
    assert run.outputs("Retrain") == {"decision": "propose"}
    assert any("Proposed. Mean absolute error" in summary for summary in run.summaries)
    pull = drive.github.state.pulls[0]
    assert (pull["head"]["ref"], pull["base"]["ref"], pull["state"]) == (BRANCH, "main", "open")
    assert pull["title"] == "Retrain umbrella-sales on new data"
    assert "The road says yes" in pull["body"]
    assert "better by" in pull["body"]
    assert {DATA, "dvc.lock"} <= list_changes(drive)
    assert list_changes(drive) <= {
        DATA,
        "dvc.lock",
        *(f"reports/{name}.json" for name in ("metrics", "schema", "drift-sizes")),
    }
    assert show(drive, DATA) == whole
    assert drive.github.branches()["main"] == main, "Only a person merges."
    pushed = drive.github.branches()[BRANCH]
    again = drive.run("retrain.yml", schedule(REPOSITORY))
    assert again.ok, again
    assert again.outputs("Retrain") == {"decision": "propose"}
    assert len(drive.github.state.pulls) == 1
    assert [method for method, _, _ in drive.writes] == ["POST", *(["PATCH"] * (len(drive.writes) - 1))]
    assert drive.github.branches()[BRANCH] == pushed, "The same model on the same base is not pushed again."
    assert again.outputs("Propose the new model")["number"] == str(pull["number"])
    # A person's work on the branch is not overwritten.
    work = drive.repo.parent / "work"
    for step in (
        ["git", "clone", "--quiet", "--branch", BRANCH, str(drive.github.bare), str(work)],
        ["git", "-C", str(work), "commit", "--quiet", "--allow-empty", "--message", "Look closer"],
        ["git", "-C", str(work), "push", "--quiet"],
    ):
        ask(step, drive.repo, os.environ)
    theirs = drive.github.branches()[BRANCH]
    third = drive.run("retrain.yml", schedule(REPOSITORY))
    assert third.jobs == {"Retrain": "success", "Propose": "failure"}, third
    assert any("Someone has committed to the branch" in remark.message for remark in third.remarks)
    assert drive.github.branches()[BRANCH] == theirs


def leave_to_dvc(drive, remote):
    """Let DVC keep the table, in a remote that every run here may read and write."""
    dvc = str(Path(sys.executable).with_name("dvc"))
    for step in (
        ["git", "rm", "--quiet", "--cached", DATA],
        [dvc, "add", "--quiet", DATA],
        [dvc, "remote", "add", "--quiet", "--default", "store", str(remote)],
        [dvc, "remote", "modify", "--quiet", "store", "verify", "true"],
        [dvc, "push", "--quiet", f"{DATA}.dvc"],
    ):
        ask(step, drive.repo, drive.outside)
    drive.commit("Leave the table to DVC")
    (drive.repo / DATA).unlink()


def test_a_table_that_dvc_keeps_is_pushed_and_only_its_pointer_is_proposed(drive, tmp_path):
    whole = (drive.repo / DATA).read_bytes()
    prepare(drive, before=lambda text: head(text, 700), after=lambda text: text)
    leave_to_dvc(drive, tmp_path / "remote")
    run = drive.run("retrain.yml", dispatch(REPOSITORY))
    assert run.ok, run
    assert run.outputs("Retrain") == {"decision": "propose"}
    assert {f"{DATA}.dvc", "dvc.lock"} <= list_changes(drive)
    assert DATA not in list_changes(drive)
    md5 = hashlib.md5(whole, usedforsecurity=False).hexdigest()
    assert f"md5: {md5}" in show(drive, f"{DATA}.dvc")
    assert (tmp_path / "remote/files/md5" / md5[:2] / md5[2:]).read_bytes() == whole, "Whoever merges it can have it."


def test_a_model_that_is_not_better_is_not_proposed_and_the_run_says_why(drive):
    prepare(drive, before=lambda text: head(text, 1454), after=lambda text: text)
    run = drive.run("retrain.yml", schedule(REPOSITORY))
    assert run.rc == 0, run
    assert run.jobs["Retrain"] == "success"
    assert run.outputs("Retrain") == {"decision": "keep"}
    assert any("Kept the old model. Mean absolute error" in summary for summary in run.summaries)
    assert (drive.github.state.pulls, drive.github.branches().keys()) == ([], {"main"})
    assert drive.github.state.calls == []


def test_without_new_data_nothing_happens_and_the_run_says_so(drive):
    prepare(drive, before=lambda text: text, after=lambda text: text)
    run = drive.run("retrain.yml", schedule(REPOSITORY))
    assert run.rc == 0, run
    assert run.outputs("Retrain") == {"decision": "nothing-new"}
    assert any("The data is the same as before" in summary for summary in run.summaries)
    assert "validate" not in run.log, "No stage is run for nothing."
    assert drive.github.state.calls == []


def test_data_that_the_road_refuses_makes_the_run_red_and_changes_nothing(drive):
    def spoil(text):
        first, *rows = text.splitlines()
        column = first.split(",").index("umbrellas_sold")
        return "\n".join(
            [first, *(",".join("-5" if i == column else c for i, c in enumerate(r.split(","))) for r in rows)]
        )

    prepare(drive, before=lambda text: text, after=spoil)
    run = drive.run("retrain.yml", schedule(REPOSITORY))
    assert run.rc == 1
    assert run.outputs("Retrain") == {"decision": "refuse"}
    assert any(remark.file == "expectations/suite.json" for remark in run.remarks)
    assert any("The road says yes to the new model" in summary for summary in run.summaries)
    assert drive.github.state.calls == []
    assert drive.github.branches().keys() == {"main"}


def test_a_repo_without_a_refresh_has_nothing_to_retrain_on(drive):
    run = drive.run("retrain.yml", dispatch(REPOSITORY))
    assert run.rc == 0, run
    assert run.outputs("Retrain") == {"decision": "nothing-new"}
    assert any("data.refresh names nothing" in summary for summary in run.summaries)


@pytest.fixture
def laptop(drive):
    prepare(drive, before=lambda text: head(text, 1454), after=lambda text: text)
    ask(["uv", "sync", "--quiet", "--locked"], drive.repo, drive.outside)
    return drive


def test_on_a_laptop_a_lost_retraining_leaves_the_work_tree_as_it_was(laptop):
    command = ["uv", "run", "--locked", "pavedroad", "retrain"]
    done = subprocess.run(command, cwd=laptop.repo, env=laptop.outside, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Decision: keep." in done.stdout
    assert ask(["git", "status", "--porcelain"], laptop.repo, laptop.outside) == ""
    (laptop.repo / "refresh.py").write_text("raise SystemExit(3)\n")
    refused = subprocess.run(command, cwd=laptop.repo, env=laptop.outside, capture_output=True, text=True, check=False)
    assert refused.returncode == 2, "Changes that are not committed are not mixed with new data."
    assert "not committed" in refused.stderr
    laptop.commit("Break the refresh")
    failed = subprocess.run(command, cwd=laptop.repo, env=laptop.outside, capture_output=True, text=True, check=False)
    assert failed.returncode == 3
    assert "exit code 3" in failed.stdout
    assert ask(["git", "status", "--porcelain"], laptop.repo, laptop.outside) == ""
