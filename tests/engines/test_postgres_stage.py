"""A table of a PostgreSQL database beside the file, through the whole stage: what is judged, and what is an error."""

import json
import os
import subprocess
import sys

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from postgres_server import PASSWORD
from settings_text import write_settings

from pavedroad.engines.arrow import reading as arrow
from pavedroad.errors import ConfigError
from pavedroad.foundation.project import find_project
from pavedroad.report import Outcome
from pavedroad.stages.runner import run_stage
from pavedroad.stages.validate import RECEIPT, validate

pytestmark = pytest.mark.postgres

ROWS = 60
GOOD = pd.DataFrame({"id": np.arange(ROWS), "sold": np.arange(ROWS) / 2, "shop": ["north", "south"] * (ROWS // 2)})
SUITE = [
    {"type": "expect_column_values_to_be_unique", "kwargs": {"column": "id"}},
    {"type": "expect_column_values_to_be_between", "kwargs": {"column": "sold", "min_value": 0, "max_value": 1000}},
    {"type": "expect_column_values_to_be_in_set", "kwargs": {"column": "shop", "value_set": ["north", "south"]}},
]
CONFIG = write_settings(
    data='train = "t.parquet"\nkeys = ["id"]',
    validation='suite = "suite.json"\ntable = {table}\ntable_schema = {schema}\nconnection = "ROAD_DATABASE"',
)


@pytest.fixture
def judged(database, tmp_path):
    """Validate a good file beside a table of the database; give the report."""

    def judge(table="t", schema=""):
        arrow.write(GOOD, tmp_path / "t.parquet")
        (tmp_path / "pavedroad.toml").write_text(
            CONFIG.format(table=json.dumps(table), schema=json.dumps(schema)), encoding="utf-8"
        )
        (tmp_path / "suite.json").write_text(json.dumps({"expectations": SUITE}))
        project = find_project(tmp_path)
        report = run_stage(project, "validate", validate)
        assert not any(check.id.endswith(".crash") for check in report.checks), report.summary
        assert (project.reports / RECEIPT).exists() == (report.outcome in {Outcome.PASS, Outcome.WARN})
        for file in project.reports.rglob("*"):
            assert not file.is_file() or PASSWORD.encode() not in file.read_bytes()
        return report

    judge.folder = tmp_path
    return judge


def find_bad(report):
    bad = [f"{check.id} {check.reason}" for check in report.checks if check.outcome is not Outcome.PASS]
    return "\n".join(bad)


TABLES = {
    "as it should be": (GOOD, Outcome.PASS, ""),
    "no rows": (GOOD.head(0), Outcome.FAIL, "database.guard.rows"),
    "a column that is missing": (GOOD.drop(columns="shop"), Outcome.FAIL, "database.guard.columns"),
    "a column that is empty in every row": (GOOD.assign(sold=np.nan), Outcome.FAIL, "database.guard.values"),
    "infinity": (GOOD.assign(sold=[np.inf] * ROWS), Outcome.FAIL, "database.guard.finite"),
    "a category nobody knows": (GOOD.assign(shop="west"), Outcome.FAIL, "database.expectation.shop"),
    "an id twice": (GOOD.assign(id=[1] * ROWS), Outcome.FAIL, "database.expectation.id"),
    "text for numbers": (GOOD.assign(sold="x"), Outcome.ERROR, "database.expectation.sold"),
}


@pytest.mark.parametrize("name", TABLES)
def test_a_table(judged, database, name):
    table, outcome, why = TABLES[name]
    database.load("t", pa.Table.from_pandas(table, preserve_index=False))
    report = judged()
    assert report.outcome is outcome, find_bad(report)
    assert why in find_bad(report)
    assert [check.id for check in report.checks if check.id.startswith("database.")]


def test_the_file_is_judged_whatever_the_table_is(judged, database):
    """A receipt speaks of the file, so a good table must not earn one for a bad file."""
    database.load("t", pa.Table.from_pandas(GOOD, preserve_index=False))
    report = judged()
    own = [check.id for check in report.checks if not check.id.startswith("database.")]
    assert {f"database.{id_}" for id_ in own} >= {check.id for check in report.checks if check.id not in own}
    assert any(id_.startswith("expectation.") for id_ in own)
    (judged.folder / "suite.json").write_text("")
    with pytest.raises(ConfigError):
        run_stage(find_project(judged.folder), "validate", validate)


def test_a_failure_names_the_line_of_the_suite(judged, database):
    database.load("t", pa.Table.from_pandas(GOOD.assign(id=[1] * ROWS), preserve_index=False))
    [check] = [check for check in judged().checks if check.id == "database.expectation.id.values_to_be_unique"]
    assert (check.where.file, check.where.line) == ("suite.json", 1)
    assert check.evidence["unexpected"] == ROWS
    assert check.title.startswith("In the database: ")


@pytest.mark.parametrize(
    ("table", "schema", "why"),
    [
        ("gone", "", "no table 'gone'"),
        ("t", "gone", "no table 't' in the schema 'gone'"),
        ("T", "", "no table 'T'"),
        ("t; DROP TABLE t", "", "no table"),
        ("nul\\u0000", "", ""),
    ],
)
def test_a_table_that_is_not_there_is_an_error(judged, database, table, schema, why):
    database.load("t", pa.Table.from_pandas(GOOD, preserve_index=False))
    report = judged(table.replace("\\u0000", "\0"), schema)
    assert report.outcome is Outcome.ERROR
    assert why in find_bad(report)
    database.run("SELECT * FROM t")


def test_wrong_credentials_and_a_server_that_is_down_are_errors(judged, database, monkeypatch):
    for address, why in (
        (database.address(password="wrong-" + PASSWORD), "password authentication failed"),
        (database.address(user="nobody-we-know"), "password authentication failed"),
        (database.address(database="gone"), "does not exist"),
        (database.address(port=1), "cannot be reached"),
    ):
        monkeypatch.setenv("ROAD_DATABASE", address)
        report = judged()
        assert report.outcome is Outcome.ERROR
        assert why in find_bad(report)
        assert "ROAD_DATABASE" in report.checks[0].reason
        assert "wrong-" not in find_bad(report)


def test_a_table_that_we_may_not_read_is_an_error(judged, database, monkeypatch):
    database.load("t", pa.Table.from_pandas(GOOD, preserve_index=False))
    database.run("DROP ROLE IF EXISTS guest; CREATE ROLE guest LOGIN PASSWORD 'guest'")
    monkeypatch.setenv("ROAD_DATABASE", database.address(user="guest", password="guest"))  # noqa: S106
    report = judged()
    assert report.outcome is Outcome.ERROR
    assert "permission denied" in find_bad(report)
    assert "SELECT on the table" in find_bad(report)
    database.run("GRANT SELECT ON t TO guest")
    assert judged().outcome is Outcome.PASS


@pytest.mark.parametrize(
    "address",
    [
        "",
        "mysql://me:secret@127.0.0.1/x",
        "me:secret@127.0.0.1",
        "postgresql://me:secret%zz@127.0.0.1/x",
        "postgresql://[",
    ],
)
def test_an_address_that_is_none_is_a_configuration_error_that_keeps_it_secret(judged, monkeypatch, address):
    monkeypatch.setenv("ROAD_DATABASE", address)
    with pytest.raises(ConfigError, match="ROAD_DATABASE") as caught:
        judged()
    assert "secret" not in str(caught.value)
    assert "postgresql://user:password@" in caught.value.next_step or "%40" in caught.value.next_step


@pytest.mark.parametrize("scheme", ["postgres", "postgresql+psycopg", "postgresql+psycopg2"])
def test_other_spellings_of_the_address_are_understood(judged, database, monkeypatch, scheme):
    database.load("t", pa.Table.from_pandas(GOOD, preserve_index=False))
    monkeypatch.setenv("ROAD_DATABASE", database.address().replace("postgresql", scheme, 1))
    assert judged().outcome is Outcome.PASS


def test_the_command_says_in_a_sentence_what_is_wrong(judged, database):
    database.load("t", pa.Table.from_pandas(GOOD, preserve_index=False))
    assert judged().outcome is Outcome.PASS
    environment = {**os.environ, "ROAD_DATABASE": database.address(port=1)}
    command = [sys.executable, "-m", "pavedroad", "validate"]
    done = subprocess.run(
        command,
        cwd=judged.folder,
        capture_output=True,
        text=True,
        check=False,
        env=environment,
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode == 3
    assert "cannot be reached" in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    assert PASSWORD not in done.stdout + done.stderr
