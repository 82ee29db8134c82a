"""Great Expectations, the real one: its language, its order, and none of its silent passes."""

import json
import logging
import subprocess
import sys
import threading
import warnings

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from pavedroad.errors import ConfigError
from pavedroad.foundation.data.source import hold_table
from pavedroad.foundation.validation.judging import Question, load_validation_engine
from pavedroad.foundation.validation.suite import load_suite
from pavedroad.report import conclude, encode, judge

NOT_NULL, RANGE, IN_SET, UNIQUE = (
    f"expect_column_values_to_{words}" for words in ("not_be_null", "be_between", "be_in_set", "be_unique")
)


@pytest.fixture(scope="module")
def engine():
    return load_validation_engine("gx")


@pytest.fixture
def suite(world):
    """Make a suite of ``(type, kwargs)`` or ``(type, kwargs, severity)``, one a line from line 2 on."""

    def make(*entries):
        lines = [
            json.dumps({"type": kind, "kwargs": kwargs, **({"severity": rest[0]} if rest else {})})
            for kind, kwargs, *rest in entries
        ]
        return load_suite(world({"suite.json": '{"expectations": [\n' + ",\n".join(lines) + "\n]}"}) / "suite.json")

    return make


TABLE = pd.DataFrame(
    {
        "id": ["a", "b", "c", "d"],
        "sold": [1.0, 2.0, np.nan, 40.0],
        "shop": ["north", "south", "north", "west"],
        "empty": pd.Series([None] * 4, dtype="object"),
    }
)


def judge_table(engine, table, made, keys=()):
    """What the engine finds, one finding an expectation."""
    return engine.judge(Question(hold_table(pa.Table.from_pandas(table)), made, keys=tuple(keys))).findings


def successes(engine, table, made):
    return [found.success for found in judge_table(engine, table, made)]


# --- judging --------------------------------------------------------------------------------------------------------

# Each expectation with arguments under which the table passes, and its twin under which it fails.
TWINS = {
    "nulls": (NOT_NULL, {"column": "shop"}, {"column": "sold"}),
    "mostly": (NOT_NULL, {"column": "sold", "mostly": 0.75}, {"column": "sold", "mostly": 0.76}),
    "range": (RANGE, {"column": "sold", "max_value": 40}, {"column": "sold", "max_value": 39}),
    "set": (
        IN_SET,
        {"column": "shop", "value_set": ["north", "south", "west"]},
        {"column": "shop", "value_set": ["north", "south"]},
    ),
    "unique": (UNIQUE, {"column": "id"}, {"column": "shop"}),
    "mean": (
        "expect_column_mean_to_be_between",
        {"column": "sold", "max_value": 15},
        {"column": "sold", "max_value": 14},
    ),
    "rows": ("expect_table_row_count_to_be_between", {"min_value": 4}, {"min_value": 5}),
    "columns": (
        "expect_table_columns_to_match_set",
        {"column_set": ["id", "sold"], "exact_match": False},
        {"column_set": ["id", "sold"], "exact_match": True},
    ),
    "text": (
        "expect_column_values_to_match_regex",
        {"column": "shop", "regex": "^[a-z]+$"},
        {"column": "shop", "regex": "^n"},
    ),
    "pairs": (
        "expect_compound_columns_to_be_unique",
        {"column_list": ["id", "shop"]},
        {"column_list": ["shop", "empty"]},
    ),
}


@pytest.mark.parametrize(("kind", "good", "bad"), TWINS.values(), ids=TWINS)
def test_what_holds_passes_and_what_does_not_fails(engine, suite, kind, good, bad):
    assert successes(engine, TABLE, suite((kind, good))) == [True]
    [found] = judge_table(engine, TABLE, suite((kind, bad)))
    assert found.success is False
    assert found.reason


def test_findings_come_in_the_order_of_the_suite(engine, suite):
    entries = [(RANGE, {"column": "sold", "min_value": low}) for low in (5, 0, 3, 1)]
    entries.insert(2, (NOT_NULL, {"column": "shop"}))
    made = suite(*entries)
    found = judge_table(engine, TABLE, made)
    assert [item.expectation for item in found] == list(made.expectations)
    assert [item.success for item in found] == [False, True, True, False, True]


def test_a_failure_counts_what_is_wrong_and_shows_no_row(engine, suite):
    [found] = judge_table(engine, TABLE, suite((RANGE, {"column": "sold", "max_value": 1})))
    assert found.evidence["unexpected"] == 2
    assert found.evidence["rows"] == 4
    assert found.evidence["nulls"] == 1
    assert found.observed == "2 of 3 values unexpected"
    assert "40" not in json.dumps(found.evidence)


