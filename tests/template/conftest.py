"""Repositories baked from the template as it stands here, with a home, a git identity and a PATH of their own."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from cookiecutter.main import cookiecutter
from sklearn import datasets

ROOT = Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT))  # as cookiecutter does

IDENTITY = "[user]\n\tname = Ada Example\n\temail = ada@example.org\n"


@pytest.fixture(scope="session")
def tools(tmp_path_factory):
    """A PATH with git but without uv: locking needs the network, so only the tests about it take that road."""
    folder = tmp_path_factory.mktemp("bin")
    (folder / "git").symlink_to(shutil.which("git"))
    return folder


@pytest.fixture(scope="session")
def home(tmp_path_factory):
    folder = tmp_path_factory.mktemp("home")
    (folder / ".gitconfig").write_text(IDENTITY)
    replay, clones = folder / "replay", folder / "clones"
    (folder / "cookiecutter.yaml").write_text(f'replay_dir: "{replay}"\ncookiecutters_dir: "{clones}"\n')
    return folder


@pytest.fixture(scope="session")
def outside(tools, home):
    """The environment variables of a person who generates a repository."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "COOKIECUTTER"))}
    source = os.pathsep.join(filter(None, [str(ROOT / "src"), os.environ.get("PYTHONPATH", "")]))
    return {**kept, "HOME": str(home), "PATH": str(tools), "PYTHONPATH": source, "GIT_CONFIG_NOSYSTEM": "1"}


@pytest.fixture(scope="session")
def generate(outside, home):
    """Bake in this process: ``generate(folder, **answers)`` gives the new repository's path."""

    def bake(folder, template=ROOT, **answers):
        with pytest.MonkeyPatch.context() as patch:
            for name in [*os.environ]:
                if name not in outside:
                    patch.delenv(name)
            for name, value in outside.items():
                patch.setenv(name, value)
            made = cookiecutter(
                str(template),
                no_input=True,
                output_dir=str(folder),
                config_file=str(home / "cookiecutter.yaml"),
                extra_context=answers,
            )
        return Path(made)

    return bake


@pytest.fixture
def bake(generate, tmp_path):
    return lambda **answers: generate(tmp_path / "out", **answers)


@pytest.fixture(scope="session")
def tables(tmp_path_factory):
    """A real table for each problem, as a CSV file: what a person brings along."""
    folder = tmp_path_factory.mktemp("tables")
    loaders = {"regression": "load_diabetes", "binary": "load_breast_cancer", "multiclass": "load_wine"}
    paths = {}
    for problem, loader in loaders.items():
        paths[problem] = folder / f"{problem}.csv"
        getattr(datasets, loader)(as_frame=True).frame.to_csv(paths[problem], index=False)
    return paths


@pytest.fixture(scope="session")
def born(generate, tables, tmp_path_factory):
    """One repository for each kind there is: the example, and a table of one's own for each problem."""
    folder = tmp_path_factory.mktemp("a folder with spaces")
    head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=True)
    repos = {"example": generate(folder, project="umbrella-sales")}
    for problem, table in tables.items():
        repos[problem] = generate(folder, project=f"my-{problem}", problem=problem, target="target", data=str(table))
    return SimpleNamespace(**repos, head=head.stdout.strip())


@pytest.fixture(scope="session", params=["example", "regression", "binary", "multiclass"])
def repo(request, born):
    return getattr(born, request.param)


@pytest.fixture(scope="session")
def good():
    """Answers that nothing is wrong with."""
    return {
        "project": "umbrella-sales",
        "statement": "Forecast tomorrow's sales.",
        "owner": "@shop/forecasting",
        "problem": "regression",
        "target": "umbrellas_sold",
        "metric": "mean_absolute_error",
        "data": "",
        "max_latency_ms": "50",
        "retrain": "weekly",
        "road_repository": "org/pavedroad",
        "road_ref": "a" * 40,
        "python_version": "3.12",
    }
