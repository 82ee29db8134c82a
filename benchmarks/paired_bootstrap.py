"""10,000 paired resamples of 100,000 rows: the road's interval beside NumPy's own resampled sums, in one run.

NumPy draws row numbers and sums what they name: a hundred resamples, times a hundred, for all would take minutes. The
road deals the rows into 2,000 groups and draws those, which gives the same standard error from fifty times fewer
draws; so NumPy's sums over as many drawn groups are shown too, without a bound, to tell what the grouping saves and
what the rest costs: both models, the metric itself, the quantiles. Processor time; both see the same two forecasts.
"""

import time

import numpy as np
from _timing import judge, leave

from pavedroad.foundation.evaluation.metrics import METRICS, Predictions
from pavedroad.foundation.evaluation.resampling import MOST_UNITS
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
        clock = time.process_time()
        found = challenge(metric, actual, Predictions(new), Predictions(old), confidence=0.95, seed=turn)
        ours = time.process_time() - clock
        clock = time.process_time()
        sums = np.array([gains[rng.integers(0, ROWS, ROWS)].sum() for _ in range(PART)])
        theirs = (time.process_time() - clock) * RESAMPLES / PART
        clock = time.process_time()
        groups = rng.permutation(gains).reshape(MOST_UNITS, -1).sum(axis=1)
        for _ in range(RESAMPLES // PART):
            groups[rng.integers(0, MOST_UNITS, (PART, MOST_UNITS))].sum(axis=1)
        grouped = time.process_time() - clock
        ratios.append(ours / theirs)
        print(f"road {ours:.2f} s, NumPy {theirs:.1f} s (from {PART} of {RESAMPLES:,}); standard errors "
              f"{found.error:.5f} and {(sums / ROWS).std():.5f}; NumPy over groups {grouped:.2f} s")  # fmt: skip
    leave(judge("road / NumPy's resampled sums", sorted(ratios)[1], BOUND, "×"))


if __name__ == "__main__":
    main()
