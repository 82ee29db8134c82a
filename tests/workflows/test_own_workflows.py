"""This repository's own road: the job of `_ci.yml` that generates a repo and runs the actions of its own commit."""

import shutil
import subprocess

import pytest
from workflow_drive import ROOT

from pavedroad.testing import Act, FakeGitHub, pull_request, stage_road

NAME = "org/pavedroad"


@pytest.mark.slow
def test_ci_takes_a_generated_repo_down_the_road_by_the_actions_of_its_own_commit(tmp_path):
    clone = tmp_path / "pavedroad"
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
    # What is not committed yet is what is tested, and `act` cannot read `$/`.
    ref = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=clone, capture_output=True, text=True, check=True
    ).stdout.strip()
    road = stage_road(ROOT, tmp_path / "road", name=NAME, ref=ref)
    shutil.copytree(road.folder, clone, dirs_exist_ok=True)
    with FakeGitHub(tmp_path / "github", NAME) as github:
        run = Act(road, github, tmp_path / "runs").run(clone, "_ci.yml", pull_request(NAME), job="road")
    assert run.ok, run
    assert run.jobs == {"Our own road": "success"}
    assert run.skipped == []
    assert run.outputs("Take it down the road again, by the action of this very commit")["outcome"] == "pass"
    assert any("The road says yes: umbrella-sales" in summary for summary in run.summaries)
    assert "Session tests was successful" in run.log
