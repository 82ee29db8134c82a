"""The key metric, the baseline of a week ago, and a paired bootstrap of the difference."""

import numpy as np
from common import TARGET, load_model, read, read_table, split, write
from umbrella_sales.features import features

table = read_table()
_, holdout = split(table)
model = load_model()
predicted = model.predict(features(holdout.drop(columns=[TARGET]))[read("train.json")["columns"]])
actual = holdout[TARGET].to_numpy()
baseline = table[TARGET].to_numpy()[len(table) - len(holdout) - 7 : -7]
losses = [np.abs(actual - side) for side in (predicted, baseline)]
rng = np.random.default_rng(0)
drawn = rng.integers(0, len(actual), size=(2000, len(actual)))
gain = losses[1][drawn].mean(axis=1) - losses[0][drawn].mean(axis=1)
low, high = np.quantile(gain, [0.025, 0.975])
write(
    "evaluate.json", {"model": losses[0].mean(), "baseline": losses[1].mean(), "low": float(low), "high": float(high)}
)
