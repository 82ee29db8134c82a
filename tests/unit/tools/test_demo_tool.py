"""The demo keeps a repo that somebody edited and never takes one template's repo for another's."""

import json
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
OLD, NEW = "0" * 64, "1" * 64


@pytest.fixture(scope="module")
def demo(load_program):
    return load_program("tools/demo.py")


def git(repo, *arguments):
    identity = ["-c", "user.name=Someone", "-c", "user.email=someone@example.invalid", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *identity, *arguments], cwd=repo, check=True, capture_output=True)


@pytest.fixture
def place(tmp_path, demo):
    """A repo as the demo leaves it: one commit, and beside it the note of what it was made from."""
    repo = tmp_path / "demo" / "umbrella-sales"
    repo.mkdir(parents=True)
    (repo / "params.yaml").write_text("train: {}\n")
    (repo / ".gitignore").write_text(".venv/\n")
    git(repo, "init", "-q")
    git(repo, "add", ".")
    git(repo, "commit", "-qm", "first")
    note = tmp_path / "demo" / ".umbrella-sales.json"
    demo.write_note(note, OLD, finished=True)
    return repo, note


def test_no_repo_is_absent(demo, tmp_path):
    assert demo.look(tmp_path / "none", tmp_path / "note.json", NEW) == "absent"


def test_a_repo_of_this_template_is_used_even_when_it_was_edited(demo, place):
    repo, note = place
    (repo / "params.yaml").write_text("train: {depth: 3}\n")
    assert demo.look(repo, note, OLD) == "current"


def test_a_repo_of_an_older_template_that_nobody_touched_may_go(demo, place):
    repo, note = place
    for written in ("dvc.lock", "reports/metrics.json", "reports/schema.json", ".venv/python"):
        (repo / written).parent.mkdir(exist_ok=True)
        (repo / written).write_text("by the road\n")
    assert demo.look(repo, note, NEW) == "untouched"


@pytest.mark.parametrize("edit", ["changed file", "new file", "new commit", "another branch", "no git"])
def test_a_repo_that_somebody_touched_is_edited(demo, place, edit):
    repo, note = place
    if edit == "changed file":
        (repo / "params.yaml").write_text("train: {depth: 3}\n")
    elif edit == "new file":
        (repo / "notes and plans.md").write_text("mine\n")
    elif edit == "new commit":
        git(repo, "commit", "-q", "--allow-empty", "-m", "second")
    elif edit == "another branch":
        git(repo, "checkout", "-q", "-b", "mine")
        git(repo, "commit", "-q", "--allow-empty", "-m", "second")
        git(repo, "checkout", "-q", "-")
    else:
        (repo / ".git").rename(repo / "not-git")
    assert demo.look(repo, note, NEW) == "edited"


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"finished": true}', "not json"])
def test_a_folder_that_is_not_known_to_be_the_demos_is_treated_as_somebodys(demo, place, text):
    repo, note = place
    note.write_text(text)
    assert demo.look(repo, note, OLD) == "edited"


def test_an_interrupted_generation_is_begun_again(demo, place):
    repo, note = place
    demo.write_note(note, NEW, finished=False)
    assert demo.look(repo, note, NEW) == "untouched"


def test_an_edited_repo_is_moved_aside_and_nothing_of_it_is_lost(demo, place, capsys):
    repo, _ = place
    (repo / "mine.txt").write_text("kept")
    (repo.parent / "umbrella-sales-kept-1").mkdir()
    demo.make_room(repo, "edited")
    assert not repo.exists()
    assert (repo.parent / "umbrella-sales-kept-2" / "mine.txt").read_text() == "kept"
    assert "umbrella-sales-kept-2" in capsys.readouterr().out


def test_an_untouched_repo_makes_room(demo, place, capsys):
    repo, _ = place
    demo.make_room(repo, "untouched")
    assert not repo.exists()
    assert "made anew" in capsys.readouterr().out


def test_the_hash_follows_names_and_content_of_the_template_and_nothing_else(demo, tmp_path):
    (tmp_path / "hooks").mkdir()
    (tmp_path / "cookiecutter.json").write_text("{}")
    (tmp_path / "hooks" / "a.py").write_text("1")
    (tmp_path / "pyproject.toml").write_text("[project]\ndependencies = []\n")
    first = demo.hash_template(tmp_path)
    (tmp_path / "hooks" / "__pycache__").mkdir()
    (tmp_path / "hooks" / "__pycache__" / "a.pyc").write_text("x")
    (tmp_path / "README.md").write_text("x")
    (tmp_path / "pyproject.toml").write_text("[project]\ndependencies = []\n[tool.ruff]\nline-length = 90\n")
    assert demo.hash_template(tmp_path) == first
    (tmp_path / "hooks" / "a.py").rename(tmp_path / "hooks" / "b.py")
    second = demo.hash_template(tmp_path)
    (tmp_path / "hooks" / "b.py").write_text("2")
    third = demo.hash_template(tmp_path)
    (tmp_path / "pyproject.toml").write_text("[project]\ndependencies = ['click']\n")
    assert len({first, second, third, demo.hash_template(tmp_path)}) == 4


def test_the_template_of_this_checkout_is_among_what_is_hashed(demo):
    settings = json.loads((ROOT / "cookiecutter.json").read_text())
    modules = {name.partition(".")[0] for name in settings.get("_extensions", [])}
    local = {module for module in modules if (ROOT / module).exists() or (ROOT / f"{module}.py").exists()}
    assert {name.removesuffix(".py") for name in demo.INGREDIENTS} >= local
    assert all((ROOT / name).exists() for name in demo.INGREDIENTS)


def test_programs_in_the_repo_do_not_use_the_sessions_own_environment(demo, monkeypatch):
    for name in demo.OF_THIS_SESSION:
        monkeypatch.setenv(name, "/session")
    monkeypatch.setenv("SSL_CERT_FILE", "/etc/authorities.pem")
    environment = demo.repo_environment()
    assert "/session" not in environment.values()
    assert environment["SSL_CERT_FILE"] == "/etc/authorities.pem"
    assert not environment["UV_PYTHON"].startswith(str(ROOT / ".nox"))
