"""A script's own figures: read strictly, told as its claim, held against what the road measured, and never evidence."""

import json
import os
import subprocess
import sys

import msgspec
import pytest
from small_repo import CONFIG, PIPELINE, lay, walk

from pavedroad.errors import ConfigError, PackageError, UserCodeError
from pavedroad.foundation.evaluation.resampling import Interval
from pavedroad.foundation.gate.decision import NO, YES, Found, close, decide, summarise, weigh
from pavedroad.foundation.package.claims import (
    CLAIMED,
    MAX_BYTES,
    MAX_FIGURES,
    Claims,
    compare_claim,
    find_comparable,
    read_claims,
    take_claims,
    tell_claims,
    write_claims,
)
from pavedroad.foundation.package.envelope import open_package
from pavedroad.foundation.project import find_project
from pavedroad.foundation.tracking import list_runs
from pavedroad.render.html import to_html
from pavedroad.render.markdown import to_markdown
from pavedroad.report import Outcome, conclude
from pavedroad.stages.drift import drift
from pavedroad.stages.latency import latency
from pavedroad.stages.runner import run_stage

OF_FUNCTIONS = 'features = "beans.own:features"\ntrain = "beans.own:train"\n'
METRICS = 'command = ["python", "fit.py"]\nmetrics = "out/metrics.json"\n'
PREDICTIONS = METRICS + 'predictions = "out/predictions.csv"\n'
MODEL = METRICS + 'artifact = "out/model.skops"\n'
SCRIPT = """
import json
import os

import pandas as pd
import skops.io
from sklearn.linear_model import Ridge
from sklearn.metrics import mean_absolute_error
from sklearn.model_selection import cross_val_predict

table = pd.read_csv("data/beans.csv")
columns = ["weight", "height"]
model = Ridge().fit(table[columns], table["beans"])
error = mean_absolute_error(table["beans"], cross_val_predict(Ridge(), table[columns], table["beans"]))
if "PAVEDROAD_HOLDOUT" in os.environ:
    asked = pd.read_csv(os.environ["PAVEDROAD_HOLDOUT"])
    asked.assign(prediction=model.predict(asked[columns])).to_csv("out/predictions.csv", index=False)
skops.io.dump(model, "out/model.skops")
said = {"test": {"mean_absolute_error": error}, "train": {"mean_absolute_error": 0.0}, "model": "ridge"}
"""
HONEST = "json.dump(said, open('out/metrics.json', 'w'))\n"
TOO_GOOD = "said['test']['mean_absolute_error'] = error / 2\n" + HONEST
TOO_BAD = "said['test']['mean_absolute_error'] = error * 2\n" + HONEST
CLAIM = "evaluate.claimed.test.mean_absolute_error"


def lay_script(root, model=PREDICTIONS, end=HONEST, **files):
    lay(root)
    (root / "dvc.yaml").write_text(PIPELINE.replace("[data/beans.csv]", "[data/beans.csv, fit.py]"))
    (root / "pavedroad.toml").write_text(CONFIG.replace(OF_FUNCTIONS, model))
    for name, content in {"fit.py": SCRIPT + end, **files}.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(content)
    return root


def by_id(report):
    return {check.id: check for check in report.checks}


# --- beside predictions or a model ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def honest(tmp_path_factory):
    root = lay_script(tmp_path_factory.mktemp("honest") / "beans")
    return root, walk(root)


def test_an_honest_claim_passes_beside_what_the_road_measured(honest):
    _, reports = honest
    assert {report.outcome for report in reports.values()} == {Outcome.PASS}
    checks = by_id(reports["evaluate"])
    assert checks[CLAIM].outcome is Outcome.PASS
    assert checks[CLAIM].evidence["measured"] == checks["metric.model"].observed["value"]
    assert checks[CLAIM].observed != checks["metric.model"].observed["value"]
    assert [name for name in checks if name.startswith("evaluate.claimed")] == ["evaluate.claimed", CLAIM]
    assert "train.mean_absolute_error = 0" in checks["evaluate.claimed"].reason
    assert "no numbers: model." in checks["evaluate.claimed"].reason


