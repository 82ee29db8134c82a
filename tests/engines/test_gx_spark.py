"""Great Expectations on a real local Spark: the same answers as everywhere, and its own traps closed.

The table of bad input in ``tests/unit/validation/test_validation_cases.py`` runs over this engine as well.
"""

import os
import subprocess
import sys
from collections import Counter

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from parity_cases import BUILDERS, find_differences, tables, write_suite

from pavedroad.engines.duckdb import validation as duckdb
from pavedroad.errors import ConfigError, DataError
from pavedroad.foundation.data.source import find_source, hold_table, name_database_table
from pavedroad.foundation.validation.judging import Limits, Question, load_validation_engine

pytestmark = pytest.mark.spark

EXAMPLES = 2
OWN_NAMES_OF_TYPES = {"expect_column_values_to_be_of_type", "expect_column_values_to_be_in_type_list"}
WITHOUT_ORDER = {"expect_column_values_to_be_increasing", "expect_column_values_to_be_decreasing"}
BETWEEN = "expect_column_values_to_be_between"
STRANGE = "te\"x`t'; DROP.TABLE t; --"


@pytest.fixture(scope="module")
def engine():
    from pavedroad.engines.spark import session as spark_session

    # Tests ask thousands of tiny questions: no time is spent on compiling them, or on spreading them out.
    spark_session.LOCAL.update(
        {
            "spark.sql.shuffle.partitions": "1",
            "spark.default.parallelism": "1",
            "spark.sql.codegen.wholeStage": "false",
            "spark.sql.codegen.factoryMode": "NO_CODEGEN",
        }
    )
    return load_validation_engine("gx-spark")


def ask(engine, folder, source, *wanted, keys=(), limits=None):
    suite = write_suite(folder, wanted)
    named = tuple(suite.columns)
    return engine.judge(Question(source, suite, named=named, keys=keys, limits=limits or Limits()))


# --- the same answers -----------------------------------------------------------------------------------------------


def test_spark_finds_what_duckdb_finds(engine, tmp_path):
    judged, unjudged = Counter(), Counter()
    wanted = st.fixed_dictionaries({kind: st.lists(some, min_size=2, max_size=2) for kind, some in BUILDERS.items()})

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
        question = Question(hold_table(table), suite, named=tuple(suite.columns))
        ours, theirs = duckdb.judge(question), engine.judge(question)
        assert ours.facts == theirs.facts
        known = {found.expectation.id for found in theirs.findings if found.success is not None}
        judged.update(found.expectation.type for found in ours.findings if found.expectation.id in known)
        unjudged.update(found.expectation.type for found in theirs.findings if found.success is None)
        ours.findings[:] = [found for found in ours.findings if found.expectation.id in known]
        differences.extend(find_differences(ours, theirs))

    differences: list[str] = []
    compare()
    assert not differences, "\n".join(differences)
    doubted = {kind for kind in BUILDERS if "pair" in kind or "multicolumn" in kind}
    assert set(unjudged) <= OWN_NAMES_OF_TYPES | WITHOUT_ORDER | doubted, "what Spark could not judge"
    assert set(judged) >= set(BUILDERS) - OWN_NAMES_OF_TYPES - WITHOUT_ORDER - doubted


def test_types_have_sparks_names(engine, tmp_path):
    table = pa.table({"a": [1.5, 2.5]})
    of = "expect_column_values_to_be_of_type"
    found = ask(engine, tmp_path, hold_table(table), *[(of, {"column": "a", "type_": t}) for t in SPARK_TYPES])
    assert [item.success for item in found.findings] == list(SPARK_TYPES.values())


SPARK_TYPES = {"DoubleType": True, "FloatType": False, "float64": None}


def test_a_failure_has_a_count_a_share_and_the_keys_of_so_many_rows(engine, tmp_path):
    table = pa.table({"id": list(range(100)), "sold": [1.0] * 40 + [9.0] * 50 + [None] * 10})
    wanted = (BETWEEN, {"column": "sold", "max_value": 2})
    [found] = ask(engine, tmp_path, hold_table(table), wanted, keys=("id",), limits=Limits(keys=3)).findings
    assert found.success is False
    shown = {"rows": 100, "unexpected": 50, "nulls": 10, "share": 0.555556, "engine": "gx-spark"}
    assert {**found.evidence, "failing_rows": None} == {**shown, "failing_rows": None}
    assert len(found.evidence["failing_rows"]) == 3
    assert all(40 <= int(row.removeprefix("id=")) < 90 for row in found.evidence["failing_rows"])


