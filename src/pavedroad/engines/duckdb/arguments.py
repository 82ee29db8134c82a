"""The arguments of the expectations that DuckDB judges, checked as strictly as Great Expectations checks its own."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pavedroad.config import nearest
from pavedroad.engines.duckdb.conditions import is_moment
from pavedroad.errors import ConfigError
from pavedroad.foundation.validation.suite import Expectation

_COMMON = {"row_condition", "condition_parser"}
_RANGE = {"min_value", "max_value", "strict_min", "strict_max"}
_ROW = {"column", "mostly", *_COMMON}
_PAIR = {"column_A", "column_B", "mostly", "ignore_row_if", *_COMMON}
_LIST = {"column_list", "mostly", "ignore_row_if", *_COMMON}
_COLUMN = {"column", *_COMMON}

_ARGUMENTS: Mapping[str, tuple[set[str], set[str]]] = {
    "expect_column_values_to_not_be_null": (_ROW, {"column"}),
    "expect_column_values_to_be_null": (_ROW, {"column"}),
    "expect_column_values_to_be_between": (_ROW | _RANGE, {"column"}),
    "expect_column_value_lengths_to_be_between": (_ROW | _RANGE, {"column"}),
    "expect_column_value_lengths_to_equal": (_ROW | {"value"}, {"column", "value"}),
    "expect_column_values_to_be_in_set": (_ROW | {"value_set"}, {"column", "value_set"}),
    "expect_column_values_to_not_be_in_set": (_ROW | {"value_set"}, {"column", "value_set"}),
    "expect_column_values_to_match_regex": (_ROW | {"regex"}, {"column", "regex"}),
    "expect_column_values_to_not_match_regex": (_ROW | {"regex"}, {"column", "regex"}),
    "expect_column_values_to_match_regex_list": (_ROW | {"regex_list", "match_on"}, {"column", "regex_list"}),
    "expect_column_values_to_not_match_regex_list": (_ROW | {"regex_list"}, {"column", "regex_list"}),
    "expect_column_values_to_match_like_pattern": (_ROW | {"like_pattern", "escape"}, {"column", "like_pattern"}),
    "expect_column_values_to_not_match_like_pattern": (_ROW | {"like_pattern", "escape"}, {"column", "like_pattern"}),
    "expect_column_values_to_match_like_pattern_list": (
        _ROW | {"like_pattern_list", "match_on", "escape"},
        {"column", "like_pattern_list"},
    ),
    "expect_column_values_to_not_match_like_pattern_list": (
        _ROW | {"like_pattern_list", "escape"},
        {"column", "like_pattern_list"},
    ),
    "expect_column_values_to_be_unique": (_ROW, {"column"}),
    "expect_compound_columns_to_be_unique": (_LIST, {"column_list"}),
    "expect_column_values_to_be_increasing": (_ROW | {"strictly"}, {"column"}),
    "expect_column_values_to_be_decreasing": (_ROW | {"strictly"}, {"column"}),
    "expect_column_pair_values_to_be_equal": (_PAIR, {"column_A", "column_B"}),
    "expect_column_pair_values_a_to_be_greater_than_b": (_PAIR | {"or_equal"}, {"column_A", "column_B"}),
    "expect_column_pair_values_to_be_in_set": (
        _PAIR | {"value_pairs_set"},
        {"column_A", "column_B", "value_pairs_set"},
    ),
    "expect_multicolumn_sum_to_equal": (_LIST | {"sum_total"}, {"column_list", "sum_total"}),
    "expect_multicolumn_values_to_be_equal": (_LIST, {"column_list"}),
    "expect_select_column_values_to_be_unique_within_record": (_LIST, {"column_list"}),
    "expect_column_min_to_be_between": (_COLUMN | _RANGE, {"column"}),
    "expect_column_max_to_be_between": (_COLUMN | _RANGE, {"column"}),
    "expect_column_mean_to_be_between": (_COLUMN | _RANGE, {"column"}),
    "expect_column_sum_to_be_between": (_COLUMN | _RANGE, {"column"}),
    "expect_column_stdev_to_be_between": (_COLUMN | _RANGE, {"column"}),
    "expect_column_median_to_be_between": (_COLUMN | _RANGE, {"column"}),
    "expect_column_quantile_values_to_be_between": (
        _COLUMN | {"quantile_ranges", "allow_relative_error"},
        {"column", "quantile_ranges"},
    ),
    "expect_column_unique_value_count_to_be_between": (_COLUMN | _RANGE, {"column"}),
    "expect_column_proportion_of_unique_values_to_be_between": (_COLUMN | _RANGE, {"column"}),
    "expect_column_proportion_of_non_null_values_to_be_between": (_COLUMN | _RANGE, {"column"}),
    "expect_column_distinct_values_to_be_in_set": (_COLUMN | {"value_set"}, {"column", "value_set"}),
    "expect_column_distinct_values_to_contain_set": (_COLUMN | {"value_set"}, {"column", "value_set"}),
    "expect_column_distinct_values_to_equal_set": (_COLUMN | {"value_set"}, {"column", "value_set"}),
    "expect_column_most_common_value_to_be_in_set": (_COLUMN | {"value_set", "ties_okay"}, {"column", "value_set"}),
    "expect_column_values_to_be_of_type": (_ROW | {"type_"}, {"column", "type_"}),
    "expect_column_values_to_be_in_type_list": (_ROW | {"type_list"}, {"column", "type_list"}),
    "expect_table_row_count_to_be_between": (_COMMON | _RANGE, set()),
    "expect_table_row_count_to_equal": (_COMMON | {"value"}, {"value"}),
    "expect_table_column_count_to_be_between": ({"min_value", "max_value"}, set()),
    "expect_table_column_count_to_equal": ({"value"}, {"value"}),
    "expect_table_columns_to_match_ordered_list": ({"column_list"}, {"column_list"}),
    "expect_table_columns_to_match_set": ({"column_set", "exact_match"}, {"column_set"}),
    "expect_column_to_exist": ({"column", "column_index"}, {"column"}),
}
"""The arguments that each type may have, and those it must have."""


def _is_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_bound(value: object) -> bool:
    return value is None or _is_number(value) or (isinstance(value, str) and is_moment(value))


def _is_flag(value: object) -> bool:
    return isinstance(value, bool)


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_quantile_ranges(value: object) -> bool:
    if not isinstance(value, dict) or set(value) != {"quantiles", "value_ranges"}:
        return False
    shares, ranges = value["quantiles"], value["value_ranges"]
    return (
        isinstance(shares, list)
        and isinstance(ranges, list)
        and len(shares) == len(ranges) > 0
        and all(_is_number(share) and 0 <= share <= 1 for share in shares)
        and all(isinstance(pair, list) and len(pair) == 2 for pair in ranges)
        and all(bound is None or _is_number(bound) for pair in ranges for bound in pair)
        and all(pair != [None, None] for pair in ranges)
    )


_RULES: Mapping[str, tuple[Callable[[Any], bool], str]] = {
    "column": (_is_text, "the name of a column"),
    "column_A": (_is_text, "the name of a column"),
    "column_B": (_is_text, "the name of a column"),
    "column_list": (_is_texts, "a list of names of columns"),
    "column_set": (_is_texts, "a list of names of columns"),
    "column_index": (lambda value: value is None or _is_whole(value), "a whole number"),
    "min_value": (_is_bound, "a number, a date or a time"),
    "max_value": (_is_bound, "a number, a date or a time"),
    "strict_min": (_is_flag, "true or false"),
    "strict_max": (_is_flag, "true or false"),
    "strictly": (lambda value: value is None or _is_flag(value), "true or false"),
    "or_equal": (lambda value: value is None or _is_flag(value), "true or false"),
    "ties_okay": (lambda value: value is None or _is_flag(value), "true or false"),
    "exact_match": (lambda value: value is None or _is_flag(value), "true or false"),
    "allow_relative_error": (lambda value: _is_flag(value) or _is_text(value), "true, false or a text"),
    "mostly": (_is_number, "a number"),
    "value": (_is_whole, "a whole number"),
    "value_set": (lambda value: isinstance(value, list) and value != [], "a list of at least one value"),
    "value_pairs_set": (lambda value: isinstance(value, list), "a list of pairs"),
    "regex": (_is_text, "a pattern"),
    "regex_list": (_is_texts, "a list of patterns"),
    "like_pattern": (_is_text, "a pattern"),
    "like_pattern_list": (_is_texts, "a list of patterns"),
    "escape": (lambda value: value is None or (_is_text(value) and len(value) == 1), "a single letter"),
    "match_on": (lambda value: value in {"any", "all"}, '"any" or "all"'),
    "type_": (_is_text, "the name of a type"),
    "type_list": (_is_texts, "a list of names of types"),
    "sum_total": (_is_number, "a number"),
    "quantile_ranges": (_is_quantile_ranges, '{"quantiles": […], "value_ranges": [[low, high], …]}, equally long'),
    "ignore_row_if": (_is_text, "a rule"),
    "row_condition": (lambda value: value is None or isinstance(value, str | dict), "a condition"),
    "condition_parser": (lambda value: value is None or _is_text(value), "the name of a parser"),
}

_IGNORE = {
    "column_A": {"both_values_are_missing", "either_value_is_missing", "neither"},
    "column_list": {"all_values_are_missing", "any_value_is_missing", "never"},
}
_SEVERAL = {
    "expect_compound_columns_to_be_unique",
    "expect_multicolumn_sum_to_equal",
    "expect_multicolumn_values_to_be_equal",
    "expect_select_column_values_to_be_unique_within_record",
}


def check_arguments(expectation: Expectation, path: Path) -> None:
    """Refuse arguments that are unknown, missing or of the wrong kind.

    Raises:
        ConfigError: with the file and the line of the expectation.
    """
    valid, needed = _ARGUMENTS[expectation.type]
    for name, value in expectation.kwargs.items():
        if name not in valid:
            raise _refuse(expectation, path, f"it has no {name!r}", nearest(name, sorted(valid)))
        holds, words = _RULES[name]
        if not holds(value):
            raise _refuse(expectation, path, f"{name!r} must be {words}")
        for key, rules in _IGNORE.items():
            if name == "ignore_row_if" and key in valid and value not in rules:
                raise _refuse(expectation, path, f"{value!r} is no rule", nearest(str(value), sorted(rules)))
    for name in sorted(needed):
        if name not in expectation.kwargs:
            raise _refuse(expectation, path, f"{name!r} is missing")
    if expectation.type in _SEVERAL and len(set(expectation.kwargs["column_list"])) < 2:
        raise _refuse(expectation, path, "'column_list' must name at least two columns")


def _refuse(expectation: Expectation, path: Path, why: str, next_step: str | None = None) -> ConfigError:
    return ConfigError(
        f"The arguments of {expectation.type} do not fit: {why}.",
        where=path,
        line=expectation.line,
        next_step=next_step,
    )
