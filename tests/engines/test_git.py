"""git, the real one: where the work tree stands, and what differs from it."""

import subprocess

import pytest

from pavedroad.foundation.forge.history import load_history


def git(root, *words):
    return subprocess.run(["git", *words], cwd=root, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def history():
    return load_history()


@pytest.fixture
def repo(world):
    root = world({"dvc.lock": "a\n", "reports/metrics.json": "{}\n", "ö ä.txt": "x\n"})
    git(root, "init", "-q")
    git(root, "add", ".")
    git(root, "commit", "-qm", "first")
    return root


def test_the_commit_is_the_one_that_is_checked_out(history, repo):
    found = history.head(repo)
    assert (found.sha, found.dirty) == (git(repo, "rev-parse", "HEAD"), False)


def test_a_changed_file_makes_the_work_tree_dirty_and_a_new_one_does_not(history, repo):
    (repo / "new.txt").write_text("x")
    assert history.head(repo).dirty is False
    (repo / "dvc.lock").write_text("b\n")
    assert history.head(repo).dirty is True


def test_a_staged_change_and_a_deleted_file_make_it_dirty(history, repo):
    (repo / "dvc.lock").write_text("b\n")
    git(repo, "add", "dvc.lock")
    assert history.head(repo).dirty is True
    git(repo, "reset", "-q", "--hard")
    (repo / "dvc.lock").unlink()
    assert history.head(repo).dirty is True


def test_there_is_no_commit_before_the_first_or_outside_a_repository(history, world):
    root = world({"a": "x"})
    assert history.head(root) is None
    git(root, "init", "-q")
    assert history.head(root) is None


def test_a_detached_head_is_a_commit_too(history, repo):
    git(repo, "checkout", "-q", "--detach")
    assert history.head(repo).sha == git(repo, "rev-parse", "HEAD")


def test_a_folder_inside_is_in_the_repository_and_one_outside_is_not(history, repo, tmp_path):
    assert history.is_repository(repo)
    assert history.is_repository(repo / "reports")
    assert not history.is_repository(tmp_path)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda _: None, []),
        (lambda root: (root / "dvc.lock").write_text("b\n"), ["dvc.lock"]),
        (lambda root: (root / "dvc.lock").unlink(), ["dvc.lock"]),
        (lambda root: (root / "new").write_text("x"), ["new"]),
        (lambda root: (root / "ö ä.txt").write_text("y"), ["ö ä.txt"]),
        (lambda root: (root / "reports" / "other.json").write_text("y"), []),
    ],
    ids=["nothing", "changed", "gone", "new", "a name with spaces and umlauts", "another file"],
)
def test_of_the_files_asked_for_those_that_differ_are_named(history, repo, change, expected):
    change(repo)
    assert history.changed(repo, ["dvc.lock", "reports/metrics.json", "new", "ö ä.txt"]) == expected


def test_a_file_that_git_ignores_is_not_behind(history, repo):
    (repo / ".gitignore").write_text("new\n")
    (repo / "new").write_text("x")
    assert history.changed(repo, ["new"]) == []


def test_without_git_there_is_no_history(history, repo, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert history.head(repo) is None
    assert history.changed(repo, ["dvc.lock"]) == []