def test_the_claim_stands_apart_from_what_was_measured(honest):
    root, reports = honest
    claimed = {"test.mean_absolute_error": by_id(reports["evaluate"])[CLAIM].observed, "train.mean_absolute_error": 0}
    kept = json.loads((root / "reports/metrics.json").read_text())
    assert kept["claimed"] == claimed
    assert kept["value"] == by_id(reports["evaluate"])["metric.model"].observed["value"]
    facts = open_package(root / "package").facts
    assert facts.claimed == claimed
    assert not [measure.id for measure in facts.measures if "claimed" in measure.id]
    assert list_runs(find_project(root))[-1].claimed == claimed
    card = (root / "package/card.md").read_text()
    assert "What the script says of itself" in card
    assert "the road did not measure them" in card


@pytest.mark.slow
@pytest.mark.parametrize(
    ("model", "end", "said"),
    [
        (PREDICTIONS, TOO_GOOD, "It is better than the road finds"),
        (MODEL, TOO_GOOD, "It is better than the road finds"),
        (PREDICTIONS, TOO_BAD, "It is worse than the road finds"),
    ],
    ids=["predictions, too good", "a model, too good", "predictions, too bad"],
)
def test_a_claim_that_the_road_does_not_find_warns_in_words(tmp_path, model, end, said):
    root = lay_script(tmp_path / "beans", model, end)
    reports = walk(root)
    check = by_id(reports["evaluate"])[CLAIM]
    assert check.outcome is Outcome.WARN
    assert said in check.reason
    assert f"The script says {check.observed:.4g}, the road measured" in check.reason
    assert "on 40 rows it had not seen" in check.reason
    assert reports["evaluate"].outcome is Outcome.WARN
    assert reports["package"].outcome is Outcome.PASS
    assert said in (root / "package/card.md").read_text()  # among its limits


def test_declared_metrics_that_are_not_written_are_missed(tmp_path):
    stale = json.dumps({"mean_absolute_error": 1.0})
    root = lay_script(tmp_path / "beans", end="", **{"out/metrics.json": stale})
    report = walk(root, ("validate", "train"))["train"]
    assert report.outcome is Outcome.ERROR
    assert "did not write 'out/metrics.json'" in report.checks[0].reason
    assert "correct model.metrics" in report.checks[0].reason
    assert json.loads((root / "out/metrics.json").read_text()) == {"mean_absolute_error": 1.0}


@pytest.mark.parametrize(
    ("end", "why"),
    [
        ("os.symlink('/etc/hostname', 'out/metrics.json')\n", "did not write"),
        ("os.mkdir('out/metrics.json')\n", "did not write"),
        ("os.mkfifo('out/metrics.json')\n", "did not write"),
        ("open('out/metrics.json', 'w').write('{\"mae\": NaN}')\n", "holds NaN"),
    ],
    ids=["a link", "a folder", "a pipe", "no number"],
)
def test_what_is_no_file_of_figures_stops_training(tmp_path, end, why):
    root = lay_script(tmp_path / "beans", METRICS, **{"fit.py": f"import os\n{end}"})
    report = walk(root, ("validate", "train"))["train"]
    assert report.outcome is Outcome.ERROR
    assert why in report.checks[0].reason
    assert not (root / "model").exists()


def test_a_claim_that_somebody_changed_breaks_the_seal(honest):
    root, _ = honest
    path = root / "model" / CLAIMED
    before = path.read_text()
    path.write_text(before.replace("0.0", "1.0", 1))
    try:
        report = walk(root, ("evaluate",))["evaluate"]
    finally:
        path.write_text(before)
    assert report.outcome is Outcome.ERROR
    assert "not the one that was packed" in report.checks[0].reason


# --- alone ----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    root = lay_script(tmp_path_factory.mktemp("alone") / "beans", METRICS)
    (root / "reports").mkdir()
    (root / "reports/predicted.json").write_text("{}")
    reports = walk(root)
    project = find_project(root)
    reports["drift"] = run_stage(project, "drift", drift)
    reports["latency"] = run_stage(project, "latency", latency)
    return root, reports


