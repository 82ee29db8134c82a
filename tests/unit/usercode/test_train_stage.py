"""Train and evaluate, over whole small repos: each thing that a function can do wrong has its outcome here."""

import json
import os
import signal
import subprocess
import sys
from datetime import date

import msgspec
import numpy as np
import pandas as pd
import pytest

from pavedroad.config import default_settings
from pavedroad.foundation.data.tables import name_input
from pavedroad.foundation.gate.decision import Evidence, Found
from pavedroad.foundation.gate.scene import Scene
from pavedroad.foundation.gate.standards import decide_more
from pavedroad.foundation.project import find_project
from pavedroad.report import Outcome, read_report
from pavedroad.settings import Gate
from pavedroad.stages.evaluate import evaluate
from pavedroad.stages.runner import run_stage
from pavedroad.stages.train import train

CONFIG = """
[project]
name = "Sales"
owner = "Ada"
[objective]
problem = "{problem}"
target = "sold"
metric = "{metric}"
{objective}
[data]
train = "data.csv"
{data}
[model]
{model}
"""
FEATURES = "def features(table):\n    return table[['rain', 'wind']]\n"
LINEAR = """
from sklearn.linear_model import LinearRegression, LogisticRegression

def train(X, y, params):
    return LinearRegression().fit(X, y)
"""
TWO_FUNCTIONS = 'features = "t_shop.features:features"\ntrain = "t_shop.model:train"'
ROWS = 300
METRIC = {"regression": "mean_absolute_error", "binary": "roc_auc_score", "multiclass": "accuracy_score"}


def make_table(problem="regression"):
    rng = np.random.default_rng(0)
    table = pd.DataFrame(
        {"rain": rng.normal(size=ROWS), "wind": rng.normal(size=ROWS), "shop": rng.choice(["north", "south"], ROWS)}
    )
    level = 2 * table["rain"] + rng.normal(size=ROWS)
    if problem == "regression":
        return table.assign(sold=level.round(4))
    names = ["few", "many"] if problem == "binary" else ["few", "many", "some"]
    return table.assign(sold=pd.qcut(level, len(names), labels=names).astype(str))


@pytest.fixture
def repo(world, monkeypatch):
    """A repo whose table has passed validation; what is written into it can be changed by keyword."""
    monkeypatch.setattr(sys, "path", [*sys.path])

    def forget():
        for name in [name for name in sys.modules if name.partition(".")[0] == "t_shop"]:
            del sys.modules[name]

    def make(
        features=FEATURES,
        model=LINEAR,
        problem="regression",
        objective="",
        data="",
        settings=TWO_FUNCTIONS,
        table=None,
        **files,
    ):
        forget()
        metric = METRIC[problem]
        root = world(
            {
                "data.csv": (make_table(problem) if table is None else table).to_csv(index=False),
                "pavedroad.toml": CONFIG.format(
                    problem=problem, metric=metric, objective=objective, data=data, model=settings
                ),
                "src/t_shop/__init__.py": "",
                "src/t_shop/features.py": features,
                "src/t_shop/model.py": model,
                **files,
            }
        )
        project = find_project(root)
        named = name_input(project, "data.csv")
        project.reports.mkdir(exist_ok=True)
        receipt = {"path": named.path, "sha256": named.sha256}
        (project.reports / "validated.json").write_text(json.dumps(receipt))
        return project

    yield make
    forget()


def drive(project, *stages):
    """Run the stages and give the last report."""
    for name in stages or ("train", "evaluate"):
        report = run_stage(project, name, {"train": train, "evaluate": evaluate}[name])
    return report


def by_id(report):
    return {check.id: check for check in report.checks}


# --- what goes well -------------------------------------------------------------------------------------------------


def test_a_model_is_trained_looked_at_for_leaks_and_evaluated_by_group(repo):
    project = repo(objective='slices = ["shop", "rain"]', data="holdout = 0.3")
    trained = by_id(drive(project, "train"))
    assert {name for name in trained if name.startswith("train.leakage.")} == {
        f"train.leakage.{name}" for name in ("rows", "alone", "columns", "statistics", "row-by-row")
    }
    report = drive(project, "evaluate")
    checks = by_id(report)
    assert report.outcome is Outcome.PASS
    assert {"evaluate.slice.shop.north", "evaluate.slice.shop.south", "evaluate.bias", "evaluate.importance"} <= set(
        checks
    )
    evidence = checks["evaluate.slice.shop.north"].evidence
    assert {"metric", "value", "low", "high", "rows", "column", "group"} <= set(evidence)
    assert (evidence["metric"], evidence["column"], evidence["group"]) == ("mean_absolute_error", "shop", "north")
    assert evidence["low"] <= evidence["value"] <= evidence["high"]
    assert next(iter(checks["evaluate.importance"].evidence)) == "rain"
    assert [figure.id for figure in report.figures] == ["metric", "fit", "slices", "residuals", "importance"]
    skipped = [name for name, check in checks.items() if check.outcome is Outcome.SKIPPED and "slice.rain" in name]
    assert skipped
    # The gate counts on what the evaluation says of its groups, so the two are held together here.
    census = checks["evaluate.slices.rain"]
    measured = [name for name in checks if name.startswith("evaluate.slice.rain.") and name not in skipped]
    assert (census.evidence["measured"], census.evidence["groups"]) == (len(measured), len(measured) + len(skipped))
    assert judge_floor(report, "shop", "error").outcome is Outcome.PASS
    refused = judge_floor(report, "rain", "error")
    assert refused.outcome is Outcome.ERROR
    assert census.reason in refused.reason
    assert "held-out row" in census.reason
    assert judge_floor(report, "rain", "warn").reason.startswith("No group of 'rain' could be measured.")


