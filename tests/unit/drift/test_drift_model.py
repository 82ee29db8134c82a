"""What the model makes of current rows: its predictions, and how well it does where the target is known."""

import json
import shutil
import sys

import msgspec
import numpy as np
import pandas as pd
import pytest
from settings_text import write_settings

from pavedroad.foundation.data.tables import name_input
from pavedroad.foundation.package.folder import write_manifest
from pavedroad.foundation.project import find_project
from pavedroad.report import Outcome, encode, write_whole
from pavedroad.stages.drift import drift
from pavedroad.stages.evaluate import evaluate
from pavedroad.stages.runner import run_stage
from pavedroad.stages.train import train

CONFIG = write_settings(
    objective='problem = "{problem}"\nmetric = "{metric}"',
    data='train = "data.parquet"\ncurrent = "current.parquet"\nholdout = 0.4',
    model='features = "t_drift.own:features"\ntrain = "t_drift.own:train"',
)
OWN = """
from sklearn.linear_model import LinearRegression, LogisticRegression


def features(table):
    return table[["rain", "wind"]]


def train(X, y, params):
    return {model}().fit(X, y)
"""
PROBLEMS = {
    "regression": ("mean_absolute_error", "LinearRegression"),
    "binary": ("roc_auc_score", "LogisticRegression"),
    "multiclass": ("accuracy_score", "LogisticRegression"),
}


def make_table(problem, rows=1000, seed=0, noise=1.0):
    rng = np.random.default_rng(seed)
    table = pd.DataFrame({"rain": rng.normal(size=rows), "wind": rng.normal(size=rows)})
    level = 2 * table["rain"] + noise * rng.normal(size=rows)
    if problem == "regression":
        return table.assign(sold=level)
    names = ["few", "many"] if problem == "binary" else ["few", "many", "some"]
    edges = [-99, 0, 99] if problem == "binary" else [-99, -1, 1, 99]
    return table.assign(sold=pd.cut(level, edges, labels=names).astype(str))


def forget():
    for name in [name for name in sys.modules if name.partition(".")[0] == "t_drift"]:
        del sys.modules[name]


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """``trained(problem)``: a folder with a model and its evaluation, made once."""
    made = {}

    def make(problem):
        if problem not in made:
            forget()
            root = tmp_path_factory.mktemp(problem)
            metric, model = PROBLEMS[problem]
            (root / "src/t_drift").mkdir(parents=True)
            (root / "src/t_drift/own.py").write_text(OWN.format(model=model))
            (root / "pavedroad.toml").write_text(CONFIG.format(problem=problem, metric=metric))
            make_table(problem).to_parquet(root / "data.parquet")
            project = find_project(root)
            named = name_input(project, "data.parquet")
            write_whole(project.reports / "validated.json", encode({"path": named.path, "sha256": named.sha256}))
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(sys, "path", [*sys.path])
                assert run_stage(project, "train", train).outcome is Outcome.PASS
                assert run_stage(project, "evaluate", evaluate).outcome is Outcome.PASS
            made[problem] = root
        return made[problem]

    return make


@pytest.fixture
def judge(trained, tmp_path, monkeypatch):
    """``judge(problem, current, settings)``: the drift report by id, of a repo with a model and these current rows."""
    monkeypatch.setattr(sys, "path", [*sys.path])

    def make(problem, current, settings="", change=None):
        forget()
        root = tmp_path / "repo"
        shutil.rmtree(root, ignore_errors=True)
        shutil.copytree(trained(problem), root)
        current.to_parquet(root / "current.parquet")
        config = root / "pavedroad.toml"
        config.write_text(config.read_text() + settings)
        if change is not None:
            change(root)
        report = run_stage(find_project(root), "drift", drift)
        assert not any(check.id.endswith(".crash") for check in report.checks)
        return report, {check.id: check for check in report.checks}

    yield make
    forget()


@pytest.mark.parametrize("problem", PROBLEMS)
def test_rows_like_those_before_raise_no_alarm(problem, judge):
    report, checks = judge(problem, make_table(problem, 600, seed=1))
    assert report.outcome is Outcome.PASS
    assert checks["drift.predictions"].outcome is Outcome.PASS
    assert checks["drift.performance"].outcome is Outcome.PASS
    assert ("drift.probability" in checks) is (problem == "binary")
    told = checks["drift.performance"].evidence
    assert told["low"] < told["worse_by"] < told["high"]
    assert told["rows"] == 600
    assert "column.predictions" in [figure.id for figure in report.figures]


@pytest.mark.parametrize("problem", PROBLEMS)
def test_a_relation_that_changed_is_found_where_no_column_shows_it(problem, judge):
    current = make_table(problem, 600, seed=1)
    current["sold"] = np.random.default_rng(0).permutation(current["sold"])  # the same values, of other rows
    _, checks = judge(problem, current)
    assert {name for name, check in checks.items() if check.outcome is Outcome.FAIL} == {"drift.performance"}
    check = checks["drift.performance"]
    assert check.observed > 0.5
    assert "current rows whose target is known, after" in check.reason
    assert "worse by" in check.reason
    assert "95% interval of the decline" in check.reason
    assert "the lead over the baseline that is lost" in check.reason


