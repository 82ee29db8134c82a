"""The first suite of a table: the table passes it, a much-like one does too, and a broken one does not."""

import json

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from settings_text import write_settings

from pavedroad.config import load_config
from pavedroad.errors import DataError, UsageError
from pavedroad.foundation.project import Project
from pavedroad.report import Outcome
from pavedroad.stages.suite import write_first_suite
from pavedroad.stages.validate import validate

CONFIG = write_settings(
    data='train = "data.parquet"\n{data}',
    validation='suite = "suite.json"\nmin_rows = 1',
)


@pytest.fixture
def repo(world):
    def make(table, data=""):
        root = world({"pavedroad.toml": CONFIG.format(data=data)})
        table.to_parquet(root / "data.parquet", index=False)
        return Project(root=root, config=load_config(root / "pavedroad.toml"))

    return make


def write(project, **options):
    return write_first_suite(project, project.root / "data.parquet", project.root / "suite.json", **options)


def expectations(project):
    document = json.loads((project.root / "suite.json").read_text())
    return {item["meta"]["id"]: item["kwargs"] for item in document["expectations"]}


def failing(report):
    return {check.id: check.reason for check in report.checks if check.outcome is not Outcome.PASS}


TABLE = pd.DataFrame(
    {
        "sold": [float(number) for number in range(100)],
        "rain": [None if number % 10 == 0 else number / 10 for number in range(100)],
        "shop": ["north", "south"] * 50,
        "open": [True, False] * 49 + [True, None],
        "day": pd.date_range("2012-01-01", periods=100),
        "code": [f"c{number}" for number in range(100)],
        "void": pd.Series([None] * 100, dtype="object"),
    }
)


def test_a_table_passes_its_own_first_suite(repo):
    project = repo(TABLE)
    count, written = write(project)
    assert written
    assert count == len(expectations(project))
    assert failing(validate(project)) == {}


def test_every_bound_says_why_it_is_there(repo):
    project = repo(TABLE)
    write(project)
    document = json.loads((project.root / "suite.json").read_text())
    assert all(item["notes"] and item["severity"] == "critical" for item in document["expectations"])


def test_the_bounds_are_conservative_and_do_not_cross_zero(repo):
    project = repo(TABLE.assign(cold=-TABLE["sold"] - 1, wide=TABLE["sold"] - 50))
    write(project)
    found = expectations(project)
    assert (found["sold.range"]["min_value"], found["sold.range"]["max_value"]) == (0.0, 150.0)
    assert (found["cold.range"]["min_value"], found["cold.range"]["max_value"]) == (-150.0, 0.0)
    assert found["wide.range"]["min_value"] < -50
    assert found["wide.range"]["max_value"] > 49
    assert found["rain.mostly-known"]["mostly"] == 0.85
    assert found["shop.known"] == {"column": "shop", "value_set": ["north", "south"], "mostly": 0.95}


def test_what_cannot_be_bounded_is_left_alone(repo):
    project = repo(TABLE)
    write(project)
    found = expectations(project)
    assert not any(name.startswith("void.") for name in found)
    assert "code.known" not in found
    assert "open.known" not in found


@pytest.mark.parametrize(
    ("keys", "kind"),
    [('keys = ["code"]', {"column": "code"}), ('keys = ["shop", "day"]', {"column_list": ["shop", "day"]})],
)
def test_keys_are_expected_to_name_a_row(repo, keys, kind):
    project = repo(TABLE, keys)
    write(project)
    assert expectations(project)["key"] == kind
    assert failing(validate(project)) == {}


BROKEN = {
    "a column is gone": lambda table: table.drop(columns="rain"),
    "a column is renamed": lambda table: table.rename(columns={"shop": "Shop"}),
    "a column is emptied": lambda table: table.assign(rain=pd.Series([None] * 100, dtype="float64")),
    "numbers in another unit": lambda table: table.assign(rain=table["rain"] * 25.4),
    "numbers below zero": lambda table: table.assign(sold=table["sold"] - 50),
    "many gaps": lambda table: table.assign(shop=["north", None] * 50),
    "new categories": lambda table: table.assign(shop=["east", "west"] * 50),
    "infinity": lambda table: table.assign(sold=[float("inf"), *table["sold"][1:]]),
}


