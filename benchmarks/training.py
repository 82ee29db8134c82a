"""What the road adds around a user's training, and how fast the bootstrap is against a loop in Python.

`python benchmarks/training.py bootstrap` scores resamples of 20,000 rows, each metric by the road and by a loop over
scikit-learn, in one process, by the time it has of one core. `python benchmarks/training.py stages` takes a million
rows of 30 columns through `train`, `evaluate` and `package`, whole processes, beside a script by hand that loads,
splits, predicts and scores once, in turn; once from a Parquet file and once from a CSV. Both sides fit the same model
to 10,000 rows, so that what is measured is what lies around the fit. Time is processor time, user and system, of whole
processes with all that they import. The road also looks for leaks, profiles the rows and counts them for drift, keeps a
signature, draws 2,000 resamples for the model and its baseline, measures importance and writes the card. Without a word
both are run.

Peak memory is the kernel's mark of each whole process, interpreter and libraries included. "The table" is what it takes
as a pandas frame.
"""

import hashlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

os.environ["OMP_NUM_THREADS"] = "1"  # threads that wait for each other on a busy machine measure the machine

import numpy as np
from _timing import Command, judge, leave, time_in_turn

ROWS, COLUMNS, TURNS = int(os.environ.get("PAVEDROAD_BENCH_ROWS", "1000000")), 30, 5
BYTECODE = {"PYTHONDONTWRITEBYTECODE": ""}  # a machine that compiles all modules anew each time measures that
HOLDOUT = 20_000
RESAMPLES, LOOPS = 1_000, 8

MAKE = f"""
import sys
import numpy as np, pandas as pd
rows, path = int(sys.argv[1]), sys.argv[2]
rng = np.random.default_rng(0)
table = pd.DataFrame(rng.normal(size=(rows, {COLUMNS})), columns=[f"x{{i}}" for i in range({COLUMNS})])
table["y"] = table["x0"] * 2 + table["x1"] + rng.normal(size=rows)
table.to_parquet(path, index=False) if path.endswith(".parquet") else table.to_csv(path, index=False)
"""
LOCK = """
schema: '2.0'
stages:
  train:
    cmd: pavedroad train
    deps: [{{path: {data}, hash: md5, md5: 0123456789abcdef0123456789abcdef, size: 1}}]
    outs: [{{path: model, hash: md5, md5: 0123456789abcdef0123456789abcdee.dir, size: 1}}]
"""

FEATURES = "def features(table):\n    return table\n"
MODEL = """
from sklearn.linear_model import LinearRegression

def train(X, y, params):
    return LinearRegression().fit(X.iloc[:10_000], y.iloc[:10_000])
"""
BY_HAND = """
import sys
import pandas as pd
from sklearn.linear_model import LinearRegression
from sklearn.metrics import mean_absolute_error
from sklearn.model_selection import train_test_split

path = sys.argv[1]
table = pd.read_parquet(path) if path.endswith(".parquet") else pd.read_csv(path)
X, held, y, actual = train_test_split(table.drop(columns=["y"]), table["y"], test_size=0.2, random_state=0)
model = LinearRegression().fit(X.iloc[:10_000], y.iloc[:10_000])
print(mean_absolute_error(actual, model.predict(held)))
"""
CONFIG = """
[project]
name = "bench"
owner = "me"
[objective]
problem = "regression"
target = "y"
metric = "mean_absolute_error"
[data]
train = "{data}"
[model]
features = "bench.features:features"
train = "bench.model:train"
"""


def compare_bootstrap():
    """Each metric on the same rows: the road's resamples against a loop over scikit-learn."""
    from pavedroad.foundation.evaluation.metrics import METRICS, load_metric_engine
    from pavedroad.foundation.evaluation.resampling import MOST_UNITS, deal_groups, score_resamples

    engine, rng, held = load_metric_engine(), np.random.default_rng(0), []
    for metric in METRICS.values():
        problem = sorted(metric.problems)[0]
        actual, predicted, labels = make_case(metric, problem, rng)
        begun = time.process_time()
        groups = deal_groups(HOLDOUT, 0)
        scorer = engine.prepare(metric, actual, predicted, labels, groups)
        score_resamples([scorer], MOST_UNITS, RESAMPLES, 0)
        ours = (time.process_time() - begun) / RESAMPLES
        loops = []
        for _ in range(LOOPS):
            begun = time.process_time()
            drawn = rng.integers(0, HOLDOUT, HOLDOUT)
            engine.score(metric, actual[drawn], predicted[drawn], labels)
            loops.append(time.process_time() - begun)
        ratio = statistics.median(loops) / ours
        held.append(judge(f"{metric.name}: ours as a share of a loop's time", 1 / ratio, 1 / 20))
        print(f"     {metric.name}: {ours * 1e6:.0f} µs against {statistics.median(loops) * 1e6:.0f} µs, {ratio:.0f} ×")
    return held


