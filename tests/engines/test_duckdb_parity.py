"""DuckDB and Great Expectations on pandas, asked the same about generated tables, give the same answers.

Every type of expectation that DuckDB judges stands in ``parity_cases.BUILDERS``; a test says so. What is meant to
differ stands in ``docs/validation.md`` and, each with a test, at the end.
"""

import datetime as dt
from collections import Counter

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from parity_cases import BUILDERS, WITHOUT_PANDAS, find_differences, tables, write_suite

from pavedroad.engines.duckdb import validation as duckdb
from pavedroad.engines.gx import validation as gx
from pavedroad.foundation.data.source import hold_table
from pavedroad.foundation.validation.judging import Question

EXAMPLES = 15


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("parity")


def test_every_expectation_that_duckdb_judges_is_compared():
    assert set(BUILDERS) == set(duckdb.EXPRESSED) - WITHOUT_PANDAS
    assert len(BUILDERS) >= 30


@pytest.mark.slow
def test_both_engines_find_the_same(folder):
    judged, left = Counter(), Counter()
    wanted = st.fixed_dictionaries({kind: st.lists(some, min_size=3, max_size=3) for kind, some in BUILDERS.items()})

    @settings(max_examples=EXAMPLES, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    @given(tables(), wanted)
    def compare(table, arguments):
        suite = write_suite(folder, [(kind, kwargs) for kind, some in arguments.items() for kwargs in some])
        question = Question(hold_table(table), suite)
        ours, theirs = duckdb.judge(question), gx.judge(question)
        judged.update(found.expectation.type for found in ours.findings)
        left.update(expectation.type for expectation in suite.expectations if expectation.id in ours.left)
        assert ours.facts == theirs.facts
        differences.extend(find_differences(ours, theirs))

    differences: list[str] = []
    compare()
    assert not differences, "\n".join(differences)
    seldom = {kind: (judged[kind], left[kind]) for kind in BUILDERS if judged[kind] < max(EXAMPLES, left[kind])}
    assert seldom == {}, "DuckDB must have answered most questions, or nothing was compared"


# --- what is meant to differ ----------------------------------------------------------------------------------------


def successes(folder, table, *wanted):
    question = Question(hold_table(pa.table(table)), write_suite(folder, wanted))
    return [[found.success for found in engine.judge(question).findings] for engine in (duckdb, gx)]


def test_whole_numbers_are_compared_exactly_and_not_as_floats(folder):
    least = {"column": "a", "min_value": -(2**53)}
    ours, theirs = successes(folder, {"a": [-(2**53) - 1] * 2}, ("expect_column_min_to_be_between", least))
    assert (ours, theirs) == ([False], [True])


def test_sums_of_whole_numbers_do_not_wrap_around(folder):
    total = {"column_list": ["a", "b"], "sum_total": -2}
    table = {"a": [2**63 - 1] * 2, "b": [2**63 - 1] * 2}
    ours, theirs = successes(folder, table, ("expect_multicolumn_sum_to_equal", total))
    assert (ours, theirs) == ([False], [True])


def test_patterns_of_like_are_judged_where_great_expectations_has_none(folder):
    wanted = [
        ("expect_column_values_to_match_like_pattern", {"column": "a", "like_pattern": "x%"}),
        ("expect_column_values_to_not_match_like_pattern", {"column": "a", "like_pattern": "x%"}),
        ("expect_column_values_to_match_like_pattern_list", {"column": "a", "like_pattern_list": ["x_", "%y"]}),
        ("expect_column_values_to_not_match_like_pattern_list", {"column": "a", "like_pattern_list": ["z%", "q"]}),
    ]
    ours, theirs = successes(folder, {"a": ["xy", "xz", None]}, *wanted)
    assert (ours, theirs) == ([True, False, True, True], [None] * 4)


def test_text_is_of_the_type_str_in_a_list_of_types_too(folder):
    wanted = ("expect_column_values_to_be_in_type_list", {"column": "a", "type_list": ["str"]})
    ours, theirs = successes(folder, {"a": ["x", "y"]}, wanted)
    assert (ours, theirs) == ([True], [False])


def test_two_expectations_about_quantiles_of_one_column_do_not_mix(folder):
    kind = "expect_column_quantile_values_to_be_between"
    asked = [([0.5], [[2, 2]]), ([0.0, 1.0], [[1, 1], [3, 3]]), ([0.5], [[3, 3]])]
    wanted = [(kind, {"column": "a", "quantile_ranges": {"quantiles": q, "value_ranges": v}}) for q, v in asked]
    ours, theirs = successes(folder, {"a": [1, 2, 3]}, *wanted)
    assert ours == theirs == [True, True, False]


def test_dates_without_a_time_are_bounds_of_columns_of_dates(folder):
    wanted = ("expect_column_values_to_be_between", {"column": "a", "min_value": "2000-01-01"})
    ours, theirs = successes(folder, {"a": [dt.date(1999, 12, 31), dt.date(2000, 1, 1)]}, wanted)
    assert (ours, theirs) == ([False], [False])
