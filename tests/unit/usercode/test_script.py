"""An existing script joins as it stands: it trains on the training rows alone, and the road evaluates what it wrote."""

import json
import subprocess
import sys
import time

import numpy as np
import pandas as pd
import pytest
from shop_repo import by_id, drive

from pavedroad.errors import ConfigError
from pavedroad.foundation.data.tables import name_code, name_input
from pavedroad.foundation.project import find_project
from pavedroad.report import Outcome

CONFIG = """
[project]
name = "Sales"
owner = "Ada"
[objective]
problem = "regression"
target = "sold"
metric = "mean_absolute_error"
[data]
train = "data/sales.csv"
keys = ["order"]
{data}
[model]
command = {command}
artifact = "out/model.skops"
timeout = 600
{model}
"""
SCRIPT = """
from pathlib import Path

import pandas as pd
import skops.io
from helpers.columns import COLUMNS
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

here = Path(__file__).resolve().parent
table = pd.read_csv(here / "data/sales.csv")
print("rows", len(table))
Path("seen.txt").write_text(str(len(table)))
model = make_pipeline(StandardScaler(), Ridge()).fit(table[COLUMNS], table["sold"])
skops.io.dump(model, here / "out" / "model.skops")
"""
ROWS = 200


def table():
    rng = np.random.default_rng(0)
    rain, wind = rng.normal(size=ROWS), rng.normal(size=ROWS)
    return pd.DataFrame({"order": range(ROWS), "rain": rain, "wind": wind, "sold": 3 * rain + rng.normal(size=ROWS)})


@pytest.fixture
def repo(world):
    def make(script=SCRIPT, command=("python", "train.py"), data="", model="", **files):
        root = world(
            {
                "pavedroad.toml": CONFIG.format(command=json.dumps(list(command)), data=data, model=model),
                "data/sales.csv": table().to_csv(index=False),
                "train.py": script,
                "helpers/__init__.py": "",
                "helpers/columns.py": "COLUMNS = ['rain', 'wind']\n",
                ".git/kept": "",
                "reports/old.json": "{}",
                **files,
            }
        )
        project = find_project(root)
        named = name_input(project, "data/sales.csv")
        (root / "reports/validated.json").write_text(json.dumps({"path": named.path, "sha256": named.sha256}))
        return project

    return make


@pytest.mark.slow
def test_a_script_trains_as_it_stands_and_the_road_evaluates_its_model(repo, capsys):
    look = "assert not (here / 'reports').exists() and not (here / '.git').exists()\n"
    pipeline = {"stages": {"train": {"cmd": "x", "deps": ["data/sales.csv"]}}}
    project = repo(SCRIPT + look, **{"dvc.yaml": json.dumps(pipeline)})
    before = {path: path.read_bytes() for path in project.root.rglob("*") if path.is_file()}
    trained = by_id(drive(project, "train"))
    assert trained["train.pipeline"].outcome is Outcome.FAIL  # a changed script would not be run again
    assert {check.outcome for name, check in trained.items() if name != "train.pipeline"} == {Outcome.PASS}
    assert "rows 160" in capsys.readouterr().out  # not the 200 of the table
    assert json.loads((project.model / "signature.json").read_text())["features"] == ["rain", "wind"]
    checks = by_id(drive(project, "evaluate"))
    assert checks["metric.model"].observed["value"] < 1.2
    assert checks["metric.skill"].observed["low"] > 0
    after = {path: path.read_bytes() for path in project.root.rglob("*") if path.is_file() and path in before}
    assert after == before
    assert not (project.root / "seen.txt").exists()
    assert not (project.root / "out").exists()
    once = (project.model / "model.skops").read_bytes()
    pipeline["stages"]["train"]["deps"].append("train.py")
    (project.root / "dvc.yaml").write_text(json.dumps(pipeline))
    assert by_id(drive(project, "train"))["train.pipeline"].outcome is Outcome.PASS
    assert (project.model / "model.skops").read_bytes() == once


def sight(repo, script, **files):
    """What a script says that looks around and then gives up."""
    project = repo(script + "\nraise SystemExit('that is all')\n", **files)
    report = drive(project, "train")
    assert report.outcome is Outcome.ERROR
    return project, report.checks[0].reason


def test_a_script_finds_neither_the_holdout_file_nor_what_the_road_made(repo, capsys):
    held = {"held.csv": table().tail(50).to_csv(index=False)}
    look = "import os; print(sorted(os.listdir('.')), sorted(os.listdir('data')))"
    sight(repo, look, data='holdout_file = "held.csv"', **held)
    assert "['data', 'helpers', 'out', 'pavedroad.toml', 'train.py'] ['sales.csv']" in capsys.readouterr().out


def test_the_script_is_code_that_is_named(repo):
    assert [item.path for item in name_code(repo())] == ["train.py"]


