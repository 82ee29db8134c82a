"""Values by their place in the order of a column: the same whether they fit into memory or not."""

import json

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pavedroad.engines.duckdb import quantiles as duckdb_quantiles
from pavedroad.engines.duckdb import validation as duckdb
from pavedroad.engines.duckdb.plan import Draft, Plan
from pavedroad.engines.duckdb.table import Table
from pavedroad.errors import DataError
from pavedroad.foundation.data.source import hold_table
from pavedroad.foundation.validation.judging import Limits, Question
from pavedroad.foundation.validation.suite import load_suite


def find(values, ranks):
    """The values at some places, by way of the plan."""
    rows = [value for value in values if value is not None and not (isinstance(value, float) and np.isnan(value))]
    wide = pa.uint64() if isinstance(rows[0], int) and max(rows) >= 2**63 else None
    with Table(hold_table(pa.table({"a": pa.array(values, wide)})), Limits()) as table:
        plan = Plan(table, 10)
        plan.ordered = 1

        def ask():
            found = yield from duckdb_quantiles.find_ranks(plan, table.columns["a"], ranks(len(rows)), len(rows), "")
            return Draft(success=True, observed=found)

        return plan.run({"x": ask()})["x"].observed, sorted(rows)


@pytest.fixture
def no_room(monkeypatch):
    monkeypatch.setattr(duckdb_quantiles, "HELD", 0)


RANDOM = np.random.default_rng(0)
COLUMNS = {
    "random": RANDOM.normal(size=100_000),
    "in order": np.arange(100_000),
    "in reverse order": np.arange(100_000)[::-1],
    "mostly one value": np.where(RANDOM.random(100_000) < 0.7, 0.0, RANDOM.normal(size=100_000)),
    "one value": np.full(100_000, 3),
    "heavy tails": RANDOM.standard_cauchy(100_000) ** 3,
    "infinities": np.where(RANDOM.random(100_000) < 0.3, np.inf, RANDOM.normal(size=100_000)),
    "the widest whole numbers": RANDOM.integers(2**64 - 1000, 2**64 - 1, 100_000, dtype="uint64", endpoint=True),
    "one row": np.array([7]),
    "gaps": [None if n % 3 else float(n) for n in range(9000)],
}


@pytest.mark.parametrize("name", COLUMNS)
def test_values_are_exact_without_room_for_all_of_them(no_room, name):
    def ranks(rows):
        return [rows - 1, 0, rows // 2, round(0.05 * (rows - 1)), round(0.999 * (rows - 1)), rows // 2]

    values = COLUMNS[name]
    found, ordered = find(values.tolist() if isinstance(values, np.ndarray) else values, ranks)
    assert found == [ordered[rank] for rank in ranks(len(ordered))]


@given(
    values=st.lists(st.none() | st.floats(allow_nan=False) | st.sampled_from([0.0, 1.0, -1.0]), min_size=1).filter(
        lambda values: any(value is not None for value in values)
    ),
    data=st.data(),
)
@settings(max_examples=60, deadline=None)
def test_any_place_of_any_column_is_exact(values, data):
    rows = sum(value is not None for value in values)
    ranks = data.draw(st.lists(st.integers(0, rows - 1), min_size=1, max_size=5))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(duckdb_quantiles, "HELD", 0)
        found, ordered = find(pa.array(values, pa.float64()).to_pylist(), lambda _: ranks)
    assert found == [ordered[rank] for rank in ranks]


@pytest.fixture
def judge(tmp_path):
    def make(table, wanted, **limits):
        entries = [{"type": f"expect_column_{kind}_to_be_between", "kwargs": kwargs} for kind, kwargs in wanted]
        (tmp_path / "s.json").write_text(json.dumps({"expectations": entries}))
        found = duckdb.judge(Question(hold_table(table), load_suite(tmp_path / "s.json"), limits=Limits(**limits)))
        return [(item.success, item.observed) for item in found.findings]

    return make


TABLE = pa.table({"a": RANDOM.normal(size=5000), "b": RANDOM.integers(0, 9, 5000), "c": ["x", "y"] * 2500})
WANTED = [
    ("median", {"column": "a", "min_value": -1, "max_value": 1}),
    ("median", {"column": "b", "min_value": 100}),
    ("median", {"column": "a", "max_value": 1, "row_condition": 'c == "x"', "condition_parser": "pandas"}),
    (
        "quantile_values",
        {"column": "b", "quantile_ranges": {"quantiles": [0, 0.5, 1], "value_ranges": [[0, 0], [3, 5], [8, 8]]}},
    ),
]


def test_the_verdict_and_what_is_observed_are_the_same_either_way(judge, monkeypatch):
    roomy = judge(TABLE, WANTED)
    monkeypatch.setattr(duckdb_quantiles, "HELD", 0)
    assert judge(TABLE, WANTED) == roomy
    assert [success for success, _ in roomy] == [True, False, True, True]


def test_the_memory_given_decides_the_way_and_columns_share_it(monkeypatch):
    sampled = []
    kept = duckdb_quantiles._sample_bounds
    monkeypatch.setattr(
        duckdb_quantiles, "_sample_bounds", lambda *given: sampled.append(given[2]) or (yield from kept(*given))
    )
    find(list(range(1000)), lambda rows: [rows // 2])
    assert sampled == []
    monkeypatch.setattr(duckdb_quantiles, "HELD", 1e-9)
    find(list(range(1000)), lambda rows: [rows // 2])
    assert sampled == [1000]


@pytest.mark.slow
def test_columns_that_do_not_fit_into_memory_are_judged(tmp_path, judge):
    """The twin: the aggregate that holds all values fails with the same memory."""
    rows = 4_000_000
    table = pa.table({f"c{number}": RANDOM.normal(size=rows) for number in range(3)})
    wanted = [("median", {"column": name, "min_value": -1, "max_value": 1}) for name in table.column_names]
    assert all(success for success, _ in judge(table, wanted, memory="100MB", threads=2))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(duckdb_quantiles, "HELD", 1e9)
        with pytest.raises(DataError, match="memory given was not enough"):
            judge(table, wanted, memory="100MB", threads=2)
