"""How long `pavedroad drift` takes: 8 columns beside Evidently's preset, and 20 columns beside one plain scan.

Whole processes on the same Parquet files. Ours is measured twice: as the road runs it, against the profile that
training keeps beside a model, which reads the current table alone; and counting both tables. The ratios that are held
to a bound are of processor time, which other work on the machine moves least; ours uses several cores, so by the wall
clock we are further ahead. At 10 million rows Evidently takes about nine minutes and 6 GB: it runs once there, and not
at all where less memory is free, which is said. `python benchmarks/drift.py 100000` runs one size.
"""

import json
import sys
import tempfile
from pathlib import Path

from _timing import Command, find_busy_ratio, find_ratio, judge, leave, time_in_turn

HERE = Path(__file__).parent
SIZES = {100_000: 10.0, 1_000_000: 30.0, 10_000_000: 80.0}
"""Rows a side, and how many times faster than Evidently we have to be."""
VENDOR_GB = 8.0
"""What has to be free for Evidently at 10 million rows."""
MOST_SCANS, MOST_MB = 2.5, 1000.0

MAKE = """
import sys, duckdb
rows, path, seed, columns = int(sys.argv[1]), sys.argv[2], float(sys.argv[3]), int(sys.argv[4])
bell = "sqrt(-2 * ln(random() + 1e-12)) * cos(6.283185307179586 * random())"
made = [f"{number + 1} * {bell} + {number * 10} AS n{number}" for number in range(columns - 4)]
made += [f"exp({bell}) AS price", "floor(random() * 80)::BIGINT AS age",
         "['red', 'green', 'blue', 'black'][1 + floor(random() * 4)::INT] AS colour",
         "'c' || floor(random() * 50)::INT AS shop"]
link = duckdb.connect()
link.execute("SET threads = 1")
link.execute("SELECT setseed($seed)", {"seed": seed}).fetchall()
link.execute(f"COPY (SELECT {', '.join(made)} FROM range({rows})) TO '{path}' (FORMAT parquet)").fetchall()
"""

PROFILE = """
import sys
from pathlib import Path
from pavedroad.foundation.drift.reference import measure, write_reference
from pavedroad.foundation.data.source import find_source
write_reference(Path(sys.argv[2]), measure(find_source(Path(sys.argv[1])), "training rows"))
"""

BOTH = """
import json, sys
from pathlib import Path
from pavedroad.config import default_settings
from pavedroad.foundation.drift.detection import find_drift
from pavedroad.foundation.drift.reference import measure
from pavedroad.foundation.data.source import find_source
from pavedroad.settings import Drift
before = measure(find_source(Path(sys.argv[1])), "before")
now = measure(find_source(Path(sys.argv[2])), "now", like=before)
found = find_drift(before, now, [c.name for c in before.columns], Drift(**default_settings()["drift"]))
print(json.dumps([[item.column, item.about, item.comparison.effect, item.drifted] for item in found]))
"""

SCAN = """
import sys, duckdb
link = duckdb.connect()
names = [row[0:2] for row in link.execute("DESCRIBE SELECT * FROM read_parquet($p)", {"p": sys.argv[1]}).fetchall()]
asks = [f'{what}("{name}")' for name, _ in names for what in ("min", "max")]
asks += [f'avg("{name}")' for name, kind in names if kind != "VARCHAR"]
link.execute(f"SELECT {', '.join(asks)} FROM read_parquet($p)", {"p": sys.argv[1]}).fetchall()
"""

DIRECTLY = """
import json, sys, warnings
warnings.simplefilter("ignore")
import pandas as pd
from evidently import DataDefinition, Dataset, Report
from evidently.presets import DataDriftPreset
sides = [pd.read_parquet(path) for path in sys.argv[1:3]]
words = ["colour", "shop"]
definition = DataDefinition(numerical_columns=[n for n in sides[0] if n not in words], categorical_columns=words)
before, now = (Dataset.from_pandas(side, data_definition=definition) for side in sides)
json.dumps(Report([DataDriftPreset()]).run(now, before).dict(), default=str)
"""