def test_a_script_is_given_the_same_kind_of_table(repo, tmp_path, capsys):
    table().to_parquet(tmp_path / "sales.parquet")
    project = repo("", **{"data/sales.parquet": (tmp_path / "sales.parquet").read_bytes()})
    path = project.root / "pavedroad.toml"
    path.write_text(path.read_text().replace("sales.csv", "sales.parquet"))
    (project.root / "train.py").write_text("print(open('data/sales.parquet', 'rb').read(4))")
    project = find_project(project.root)
    named = name_input(project, "data/sales.parquet")
    (project.root / "reports/validated.json").write_text(json.dumps({"path": named.path, "sha256": named.sha256}))
    drive(project, "train")
    assert "b'PAR1'" in capsys.readouterr().out


WRONG = {
    "fails": ("raise ValueError('no such thing')", "ended with exit code 1: ValueError: no such thing."),
    "fails without a word": ("import os; os._exit(7)", "ended with exit code 7: it said nothing."),
    "writes nothing": ("print('done')", "did not write 'out/model.skops'"),
    "writes a link": ("import os; os.symlink('/etc/hostname', 'out/model.skops')", "did not write"),
    "writes a folder": ("import os; os.mkdir('out/model.skops')", "did not write"),
    "writes a pickle": (
        "import pickle\npickle.dump({'a': print}, open('out/model.skops', 'wb'))",
        "This is no skops file, or a damaged one; a pickle is never loaded. Write the model with: skops.io.dump",
    ),
}


@pytest.mark.parametrize(("script", "why"), WRONG.values(), ids=WRONG)
def test_a_script_that_leaves_no_model_is_an_error_that_says_so(repo, script, why):
    project = repo(script)
    report = drive(project, "train")
    assert report.outcome is Outcome.ERROR
    assert why in report.checks[0].reason
    assert not project.model.exists()


def test_a_script_that_never_ends_is_ended_with_all_that_it_started(repo):
    script = (
        "import subprocess, sys, time\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(300)'])\n"
        "open({path!r}, 'w').write(str(child.pid))\ntime.sleep(300)\n"
    )
    project = repo("")
    note = project.root.parent / "child.pid"
    (project.root / "train.py").write_text(script.format(path=str(note)))
    path = project.root / "pavedroad.toml"
    path.write_text(path.read_text().replace("timeout = 600", "timeout = 3"))
    begun = time.monotonic()
    report = drive(find_project(project.root), "train")
    assert report.outcome is Outcome.ERROR
    assert "took longer than the 3 seconds of model.timeout" in report.checks[0].reason
    assert time.monotonic() - begun < 60
    child = int(note.read_text())
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(child)], capture_output=True, text=True, check=False).stdout
    assert state.strip() == "" or state.startswith("Z")


def test_a_script_that_prints_megabytes_is_passed_on_and_the_report_stays_small(repo, capsys):
    project, _ = sight(repo, "print('x' * 3_000_000)")
    assert len(capsys.readouterr().out) > 3_000_000
    assert project.report("train").stat().st_size < 10_000


def test_a_program_that_is_not_there_is_named(repo):
    report = drive(repo(command=("no-such-program-here", "x")), "train")
    assert report.outcome is Outcome.ERROR
    assert "cannot be run" in report.checks[0].reason


def test_an_error_about_the_file_that_was_written_names_it_as_the_repo_does(repo):
    report = drive(repo(WRONG["writes a pickle"][0]), "train")
    assert report.checks[0].where.file == "out/model.skops"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("python train.py", ["python", "train.py"]),
        ("python 'my train.py' --depth=3", ["python", "my train.py", "--depth=3"]),
        (
            "python train.py && touch x; $HOME `id`",
            ["python", "train.py", "&&", "touch", "x;", "$HOME", "`id`"],
        ),
    ],
)
def test_a_command_may_be_one_line_that_no_shell_reads(repo, line, words):
    path = repo("").root / "pavedroad.toml"
    path.write_text(path.read_text().replace('["python", "train.py"]', json.dumps(line)))
    project = find_project(path.parent)
    assert project.config.model.words == words
    assert [item.path for item in name_code(project)] == (["train.py"] if "train.py" in words else [])


def test_a_line_runs_as_its_words_do(repo, capsys):
    project = repo("import sys; print(sys.argv)")
    path = project.root / "pavedroad.toml"
    path.write_text(path.read_text().replace('["python", "train.py"]', '"python train.py a && b"'))
    drive(find_project(project.root), "train")
    assert "['train.py', 'a', '&&', 'b']" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("line", "why"), [("python 'train.py", "cannot be split into words: No closing quotation"), ("  ", "is blank")]
)
def test_a_line_that_holds_no_words_is_refused(repo, line, why):
    path = repo("").root / "pavedroad.toml"
    path.write_text(path.read_text().replace('["python", "train.py"]', json.dumps(line)))
    with pytest.raises(ConfigError, match=why) as caught:
        find_project(path.parent)
    assert caught.value.line == path.read_text().splitlines().index(f"command = {json.dumps(line)}") + 1


def test_python_is_the_one_that_runs_the_road(repo, capsys):
    sight(repo, "import sys; print(sys.executable)", command=("python3", "train.py"))
    assert sys.executable in capsys.readouterr().out