@pytest.mark.parametrize("damage", BROKEN.values(), ids=BROKEN)
def test_a_broken_table_does_not_pass(repo, damage):
    project = repo(TABLE)
    write(project)
    damage(TABLE).to_parquet(project.root / "data.parquet", index=False)
    report = validate(project)
    assert report.outcome is Outcome.FAIL
    assert not (project.reports / "validated.json").exists()


@pytest.mark.parametrize("seed", range(5))
def test_a_sample_of_the_same_kind_passes(repo, seed):
    project = repo(TABLE)
    write(project)
    TABLE.sample(60, random_state=seed).to_parquet(project.root / "data.parquet", index=False)
    assert failing(validate(project)) == {}


# --- any table ------------------------------------------------------------------------------------------------------

ROWS = 12
NUMBERS = st.floats(allow_nan=False, allow_infinity=False, width=64)
COLUMN = st.one_of(
    st.lists(NUMBERS | st.none(), min_size=ROWS, max_size=ROWS).map(lambda values: pd.Series(values, dtype="float64")),
    st.lists(st.sampled_from([0.0, 1e-320, -1e-320, 5e-324, 1e100, -1e-9]), min_size=ROWS, max_size=ROWS).map(
        pd.Series
    ),
    st.lists(st.integers(-(2**53), 2**53), min_size=ROWS, max_size=ROWS).map(pd.Series),
    st.lists(st.sampled_from(["a", "B c", "", "ä", "'", '"', "\n", None]), min_size=ROWS, max_size=ROWS).map(
        lambda values: pd.Series(values, dtype="object")
    ),
    st.lists(st.booleans() | st.none(), min_size=ROWS, max_size=ROWS).map(
        lambda values: pd.Series(values, dtype="object")
    ),
    st.lists(st.dates().map(pd.Timestamp), min_size=ROWS, max_size=ROWS).map(pd.Series),
)
NAMES = st.sampled_from(["a", "B c", "ä", "x.y", "1", "`", "'", '"', "$ref", "column", "sold2", "{}", "%s"])
TABLES = st.dictionaries(NAMES, COLUMN, max_size=4)


@pytest.mark.slow
@given(columns=TABLES)
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_table_passes_its_own_first_suite(repo, columns):
    table = pd.DataFrame({"sold": range(ROWS), **columns})
    project = repo(table)
    write(project, force=True)
    report = validate(project)
    assert failing(report) == {}
    assert report.outcome is Outcome.PASS


# --- the file -------------------------------------------------------------------------------------------------------


def test_doing_it_again_changes_nothing(repo):
    project = repo(TABLE)
    count, _ = write(project)
    before = (project.root / "suite.json").read_bytes()
    assert write(project) == (count, False)
    assert (project.root / "suite.json").read_bytes() == before


def test_a_suite_that_somebody_edited_is_kept_unless_told_otherwise(repo):
    project = repo(TABLE)
    write(project)
    (project.root / "suite.json").write_text('{"mine": true}')
    with pytest.raises(UsageError, match="a suite already") as caught:
        write(project)
    assert "--force" in caught.value.next_step
    assert (project.root / "suite.json").read_text() == '{"mine": true}'
    assert write(project, force=True)[1]
    assert failing(validate(project)) == {}


def test_a_table_that_nothing_can_be_learned_from_gives_no_suite(repo):
    project = repo(TABLE.assign(sold=1.0))
    with pytest.raises(DataError, match="same value"):
        write(project)
    assert not (project.root / "suite.json").exists()


def test_a_table_of_very_many_columns_gets_a_suite_that_people_can_still_read(repo):
    table = pd.DataFrame({"sold": range(30), **{f"x{number}": range(30) for number in range(1000)}})
    project = repo(table)
    count, _ = write(project)
    assert count <= 401
    assert len(expectations(project)["columns"]["column_set"]) == 1001
