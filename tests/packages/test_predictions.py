"""A script that gives predictions and no model: they are scored and packed, and what needs a model is not judged."""

import json
import shutil

import msgspec
import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import mean_absolute_error
from small_repo import CONFIG, PIPELINE, lay, walk

from pavedroad.errors import ConfigError, PackageError, UserCodeError
from pavedroad.foundation.data.training import open_training_table
from pavedroad.foundation.gate.decision import Evidence, judge_latency, judge_size
from pavedroad.foundation.package.answers import ANSWERS, name_rows, read_answers, recall, take_answers, write_answers
from pavedroad.foundation.package.envelope import open_package
from pavedroad.foundation.project import Project, find_project
from pavedroad.report import Outcome
from pavedroad.stages.drift_model import watch_model
from pavedroad.stages.evaluate import evaluate
from pavedroad.stages.latency import latency
from pavedroad.stages.runner import run_stage
from pavedroad.stages.score import score

SCRIPT = """
import os

import pandas as pd
from sklearn.linear_model import Ridge

table = pd.read_csv("data/beans.csv")
asked = pd.read_csv(os.environ["PAVEDROAD_HOLDOUT"])
assert "beans" not in asked and len(table) == 160 and len(asked) == 40
columns = ["weight", "height"]
model = Ridge().fit(table[columns], table["beans"])
made = asked.assign(prediction=model.predict(asked[columns]))
made.to_csv("out/predictions.csv", index=False)
"""
OF_FUNCTIONS = 'features = "beans.own:features"\ntrain = "beans.own:train"\n'
OF_SCRIPT = 'command = ["python", "predict.py"]\npredictions = "out/predictions.csv"\n'


def lay_script(root, script=SCRIPT, **files):
    lay(root)
    (root / "predict.py").write_text(script)
    (root / "dvc.yaml").write_text(PIPELINE.replace("[data/beans.csv]", "[data/beans.csv, predict.py]"))
    (root / "pavedroad.toml").write_text(CONFIG.replace(OF_FUNCTIONS, OF_SCRIPT))
    for name, content in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(content)
    return root


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    root = lay_script(tmp_path_factory.mktemp("predictions") / "beans")
    return root, walk(root)


def by_id(report):
    return {check.id: check for check in report.checks}


def test_the_road_scores_and_packs_what_the_script_predicts(finished):
    root, reports = finished
    assert {stage: report.outcome.value for stage, report in reports.items()} == dict.fromkeys(reports, "pass")
    assert not (root / "out").exists()
    kept = json.loads((root / "package" / ANSWERS).read_text())
    checks = by_id(reports["evaluate"])
    assert len(kept["values"]) == 40
    assert checks["metric.model"].observed["value"] < checks["metric.median"].observed["value"]
    assert by_id(reports["train"])["train.predictions"].observed == 40


def test_the_metric_is_that_of_the_predictions(finished):
    root, reports = finished
    holdout = open_training_table(find_project(root)).read_holdout()
    values = json.loads((root / "model" / ANSWERS).read_text())["values"]
    found = by_id(reports["evaluate"])["metric.model"].observed["value"]
    assert found == pytest.approx(mean_absolute_error(holdout["beans"], values))


def test_what_needs_a_model_is_said_not_to_be(finished):
    root, reports = finished
    project = find_project(root)
    timed = run_stage(project, "latency", latency)
    assert timed.outcome is Outcome.SKIPPED
    for check in (
        by_id(reports["evaluate"])["evaluate.importance"],
        by_id(reports["train"])["model.size"],
        timed.checks[0],
    ):
        assert check.outcome is Outcome.SKIPPED
        assert "predictions and no model" in check.reason
    data = msgspec.structs.replace(project.config.data, current="data/beans.csv")
    watched = watch_model(Project(root, msgspec.structs.replace(project.config, data=data)), [])
    assert [check.outcome for check in watched.checks] == [Outcome.SKIPPED]
    package = open_package(root / "package")
    with pytest.raises(PackageError, match="no model"):
        package.load_model()
    card = (root / "package" / "card.md").read_text()
    assert "There is no model here" in card
    assert "predictions of a script" in card
    assert package.facts.format == "predictions"


