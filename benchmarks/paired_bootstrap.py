"""10,000 paired resamples of 100,000 rows: the road's interval beside NumPy's own sums of drawn rows, in one run.

NumPy draws row numbers and sums what they name, a thousand resamples' worth, times ten: all 10,000 would take minutes.
Both see the same two forecasts. The road's time includes the metric itself, both models, and the quantiles.
"""

import time

import numpy as np
from _timing import judge, leave

from pavedroad.foundation.evaluation.metrics import METRICS, Predictions
from pavedroad.foundation.gate.challenge import RESAMPLES, challenge

ROWS, PART, BOUND = 100_000, 100, 3.0


def main():
    rng = np.random.default_rng(0)
    actual = rng.normal(100, 20, ROWS)
    old, new = (actual + rng.normal(0, 5, ROWS) for _ in range(2))
    gains = np.abs(actual - old) - np.abs(actual - new)
    metric = METRICS["mean_absolute_error"]
    challenge(metric, actual, Predictions(new), Predictions(old), confidence=0.95, resamples=100)  # the imports
    ratios = []
    for turn in range(3):
        clock = time.perf_counter()
        found = challenge(metric, actual, Predictions(new), Predictions(old), confidence=0.95, seed=turn)
        ours = time.perf_counter() - clock
        clock = time.perf_counter()
        sums = np.array([gains[rng.integers(0, ROWS, ROWS)].sum() for _ in range(PART)])
        theirs = (time.perf_counter() - clock) * RESAMPLES / PART
        ratios.append(ours / theirs)
        print(f"road {ours:.2f} s, NumPy {theirs:.1f} s (from {PART} of {RESAMPLES:,}); standard errors "
              f"{found.error:.5f} and {(sums / ROWS).std():.5f}")  # fmt: skip
    leave(judge("road / NumPy's resampled sums", sorted(ratios)[1], BOUND, "×"))


if __name__ == "__main__":
    main()
