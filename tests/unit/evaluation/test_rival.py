"""Baselines that look at the rows: a linear model, the repo's own function, and a rule in SQL that reaches nothing."""

import sys

import msgspec
import numpy as np
import pandas as pd
import pytest
from settings_text import write_settings

from pavedroad.config import parse_config
from pavedroad.errors import ConfigError, UserCodeError
from pavedroad.foundation.data.split import Split
from pavedroad.foundation.data.tables import name_code
from pavedroad.foundation.data.training import split_table
from pavedroad.foundation.evaluation.baseline import choose_baseline
from pavedroad.foundation.evaluation.rival import identify_baseline, make_baseline, title_baseline, to_predictions
from pavedroad.foundation.project import Project

CONFIG = write_settings(
    objective="problem = \"{problem}\"\nmetric = \"{metric}\"\nbaseline = '''{baseline}'''",
    model='features = "b_shop.features:features"\ntrain = "b_shop.model:train"',
)
ROWS = 60
SPLIT = Split(train=np.arange(40), holdout=np.arange(40, ROWS), how="random")
METRIC = {"regression": "mean_absolute_error", "binary": "accuracy_score", "multiclass": "accuracy_score"}


@pytest.fixture
def project(world, monkeypatch):
    monkeypatch.setattr(sys, "path", [*sys.path])

    def make(baseline, problem="regression", rules=""):
        for name in [name for name in sys.modules if name.partition(".")[0] in {"b_shop", "b_rules"}]:
            monkeypatch.delitem(sys.modules, name)
        code = {
            "src/b_shop/__init__.py": "",
            "src/b_shop/features.py": "def features(table):\n    return table[['rain', 'shop', 'open']]\n",
            "src/b_rules.py": rules,
        }
        text = CONFIG.format(problem=problem, metric=METRIC[problem], baseline=baseline)
        return Project(root=world(code), config=parse_config(text))

    yield make
    for name in [name for name in sys.modules if name.partition(".")[0] in {"b_shop", "b_rules"}]:
        del sys.modules[name]


def table(target=None):
    rng = np.random.default_rng(0)
    data = pd.DataFrame(
        {
            "rain": rng.normal(size=ROWS),
            "shop": rng.choice(["n", "s"], ROWS),
            "open": rng.choice([True, False], ROWS),
        }
    )
    data["sold"] = 2 * data["rain"] + (data["shop"] == "s") if target is None else target(data)
    return data


def run(made, data, needs="value"):
    name = choose_baseline(made.config.objective)
    return make_baseline(made, name, split_table(data, SPLIT), needs)


# --- a linear model -------------------------------------------------------------------------------------------------


def test_a_linear_model_finds_a_line_through_numbers_and_categories(project):
    data = table()
    found = run(project("linear"), data)
    assert found.values == pytest.approx(data["sold"].iloc[40:].to_numpy())


def test_a_linear_model_lives_with_gaps_infinities_new_categories_and_times(project):
    data = table()
    data.loc[3, "rain"], data.loc[45, "rain"], data.loc[5, "shop"] = np.nan, np.inf, None
    data.loc[50:, "shop"] = "new"
    made = project("linear")
    (made.root / "src/b_shop/features.py").write_text(
        "import pandas as pd\ndef features(table):\n    return table.assign(at=pd.Timestamp('2024-01-01'))\n"
    )
    assert np.isfinite(run(made, data).values).all()


def test_a_linear_model_learns_from_training_alone(project):
    data = table()
    other = data.copy()
    other.loc[40:, "sold"] = 1e9
    assert np.array_equal(run(project("linear"), data).values, run(project("linear"), other).values)


@pytest.mark.parametrize("labels", [("no", "yes"), (0, 1), ("a", "b", "c")])
def test_a_linear_model_of_classes_gives_chances(project, labels):
    def target(data):
        cuts = np.searchsorted(np.quantile(data["rain"], np.linspace(0, 1, len(labels) + 1)[1:-1]), data["rain"])
        return np.array(labels)[cuts]

    found = run(project("linear", "binary" if len(labels) == 2 else "multiclass"), table(target), "probability")
    assert found.labels == labels
    assert found.probabilities.sum(axis=1) == pytest.approx(1)
    assert (found.values == table(target)["sold"].to_numpy()[40:]).mean() > 0.7


