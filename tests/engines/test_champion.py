"""Bringing a champion: a revision laid out beside the work tree, and its package by the digest that its lock names."""

import hashlib
import json
import shutil
import subprocess

import pytest

from pavedroad.engines.dvc import copies as dvc_copies
from pavedroad.engines.dvc import pipeline as dvc
from pavedroad.engines.git import checkouts as git_checkouts
from pavedroad.errors import DataError, UsageError
from pavedroad.foundation.gate import looks
from pavedroad.foundation.gate.champion import bring_champion
from pavedroad.foundation.project import Project

FILES = {"package/model.skops": "weights", "package/deep/card.md": "A card.", "package/manifest.json": "{}"}


def git(root, *words):
    done = subprocess.run(["git", *words], cwd=root, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def keep(root, path):
    """Put a folder into DVC's cache, as DVC would, and return its digest."""
    cache = root / ".dvc" / "cache" / "files" / "md5"
    listed = []
    for file in sorted((root / path).rglob("*")):
        if file.is_file():
            content = file.read_bytes()
            name = hashlib.md5(content, usedforsecurity=False).hexdigest()
            place = cache / name[:2] / name[2:]
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content)
            listed.append({"md5": name, "relpath": file.relative_to(root / path).as_posix()})
    listed.sort(key=lambda entry: entry["relpath"])
    text = json.dumps(listed).encode()
    name = hashlib.md5(text, usedforsecurity=False).hexdigest() + ".dir"
    place = cache / name[:2] / name[2:]
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(text)
    return name


@pytest.fixture
def repo(world):
    root = world(FILES)
    digest = keep(root, "package")
    lock = {"schema": "2.0", "stages": {"package": {"cmd": "x", "outs": [{"path": "package", "md5": digest}]}}}
    world({"dvc.lock": json.dumps(lock), ".gitignore": "/package\n/.dvc/cache\n/.dvc/tmp\n", ".dvc/config": ""})
    git(root, "init", "-q")
    git(root, "add", "--all")
    git(root, "commit", "-qm", "The base")
    return root, digest


def test_a_folder_is_named_as_dvc_names_it(repo):
    root, digest = repo
    assert dvc.digest(root / "package") == digest
    (root / "package" / "deep" / "card.md").write_text("Another card.")
    assert dvc.digest(root / "package") != digest


@pytest.mark.slow
def test_dvc_itself_names_a_folder_so(world):
    pytest.importorskip("dvc")
    root = world(FILES)
    for words in (["init", "--no-scm", "-q"], ["add", "-q", "package"]):
        dvc.run_program(root, words)
    assert f"md5: {dvc.digest(root / 'package')}" in (root / "package.dvc").read_text()


def test_the_package_of_the_base_comes_with_the_code_of_the_base(repo):
    root, digest = repo
    (root / "code.py").write_text("new = True\n")
    shutil.rmtree(root / "package")
    with bring_champion(Project(root=root, config=None), "HEAD") as champion:
        assert (champion.digest, champion.how) == (digest, "from the cache")
        assert (champion.root / "package" / "deep" / "card.md").read_text() == "A card."
        assert not (champion.root / "code.py").exists()
        kept = champion.root
    assert not kept.exists()
    assert len(git(root, "worktree", "list").splitlines()) == 1
    assert git(root, "status", "--porcelain") == "?? code.py"


def test_a_base_without_a_package_has_no_champion(repo):
    root, _ = repo
    (root / "dvc.lock").write_text('{"schema": "2.0", "stages": {}}')
    git(root, "commit", "-qam", "No package yet")
    with bring_champion(Project(root=root, config=None), "HEAD") as champion:
        assert champion is None


def test_a_damaged_cache_gives_no_champion(repo):
    root, _ = repo
    for file in (root / ".dvc" / "cache").rglob("*"):
        if file.is_file() and file.read_bytes() == b"weights":
            file.write_bytes(b"other weights")
    with pytest.raises(DataError, match="damaged"), bring_champion(Project(root=root, config=None), "HEAD"):
        pass


def test_a_cache_that_lacks_a_file_says_so(repo, tmp_path):
    root, digest = repo
    assert dvc_copies.copy_kept(root, "package", digest, tmp_path / "one")
    for file in (root / ".dvc" / "cache").rglob("*"):
        if file.is_file() and file.read_bytes() == b"weights":
            file.unlink()
    assert not dvc_copies.copy_kept(root, "package", digest, tmp_path / "two")
    assert not (tmp_path / "two").exists()
    assert not dvc_copies.copy_kept(root, "package", "0" * 32 + ".dir", tmp_path / "three")


@pytest.mark.parametrize("base", ["nowhere", "-h", "--upload-pack=x", ""])
def test_a_base_that_is_none_is_refused(repo, base):
    root, _ = repo
    with pytest.raises(UsageError):
        git_checkouts.resolve(root, base)
    with pytest.raises(UsageError), git_checkouts.check_out(root, base):
        pass