def test_failing_rows_are_named_by_their_key(engine, suite):
    [found] = judge_table(engine, TABLE, suite((RANGE, {"column": "sold", "max_value": 1})), ["id"])
    assert found.evidence["failing_rows"] == ["id=b", "id=d"]


def test_failing_rows_without_a_key_are_named_by_their_place(engine, suite):
    [found] = judge_table(engine, TABLE, suite((RANGE, {"column": "sold", "max_value": 1})))
    assert found.evidence["failing_rows"] == ["row 2", "row 4"]


def test_failing_rows_are_named_by_all_their_keys(engine, suite):
    made = suite((RANGE, {"column": "sold", "max_value": 1}))
    [found] = judge_table(engine, TABLE, made, ["id", "shop"])
    assert found.evidence["failing_rows"] == ["id=b, shop=south", "id=d, shop=west"]


def test_only_so_many_failing_rows_are_named(engine, suite):
    table = pd.DataFrame({"id": range(1000), "sold": [9.0] * 1000})
    [found] = judge_table(engine, table, suite((RANGE, {"column": "sold", "max_value": 1})), ["id"])
    assert found.evidence["unexpected"] == 1000
    assert found.evidence["failing_rows"] == [f"id={number}" for number in range(10)]


def test_a_key_that_is_not_in_the_table_is_left_out(engine, suite):
    [found] = judge_table(engine, TABLE, suite((RANGE, {"column": "sold", "max_value": 1})), ["gone"])
    assert found.evidence["failing_rows"] == ["row 2", "row 4"]


def test_what_is_found_can_be_written_as_evidence(engine, suite):
    table = TABLE.assign(when=pd.to_datetime(["2012-01-01"] * 4), big=[2**62] * 4, odd=[np.inf, 1, 2, 3])
    made = suite(
        ("expect_column_max_to_be_between", {"column": "when", "max_value": "2011-01-01"}),
        ("expect_column_max_to_be_between", {"column": "big", "max_value": 1}),
        ("expect_column_mean_to_be_between", {"column": "odd", "max_value": 1}),
        ("expect_column_distinct_values_to_be_in_set", {"column": "shop", "value_set": ["x"]}),
    )
    for found in judge_table(engine, table, made, ["when"]):
        check = judge("a", "A", ok=bool(found.success), observed=found.observed, evidence=found.evidence)
        assert encode(conclude("validate", [check]))


# --- what could not be judged is no pass ----------------------------------------------------------------------------


def test_a_column_that_is_not_there_is_a_failure_of_the_data(engine, suite):
    [found] = judge_table(engine, TABLE, suite((NOT_NULL, {"column": "wind"})))
    assert found.success is False
    assert "wind" in found.reason


def test_a_comparison_that_makes_no_sense_is_an_error_and_the_rest_is_still_judged(engine, suite):
    made = suite((RANGE, {"column": "shop", "min_value": 0}), (NOT_NULL, {"column": "shop"}))
    found = judge_table(engine, TABLE, made)
    assert [item.success for item in found] == [None, True]
    assert found[0].reason


def test_a_pattern_that_is_none_is_an_error(engine, suite):
    made = suite(("expect_column_values_to_match_regex", {"column": "shop", "regex": "("}))
    assert successes(engine, TABLE, made) == [None]


# --- what is refused before anything runs ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "meant"),
    [
        ("expect_column_values_to_be_betwen", "'expect_column_values_to_be_between'"),
        ("expect_column_value_to_not_be_null", "'expect_column_values_to_not_be_null'"),
        ("drop_table", "gallery"),
    ],
)
def test_an_unknown_expectation_is_refused_with_its_line_and_the_nearest(engine, suite, kind, meant):
    with pytest.raises(ConfigError, match="does not know") as caught:
        engine.check_suite(suite((NOT_NULL, {"column": "shop"}), (kind, {"column": "shop"})))
    assert caught.value.line == 3
    assert meant in caught.value.next_step


