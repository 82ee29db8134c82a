"""Great Expectations in a real PostgreSQL: the same answers as everywhere, and its own traps closed."""

from collections import Counter

import pandas as pd
import psycopg
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from parity_cases import BUILDERS, find_differences, tables, write_suite
from postgres_server import PASSWORD, Server
from psycopg import sql

from pavedroad.engines.arrow import reading as arrow
from pavedroad.engines.duckdb import validation as duckdb
from pavedroad.errors import ConfigError, DataError
from pavedroad.foundation.data.source import Database, find_source, hold_table, name_database_table
from pavedroad.foundation.validation.judging import Limits, Question, load_validation_engine

pytestmark = pytest.mark.postgres

EXAMPLES = 5
OWN_NAMES_OF_TYPES = {"expect_column_values_to_be_of_type", "expect_column_values_to_be_in_type_list"}
WITHOUT_ORDER = {"expect_column_values_to_be_increasing", "expect_column_values_to_be_decreasing"}
"""A table of a database has no order of rows, and Great Expectations has no query for these."""
BETWEEN = "expect_column_values_to_be_between"
STRANGE = "t\"ab'le; DROP TABLE victim; --%s$1"


@pytest.fixture(scope="module")
def engine():
    return load_validation_engine("gx-postgres")


def source(table="t", schema=""):
    return name_database_table(table, schema, "ROAD_DATABASE")


def ask(engine, folder, place, *wanted, keys=(), limits=None):
    suite = write_suite(folder, wanted)
    named = tuple(suite.columns)
    return engine.judge(Question(place, suite, named=named, keys=keys, limits=limits or Limits()))


# --- the same answers -----------------------------------------------------------------------------------------------