def judge_floor(report, column, unjudged):
    policy = msgspec.convert(
        {**default_settings()["gate"], "slice": [{"column": column, "floor": 1e9, "unjudged": unjudged}]}, Gate
    )
    evidence = Evidence([], {"evaluate": report}, "")
    scene = Scene(policy, evidence, Found("compare"), "", "mean_absolute_error", "lower", 0.0, date(2026, 3, 10))
    return next(check for check in decide_more(scene) if check.id == f"gate.slice.{column}")


def test_the_chances_of_two_classes_are_held_to_what_came_true(repo):
    project = repo(model=LINEAR.replace("LinearRegression()", "LogisticRegression()"), problem="binary")
    checks = by_id(drive(project))
    evidence = checks["evaluate.calibration"].evidence
    assert evidence["metric"] == "expected_calibration_error"
    assert 0 <= evidence["low"] <= evidence["value"] <= evidence["high"] <= 1
    assert evidence["rows"] == 60
    assert checks["evaluate.calibration.brier"].evidence["metric"] == "brier_score_loss"


def test_more_classes_and_numbers_have_no_calibration(repo):
    project = repo(model=LINEAR.replace("LinearRegression()", "LogisticRegression()"), problem="multiclass")
    assert not [name for name in by_id(drive(project)) if "calibration" in name]


@pytest.mark.parametrize("baseline", ["linear", "t_shop.model:guess", "sql:SELECT 2 * rain FROM holdout"])
def test_a_model_may_be_held_against_any_baseline(repo, baseline):
    guess = "\ndef guess(train, holdout):\n    return 2 * holdout['rain']\n"
    project = repo(model=LINEAR + guess, objective=f'baseline = "{baseline}"')
    checks = by_id(drive(project))
    names = {"linear": "linear", "t_shop.model:guess": "own"}
    assert f"metric.{names.get(baseline, 'rule')}" in checks
    assert checks["metric.improvement"].evidence["baseline"] == baseline
    assert abs(checks["metric.improvement"].observed["value"]) < 0.1


@pytest.mark.parametrize("stage", ["train", "evaluate"])
def test_the_same_repo_gives_the_same_bytes(repo, stage):
    project = repo(objective='slices = ["shop"]')
    drive(project)
    once = project.report(stage).read_bytes()
    drive(project)
    assert project.report(stage).read_bytes() == once


def test_a_holdout_file_is_judged_on_and_named(repo):
    held = make_table().tail(40)
    project = repo(
        data='holdout_file = "held.csv"', table=make_table().head(200), **{"held.csv": held.to_csv(index=False)}
    )
    report = drive(project)
    assert by_id(report)["metric.improvement"].evidence["rows"] == 40
    assert [item.path for item in report.inputs][:2] == ["data.csv", "held.csv"]


def test_of_very_many_columns_the_report_names_some_and_counts_the_others(repo):
    table = make_table().drop(columns="shop")
    wide = table.assign(**{f"c{number:02}": np.roll(table["rain"], number + 1) for number in range(23)})
    beyond = {f"c{number:02}": 1e6 for number in range(23)}
    held = wide.tail(40).assign(rain=0.0, wind=0.0, **beyond).to_csv(index=False)
    project = repo(
        "def features(table):\n    return table\n",
        data='holdout_file = "held.csv"',
        table=wide.head(200),
        **{"held.csv": held},
    )
    report = drive(project)
    unlike = by_id(report)["evaluate.inputs"]
    assert unlike.observed == "23 of the columns differ"
    assert unlike.reason.startswith("c00: 40 ")
    assert unlike.reason.count("; ") == 19
    assert unlike.reason.endswith(" and 3 more")
    assert list(unlike.evidence) == [f"c{number:02}" for number in range(20)]
    leant_on = by_id(report)["evaluate.importance"]
    assert leant_on.reason == "The 20 features that matter most are shown; 5 more matter less."
    assert len(leant_on.evidence) == 20
    (drawn,) = (figure for figure in report.figures if figure.id == "importance")
    assert drawn.data["label"] == [f"feature {name}" for name in leant_on.evidence]


