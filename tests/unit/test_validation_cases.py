"""Bad input, case by case: what validation must come to, by DuckDB and by Great Expectations alike.

``fail`` is a verdict on the data, ``error`` says that there can be none; ``pass`` is never an accident, and no case may
end in a crash of ours.
"""

import json
import os
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from pavedroad.engines import arrow
from pavedroad.errors import ConfigError
from pavedroad.foundation.project import find_project
from pavedroad.report import Outcome
from pavedroad.stages.runner import run_stage
from pavedroad.stages.validate import RECEIPT, validate

ROWS = 60
GOOD = pd.DataFrame(
    {
        "id": np.arange(ROWS),
        "at": pd.date_range("2020-01-01", periods=ROWS),
        "sold": np.arange(ROWS) / 2,
        "shop": ["north", "south"] * (ROWS // 2),
    }
)
SUITE = [
    {"type": "expect_column_values_to_be_unique", "kwargs": {"column": "id"}},
    {"type": "expect_column_values_to_be_between", "kwargs": {"column": "sold", "min_value": 0, "max_value": 1000}},
    {"type": "expect_column_values_to_be_in_set", "kwargs": {"column": "shop", "value_set": ["north", "south"]}},
    {"type": "expect_column_values_to_be_of_type", "kwargs": {"column": "sold", "type_": "float64"}},
    {"type": "expect_column_values_to_be_between", "kwargs": {"column": "at", "min_value": "2020-01-01"}},
    {"type": "expect_table_columns_to_match_set", "kwargs": {"column_set": list(GOOD)}},
    {"type": "expect_column_unique_value_count_to_be_between", "kwargs": {"column": "shop", "min_value": 2}},
]
CONFIG = """
[project]
name = "p"
owner = "me"
[objective]
problem = "regression"
target = "sold"
metric = "mean_absolute_error"
[data]
train = "{path}"
keys = ["id"]
[validation]
engine = "{engine}"
suite = "suite.json"
[model]
features = "a:b"
train = "a:c"
"""


def changed(**columns):
    """The good table with some columns replaced, or left out where they are None."""
    table = GOOD.assign(**{name: values for name, values in columns.items() if values is not None})
    return table.drop(columns=[name for name, values in columns.items() if values is None])


def with_cell(name, value):
    return GOOD[name].astype("object").where(GOOD.index != 7, value)


WIDE = pd.concat([GOOD, pd.DataFrame(np.zeros((ROWS, 5000)), columns=[f"w{number}" for number in range(5000)])], axis=1)
TABLES = {
    "as it should be": (GOOD, Outcome.PASS, ""),
    "no rows": (GOOD.head(0), Outcome.FAIL, "guard.rows"),
    "one row": (GOOD.head(1), Outcome.FAIL, "guard.rows"),
    "a column that is empty in every row": (changed(sold=np.nan), Outcome.FAIL, "guard.values"),
    "a column of which 99 % are missing": (
        pd.concat([changed(sold=np.nan)] * 10, ignore_index=True).assign(id=range(600), sold=[1.0] * 6 + [None] * 594),
        Outcome.FAIL,
        "guard.values",
    ),
    "infinity": (changed(sold=GOOD["sold"].where(GOOD.index != 3, np.inf)), Outcome.FAIL, "guard.finite"),
    "a column that is missing": (changed(shop=None), Outcome.FAIL, "guard.columns"),
    "a column with another name": (GOOD.rename(columns={"shop": "store"}), Outcome.FAIL, "guard.columns"),
    "a column with another case": (GOOD.rename(columns={"shop": "Shop"}), Outcome.FAIL, "guard.columns"),
    "a column more": (GOOD.assign(new=1), Outcome.FAIL, "columns_to_match_set"),
    "times in another zone": (
        changed(at=GOOD["at"].dt.tz_localize("Asia/Tokyo")),
        Outcome.ERROR,
        "at.values_to_be_between",
    ),
    "numbers as text": (changed(sold=GOOD["sold"].astype(str) + " pcs"), Outcome.ERROR, "of_type"),
    "numbers as text, told by their kind": (
        changed(sold=GOOD["sold"].astype(str) + " pcs"),
        Outcome.ERROR,
        "guard.kinds",
    ),
    "times as text": (changed(at=GOOD["at"].dt.strftime("%d.%m.%Y")), Outcome.ERROR, "guard.kinds"),
    "whole numbers for floats": (changed(sold=np.arange(ROWS)), Outcome.FAIL, "of_type"),
    "a constant": (changed(shop="north"), Outcome.FAIL, "unique_value_count"),
    "a category nobody knows": (changed(shop=with_cell("shop", "west").astype(str)), Outcome.FAIL, "in_set"),
    "an id twice": (changed(id=GOOD["id"].where(GOOD.index != 5, 4)), Outcome.FAIL, "id.values_to_be_unique"),
    "5,000 columns more": (WIDE, Outcome.FAIL, "columns_to_match_set"),
}
CSV = "id,at,sold,shop\n" + "".join(
    f"{n},2020-01-01 00:00:00,{n}.5,{'north' if n % 2 else 'south'}\n" for n in range(ROWS)
)
FILES = {
    "0 bytes": ("t.csv", b"", Outcome.ERROR, "0 bytes"),
    "a header only": ("t.csv", b"id,at,sold,shop\n", Outcome.FAIL, "guard.rows"),
    "a good CSV": ("t.csv", CSV.encode(), Outcome.PASS, ""),
    "line ends inside quotes": (
        "t.csv",
        (CSV + '60,2020-01-01 00:00:00,1.5,"no\nrth"\n').encode(),
        Outcome.FAIL,
        "in_set",
    ),
    "a row cut in its middle": ("t.csv", CSV.encode()[:-20], Outcome.ERROR, "Expected 4 columns"),
    "a row cut in its last cell": ("t.csv", CSV.encode()[:-2], Outcome.FAIL, "guard.ends"),
    "a row cut before its line end": ("t.csv", CSV.encode()[:-1], Outcome.WARN, "guard.ends"),
    "a ragged row": ("t.csv", (CSV + "1,2,3,4,5\n").encode(), Outcome.ERROR, "Expected 4 columns"),
    "mixed encodings": ("t.csv", (CSV + "60,2020-01-01 00:00:00,1.5,nörd\n").encode("latin-1"), Outcome.ERROR, "UTF-8"),
    "one line of 64 MB": ("t.csv", b"id,at,sold,shop" * 4_500_000, Outcome.ERROR, ""),
    "text that calls itself Parquet": ("t.parquet", CSV.encode(), Outcome.ERROR, "damaged"),
}


ON_SPARK = {"times in another zone": Outcome.PASS}  # it compares them with a bound, as UTC


@pytest.fixture(params=["duckdb", "auto", "gx", pytest.param("gx-spark", marks=pytest.mark.spark)])
def judged(request, tmp_path):
    """Validate a file of this test's folder; give the outcome and all that the report says."""

    def judge(path, suite=None):
        (tmp_path / "pavedroad.toml").write_text(CONFIG.format(path=path, engine=request.param))
        written = json.dumps({"expectations": SUITE}) if suite is None else suite
        if request.param == "gx-spark":
            written = written.replace('"float64"', '"DoubleType"')  # each engine names types its own way
        (tmp_path / "suite.json").write_text(written)
        project = find_project(tmp_path)
        report = run_stage(project, "validate", validate)
        assert not any(check.id.endswith(".crash") for check in report.checks), report.summary
        passed = report.outcome in {Outcome.PASS, Outcome.WARN}
        assert (project.reports / RECEIPT).exists() == passed
        bad = [f"{check.id} {check.reason}" for check in report.checks if check.outcome is not Outcome.PASS]
        return report.outcome, "\n".join(bad)

    def judge_strictly(path, suite):
        """As ``judge``, for which DuckDB asked alone and not knowing a type counts as a refusal."""
        outcome, reasons = judge(path, suite)
        if request.param == "duckdb" and outcome is Outcome.ERROR:
            raise ConfigError(reasons)

    judge.strictly = judge_strictly
    judge.folder = tmp_path
    judge.engine = request.param
    return judge


@pytest.mark.parametrize("name", TABLES)
def test_a_table(judged, name):
    table, outcome, why = TABLES[name]
    if judged.engine == "gx-spark" and name in ON_SPARK:
        outcome, why = ON_SPARK[name], ""
    arrow.write(table, judged.folder / "t.parquet")
    found, reasons = judged("t.parquet")
    # Asked alone, DuckDB says of what only the other engine can tell that it could not judge it.
    assert found is outcome or (judged.engine == "duckdb" and found is Outcome.ERROR and "auto" in reasons)
    assert why in reasons


@pytest.mark.parametrize("name", FILES)
def test_a_file(judged, name):
    path, content, outcome, why = FILES[name]
    (judged.folder / path).write_bytes(content)
    found, reasons = judged(path)
    assert found is outcome, reasons
    assert why in reasons


def test_a_folder_without_data_is_an_error(judged):
    (judged.folder / "t.parquet").mkdir()
    found, reasons = judged("t.parquet")
    assert found is Outcome.ERROR
    assert "folder" in reasons


def test_a_flipped_bit_is_an_error_that_names_the_file(judged):
    path = judged.folder / "t.parquet"
    arrow.write(GOOD, path)
    content = bytearray(path.read_bytes())
    for at in (60, len(content) // 3):
        path.write_bytes(bytes(content[:at]) + bytes([content[at] ^ 4]) + bytes(content[at + 1 :]))
        found, reasons = judged("t.parquet")
        assert found is Outcome.ERROR
        assert "damaged" in reasons


@pytest.mark.parametrize("kept", [0.2, 0.5, 0.99])
def test_a_truncated_parquet_file_is_an_error(judged, kept):
    path = judged.folder / "t.parquet"
    arrow.write(GOOD, path)
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * kept)])
    assert judged("t.parquet")[0] is Outcome.ERROR


