"""Repos, a staged road and a GitHub of their own for workflows that really run.

What is slow, a generated repo that has been down its road once, is made once for all workers of a test run. Each test
copies it, changes what it is about, and drives a workflow over it.
"""

import fcntl
import json
import os
import re
import shutil
import sys
from contextlib import contextmanager
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
        if Path(__file__).parent in item.path.parents and {"drive", "shallow"} & set(item.fixturenames):
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


def name_road(checked):
    """The name and the commit under which the example calls the road."""
    caller = (checked / ".github/workflows/check.yml").read_text()
    return re.search(r"uses: (\S+?/\S+?)/\.github/workflows/check\.yml@(\S+)", caller).groups()


@pytest.fixture(scope="session")
def road(place, checked):
    """This checkout as callers see it, under the commit that they pin."""
    name, ref = name_road(checked)
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


NOTE = """\
name: Stand-in for the road's own set-up
description: Writes down what it is given, and puts an environment on the path that stands already.
inputs:
  working-directory: {description: As in the real one., required: false, default: .}
  install: {description: As in the real one., required: false, default: repo}
runs:
  using: composite
  steps:
    - shell: bash
      env:
        GIVEN: ${{ inputs.working-directory }}
        INSTALL: ${{ inputs.install }}
        BIN: BIN_FOLDER
      run: |
        printf '%s=%s\\0' "$INSTALL" "$GIVEN" >>"$PAVEDROAD_STATE/setups"
        printf '%s\\n' "$BIN" >>"$GITHUB_PATH"
"""


@pytest.fixture(scope="session")
def shallow_road(place, checked):
    """The road with a set-up that installs nothing: for tests that send hundreds of texts through actions.

    What the real set-up makes of the same texts has a test of its own; here it is what the actions hand to it, and what
    they do after it, which they would not reach where it refuses.
    """
    name, ref = name_road(checked)
    road = stage_road(ROOT, place / f"shallow-{os.getpid()}", name=name, ref=ref)
    for heavy in ("src", "requirements"):
        shutil.rmtree(road.folder / heavy)
    note = NOTE.replace("BIN_FOLDER", json.dumps(str(checked / ".venv/bin")))
    (road.folder / "actions/setup/action.yml").write_text(note)
    return road


@contextmanager
def open_drive(checked, road, state, folder, outside):
    """A copy of the example as a runner checks it out, its GitHub, and `act`."""
    repo = folder / "umbrella-sales"
    shutil.copytree(checked, repo, symlinks=True, ignore=shutil.ignore_patterns(*MADE))
    ask(["git", "checkout", "--quiet", "--", "."], repo, outside)
    with FakeGitHub(folder / "github", REPOSITORY) as github:
        github.receive(repo)
        yield Drive(repo, github, Act(road, github, folder / "runs"), state, road, outside)


@pytest.fixture
def drive(checked, road, warm, tmp_path, outside):
    """A copy of the example as a runner checks it out, with the cache of an earlier run."""
    (tmp_path / "state").mkdir()
    with open_drive(checked, road, warm(tmp_path / "state"), tmp_path, outside) as made:
        yield made


@pytest.fixture
def shallow(checked, shallow_road, tmp_path, outside):
    """The same on the road without its set-up, and with no cache."""
    (tmp_path / "state").mkdir()
    with open_drive(checked, shallow_road, tmp_path / "state", tmp_path, outside) as made:
        yield made
