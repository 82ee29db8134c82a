"""`pavedroad data`, doctor and the road around kept data: words, exit codes, and a cache that stops the road."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from settings_text import write_settings

from pavedroad.foundation.project import find_project
from pavedroad.report import Outcome
from pavedroad.stages.doctor import doctor
from pavedroad.stages.gate import gate

CONFIG = write_settings(
    objective='target = "a"',
    data='train = "data/t.csv"',
    validation='suite = "suite.json"',
)
SUITE = {"expectations": [{"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "a"}}]}
PIPELINE = "stages:\n  validate:\n    cmd: pavedroad validate\n    deps: [data/t.csv]\n"
PIPELINE += "    outs: [reports/validate.json]\n"


def run(root, *words):
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        [sys.executable, "-m", "pavedroad", *words],
        cwd=root,
        env={**os.environ, "PATH": path},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def repo(world, monkeypatch, tmp_path):
    monkeypatch.setenv("DVC_SITE_CACHE_DIR", str(tmp_path / "site"))
    root = world(
        {
            "pavedroad.toml": CONFIG,
            "data/t.csv": "a\n" + "1\n2\n" * 40,
            "suite.json": json.dumps(SUITE),
            "dvc.yaml": PIPELINE,
            ".gitignore": "/reports\n",
        }
    )
    dvc = shutil.which("dvc", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    for words in (["git", "init", "-q"], [dvc, "init", "-q"], [dvc, "add", "-q", "data/t.csv"]):
        subprocess.run(words, cwd=root, check=True)
    (tmp_path / "remote").mkdir()
    (root / ".dvc" / "config").write_text(
        f"[core]\n    remote = storage\n['remote \"storage\"']\n    url = {tmp_path / 'remote'}\n    verify = true\n"
    )
    return root


def objects(folder):
    return [path for path in folder.rglob("*") if path.is_file()]


def flip(path):
    path.chmod(0o644)
    path.write_bytes(b"X" + path.read_bytes()[1:])
    path.chmod(0o444)


@pytest.mark.slow
def test_a_flipped_byte_in_the_remote_is_told_by_every_verb_with_its_exit_code(repo, tmp_path):
    done = run(repo, "data", "push")
    assert done.returncode == 0, done.stderr
    assert "holds all 1 pieces, whole" in done.stdout
    (kept,) = objects(tmp_path / "remote")
    flip(kept)
    done = run(repo, "data", "verify")
    assert done.returncode == 3
    assert "data/t.csv is damaged" in done.stdout
    assert str(kept) in done.stdout
    shutil.rmtree(repo / ".dvc" / "cache")
    (repo / "data" / "t.csv").unlink()
    done = run(repo, "data", "pull", "data/t.csv", "--json")
    assert done.returncode == 3
    report = json.loads(done.stdout)
    assert report["outcome"] == "error"
    assert [check["observed"] for check in report["checks"][1:]] == ["damaged"]
    assert not (repo / "data" / "t.csv").exists()
    assert run(repo, "data", "push", "--check").returncode == 3
    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_the_road_stops_before_a_damaged_cache_and_names_the_file(repo):
    (kept,) = objects(repo / ".dvc" / "cache" / "files")
    flip(kept)
    done = run(repo, "check")
    assert done.returncode == 3
    text = " ".join(done.stdout.split())
    assert "data/t.csv is damaged in the cache" in text
    report = json.loads((repo / "reports" / "validate.json").read_text())
    assert report["outcome"] == "error"
    assert report["checks"][0]["where"]["file"] == str(kept)
    assert not (repo / "reports" / "validated.json").exists()


@pytest.mark.slow
def test_the_road_does_not_take_damaged_data_from_a_remote(repo, tmp_path):
    assert run(repo, "data", "push").returncode == 0
    flip(objects(tmp_path / "remote")[0])
    shutil.rmtree(repo / ".dvc" / "cache")
    (repo / "data" / "t.csv").unlink()
    done = run(repo, "check")
    assert done.returncode == 3
    assert "data/t.csv is damaged in the remote" in " ".join(done.stdout.split())
    assert not (repo / "data" / "t.csv").exists()


@pytest.mark.slow
def test_data_in_a_remote_that_cannot_be_had_is_skipped(repo):
    shutil.rmtree(repo / ".dvc" / "cache")
    (repo / "data" / "t.csv").unlink()
    done = run(repo, "check")
    assert done.returncode == 3
    assert json.loads((repo / "reports" / "validate.json").read_text())["outcome"] == "skipped"


def remotes(root):
    return next((check for check in doctor(find_project(root)).checks if check.id == "data.trusting"), None)


def test_doctor_names_a_remote_that_is_trusted(repo):
    assert remotes(repo) is None
    config = repo / ".dvc" / "config"
    config.write_text(config.read_text().replace("    verify = true\n", ""))
    found = remotes(repo)
    assert found.outcome is Outcome.WARN
    assert "dvc remote modify storage verify true" in found.reason
    config.write_text(config.read_text() + "    verify = false\n")
    assert remotes(repo).outcome is Outcome.WARN


def test_doctor_names_ten_of_many_remotes_that_are_trusted_and_counts_the_others(repo):
    config = repo / ".dvc" / "config"
    more = "".join(f"['remote \"far{number:02}\"']\n    url = /far/{number}\n" for number in range(12))
    config.write_text(config.read_text() + more)
    found = remotes(repo)
    names = [f"far{number:02}" for number in range(12)]
    assert found.observed == names
    assert f"without looking: {', '.join(names[:10])} and 2 more. Run: " in found.reason
    assert found.reason.endswith("; dvc remote modify far09 verify true and 2 more.")


@pytest.mark.parametrize("verified", [True, False])
def test_the_road_says_so_when_a_remote_is_trusted(repo, verified):
    config = repo / ".dvc" / "config"
    config.write_text(config.read_text().replace("verify = true", f"verify = {verified}"))
    found = [check for check in gate(find_project(repo)).checks if check.id == "gate.remotes"]
    assert [check.outcome for check in found] == ([] if verified else [Outcome.WARN])
    assert all(check.where.file == ".dvc/config" for check in found)