def test_the_gate_stays_shut_as_long_as_the_policy_asks_for_latency(finished):
    root, reports = finished
    project = find_project(root)
    policy = project.config.gate
    evidence = Evidence([], {"train": reports["train"], "latency": run_stage(project, "latency", latency)}, "")
    assert "latency" in policy.required
    assert judge_latency(policy, evidence).outcome is Outcome.ERROR
    alone = msgspec.structs.replace(policy, required=[stage for stage in policy.required if stage != "latency"])
    for asked, outcome in ((policy, Outcome.ERROR), (alone, Outcome.WARN)):
        size = judge_size(asked, evidence)
        assert size.outcome is outcome
        assert "none to weigh" in size.reason


def test_a_package_answers_for_its_own_rows_alone(finished):
    root, _ = finished
    project = find_project(root)
    holdout = open_training_table(project).read_holdout()
    kept = json.loads((root / "package" / ANSWERS).read_text())["values"]
    assert score(project, holdout).values.tolist() == kept
    for other in (holdout.iloc[::-1].reset_index(drop=True), holdout.head(39), holdout.assign(height=0.5)):
        with pytest.raises(PackageError, match="other rows"):
            score(project, other)


@pytest.mark.slow
def test_predictions_for_a_table_that_changed_since_are_stale(tmp_path):
    root = lay_script(tmp_path / "beans")
    walk(root, ("validate", "train"))
    table = pd.read_csv(root / "data/beans.csv")
    table["height"] += 0.25
    table.to_csv(root / "data/beans.csv", index=False)
    report = run_stage(find_project(root), "evaluate", evaluate)
    assert report.outcome is Outcome.ERROR
    assert "for other rows" in report.checks[0].reason


def test_predictions_that_lay_there_before_are_no_predictions_of_this_run(tmp_path):
    stale = "prediction\n" + "1.5\n" * 40
    root = lay_script(tmp_path / "beans", script="print('nothing')\n", **{"out/predictions.csv": stale})
    reports = walk(root, ("validate", "train"))
    assert reports["train"].outcome is Outcome.ERROR
    assert "did not write 'out/predictions.csv'" in reports["train"].checks[0].reason
    assert not (root / "model").exists()


def test_a_changed_prediction_breaks_the_seal(finished, tmp_path):
    root, _ = finished
    shutil.copytree(root, tmp_path / "beans")
    path = tmp_path / "beans/model" / ANSWERS
    path.write_text(path.read_text().replace("0", "1", 1))
    report = run_stage(find_project(tmp_path / "beans"), "evaluate", evaluate)
    assert report.outcome is Outcome.ERROR
    assert "not the one that was packed" in report.checks[0].reason


# --- what a script may write ----------------------------------------------------------------------------------------

HELD = pd.DataFrame({"order": [11, 12, 13], "rain": [0.5, None, 2.0], "shop": ["n", None, "s"]})


def take(path, content, labels=(), keys=(), needs="value"):
    path.write_text(content)
    return take_answers(path, HELD, target="sold", labels=tuple(labels), keys=list(keys), needs=needs)


def test_numbers_arrive_in_order(tmp_path):
    found = take(tmp_path / "p.csv", "order,prediction,extra\n11,1,x\n12,2.5,y\n13,-3,z\n", keys=["order"])
    assert found.values == [1.0, 2.5, -3.0]
    assert found.probabilities is None
    write_answers(tmp_path / ANSWERS, found)
    again = recall(read_answers(tmp_path / ANSWERS), HELD.assign(sold=1), "sold")
    assert again.values.tolist() == [1.0, 2.5, -3.0]