def test_strange_names_of_columns_are_names(engine, tmp_path):
    table = pa.table({STRANGE: ["a", "a", "b"], "Case": [1, 2, 3], "case": [4, 5, 6], "column_0": [1, 1, 1]})
    found = ask(
        engine,
        tmp_path,
        hold_table(table),
        ("expect_column_values_to_be_unique", {"column": STRANGE}),
        ("expect_column_values_to_be_in_set", {"column": STRANGE, "value_set": ["a", "b"]}),
        (BETWEEN, {"column": "Case", "max_value": 3}),
        (BETWEEN, {"column": "case", "max_value": 3}),
        ("expect_table_columns_to_match_ordered_list", {"column_list": [STRANGE, "Case", "case", "column_0"]}),
        ("expect_table_columns_to_match_set", {"column_set": ["Case"]}),
        keys=(STRANGE,),
    )
    assert [item.success for item in found.findings] == [False, True, True, False, True, False]
    assert found.findings[0].evidence["failing_rows"] == [f"{STRANGE}=a"] * 2
    assert STRANGE in found.findings[5].observed
    assert found.facts.names == (STRANGE, "Case", "case", "column_0")


# --- what must not pass ---------------------------------------------------------------------------------------------

GAPS = [
    ("expect_column_pair_values_a_to_be_greater_than_b", {"column_A": "a", "column_B": "b"}, "either_value_is_missing"),
    ("expect_multicolumn_sum_to_equal", {"column_list": ["a", "b"], "sum_total": 3}, "any_value_is_missing"),
]


@pytest.mark.parametrize(("kind", "kwargs", "rule"), GAPS)
def test_a_comparison_with_nothing_does_not_count_as_held(engine, tmp_path, kind, kwargs, rule):
    source = hold_table(pa.table({"a": [2, 2], "b": [1, None]}))
    loose, strict = ask(engine, tmp_path, source, (kind, kwargs), (kind, {**kwargs, "ignore_row_if": rule})).findings
    assert loose.success is None
    assert rule in loose.reason
    assert strict.success is True
    full = hold_table(pa.table({"a": [2, 2], "b": [1, 1]}))
    assert ask(engine, tmp_path, full, (kind, kwargs)).findings[0].success is True


def test_an_order_of_rows_is_not_judged(engine, tmp_path):
    source = hold_table(pa.table({"a": [1, 2]}))
    [found] = ask(engine, tmp_path, source, ("expect_column_values_to_be_increasing", {"column": "a"})).findings
    assert found.success is None
    assert "order" in found.reason


def test_an_error_says_the_same_each_time_and_names_the_engine(engine, tmp_path):
    source = hold_table(pa.table({"a": ["x", "y"], "b": [1, 2]}))
    wanted = [
        ("expect_column_values_to_match_regex", {"column": "a", "regex": "("}),
        (BETWEEN, {"column": "a", "min_value": 1}),
        (BETWEEN, {"column": "b", "min_value": 1}),
    ]
    first, again = (ask(engine, tmp_path, source, *wanted).findings for _ in range(2))
    assert [item.success for item in first] == [None, None, True]
    assert [item.reason for item in first] == [item.reason for item in again]
    assert "Unclosed group" in first[0].reason or "rlike" in first[0].reason
    assert {item.evidence["engine"] for item in first} == {"gx-spark"}


def test_a_table_of_a_database_is_refused(engine, tmp_path):
    with pytest.raises(ConfigError, match="no table of a database"):
        ask(engine, tmp_path, name_database_table("t", "", "X"), (BETWEEN, {"column": "a", "min_value": 1}))


@pytest.mark.parametrize(
    "column",
    [pa.array([[1], [2]]), pa.array([b"a", b"b"]), pa.array([{"x": 1}, {"x": 2}])],
    ids=["lists", "bytes", "structures"],
)
@pytest.mark.parametrize("kept", ["memory", "file"])
def test_a_column_of_something_else_is_refused(engine, tmp_path, column, kept):
    table = pa.table({"a": column})
    pa.parquet.write_table(table, tmp_path / "t.parquet")
    source = hold_table(table) if kept == "memory" else find_source(tmp_path / "t.parquet")
    with pytest.raises(DataError, match=r"holds (values of the type|text that is not UTF-8)"):
        ask(engine, tmp_path, source, ("expect_column_values_to_not_be_null", {"column": "a"}))


# --- files ----------------------------------------------------------------------------------------------------------

NAN = pd.DataFrame({"id": range(4), "x": [1.0, np.nan, np.inf, None], "at": pd.date_range("2020-01-01", periods=4)})


@pytest.mark.parametrize("unit", ["us", "ns"])  # Spark reads the first where it lies, and cannot read the second
@pytest.mark.parametrize("name", ["t.parquet", "t[1] {a,b}*.parquet"])
def test_a_nan_is_a_missing_value_however_the_file_was_written(engine, tmp_path, unit, name):
    NAN.assign(at=NAN["at"].astype(f"datetime64[{unit}]")).to_parquet(tmp_path / name)
    wanted = [
        ("expect_column_values_to_not_be_null", {"column": "x"}),
        (BETWEEN, {"column": "at", "min_value": "2020-01-02"}),
    ]
    found = ask(engine, tmp_path, find_source(tmp_path / name), *wanted)
    assert [item.evidence["unexpected"] for item in found.findings] == [2, 1]
    assert (found.facts.rows, found.facts.columns["x"].nulls, found.facts.columns["x"].not_finite) == (4, 2, 1)


