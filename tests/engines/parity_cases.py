"""Generated tables and questions about them, for comparing engines: each type of expectation that DuckDB judges.

A module of its own, because the engines that need a server or Java are compared in another session.
"""

import datetime as dt
import decimal
import json
import math

import pyarrow as pa
from hypothesis import strategies as st

from pavedroad.foundation.validation.suite import load_suite

NUMBERS = ["whole", "gappy", "wide", "real", "single", "decimal"]
TEXTS = ["text"]
TIMES = ["day", "moment"]
COLUMNS = [*NUMBERS, *TEXTS, *TIMES, "flag"]

WHOLE = st.sampled_from([-2, -1, 0, 1, 2, 3, 10])
WIDE = st.sampled_from([-(2**63), -(2**53) - 1, -1, 0, 2**53 + 1, 2**62, 2**63 - 1])
REAL = st.sampled_from([-1e300, -2.5, -0.0, 0.0, 0.1, 0.3, 1.0, 2.0, 1e-9, 1e15, math.inf, -math.inf, math.nan])
TEXT = st.sampled_from(
    ["", " ", "a", "A", "ab", "abc", "ä", "ab\n", "日本", "👍", "e\u0301", "1", "'; --", "x\ty", "%", "_"]
)
MOMENTS = st.datetimes(dt.datetime(1999, 1, 1), dt.datetime(2001, 1, 1)).map(
    lambda moment: moment.replace(microsecond=0)
)
STRANGE_NAMES = {"text": "te\"xt'; DROP TABLE t; --", "real": "re al; $p1", "whole": "c0"}


def gaps(values):
    return st.one_of(st.none(), values)


@st.composite
def tables(draw):
    rows = draw(st.integers(1, 9))

    def some(values):
        return draw(st.lists(values, min_size=rows, max_size=rows))

    decimals = st.sampled_from([decimal.Decimal(text) for text in ("-1.50", "0.00", "0.25", "3.00")])
    return pa.table(
        {
            "whole": pa.array(some(WHOLE), pa.int64()),
            "gappy": pa.array(some(gaps(WHOLE)), pa.int32()),
            "wide": pa.array(some(WIDE), pa.int64()),
            "real": pa.array(some(gaps(REAL)), pa.float64()),
            "single": pa.array(some(gaps(st.sampled_from([-1.5, 0.0, 0.25, 2.0]))), pa.float32()),
            "decimal": pa.array(some(gaps(decimals)), pa.decimal128(9, 2)),
            "text": pa.array(some(gaps(TEXT)), pa.string()),
            "day": pa.array([None if m is None else m.date() for m in some(gaps(MOMENTS))], pa.date32()),
            "moment": pa.array(some(gaps(MOMENTS)), pa.timestamp("us")),
            "flag": pa.array(some(gaps(st.booleans())), pa.bool_()),
        }
    )


BOUND = {
    **dict.fromkeys(NUMBERS, st.one_of(WHOLE, st.sampled_from([-0.5, 0.15, 1.5]))),
    "wide": st.one_of(WHOLE, st.sampled_from([2**62, -(2**58)])),
    "text": TEXT,
    **dict.fromkeys(TIMES, st.sampled_from(["1999-06-01T00:00:00", "2000-01-01T00:00:00", "2000-03-01T12:30:00"])),
}
SETS = {
    **dict.fromkeys(
        NUMBERS, st.lists(st.one_of(WHOLE, st.sampled_from([0.25, 0.1, -2.5])), min_size=1, max_size=4, unique=True)
    ),
    "text": st.lists(TEXT, min_size=1, max_size=5, unique=True),
    "flag": st.lists(st.booleans(), min_size=1, max_size=2, unique=True),
}
MOSTLY = st.one_of(st.just({}), st.sampled_from([{"mostly": share} for share in (0.01, 0.5, 0.75, 1.0)]))
PATTERNS = st.sampled_from(["^a", "b$", "a.c", "[a-z]+", "^$", "ä|日", r"\d", r"\s", r"^\w+$", "(a)(b)?", "x{2,}", "."])
CONDITIONS = st.one_of(
    st.just({}),
    st.sampled_from(
        [
            {"row_condition": text, "condition_parser": "pandas"}
            for text in (
                "whole > 0",
                "gappy != 1",
                "not (gappy < 2)",
                'text == "a"',
                'text != "ab" and whole <= 2',
                "real >= 0.3 or gappy == 0",
                "whole in [1, 2]",
                "gappy not in [1]",
                "0 < whole < 3",
                "flag == True",
                'moment >= "2000-01-01"',
                "real.notnull()",
                "1 <= gappy",
            )
        ]
        + [
            {"row_condition": {"type": "comparison", "column": {"name": "gappy"}, "operator": ">=", "parameter": 1}},
            {
                "row_condition": {
                    "type": "comparison",
                    "column": {"name": "text"},
                    "operator": "IN",
                    "parameter": ["a", "ä"],
                }
            },
            {
                "row_condition": {
                    "type": "comparison",
                    "column": {"name": "whole"},
                    "operator": "NOT_IN",
                    "parameter": [0],
                }
            },
            {"row_condition": {"type": "nullity", "column": {"name": "real"}, "is_null": False}},
            {
                "row_condition": {
                    "type": "and",
                    "conditions": [
                        {"type": "nullity", "column": {"name": "text"}, "is_null": False},
                        {"type": "comparison", "column": {"name": "whole"}, "operator": "!=", "parameter": 1},
                    ],
                }
            },
        ]
    ),
)