def test_parquet_is_read_as_well(tmp_path):
    HELD.assign(prediction=[1, 2, 3]).to_parquet(tmp_path / "p.parquet")
    found = take_answers(tmp_path / "p.parquet", HELD, target="sold", labels=(), keys=["order"], needs="value")
    assert found.values == [1.0, 2.0, 3.0]


def test_classes_and_their_chances_arrive(tmp_path):
    text = "prediction,probability:1,probability:0\n0,0.1,0.9\n1,0.75,0.25\n0,0,1\n"
    found = take(tmp_path / "p.csv", text, labels=[0, 1], needs="probability")
    assert (found.values, found.probabilities) == ([0, 1, 0], [[0.9, 0.1], [0.25, 0.75], [1.0, 0.0]])
    chances = "probability:no,probability:yes\n0.9,0.1\n0.2,0.8\n1,0\n"
    assert take(tmp_path / "p.csv", chances, labels=["no", "yes"], needs="label").values == ["no", "yes", "no"]
    assert take(tmp_path / "p.csv", "prediction\n1.0\n0.0\n1.0\n", labels=[0, 1], needs="label").values == [1, 0, 1]


CLASSES = {"labels": ["no", "yes"], "needs": "label"}
CHANCES = {"labels": ["no", "yes"], "needs": "probability"}
BAD = {
    "nothing": ("", {}, "cannot be read"),
    "a pickle": ("\x80\x04K\x01.\x00", {}, "cannot be read"),
    "a ragged table": ("prediction\n1\n2,3\n4\n", {}, "cannot be read"),
    "too few": ("prediction\n1\n2\n", {}, "2 predictions for 3"),
    "too many": ("prediction\n1\n2\n3\n4\n", {}, "4 predictions for 3"),
    "no column of that name": ("guess\n1\n2\n3\n", {}, "no column 'prediction'"),
    "an empty one": ("order,prediction\n11,1\n12,\n13,3\n", {}, "1 of 3 predictions are missing"),
    "NaN": ("prediction\n1\nNaN\n3\n", {}, "missing or no number"),
    "infinite": ("prediction\n1\ninf\n3\n", {}, "1 of 3 predictions are not finite"),
    "words": ("prediction\na\nb\nc\n", {}, "not numbers"),
    "yes and no for numbers": ("prediction\ntrue\nfalse\ntrue\n", {}, "type bool, not numbers"),
    "chances of a number": ("prediction,probability:1\n1,1\n2,1\n3,1\n", {}, "not those of the target's classes"),
    "another order": ("order,prediction\n12,1\n11,2\n13,3\n", {}, "for other rows: 'order' differs"),
    "other rows": ("rain,prediction\n0.5,1\n,2\n2.1,3\n", {}, "for other rows: 'rain' differs"),
    "no key": ("prediction\n1\n2\n3\n", {"keys": ["order"]}, "lack the column 'order'"),
    "two columns of a name": ("prediction,prediction\n1,1\n2,2\n3,3\n", {}, "share the name"),
    "an unknown class": ("prediction\nno\nyes\nmaybe\n", CLASSES, "class 'maybe'"),
    "no class": ("prediction\nno\nyes\n\n", CLASSES, "predictions for 3"),
    "classes without chances": ("prediction\nno\nyes\nno\n", CHANCES, "needs chances"),
    "a class without chance": ("probability:no\n1\n1\n1\n", CHANCES, "'probability:yes' is missing"),
    "chances of no class": (
        "probability:no,probability:yes,probability:x\n1,0,0\n1,0,0\n1,0,0\n", CHANCES, "'probability:x' is",
    ),
    "chances that do not add up": ("probability:no,probability:yes\n1,0\n0.5,0.4\n1,0\n", CHANCES, "add up to 1"),
    "a chance below 0": ("probability:no,probability:yes\n1,0\n1.5,-0.5\n1,0\n", CHANCES, "from 0 to 1"),
    "a chance that is not there": ("probability:no,probability:yes\n1,0\n,0.5\n1,0\n", CHANCES, "not finite"),
    "words for chances": ("probability:no,probability:yes\na,b\nc,d\ne,f\n", CHANCES, "not chances"),
}  # fmt: skip


