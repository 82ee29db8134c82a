"""How long `pavedroad validate` takes: 20 expectations on 10 columns, beside Great Expectations and beside plain SQL.

Whole processes, the same Parquet file, the same suite. Sizes are rows: `python benchmarks/validation.py 100000` runs
one of them; without arguments all do. `python benchmarks/validation.py 100000000` takes 100 million rows with 2 GB of
memory, less than the values of its columns need, where the disk has room; a first suite is timed along the way.

Held to bounds: at every size eight times as fast as Great Expectations; no more than 1.5 times the query by hand at a
million rows and 1.3 times at ten million; a third of Great Expectations' memory there; the memory that the settings
give at a hundred million; and time linear in rows. The last is judged by processor time, which other work on the
machine moves least, less that of the same command on a table of :data:`TINY` rows, timed in the same turns: what is
left is the work on the rows, and ten times the rows may take :data:`TENFOLD` times as much of it. Of less than
:data:`NOISE` seconds of such work, so much is taken.
"""

import json
import shutil
import statistics
import sys
import tempfile
from pathlib import Path

from _timing import Command, Figures, find_busy_ratio, find_ratio, judge, leave, time_in_turn

HERE = Path(__file__).parent
HUGE = 100_000_000
ROOM_FOR_HUGE = 40 * 1024**3
MOST_HUGE_MB = 2_500
"""The 2 GB of the setting, and half a GB for the process around DuckDB."""
TINY = 1_000
TENFOLD = 12
"""Times the processor time for ten times the rows: linear, and a fifth on top."""
NOISE = 0.05
"""Processor seconds by which runs of one command differ; a smaller difference between two commands says nothing."""
TENFOLD_HUGE = 20
"""The same where the memory is small, and what does not fit is read again."""

MAKE = """
import sys, duckdb
rows, path = int(sys.argv[1]), sys.argv[2]
duckdb.connect().execute(f'''COPY (SELECT i AS id, 'user' || (hash(i) % {max(1, rows // 2)})::VARCHAR AS name,
  (hash(i + 1) % 80)::BIGINT AS age, (hash(i + 2) % 1000000) / 100.0 AS price,
  ['red', 'green', 'blue', 'black'][1 + (hash(i + 3) % 4)::INT] AS colour, hash(i + 4) % 2 = 0 AS active,
  TIMESTAMP '2020-01-01' + INTERVAL (i % 1000000) MINUTE AS at,
  CASE WHEN hash(i + 5) % 50 = 0 THEN NULL ELSE (hash(i + 5) % 100000) / 1000.0 END::DOUBLE AS score,
  sqrt((hash(i + 6) % 1000000) / 1e6)::DOUBLE AS ratio, printf('%05d', (hash(i + 7) % 100000)::INT) AS zip
  FROM range({rows}) t(i)) TO '{path}' (FORMAT parquet)''')
"""

NAMES = ["id", "name", "age", "price", "colour", "active", "at", "score", "ratio", "zip"]
PLAN = [
    *(("expect_column_values_to_not_be_null", {"column": name}) for name in ("id", "name", "age", "at")),
    ("expect_column_values_to_not_be_null", {"column": "score", "mostly": 0.9}),
    ("expect_column_values_to_be_unique", {"column": "id"}),
    ("expect_column_values_to_be_between", {"column": "age", "min_value": 0, "max_value": 120}),
    ("expect_column_values_to_be_between", {"column": "price", "min_value": 0, "max_value": 10000}),
    ("expect_column_values_to_be_between", {"column": "score", "min_value": 0, "max_value": 100, "mostly": 0.99}),
    ("expect_column_values_to_be_in_set", {"column": "colour", "value_set": ["red", "green", "blue", "black"]}),
    ("expect_column_values_to_match_regex", {"column": "zip", "regex": "^[0-9]{5}$"}),
    ("expect_column_value_lengths_to_be_between", {"column": "name", "min_value": 5, "max_value": 16}),
    ("expect_column_mean_to_be_between", {"column": "price", "min_value": 4000, "max_value": 6000}),
    ("expect_column_stdev_to_be_between", {"column": "ratio", "min_value": 0.1, "max_value": 0.4}),
    ("expect_column_median_to_be_between", {"column": "price", "min_value": 4000, "max_value": 6000}),
    (
        "expect_column_quantile_values_to_be_between",
        {
            "column": "score",
            "quantile_ranges": {"quantiles": [0.05, 0.5, 0.95], "value_ranges": [[0, 10], [40, 60], [90, 100]]},
        },
    ),
    ("expect_column_min_to_be_between", {"column": "ratio", "min_value": 0, "max_value": 0.5}),
    ("expect_column_max_to_be_between", {"column": "ratio", "min_value": 0.5, "max_value": 1}),
    (
        "expect_column_distinct_values_to_be_in_set",
        {"column": "colour", "value_set": ["red", "green", "blue", "black"]},
    ),
    ("expect_table_columns_to_match_set", {"column_set": NAMES}),
]
assert len(PLAN) == 20

