"""The packed model as ONNX: written when it answers the same, and only then."""

import numpy as np
import pytest

from pavedroad.foundation.evaluation.metrics import Predictions
from pavedroad.foundation.package.export import compare
from pavedroad.foundation.project import find_project
from pavedroad.report import Outcome

NUMBERS = np.array([1.0, 2.0, 3.0])
CHANCES = np.array([[0.2, 0.8], [0.6, 0.4]])


def numbers(values):
    return Predictions(values=np.asarray(values))


def classes(values, chances=CHANCES):
    return Predictions(values=np.array(values), probabilities=chances, labels=("no", "yes"))


@pytest.mark.parametrize(
    ("ours", "theirs", "differing"),
    [
        (numbers(NUMBERS), numbers(NUMBERS), 0),
        (numbers(NUMBERS), numbers(NUMBERS.astype("float32")), 0),
        (numbers(NUMBERS), numbers(np.add(NUMBERS, [0, 0, 0.01])), 1),
        (numbers(NUMBERS), numbers([1.0, 2.0, np.nan]), 1),
        (numbers(NUMBERS), numbers([1.0, 2.0]), 3),
        (numbers(np.zeros(3)), numbers(np.zeros(3)), 0),
        (classes(["yes", "no"]), classes(["yes", "no"]), 0),
        (classes(["yes", "no"]), classes(["no", "no"]), 1),
        (classes(["yes", "no"]), classes(["yes", "no"], np.add(CHANCES, [[0.01, -0.01], [0, 0]])), 1),
        (classes(["yes", "no"]), classes(["yes", "no"], None), 2),
        (classes(["yes", "no"]), classes(["yes", "no"], CHANCES[:, :1]), 2),
    ],
)
def test_models_agree_when_every_answer_does(ours, theirs, differing):
    assert compare(ours, theirs).differing == differing


@pytest.fixture
def export():
    from pavedroad.stages.export import export

    return export


@pytest.mark.models
@pytest.mark.slow
def test_a_model_is_written_and_says_which_package_it_comes_from(repo, export):
    import onnx

    report = export(find_project(repo), repo / "model.onnx", "onnx")
    assert report.outcome is Outcome.PASS, report
    model = onnx.load(repo / "model.onnx")
    assert {entry.key for entry in model.metadata_props} == {"pavedroad.package", "pavedroad.name"}


@pytest.mark.models
@pytest.mark.slow
def test_a_model_that_answers_otherwise_is_not_written(repo, export, monkeypatch):
    from pavedroad.engines import onnx as engine

    ask = engine.ask
    monkeypatch.setattr(engine, "ask", lambda *given: numbers(ask(*given).values + 1))
    report = export(find_project(repo), repo / "model.onnx", "onnx")
    assert report.outcome is Outcome.FAIL
    assert not (repo / "model.onnx").exists()


@pytest.mark.models
@pytest.mark.slow
@pytest.mark.parametrize("kind", ["trees", "boosted", "chances", "names"])
def test_models_of_all_kinds_answer_the_same(kind):
    import pandas as pd
    from sklearn.compose import make_column_transformer
    from sklearn.ensemble import GradientBoostingRegressor, RandomForestClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    from pavedroad.engines import onnx as engine

    rng = np.random.default_rng(0)
    table = pd.DataFrame({"a": rng.normal(size=80), "b": rng.normal(size=80)}).astype("float32").astype("float64")
    target = np.where(table["a"] + rng.normal(size=80) > 0, "yes", "no")
    if kind == "names":
        table["c"] = rng.choice(["x", "y"], 80)
    model = {
        "trees": RandomForestClassifier(5, random_state=0),
        "boosted": GradientBoostingRegressor(n_estimators=10, random_state=0),
        "chances": make_pipeline(StandardScaler(), LogisticRegression()),
        "names": make_pipeline(
            make_column_transformer((StandardScaler(), ["a", "b"]), (OneHotEncoder(), ["c"])), LogisticRegression()
        ),
    }[kind]
    model.fit(table, table["a"] * 3 if kind == "boosted" else target)
    theirs = engine.ask(engine.convert(model, table, {}), table)
    chances = None if kind == "boosted" else model.predict_proba(table)
    found = compare(Predictions(values=model.predict(table), probabilities=chances), theirs)
    assert found.differing == 0, found


@pytest.mark.models
@pytest.mark.slow
def test_what_onnx_cannot_express_is_refused_in_words(export):
    import pandas as pd

    from pavedroad.engines import onnx as engine
    from pavedroad.errors import PackageError

    with pytest.raises(PackageError, match="cannot express"):
        engine.convert(object(), pd.DataFrame({"a": [1.0]}), {})
    with pytest.raises(PackageError, match="refuses"):
        engine.ask(b"no model", pd.DataFrame({"a": [1.0]}))
