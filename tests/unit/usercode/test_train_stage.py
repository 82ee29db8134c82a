"""Train and evaluate, over whole small repos that do as they should."""

import json
from datetime import date

import msgspec
import numpy as np
import pytest
from shop_repo import LINEAR, TWO_FUNCTIONS, by_id, drive, make_table

from pavedroad.config import default_settings
from pavedroad.foundation.gate.decision import Evidence, Found
from pavedroad.foundation.gate.scene import Scene
from pavedroad.foundation.gate.standards import decide_more
from pavedroad.report import Outcome
from pavedroad.settings import Gate


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