def test_the_decline_is_that_of_the_metric_itself(judge, trained):
    report, checks = judge("regression", make_table("regression", 600, seed=1, noise=3.0))
    told = checks["drift.performance"].evidence
    evaluated = json.loads((trained("regression") / "reports/metrics.json").read_text())
    assert told["holdout"] == pytest.approx(evaluated["value"], rel=1e-5)
    assert told["worse_by"] == pytest.approx(told["current"] - told["holdout"], abs=1e-5)
    assert told["effect"] == pytest.approx(told["worse_by"] / evaluated["improvement"], rel=1e-4)
    assert 1 < told["low"] < told["worse_by"] < told["high"] < 2  # the errors' mean grows from 0.8 to 2.4
    used = {entry.path for entry in report.inputs}
    assert {"reports/predicted.json", "model/model.skops", "src/t_drift/own.py"} <= used


def test_predictions_that_moved_are_found_without_any_label(judge):
    current = make_table("regression", 600, seed=1).assign(rain=lambda t: t["rain"] + 2).drop(columns="sold")
    _, checks = judge("regression", current)
    assert checks["drift.predictions"].outcome is Outcome.FAIL
    assert "`predictions` is 4" in checks["drift.predictions"].reason
    assert checks["drift.performance"].outcome is Outcome.SKIPPED
    assert "do not hold 'sold' yet" in checks["drift.performance"].reason


# --- what may be missing --------------------------------------------------------------------------------------------


def few_labels(table):
    return table.assign(sold=table["sold"].where(np.arange(len(table)) < 20))


REGRESSION = make_table("regression", 300, seed=1)
BINARY = make_table("binary", 300, seed=1)
MISSING = {  # by current rows, what else changes, and what is said
    "no model": (REGRESSION, lambda root: shutil.rmtree(root / "model"), {"predictions": "skipped"}),
    "no evaluation": (REGRESSION, lambda root: (root / "reports/predicted.json").unlink(), {"model": "error"}),
    "a damaged model": (REGRESSION, lambda root: (root / "model/model.skops").write_bytes(b"no"), {"model": "error"}),
    "no label": (REGRESSION.assign(sold=None), None, {"predictions": "pass", "performance": "skipped"}),
    "few labels": (few_labels(REGRESSION), None, {"predictions": "pass", "performance": "skipped"}),
    "half of the labels": (
        REGRESSION.assign(sold=REGRESSION["sold"].where(REGRESSION.index % 2 == 0)),
        None,
        {"performance": "pass", "sold.empty-cells": "fail"},
    ),
    "labels of text": (REGRESSION.assign(sold="many"), None, {"performance": "fail", "sold": "fail"}),
    "infinite labels": (
        REGRESSION.assign(sold=REGRESSION["sold"].where(REGRESSION.index > 0, np.inf)),
        None,
        {"performance": "fail", "sold.infinite-values": "fail"},
    ),
    "a feature is gone": (REGRESSION.drop(columns="wind"), None, {"model": "error", "wind": "fail"}),
    "a feature is empty": (REGRESSION.assign(wind=np.nan), None, {"model": "error", "wind.empty-cells": "fail"}),
    "a new class": (BINARY.assign(sold=BINARY["sold"].replace("few", "none")), None, {"performance": "fail"}),
    "one class alone": (BINARY[BINARY["sold"] == "few"].head(100), None, {"performance": "skipped", "sold": "fail"}),
    "its names are taken": (
        REGRESSION.assign(predictions=1.0, performance=2.0),
        None,
        {"model.predictions": "pass", "model.performance": "pass", "new-columns": "warn"},
    ),
    "few rows": (REGRESSION.head(10), None, {"rows": "skipped"}),
}


@pytest.mark.parametrize(("current", "change", "expected"), MISSING.values(), ids=MISSING)
def test_what_is_missing_is_said_and_neither_passes_nor_crashes(current, change, expected, judge):
    problem = "binary" if {"few", "none"} & set(current["sold"]) else "regression"
    _, checks = judge(problem, current, change=change)
    found = {name: checks[f"drift.{name}"].outcome.value if f"drift.{name}" in checks else "" for name in expected}
    assert found == expected
    assert all(check.reason for check in checks.values() if check.outcome is not Outcome.PASS)


def test_predictions_of_another_model_are_not_trusted(judge, trained):
    other = trained("binary") / "reports/predicted.json"
    _, checks = judge(
        "regression", REGRESSION, change=lambda root: shutil.copyfile(other, root / "reports" / other.name)
    )
    assert checks["drift.model"].outcome is Outcome.ERROR
    assert "about another model" in checks["drift.model"].reason


