"""The base in CI: a pull request as GitHub's checkout lays it, a merge and its parents and nothing before them.

The base's policy counts, and its model, out of the cache of earlier runs, is the champion.
"""

import json

import pytest
from workflow_drive import REPOSITORY, ask

from pavedroad.testing import pull_request

PULL = pull_request(REPOSITORY)


def check_out(drive, depth):
    """What `actions/checkout` makes of a pull request: a detached merge of the change, as deep as asked."""
    clone = drive.repo.parent / f"depth-{depth}" / drive.repo.name
    for step in (
        ["init", "--quiet", "--initial-branch=main", str(clone)],
        ["-C", str(clone), "fetch", "--quiet", f"--depth={depth}", f"file://{drive.repo}",
         "+refs/pull/7/merge:refs/remotes/pull/7/merge"],
        ["-C", str(clone), "checkout", "--quiet", "--force", "refs/remotes/pull/7/merge"],
        # It has an address, which `act` asks for.
        ["-C", str(clone), "remote", "add", "origin", f"{drive.github.url}/{REPOSITORY}"],
    ):  # fmt: skip
        ask(["git", *step], drive.repo.parent, drive.outside)
    return clone


def propose(drive, **edits):
    """A pull request with these edits, as GitHub keeps it: the change on its branch, and its merge with main."""
    ask(["git", "switch", "--quiet", "--create", "change"], drive.repo, drive.outside)
    for path, change in edits.items():
        drive.edit(path.replace("_", "."), change)
    drive.commit("Propose something")
    for step in (
        ["switch", "--quiet", "main"],
        ["commit", "--quiet", "--allow-empty", "--message", "Go on meanwhile"],
        ["switch", "--quiet", "--detach"],
        ["merge", "--quiet", "--no-ff", "--message", "Merge change into main", "change"],
        ["update-ref", "refs/pull/7/merge", "HEAD"],
        ["switch", "--quiet", "main"],
    ):
        ask(["git", *step], drive.repo, drive.outside)
    return ask(["git", "rev-parse", "main"], drive.repo, drive.outside).strip()


def read(run, stage):
    return json.loads((run.artifact("pavedroad-reports") / f"{stage}.json").read_text())


def find(report, id_):
    return next(check for check in report["checks"] if check["id"] == id_)


def fewer_trees(text):
    return text.replace("trees: 200", "trees: 30")


def no_champion(text):
    return text.replace("[gate]\n", '[gate]\nchampion = "off"\n')


@pytest.fixture
def worse(drive):
    """A change that makes the model worse, though better than the baseline, and asks the gate to overlook it."""
    return drive, propose(drive, params_yaml=fewer_trees, pavedroad_toml=no_champion)


def test_a_model_worse_than_the_bases_is_refused_by_the_bases_policy_and_the_change_is_told(worse):
    drive, base = worse
    run = drive.act.run(check_out(drive, 2), "check.yml", PULL, state=drive.state)
    assert run.rc == 1, run
    assert run.jobs == {"Road": "failure", "Comment": "success"}, run
    assert run.outputs("Take the road")["outcome"] == "fail", run
    difference = find(read(run, "compare"), "compare.difference")
    assert difference["evidence"]["base"] == base
    assert difference["evidence"]["history"] == "shallow"
    assert difference["evidence"]["came"] == "from the cache", "Nothing is trained again for the champion."
    failed = [check["id"] for check in read(run, "gate")["checks"] if check["outcome"] == "fail"]
    assert failed == ["gate.champion"], failed
    for text in (*run.summaries, *drive.comments):
        assert "champion" in text
        assert "looser" in text


def test_the_same_change_passes_where_it_is_not_known_to_be_a_pull_request(worse):
    """The twin: it is the base that refuses, not the change by itself."""
    drive, _ = worse
    clone = check_out(drive, 1)
    for step in (["switch", "--quiet", "--create", "some-branch"], ["update-ref", "-d", "refs/remotes/pull/7/merge"]):
        ask(["git", *step], clone, drive.outside)
    run = drive.act.run(clone, "check.yml", PULL, state=drive.state)
    assert run.ok, run
    assert run.outputs("Take the road")["outcome"] == "pass"


def test_a_pull_request_without_its_base_is_refused_with_the_remedy(worse):
    drive, _ = worse
    run = drive.act.run(check_out(drive, 1), "check.yml", PULL, state=drive.state)
    assert run.jobs["Road"] == "failure", run
    assert "fetch-depth: 2" in str(run), run
