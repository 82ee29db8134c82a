"""A champion that is gone from here: fetched from DVC's remote by its digest, or made again from the base's commit."""

import shutil
import subprocess
import sys
from contextlib import contextmanager

import pytest

from pavedroad.errors import JudgementError
from pavedroad.foundation.gate.champion import bring_champion
from pavedroad.foundation.project import Project

pytestmark = pytest.mark.slow

MAKE = """
import pathlib, sys
folder = pathlib.Path("package")
folder.mkdir(exist_ok=True)
folder.joinpath("model.txt").write_text(pathlib.Path("code.txt").read_text())
folder.joinpath("manifest.json").write_text("{}")
"""
PIPELINE = f"""
stages:
  package:
    cmd: {sys.executable} make.py
    deps: [code.txt, make.py]
    outs: [package]
"""
FILES = {"make.py": MAKE, "code.txt": "the base's", "dvc.yaml": PIPELINE}


def run(root, *words):
    done = subprocess.run(words, cwd=root, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def dvc(root, *words):
    return run(root, sys.executable, "-m", "dvc", *words, "-q")


def commit(root, tag):
    run(root, "git", "add", "--all")
    run(root, "git", "commit", "--quiet", "--message", tag)
    run(root, "git", "tag", tag)


@pytest.fixture(scope="module")
def repo(tmp_path_factory, write_world):
    """A repo with a remote beside it that holds the package of its tag ``base``; it has gone on since."""
    root = write_world(tmp_path_factory.mktemp("afar") / "repo", FILES)
    run(root, "git", "init", "--quiet", "--initial-branch", "main")
    dvc(root, "init")
    dvc(root, "config", "core.analytics", "false")
    dvc(root, "remote", "add", "-d", "store", str(root.parent / "store"))
    dvc(root, "repro")
    commit(root, "base")
    dvc(root, "push")
    (root / "code.txt").write_text("the change's")
    (root / "make.py").write_text(f"{MAKE}\nimport uuid\nfolder.joinpath('chance.txt').write_text(str(uuid.uuid4()))\n")
    dvc(root, "repro")
    commit(root, "chance")
    (root / "make.py").write_text("raise SystemExit(1)\n")
    commit(root, "broken")
    return root


@contextmanager
def without(*paths):
    """Nothing is at these paths for a while; what comes there meanwhile goes."""
    for path in paths:
        path.rename(path.with_name(f"{path.name} aside"))
    try:
        yield
    finally:
        for path in paths:
            shutil.rmtree(path, ignore_errors=True)
            path.with_name(f"{path.name} aside").rename(path)


@pytest.fixture
def emptied(repo):
    """The same repo with nothing in its cache, as in a fresh clone."""
    with without(repo / ".dvc" / "cache"):
        yield repo


def bring(root, revision="base"):
    with bring_champion(Project(root=root, config=None), revision) as champion:
        return champion.how, champion.digest, (champion.root / "package" / "model.txt").read_text()


def locked(root, revision):
    """The package's digest as a revision's lock names it."""
    lines = run(root, "git", "show", f"{revision}:dvc.lock").splitlines()
    return next(line.split()[-1] for line in lines if line.endswith(".dir"))


def test_a_champion_that_only_the_remote_has_is_fetched_by_its_digest(emptied):
    assert locked(emptied, "base") != locked(emptied, "chance")
    assert bring(emptied) == ("from the remote", locked(emptied, "base"), "the base's")


def test_a_champion_that_nobody_keeps_is_made_again_and_is_the_one_that_the_lock_names(emptied):
    with without(emptied.parent / "store"):
        assert bring(emptied) == ("made once more", locked(emptied, "base"), "the base's")
    assert (emptied / "code.txt").read_text() == "the change's", "the work tree is left alone"


def test_what_a_damaged_remote_holds_is_never_the_champion(emptied):
    store = emptied.parent / "store"
    shutil.copytree(store, store.with_name("whole"))
    for file in store.rglob("*"):
        if file.is_file():
            file.chmod(0o644)
            file.write_bytes(file.read_bytes().replace(b"base", b"evil"))
    try:
        assert bring(emptied) == ("made once more", locked(emptied, "base"), "the base's")
    finally:
        shutil.rmtree(store)
        store.with_name("whole").rename(store)


def test_a_champion_that_comes_out_otherwise_is_refused(emptied):
    with pytest.raises(JudgementError, match="the base's pipeline makes another one") as caught:
        bring(emptied, "chance")
    assert locked(emptied, "chance")[:12] in caught.value.what
    assert caught.value.next_step == "Push it from where it was made: pavedroad data push."


def test_a_champion_that_cannot_be_made_again_is_refused(emptied):
    with pytest.raises(JudgementError, match="the base's pipeline makes none"):
        bring(emptied, "broken")