KNOWN = {"cmd": "x", "deps": ["data.csv", "held.csv"]}
UNKNOWN = {"cmd": "x", "deps": ["data.csv"]}
ADD = "Add to the deps of {!r} in dvc.yaml: held.csv."
PIPELINES = {
    "that knows it": ({"train": KNOWN, "evaluate": KNOWN}, []),
    "of whose stages one does not": ({"train": KNOWN, "evaluate": UNKNOWN}, ["evaluate"]),
    "that does not": ({"train": UNKNOWN, "evaluate": UNKNOWN, "drift": {"cmd": "x"}}, ["train", "evaluate", "drift"]),
    "of which a stage is damaged": ({"train": UNKNOWN, "evaluate": "x"}, ["train"]),
}


@pytest.mark.parametrize(("stages", "lacking"), PIPELINES.values(), ids=PIPELINES)
def test_a_pipeline_must_know_the_holdout_file_or_would_take_an_old_verdict_for_a_new_one(repo, stages, lacking):
    stages = {"stages": stages}
    files = {"held.csv": make_table().tail(40).to_csv(index=False), "dvc.yaml": json.dumps(stages)}
    project = repo(data='holdout_file = "held.csv"', table=make_table().head(200), **files)
    check = by_id(drive(project, "train"))["train.pipeline"]
    assert check.outcome is (Outcome.FAIL if lacking else Outcome.PASS)
    assert check.reason == " ".join(map(ADD.format, lacking))
    assert check.observed == (["held.csv"] if lacking else [])


def test_a_pipeline_without_these_stages_is_not_judged(repo):
    files = {"held.csv": make_table().tail(40).to_csv(index=False), "dvc.yaml": "stages: {validate: {cmd: x}}"}
    project = repo(data='holdout_file = "held.csv"', table=make_table().head(200), **files)
    assert "train.pipeline" not in by_id(drive(project, "train"))


# --- frames ---------------------------------------------------------------------------------------------------------

POLARS_FEATURES = """
import polars as pl

def features(table):
    assert isinstance(table, pl.DataFrame)
    return table.select((pl.col("rain") * 2).alias("rain"), "wind")
"""
POLARS_TRAIN = """
import polars as pl
from sklearn.linear_model import LinearRegression

def train(X, y, params):
    assert isinstance(X, pl.DataFrame) and isinstance(y, pl.Series)
    return LinearRegression().fit(X, y)
"""


def test_functions_may_work_with_polars_throughout_and_come_to_the_same(repo):
    project = repo(POLARS_FEATURES, POLARS_TRAIN, settings=f'{TWO_FUNCTIONS}\nframe = "polars"')
    found = by_id(drive(project))["metric.model"].observed
    pandas = repo("def features(t):\n    return t[['rain', 'wind']].assign(rain=t['rain'] * 2)\n")
    assert by_id(drive(pandas))["metric.model"].observed == pytest.approx(found)


@pytest.mark.parametrize("lazy", ["", ".lazy()"])
def test_a_polars_frame_is_taken_whatever_was_given(repo, lazy):
    features = f"import polars as pl\ndef features(t):\n    return pl.from_pandas(t[['rain', 'wind']]){lazy}\n"
    assert drive(repo(features)).outcome is Outcome.PASS


@pytest.mark.parametrize("frame", ["pandas", "polars"])
def test_what_a_function_does_to_what_it_was_given_reaches_nobody(repo, frame):
    change = (
        "    table['rain'] = 0\n" if frame == "pandas" else "    table = table.with_columns(rain=0 * table['rain'])\n"
    )
    features = f"def features(table):\n    made = table[['rain', 'wind']]\n{change}    return made\n"
    model = LINEAR.replace("    return", "    X, y = X * 1, y\n    params['trees'] = 9\n    return")
    if frame == "pandas":
        model = LINEAR.replace(
            "    return Linear",
            "    fitted = LinearRegression().fit(X, y)\n    X['rain'] = 0\n    y[:] = 0\n    return fitted\n    Linear",
        )
    project = repo(features, model, settings=f'{TWO_FUNCTIONS}\nframe = "{frame}"')
    before = (project.root / "data.csv").read_bytes()
    assert drive(project).outcome is Outcome.PASS
    assert (project.root / "data.csv").read_bytes() == before


# --- what goes wrong ------------------------------------------------------------------------------------------------

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