def make_case(metric, problem, rng):
    """Actual values, predictions as the metric needs them, and the classes."""
    if problem == "regression":
        actual = rng.normal(size=HOLDOUT)
        return actual, actual + rng.normal(size=HOLDOUT), ()
    classes = 2 if problem == "binary" else 3
    actual = rng.integers(0, classes, HOLDOUT)
    raw = rng.uniform(0.05, 1, (HOLDOUT, classes)) + 0.5 * (actual[:, None] == np.arange(classes))
    shares = raw / raw.sum(axis=1, keepdims=True)
    if metric.needs == "label":
        return actual, shares.argmax(axis=1), tuple(range(classes))
    return actual, shares[:, 1] if classes == 2 else shares, tuple(range(classes))


def compare_stages(folder, kind):
    """Whole processes in turn: three stages of the road against the script by hand, from a table of that kind."""
    data = f"data.{kind}"
    repo = lay(folder / kind, data, ROWS)
    by_hand = Command(f"by hand, {kind}", [sys.executable, "-c", BY_HAND, data], repo, BYTECODE)
    *stages, hand = time_in_turn([*walk(repo), by_hand], runs=TURNS)
    turns = zip(*(stage.cpu_s for stage in stages), hand.cpu_s, strict=True)
    ratios = [sum(times) / plain for *times, plain in turns]
    table = ROWS * (COLUMNS + 1) * 8 / 1024**2
    peaks = [max(stage.peak_mb) / table for stage in (*stages, hand)]
    told = ", ".join(f"{stage.name} {peak:.2f}" for stage, peak in zip((*stages, hand), peaks, strict=True))
    print(f"ratios of the turns: {', '.join(f'{ratio:.2f}' for ratio in ratios)}; the table: {table:.0f} MB; × {told}")
    return [
        judge(f"processor time of the three stages against by hand, {kind}", statistics.median(ratios), 3, " ×"),
        judge(f"peak memory of a whole process against the table, {kind}", max(peaks[:-1]), 2.5, " ×"),
    ]


def lay(folder, data, rows):
    """A repo whose table passed validation."""
    files = {
        "src/bench/__init__.py": "",
        "src/bench/features.py": FEATURES,
        "src/bench/model.py": MODEL,
        "pavedroad.toml": CONFIG.format(data=data),
        "dvc.lock": LOCK.format(data=data),
    }
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)
    subprocess.run([sys.executable, "-c", MAKE, str(rows), data], cwd=folder, check=True)
    with (folder / data).open("rb") as file:
        receipt = {"path": data, "sha256": hashlib.file_digest(file, "sha256").hexdigest()}
    checks = [{"id": "validate.rows", "title": "There are rows", "outcome": "pass"}]
    earlier = {"schema": "pavedroad.report/1", "stage": "validate", "outcome": "pass", "summary": "", "checks": checks}
    (folder / "reports").mkdir()
    (folder / "reports/validated.json").write_text(json.dumps(receipt))
    (folder / "reports/validate.json").write_text(json.dumps(earlier))
    return folder


def walk(repo):
    """The three stages as commands."""
    environment = {"GIT_DIR": "none", **BYTECODE}
    road = [sys.executable, "-m", "pavedroad"]
    return [
        Command(f"pavedroad {stage}, {repo.name}", [*road, stage], repo, environment)
        for stage in ("train", "evaluate", "package")
    ]


if __name__ == "__main__":
    wanted = sys.argv[1:] or ["bootstrap", "stages"]
    verdicts = compare_bootstrap() if "bootstrap" in wanted else []
    if "stages" in wanted:
        with tempfile.TemporaryDirectory(prefix="pavedroad-bench-") as name:
            verdicts += [*compare_stages(Path(name), "parquet"), *compare_stages(Path(name), "csv")]
    leave(*verdicts)
