"""Repos to start a journey from: each is made once in a test run and copied for every test that changes it."""

import fcntl
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from journey import Answer, Repo, generate, make_environment

PATIENT = "60000"
"""Milliseconds: a latency budget that a busy machine keeps, for journeys that are not about latency."""


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """A folder that all workers of this test run share."""
    base = tmp_path_factory.getbasetemp()
    shared = (base if worker_id == "master" else base.parent) / "journeys"
    shared.mkdir(exist_ok=True)
    return shared


@pytest.fixture(scope="session")
def environment(place: Path, worker_id: str) -> dict[str, str]:
    """The environment that every command of the journeys runs in; each worker has a home of its own."""
    return make_environment(place / f"home-{worker_id}")


@pytest.fixture(scope="session")
def bake(place: Path, environment: dict[str, str]) -> Callable[[str, Callable[[Path], Answer]], tuple[Path, Answer]]:
    """Make a folder once for all workers: the first that asks makes it, the others wait for it."""

    def make_once(name: str, make: Callable[[Path], Answer]) -> tuple[Path, Answer]:
        folder, kept = place / name, place / f"{name}.json"
        with (place / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not kept.is_file():
                shutil.rmtree(folder, ignore_errors=True)  # what a worker left that failed
                folder.mkdir()
                answer = make(folder)
                kept.write_text(json.dumps([answer.code, answer.out, answer.err]), encoding="utf-8")
        return folder, Answer(*json.loads(kept.read_text(encoding="utf-8")))

    return make_once


@pytest.fixture(scope="session")
def newborn(bake, environment) -> Repo:
    """The example as it was generated; nothing has run yet. Not to be changed."""
    folder, answer = bake("newborn", lambda place: generate(place, environment, max_latency_ms=PATIENT))
    assert answer.code == 0, answer
    return Repo(folder / "umbrella-sales", environment)


@pytest.fixture(scope="session")
def first_check(bake, newborn: Repo) -> tuple[Repo, Answer]:
    """The example after its first ``check``, and what that said. Not to be changed."""

    def make(place: Path) -> Answer:
        repo = newborn.copy(place / "umbrella-sales")
        answer = repo.check()
        repo.commit()
        return answer

    folder, answer = bake("checked", make)
    return Repo(folder / "umbrella-sales", newborn.environment), answer


@pytest.fixture(scope="session")
def quick(bake, newborn: Repo) -> Repo:
    """The example with a small model, after its first ``check``. Not to be changed."""

    def make(place: Path) -> Answer:
        repo = newborn.copy(place / "umbrella-sales")
        make_small(repo)
        answer = repo.check()
        repo.commit()
        return answer

    folder, answer = bake("quick", make)
    assert answer.code == 0, answer
    return Repo(folder / "umbrella-sales", newborn.environment)


@pytest.fixture
def checked(first_check: tuple[Repo, Answer], tmp_path: Path) -> Repo:
    """A copy of the example after its first ``check``, to change at will."""
    repo, answer = first_check
    assert answer.code == 0, answer
    return repo.copy(tmp_path / "umbrella-sales")


@pytest.fixture
def small(quick: Repo, tmp_path: Path) -> Repo:
    """A copy of the example with a small model, after its first ``check``, to change at will."""
    return quick.copy(tmp_path / "umbrella-sales")


@pytest.fixture
def fresh(newborn: Repo, tmp_path: Path) -> Repo:
    """A copy of the example as it was generated, with a small model, to change at will."""
    repo = newborn.copy(tmp_path / "umbrella-sales")
    make_small(repo)
    return repo


def make_small(repo: Repo) -> None:
    """Fewer trees than the example has, for journeys that are not about how good the model is."""
    repo.set("params.yaml", "trees", "20")
