"""The drift stage over bad input: it never passes in silence, and never crashes."""

import numpy as np
import pandas as pd
import pytest
from drift_repo import make_table, outcomes

from pavedroad.report import Outcome
from pavedroad.stages.drift import drift
from pavedroad.stages.runner import run_stage


def many_columns(rows):
    rng = np.random.default_rng(rows)
    table = pd.DataFrame(rng.normal(size=(rows, 300)), columns=[f"x{number}" for number in range(300)])
    return table.assign(sold=rng.normal(size=rows))


def swap(**columns):
    return make_table(seed=1).assign(**columns)


BAD = {
    "no rows": (make_table(), make_table().head(0), {"rows": "skipped"}),
    "one row": (make_table(), make_table().head(1), {"rows": "skipped"}),
    "all empty": (make_table(), swap(temp=np.nan), {"temp.empty-cells": "fail", "temp": "skipped"}),
    "a flood of gaps": (
        make_table(),
        swap(temp=np.where(np.arange(400) % 2, np.nan, 15 + 5 * np.sin(np.arange(400)))),
        {"temp.empty-cells": "fail"},
    ),
    "a column that vanished": (make_table(), make_table(seed=1).drop(columns="temp"), {"temp": "fail"}),
    "another type": (make_table(), swap(temp="warm"), {"temp": "fail"}),
    "a number as text": (make_table(), swap(temp=lambda t: t["temp"].astype(str)), {"temp": "fail"}),
    "a time zone": (
        make_table().rename(columns={"day": "at"}),
        swap(day=lambda t: t["day"].dt.tz_localize("UTC")).rename(columns={"day": "at"}),
        {"at": "fail"},
    ),
    "infinity": (
        make_table(),
        swap(temp=lambda t: t["temp"].where(t.index > 2, np.inf)),
        {"temp.infinite-values": "fail"},
    ),
    "a constant": (make_table(), swap(temp=15.0), {"temp": "fail"}),
    "a constant that moved": (make_table().assign(temp=1.0), swap(temp=2.0), {"temp": "fail"}),
    "new categories": (make_table(), swap(shop="west"), {"shop": "fail", "shop.unseen-categories": "fail"}),
    "every value a new category": (
        make_table().assign(shop=[f"a{n}" for n in range(400)]),
        swap(shop=[f"b{n}" for n in range(400)]),
        {"shop": "skipped", "shop.unseen-categories": "pass"},
    ),
    "one name in two cases": (
        make_table().assign(Temp=1.0),
        swap(Temp=1.0, temp=30.0),
        {"temp": "fail", "Temp": "pass"},
    ),
    "names that are code": (
        make_table().rename(columns={"temp": "\"; DROP TABLE t; --'"}),
        make_table(seed=1).rename(columns={"temp": "\"; DROP TABLE t; --'"}),
        {"\"; DROP TABLE t; --'": "pass"},
    ),
    "many columns": (many_columns(200), many_columns(100).assign(x7=5.0), {"x7": "fail", "x8": "pass"}),
    "not a table": (make_table(), b"nonsense", {"error": "error"}),
    "nothing at all": (make_table(), b"", {"error": "error"}),
}


@pytest.mark.parametrize(("train", "current", "expected"), BAD.values(), ids=BAD)
@pytest.mark.parametrize("kept", [True, False], ids=["against a profile", "against the rows"])
def test_bad_input_never_passes_in_silence_and_never_crashes(train, current, expected, kept, project):
    keys = 'keys = ["day"]' if "day" in train else ""
    report = run_stage(project(train, current, data=keys, profile=train if kept else None), "drift", drift)
    found = outcomes(report)
    assert {name: found.get(name) for name in expected} == expected
    assert not any(check.id.endswith(".crash") for check in report.checks)
    if set(expected.values()) == {"skipped"}:
        assert report.outcome is Outcome.SKIPPED


def test_two_columns_of_one_name_are_refused(project):
    import pyarrow as pa
    import pyarrow.parquet as pq

    made = project(make_table(), make_table(seed=1), profile=make_table())
    column = pa.array([1.0] * 50)
    pq.write_table(pa.table([column, column], names=["temp", "temp"]), made.root / "current.parquet")
    report = run_stage(made, "drift", drift)
    assert report.outcome is Outcome.ERROR
    assert "Two columns share the name 'temp'" in report.checks[0].reason


@pytest.mark.slow
def test_the_one_column_of_five_thousand_that_moved_is_found(project):
    rng = np.random.default_rng(0)

    def make(rows, moved=0.0):
        table = pd.DataFrame(rng.normal(size=(rows, 5000)), columns=[f"x{number}" for number in range(5000)])
        table["x432"] += moved
        return table.assign(sold=1.0)

    report = run_stage(project(make(2), make(80, moved=3.0), profile=make(100)), "drift", drift)
    assert {check.id for check in report.checks if check.outcome is Outcome.FAIL} == {"drift.x432"}
    assert len(report.checks) > 5000


@pytest.mark.slow
def test_a_flood_of_one_among_a_million_categories_is_found(project):
    def make(seed, same=0):
        rng = np.random.default_rng(seed)
        names = np.char.mod("%d", rng.integers(0, 10**9, 1_000_000))
        names[:same] = "one"
        return pd.DataFrame({"id": names, "sold": rng.normal(size=1_000_000)})

    calm = run_stage(project(make(1), make(2), profile=make(1)), "drift", drift)
    assert outcomes(calm)["id"] == "skipped"  # of names, counts can show nothing but this:
    flooded = run_stage(project(make(1), make(2, same=300_000), profile=make(1)), "drift", drift)
    assert outcomes(flooded)["id"] == "warn"  # the distance is 0.4, below fail_effect