def test_partitions_and_parts_are_one_table(engine, tmp_path):
    for year, days in ((2020, [1, 2]), (2021, [3])):
        (tmp_path / f"t/year={year}/shop=a b").mkdir(parents=True)
        part = pa.table({"day": days})
        pa.parquet.write_table(part, tmp_path / f"t/year={year}/shop=a b/p.parquet")
    wanted = [
        (BETWEEN, {"column": "year", "max_value": 2020}),
        ("expect_column_values_to_be_in_set", {"column": "shop", "value_set": ["a b"]}),
    ]
    found = ask(engine, tmp_path, find_source(tmp_path / "t"), *wanted)
    assert [item.evidence["unexpected"] for item in found.findings] == [1, 0]
    question = Question(find_source(tmp_path / "t"), write_suite(tmp_path, wanted), named=("year", "shop"))
    assert found.facts.columns == duckdb.judge(question).facts.columns
    assert found.facts.names == ("day", "year", "shop")


def test_parts_of_other_types_are_read_as_everywhere(engine, tmp_path):
    (tmp_path / "t").mkdir()
    pa.parquet.write_table(pa.table({"a": pa.array([1, 2], pa.int32())}), tmp_path / "t/1.parquet")
    pa.parquet.write_table(pa.table({"a": [2.5]}), tmp_path / "t/2.parquet")
    [found] = ask(engine, tmp_path, find_source(tmp_path / "t"), (BETWEEN, {"column": "a", "max_value": 2})).findings
    assert found.evidence["unexpected"] == 1


# --- where it runs --------------------------------------------------------------------------------------------------


def run(program, **environment):
    return subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, env={**os.environ, **environment}
    )


@pytest.mark.parametrize("environment", [{"JAVA_HOME": "/nowhere"}, {"PATH": "/nowhere", "JAVA_HOME": ""}])
def test_without_java_it_says_what_to_install(environment):
    program = """
from pavedroad.engines.spark.session import open_session
from pavedroad.errors import UsageError
from pavedroad.foundation.validation.judging import Limits
try:
    open_session(Limits())
except UsageError as error:
    print(error)
"""
    done = run(program, **environment)
    assert "needs Java" in done.stdout, done.stderr
    assert "openjdk-17" in done.stdout
    assert done.stderr == ""


def test_a_spark_that_does_not_start_is_an_error_with_its_reason():
    program = """
from pavedroad.engines.spark.session import open_session
from pavedroad.errors import JudgementError
from pavedroad.foundation.validation.judging import Limits
try:
    open_session(Limits(memory="1MB"))
except JudgementError as error:
    print(error)
"""
    done = run(program)
    assert "Spark did not start" in done.stdout, done.stderr
    assert "memory" in done.stdout.lower()


def test_judging_prints_nothing_and_writes_nothing(tmp_path):
    (tmp_path / "empty").mkdir()
    write_suite(tmp_path, [("expect_column_values_to_match_regex", {"column": "a", "regex": "("})])
    program = f"""
import os
from pathlib import Path
import pyarrow as pa
from pavedroad.foundation.data.source import hold_table
from pavedroad.foundation.validation.suite import load_suite
from pavedroad.foundation.validation.judging import Question, load_validation_engine
os.chdir({str(tmp_path / "empty")!r})
engine = load_validation_engine("gx-spark")
source, suite = hold_table(pa.table({{"a": ["x"]}})), load_suite(Path({str(tmp_path)!r}) / "suite.json")
[found] = engine.judge(Question(source, suite)).findings
assert found.success is None
"""
    done = run(program)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert list((tmp_path / "empty").iterdir()) == []


def test_pyspark_without_grpc_ends_in_an_error_and_not_in_silence():
    program = """
import importlib.util
real = importlib.util.find_spec
importlib.util.find_spec = lambda name, package=None: None if name == "grpc" else real(name, package)
from pavedroad.foundation.engines import load_engine
from pavedroad.errors import MissingExtraError
try:
    load_engine("validation", "gx")
except MissingExtraError as error:
    print(error.extra)
"""
    assert run(program).stdout == "spark\n"


def test_the_session_that_is_there_is_used_and_left_as_it_was(engine, tmp_path):
    from pyspark.sql import SparkSession

    source = hold_table(pa.table({"a": [1]}))
    ask(engine, tmp_path, source, (BETWEEN, {"column": "a", "min_value": 1}))
    session = SparkSession.getActiveSession()
    session.conf.set("spark.sql.session.timeZone", "Asia/Tokyo")
    try:
        ask(engine, tmp_path, source, (BETWEEN, {"column": "a", "min_value": 1}))
        assert session.conf.get("spark.sql.session.timeZone") == "Asia/Tokyo"
        assert session.sql("SELECT 1 AS one").collect()[0].one == 1
    finally:
        session.conf.set("spark.sql.session.timeZone", "UTC")