def test_postgres_finds_what_duckdb_finds(engine, database, tmp_path):
    judged, unjudged = Counter(), Counter()
    wanted = st.fixed_dictionaries(
        {
            kind: st.lists(some, min_size=3, max_size=3)
            for kind, some in BUILDERS.items()
            if kind not in OWN_NAMES_OF_TYPES
        }
    )

    @settings(max_examples=EXAMPLES, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    @given(tables(), wanted)
    def compare(table, arguments):
        suite = write_suite(
            tmp_path,
            [
                (kind, kwargs)
                for kind, some in arguments.items()
                for kwargs in some
                if not isinstance(kwargs.get("row_condition"), str)  # a pandas query, which is for pandas
            ],
        )
        database.load("t", table)
        named = tuple(suite.columns)
        ours = duckdb.judge(Question(hold_table(table), suite, named=named))
        theirs = engine.judge(Question(source(), suite, named=named))
        assert ours.facts == theirs.facts
        known = {found.expectation.id for found in theirs.findings if found.success is not None}
        judged.update(found.expectation.type for found in ours.findings if found.expectation.id in known)
        unjudged.update(found.expectation.type for found in theirs.findings if found.success is None)
        ours.findings[:] = [found for found in ours.findings if found.expectation.id in known]
        differences.extend(find_differences(ours, theirs))

    differences: list[str] = []
    compare()
    assert not differences, "\n".join(differences)
    doubted = {
        kind for kind in BUILDERS if any(word in kind for word in ("pair", "multicolumn", "compound", "distinct"))
    }
    sets = {kind for kind in BUILDERS if kind.endswith("_set")}  # not judged where a set has fractions
    assert set(unjudged) <= WITHOUT_ORDER | doubted | sets, "what PostgreSQL could not judge"
    assert set(judged) >= set(BUILDERS) - OWN_NAMES_OF_TYPES - WITHOUT_ORDER - doubted


def test_types_have_postgres_names(engine, database, tmp_path):
    database.load("t", pa.table({"a": [1.5, 2.5]}))
    of = "expect_column_values_to_be_of_type"
    names = {"DOUBLE PRECISION": True, "TEXT": False, "float64": False}
    found = ask(engine, tmp_path, source(), *[(of, {"column": "a", "type_": name}) for name in names])
    assert [item.success for item in found.findings] == list(names.values())


def test_a_failure_has_a_count_a_share_and_the_keys_of_so_many_rows(engine, database, tmp_path):
    database.load("t", pa.table({"id": list(range(100)), "sold": [1.0] * 40 + [9.0] * 50 + [None] * 10}))
    wanted = (BETWEEN, {"column": "sold", "max_value": 2})
    [found] = ask(engine, tmp_path, source(), wanted, keys=("id",), limits=Limits(keys=3)).findings
    assert found.success is False
    assert found.evidence == {
        "rows": 100,
        "unexpected": 50,
        "nulls": 10,
        "share": 0.555556,
        "failing_rows": ["id=40", "id=41", "id=42"],
        "engine": "gx-postgres",
    }


def test_a_nan_is_a_missing_value(engine, database, tmp_path):
    database.load("t", pa.table({"x": [1.0, float("nan"), float("inf"), None]}))
    found = ask(engine, tmp_path, source(), ("expect_column_values_to_not_be_null", {"column": "x"}))
    assert found.findings[0].evidence["unexpected"] == 2
    assert (found.facts.rows, found.facts.columns["x"].nulls, found.facts.columns["x"].not_finite) == (4, 2, 1)


@pytest.mark.parametrize(
    ("bounds", "holds"),
    [
        ({"max_value": 1}, True),
        ({"min_value": 0, "max_value": 0}, True),
        ({"min_value": 1}, False),
        ({"max_value": -1}, False),
        ({"min_value": 0, "strict_min": True}, False),
        ({"max_value": 0, "strict_max": True}, False),
    ],
)
def test_the_sum_of_no_rows_is_0_as_it_is_in_a_file(engine, database, tmp_path, bounds, holds):
    rows = pa.table({"x": [1.0, 2.0], "shop": ["north", "south"]})
    database.load("t", rows)
    nowhere = {"type": "comparison", "column": {"name": "shop"}, "operator": "==", "parameter": "nowhere"}
    wanted = ("expect_column_sum_to_be_between", {"column": "x", "row_condition": nowhere, **bounds})
    found = [
        ask(judge, tmp_path, where, wanted).findings[0]
        for judge, where in ((engine, source()), (duckdb, hold_table(rows)))
    ]
    assert [(item.success, item.observed) for item in found] == [(holds, 0)] * 2


# --- names are names ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("schema", ["", "public", "sche\"ma'; --"])
@pytest.mark.parametrize("table", [STRANGE, "UPPER", "select", "a.b", "ünïcode 表"])
def test_strange_names_of_tables_and_columns_are_names(engine, database, tmp_path, table, schema):
    database.run("DROP TABLE IF EXISTS victim; CREATE TABLE victim AS SELECT 1 AS one")
    columns = {STRANGE: ["a", "a", "b"], "Case": [1, 2, 3], "case": [4, 5, 6], "column_0": [1, 1, 1]}
    database.load(table, pa.table(columns), schema=schema or "public")
    found = ask(
        engine,
        tmp_path,
        source(table, schema),
        ("expect_column_values_to_be_unique", {"column": STRANGE}),
        ("expect_column_values_to_be_in_set", {"column": STRANGE, "value_set": ["a", "b", STRANGE]}),
        (BETWEEN, {"column": "Case", "max_value": 3}),
        (BETWEEN, {"column": "case", "max_value": 3}),
        ("expect_table_columns_to_match_ordered_list", {"column_list": list(columns)}),
        ("expect_table_columns_to_match_set", {"column_set": ["Case"]}),
        keys=(STRANGE,),
    )
    assert [item.success for item in found.findings] == [False, True, True, False, True, False]
    assert found.findings[0].evidence["failing_rows"] == [f"{STRANGE}=a"] * 2
    assert STRANGE in found.findings[5].observed
    database.run("SELECT one FROM victim")


# --- what must not pass ---------------------------------------------------------------------------------------------

GAPS = [
    ("expect_column_pair_values_a_to_be_greater_than_b", {"column_A": "a", "column_B": "b"}, "either_value_is_missing"),
    ("expect_multicolumn_sum_to_equal", {"column_list": ["a", "b"], "sum_total": 3}, "any_value_is_missing"),
    ("expect_compound_columns_to_be_unique", {"column_list": ["a", "b"]}, "any_value_is_missing"),
]


@pytest.mark.parametrize(("kind", "kwargs", "rule"), GAPS)
def test_a_comparison_with_nothing_does_not_count_as_held(engine, database, tmp_path, kind, kwargs, rule):
    database.load("t", pa.table({"a": [2, 2, 2], "b": [1, None, None]}))
    loose, strict = ask(engine, tmp_path, source(), (kind, kwargs), (kind, {**kwargs, "ignore_row_if": rule})).findings
    assert loose.success is None
    assert rule in loose.reason
    assert strict.success is True
    database.load("t", pa.table({"a": [2], "b": [1]}))
    assert ask(engine, tmp_path, source(), (kind, kwargs)).findings[0].success is True


def test_an_error_of_one_expectation_leaves_the_others_alone_and_shows_no_value(engine, database, tmp_path):
    database.load("t", pa.table({"a": ["secret", "y"], "b": [1, 2]}))
    found = ask(
        engine,
        tmp_path,
        source(),
        ("expect_column_values_to_match_regex", {"column": "a", "regex": "("}),
        (BETWEEN, {"column": "a", "min_value": 1}),
        (BETWEEN, {"column": "b", "min_value": 1}),
        ("expect_column_mean_to_be_between", {"column": "b", "min_value": 1}),
    ).findings
    assert [item.success for item in found] == [None, None, True, True]
    assert "parentheses" in found[0].reason
    assert not any("secret" in item.reason or "SELECT" in item.reason for item in found)
    assert {item.evidence["engine"] for item in found} == {"gx-postgres"}


def test_a_fraction_is_not_rounded_to_a_number_that_is_there(engine, database, tmp_path):
    database.load("t", pa.table({"a": [1, -2]}))
    contain = "expect_column_distinct_values_to_contain_set"
    wanted = [(contain, {"column": "a", "value_set": values}) for values in ([1, -2.5], [1, -2.0], [1, 3])]
    assert [item.success for item in ask(engine, tmp_path, source(), *wanted).findings] == [None, True, False]


def test_a_file_is_refused(engine, database, tmp_path):
    arrow.write(pd.DataFrame({"sold": [1.0]}), tmp_path / "t.parquet")
    with pytest.raises(ConfigError, match="and no file"):
        ask(engine, tmp_path, find_source(tmp_path / "t.parquet"), (BETWEEN, {"column": "sold", "min_value": 0}))


def test_all_expectations_see_one_moment(engine, database):
    """Rows that arrive while the table is judged are not seen; those of a second look are."""
    from sqlalchemy import func, select, text

    from pavedroad.engines.gx.postgres_table import VIEW, open_table

    def count(table):
        with table.engine.connect() as connection:
            return connection.execute(select(func.count()).select_from(text(VIEW))).scalar()

    database.load("t", pa.table({"a": [1, 2]}))
    with open_table(Database("t", "", "ROAD_DATABASE")) as table:
        before = table.find_facts(["a"]).rows
        database.run("INSERT INTO t VALUES (3)")
        assert (before, table.find_facts(["a"]).rows, count(table)) == (2, 2, 2)
    with open_table(Database("t", "", "ROAD_DATABASE")) as table:
        assert table.find_facts(["a"]).rows == 3


def test_nothing_can_be_written_and_nothing_is_left(engine, database, tmp_path):
    from sqlalchemy.exc import SQLAlchemyError

    from pavedroad.engines.gx.postgres_table import open_table

    def look():
        with database.connect() as connection:
            return connection.execute("SELECT relname FROM pg_class ORDER BY 1").fetchall()

    database.load("t", pa.table({"a": [1, 2]}))
    before = look()
    with (
        open_table(Database("t", "", "ROAD_DATABASE")) as table,
        table.engine.connect() as connection,
        pytest.raises(SQLAlchemyError, match="read-only"),
    ):
        connection.exec_driver_sql("DELETE FROM t")
    ask(engine, tmp_path, source(), (BETWEEN, {"column": "a", "min_value": 1}))
    assert look() == before


def test_a_server_that_dies_in_the_middle_is_an_error(engine, tmp_path, monkeypatch):
    from pavedroad.engines.gx import postgres as gx_postgres

    server = Server().start()
    try:
        monkeypatch.setenv("ROAD_DATABASE", server.address())
        server.load("t", pa.table({"a": [1, 2]}))
        prepare = gx_postgres._prepare

        def die(*arguments):
            server.process.kill()
            server.process.wait()
            return prepare(*arguments)

        monkeypatch.setattr(gx_postgres, "_prepare", die)
        try:
            found = ask(engine, tmp_path, source(), (BETWEEN, {"column": "a", "min_value": 1})).findings
        except DataError:
            return
        assert [item.success for item in found] == [None]
    finally:
        server.stop()


def test_a_password_is_never_part_of_what_psycopg_says(database):
    with pytest.raises(psycopg.OperationalError) as caught:
        psycopg.connect(database.address(password="wrong-" + PASSWORD))
    assert PASSWORD not in str(caught.value)
    assert sql.Identifier(STRANGE).as_string(None).startswith('"')
