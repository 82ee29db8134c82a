"""Models in skops files: the same bytes for the same model, and nothing in them is ever run."""

import importlib
import io
import json
import os
import pickle
import subprocess
import sys
import zipfile

import numpy as np
import pandas as pd
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer, make_column_selector
from sklearn.ensemble import (
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    StackingClassifier,
)
from sklearn.feature_selection import SelectKBest
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, WhiteKernel
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, PoissonRegressor, Ridge, TweedieRegressor
from sklearn.model_selection import GridSearchCV
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, SplineTransformer, StandardScaler
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeRegressor

from pavedroad.engines.skops import model as skops
from pavedroad.engines.skops.facts import describe
from pavedroad.errors import PackageError

RNG = np.random.default_rng(0)
X = pd.DataFrame({"a": RNG.normal(size=60), "b": RNG.uniform(size=60), "c": RNG.choice(list("xyz"), 60)})
COUNTS = RNG.poisson(3, 60).astype(float)
CLASSES = RNG.choice(["no", "yes"], 60)
NUMBERS = ["a", "b"]

MODELS = {
    "ridge": (Ridge(), COUNTS),
    "poisson": (PoissonRegressor(), COUNTS),
    "tree": (DecisionTreeRegressor(max_depth=3), COUNTS),
    "boosted counts": (HistGradientBoostingRegressor(loss="poisson", max_iter=5), COUNTS),
    "boosted quantile": (HistGradientBoostingRegressor(loss="quantile", quantile=0.5, max_iter=5), COUNTS),
    "boosted classes": (HistGradientBoostingClassifier(max_iter=5), CLASSES),
    "boosted the old way": (GradientBoostingClassifier(n_estimators=3), CLASSES),
    "forest": (RandomForestClassifier(n_estimators=3), CLASSES),
    "logistic": (LogisticRegression(), CLASSES),
    "vectors": (LinearSVC(), CLASSES),
    "splines": (make_pipeline(SplineTransformer(), Ridge()), COUNTS),
    "neighbours": (KNeighborsClassifier(), CLASSES),
    "neighbours in balls": (KNeighborsClassifier(algorithm="ball_tree"), CLASSES),
    "calibrated": (CalibratedClassifierCV(LogisticRegression(), cv=3), CLASSES),
    "stacked": (StackingClassifier([("a", LogisticRegression()), ("b", GaussianNB())], cv=3), CLASSES),
    "searched": (GridSearchCV(Ridge(), {"alpha": [1.0, 2.0]}, cv=3), COUNTS),
    "process": (GaussianProcessRegressor(RBF() + WhiteKernel()), COUNTS),
    "network": (MLPClassifier((3,), max_iter=5), CLASSES),
    "chosen columns": (make_pipeline(SelectKBest(k=1), LogisticRegression()), CLASSES),
    "tweedie": (TweedieRegressor(power=1.5), COUNTS),
}


@pytest.mark.parametrize(("model", "target"), MODELS.values(), ids=MODELS)
def test_what_scikit_learn_offers_survives_being_written_and_read(tmp_path, model, target):
    model.fit(X[NUMBERS], target)
    skops.save(model, tmp_path / "model.skops", [])
    found = skops.load(tmp_path / "model.skops", [])
    assert type(found) is type(model)
    assert found.predict(X[NUMBERS]).tolist() == model.predict(X[NUMBERS]).tolist()


def columns_and_all():
    numbers = make_pipeline(SimpleImputer(), StandardScaler())
    made = ColumnTransformer(
        [("n", numbers, make_column_selector(dtype_include="number")), ("c", OneHotEncoder(), ["c"])],
        remainder="passthrough",
    )
    return make_pipeline(made, LogisticRegression())


def test_a_pipeline_over_columns_of_all_kinds_survives(tmp_path):
    model = columns_and_all().fit(X, CLASSES)
    skops.save(model, tmp_path / "model.skops", [])
    found = skops.load(tmp_path / "model.skops", [])
    np.testing.assert_array_equal(found.predict_proba(X), model.predict_proba(X))