def test_drawn_classes_have_the_shares_of_training_and_are_the_same_each_time(project):
    data = table(lambda rows: np.where(np.arange(len(rows)) % 4 == 0, "a", "b"))
    found, again = (run(project("stratified", "binary"), data) for _ in range(2))
    assert found.values.tolist() == again.values.tolist()
    assert set(found.values) == {"a", "b"}
    assert found.probabilities.sum(axis=1).tolist() == [1.0] * 20


# --- a function of the repo -----------------------------------------------------------------------------------------


def test_a_function_gets_training_rows_whole_and_held_out_ones_without_the_target(project):
    rules = (
        "def guess(train, holdout):\n"
        "    assert len(train) == 40 and 'sold' in train and 'sold' not in holdout\n"
        "    return holdout['rain'] * 2 + train['sold'].mean()\n"
    )
    data = table()
    made = project("b_rules:guess", rules=rules)
    assert run(made, data).values == pytest.approx(data["rain"].iloc[40:] * 2 + data["sold"].iloc[:40].mean())
    assert "src/b_rules.py" in [item.path for item in name_code(made)]
    assert title_baseline("b_rules:guess") == "your own baseline"
    assert identify_baseline("b_rules:guess") == "own"


BROKEN = {
    "None": ("None", r"shape \(\)"),
    "too few": ("holdout['rain'].head(3)", r"shape \(3,\) for 20 rows"),
    "words": ("['much'] * len(holdout)", "not one number a row"),
    "not a number": ("holdout['rain'] / 0 * 0", "not finite"),
    "a table": ("holdout[['rain']]", "not one number a row"),
    "an error": ("1 / 0", "ZeroDivisionError"),
}


@pytest.mark.parametrize(("given", "why"), BROKEN.values(), ids=BROKEN)
def test_a_function_that_gives_no_predictions_is_blamed(project, given, why):
    rules = f"def guess(train, holdout):\n    return {given}\n"
    with pytest.raises(UserCodeError, match=why):
        run(project("b_rules:guess", rules=rules), table())


def test_a_function_that_is_not_there_is_named(project):
    with pytest.raises(UserCodeError, match="has no function 'guess'"):
        run(project("b_rules:guess"), table())


def test_chances_and_classes_of_a_function_are_held_to_the_target():
    one = to_predictions([0.2, 0.9], ("no", "yes"), 2, "probability", "x")
    assert one.values.tolist() == ["no", "yes"]
    assert one.probabilities.tolist() == [[0.8, 0.2], [pytest.approx(0.1), 0.9]]
    words = to_predictions(["yes", "no"], ("no", "yes"), 2, "label", "x")
    assert words.probabilities.tolist() == [[0, 1], [1, 0]]
    numbers = to_predictions([1.0, 0.0], (0.0, 1.0), 2, "label", "x")
    assert numbers.values.tolist() == [1.0, 0.0]
    for given, why in [
        (["maybe", "no"], "predicts the class 'maybe'"),
        ([1.5, 0.1], "not from 0 to 1"),
        ([[0.5, 0.4], [0.5, 0.5]], "add up to 1"),
        ([[0.5], [0.5]], "add up to 1"),
    ]:
        with pytest.raises(UserCodeError, match=why):
            to_predictions(given, ("no", "yes"), 2, "probability", "x")


# --- a rule in SQL --------------------------------------------------------------------------------------------------

RULE = "sql:SELECT CASE WHEN rain > 0 THEN 2.5 ELSE -1 END FROM holdout"