@pytest.mark.parametrize(("content", "how", "why"), BAD.values(), ids=BAD)
def test_what_are_no_predictions_for_these_rows_is_refused(tmp_path, content, how, why):
    with pytest.raises(UserCodeError) as caught:
        take(tmp_path / "p.csv", content, **how)
    assert why in f"{caught.value.what} {caught.value.next_step}"


KEPT = {"schema": "pavedroad.answers/1", "rows": "0" * 64, "labels": [0, 1], "values": [0, 1], "probabilities": None}


@pytest.mark.parametrize(
    "change",
    [
        {"schema": "pavedroad.answers/2"},
        {"values": "no"},
        {"more": 1},
        {"probabilities": [[1.0, 0.0]]},
        {"probabilities": [[1.0], [0.0]]},
    ],
    ids=lambda change: next(iter(change)),
)
def test_kept_predictions_that_are_malformed_are_refused(tmp_path, change):
    (tmp_path / ANSWERS).write_text(json.dumps(KEPT))
    assert read_answers(tmp_path / ANSWERS).values == [0, 1]
    (tmp_path / ANSWERS).write_text(json.dumps(KEPT | change))
    with pytest.raises(PackageError):
        read_answers(tmp_path / ANSWERS)


def test_rows_have_another_name_when_anything_of_them_differs():
    named = name_rows(HELD.assign(sold=[1, 2, 3]), "sold")
    assert named == name_rows(HELD, "sold")
    for other in (HELD.iloc[[1, 0, 2]], HELD.head(2), HELD.rename(columns={"rain": "wet"}), HELD.fillna({"rain": 0})):
        assert name_rows(other, "sold") != named


# --- the settings ---------------------------------------------------------------------------------------------------

MIXED = {
    "a model as well": ('artifact = "out/model.skops"\n', "either a model or predictions"),
    "features as well": ('features = "beans.own:features"\n', "no features are made"),
    "a function as well": ('train = "beans.own:train"\n', "one way to train"),
}


@pytest.mark.parametrize(("more", "why"), MIXED.values(), ids=MIXED)
def test_there_is_one_way_to_train(tmp_path, more, why):
    (tmp_path / "pavedroad.toml").write_text(CONFIG.replace(OF_FUNCTIONS, OF_SCRIPT + more))
    with pytest.raises(ConfigError, match=why):
        find_project(tmp_path)


def test_predictions_need_a_command(tmp_path):
    (tmp_path / "pavedroad.toml").write_text(CONFIG.replace(OF_FUNCTIONS, 'predictions = "out/predictions.csv"\n'))
    with pytest.raises(ConfigError, match=r"model\.features is missing"):
        find_project(tmp_path)


@pytest.mark.slow
def test_a_holdout_file_lies_where_it_always_does_without_its_target(tmp_path):
    root = lay_script(tmp_path / "beans", script=SCRIPT.replace("len(table) == 160 and len(asked) == 40", "True"))
    table = pd.read_csv(root / "data/beans.csv")
    table.head(50).to_csv(root / "data/held.csv", index=False)
    table.tail(150).to_csv(root / "data/beans.csv", index=False)
    path = root / "pavedroad.toml"
    path.write_text(path.read_text().replace("[model]", 'holdout_file = "data/held.csv"\n[model]'))
    look = "import os\nassert os.environ['PAVEDROAD_HOLDOUT'].endswith('data/held.csv')\n"
    (root / "predict.py").write_text(look + (root / "predict.py").read_text())
    (root / "dvc.yaml").unlink()
    reports = walk(root, ("validate", "train", "evaluate"))
    assert {report.outcome for report in reports.values()} == {Outcome.PASS}
    assert np.isfinite(json.loads((root / "model" / ANSWERS).read_text())["values"]).all()
