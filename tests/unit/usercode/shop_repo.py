"""What the small repos of these tests are made of, and how their stages run."""

import numpy as np
import pandas as pd

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


def drive(project, *stages):
    """Run the stages and give the last report."""
    for name in stages or ("train", "evaluate"):
        report = run_stage(project, name, {"train": train, "evaluate": evaluate}[name])
    return report


def by_id(report):
    return {check.id: check for check in report.checks}
