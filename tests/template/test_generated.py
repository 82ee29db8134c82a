"""What a repository is born as: whole files, thin and clean callers, and a first commit that holds it all."""

import ast
import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

from pavedroad.config import load_config

ROOT = Path(__file__).resolve().parents[2]
TEMPLATE = ROOT / "<<cookiecutter.project>>"
PERMISSIONS = {
    "check": {"contents": "read", "pull-requests": "write"},
    "lint": {"contents": "read"},
    "retrain": {"contents": "write", "pull-requests": "write"},
}
STRICT = ["zizmor", "--offline", "--strict-collection", "--persona", "auditor", "--format", "json", "--no-exit-codes"]


def run(*command, cwd, env=None):
    return subprocess.run(list(map(str, command)), cwd=cwd, env=env, capture_output=True, text=True, check=False)


def program(name):
    """A program of the environment that the tests run in."""
    return Path(sys.executable).parent / name


@pytest.fixture(scope="module")
def complete():
    """The outer PATH with this environment's programs in front."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    return {**os.environ, "PATH": path, "GIT_CONFIG_NOSYSTEM": "1"}


def find_files(repo):
    return [Path(name) for name in run("git", "ls-files", cwd=repo).stdout.splitlines()]


def test_every_file_is_whole(repo):
    readers = {
        ".toml": tomllib.loads,
        ".yaml": yaml.safe_load,
        ".yml": yaml.safe_load,
        ".json": json.loads,
        ".py": ast.parse,
    }
    seen = set()
    for file in find_files(repo):
        text = (repo / file).read_text(encoding="utf-8")
        assert text.endswith("\n")
        assert not re.search(r"<<|<%|%>|^\s*#%|cookiecutter", text, flags=re.MULTILINE), file
        if file.suffix in readers:
            readers[file.suffix](text)
            seen.add(file.suffix)
    assert seen == set(readers)
    assert not (repo / "_own_table").exists()


@pytest.mark.parametrize(
    "file", sorted(path for path in TEMPLATE.rglob("*") if path.suffix in {".yaml", ".yml", ".json"})
)
def test_the_template_is_valid_before_it_is_rendered(file):
    assert (yaml.safe_load if file.suffix != ".json" else json.loads)(file.read_text(encoding="utf-8"))


def test_the_settings_are_few_and_load(repo):
    assert len((repo / "pavedroad.toml").read_text().splitlines()) <= 25
    config = load_config(repo / "pavedroad.toml")
    assert (repo / config.data.train).exists()
    assert (repo / config.validation.suite).exists()
    for function in (config.model.features, config.model.train):
        module, name = function.split(":")
        tree = ast.parse((repo / "src" / f"{module.replace('.', '/')}.py").read_text())
        assert name in [node.name for node in tree.body if isinstance(node, ast.FunctionDef)]


def test_the_example_is_judged_against_the_same_weekday_of_last_week(born):
    config = load_config(born.example / "pavedroad.toml")
    assert (config.objective.baseline, config.data.time, config.data.holdout) == ("seasonal-naive", "date", 0.25)
    assert config.objective.metric == "mean_absolute_error"


def test_every_parameter_of_the_pipeline_is_written(repo):
    """DVC fails on a parameter that a file does not hold; the library's defaults are of no help to it."""
    settings = tomllib.loads((repo / "pavedroad.toml").read_text())
    params = yaml.safe_load((repo / "params.yaml").read_text())
    stages = yaml.safe_load((repo / "dvc.yaml").read_text())["stages"]
    assert list(stages) == ["validate", "train", "evaluate", "drift", "package"]
    for name, stage in stages.items():
        assert stage["cmd"] == f"pavedroad {name}"
        for entry in stage["params"]:
            wanted = entry["pavedroad.toml"] if isinstance(entry, dict) else [entry]
            held = settings if isinstance(entry, dict) else params
            for key in wanted:
                place = held
                for part in key.split("."):
                    place = place[part]


def test_the_first_commit_holds_everything(repo):
    assert run("git", "status", "--porcelain", cwd=repo).stdout == ""
    assert run("git", "rev-parse", "--abbrev-ref", "HEAD", cwd=repo).stdout == "main\n"
    log = run("git", "log", "--format=%an %s", cwd=repo).stdout
    assert log == "Ada Example Lay the paved road\n"
    made = ["reports/gate.json", "reports/metrics.json", "reports/schema.json", "reports/drift-sizes.json"]
    ignored = run("git", "check-ignore", "model", "package", *made, cwd=repo).stdout
    assert ignored.split() == ["model", "package", "reports/gate.json"]


def test_the_callers_are_thin_and_pinned(repo, born):
    # A commit may be made while the tests run, so the pin is one of those between then and now.
    since = run("git", "rev-list", "HEAD", f"^{born.head}", cwd=ROOT).stdout.split()
    for name, permissions in PERMISSIONS.items():
        text = (repo / ".github" / "workflows" / f"{name}.yml").read_text()
        workflow = yaml.load(text, yaml.BaseLoader)  # noqa: S506 - text only, and `on` stays `on`
        (job,) = workflow["jobs"].values()
        assert len(text.splitlines()) <= 15
        assert workflow["permissions"] == {}
        assert job["permissions"] == permissions
        called, _, ref = job["uses"].partition("@")
        assert re.fullmatch(rf"[\w.-]+/[\w.-]+/\.github/workflows/{name}\.yml", called)
        assert ref in {born.head, *since}
        assert re.search(rf"@{ref} # \S+$", text, flags=re.MULTILINE)