@pytest.mark.parametrize(
    ("model", "name"),
    [
        (LogisticRegression(), "sklearn.linear_model._logistic.LogisticRegression"),
        (
            columns_and_all(),
            "sklearn.pipeline.Pipeline ending in sklearn.linear_model._logistic.LogisticRegression",
        ),
        (make_pipeline(StandardScaler(), "passthrough"), "sklearn.pipeline.Pipeline"),
    ],
    ids=["alone", "at the end of a pipeline", "no model at its end"],
)
def test_a_model_is_named_by_its_file_alone(tmp_path, model, name):
    skops.save(model, tmp_path / "model.skops", [])
    assert describe(tmp_path / "model.skops").estimator == name


# --- the same bytes -------------------------------------------------------------------------------------------------

PROGRAM = """
import sys
from pathlib import Path
import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from pavedroad.engines.skops import model as skops
padding = [object() for _ in range(int(sys.argv[2]))]  # so that addresses differ
rng = np.random.default_rng(0)
table = pd.DataFrame({"a": rng.normal(size=60), "b": rng.uniform(size=60)})
model = make_pipeline(StandardScaler(), HistGradientBoostingRegressor(max_iter=5, random_state=0))
skops.save(model.fit(table, table["a"] * 2), Path(sys.argv[1]), [])
"""


@pytest.mark.slow
def test_the_same_model_gives_the_same_bytes_in_any_process_at_any_time(tmp_path):
    found = []
    for number, seed in enumerate(("1", "2")):
        path = tmp_path / f"{number}.skops"
        environment = {"PYTHONHASHSEED": seed, "OMP_NUM_THREADS": "1"}
        arguments = [sys.executable, "-c", PROGRAM, str(path), str(number * 5000)]
        subprocess.run(arguments, check=True, env={**os.environ, **environment})
        found.append(path.read_bytes())
    assert found[0] == found[1]


def test_another_model_gives_other_bytes(tmp_path):
    for name, strength in (("a", 1.0), ("b", 2.0)):
        skops.save(Ridge(alpha=strength).fit(X[NUMBERS], COUNTS), tmp_path / name, [])
    assert (tmp_path / "a").read_bytes() != (tmp_path / "b").read_bytes()


def test_an_object_that_stands_in_two_places_is_one_object_again(tmp_path):
    shared = np.arange(5.0)
    model = Ridge()
    model.first_, model.second_, model.other_ = shared, shared, shared.copy()
    skops.save(model, tmp_path / "model.skops", [])
    found = skops.load(tmp_path / "model.skops", [])
    assert found.first_ is found.second_
    assert found.other_.tolist() == shared.tolist()


# --- trust ----------------------------------------------------------------------------------------------------------


class Stranger:
    """A type that nobody has said to trust."""

    def __init__(self):
        self.coef_ = 1.0

    def predict(self, table):
        return np.full(len(table), self.coef_)


NAME = f"{Stranger.__module__}.{Stranger.__qualname__}"


def test_a_type_that_is_not_trusted_is_refused_when_it_is_written(tmp_path):
    with pytest.raises(PackageError, match=f"not trusted: {NAME}") as caught:
        skops.save(Stranger(), tmp_path / "model.skops", [])
    assert "model.trusted" in caught.value.next_step
    assert not (tmp_path / "model.skops").exists()


def test_a_model_of_parts_that_are_not_on_the_list_is_refused_with_the_names_that_would_admit_it(tmp_path):
    steps = FunctionTransformer(np.nan_to_num), KNeighborsClassifier()  # a function, which could be any
    model, path = make_pipeline(*steps).fit(X[NUMBERS], CLASSES), tmp_path / "model.skops"
    with pytest.raises(PackageError, match="not trusted") as caught:
        skops.save(model, path, [])
    names = caught.value.what.partition("trusted: ")[2].rstrip(".").split(", ")
    skops.save(model, path, names)
    assert skops.load(path, names).predict(X[NUMBERS]).tolist() == model.predict(X[NUMBERS]).tolist()


