"""A repository pins the very commit of the road that its template came from, and names it by its tag."""

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

from pavedroad_template import origin

ROOT = Path(__file__).resolve().parents[2]
PARTS = ["cookiecutter.json", "hooks", "pavedroad_template", "<<cookiecutter.project>>"]


def git(folder, *command):
    identity = ["-c", "user.name=Ada Example", "-c", "user.email=ada@example.org"]
    done = subprocess.run(["git", *identity, *command], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture
def download(tmp_path):
    """The template as an archive would bring it: without git."""
    folder = tmp_path / "road checkout"
    folder.mkdir()
    for part in PARTS:
        copy = shutil.copytree if (ROOT / part).is_dir() else shutil.copy
        copy(ROOT / part, folder / part)
    (folder / "src" / "pavedroad").mkdir(parents=True)
    (folder / "src" / "pavedroad" / "__init__.py").touch()
    return folder


@pytest.fixture
def clone(download):
    git(download, "init", "--quiet")
    git(download, "add", "--all")
    git(download, "commit", "--quiet", "--message", "Begin")
    return download


@pytest.fixture
def bake(outside, home, tmp_path):
    """The real program, because a process remembers where its template lay."""

    def run(template, *answers, env=None, cwd=tmp_path):
        arguments = [
            "--no-input",
            template,
            "-o",
            tmp_path / "out",
            "--config-file",
            home / "cookiecutter.yaml",
            *answers,
        ]
        command = [sys.executable, "-m", "cookiecutter", *map(str, arguments)]
        return subprocess.run(command, capture_output=True, text=True, env=env or outside, cwd=cwd, check=False)

    return run


def read_pin(tmp_path):
    repo = tmp_path / "out" / "umbrella-sales"
    text = (repo / ".github" / "workflows" / "check.yml").read_text()
    uses = yaml.safe_load(text)["jobs"]["check"]["uses"]
    project = tomllib.loads((repo / "pyproject.toml").read_text())
    return uses, text.split(" # ")[-1].strip(), project


def test_a_commit_with_a_tag_is_named_by_it(clone, bake, tmp_path):
    git(clone, "tag", "v1.4.0")
    assert bake(clone).returncode == 0
    uses, comment, project = read_pin(tmp_path)
    assert uses.endswith("@" + git(clone, "rev-parse", "HEAD"))
    assert comment == "v1.4.0"
    assert project["tool"]["uv"]["sources"]["pavedroad"] == {"path": str(clone), "editable": True}
    assert project["project"]["dependencies"] == ["pavedroad[standard]"]


def test_a_commit_after_a_tag_says_how_far(clone, bake, tmp_path):
    git(clone, "tag", "v1.4.0")
    git(clone, "commit", "--quiet", "--allow-empty", "--message", "Go on")
    assert bake(clone).returncode == 0
    assert read_pin(tmp_path)[1].startswith("v1.4.0-1-g")


def test_a_commit_before_any_tag_is_called_unreleased(clone, bake, tmp_path):
    assert bake(clone).returncode == 0
    assert read_pin(tmp_path)[1] == "unreleased"


def test_a_tag_that_is_asked_for_becomes_its_commit(clone, bake, tmp_path):
    git(clone, "tag", "--annotate", "v1.3.0", "--message", "v1.3.0")
    old = git(clone, "rev-parse", "HEAD")
    git(clone, "commit", "--quiet", "--allow-empty", "--message", "Go on")
    assert bake(clone, "road_ref=v1.3.0").returncode == 0
    uses, comment, _ = read_pin(tmp_path)
    assert uses.endswith(f"@{old}")
    assert comment == "v1.3.0"


@pytest.mark.parametrize(
    "address",
    [
        "https://github.com/shop/road.git",
        "https://github.com/shop/road",
        "git@github.com:shop/road.git",
        "ssh://git@github.com/shop/road.git",
    ],
)
def test_a_clone_of_github_is_called_there(address, clone, bake, tmp_path):
    git(clone, "remote", "add", "origin", address)
    assert bake(clone).returncode == 0
    uses, _, project = read_pin(tmp_path)
    head = git(clone, "rev-parse", "HEAD")
    assert uses == f"shop/road/.github/workflows/check.yml@{head}"
    assert project["project"]["dependencies"] == [f"pavedroad[standard] @ git+https://github.com/shop/road@{head}"]
    assert "sources" not in project["tool"]["uv"]


def test_a_clone_of_a_folder_is_used_in_place(clone, bake, tmp_path):
    git(clone, "remote", "add", "origin", "/srv/road.git")
    assert bake(clone).returncode == 0
    uses, _, project = read_pin(tmp_path)
    assert uses.startswith(f"{origin.PLACEHOLDER}/")
    assert project["tool"]["uv"]["sources"]["pavedroad"]["path"] == str(clone)


def test_a_download_without_git_needs_a_commit(download, bake, tmp_path):
    said = bake(download)
    assert said.returncode == 1
    assert "road_ref is empty, because git does not know the commit of this template" in said.stdout
    assert not (tmp_path / "out").exists()
    assert bake(download, f"road_ref={'b' * 40}").returncode == 0
    assert read_pin(tmp_path)[0].endswith("@" + "b" * 40)


def test_a_download_within_another_repository_is_not_mistaken_for_it(download, bake, tmp_path):
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "commit", "--quiet", "--allow-empty", "--message", "Not the road")
    assert "road_ref is empty" in bake(download).stdout