def test_figures_alone_let_a_repo_join_and_measure_nothing(alone):
    root, reports = alone
    outcomes = {stage: report.outcome.value for stage, report in reports.items()}
    assert outcomes == {
        "validate": "pass", "train": "pass", "evaluate": "fail", "package": "fail", "drift": "pass",
        "latency": "skipped",
    }  # fmt: skip
    failed = [check for check in reports["evaluate"].checks if check.outcome is Outcome.FAIL]
    assert [check.id for check in failed] == ["evaluate.measured"]
    assert "Nothing here was measured by the road" in failed[0].reason
    assert 'predictions = "out/predictions.csv" in [model]' in failed[0].reason
    assert "nothing to pack" in reports["package"].checks[0].reason
    assert not (root / "package").exists()
    assert not (root / "reports/predicted.json").exists()
    kept = json.loads((root / "reports/metrics.json").read_text())
    assert kept["claimed"]["train.mean_absolute_error"] == 0
    assert "value" not in kept
    assert not list((root / "reports/run").glob("*.traceback.txt"))


def test_figures_alone_are_a_run_with_what_the_script_says(tmp_path):
    root = lay_script(tmp_path / "beans", METRICS)
    walk(root, ("validate", "train"))
    program = [sys.executable, "-m", "pavedroad", "evaluate"]
    assert subprocess.run(program, cwd=root, capture_output=True, check=False).returncode == 1
    (run,) = list_runs(find_project(root))
    assert run.claimed.keys() == {"test.mean_absolute_error", "train.mean_absolute_error"}
    assert run.refused.startswith("evaluate: ")
    assert "Nothing here was measured by the road" in run.refused
    assert (run.measures, run.package) == ([], "")
    assert len(run.model) == 64
    assert run.duration_s > 0


@pytest.mark.parametrize("required", [["latency"], []], ids=["with latency", "without latency"])
def test_the_gate_never_says_yes_to_figures_alone(alone, required):
    root, reports = alone
    policy = find_project(root).config.gate
    stages = ["validate", "train", "evaluate", "drift", "package"]
    policy = msgspec.structs.replace(policy, required=[*stages, *required])
    found = [Found(stage, reports[stage]) for stage in stages]
    found.append(Found("latency", absent="There is no report of 'latency'."))
    evidence = weigh(policy, found)
    checks = close([*evidence.checks, *decide(policy, evidence)])
    assert not [check.id for check in checks if check.outcome is Outcome.ERROR]
    assert {check.id for check in checks if check.outcome in YES} <= {
        *(f"gate.stage.{stage}" for stage in (*stages[:2], "drift", "latency")), "gate.latency",
    }  # fmt: skip
    assert any(check.outcome in NO for check in checks)
    assert summarise(checks).startswith("No: evaluate said no: The script gave figures of its own")


def test_the_page_and_the_comment_tell_it(alone):
    _, reports = alone
    shown = [*reports.values(), conclude("gate", reports["evaluate"].checks)]
    for text in (to_html(shown), to_markdown(shown)):
        assert "Nothing here was measured by the road" in text
        assert "test.mean_absolute_error" in text


# --- what a script may write ----------------------------------------------------------------------------------------


def take(path, content):
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return take_claims(path)


def number(names):
    return {f"m{name}": 1.0 for name in range(names)}


def deepen(levels):
    return '{"a":' * levels + "1" + "}" * levels


GOOD = {
    "numbers": ('{"mae": 3.5, "rows": 12}', {"mae": 3.5, "rows": 12.0}, []),
    "objects": ('{"test": {"mae": 1, "by": {"shop": 2}}}', {"test.mae": 1.0, "test.by.shop": 2.0}, []),
    "what is no number": (
        '{"mae": 1, "model": "ridge", "ok": true, "none": null, "folds": [1, 2], "empty": {}}',
        {"mae": 1.0},
        ["model", "ok", "none", "folds"],
    ),
    "names of any kind": ('{"<b>ä | `x`": -1e-300}', {"<b>ä | `x`": -1e-300}, []),
    "as deep as may be": (deepen(8), {"a.a.a.a.a.a.a.a": 1.0}, []),
    "as many as may be": (json.dumps(number(MAX_FIGURES)), number(MAX_FIGURES), []),
}  # fmt: skip