@st.composite
def ranges(draw, bounds):
    low, high = draw(st.one_of(st.none(), bounds)), draw(st.one_of(st.none(), bounds))
    if low is None and high is None:
        low = draw(bounds)
    if low is not None and high is not None and low > high:
        low, high = high, low
    given_ = {key: value for key, value in (("min_value", low), ("max_value", high)) if value is not None}
    return {**given_, "strict_min": draw(st.booleans()), "strict_max": draw(st.booleans())}


def on(columns, make, *, rows=True):
    """Arguments for one of some columns; ``rows``: with a share that is enough."""
    return st.sampled_from(columns).flatmap(
        lambda name: st.tuples(make(name), MOSTLY if rows else st.just({}), CONDITIONS).map(
            lambda parts: {"column": name, **parts[0], **parts[1], **parts[2]}
        )
    )


def pairs(make):
    same = st.one_of(
        st.permutations(["whole", "gappy", "real", "single"]),
        st.permutations(["day", "moment"]),
        st.just(["text", "text"]),
    )
    rules = st.sampled_from(
        [{}, *({"ignore_row_if": rule} for rule in ("both_values_are_missing", "either_value_is_missing", "neither"))]
    )
    return st.tuples(same, rules, MOSTLY, CONDITIONS).flatmap(
        lambda parts: make(*parts[0][:2]).map(
            lambda more: {"column_A": parts[0][0], "column_B": parts[0][1], **parts[1], **parts[2], **parts[3], **more}
        )
    )


def several():
    lists = st.one_of(
        st.lists(st.sampled_from(["whole", "gappy", "single", "decimal"]), min_size=2, max_size=3, unique=True),
        st.just(["day", "moment"]),
    )
    rules = st.sampled_from(
        [{}, *({"ignore_row_if": rule} for rule in ("all_values_are_missing", "any_value_is_missing", "never"))]
    )
    return st.tuples(lists, rules, MOSTLY, CONDITIONS).map(
        lambda parts: {"column_list": parts[0], **parts[1], **parts[2], **parts[3]}
    )


def counts(most):
    return ranges(st.integers(0, most))


def nothing(_name):
    return st.just({})


CALM = ["whole", "gappy", "single", "decimal"]


@st.composite
def quantile_ranges(draw):
    shares = draw(st.lists(st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.75, 1.0]), min_size=1, max_size=3, unique=True))
    bounds = [draw(st.sampled_from([[None, 1], [0, None], [-1, 2], [0, 3], [1, 1]])) for _ in shares]
    return {"quantile_ranges": {"quantiles": shares, "value_ranges": bounds}}


TYPES = st.sampled_from(["int64", "int32", "float64", "float32", "str", "bool", "datetime64[ns]"])
LENGTHS = ranges(st.integers(0, 4))

