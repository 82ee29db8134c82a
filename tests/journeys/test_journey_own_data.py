"""Bring your own data: three of scikit-learn's tables, through ``pavedroad new``, to a verdict."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest
from journey import STAGES, Answer, Repo, generate
from sklearn.datasets import load_breast_cancer, load_diabetes, load_wine

from pavedroad.report import Outcome

pytestmark = [pytest.mark.journey, pytest.mark.slow]


@dataclass(frozen=True)
class Table:
    """A table and what is asked of it."""

    name: str
    load: Callable[..., dict[str, pd.DataFrame]]
    file: str
    target: str
    problem: str
    metric: str
    title: str


TABLES = [
    Table(
        "breast-cancer",
        load_breast_cancer,
        "breast_cancer.csv",
        "benign",
        "binary",
        "roc_auc_score",
        "area under the ROC curve",
    ),
    Table("wine", load_wine, "wine.csv", "cultivar", "multiclass", "f1_macro", "F1, mean over classes"),
    Table(
        "diabetes",
        load_diabetes,
        "diabetes.parquet",
        "progression",
        "regression",
        "mean_absolute_error",
        "mean absolute error",
    ),
]


def write_table(table: Table, folder: Path) -> Path:
    frame = table.load(as_frame=True)["frame"].rename(columns={"target": table.target})
    path = folder / table.file
    if path.suffix == ".parquet":
        frame.to_parquet(path, index=False)
    else:
        frame.to_csv(path, index=False)
    return path


def generate_from(table: Table, data: Path, environment: dict[str, str]) -> Answer:
    return generate(
        data.parent,
        environment,
        project=table.name,
        data=data.name,
        target=table.target,
        problem=table.problem,
        metric=table.metric,
        max_latency_ms="60000",
    )


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_a_table_of_ones_own_becomes_a_repo_that_passes(
    table: Table, tmp_path: Path, environment: dict[str, str]
) -> None:
    data = write_table(table, tmp_path)
    answer = generate_from(table, data, environment)
    assert answer.code == 0, answer
    repo = Repo(tmp_path / table.name, environment)
    assert (repo.root / "data" / table.file).read_bytes() == data.read_bytes()
    assert repo.git("status", "--porcelain") == ""
    suite = json.loads(repo.read("expectations/suite.json"))
    columns = {item["kwargs"].get("column") for item in suite["expectations"]} - {None}
    assert len(columns) > 10, "the suite comes from this table's profile"
    assert table.target in columns
    assert not list(repo.root.glob("data/umbrella*")), "nothing of the example is left"

    answer = repo.check()
    assert answer.code == 0, answer
    assert repo.outcomes() == dict.fromkeys((*STAGES, "gate"), Outcome.PASS)
    decision = repo.report("gate")
    assert (decision.about["problem"], decision.about["metric"]) == (table.problem, table.title)
    improvement = next(check for check in repo.report("evaluate").checks if check.id == "metric.improvement")
    assert improvement.evidence["metric"] == table.metric
    assert improvement.observed["low"] > 0
    assert table.title in repo.read("reports/report.md")


def test_a_shuffled_target_makes_a_repo_whose_model_the_gate_refuses(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    table = TABLES[-1]
    data = write_table(table, tmp_path)
    frame = pd.read_parquet(data)
    frame.assign(**{table.target: frame[table.target].sample(frac=1, random_state=1).to_numpy()}).to_parquet(data)
    answer = generate_from(table, data, environment)
    assert answer.code == 0, answer
    repo = Repo(tmp_path / table.name, environment)
    repo.set("params.yaml", "trees", "10")
    answer = repo.check()
    assert answer.code == 1, answer
    outcomes = repo.outcomes()
    assert outcomes.pop("gate") is Outcome.FAIL
    assert set(outcomes.values()) == {Outcome.PASS}, "the data is still as expected; only the model is no good"
    failed = {check.id for check in repo.report("gate").checks if check.outcome is Outcome.FAIL}
    assert failed == {"gate.improvement", "gate.skill"}
    assert "all of it would have to lie above 0." in answer.said