@pytest.mark.parametrize(
    ("kind", "kwargs"),
    [
        (RANGE, {"min_value": 1}),
        (RANGE, {"column": "sold", "min_value": 1, "minimum": 2}),
        (RANGE, {"column": "sold", "min_value": [1]}),
        (IN_SET, {"column": "shop"}),
        (NOT_NULL, {"column": 1}),
        (NOT_NULL, {"column": "shop", "severity": "info"}),
        (NOT_NULL, {"column": "shop", "meta": {}}),
    ],
    ids=str,
)
def test_arguments_that_do_not_fit_are_refused_with_their_line(engine, suite, kind, kwargs):
    with pytest.raises(ConfigError, match="do not fit") as caught:
        engine.check_suite(suite((UNIQUE, {"column": "id"}), (kind, kwargs)))
    assert caught.value.line == 3
    assert caught.value.where.endswith("suite.json")


def test_every_expectation_of_the_twins_is_accepted(engine, suite):
    assert engine.check_suite(suite(*((kind, good) for kind, good, _ in TWINS.values()))) == {}


def test_severities_reach_great_expectations_and_change_no_success(engine, suite):
    bad = {"column": "sold", "max_value": 1}
    for severity in ("critical", "warning", "info"):
        assert successes(engine, TABLE, suite((RANGE, bad, severity))) == [False]


# --- odd tables -----------------------------------------------------------------------------------------------------


def test_an_empty_column_passes_a_range_here_which_is_why_the_road_has_guards(engine, suite):
    # If this fails, Great Expectations has learned to say no, and the guard is no longer needed.
    assert successes(engine, TABLE, suite((RANGE, {"column": "empty", "min_value": 0}))) == [True]


def test_a_table_without_rows_is_left_to_the_guards_since_nearly_everything_holds_for_it(engine, suite):
    made = suite((NOT_NULL, {"column": "sold"}), ("expect_table_row_count_to_be_between", {"min_value": 1}))
    assert judge_table(engine, TABLE.head(0), made, ["id"]) == []


def test_the_table_is_not_changed(engine, suite):
    before = TABLE.copy(deep=True)
    judge_table(engine, TABLE, suite((RANGE, {"column": "sold", "max_value": 1})), ["id"])
    pd.testing.assert_frame_equal(TABLE, before)


def test_threads_do_not_mix_their_results(engine, suite):
    made = suite((RANGE, {"column": "sold", "max_value": 10}))
    tables = {name: pd.DataFrame({"sold": [high] * 50}) for name, high in (("good", 5.0), ("bad", 50.0))}
    found: dict[str, list] = {"good": [], "bad": []}

    def work(name):
        for _ in range(4):
            found[name] += successes(engine, tables[name], made)

    threads = [threading.Thread(target=work, args=(name,)) for name in tables]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {"good": [True] * 4, "bad": [False] * 4}


# --- good manners ---------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_importing_the_engine_leaves_warnings_and_logging_as_they_are(engine):
    program = """
import logging, warnings
before = warnings.showwarning, list(logging.root.handlers), logging.root.level
from pavedroad.engines.gx import validation as gx
assert (warnings.showwarning, list(logging.root.handlers), logging.root.level) == before, "changed"
"""
    subprocess.run([sys.executable, "-c", program], check=True)
    with pytest.warns(UserWarning, match="still shown"):
        warnings.warn("still shown", stacklevel=1)
    assert logging.getLogger("great_expectations").level == logging.CRITICAL


def test_judging_prints_nothing_and_writes_nothing(engine, suite, capfd, tmp_path, monkeypatch):
    made = suite(
        (RANGE, {"column": "shop", "min_value": 1}),
        ("expect_column_mean_to_be_between", {"column": "shop", "min_value": 1}),
    )
    empty = tmp_path / "elsewhere"
    empty.mkdir()
    monkeypatch.chdir(empty)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        judge_table(engine, TABLE, made)
    assert capfd.readouterr() == ("", "")
    assert list(empty.iterdir()) == []


@pytest.mark.slow
def test_great_expectations_is_told_not_to_report_home():
    program = (
        "import os; os.environ['GX_ANALYTICS_ENABLED'] = 'true'\n"
        "from pavedroad.engines.gx import suite\n"
        "print(os.environ['GX_ANALYTICS_ENABLED'])\n"
    )
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert done.stdout == "false\n"


@pytest.mark.parametrize("parser", ["pandas", "great_expectations"])
def test_a_condition_on_rows_is_judged_without_a_warning(engine, suite, parser):
    written = 'shop == "north"' if parser == "pandas" else 'col("shop") == "north"'
    condition = {"row_condition": written, "condition_parser": parser}
    made = suite((RANGE, {"column": "sold", "max_value": 1, **condition}))
    with warnings.catch_warnings():
        warnings.simplefilter("error", DeprecationWarning)
        assert successes(engine, TABLE, made) == [True]