BY_HAND = """
import sys, duckdb
row = duckdb.connect().execute('''SELECT count(*), count(id), count(name), count(age), count("at"), count(score),
  count(DISTINCT id), count(*) FILTER (WHERE NOT age BETWEEN 0 AND 120),
  count(*) FILTER (WHERE NOT price BETWEEN 0 AND 10000), count(*) FILTER (WHERE NOT score BETWEEN 0 AND 100),
  count(*) FILTER (WHERE NOT colour IN ('red', 'green', 'blue', 'black')),
  count(*) FILTER (WHERE NOT regexp_matches(zip, '^[0-9]{5}$')),
  count(*) FILTER (WHERE NOT length(name) BETWEEN 5 AND 16), avg(price), stddev_samp(ratio), median(price),
  quantile_cont(score, [0.05, 0.5, 0.95]), min(ratio), max(ratio), count(DISTINCT colour) FROM read_parquet($path)''',
  {"path": sys.argv[1]}).fetchone()
assert row[0] == row[1] == row[6] and not any(row[7:13]) and row[19] == 4, row
"""

DIRECTLY = """
import json, os, sys
os.environ["GX_ANALYTICS_ENABLED"] = "false"
import pandas as pd, great_expectations as gx
context = gx.get_context(mode="ephemeral")
asset = context.data_sources.add_pandas("p").add_dataframe_asset("a")
batch = asset.add_batch_definition_whole_dataframe("b").get_batch({"dataframe": pd.read_parquet(sys.argv[1])})
suite = gx.ExpectationSuite(name="s", expectations=json.load(open(sys.argv[2]))["expectations"])
assert batch.validate(suite).success
"""


def make_repo(folder: Path, memory: str = "") -> Path:
    """A repo with nothing but data, a suite and settings."""
    folder.mkdir(parents=True)
    entries = [{"type": kind, "kwargs": kwargs} for kind, kwargs in PLAN]
    (folder / "suite.json").write_text(json.dumps({"name": "s", "expectations": entries}))
    (folder / "pavedroad.toml").write_text(
        f"""[project]\nname = "bench"\nowner = "me"\n[objective]\nproblem = "regression"\ntarget = "price"
metric = "mean_absolute_error"\n[data]\ntrain = "data.parquet"\n[validation]\nengine = "duckdb"\nsuite = "suite.json"
memory_limit = "{memory}"\n[model]\nfeatures = "a:b"\ntrain = "a:c"\n"""
    )
    return folder


def compare(rows: int, folder: Path) -> list[bool]:
    """Measure one size; say what was held."""
    repo = make_repo(folder / str(rows))
    data, suite = str(repo / "data.parquet"), str(repo / "suite.json")
    time_in_turn(
        [Command(f"{rows:,} rows: made", [sys.executable, "-c", MAKE, str(rows), data], repo)], runs=1, warm_ups=0
    )
    road = Command(
        f"{rows:,} rows: pavedroad validate", [sys.executable, "-m", "pavedroad", "validate"], repo, {"GIT_DIR": "none"}
    )
    hand = Command(f"{rows:,} rows: one query by hand", [sys.executable, "-c", BY_HAND, data], repo)
    vendor = Command(f"{rows:,} rows: Great Expectations", [sys.executable, "-c", DIRECTLY, data, suite], repo)
    idle = Command("start: validate 1,000 rows", road.words, find_tiny(folder), road.env)
    runs = 5 if rows <= 1_000_000 else 3
    ours, plain, started = time_in_turn([road, hand, idle], runs=runs)
    theirs, again = time_in_turn(
        [vendor, road], runs=3 if rows <= 1_000_000 else 1, warm_ups=1 if rows <= 1_000_000 else 0
    )
    held = [judge(f"{rows:,} rows: ours as a share of Great Expectations' time", find_ratio(again, theirs), 1 / 8)]
    bound = {1_000_000: 1.5, 10_000_000: 1.3}.get(rows)
    ratio = find_ratio(ours, plain)
    busy = find_busy_ratio(ours, plain), find_busy_ratio(again, theirs)
    print(f"{rows:,} rows: ours against one query by hand: {ratio:.2f} ×")
    print(f"{rows:,} rows: by processor time {busy[0]:.2f} ×, and {busy[1]:.3f} of Great Expectations'")
    if bound:
        held.append(judge(f"{rows:,} rows: ours against one query by hand", ratio, bound, " ×"))
    if rows == 10_000_000:
        share = max(ours.peak_mb) / max(theirs.peak_mb)
        held.append(judge("10,000,000 rows: peak memory as a share of Great Expectations'", share, 1 / 3))
    remember(rows, ours, started)
    time_first_suite(rows, repo)
    (repo / "data.parquet").unlink()
    return held


