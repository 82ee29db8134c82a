"""What the road adds around a user's training, and how fast the bootstrap is against a loop in Python.

`python benchmarks/training.py bootstrap` scores resamples of 20,000 rows, each metric by the road and by a loop over
scikit-learn, in one process, by the time it has of one core. `python benchmarks/training.py stages` trains on and
evaluates a million rows of 30 columns, whole processes, beside a script by hand that loads, splits, fits, predicts and
scores once; the fit itself is taken off on both sides, by what each run measured. The road also looks for leaks,
profiles the rows, keeps a signature, draws 2,000 resamples for the model and its baseline, and measures importance; to
pack the model copies a few small files and is left out. Without a word both are run.

The peak memory is that of the process, interpreter and libraries included, against the table as 64-bit floats.
"""

import hashlib
import json
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

os.environ["OMP_NUM_THREADS"] = "1"  # threads that wait for each other on a busy machine measure the machine

import numpy as np
from _timing import Command, judge, leave, time_in_turn

ROWS, COLUMNS, TURNS = int(os.environ.get("PAVEDROAD_BENCH_ROWS", "1000000")), 30, 3
HOLDOUT = 20_000
RESAMPLES, LOOPS = 1_000, 8

MAKE = f"""
import sys
import numpy as np, pandas as pd
rng = np.random.default_rng(0)
table = pd.DataFrame(rng.normal(size=({ROWS}, {COLUMNS})), columns=[f"x{{i}}" for i in range({COLUMNS})])
table["y"] = table["x0"] * 2 + table["x1"] + rng.normal(size={ROWS})
table.to_parquet(sys.argv[1], index=False)
"""

FEATURES = "def features(table):\n    return table\n"
MODEL = """
import os, time
from sklearn.linear_model import LinearRegression

def train(X, y, params):
    begun = time.perf_counter()
    model = LinearRegression().fit(X, y)
    open(os.environ["FIT_SECONDS"], "w").write(str(time.perf_counter() - begun))
    return model
"""
BY_HAND = """
import os, sys, time
import pandas as pd
from sklearn.linear_model import LinearRegression
from sklearn.metrics import mean_absolute_error
from sklearn.model_selection import train_test_split

table = pd.read_parquet(sys.argv[1])
X, held, y, actual = train_test_split(table.drop(columns=["y"]), table["y"], test_size=0.2, random_state=0)
begun = time.perf_counter()
model = LinearRegression().fit(X, y)
open(os.environ["FIT_SECONDS"], "w").write(str(time.perf_counter() - begun))
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
train = "data.parquet"
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


def compare_stages(folder):
    """Whole processes, the fit taken off."""
    data = folder / "data.parquet"
    (folder / "src/bench").mkdir(parents=True)
    (folder / "src/bench/__init__.py").touch()
    (folder / "src/bench/features.py").write_text(FEATURES)
    (folder / "src/bench/model.py").write_text(MODEL)
    (folder / "pavedroad.toml").write_text(CONFIG)
    time_in_turn([Command("the table: made", [sys.executable, "-c", MAKE, str(data)], folder)], runs=1, warm_ups=0)
    with data.open("rb") as file:
        receipt = {"path": data.name, "sha256": hashlib.file_digest(file, "sha256").hexdigest()}
    (folder / "reports").mkdir()
    (folder / "reports/validated.json").write_text(json.dumps(receipt))
    fits = {"road": folder / "road.seconds", "hand": folder / "hand.seconds"}
    road = [sys.executable, "-m", "pavedroad"]
    environment = {"GIT_DIR": "none", "FIT_SECONDS": str(fits["road"])}
    commands = [
        Command("pavedroad train", [*road, "train"], folder, environment),
        Command("pavedroad evaluate", [*road, "evaluate"], folder, environment),
        Command("by hand", [sys.executable, "-c", BY_HAND, str(data)], folder, {"FIT_SECONDS": str(fits["hand"])}),
    ]
    ratios, peak = [], 0.0
    for turn in range(TURNS + 1):
        train, evaluate, hand = time_in_turn(commands, runs=1, warm_ups=0)
        taken = train.seconds[0] + evaluate.seconds[0] - float(fits["road"].read_text())
        plain = hand.seconds[0] - float(fits["hand"].read_text())
        if turn:
            ratios.append(taken / plain)
            peak = max(peak, *train.peak_mb, *evaluate.peak_mb)
    table = ROWS * (COLUMNS + 1) * 8 / 1024**2
    print(f"ratios of the turns: {', '.join(f'{ratio:.2f}' for ratio in ratios)}; the table: {table:.0f} MB")
    return [
        judge("train and evaluate against the script by hand, the fit aside", statistics.median(ratios), 3, " ×"),
        judge("peak memory against the table", peak / table, 2.5, " ×"),
    ]


if __name__ == "__main__":
    wanted = sys.argv[1:] or ["bootstrap", "stages"]
    verdicts = compare_bootstrap() if "bootstrap" in wanted else []
    if "stages" in wanted:
        with tempfile.TemporaryDirectory(prefix="pavedroad-bench-") as name:
            verdicts += compare_stages(Path(name))
    leave(*verdicts)
