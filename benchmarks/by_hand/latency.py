"""Single predictions, features included: 200 after 5 to warm up."""

import time

import numpy as np
from common import TARGET, load_model, read, read_table, split, write
from umbrella_sales.features import features

_, holdout = split(read_table())
model, columns = load_model(), read("train.json")["columns"]
taken = []
for call in range(205):
    row = holdout.iloc[[call % len(holdout)]].drop(columns=[TARGET])
    begun = time.perf_counter()
    model.predict(features(row)[columns])
    taken.append((time.perf_counter() - begun) * 1000)
write("latency.json", {"p95": float(np.quantile(taken[5:], 0.95))})
