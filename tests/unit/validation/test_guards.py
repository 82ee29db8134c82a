"""Guards: what is checked in every run, whatever the suite says."""

import json
import tomllib
from importlib.resources import files

import msgspec
import pytest

from pavedroad.foundation.validation.guards import guard
from pavedroad.foundation.validation.judging import ColumnFacts, TableFacts
from pavedroad.foundation.validation.kinds import find_kinds
from pavedroad.foundation.validation.suite import load_suite
from pavedroad.report import Outcome
from pavedroad.settings import Validation

DEFAULTS = tomllib.loads((files("pavedroad") / "defaults.toml").read_text(encoding="utf-8"))["validation"]
SETTINGS = msgspec.convert({**DEFAULTS, "min_rows": 1}, Validation)
RANGE = "expect_column_values_to_be_between"


@pytest.fixture
def suite(tmp_path):
    def make(*wanted, meta=None):
        entries = [{"type": kind, "kwargs": kwargs} for kind, kwargs in wanted]
        (tmp_path / "s.json").write_text(json.dumps({"expectations": entries, "meta": meta or {}}))
        return load_suite(tmp_path / "s.json")

    return make


def check(made, columns, rows=100, id_="guard.kinds", kinds=None):
    facts = TableFacts(rows=rows, names=tuple(columns), columns=columns)
    checks = guard(facts, list(columns), made, SETTINGS, kinds)
    return next(found for found in checks if found.id == id_)


@pytest.mark.parametrize(
    ("type_", "kwargs", "kind"),
    [
        ("expect_column_mean_to_be_between", {"max_value": 1}, "number"),
        ("expect_column_quantile_values_to_be_between", {"quantile_ranges": {}}, "number"),
        (RANGE, {"max_value": 1}, "number"),
        (RANGE, {"max_value": 1.5, "min_value": 0}, "number"),
        (RANGE, {"min_value": "2020-01-01"}, "time"),
        (RANGE, {"min_value": "2020-01-01 10:00", "max_value": "2021-01-01T00:00:00"}, "time"),
        (RANGE, {"min_value": "a"}, None),
        ("expect_column_values_to_match_regex", {"regex": "a"}, "category"),
        ("expect_column_values_to_not_match_like_pattern_list", {"like_pattern_list": ["a"]}, "category"),
        ("expect_column_value_lengths_to_equal", {"value": 2}, "category"),
        ("expect_column_values_to_be_of_type", {"type_": "int64"}, "number"),
        ("expect_column_values_to_be_of_type", {"type_": "bool"}, "boolean"),
        ("expect_column_values_to_be_of_type", {"type_": "datetime64[ns]"}, "time"),
        ("expect_column_values_to_be_of_type", {"type_": "ObjectType"}, None),
        ("expect_column_values_to_be_in_type_list", {"type_list": ["int64", "float32"]}, "number"),
        ("expect_column_values_to_be_in_type_list", {"type_list": ["int64", "str"]}, None),
        ("expect_column_values_to_be_in_set", {"value_set": [1]}, None),
        ("expect_column_values_to_not_be_null", {}, None),
    ],
)
def test_an_expectation_takes_a_kind_of_values_for_granted(suite, type_, kwargs, kind):
    made = suite((type_, {"column": "a", **kwargs}))
    assert find_kinds(made) == ({"a": kind} if kind else {})


def test_expectations_that_disagree_say_nothing_and_the_profile_says_more_than_they(suite):
    wanted = [
        (RANGE, {"column": "a", "max_value": 1}),
        ("expect_column_values_to_match_regex", {"column": "a", "regex": "1"}),
    ]
    assert find_kinds(suite(*wanted)) == {}
    meta = {
        "profile": {
            "rows": 9,
            "columns": {"a": {"kind": "category", "missing": 0.5}, "b": {"kind": "time", "missing": 1.0}},
        }
    }
    assert find_kinds(suite(*wanted[:1], meta=meta)) == {"a": "category"}


@pytest.mark.parametrize(
    "profile", [None, 1, [], {"columns": 1}, {"columns": {"a": 1}}, {"columns": {"a": {"kind": "x"}}}]
)
def test_a_profile_that_is_none_says_nothing(suite, profile):
    assert find_kinds(suite(("expect_column_to_exist", {"column": "a"}), meta={"profile": profile})) == {}


@pytest.mark.parametrize(
    ("found", "outcome"),
    [("number", Outcome.PASS), ("boolean", Outcome.PASS), ("category", Outcome.FAIL), ("time", Outcome.FAIL)],
)
def test_a_column_of_another_kind_fails(suite, found, outcome):
    made = check(
        suite((RANGE, {"column": "a", "max_value": 1})), {"a": ColumnFacts(found, 0), "b": ColumnFacts("time", 0)}
    )
    assert made.outcome is outcome
    assert made.evidence == {"a": found, "b": "time"}
    assert ("a holds" in made.reason) == (outcome is Outcome.FAIL)


def test_what_the_config_says_of_a_kind_counts_too(suite):
    made = suite(("expect_column_values_to_not_be_null", {"column": "a"}))
    assert check(made, {"a": ColumnFacts("category", 0)}).reason.startswith("Neither")
    assert check(made, {"a": ColumnFacts("category", 0)}, kinds={"a": "number"}).outcome is Outcome.FAIL


def test_an_empty_column_has_no_kind_and_is_told_by_another_guard(suite):
    made, columns = suite((RANGE, {"column": "a", "max_value": 1})), {"a": ColumnFacts("category", 100)}
    assert check(made, columns).outcome is Outcome.PASS
    assert check(made, columns, id_="guard.values").outcome is Outcome.FAIL


def test_the_share_of_gaps_of_every_column_is_shown_the_most_first(suite):
    made = suite((RANGE, {"column": "a", "max_value": 1}))
    columns = {
        "a": ColumnFacts("number", 0),
        "b": ColumnFacts("time", 25_000),
        "c": ColumnFacts("time", 1),
        "d": ColumnFacts("time", 999_999),
    }
    found = check(made, columns, 1_000_000, "guard.values")
    assert found.evidence == {"d": "< 100.00% missing", "b": "2.50% missing", "c": "> 0.00% missing", "a": "0% missing"}
    assert found.outcome is Outcome.FAIL
    assert found.reason == "More than 95% of the values are missing in: d."


def test_infinities_are_counted_and_the_columns_that_were_looked_at_too(suite):
    made = suite((RANGE, {"column": "a", "max_value": 1}))
    fine = check(made, {"a": ColumnFacts("number", 0), "b": ColumnFacts("time", 0)}, id_="guard.finite")
    assert (fine.outcome, fine.observed) == (Outcome.PASS, "0 infinite values in 1 columns of numbers")
    bad = check(made, {"a": ColumnFacts("number", 0, 3)}, id_="guard.finite")
    assert (bad.outcome, bad.evidence) == (Outcome.FAIL, {"a": 3})