@pytest.mark.parametrize(("content", "figures", "left_out"), GOOD.values(), ids=GOOD)
def test_figures_are_read_by_their_names(tmp_path, content, figures, left_out):
    found = take(tmp_path / "m.json", content)
    assert (found.figures, found.left_out) == (figures, left_out)
    write_claims(tmp_path / CLAIMED, found)
    assert read_claims(tmp_path / CLAIMED) == found


BAD = {
    "nothing": ("", "cannot be read"),
    "no JSON": ("mae: 3.1\n", "cannot be read"),
    "a pickle": (b"\x80\x04K\x01.\x00", "cannot be read"),
    "half of it": ('{"mae": 3.1', "cannot be read"),
    "two documents": ('{"mae": 3.1}\n{"mae": 3.1}', "cannot be read"),
    "another encoding": ('{"mäe": 3.1}'.encode("utf-16"), "cannot be read"),
    "half of a pair": ('{"\\ud800": 1}', "cannot be read"),
    "a byte order mark": ('\ufeff{"mae": 3.1}', "cannot be read"),
    "a list": ("[3.1]", "no JSON object"),
    "a number": ("3.1", "no JSON object"),
    "a text": ('"mae"', "no JSON object"),
    "NaN": ('{"mae": NaN}', "holds NaN"),
    "infinity": ('{"mae": -Infinity}', "holds -Infinity"),
    "too large a number": ('{"mae": 1e999}', "too large"),
    "a whole number without end": ('{"rows": ' + "9" * 400 + "}", "more than 19 digits"),
    "a key twice": ('{"mae": 3.1, "mae": 2.1}', "'mae' stands twice"),
    "a key twice inside": ('{"test": {"mae": 3.1, "mae": 2.1}}', "'mae' stands twice"),
    "a name by two ways": ('{"test.mae": 3.1, "test": {"mae": 2.1}}', "the name 'test.mae' twice"),
    "a name by two ways, once a text": ('{"a.b": "x", "a": {"b": 2.1}}', "the name 'a.b' twice"),
    "no name": ('{"": 3.1}', "is empty"),
    "a name of blanks": ('{"test": {" ": 3.1}}', "is empty"),
    "too long a name": ('{"' + "m" * 201 + '": 3.1}', "more than 200 characters"),
    "too deep": (deepen(9), "more than 8 deep"),
    "far too deep": (deepen(100_000), "cannot be read"),
    "too many": (json.dumps(number(MAX_FIGURES + 1)), "more than 200 names"),
    "too many texts": (json.dumps({"mae": 1, **dict.fromkeys(number(MAX_FIGURES), "x")}), "more than 200"),
    "too large": ('{"mae": 1, "note": "' + "x" * MAX_BYTES + '"}', "at most 1,048,576 are read"),
    "an empty object": ("{}", "hold no number"),
    "no number": ('{"model": "ridge", "good": true}', "hold no number"),
}  # fmt: skip


@pytest.mark.parametrize(("content", "why"), BAD.values(), ids=BAD)
def test_what_are_no_figures_is_refused_in_words(tmp_path, content, why):
    with pytest.raises(UserCodeError) as caught:
        take(tmp_path / "m.json", content)
    assert why in caught.value.what
    assert len(caught.value.what) < 500


def test_a_huge_file_is_refused_unread(tmp_path):
    path = tmp_path / "m.json"
    path.touch()
    os.truncate(path, 2**40)  # sparse: nobody could read it
    with pytest.raises(UserCodeError, match="at most"):
        take_claims(path)


KEPT = '{"schema": "pavedroad.claims/1", "figures": {"a": 1.0}, "left_out": []}'


