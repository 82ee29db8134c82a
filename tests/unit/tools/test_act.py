"""Driving `act`: whoever stops waiting for it leaves nothing of it running."""

import signal
import subprocess
import threading
import time
from pathlib import Path

import pytest

from pavedroad.testing import Act, FakeGitHub, Road, dispatch

WORKFLOW = """
on: workflow_dispatch
jobs:
  slow:
    runs-on: ubuntu-latest
    steps:
      - run: |
          (trap '' HUP INT TERM; exec sleep 600) & deaf=$!
          (exec setsid sleep 600) & apart=$!
          echo "$$ $deaf $apart" > "$BEGUN.part"
          mv "$BEGUN.part" "$BEGUN"
          sleep 600
"""


@pytest.mark.slow
def test_an_interrupted_run_ends_with_all_that_its_steps_have_started(world, tmp_path):
    repo = world({".github/workflows/slow.yml": WORKFLOW})
    subprocess.run(["git", "init", "--quiet"], cwd=repo, check=True)
    road, begun = Road(tmp_path / "road", "acme/road", "v1"), tmp_path / "begun"
    road.folder.mkdir()

    def interrupt():
        while not begun.exists():
            time.sleep(0.05)
        signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)

    with FakeGitHub(tmp_path / "github", "acme/shop") as github:
        threading.Thread(target=interrupt, daemon=True).start()
        with pytest.raises(KeyboardInterrupt):
            Act(road, github, tmp_path / "runs").run(
                repo, "slow.yml", dispatch("acme/shop"), environment={"BEGUN": str(begun)}
            )
    started = begun.read_text().split()
    assert len(started) == 3
    assert [number for number in started if lives(number)] == []


def lives(number):
    """Whether a process runs; one that has ended may still stand there until somebody asks for its exit code."""
    try:
        return (Path("/proc") / number / "stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
