"""This repository's own workflows: the gate needs every job, a release can be refused, pins have one source."""

import json
import os
import shutil
import subprocess
import sys
import tomllib
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

from pavedroad.testing.contract import read_yaml

ROOT = Path(__file__).resolve().parents[2]
CI = ROOT / ".github/workflows/_ci.yml"


def load(name):
    spec = spec_from_file_location(name, ROOT / "tools" / f"{name}.py")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def find_ungated(document):
    """The jobs that the gate does not wait for."""
    return sorted(set(document["jobs"]) - {"gate"} - set(document["jobs"]["gate"]["needs"]))


def test_the_gate_of_ci_needs_every_other_job_and_always_runs():
    document = read_yaml(CI)
    assert find_ungated(document) == []
    assert document["jobs"]["gate"]["if"] == "${{ always() }}"


def test_a_job_that_the_gate_forgot_would_be_found():
    document = read_yaml(CI)
    document["jobs"]["new"] = {}
    assert find_ungated(document) == ["new"]


@pytest.mark.parametrize(
    ("results", "passes"),
    [
        ({"lint": "success", "tests": "success"}, True),
        ({"lint": "success", "tests": "failure"}, False),
        ({"lint": "success", "tests": "skipped"}, False),
        ({"lint": "success", "tests": "cancelled"}, False),
        ({}, False),
    ],
)
def test_the_gate_lets_nothing_but_success_pass(results, passes):
    line = read_yaml(CI)["jobs"]["gate"]["steps"][0]["run"]
    needs = json.dumps({name: {"result": result, "outputs": {}} for name, result in results.items()})
    done = subprocess.run(["bash", "-eo", "pipefail", "-c", line], env={**os.environ, "NEEDS": needs}, check=False)
    assert (done.returncode == 0) is passes


def test_ci_runs_our_actions_at_its_own_commit():
    used = {step.get("uses") for step in read_yaml(CI)["jobs"]["road"]["steps"]}
    assert {"$/actions/check", "$/actions/lint"} <= used


def test_a_release_needs_the_protected_environment_and_the_look_before_it():
    release = read_yaml(ROOT / ".github/workflows/_release.yml")
    job = release["jobs"]["release"]
    assert job["environment"] == "release"
    assert job["needs"] == "look"
    assert set(release["on"]) == {"workflow_dispatch"}
    assert [name for name, each in release["jobs"].items() if "write" in each["permissions"].values()] == ["release"]


def git(folder, *words):
    identity = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org"]
    subprocess.run(["git", "-C", str(folder), *identity, *words], check=True, capture_output=True)


@pytest.fixture
def checkout(tmp_path):
    """A clone that may be released as 0.1.0, and its origin."""
    origin, clone = tmp_path / "origin", tmp_path / "clone"
    (origin / "changelog.d").mkdir(parents=True)
    (origin / "pyproject.toml").write_text('[project]\nname = "x"\nversion = "0.1.0"\n')
    (origin / "changelog.d" / "a-road.added.md").write_text("A road.\n")
    git(tmp_path, "init", "--quiet", "--initial-branch=main", str(origin))
    git(origin, "add", "--all")
    git(origin, "commit", "--quiet", "--message", "Lay it")
    git(tmp_path, "clone", "--quiet", str(origin), str(clone))
    return clone


def refuse(checkout, version="0.1.0"):
    return load("release").find_reasons(version, checkout)


def test_a_clean_checkout_of_main_with_the_right_version_may_be_released(checkout):
    assert refuse(checkout) == []


def dirty(checkout):
    (checkout / "new.txt").write_text("x")


def tag_here(checkout):
    git(checkout, "tag", "v0.1.0")


def tag_there(checkout):
    git(checkout.parent / "origin", "tag", "v0.1.0")


def move_main(checkout):
    git(checkout.parent / "origin", "commit", "--quiet", "--allow-empty", "--message", "Go on")


def forget_the_log(checkout):
    for folder in (checkout, checkout.parent / "origin"):
        git(folder, "rm", "--quiet", "-r", "changelog.d")
        git(folder, "commit", "--quiet", "--message", "Forget", "--date=2026-01-01T00:00:00Z")
    git(checkout, "fetch", "--quiet")
    git(checkout, "reset", "--quiet", "--hard", "origin/main")


def lose_the_origin(checkout):
    git(checkout, "remote", "set-url", "origin", str(checkout.parent / "nowhere"))


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (dirty, "the work tree holds changes"),
        (tag_here, "the tag v0.1.0 exists here"),
        (tag_there, "the tag v0.1.0 exists at the origin"),
        (move_main, "not the one that main points to"),
        (forget_the_log, "changelog.d holds no fragment"),
        (lose_the_origin, "the origin cannot be asked"),
    ],
)
def test_a_release_is_refused_with_its_reason(checkout, spoil, words):
    spoil(checkout)
    reasons = refuse(checkout)
    assert len(reasons) == 1, reasons
    assert words in reasons[0]


@pytest.mark.parametrize("version", ["0.2.0", "0.1", "v0.1.0", "0.1.0; touch x", "", "latest"])
def test_a_wrong_version_is_refused(checkout, version):
    assert len(refuse(checkout, version)) == 1


def test_every_action_is_pinned_as_the_table_says():
    command = [sys.executable, ROOT / "tools/pin.py", "--check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_no_pin_of_the_table_is_unused():
    text = "".join(path.read_text() for path in [*ROOT.glob(".github/workflows/*.yml"), *ROOT.glob("actions/*/*.yml")])
    table = tomllib.loads((ROOT / ".github/pins.toml").read_text())
    assert [name for name in table if f"uses: {name}" not in text] == []


@pytest.fixture
def pinned(tmp_path):
    for part in (".github", "actions"):
        shutil.copytree(ROOT / part, tmp_path / part)
    return tmp_path


def test_a_pin_that_moved_is_found_and_written_everywhere(pinned, capsys):
    pin = load("pin")
    pins = pin.read_pins(pinned)
    pins["actions/cache"] = {"tag": "v6.0.0", "commit": "f" * 40}
    pin.write_pins(pinned, pins)
    assert pin.main(["--check"], pinned) == 1
    assert pin.main([], pinned) == 0
    assert pin.main(["--check"], pinned) == 0
    text = (pinned / ".github/workflows/check.yml").read_text()
    assert text.count(f"@{'f' * 40} # v6.0.0") == 2
    assert (pinned / ".github/pins.toml").read_text().startswith("# The actions of others")


def test_an_action_without_a_pin_stops_the_session(pinned):
    path = pinned / ".github/workflows/lint.yml"
    path.write_text(path.read_text().replace("actions/checkout@", "somebody/else@"))
    with pytest.raises(SystemExit, match="somebody/else is not in"):
        load("pin").main([], pinned)