def test_a_type_that_is_trusted_by_name_is_kept_and_read_by_those_who_trust_it_alone(tmp_path):
    skops.save(Stranger(), tmp_path / "model.skops", [NAME])
    assert skops.load(tmp_path / "model.skops", [NAME]).coef_ == 1.0
    with pytest.raises(PackageError, match="not trusted"):
        skops.load(tmp_path / "model.skops", [])
    with pytest.raises(PackageError, match="not trusted"):
        skops.load(tmp_path / "model.skops", ["another.Type"])


@pytest.mark.parametrize(
    "step",
    [FunctionTransformer(lambda table: table), FunctionTransformer(eval), FunctionTransformer(print)],
    ids=["a lambda", "eval", "print"],
)
def test_a_function_that_would_run_on_the_way_back_is_refused(tmp_path, step):
    with pytest.raises(PackageError):
        skops.save(make_pipeline(step, Ridge()), tmp_path / "model.skops", [])
    assert not (tmp_path / "model.skops").exists()


class Bomb:
    """What a hostile pickle holds: something to run while it is read."""

    def __init__(self, canary):
        self.canary = canary

    def __reduce__(self):
        return (open, (str(self.canary), "w"))


def hostile_schema(path, node):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("schema.json", json.dumps({**node, "protocol": 2, "_skops_version": "0.12.0"}))


def test_a_pickle_renamed_is_refused_and_never_run(tmp_path):
    canary, path = tmp_path / "canary", tmp_path / "model.skops"
    path.write_bytes(pickle.dumps(Bomb(canary)))
    with pytest.raises(PackageError, match="a pickle is never loaded") as caught:
        skops.load(path, [])
    assert "skops.io.dump" in caught.value.next_step
    assert not canary.exists()
    pickle.loads(path.read_bytes())  # noqa: S301 - the twin: the pickle is real, and would have run
    assert canary.exists()


def test_a_file_that_names_something_to_run_is_refused_and_never_run(tmp_path):
    canary, path = tmp_path / "canary", tmp_path / "model.skops"
    text = {"__class__": "str", "__module__": "builtins", "__loader__": "JsonNode", "content": json.dumps(str(canary))}
    hostile_schema(
        path,
        {
            "__class__": "mkdir",
            "__module__": "os",
            "__loader__": "ReduceNode",
            "__reduce__": {
                "args": {"__class__": "tuple", "__module__": "builtins", "__loader__": "TupleNode", "content": [text]}
            },
            "content": text,
        },
    )
    with pytest.raises(PackageError):
        skops.load(path, [])
    assert not canary.exists()


DAMAGED = {
    "nothing": lambda _: b"",
    "half": lambda content: content[: len(content) // 2],
    "a flipped byte": lambda content: content[:60] + bytes([content[60] ^ 0xFF]) + content[61:],
    "text": lambda _: b"not a model",
    "an empty archive": lambda _: archive(),
    "no schema": lambda _: archive(other="{}"),
    "a schema that is no JSON": lambda _: archive(**{"schema.json": "{"}),
    "a schema that is a list": lambda _: archive(**{"schema.json": "[]"}),
    "an empty schema": lambda _: archive(**{"schema.json": "{}"}),
}


def archive(**files):
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as target:
        for name, content in files.items():
            target.writestr(name, content)
    return made.getvalue()


@pytest.mark.parametrize("damage", DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_file_is_refused_in_words(tmp_path, damage):
    path = tmp_path / "model.skops"
    skops.save(Ridge().fit(X[NUMBERS], COUNTS), path, [])
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(PackageError) as caught:
        skops.load(path, [])
    assert caught.value.where == str(path)


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(PackageError, match="cannot be read"):
        skops.load(tmp_path / "model.skops", [])


def test_every_type_on_the_allow_list_exists_here_or_does_in_another_supported_version():
    elsewhere = {
        "sklearn.compose._column_transformer._RemainderColsList",
        "scipy._external.array_api_compat.numpy._aliases.asarray",
        "scipy._lib.array_api_compat.numpy._aliases.asarray",
        "scipy.interpolate._bsplines._BSpline",
    }
    gone = set()
    for name in skops.TRUSTED:
        module, _, kind = name.rpartition(".")
        try:
            exists = hasattr(importlib.import_module(module), kind)
        except ModuleNotFoundError:
            exists = False
        if not exists:
            gone.add(name)
    assert gone <= elsewhere