def test_a_model_that_raises_is_an_error_of_the_report_and_the_columns_are_still_compared(judge):
    broken = "def features(table):\n    raise ValueError('no rain today')\n"
    report, checks = judge(
        "regression", REGRESSION, change=lambda root: (root / "src/t_drift/own.py").write_text(broken)
    )
    assert report.outcome is Outcome.ERROR
    assert "ValueError: no rain today" in checks["drift.model"].reason
    assert "ValueError: no rain today" in report.summary
    assert checks["drift.rain"].outcome is Outcome.PASS


def test_without_a_table_of_current_rows_there_is_nothing_to_hold_against_the_holdout(judge):
    def forget_current(root):
        path = root / "pavedroad.toml"
        path.write_text(path.read_text().replace('current = "current.parquet"\n', ""))

    report, checks = judge("regression", REGRESSION, change=forget_current)
    assert report.outcome is Outcome.PASS
    assert "once [data] current names a table" in checks["drift.predictions"].reason
    assert [used.path for used in report.inputs] == ["data.parquet"]


def test_a_package_alone_is_enough(judge):
    def pack(root):
        shutil.move(root / "model", root / "package")
        shutil.move(root / "reports/predicted.json", root / "package/predicted.json")
        rewrite_manifest(root / "package")

    report, checks = judge("regression", make_table("regression", 600, seed=1, noise=3.0), change=pack)
    assert checks["drift.performance"].outcome is Outcome.FAIL
    assert {"package/model.skops", "package/predicted.json"} <= {used.path for used in report.inputs}


def rewrite_manifest(folder):
    (folder / "manifest.json").unlink()
    write_manifest(folder, "Sales")


# --- policy, references, bounds -------------------------------------------------------------------------------------

POLICIES = [
    ("", "fail"),
    ('[[drift.rules]]\ncolumns = ["performance"]\non_drift = "warn"', "warn"),
    ('[[drift.rules]]\ncolumns = ["performance"]\nfail_effect = 99', "warn"),
    ('[[drift.rules]]\ncolumns = ["performance"]\nmin_effect = 99', "pass"),
    ('[[drift.acknowledged]]\ncolumn = "performance"\nreason = "Known."\nuntil = "2099-01-01"', "pass"),
    ("[drift]\nblock = 600", "pass"),
]


@pytest.mark.parametrize(("settings", "outcome"), POLICIES)
def test_the_policy_says_what_a_decline_comes_to(settings, outcome, judge):
    _, checks = judge("regression", make_table("regression", 600, seed=1, noise=3.0), settings)
    assert checks["drift.performance"].outcome.value == outcome


def test_predictions_are_not_held_against_another_season_and_performance_still_is(judge, trained):
    def add_times(root):
        path = root / "pavedroad.toml"
        path.write_text(path.read_text().replace("holdout", 'time = "day"\nholdout'))
        days = pd.Series(pd.date_range("2020-01-01", periods=1000))
        pd.read_parquet(root / "data.parquet").assign(day=days).to_parquet(root / "data.parquet")

    current = make_table("regression", 300, seed=1).assign(day=pd.date_range("2022-09-27", periods=300))
    _, checks = judge("regression", current, '[drift]\nreference = "rolling:900d"', change=add_times)
    assert "another season" in checks["drift.predictions"].reason
    assert checks["drift.performance"].outcome is Outcome.PASS


def test_no_more_rows_than_stated_are_predicted(judge, monkeypatch):
    monkeypatch.setattr("pavedroad.stages.drift_model.MOST_ROWS", 200)
    _, checks = judge("regression", make_table("regression", 600, seed=1, noise=3.0))
    assert checks["drift.performance"].evidence["rows"] == 200
    assert checks["drift.performance"].outcome is Outcome.FAIL


def test_the_report_is_the_same_bytes_each_time(judge):
    assert encode(strip(judge("binary", BINARY)[0])) == encode(strip(judge("binary", BINARY)[0]))


def strip(report):
    return msgspec.structs.replace(report, run=None)


PIPELINE = "stages:\n  drift:\n    cmd: pavedroad drift\n    deps: [{deps}]\n"


@pytest.mark.parametrize(
    ("deps", "lacking"),
    [
        ("model, reports, src/t_drift", ["current.parquet"]),
        ("current.parquet, model/reference.json, src", ["model/model.skops", "reports/predicted.json"]),
        ("current.parquet, model/, reports/predicted.json, src/t_drift", []),
    ],
)
def test_a_pipeline_that_does_not_know_what_is_compared_fails(deps, lacking, judge):
    _, checks = judge(
        "regression", REGRESSION, change=lambda root: (root / "dvc.yaml").write_text(PIPELINE.format(deps=deps))
    )
    assert checks["drift.pipeline"].observed == lacking
    assert checks["drift.pipeline"].outcome is (Outcome.FAIL if lacking else Outcome.PASS)
