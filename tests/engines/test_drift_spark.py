"""Spark counts what DuckDB counts, on executors in processes of their own.

One process opens a Spark of one driver and two executors (``local-cluster``), which is as near to a cluster as one
machine gets: what executors need travels to them, and groups travel back. It counts all tables and leaves its counts.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from settings_text import write_settings

from pavedroad.foundation.data.source import find_source
from pavedroad.foundation.drift.reference import measure, read_reference, write_reference

pytestmark = pytest.mark.spark

ROWS = 30_000
CLUSTER = "local-cluster[2,1,1024]"
COUNT = """
import json, sys
from pathlib import Path
from pyspark.sql import SparkSession
from pavedroad.engines.spark.session import LOCAL
from pavedroad.errors import DataError
from pavedroad.foundation.engines import ENGINES
from pavedroad.foundation.data.source import find_source
from pavedroad.foundation.drift.reference import measure, read_reference, write_reference
from pavedroad.foundation.project import find_project
from pavedroad.stages.drift import drift
from pavedroad.stages.runner import run_stage
folder = Path(sys.argv[1])
settings = {**LOCAL, **json.loads(sys.argv[3])}
session = SparkSession.builder.config(map=settings).getOrCreate()
for name, like in json.loads(sys.argv[2]):
    kept = read_reference(folder / f"{like}.json") if like else None
    source = find_source(folder / f"{name}.parquet")
    found = measure(source, name, like=kept, relative_to="at", engine="spark")
    write_reference(folder / f"{name}.spark.json", found)
del ENGINES["sketch"]["duckdb"]  # so that nobody else can have counted
run_stage(find_project(folder), "drift", drift)
(folder / "torn.parquet").write_bytes((folder / "small.parquet").read_bytes()[:-500])
try:
    measure(find_source(folder / "torn.parquet"), "torn", engine="spark")
except DataError as error:
    said = str(error)
