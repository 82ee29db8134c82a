"""Suites of expectations are read strictly: what Great Expectations would pass over is refused with its line."""

import json

import pytest

from pavedroad.errors import ConfigError
from pavedroad.foundation.validation.suite import Expectation, describe, load_suite
from pavedroad.report import Severity

GOOD = """{
  "name": "sales",
  "expectations": [
    {
      "type": "expect_column_values_to_not_be_null",
      "kwargs": {"column": "sold"}
    },
    {"type": "expect_column_values_to_be_between", "kwargs": {"column": "rain", "min_value": 0}, "severity": "warning"}
  ]
}
"""


def load(world, text):
    return load_suite(world({"suite.json": text}) / "suite.json")


def refusal(world, text):
    with pytest.raises(ConfigError) as caught:
        load(world, text)
    assert caught.value.where.endswith("suite.json")
    return caught.value


def suite_of(*entries):
    """A suite with one entry a line, the first on line 2."""
    return '{"expectations": [\n' + ",\n".join(json.dumps(entry) for entry in entries) + "\n]}"


NOT_NULL = {"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "sold"}}
RANGE = {"type": "expect_column_values_to_be_between", "kwargs": {"column": "sold", "min_value": 0}}


def test_a_suite_is_read_with_the_line_of_every_expectation(world):
    suite = load(world, GOOD)
    assert suite.name == "sales"
    assert [item.line for item in suite.expectations] == [4, 8]
    assert [item.severity for item in suite.expectations] == [Severity.CRITICAL, Severity.WARNING]
    assert suite.columns == ["sold", "rain"]


def test_lines_are_right_whatever_stands_before_and_inside(world):
    text = '{"meta": {"expectations": [1,\n2]},\n"notes": "expectations\\"[",\n\n"expectations"\n:\n[\n\n'
    text += json.dumps(NOT_NULL, indent=2) + "\n\n,\n" + json.dumps(RANGE) + "]}"
    lines = text.splitlines()
    found = [item.line for item in load(world, text).expectations]
    assert lines[found[0] - 1] == "{"
    assert lines[found[1] - 1] == json.dumps(RANGE) + "]}"


def test_line_ends_of_windows_count_as_one(world):
    assert [item.line for item in load(world, GOOD.replace("\n", "\r\n")).expectations] == [4, 8]


REFUSED = {
    "no JSON": ("{", None, "strict JSON"),
    "a key that stands twice": ('{"name": "a", "name": "b", "expectations": []}', None, "'name' stands twice"),
    "NaN": (suite_of(RANGE).replace("0}", "NaN}"), None, "NaN"),
    "a list": ("[]", 1, "a JSON object"),
    "no expectations": ('{"name": "a"}', 1, "no expectation"),
    "an empty list of expectations": ('{"expectations": []}', 1, "no expectation"),
    "expectations that are no list": ('{"expectations": {"a": 1}}', 1, "no expectation"),
    "an unknown key": ('{"expectation": []}', 1, "'expectation' is not a key"),
    "an unknown key in an expectation": (suite_of(NOT_NULL, {**RANGE, "kwarg": 1}), 3, "'kwarg' is not a key"),
    "an expectation that is text": (suite_of(NOT_NULL, "RANGE"), 3, "a JSON object"),
    "no type": (suite_of({"kwargs": {}}), 2, "no 'type'"),
    "a type that is a number": (suite_of({"type": 1}), 2, "no 'type'"),
    "arguments that are a list": (suite_of({**RANGE, "kwargs": [1]}), 2, "'kwargs' and 'meta'"),
    "an unknown severity": (suite_of(NOT_NULL, {**RANGE, "severity": "minor"}), 3, "'minor' is not a severity"),
    "a severity that is a list": (suite_of({**RANGE, "severity": ["critical"]}), 2, "not a severity"),
    "a severity that is null": (suite_of({**RANGE, "severity": None}), 2, "not a severity"),
    "the same expectation twice": (suite_of(NOT_NULL, RANGE, NOT_NULL), 4, "stands on line 2 already"),
    "the same with its arguments in another order": (
        suite_of(RANGE, {**RANGE, "kwargs": dict(reversed(RANGE["kwargs"].items()))}),
        3,
        "stands on line 2 already",
    ),
    **{
        f"mostly of {mostly!r}": (
            suite_of(NOT_NULL, {**RANGE, "kwargs": {**RANGE["kwargs"], "mostly": mostly}}),
            3,
            "could never fail",
        )
        for mostly in (0, 0.0, -1, 1.01, True, "0.9", [0.9])
    },
}


@pytest.mark.parametrize(("text", "line", "why"), REFUSED.values(), ids=REFUSED)
def test_a_suite_that_says_less_than_it_seems_is_refused_with_its_line(world, text, line, why):
    error = refusal(world, text)
    assert why in error.what
    assert error.line == line


@pytest.mark.parametrize("mostly", [1, 1.0, 0.5, 0.01])
def test_a_share_that_can_fail_is_allowed(world, mostly):
    (read,) = load(world, suite_of({**RANGE, "kwargs": {**RANGE["kwargs"], "mostly": mostly}})).expectations
    assert read.kwargs["mostly"] == mostly


def test_an_unknown_severity_is_answered_with_those_there_are(world):
    assert "critical, warning, info" in refusal(world, suite_of({**RANGE, "severity": "minor"})).next_step


def test_a_missing_suite_says_how_to_get_one(tmp_path):
    with pytest.raises(ConfigError, match="cannot be read") as caught:
        load_suite(tmp_path / "suite.json")
    assert "pavedroad suite init" in caught.value.next_step


def test_every_expectation_has_an_id_of_its_own_even_where_ids_are_given_twice(world):
    def named(name, low):
        return {
            "type": "expect_column_values_to_be_between",
            "kwargs": {"column": "a", "min_value": low},
            "meta": {"id": name},
        }

    found = load(world, suite_of(named("x", 0), named("x", 1), named("x.2", 2), named("x", 3), named("x.2", 4)))
    ids = [item.id for item in found.expectations]
    assert len(set(ids)) == len(ids)
    assert ids[:2] == ["x", "x.2"]


def test_an_id_is_made_from_columns_and_type_where_none_is_given(world):
    assert [item.id for item in load(world, GOOD).expectations] == [
        "sold.values_to_not_be_null",
        "rain.values_to_be_between",
    ]


@pytest.mark.parametrize(
    ("kind", "kwargs", "columns", "title"),
    [
        ("expect_column_values_to_not_be_null", {"column": "a"}, ["a"], "`a`: to not be null"),
        (
            "expect_column_pair_values_a_to_be_greater_than_b",
            {"column_A": "a", "column_B": "b"},
            ["a", "b"],
            "`a`, `b`: a to be greater than b",
        ),
        ("expect_compound_columns_to_be_unique", {"column_list": ["a", "b"]}, ["a", "b"], "`a`, `b`: to be unique"),
        ("expect_table_columns_to_match_set", {"column_set": ["a", 1]}, ["a"], "`a`: table columns to match set"),
        ("expect_table_row_count_to_be_between", {"min_value": 1}, [], "table row count to be between"),
    ],
)
def test_an_expectation_knows_its_columns_and_is_described_in_words(kind, kwargs, columns, title):
    made = Expectation(id="x", type=kind, kwargs=kwargs, severity=Severity.CRITICAL, notes="", line=1)
    assert made.columns == columns
    assert describe(made) == title
