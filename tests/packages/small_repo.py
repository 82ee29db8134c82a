"""A repo that is as small as one can be and still walks the road to its package."""

import importlib
import json
import subprocess
import sys

import numpy as np
import pandas as pd

from pavedroad.foundation.project import find_project
from pavedroad.stages.evaluate import evaluate
from pavedroad.stages.package import package
from pavedroad.stages.runner import run_stage
from pavedroad.stages.train import train
from pavedroad.stages.validate import validate

STAGES = {"validate": validate, "train": train, "evaluate": evaluate, "package": package}

CONFIG = """
[project]
name = "beans"
owner = "the team"
[objective]
statement = "Guess how many beans a jar holds."
problem = "regression"
target = "beans"
metric = "mean_absolute_error"
baseline = "mean"
[data]
train = "data/beans.csv"
[model]
features = "beans.own:features"
train = "beans.own:train"
[gate]
confidence = 0.9
"""
SUITE = {
    "name": "beans",
    "expectations": [{"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "weight"}}],
}
OWN = """
from sklearn.linear_model import Ridge


def features(table):
    return table[["weight", "height"]]


def train(X, y, params):
    return Ridge(alpha=params["alpha"]).fit(X, y)
"""
PIPELINE = """
stages:
  train:
    cmd: pavedroad train
    deps: [data/beans.csv]
    outs: [model]
"""
LOCK = """schema: '2.0'
stages:
  train:
    cmd: pavedroad train
    deps:
    - path: data/beans.csv
      hash: md5
      md5: 0123456789abcdef0123456789abcdef
      size: 1
    outs:
    - path: model
      hash: md5
      md5: 0123456789abcdef0123456789abcdee.dir
      size: 1
"""


def lay(root, own=OWN):
    """Write the repo's files, as a team would."""
    rng = np.random.default_rng(1)
    table = pd.DataFrame({"weight": rng.uniform(1, 9, 200).round(3), "height": rng.uniform(2, 5, 200).round(3)})
    table["beans"] = (table["weight"] * 10 + table["height"] + 25 * rng.normal(size=200)).round(2)
    files = {
        "pavedroad.toml": CONFIG,
        "params.yaml": "train:\n  alpha: 1.5\n",
        "expectations/suite.json": json.dumps(SUITE),
        "src/beans/__init__.py": "",
        "src/beans/own.py": own,
        "data/beans.csv": table.to_csv(index=False),
        "dvc.yaml": PIPELINE,
        "dvc.lock": LOCK,
        ".gitignore": "/model\n/package\n/reports/*\n/.pavedroad\n__pycache__/\n",
    }
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return root


def walk(root, stages=tuple(STAGES)):
    """Take the repo through its stages; the reports by stage. Its code is read anew, as in a process of its own."""
    for name in [name for name in sys.modules if name.partition(".")[0] == "beans"]:
        del sys.modules[name]
    sys.path[:] = [entry for entry in sys.path if not entry.endswith("beans/src")]
    importlib.invalidate_caches()
    project = find_project(root)
    return {stage: run_stage(project, stage, STAGES[stage]) for stage in stages}


def git(root, *words):
    identity = ("-c", "user.name=a", "-c", "user.email=a@example.org")
    return subprocess.run(["git", *identity, *words], cwd=root, check=True, capture_output=True, text=True).stdout


def commit(root):
    git(root, "init", "-q", "-b", "main")
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "Everything")