context = session.sparkContext
executors = context._jsc.sc().getExecutorMemoryStatus().size() - 1
(folder / "ran.json").write_text(json.dumps({"master": context.master, "executors": executors, "said": said}))
"""
SETTINGS = {
    "spark.master": CLUSTER,
    "spark.executor.memory": "512m",
    "spark.scheduler.minRegisteredResourcesRatio": "1.0",
    "spark.scheduler.maxRegisteredResourcesWaitingTime": "120s",
    "spark.sql.shuffle.partitions": "2",
    # So small tables are counted sooner than code for them is compiled.
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
}
CONFIG = write_settings(
    data='train = "before.parquet"\ntime = "at"\ncurrent = "small.parquet"',
    drift='counted_by = "spark"',
)


def make_table(rng, rows, moved=0.0):
    """Columns of every sort that is counted in another way."""
    at = np.datetime64("2020-01-01", "us") + rng.integers(0, 10**15, rows)
    later = at + rng.integers(0, 10**12, rows)
    return pa.table(
        {
            "normal": rng.normal(moved, 1, rows),
            "heavy": rng.standard_t(1, rows) * 1e6,
            "mostly zero": np.where(rng.uniform(size=rows) < 0.8, 0.0, rng.exponential(size=rows)),
            "crowded": np.where(rng.uniform(size=rows) < 0.5, rng.normal(0, 1e-9, rows), rng.normal(0, 1e9, rows)),
            "strange": pa.array(
                [[None, np.nan, np.inf, -np.inf, 1.7e308, -1.7e308, -0.0][n] if n < 7 else float(x)
                 for n, x in enumerate(rng.normal(size=rows))],
                pa.float64(),
            ),
            "few": rng.integers(0, 50, rows),
            "whole": rng.integers(-(2**62), 2**62, rows),
            "single": pa.array(rng.normal(size=rows).astype("float32")),
            "word": pa.array(rng.choice(["a", "b", "é", "", None], rows)),
            "id": pa.array([f"№{n}" for n in rng.integers(0, 10**6, rows)]),
            "flag": pa.array([bool(n % 3) for n in range(rows)]),
            "`x`.y": rng.normal(size=rows),
            "sold": rng.normal(size=rows),
            "at": pa.array(at, pa.timestamp("us")),
            "zoned": pa.array(later, pa.timestamp("us", "America/New_York")),
            "day": pa.array(later.astype("datetime64[D]"), pa.date32()),
            "old": pa.array(at - np.timedelta64(365 * 300, "D"), pa.timestamp("us")),
        }
    )  # fmt: skip


TABLES = [("before", ""), ("moved", "before"), ("small", "")]


@pytest.fixture(scope="module")
def counted(tmp_path_factory):
    """A folder of tables, each counted by DuckDB (``<name>.json``) and by Spark (``<name>.spark.json``)."""
    import pyspark

    folder = tmp_path_factory.mktemp("counted")
    rng = np.random.default_rng(5)
    made = {"before": (ROWS, 0.0), "moved": (ROWS - 5000, 1.0), "small": (700, 0.0)}
    for name, like in TABLES:
        pq.write_table(make_table(rng, *made[name]), folder / f"{name}.parquet")
        kept = read_reference(folder / f"{like}.json") if like else None
        found = measure(find_source(folder / f"{name}.parquet"), name, like=kept, relative_to="at")
        write_reference(folder / f"{name}.json", found)
    (folder / "pavedroad.toml").write_text(CONFIG)
    (folder / "model").mkdir()
    (folder / "model" / "reference.json").write_bytes((folder / "before.json").read_bytes())
    ran = subprocess.run(
        [sys.executable, "-c", COUNT, str(folder), json.dumps(TABLES), json.dumps(SETTINGS)],
        cwd=folder,
        env={**os.environ, "SPARK_HOME": str(Path(pyspark.__file__).parent), "GIT_DIR": "none"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return folder


def test_the_counting_was_done_by_two_executors_apart_from_the_driver(counted):
    ran = json.loads((counted / "ran.json").read_text())
    assert (ran["master"], ran["executors"]) == (CLUSTER, 2)


def test_a_torn_file_is_the_datas_fault_and_no_crash(counted):
    assert "torn.parquet" in json.loads((counted / "ran.json").read_text())["said"]


@pytest.mark.parametrize("name", ["moved", "small"])
def test_spark_counts_what_duckdb_counts(counted, name):
    ours, theirs = (read_reference(counted / f"{name}{which}.json") for which in ("", ".spark"))
    assert (ours.rows, [c.name for c in ours.columns]) == (theirs.rows, [c.name for c in theirs.columns])
    for mine, other in zip(ours.columns, theirs.columns, strict=True):
        for part in ("kind", "rows", "nulls", "infinite", "zoned", "relative_to", "low", "high", "values", "counts",
                     "grid", "categories", "distinct", "buckets"):  # fmt: skip
            assert getattr(mine, part) == getattr(other, part), (mine.name, part)
        assert list(mine.categories) == list(other.categories)
        if mine.mean is not None and mine.name != "strange":  # whose greatest values sum up to more than a float holds
            assert other.mean == pytest.approx(mine.mean, rel=1e-6, abs=1e-6 * mine.std)
            assert other.std == pytest.approx(mine.std, rel=1e-2)


def test_a_reference_of_sparks_own_keeps_every_row_in_cells_of_its_own_choice(counted):
    ours, theirs = (read_reference(counted / f"before{which}.json") for which in ("", ".spark"))
    for mine, other in zip(ours.columns, theirs.columns, strict=True):
        assert (mine.size, mine.nulls, mine.infinite) == (other.size, other.nulls, other.infinite)
        assert (mine.values, mine.categories, mine.buckets) == (other.values, other.categories, other.buckets)
        assert (mine.grid is None) == (other.grid is None)
        if other.grid is not None:
            assert max(other.counts[: other.grid.cells]) < 0.03 * ROWS


def test_the_stage_lets_spark_count_where_the_config_says_so(counted):
    report = json.loads((counted / "reports" / "drift.json").read_text())
    found = {check["id"]: check["outcome"] for check in report["checks"]}
    assert (found["drift.normal"], found["drift.few"], found["drift.zoned"]) == ("pass", "pass", "pass")
