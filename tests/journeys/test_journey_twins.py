"""What must not get through: a model of noise, broken columns, shifted weather, slow models, functions gone wrong."""

import re
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest
from journey import Repo, stages_run

from pavedroad.report import Outcome, Place

pytestmark = [pytest.mark.journey, pytest.mark.slow]

DATA = "data/umbrella_sales.csv"
FEATURES, MODEL = "src/umbrella_sales/features.py", "src/umbrella_sales/model.py"


def change_table(repo: Repo, change, path: str = DATA) -> None:
    table = change(pd.read_csv(repo.root / DATA))
    table.to_csv(repo.root / path, index=False)


def shuffle_sales(table: pd.DataFrame) -> pd.DataFrame:
    return table.assign(umbrellas_sold=table["umbrellas_sold"].sample(frac=1, random_state=1).to_numpy())


def test_the_gate_refuses_a_model_of_shuffled_sales(small: Repo) -> None:
    change_table(small, shuffle_sales)
    answer = small.check()
    assert answer.code == 1, answer
    assert [check.id for check in small.report("gate").checks if check.outcome is Outcome.FAIL] == ["gate.skill"]
    assert "all of it would have to lie above 0." in answer.said
    improvement = next(check for check in small.report("gate").checks if check.id == "gate.improvement")
    assert improvement.outcome is Outcome.PASS, "noise beats the naive, which repeats noise; the constant tells"


@pytest.mark.parametrize(
    ("change", "phrase"),
    [
        (lambda table: table.assign(temp_max=table["temp_max"] + 1000), "temp_max"),
        (lambda table: table.rename(columns={"wind": "breeze"}), "Missing: wind."),
        (lambda table: table.assign(precipitation=None), "Empty: precipitation."),
    ],
    ids=["values out of bounds", "a renamed column", "a column without values"],
)
def test_validation_stops_a_broken_column_and_nothing_is_trained(fresh: Repo, change, phrase: str) -> None:
    change_table(fresh, change)
    answer = fresh.check()
    assert answer.code == 1, answer
    assert phrase in fresh.reasons("validate")
    assert fresh.outcomes() == {"validate": Outcome.FAIL, "gate": Outcome.FAIL}
    assert not (fresh.root / "model").exists()
    assert not (fresh.root / "reports" / "validated.json").exists()
    skipped = [check.id for check in fresh.report("gate").checks if check.outcome is Outcome.SKIPPED]
    assert "gate.stage.train" in skipped, "what was not reached is not a pass"


def test_a_table_that_fails_validation_is_not_trained_on_stage_by_stage_either(small: Repo) -> None:
    change_table(small, lambda table: table.assign(temp_max=table["temp_max"] + 1000))
    assert small.road("validate").code == 1
    answer = small.road("train")
    assert answer.code == 3, answer
    assert f"{DATA} has not passed validation." in answer.said


def test_moderately_shifted_weather_warns_and_much_shifted_weather_stops_the_road(small: Repo) -> None:
    current = "data/current.csv"
    small.replace("pavedroad.toml", f'train = "{DATA}"\n', f'train = "{DATA}"\ncurrent = "{current}"\n')
    drift_stage = "cmd: pavedroad drift\n    deps:\n"
    small.replace("dvc.yaml", drift_stage, f"{drift_stage}      - {current}\n")
    last_year = lambda table: table.tail(365)  # noqa: E731

    change_table(small, lambda table: last_year(table).assign(wind=table["wind"] + 0.4), current)
    answer = small.check()
    assert answer.code == 0, answer
    assert small.outcomes()["drift"] is Outcome.WARN
    assert small.outcomes()["gate"] is Outcome.WARN or small.outcomes()["gate"] is Outcome.PASS
    assert "`wind` has not drifted: `wind` is 0.29" in small.reasons("drift")

    stamps = small.stamps()
    change_table(small, lambda table: last_year(table).assign(temp_max=table["temp_max"] + 15), current)
    answer = small.check()
    assert answer.code == 1, answer
    assert stages_run(small, stamps, answer) == {"drift"}
    assert small.outcomes()["drift"] is Outcome.FAIL
    assert "`temp_max` has not drifted: `temp_max` is 1" in small.reasons("drift")
    assert "wind" not in small.reasons("drift")
    # The example's features do not look at temperatures, so its model is as good as it was.
    found = {check.id: check for check in small.report("drift").checks}
    assert {found[f"drift.{name}"].outcome for name in ("predictions", "performance", "pipeline")} == {Outcome.PASS}
    assert found["drift.performance"].evidence["rows"] == 365
    assert "drift" in next(check.title for check in small.report("gate").checks if check.outcome is Outcome.FAIL)