def test_another_checkout_on_pythons_path_is_noticed(clone, bake, tmp_path):
    """`python -m cookiecutter` looks for modules in the current folder first."""
    said = bake(clone, cwd=ROOT)
    assert said.returncode == 1
    assert f"the rules were loaded from {ROOT}" in said.stdout
    assert not (tmp_path / "out").exists()


def test_variables_of_a_git_hook_lead_nowhere_else(clone, bake, tmp_path, outside):
    other = tmp_path / "other"
    other.mkdir()
    git(other, "init", "--quiet")
    git(other, "commit", "--quiet", "--allow-empty", "--message", "Not the road")
    hook = {**outside, "GIT_DIR": str(other / ".git"), "GIT_INDEX_FILE": str(other / ".git" / "index")}
    assert bake(clone, env=hook).returncode == 0
    assert read_pin(tmp_path)[0].endswith("@" + git(clone, "rev-parse", "HEAD"))
    assert git(tmp_path / "out" / "umbrella-sales", "log", "--format=%s") == "Lay the paved road"
    assert git(other, "log", "--format=%s") == "Not the road"


@pytest.mark.parametrize("given", ["shop/road", "https://github.com/shop/road", "git@github.com:shop/road.git"])
def test_addresses_of_github_come_down_to_one_name(given):
    assert origin.find_slug(given) == "shop/road"
    assert origin.check_repository(given) == ""


@pytest.mark.parametrize(
    "given",
    ["shop", "shop/road/x", "https://example.org/shop/road", "shop/..", "../road", "https://github.com.evil.org/a/b"],
)
def test_other_addresses_have_no_name_there(given):
    assert origin.find_slug(given) == ""


@pytest.mark.parametrize(
    ("email", "owner"),
    [
        ("ada@example.org", "ada@example.org"),
        ("root@host", "@your-team"),
        ("me@localhost", "@your-team"),
        ("", "@your-team"),
    ],
    ids=["a full address is offered", "a machine's is not", "nor is localhost's", "nor is none"],
)
def test_the_owner_offered_is_one_that_codeowners_can_name(email, owner, monkeypatch):
    monkeypatch.setattr(origin, "_ask_git", lambda *_: email)
    assert origin.default_owner() == owner


@pytest.mark.parametrize("good", [True, False], ids=["after a repository", "after a refusal"])
def test_the_rendered_hooks_do_not_stay_behind(good, outside, tmp_path):
    scraps = tmp_path / "temporary"
    scraps.mkdir()
    answers = [] if good else ["project=../x"]
    command = [
        sys.executable,
        "-m",
        "cookiecutter",
        "--no-input",
        "-o",
        str(tmp_path / "out"),
        str(origin.ROOT),
        *answers,
    ]
    done = subprocess.run(command, env={**outside, "TMPDIR": str(scraps)}, capture_output=True, text=True, check=False)
    assert (done.returncode == 0) is good
    assert list(scraps.iterdir()) == []