BUILDERS = {
    "expect_column_values_to_not_be_null": on(COLUMNS, nothing),
    "expect_column_values_to_be_null": on(COLUMNS, nothing),
    "expect_column_values_to_be_between": on([*NUMBERS, *TIMES], lambda name: ranges(BOUND[name])),
    "expect_column_value_lengths_to_be_between": on(TEXTS, lambda _: LENGTHS),
    "expect_column_value_lengths_to_equal": on(TEXTS, lambda _: st.integers(0, 3).map(lambda n: {"value": n})),
    "expect_column_values_to_be_in_set": on(list(SETS), lambda name: SETS[name].map(lambda some: {"value_set": some})),
    "expect_column_values_to_not_be_in_set": on(list(SETS), lambda n: SETS[n].map(lambda some: {"value_set": some})),
    "expect_column_values_to_match_regex": on(TEXTS, lambda _: PATTERNS.map(lambda pattern: {"regex": pattern})),
    "expect_column_values_to_not_match_regex": on(TEXTS, lambda _: PATTERNS.map(lambda pattern: {"regex": pattern})),
    "expect_column_values_to_match_regex_list": on(
        TEXTS,
        lambda _: st.tuples(st.lists(PATTERNS, min_size=1, max_size=2), st.sampled_from(["any", "all"])).map(
            lambda parts: {"regex_list": parts[0], "match_on": parts[1]}
        ),
    ),
    "expect_column_values_to_not_match_regex_list": on(
        TEXTS, lambda _: st.lists(PATTERNS, min_size=1, max_size=2).map(lambda some: {"regex_list": some})
    ),
    "expect_column_values_to_be_unique": on(COLUMNS, nothing),
    "expect_compound_columns_to_be_unique": several(),
    "expect_column_values_to_be_increasing": on(
        [*CALM, *TIMES, "real"], lambda _: st.booleans().map(lambda s: {"strictly": s})
    ),
    "expect_column_values_to_be_decreasing": on(
        [*CALM, *TIMES, "real"], lambda _: st.booleans().map(lambda s: {"strictly": s})
    ),
    "expect_column_pair_values_to_be_equal": pairs(lambda *_: st.just({})),
    "expect_column_pair_values_a_to_be_greater_than_b": pairs(
        lambda *_: st.booleans().map(lambda equal: {"or_equal": equal})
    ),
    "expect_column_pair_values_to_be_in_set": st.tuples(
        st.lists(st.tuples(gaps(WHOLE), gaps(TEXT)).map(list), min_size=1, max_size=5), MOSTLY
    ).map(lambda parts: {"column_A": "gappy", "column_B": "text", "value_pairs_set": parts[0], **parts[1]}),
    "expect_multicolumn_sum_to_equal": st.tuples(
        st.lists(st.sampled_from(CALM), min_size=2, max_size=3, unique=True), st.integers(-2, 4), MOSTLY, CONDITIONS
    ).map(lambda parts: {"column_list": parts[0], "sum_total": parts[1], **parts[2], **parts[3]}),
    "expect_multicolumn_values_to_be_equal": several(),
    "expect_select_column_values_to_be_unique_within_record": several(),
    "expect_column_min_to_be_between": on([*NUMBERS, *TIMES], lambda name: ranges(BOUND[name]), rows=False),
    "expect_column_max_to_be_between": on([*NUMBERS, *TIMES], lambda name: ranges(BOUND[name]), rows=False),
    "expect_column_mean_to_be_between": on(
        [*CALM, "real"], lambda _: ranges(st.sampled_from([-1.3, 0.07, 0.9])), rows=False
    ),
    "expect_column_sum_to_be_between": on(
        [*CALM, "real"], lambda _: ranges(st.sampled_from([-1.3, 0.07, 2.9])), rows=False
    ),
    "expect_column_stdev_to_be_between": on(
        [*CALM, "real"], lambda _: ranges(st.sampled_from([0.01, 0.7, 1.9])), rows=False
    ),
    "expect_column_median_to_be_between": on([*CALM, "real"], lambda _: ranges(BOUND["whole"]), rows=False),
    "expect_column_quantile_values_to_be_between": on(CALM, lambda _: quantile_ranges(), rows=False),
    "expect_column_unique_value_count_to_be_between": on(COLUMNS, lambda _: counts(6), rows=False),
    "expect_column_proportion_of_unique_values_to_be_between": on(
        COLUMNS, lambda _: ranges(st.sampled_from([0.0, 0.3, 0.5, 1.0])), rows=False
    ),
    "expect_column_proportion_of_non_null_values_to_be_between": on(
        COLUMNS, lambda _: ranges(st.sampled_from([0.0, 0.3, 0.5, 1.0])), rows=False
    ),
    **{
        f"expect_column_distinct_values_to_{words}": on(
            [*CALM, "text"], lambda name: SETS[name].map(lambda some: {"value_set": some}), rows=False
        )
        for words in ("be_in_set", "contain_set", "equal_set")
    },
    "expect_column_most_common_value_to_be_in_set": on(
        ["whole", "gappy", "text"],
        lambda name: st.tuples(SETS[name], st.booleans()).map(
            lambda parts: {"value_set": parts[0], "ties_okay": parts[1]}
        ),
        rows=False,
    ),
    "expect_column_values_to_be_of_type": st.tuples(st.sampled_from(COLUMNS), TYPES).map(
        lambda parts: {"column": parts[0], "type_": parts[1]}
    ),
    "expect_column_values_to_be_in_type_list": st.tuples(
        st.sampled_from(COLUMNS),
        st.lists(TYPES.filter(lambda name: name != "str"), min_size=1, max_size=2, unique=True),
    ).map(lambda parts: {"column": parts[0], "type_list": parts[1]}),
    "expect_table_row_count_to_be_between": st.tuples(counts(9), CONDITIONS).map(
        lambda parts: {**parts[0], **parts[1]}
    ),
    "expect_table_row_count_to_equal": st.tuples(st.integers(0, 9), CONDITIONS).map(
        lambda parts: {"value": parts[0], **parts[1]}
    ),
    "expect_table_column_count_to_be_between": st.tuples(st.integers(8, 10), st.integers(10, 11)).map(
        lambda parts: {"min_value": parts[0], "max_value": parts[1]}
    ),
    "expect_table_column_count_to_equal": st.integers(9, 11).map(lambda count: {"value": count}),
    "expect_table_columns_to_match_ordered_list": st.sampled_from(
        [
            {"column_list": some}
            for some in (
                ["whole", "gappy", "wide", "real", "single", "decimal", "text", "day", "moment", "flag"],
                COLUMNS[::-1],
                ["whole"],
            )
        ]
    ),
    "expect_table_columns_to_match_set": st.tuples(
        st.sets(st.sampled_from([*COLUMNS, "new"])).map(sorted), st.booleans()
    ).map(lambda parts: {"column_set": parts[0], "exact_match": parts[1]}),
    "expect_column_to_exist": st.tuples(st.sampled_from([*COLUMNS, "new"]), st.sampled_from([None, 0, 1, 3, 20])).map(
        lambda parts: {"column": parts[0], "column_index": parts[1]}
    ),
}

WITHOUT_PANDAS = {
    f"expect_column_values_to_{words}"
    for words in (
        "match_like_pattern",
        "not_match_like_pattern",
        "match_like_pattern_list",
        "not_match_like_pattern_list",
    )
}
"""Great Expectations has these in SQL alone; on pandas there is nothing to compare with."""


def write_suite(folder, wanted):
    entries = {json.dumps(entry): entry for entry in wanted}
    path = folder / "suite.json"
    path.write_text(
        json.dumps(
            {
                "expectations": [
                    {"type": kind, "kwargs": kwargs, "meta": {"id": f"e{number}"}}
                    for number, (kind, kwargs) in enumerate(entries.values())
                ]
            }
        )
    )
    return load_suite(path)


def find_differences(ours, theirs):
    """Where two engines disagree, in words: in success, or in how many values are unexpected."""
    others = {found.expectation.id: found for found in theirs.findings}
    for found in ours.findings:
        other = others[found.expectation.id]
        counts = [item.evidence.get("unexpected") for item in (found, other)]
        if found.success != other.success or (None not in counts and counts[0] != counts[1]):
            yield f"{found.expectation.type} {found.expectation.kwargs}:\n  {found}\n  {other}"