def test_a_rule_is_evaluated_over_the_held_out_rows_in_their_order(project):
    data = table()
    found = run(project(RULE), data)
    assert found.values.tolist() == [2.5 if rain > 0 else -1.0 for rain in data["rain"].iloc[40:]]
    assert (title_baseline(RULE), identify_baseline(RULE)) == ("your rule", "rule")


def test_a_rule_may_name_classes(project):
    data = table(lambda rows: np.where(rows["rain"] > 0, "wet", "dry"))
    found = run(project("sql:SELECT CASE WHEN rain > 0 THEN 'wet' ELSE 'dry' END FROM holdout", "binary"), data)
    assert found.values.tolist() == data["sold"].iloc[40:].tolist()


FORBIDDEN = {
    "the target": ("SELECT sold FROM holdout", "cannot be evaluated"),
    "another table": ("SELECT * FROM data", "cannot be evaluated"),
    "a file": ("SELECT rain FROM read_csv('data.csv')", "cannot be evaluated"),
    "a file by its name": ("SELECT rain FROM 'data.csv'", "cannot be evaluated"),
    "a folder": ("SELECT file FROM glob('*')", "cannot be evaluated"),
    "an environment variable": ("SELECT getenv('HOME') FROM holdout", "cannot be evaluated"),
    "a variable of the program": ("SELECT rain FROM table_of_the_program", "cannot be evaluated"),
    "writing": ("COPY holdout TO 'out.csv'", "not a single SELECT"),
    "changing": ("DELETE FROM holdout", "not a single SELECT"),
    "two statements": ("SELECT rain FROM holdout; SELECT 1", "not a single SELECT"),
    "a setting": ("SET enable_external_access = true", "not a single SELECT"),
    "an extension": ("INSTALL httpfs", "not a single SELECT"),
    "another database": ("ATTACH 'x.db'", "not a single SELECT"),
    "nonsense": ("rain times two", "cannot be evaluated"),
    "two columns": ("SELECT rain, rain FROM holdout", "gives 2 columns"),
    "a row less": ("SELECT rain FROM holdout LIMIT 3", "for 20 rows"),
    "one value": ("SELECT avg(rain) FROM holdout", "for 20 rows"),
    "gaps": ("SELECT CASE WHEN rain > 0 THEN 1 END FROM holdout", "gives no value for"),
    "words": ("SELECT shop FROM holdout", "not one number a row"),
}


@pytest.mark.parametrize(("query", "why"), FORBIDDEN.values(), ids=FORBIDDEN)
def test_a_rule_reaches_nothing_else_and_gives_one_number_a_row(project, query, why, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data.csv").write_text("rain,sold\n" + "1,2\n" * 20)
    table_of_the_program = table()
    with pytest.raises(UserCodeError, match=why) as caught:
        run(project(f"sql:{query}"), table())
    assert "^" not in caught.value.what  # what DuckDB points with means nothing in a line
    assert len(table_of_the_program) == ROWS
    assert sorted(path.name for path in tmp_path.iterdir() if path.name != "world") == ["data.csv"]


ENDLESS = (
    "WITH RECURSIVE on_and_on(n) AS (SELECT 0 UNION ALL SELECT n + 1 - 1 FROM on_and_on) SELECT max(n) FROM on_and_on",
    "SELECT sum(a.range * b.range) FROM range(10000000) a, range(10000000) b",
)


@pytest.mark.parametrize("query", ENDLESS, ids=["steps without end", "rows without end"])
def test_a_rule_that_does_not_end_is_an_error_after_its_time(project, query):
    made = project(f"sql:{query}")
    model = msgspec.structs.replace(made.config.model, timeout=1)
    hasty = Project(root=made.root, config=msgspec.structs.replace(made.config, model=model))
    with pytest.raises(UserCodeError, match=r"took longer than the 1 seconds of model\.timeout"):
        run(hasty, table())
    assert len(run(project(RULE), table()).values) == 20, "The next rule has time of its own."


def test_a_baseline_of_time_still_needs_time(project):
    with pytest.raises(ConfigError, match="order of time"):
        run(project("persistence"), table())
