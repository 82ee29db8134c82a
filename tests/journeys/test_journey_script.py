"""A script that is there already joins the road: with the model that it writes, or with its predictions alone."""

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
