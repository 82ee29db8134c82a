"""What a pull request sees: `check.yml`, called as a generated repo calls it, under `act`."""

import json
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from workflow_drive import REPOSITORY, ask

from pavedroad.testing import fork_request, pull_request
from pavedroad.testing.github import READ_ONLY

PULL = pull_request(REPOSITORY)


def sees(run, text):
    return any(text in summary for summary in run.summaries)


def errors(run):
    return [(remark.file, remark.title, remark.message) for remark in run.remarks if remark.level == "error"]


def test_a_pull_request_that_passes_gets_its_verdict_everywhere_once(drive, checked):
    run = drive.run("check.yml", PULL)
    assert run.ok, run
    assert run.jobs == {"Road": "success", "Comment": "success"}
    assert run.skipped == [], "Every job and step runs."
    assert run.outputs("Take the road") == {"outcome": "pass", "page": "reports/report.html"}
    assert len(run.summaries) == 1
    assert sees(run, "The road says yes: umbrella-sales")
    assert sees(run, "```mermaid")
    assert run.remarks == []
    assert run.commands == []
    assert drive.writes == [("POST", "/issues/7/comments", 201)]
    assert "The road says yes" in drive.comments[0]
    assert f"{drive.github.url}/{REPOSITORY}/actions/runs/" in drive.comments[0]
    assert "= train  restored from the cache" in run.log, "What did not change comes from the cache of earlier runs."
    # Local parity: `nox -s check` on the laptop and this run leave the same bytes, but for the section about the run.
    laptop = {path.name: path.read_bytes() for path in (checked / "reports").glob("*.json")}
    runner = {path.name: path.read_bytes() for path in run.artifact("pavedroad-reports").glob("*.json")}
    assert {"validate.json", "train.json", "evaluate.json", "drift.json", "package.json", "gate.json"} <= set(laptop)
    assert runner == {name: content for name, content in laptop.items() if name in runner}
    assert set(runner) == set(laptop) - {"validated.json"} | ({"validated.json"} & set(runner))


def test_a_second_run_rewrites_the_comment_and_a_strangers_is_left_alone(drive):
    mark = "<!-- pavedroad verdict cdb4ee2aea69 -->"
    drive.github.comment(7, f"{mark}\nA stranger's text under our mark", {"login": "mallory", "type": "User"})
    for _ in range(2):
        run = drive.run("check.yml", PULL)
        assert run.ok, run
    stranger, ours = drive.comments
    assert stranger == f"{mark}\nA stranger's text under our mark"
    assert ours.startswith(mark)
    assert [method for method, _, _ in drive.writes] == ["POST", "PATCH"]


def test_two_pull_requests_at_once_get_a_comment_each(drive):
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(lambda number: drive.run("check.yml", pull_request(REPOSITORY, number=number)), (7, 8))
    assert first.ok, first
    assert second.ok, second
    assert {number: len(found) for number, found in drive.github.state.comments.items()} == {7: 1, 8: 1}


def test_a_fork_gets_its_verdict_in_the_summary_and_nothing_is_written(drive):
    run = drive.run("check.yml", fork_request(REPOSITORY), token=READ_ONLY)
    assert run.ok, run
    assert run.skipped == []
    assert sees(run, "The road says yes")
    assert run.outputs("Comment the verdict") == {"said": "nothing"}
    assert drive.github.state.calls == []
    assert [remark.level for remark in run.remarks] == ["notice"]
    assert "comes from a fork" in run.remarks[0].message


def test_a_token_that_may_not_write_is_no_reason_to_fail(drive):
    run = drive.run("check.yml", PULL, token=READ_ONLY)
    assert run.ok, run
    assert drive.writes == [("POST", "/issues/7/comments", 403)]
    assert drive.comments == []
    assert "permissions" in run.remarks[0].message


def break_data(text):
    head, *rows = text.splitlines()
    column = head.split(",").index("umbrellas_sold")
    broken = [",".join("-5" if i == column else cell for i, cell in enumerate(row.split(","))) for row in rows]
    return "\n".join([head, *broken]) + "\n"