def test_owners_guard_what_the_model_is_judged_by(repo):
    lines = (repo / ".github" / "CODEOWNERS").read_text().splitlines()
    guarded = dict(line.split() for line in lines if not line.startswith("#"))
    assert guarded == dict.fromkeys(["/pavedroad.toml", "/expectations/", "/.github/"], "ada@example.org")


def test_the_workflows_fit_githubs_schema(repo, complete, tmp_path):
    checker = [program("check-jsonschema"), "--builtin-schema", "vendor.github-workflows"]
    files = sorted((repo / ".github" / "workflows").iterdir())
    assert run(*checker, *files, cwd=repo, env=complete).returncode == 0
    broken = tmp_path / "broken.yml"
    broken.write_text(files[0].read_text().replace("pull_request", "pull_requests", 1))
    assert run(*checker, broken, cwd=repo, env=complete).returncode == 1
    dependabot = [program("check-jsonschema"), "--builtin-schema", "vendor.dependabot"]
    assert run(*dependabot, repo / ".github" / "dependabot.yml", cwd=repo, env=complete).returncode == 0


def audit(folder, env):
    done = run(program(STRICT[0]), *STRICT[1:], ".", cwd=folder, env=env)
    assert done.returncode == 0, done.stderr
    return [finding["ident"] for finding in json.loads(done.stdout)]


def test_an_auditor_finds_nothing(repo, complete):
    assert audit(repo, complete) == []


def test_the_auditor_would_find_something(born, complete, tmp_path):
    folder = tmp_path / ".github" / "workflows"
    folder.mkdir(parents=True)
    text = (born.example / ".github" / "workflows" / "check.yml").read_text()
    folder.joinpath("check.yml").write_text(re.sub(r"@[0-9a-f]{40}", "@main", text))
    assert "unpinned-uses" in audit(tmp_path, complete)


def test_the_code_is_tidy(repo, complete):
    for command in (["check", "--no-cache", "."], ["format", "--check", "--no-cache", "."]):
        done = run(program("ruff"), *command, cwd=repo, env=complete)
        assert done.returncode == 0, done.stdout


def test_the_tests_of_the_users_functions_pass(repo, complete):
    done = run(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", cwd=repo, env=complete)
    assert done.returncode == 0, done.stdout
    assert re.search(r"^\d+ passed", done.stdout, flags=re.MULTILINE)


@pytest.mark.parametrize("kind", ["example", "binary"])
def test_the_tests_notice_features_that_look_at_other_rows(kind, born, complete, tmp_path):
    import shutil

    repo = tmp_path / "repo"
    shutil.copytree(getattr(born, kind), repo)
    (file,) = repo.glob("src/*/features.py")
    text = file.read_text()
    broken = text.replace('.astype("float64")', '.astype("float64").rank()')
    assert broken != text
    file.write_text(broken)
    done = run(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", cwd=repo, env=complete)
    assert done.returncode == 1, done.stdout


def test_nox_offers_the_sessions(repo, complete):
    done = run(sys.executable, "-m", "nox", "--list", cwd=repo, env=complete)
    assert re.findall(r"^([*-]) (\w+)", done.stdout, flags=re.MULTILINE) == [
        ("*", "check"),
        ("-", "tests"),
        ("-", "lint"),
    ]


def test_nox_says_what_is_missing(born, tools, complete):
    without_uv = run(sys.executable, "-m", "nox", cwd=born.example, env={**complete, "PATH": str(tools)})
    assert without_uv.returncode == 1
    assert "pipx install uv" in without_uv.stderr
    without_lock = run(sys.executable, "-m", "nox", cwd=born.example, env=complete)
    assert without_lock.returncode == 1
    assert "uv lock" in without_lock.stderr


def test_dvc_was_laid_as_dvc_init_lays_it(repo, complete, tmp_path):
    run("git", "init", "--quiet", cwd=tmp_path)
    assert run(program("dvc"), "init", "--quiet", cwd=tmp_path, env=complete).returncode == 0
    laid = run("git", "ls-files", "--cached", cwd=tmp_path).stdout.split()
    assert [path for path in find_names(repo) if path.startswith(".dvc")] == laid
    ignore = Path(".dvc") / ".gitignore"
    assert (repo / ignore).read_text() == (tmp_path / ignore).read_text()


def find_names(repo):
    return [str(path) for path in find_files(repo)]


def test_dvc_works_at_once_and_sends_nothing(repo, complete):
    status = run(program("dvc"), "status", "--json", cwd=repo, env=complete)
    assert status.returncode == 0, status.stderr
    assert set(json.loads(status.stdout)) == {"validate", "train", "evaluate", "drift", "package"}
    setting = run(program("dvc"), "config", "core.analytics", cwd=repo, env=complete)
    assert setting.stdout.strip() == "false"
    assert run("git", "status", "--porcelain", cwd=repo).stdout == ""


@pytest.mark.slow
def test_the_examples_suite_holds_and_notices_a_broken_column(born, complete, tmp_path):
    import shutil

    repo = tmp_path / "repo"
    shutil.copytree(born.example, repo)
    environment = {**complete, "PYTHONPATH": str(ROOT / "src")}
    command = [sys.executable, "-m", "pavedroad", "validate"]
    assert run(*command, cwd=repo, env=environment).returncode == 0
    table = repo / "data" / "umbrella_sales.csv"
    table.write_text(table.read_text().replace(",flyer,", ",poster,"))
    assert run(*command, cwd=repo, env=environment).returncode == 1
