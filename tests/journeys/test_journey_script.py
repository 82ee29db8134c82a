"""A script that is there already joins the road: with its model, its predictions, or its own figures alone."""

import pytest
from journey import Repo

from pavedroad.report import Outcome

pytestmark = [pytest.mark.journey, pytest.mark.slow]

SCRIPT = """
import os
from pathlib import Path

import pandas as pd
import skops.io
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

COLUMNS = ["precipitation", "temp_max", "temp_min", "wind"]
table = pd.read_csv("data/umbrella_sales.csv")
model = make_pipeline(StandardScaler(), Ridge()).fit(table[COLUMNS], table["umbrellas_sold"])
Path("out").mkdir(exist_ok=True)
if "PAVEDROAD_HOLDOUT" in os.environ:
    asked = pd.read_csv(os.environ["PAVEDROAD_HOLDOUT"])
    asked.assign(prediction=model.predict(asked[COLUMNS])).to_csv("out/predictions.csv", index=False)
else:
    skops.io.dump(model, "out/model.skops")
"""


def test_a_script_joins_with_its_model_and_with_its_predictions(small: Repo) -> None:
    small.write("fit.py", SCRIPT)
    small.replace("pavedroad.toml", 'features = "umbrella_sales.features:features"\n', "")
    small.replace(
        "pavedroad.toml",
        'train = "umbrella_sales.model:train"',
        'command = ["python", "fit.py"]\nartifact = "out/model.skops"',
    )
    small.replace("dvc.yaml", "cmd: pavedroad train\n    deps:\n", "cmd: pavedroad train\n    deps:\n      - fit.py\n")
    answer = small.check()
    assert answer.code == 0, answer
    value = metric(small)
    assert not (small.root / "out").exists()

    small.replace("pavedroad.toml", 'artifact = "out/model.skops"', 'predictions = "out/predictions.csv"')
    answer = small.check()
    assert answer.code == 3, answer
    stopped = [check.id for check in small.report("gate").checks if check.outcome is Outcome.ERROR]
    assert "gate.stage.latency" in stopped
    assert "predictions and no model" in small.reasons("gate")
    assert metric(small) == value

    required = '["validate", "train", "evaluate", "drift", "package"]'
    small.write("pavedroad.toml", small.read("pavedroad.toml").replace("[gate]\n", f"[gate]\nrequired = {required}\n"))
    answer = small.check()
    assert answer.code == 0, answer
    told = {check.id: check.outcome for check in small.report("gate").checks}
    assert told["gate.latency"] is Outcome.WARN
    assert told["gate.size"] is Outcome.WARN
    assert told["gate.skill"] is Outcome.PASS


def metric(repo: Repo) -> object:
    return next(check.observed for check in repo.report("evaluate").checks if check.id == "metric.model")


OWN_FIGURES = """
import json
from pathlib import Path

import numpy as np
import pandas as pd

table = pd.read_csv("data/umbrella_sales.csv")
error = float(np.abs(table["umbrellas_sold"] - table["umbrellas_sold"].mean()).mean())
Path("out").mkdir(exist_ok=True)
Path("out/metrics.json").write_text(json.dumps({"test": {"mean_absolute_error": error}}))
"""


def test_a_script_joins_with_its_own_figures_alone_and_the_gate_says_no(small: Repo) -> None:
    small.write("fit.py", OWN_FIGURES)
    small.replace("pavedroad.toml", 'features = "umbrella_sales.features:features"\n', "")
    small.replace(
        "pavedroad.toml",
        'train = "umbrella_sales.model:train"',
        'command = ["python", "fit.py"]\nmetrics = "out/metrics.json"',
    )
    small.replace("dvc.yaml", "cmd: pavedroad train\n    deps:\n", "cmd: pavedroad train\n    deps:\n      - fit.py\n")
    before_package = "      - model\n      - reports/predicted.json\n"
    small.replace("dvc.yaml", before_package, "      - model\n")
    answer = small.check()
    assert answer.code == 1, answer
    outcomes = small.outcomes()
    assert {outcomes[stage] for stage in ("validate", "train", "drift")} <= {Outcome.PASS, Outcome.WARN}
    assert outcomes["evaluate"] is Outcome.FAIL
    assert outcomes["gate"] is Outcome.FAIL
    decided = {check.id: check.outcome for check in small.report("gate").checks}
    assert Outcome.ERROR not in decided.values()
    assert decided["gate.stage.package"] is Outcome.SKIPPED  # what is left of the model from before counts for nothing
    assert decided["gate.stage.latency"] is Outcome.SKIPPED
    assert "The script gave figures of its own and neither a model nor predictions" in answer.said
    assert '"claimed"' in small.read("reports/metrics.json")
    answer = small.road("report")
    assert answer.code == 0, answer
    page = small.read("reports/report.html")
    assert "Nothing here was measured by the road" in page
    assert "test.mean_absolute_error" in page