def shift_weather(text):
    head, *rows = text.splitlines()
    column = head.split(",").index("temp_max")
    moved = [
        ",".join(str(round(float(cell) + 12, 1)) if i == column else cell for i, cell in enumerate(row.split(",")))
        for row in rows
    ]
    return "\n".join([head, *moved[-400:]]) + "\n"


def forget_the_data(text):
    """Let no stage of the pipeline say that the model was made of the table."""
    return text.replace("      - data/umbrella_sales.csv\n", "")


FEATURES = "src/umbrella_sales/features.py"
BODY = "def features(table: pd.DataFrame) -> pd.DataFrame:"


def raise_when(condition):
    """A features function that fails under a condition; the docstring that follows becomes an expression."""
    return lambda text: text.replace(BODY, f"{BODY}\n    if {condition}:\n        raise ValueError('the sky fell')", 1)


FAILURES = {
    "validate": (
        {"data/umbrella_sales.csv": break_data},
        "fail",
        [("expectations/suite.json", "validate: ")],
        "umbrellas_sold",
    ),
    "train": ({FEATURES: raise_when("len(table) > 500")}, "error", [(FEATURES, "train: ")], "the sky fell"),
    "evaluate": (
        {FEATURES: raise_when("len(table) == 365")},
        "error",
        [(FEATURES, "evaluate: ")],
        "the sky fell",
    ),
    "drift": (
        {
            "data/today.csv": None,
            "pavedroad.toml": lambda text: text.replace("[validation]", 'current = "data/today.csv"\n[validation]'),
        },
        "fail",
        [("", "drift: ")],
        "temp_max",
    ),
    "package": (
        # The second change makes all stages run again, so that nothing comes from the cache of a better pipeline.
        {"dvc.yaml": forget_the_data, FEATURES: lambda text: f"{text}\n# Changed.\n"},
        "fail",
        [("", "package: ")],
        "not in the lineage",
    ),
    "latency": ({FEATURES: raise_when("len(table) == 1")}, "error", [(FEATURES, "latency: ")], "the sky fell"),
    "gate": (
        {"pavedroad.toml": lambda text: text.replace("max_latency_ms = 60000.0", "max_latency_ms = 0.001")},
        "fail",
        [("pavedroad.toml", "gate: ")],
        "longer than the budget",
    ),
}


@pytest.mark.parametrize("stage", FAILURES)
def test_a_pull_request_that_fails_a_stage_is_told_where_and_why(drive, stage):
    changes, outcome, places, words = FAILURES[stage]
    for path, change in changes.items():
        drive.edit(path, change or shift_weather((drive.repo / "data/umbrella_sales.csv").read_text()))
    run = drive.commit().run("check.yml", PULL)
    assert run.rc == 1
    assert run.jobs == {"Road": "failure", "Comment": "success"}, run
    assert run.outputs("Take the road")["outcome"] == outcome, run
    found = errors(run)
    for file, title in places:
        assert [error for error in found if error[0] == file and error[1].startswith(title)], (places, found)
    assert words in " ".join([*run.summaries, *(message for _, _, message in found)])
    assert len(drive.comments) == 1
    assert ("The road says no" if outcome == "fail" else "There is no verdict") in drive.comments[0]
    assert words in drive.comments[0].replace("&#95;", "_")
    assert run.skipped == []


def test_records_that_are_behind_are_judged_as_they_would_be_and_shown_with_the_command(drive):
    drive.edit("params.yaml", lambda text: text.replace("random_state: 0", "random_state: 1"))
    before = (drive.repo / "dvc.lock").read_bytes()
    run = drive.commit().run("check.yml", PULL)
    assert run.ok, run
    assert run.outputs("Take the road")["outcome"] == "pass"
    assert {remark.file for remark in run.remarks if remark.level == "warning"} == {
        "dvc.lock",
        "reports/metrics.json",
    }
    for text in (*run.summaries, *drive.comments):
        assert "behind its own code" in text
        assert "uv run pavedroad check && git add dvc.lock reports &&" in text
    assert (drive.repo / "dvc.lock").read_bytes() == before, "CI never commits for the author."
    assert drive.github.branches().keys() == {"main"}