def time_first_suite(rows: int, repo: Path) -> float:
    """How long `pavedroad suite init` takes; it must write the same suite again. Gives its peak memory in MB."""
    words = [sys.executable, "-m", "pavedroad", "suite", "init", "--out", "first.json"]
    name = f"{rows:,} rows: pavedroad suite init"
    (once,) = time_in_turn([Command(name, words, repo, {"GIT_DIR": "none"})], runs=1, warm_ups=0)
    written = (repo / "first.json").read_bytes()
    time_in_turn([Command(f"{name} again", words, repo, {"GIT_DIR": "none"})], runs=1, warm_ups=0)
    if (repo / "first.json").read_bytes() != written:
        sys.exit("A second first suite of the same table is another one.")
    return max(once.peak_mb)


def try_huge(folder: Path) -> list[bool]:
    """A hundred million rows with 2 GB: slower, and it gets there."""
    if shutil.disk_usage(folder).free < ROOM_FOR_HUGE:
        print(f"{HUGE:,} rows: left out, because less than {ROOM_FOR_HUGE // 1024**3} GB of the disk are free")
        return []
    repo = make_repo(folder / "huge", memory="2GB")
    data = str(repo / "data.parquet")
    time_in_turn(
        [Command(f"{HUGE:,} rows: made", [sys.executable, "-c", MAKE, str(HUGE), data], repo)], runs=1, warm_ups=0
    )
    words = [sys.executable, "-m", "pavedroad", "validate"]
    road = Command(f"{HUGE:,} rows, 2 GB: pavedroad validate", words, repo, {"GIT_DIR": "none"})
    idle = Command("start: validate 1,000 rows", words, find_tiny(folder), {"GIT_DIR": "none"})
    ours, started = time_in_turn([road, idle], runs=1, warm_ups=0)
    remember(HUGE, ours, started)
    first = time_first_suite(HUGE, repo)
    return [
        judge(f"{HUGE:,} rows: peak memory", max(ours.peak_mb), MOST_HUGE_MB, " MB"),
        judge(f"{HUGE:,} rows: peak memory of a first suite", first, MOST_HUGE_MB, " MB"),
    ]


def find_tiny(folder: Path) -> Path:
    """A repo whose table has next to no rows, made once: what validating it takes is the start of the command."""
    repo = folder / "tiny"
    if not repo.is_dir():
        make_repo(repo)
        made = [sys.executable, "-c", MAKE, str(TINY), str(repo / "data.parquet")]
        time_in_turn([Command(f"{TINY:,} rows: made", made, repo)], runs=1, warm_ups=0)
    return repo


def remember(rows: int, ours: Figures, started: Figures) -> None:
    """Keep the processor seconds that the rows took beyond the start of the command."""
    BUSY[rows] = statistics.median(ours.cpu_s) - statistics.median(started.cpu_s)
    print(f"{rows:,} rows: {BUSY[rows]:.3f} s busy with the rows, {BUSY[rows] / rows * 1e6:.3f} s a million")


def judge_growth() -> list[bool]:
    """Whether ten times the rows take no more than linear time, for each two sizes that were measured."""
    sizes = [rows for rows in sorted(BUSY) if rows * 10 in BUSY]
    if not sizes:
        print("Linear in rows: not judged, because no two sizes were asked for of which one is ten times the other")
    return [
        judge(
            f"{10 * rows:,} rows against {rows:,}: times the processor time for the rows",
            BUSY[10 * rows] / max(BUSY[rows], NOISE),
            TENFOLD_HUGE if 10 * rows == HUGE else TENFOLD,
            " ×",
        )
        for rows in sizes
    ]


BUSY: dict[int, float] = {}
"""Processor seconds for the rows, by their number."""
wanted = [int(word) for word in sys.argv[1:]] or [100_000, 1_000_000, 10_000_000, HUGE]
with tempfile.TemporaryDirectory(prefix="pavedroad-bench-") as name:
    held = [ok for rows in wanted if rows != HUGE for ok in compare(rows, Path(name))]
    if HUGE in wanted:
        held += try_huge(Path(name))
    held += judge_growth()
leave(*held)
