"""Train and evaluate, over whole small repos: each thing that a function can do wrong has its outcome here."""

import os
import signal
import subprocess
import sys

import pytest
from shop_repo import LINEAR, ROWS, TWO_FUNCTIONS, drive, make_table

from pavedroad.report import Outcome, read_report

WRONG_TRAIN = {
    "gives nothing": ("    LinearRegression().fit(X, y)", "NoneType, which has no 'predict'"),
    "gives a number": ("    return 7", "int, which has no 'predict'"),
    "gives a class": ("    return {'model': LinearRegression().fit(X, y)}", "dict, which has no 'predict'"),
    "raises": ("    raise MemoryError('none left')", "MemoryError: none left"),
    "leaves": ("    raise SystemExit(0)", "SystemExit: 0"),
    "leaves without a word": ("    import os; os._exit(0)", "SystemExit: 0"),
    "raises what nobody catches": ("    raise BaseException('from far below')", "BaseException: from far below"),
    "needs what is not here": ("    import torch_of_nobody", "torch_of_nobody"),
    "asks for a graphics card": ("    raise RuntimeError('No CUDA GPUs are available')", "No CUDA GPUs are available"),
    "never ends": ("    while True:\n        pass", "took longer than the 1 seconds of model.timeout"),
    "never ends and hears nothing": (
        "    while True:\n        try:\n            sum(range(10**6))\n        except Exception:\n            pass",
        "took longer than the 1 seconds of model.timeout",
    ),
    "gives a model that was not fitted": ("    return LinearRegression()", "NotFittedError"),
    "gives the class of a model": ("    return LinearRegression", "the class LinearRegression itself"),
}


@pytest.mark.parametrize(("body", "why"), WRONG_TRAIN.values(), ids=WRONG_TRAIN)
def test_a_train_that_breaks_its_contract_is_an_error_that_says_so(repo, body, why):
    model = f"from sklearn.linear_model import LinearRegression\ndef train(X, y, params):\n{body}\n"
    project = repo(model=model, settings=f"{TWO_FUNCTIONS}\ntimeout = 1")
    report = drive(project, "train")
    assert report.outcome is Outcome.ERROR
    assert why in report.checks[0].reason
    assert report.checks[0].where.file == "src/t_shop/model.py"
    assert not (project.root / "model").exists()


def test_a_train_that_raises_leaves_the_model_before_as_it_was(repo):
    project = repo()
    drive(project, "train")
    before = {path.name: path.read_bytes() for path in project.model.iterdir()}
    broken = repo(model="def train(X, y, params):\n    raise ValueError('no')\n")
    assert drive(broken, "train").outcome is Outcome.ERROR
    assert {path.name: path.read_bytes() for path in project.model.iterdir()} == before


def test_a_train_that_prints_megabytes_is_heard_and_its_report_stays_small(repo, capfd):
    model = LINEAR.replace("    return", "    print('x' * 5_000_000)\n    return")
    project = repo(model=model)
    assert drive(project, "train").outcome is Outcome.PASS
    assert len(capfd.readouterr().out) > 5_000_000
    assert project.report("train").stat().st_size < 100_000


