"""Repos, a staged road and a GitHub of their own for workflows that really run.

What is slow, a generated repo that has been down its road once, is made once for all workers of a test run. Each test
copies it, changes what it is about, and drives a workflow over it.
"""

import fcntl
import os
import re
import shutil
import sys
from pathlib import Path

import pytest
from workflow_drive import REPOSITORY, ROOT, Drive, ask

from pavedroad.testing import Act, FakeGitHub, stage_road

PATIENT = "60000"
"""Milliseconds: a latency budget that a busy machine keeps, where latency is not what is tested."""

MADE = (".venv", "reports", "model", "package", "cache")
"""What a runner does not find in a fresh checkout."""


def pytest_collection_modifyitems(items):
    for item in items:
        if Path(__file__).parent in item.path.parents and {"drive", "runs"} & set(item.fixturenames):
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="session")
def place(tmp_path_factory, worker_id):
    base = tmp_path_factory.getbasetemp()
    shared = (base if worker_id == "master" else base.parent) / "workflows"
    shared.mkdir(exist_ok=True)
    return shared


@pytest.fixture(scope="session")
def outside():
    """The environment of a person at a laptop: this Python's tools, and nothing of the session's environment."""
    here = str(Path(sys.executable).parent)
    kept = {name: value for name, value in os.environ.items() if name not in {"VIRTUAL_ENV", "PYTHONPATH"}}
    return {**kept, "PATH": f"{here}{os.pathsep}{os.environ['PATH']}", "UV_PYTHON": os.path.realpath(sys.executable)}


@pytest.fixture(scope="session", autouse=True)
def _tools(outside):
    """`act` and its steps look for uv on the path."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", outside["PATH"])
        patch.setenv("UV_PYTHON", outside["UV_PYTHON"])
        yield


@pytest.fixture(scope="session")
def checked(place, outside):
    """The example, generated, taken down its road by `nox -s check` on this laptop, and its records committed."""
    repo = place / "checked" / "umbrella-sales"
    with (place / "checked.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (place / "checked.done").exists():
            shutil.rmtree(repo.parent, ignore_errors=True)
            answers = [f"max_latency_ms={PATIENT}", f"road_repository={ROOT}"]
            bake = [sys.executable, "-m", "cookiecutter", "--no-input", "--output-dir", str(repo.parent), str(ROOT)]
            ask([*bake, *answers], place, outside)
            if not (repo / "uv.lock").exists():
                ask(["uv", "lock"], repo, outside)
            ask(["uv", "sync", "--locked"], repo, outside)
            ask([str(repo / ".venv/bin/nox"), "-s", "check"], repo, outside)
            gather = [str(repo / ".venv/bin/python"), "-I", str(ROOT / "actions/setup/compiled.py"), "keep"]
            ask([*gather, str(repo.parent / "compiled/modules.zip")], repo, outside)
            ask(["git", "add", "--all"], repo, outside)
            ask(["git", "commit", "--quiet", "--message", "Record the model"], repo, outside)
            (place / "checked.done").touch()
    return repo


@pytest.fixture(scope="session")
def road(place, checked):
    """This checkout as callers see it, under the commit that they pin."""
    caller = (checked / ".github/workflows/check.yml").read_text()
    name, ref = re.search(r"uses: (\S+?/\S+?)/\.github/workflows/check\.yml@(\S+)", caller).groups()
    return stage_road(ROOT, place / f"road-{os.getpid()}", name=name, ref=ref)


@pytest.fixture(scope="session")
def warm(checked):
    """What the caches of a runner hold after the example went down its road once."""

    def make(folder):
        for name, kept in (("dvc-Linux", checked / ".dvc/cache"), ("compiled-Linux-X64", checked.parent / "compiled")):
            entry = folder / "caches" / name
            shutil.copytree(kept, entry / "content", copy_function=os.link if name.startswith("comp") else shutil.copy2)
            (entry / "key").write_text(f"pavedroad-{name}-warm")
        return folder

    return make


@pytest.fixture
def drive(checked, road, warm, tmp_path, outside):
    """A copy of the example as a runner checks it out, with the cache of an earlier run."""
    repo = tmp_path / "umbrella-sales"
    shutil.copytree(checked, repo, symlinks=True, ignore=shutil.ignore_patterns(*MADE))
    ask(["git", "checkout", "--quiet", "--", "."], repo, outside)
    (tmp_path / "state").mkdir()
    with FakeGitHub(tmp_path / "github", REPOSITORY) as github:
        github.receive(repo)
        act = Act(road, github, tmp_path / "runs")
        yield Drive(repo, github, act, warm(tmp_path / "state"), road, outside)