def make_repo(folder: Path, rows: int, columns: int) -> Path:
    """A repo with settings, two tables and the profile of the first."""
    (folder / "model").mkdir(parents=True)
    (folder / "pavedroad.toml").write_text(
        """[project]\nname = "bench"\nowner = "me"\n[objective]\nproblem = "regression"\ntarget = "price"
metric = "mean_absolute_error"\n[data]\ntrain = "before.parquet"\ncurrent = "now.parquet"
[model]\nfeatures = "a:b"\ntrain = "a:c"\n"""
    )
    python = [sys.executable, "-c"]
    made = [
        Command("made", [*python, MAKE, str(rows), str(folder / name), str(seed), str(columns)], folder)
        for name, seed in (("before.parquet", 0.1), ("now.parquet", 0.2))
    ]
    time_in_turn(made, runs=1, warm_ups=0)
    kept = Command(
        f"{rows:,} rows, {columns} columns: profile made",
        [*python, PROFILE, str(folder / "before.parquet"), str(folder / "model" / "reference.json")],
        folder,
    )
    time_in_turn([kept], runs=1, warm_ups=0)
    return folder


def compare(rows: int, times: float, folder: Path) -> list[bool]:
    """Measure one size; say what was held."""
    repo = make_repo(folder / f"{rows}-8", rows, 8)
    sides = [str(repo / "before.parquet"), str(repo / "now.parquet")]
    python = [sys.executable, "-c"]
    road = Command(
        f"{rows:,} rows: pavedroad drift", [sys.executable, "-m", "pavedroad", "drift"], repo, {"GIT_DIR": "none"}
    )
    both = Command(f"{rows:,} rows: both tables counted", [*python, BOTH, *sides], repo)
    vendor = Command(f"{rows:,} rows: Evidently's preset", [*python, DIRECTLY, *sides], repo)
    long = rows > 1_000_000
    held = []
    if long and find_free_gb() < VENDOR_GB:
        time_in_turn([road, both], runs=3, warm_ups=1)
        print(f"{rows:,} rows: Evidently was not run: {find_free_gb():.1f} GB are free, and it needs {VENDOR_GB:g}.")
    else:
        ours, counted, theirs = time_in_turn([road, both, vendor], runs=1 if long else 3, warm_ups=0 if long else 1)
        for what, figures in (("against a profile", ours), ("with both tables", counted)):
            print(f"{rows:,} rows: {find_ratio(theirs, figures):.0f} × faster than Evidently {what}")
        share = find_busy_ratio(ours, theirs)
        held.append(judge(f"{rows:,} rows: our share of Evidently's processor time", share, 1 / times))
    report = json.loads((repo / "reports" / "drift.json").read_text())
    held.append(judge(f"{rows:,} rows: checks that found drift where there is none", _count_alarms(report), 0))
    for path in sides:
        Path(path).unlink()
    return held


def compare_scan(rows: int, folder: Path) -> list[bool]:
    """20 columns against one scan of the same table that finds nothing but least, greatest and mean."""
    repo = make_repo(folder / f"{rows}-20", rows, 20)
    road = Command(
        f"{rows:,} rows, 20 columns: pavedroad drift",
        [sys.executable, "-m", "pavedroad", "drift"],
        repo,
        {"GIT_DIR": "none"},
    )
    scan = Command(
        f"{rows:,} rows, 20 columns: one scan", [sys.executable, "-c", SCAN, str(repo / "now.parquet")], repo
    )
    ours, plain = time_in_turn([road, scan], runs=5, warm_ups=1)
    held = [judge(f"{rows:,} rows, 20 columns: ours against one scan", find_ratio(ours, plain), MOST_SCANS, " ×")]
    held.append(judge(f"{rows:,} rows, 20 columns: peak memory", max(ours.peak_mb), MOST_MB, " MB"))
    for name in ("before.parquet", "now.parquet"):
        (repo / name).unlink()
    return held


def find_free_gb() -> float:
    """The memory that is free, as Linux estimates it."""
    lines = dict(line.split(":") for line in Path("/proc/meminfo").read_text().splitlines())
    return int(lines["MemAvailable"].split()[0]) / 1024**2


def _count_alarms(report: dict) -> int:
    return sum(check["outcome"] in {"warn", "fail", "error"} for check in report["checks"])


def main() -> None:
    """Run the sizes named, or all."""
    sizes = [int(word) for word in sys.argv[1:]] or list(SIZES)
    held = []
    with tempfile.TemporaryDirectory() as scratch:
        for rows in sizes:
            held += compare(rows, SIZES[rows], Path(scratch))
        if 10_000_000 in sizes:
            held += compare_scan(10_000_000, Path(scratch))
    leave(*held)


if __name__ == "__main__":
    main()