def test_records_that_are_behind_stop_the_road_where_the_policy_says_so(drive):
    drive.edit("params.yaml", lambda text: text.replace("random_state: 0", "random_state: 1"))
    drive.edit("pavedroad.toml", lambda text: text.replace("[gate]", '[gate]\nbehind = "fail"'))
    run = drive.commit().run("check.yml", PULL)
    assert run.rc == 1
    assert run.outputs("Take the road")["outcome"] == "fail"
    assert [(file, title) for file, title, _ in errors(run)] == [
        ("pavedroad.toml", "gate: The commit holds the record of what its code makes")
    ]


def test_an_environment_that_cannot_be_installed_leaves_a_comment_without_a_verdict(drive):
    drive.edit("pyproject.toml", lambda text: text.replace("dependencies = [", 'dependencies = ["tomli", ', 1))
    run = drive.commit().run("check.yml", PULL)
    assert run.rc == 1
    assert run.jobs == {"Road": "failure", "Comment": "success"}, run
    assert "uv.lock does not fit" in errors(run)[0][2]
    assert "There is no verdict" in drive.comments[0]


def test_a_configuration_error_is_shown_on_its_line(drive):
    drive.edit("pavedroad.toml", lambda text: text.replace("confidence =", "confidance ="))
    run = drive.commit().run("check.yml", PULL)
    assert run.rc == 1
    assert run.outputs("Take the road")["outcome"] == "error"
    remark = next(remark for remark in run.remarks if remark.level == "error")
    assert (remark.file, int(remark.line) > 0) == ("pavedroad.toml", True)
    assert "Did you mean 'confidence'?" in remark.message
    assert sees(run, "There is no verdict")


def test_a_push_to_the_default_branch_runs_the_road_and_comments_nothing(drive):
    from pavedroad.testing import Event

    run = drive.run("check.yml", Event("push", {"ref": "refs/heads/main", "repository": PULL.payload["repository"]}))
    assert run.rc == 0, run
    assert run.jobs["Road"] == "success"
    assert drive.github.state.calls == []


@pytest.mark.parametrize("readable", [False, True], ids=["a remote that cannot be read", "a remote that can"])
def test_a_fork_whose_data_lies_in_a_remote_is_told_who_can_run_it(drive, tmp_path, readable):
    """DVC keeps the table; only where its remote can be read without a secret does the road run."""
    remote = tmp_path / "remote"
    dvc = Path(sys.executable).with_name("dvc")
    for step in (
        ["git", "rm", "--quiet", "--cached", "data/umbrella_sales.csv"],
        [str(dvc), "add", "--quiet", "data/umbrella_sales.csv"],
        [str(dvc), "remote", "add", "--quiet", "--default", "store", str(remote)],
        [str(dvc), "remote", "modify", "--quiet", "store", "verify", "true"],
        [str(dvc), "push", "--quiet", "data/umbrella_sales.csv.dvc"],
    ):
        ask(step, drive.repo, drive.outside)
    drive.commit("Leave the table to DVC")
    (drive.repo / "data/umbrella_sales.csv").unlink()
    if not readable:
        remote.rename(tmp_path / "secret")
    run = drive.run("check.yml", fork_request(REPOSITORY), token=READ_ONLY)
    assert run.skipped == []
    assert drive.github.state.calls == []
    if readable:
        assert run.ok, run
        assert run.outputs("Take the road")["outcome"] == "pass"
    else:
        assert run.rc == 1
        assert run.outputs("Take the road")["outcome"] == "error", "What was skipped is never a yes."
        assert sees(run, "lies in a remote that this run may not read")
        assert sees(run, "A maintainer who may read the remote can run it")
        report = json.loads((run.artifact("pavedroad-reports") / "validate.json").read_text())
        assert (report["outcome"], report["checks"][0]["id"]) == ("skipped", "data.reach")