@pytest.mark.parametrize("content", ["", "[]", "{}", KEPT.replace("/1", "/2"), KEPT.replace("1.0", '"b"')])
def test_kept_figures_that_are_malformed_are_refused(tmp_path, content):
    (tmp_path / CLAIMED).write_text(KEPT)
    assert read_claims(tmp_path / CLAIMED).figures == {"a": 1.0}
    (tmp_path / CLAIMED).write_text(content)
    with pytest.raises(PackageError):
        read_claims(tmp_path / CLAIMED)


def test_kept_figures_that_are_gone_are_missed(tmp_path):
    with pytest.raises(PackageError, match="cannot be read"):
        read_claims(tmp_path / CLAIMED)


# --- which figures are held against what ----------------------------------------------------------------------------

NAMES = {
    "mean_absolute_error": True,
    "test.mean_absolute_error": True,
    "metrics.test.r2_score": True,
    "train.mean_absolute_error": False,
    "baseline.mean_absolute_error": False,
    "test.train.mean_absolute_error": False,
    "mae": False,
    "neg_mean_absolute_error": False,
    "accuracy_score": False,  # of classes
    "mean_absolute_error.north": False,
}


@pytest.mark.parametrize(("name", "held"), NAMES.items())
def test_only_a_metric_of_rows_kept_apart_is_held(name, held):
    found = find_comparable(Claims(figures={name: 1.0}, left_out=[]), "regression")
    assert list(found) == ([name] if held else [])


@pytest.mark.parametrize(
    ("claimed", "lower", "higher"),
    [
        (4.0, "same", "same"),
        (3.6, "same", "same"),  # outside of 3.7 to 4.5, but not of what as many other rows may give
        (4.7, "same", "same"),
        (3.57, "better", "worse"),
        (4.72, "worse", "better"),
        (-1e300, "better", "worse"),
    ],
)
def test_a_claim_lies_within_what_other_rows_would_give_or_on_a_side(claimed, lower, higher):
    measured = Interval(4.0, 3.7, 4.5)
    assert compare_claim(claimed, measured, "lower") == lower
    assert compare_claim(claimed, measured, "higher") == higher


HOSTILE = "<script>alert(1)</script>|`x`\n@team [a](http://x)"


def test_names_are_only_ever_text():
    names = {HOSTILE: 1.0, "value": 0.0, "low": 0.0, "high": 0.0, "metric": 1.0, "column": 2.0}
    check = tell_claims("evaluate.claimed", Claims(figures=names, left_out=[HOSTILE + "2"]))
    assert not {"value", "low", "high", "metric", "column"} & check.evidence.keys()  # what readers look for
    report = conclude("evaluate", [check])
    page, comment = to_html([report]), to_markdown([report])
    assert "<script>alert" not in page + comment
    assert "@team" not in comment
    assert "[a](" not in comment
    assert "alert" in page


# --- the settings ---------------------------------------------------------------------------------------------------

MIXED = {
    "a function": (OF_FUNCTIONS + 'metrics = "out/metrics.json"\n', "only a command writes figures of its own"),
    "features and figures alone": ('features = "beans.own:features"\n' + METRICS, "no features are made"),
    "no command": ('metrics = "out/metrics.json"\n', r"model\.features is missing"),
    "a place outside": (METRICS.replace("out/", "../"), "stays inside the repo"),
}


@pytest.mark.parametrize(("model", "why"), MIXED.values(), ids=MIXED)
def test_settings_that_contradict_are_refused(tmp_path, model, why):
    (tmp_path / "pavedroad.toml").write_text(CONFIG.replace(OF_FUNCTIONS, model))
    with pytest.raises(ConfigError, match=why):
        find_project(tmp_path)


@pytest.mark.parametrize(
    ("model", "gives"),
    [(OF_FUNCTIONS, "model"), (METRICS, "metrics"), (PREDICTIONS, "predictions"), (MODEL, "model")],
)
def test_settings_say_what_training_leaves(tmp_path, model, gives):
    (tmp_path / "pavedroad.toml").write_text(CONFIG.replace(OF_FUNCTIONS, model))
    assert find_project(tmp_path).config.model.gives == gives