def test_a_warm_year_is_told_to_the_owner_with_the_column_that_is_warmer(small: Repo) -> None:
    current = "data/current.csv"
    small.replace("pavedroad.toml", f'train = "{DATA}"\n', f'train = "{DATA}"\ncurrent = "{current}"\n')
    change_table(small, lambda table: table.tail(365).assign(temp_max=lambda year: year["temp_max"] + 4), current)
    answer = small.road("drift")
    assert answer.code == 1, answer
    found = {check.id: check for check in small.report("drift").checks}
    told = found["drift.temp_max"]
    assert told.outcome is Outcome.FAIL
    warmer = r"`temp_max` is [45]\.\d+ higher than the reference on average; \d+% of new rows lie above"
    assert re.match(warmer, told.reason)
    assert found["drift.wind"].outcome is Outcome.PASS
    owner = small.report("drift").about["owner"]
    assert owner
    assert f"found drift, which {owner} owns" in small.report("drift").summary
    # The pipeline was not told of the table, so it would not see it change.
    assert found["drift.pipeline"].outcome is Outcome.FAIL
    assert f"Add to the deps of 'drift' in dvc.yaml: {current}." in found["drift.pipeline"].reason


@dataclass(frozen=True)
class Fault:
    """A mistake in one of the repo's own functions: the line put in place of ``return``, and what is said of it."""

    path: str
    line: str
    phrase: str
    named: str
    """How the line begins that the error points to: the one that raised, else the function whose result is wrong."""


RETURNS = {FEATURES: "    return found", MODEL: "    return model.fit(X, y)"}
FAULTS = {
    "features raises": Fault(
        FEATURES,
        '    raise RuntimeError("the <b>weather</b> is missing")',
        "RuntimeError: the <b>weather</b> is missing",
        "    raise RuntimeError",
    ),
    "features drops rows": Fault(FEATURES, "    return found[:-1]", "returned 1,095 rows for 1,096", "def features("),
    "features returns the target": Fault(
        FEATURES,
        "    return found.assign(umbrellas_sold=1.0)",
        "returned the target 'umbrellas_sold' as a feature",
        "def features(",
    ),
    "features returns nothing": Fault(FEATURES, "    return None", "returned NoneType, not a pandas", "def features("),
    "train returns nothing": Fault(MODEL, "    model.fit(X, y)", "returned NoneType, which has no", "def train("),
    "train does not fit": Fault(MODEL, "    return model", "The model's predict failed: NotFittedError", "def train("),
    "train raises": Fault(MODEL, "    return model.fitt(X, y)", "has no attribute 'fitt'", "    return model.fitt"),
    "the module does not parse": Fault(MODEL, "    return model.fit(X, y", "SyntaxError", "    return model.fit(X, y"),
}


@pytest.mark.parametrize(
    ("verb", "name"),
    [*(("train", name) for name in FAULTS), ("check", "features raises"), ("check", "train returns nothing")],
)
def test_a_function_gone_wrong_is_named_with_its_file_and_line(small: Repo, verb: str, name: str) -> None:
    fault = FAULTS[name]
    stamps = small.stamps()
    small.replace(fault.path, RETURNS[fault.path], fault.line)
    answer = small.road(verb)
    assert answer.code == 3, answer
    check = next(check for check in small.report("train").checks if check.outcome is Outcome.ERROR)
    assert fault.phrase in check.reason
    assert fault.phrase in answer.said
    lines = small.read(fault.path).splitlines()
    line = next(number for number, text in enumerate(lines, start=1) if text.startswith(fault.named))
    assert check.where == Place(fault.path, line)
    assert f"{fault.path}:{line}" in answer.said
    assert stages_run(small, stamps, answer) == {"train"}
    if verb == "check":
        assert small.outcomes()["gate"] is Outcome.ERROR


NAN_MODEL = '''"""A model that gives no number."""

from typing import Any

import numpy as np
import pandas as pd
from sklearn.dummy import DummyRegressor


def train(X: pd.DataFrame, y: pd.Series, params: dict[str, Any]) -> DummyRegressor:
    """Fit nothing."""
    model = DummyRegressor(strategy="constant", constant=0.0).fit(X, y)
    model.constant_ = np.array([[np.nan]])
    return model
'''


def test_a_model_that_predicts_nan_is_never_scored(small: Repo) -> None:
    small.write(MODEL, NAN_MODEL)
    answer = small.check()
    assert answer.code == 3, answer
    assert "NaN" in answer.said or "not finite" in answer.said, answer
    assert small.outcomes()["gate"] is Outcome.ERROR
    assert small.outcomes()["train"] is Outcome.ERROR


def test_the_twins_are_about_what_was_changed_and_not_about_the_repo(quick: Repo, tmp_path: Path) -> None:
    repo = quick.copy(tmp_path / "untouched")
    answer = repo.check()
    assert answer.code == 0, answer