@pytest.mark.parametrize("close", ["os.close(1); os.close(2)", "sys.stdout.close(); sys.stderr.close()"])
@pytest.mark.parametrize("where", ["module", "function"])
def test_a_train_that_closes_its_streams_does_not_silence_the_verdict(repo, close, where):
    before = LINEAR if where == "module" else LINEAR.replace("    return", f"    {close}\n    return")
    project = repo(model=f"import os, sys\n{before}" + (f"{close}\n" if where == "module" else ""))
    program = [sys.executable, "-m", "pavedroad", "train"]
    done = subprocess.run(program, cwd=project.root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "✓ train" in done.stdout


FORKS = {
    "and comes back twice": "    import os\n    os.fork()",
    "and fails in the copy": "    import os\n    if os.fork() == 0:\n        raise ValueError('copy')",
    "and leaves the copy behind": "    import os, time\n    if os.fork() == 0:\n        time.sleep(0.2)",
}


@pytest.mark.parametrize("body", FORKS.values(), ids=FORKS)
def test_a_train_that_forks_is_followed_in_one_process_only(repo, body):
    project = repo(model=LINEAR.replace("    return", f"{body}\n    return"))
    script = (
        "from pavedroad.foundation.project import find_project\nfrom pavedroad.stages.train import train\n"
        "from pavedroad.stages.runner import run_stage\nfrom pathlib import Path\n"
        "print('ended as', run_stage(find_project(Path.cwd()), 'train', train).outcome.value, flush=True)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=project.root, capture_output=True, text=True, check=True, timeout=120
    )
    assert done.stdout.count("ended as") == 1
    assert "ended as pass" in done.stdout
    assert read_report(project.report("train")).outcome is Outcome.PASS


WRONG_PREDICT = {
    "not a number": ("return np.full(len(X), np.nan)", "not finite numbers"),
    "too few": ("return np.zeros(3)", "predictions of shape (3,) for"),
    "a table": ("return np.zeros((len(X), 1))", "predictions of shape"),
    "words": ("return np.array(['much'] * len(X))", "not numbers"),
    "nothing": ("return None", "predictions of shape ()"),
    "an error": ("raise ValueError('no')", "predict failed: ValueError: no"),
    "an end": ("raise SystemExit(0)", "predict failed: SystemExit: 0"),
    "no end": ("while True: pass", "predict took longer than 2 seconds for 200 rows"),
}


@pytest.mark.parametrize(("body", "why"), WRONG_PREDICT.values(), ids=WRONG_PREDICT)
def test_a_model_whose_predictions_are_none_is_an_error(repo, body, why):
    model = f"""
import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin

class Model(RegressorMixin, BaseEstimator):
    def fit(self, X, y):
        self.fitted_ = 1
        return self

    def predict(self, X):
        {body}

def train(X, y, params):
    return Model().fit(X, y)
"""
    project = repo(model=model, settings=f'{TWO_FUNCTIONS}\ntrusted = ["t_shop.model.Model"]\ntimeout = 2')
    report = drive(project, "train")
    assert report.outcome is Outcome.ERROR
    assert why in report.checks[0].reason


def test_a_class_that_training_never_saw_is_an_error_that_names_it(repo):
    table = make_table("multiclass").assign(day=range(ROWS))
    table.loc[ROWS - 3 :, "sold"] = "unheard"
    features = "def features(table):\n    return table[['rain', 'wind']]\n"
    model = LINEAR.replace("LinearRegression()", "LogisticRegression()")
    project = repo(features, model, "multiclass", data='time = "day"', table=table)
    report = drive(project)
    assert report.outcome is Outcome.ERROR
    assert "3 of 60 held-out rows are of a class that no training row has" in report.checks[0].reason
    assert "'unheard'" in report.checks[0].reason


def test_an_evaluation_before_any_training_says_what_to_run(repo):
    report = drive(repo(), "evaluate")
    assert report.outcome is Outcome.ERROR
    assert report.checks[0].reason == "There is no trained model here. Run: pavedroad train."


def test_ctrl_c_ends_training_and_leaves_neither_a_report_nor_half_a_model(repo):
    model = LINEAR.replace("    return", "    print('at it', flush=True)\n    import time; time.sleep(60)\n    return")
    project = repo(model=model)
    process = subprocess.Popen(
        [sys.executable, "-m", "pavedroad", "train"],
        cwd=project.root,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    line = ""
    while "at it" not in line:
        line = process.stdout.readline()
        assert line, "ended before it trained"
    os.kill(process.pid, signal.SIGINT)
    rest = process.communicate(timeout=60)[0]
    assert process.returncode not in {0, None}
    assert "Traceback" not in rest
    assert not project.report("train").exists()
    assert not [path for path in project.root.iterdir() if path.name.startswith((".model", "model"))]