@pytest.mark.parametrize(
    ("suite", "why"),
    [
        ("{", "not strict JSON"),
        ("", "not strict JSON"),
        ("[]", "JSON object"),
        ('{"expectations": []}', "no expectation"),
        ('{"expectations": [{"type": "expect_column_values_to_be_nice", "kwargs": {"column": "id"}}]}', "does not"),
        ('{"a": ' * 5000 + "1" + "}" * 5000, "not strict JSON"),
        ("&a [*a, *a]", "not strict JSON"),
    ],
    ids=["cut", "empty", "a list", "no expectation", "unknown", "5,000 deep", "YAML"],
)
def test_a_suite_that_is_none_is_a_configuration_error(judged, suite, why):
    arrow.write(GOOD, judged.folder / "t.parquet")
    with pytest.raises(ConfigError, match=why if judged.engine != "duckdb" else "."):
        judged.strictly("t.parquet", suite)


@pytest.mark.slow
def test_10000_expectations_are_judged(tmp_path):
    arrow.write(GOOD, tmp_path / "t.parquet")
    many = [
        {"type": "expect_column_values_to_be_between", "kwargs": {"column": "sold", "max_value": 1000 + number}}
        for number in range(9_999)
    ]
    broken = {"type": "expect_column_values_to_be_between", "kwargs": {"column": "sold", "max_value": 20}}
    (tmp_path / "suite.json").write_text(json.dumps({"expectations": [*many, broken]}))
    (tmp_path / "pavedroad.toml").write_text(CONFIG.format(path="t.parquet", engine="auto"))
    report = run_stage(find_project(tmp_path), "validate", validate)
    failed = [check for check in report.checks if check.outcome is Outcome.FAIL]
    assert len(report.checks) > 10_000
    assert [check.evidence["unexpected"] for check in failed] == [19]


def test_a_file_that_may_not_be_read_is_an_error(tmp_path):
    """As another user where the tests run as root, whom no permission stops."""
    arrow.write(GOOD, tmp_path / "t.parquet")
    (tmp_path / "t.parquet").chmod(0)
    program = """
import os, sys
from pathlib import Path
from pavedroad.foundation.source import find_source
from pavedroad.errors import DataError
import pavedroad.engines.duckdb
os.chdir(sys.argv[1])
if os.getuid() == 0:
    os.setuid(65534)
try:
    find_source(Path("t.parquet"))
except DataError as error:
    print(error)
"""
    for folder in [tmp_path, *tmp_path.parents]:
        if folder.stat().st_uid == os.getuid() and folder != folder.parent:
            folder.chmod(folder.stat().st_mode | 0o055)
        if folder.name.startswith("pytest-of"):
            break
    done = subprocess.run([sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, check=False)
    assert "Permission denied" in done.stdout, done.stderr