def write_lock(root, message="", **outputs):
    """A lock that names what was made, in a commit of its own where there is a message."""
    stages = {"train": ["model"], "package": ["package"]}
    locked = {
        stage: {"cmd": "x", "outs": [{"path": path, "md5": outputs[path]} for path in paths if path in outputs]}
        for stage, paths in stages.items()
    }
    (root / "dvc.lock").write_text(json.dumps({"schema": "2.0", "stages": locked}))
    if message:
        git(root, "commit", "-qam", message)


def count(root, base):
    found = looks.count_looks(Project(root=root, config=None), base)
    assert found.complete
    return found.count


@pytest.fixture
def proposals(repo):
    root, _ = repo
    write_lock(root, "The base", model="m0", package="p0")
    return root, git(root, "rev-parse", "HEAD")


def test_every_new_model_is_a_look(proposals):
    root, base = proposals
    assert count(root, base) == 0
    for number in (1, 2, 3):
        write_lock(root, f"Try {number}", model=f"m{number}", package=f"p{number}")
        assert count(root, base) == number
    (root / "other.txt").write_text("x")
    git(root, "add", "other.txt")
    git(root, "commit", "-qm", "Something else")
    assert count(root, base) == 3


def test_a_waiver_or_a_new_card_is_no_look(proposals):
    root, base = proposals
    write_lock(root, "A model", model="m1", package="p1")
    write_lock(root, "A waiver, so a new card", model="m1", package="p2")
    lock = json.loads((root / "dvc.lock").read_text())
    lock["stages"]["package"]["params"] = {"pavedroad.toml": {"gate.waiver": ["another"]}}
    (root / "dvc.lock").write_text(json.dumps(lock))
    git(root, "commit", "-qam", "Another waiver, in the lock alone")
    assert count(root, base) == 1
    assert len(git_checkouts.read_versions(root, base, "dvc.lock")[0]) == 3


def test_a_model_that_comes_back_is_no_further_look_and_the_champion_is_none(proposals):
    root, base = proposals
    for model in ("m1", "m0", "m1", "m2", "m0"):
        write_lock(root, model, model=model, package=f"p{model}")
    assert count(root, base) == 2


def test_what_is_not_committed_is_looked_at_too(proposals):
    root, base = proposals
    write_lock(root, model="m1", package="p1")
    assert count(root, base) == 1
    write_lock(root, "It is what is here", model="m1", package="p1")
    assert count(root, base) == 1
    (root / "dvc.lock").unlink()
    git(root, "commit", "-qam", "No lock")
    assert count(root, base) == 1


def test_what_was_tried_on_a_side_that_lost_was_looked_at(proposals):
    root, base = proposals
    write_lock(root, "Mine", model="m1", package="p1")
    mine = git(root, "rev-parse", "HEAD")
    git(root, "checkout", "-q", "-b", "side", base)
    write_lock(root, "Theirs", model="m2", package="p2")
    git(root, "checkout", "-q", "--detach", mine)
    git(root, "merge", "-q", "-s", "ours", "-m", "Mine is better", "side")
    assert count(root, base) == 2


def test_a_merge_that_makes_a_model_of_its_own_is_a_look(proposals):
    root, base = proposals
    (root / "other.txt").write_text("x")
    git(root, "checkout", "-q", "-b", "side")
    git(root, "add", "other.txt")
    git(root, "commit", "-qm", "Something else")
    git(root, "checkout", "-q", "--detach", base)
    git(root, "merge", "-q", "--no-ff", "--no-commit", "side")
    write_lock(root, "A merge, and a new model", model="m1", package="p1")
    assert count(root, base) == 1


def test_without_a_model_the_package_counts_and_what_cannot_be_read_counts_as_one(repo):
    root, digest = repo
    base = git(root, "rev-parse", "HEAD")
    write_lock(root, "Another package", package="p1")
    write_lock(root, "The base's package", package=digest)
    assert count(root, base) == 1
    for number, text in enumerate(("{", "stages: [1", "&a [*a]"), start=2):
        (root / "dvc.lock").write_text(text)
        git(root, "commit", "-qam", "Broken")
        assert count(root, base) == number
    write_lock(root, "Nothing made")
    assert count(root, base) == 4


def test_a_shallow_history_says_so(proposals, tmp_path):
    root, _ = proposals
    write_lock(root, "A model", model="m1", package="p1")
    write_lock(root, "Another", model="m2", package="p2")
    git(tmp_path, "clone", "-q", "--depth", "2", f"file://{root}", "shallow")
    assert not looks.count_looks(Project(root=tmp_path / "shallow", config=None), "HEAD~1").complete


def test_no_hook_of_the_repo_runs(repo):
    root, _ = repo
    hook = root / ".git" / "hooks" / "post-checkout"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\ntouch {root}/ran\n")
    hook.chmod(0o755)
    with git_checkouts.check_out(root, "HEAD"):
        pass
    assert not (root / "ran").exists()
