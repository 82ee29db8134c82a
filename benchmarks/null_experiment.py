"""How often a model that is no better is let through, and how soon one that is better is seen.

The null experiment: 600 times the same model is trained with two seeds, one for the champion and one for the proposal,
and judged on a fresh holdout of 300 rows. Three questions are asked of every pair:

* *better at all*: is the proposal called better? Two seeds do not give exactly the same error, so some proposals are a
  little better in truth, and may be called so; which ones is known from 20,000 further rows.
* *wrongly*: is it called better although it is not, by those rows? At 95 % confidence that may be 2.5 % of all: one
  tail of the interval.
* *exchanged*: row by row a coin decides which model's prediction counts for which, so that neither side can be better
  in truth. Again at most 2.5 % may be called better. This is the null hypothesis itself, with real errors.

Then a proposal that is truly worse by exactly what it may lose, by a margin or by a share of what the champion gains
over the baseline: at most 2.5 % may be called not worse. And how many of the retrained models the default lets go on,
beside how many a margin of nothing does. The power curve makes the proposal better step by step.

``--picture FILE`` also writes the curves as SVG. Fixed seeds; the standard error of a rate of 2.5 % in 600 runs is
0.64 points, so the bound is 2.5 % plus two of them. The points at 0 of the curves are held against the textbook's
paired z test on the same rows, which shares their luck.
"""

import sys
from pathlib import Path

import numpy as np
from _timing import judge, leave
from sklearn.ensemble import RandomForestRegressor

from pavedroad.config import default_settings
from pavedroad.foundation.evaluation.metrics import METRICS, Predictions
from pavedroad.foundation.gate.challenge import challenge

RUNS, CONFIDENCE, RATE = 600, 0.95, 0.025
BOUND = RATE + 2 * (RATE * (1 - RATE) / RUNS) ** 0.5
BEYOND = 0.01
"""By how much more often than the textbook's test on the same rows luck may be let through."""
SHARE = default_settings()["gate"]["champion_share"]
MAE = METRICS["mean_absolute_error"]
RESAMPLES = 1000
"""Fewer than the gate takes, to be done in minutes; it makes the limits rougher, not narrower."""


def make_world(rng, rows):
    """A table with five features, of which three matter, and noise."""
    features = rng.normal(size=(rows, 5))
    target = 3 * features[:, 0] + np.sin(2 * features[:, 1]) * 2 + features[:, 2] ** 2 + rng.normal(0, 2, rows)
    return features, target


def train(features, target, seed):
    return RandomForestRegressor(n_estimators=12, max_depth=6, random_state=seed).fit(features, target)


def meet(actual, new, old, seed):
    return challenge(
        MAE, actual, Predictions(new), Predictions(old), confidence=CONFIDENCE, seed=seed, resamples=RESAMPLES
    )


def run_null(rows=300):
    """The shares of retrained models that are called better, wrongly so, better with exchanged rows, and not worse."""
    rng = np.random.default_rng(0)
    features, target = make_world(rng, 500)
    wide, truth = make_world(np.random.default_rng(1), 20_000)
    found = dict.fromkeys(("better", "wrongly", "exchanged", "kept", "kept with nothing to lose"), 0)
    for run in range(RUNS):
        # Which of the two seeds is the champion's is a coin's toss, so neither is better but by luck.
        champion, proposal = (train(features, target, seed) for seed in (2 * run, 2 * run + 1))
        fresh, actual = make_world(np.random.default_rng(10_000 + run), rows)
        old, new = champion.predict(fresh), proposal.predict(fresh)
        gain = meet(actual, new, old, run).gain
        if gain.low > 0:
            found["better"] += 1
            errors = [np.abs(truth - model.predict(wide)).mean() for model in (champion, proposal)]
            found["wrongly"] += errors[1] >= errors[0]
        coin = np.random.default_rng(20_000 + run).random(rows) < 0.5
        found["exchanged"] += meet(actual, np.where(coin, new, old), np.where(coin, old, new), run).gain.low > 0
        found["kept"] += gain.low >= -SHARE * find_sure_gain(actual, np.median(target), new, gain.value)
        found["kept with nothing to lose"] += gain.low >= 0
    return {name: count / RUNS for name, count in found.items()}


def find_sure_gain(actual, baseline, new, gain):
    """What the champion gains over a constant at the least, as the gate finds it; the limit is the textbook's here."""
    over = np.abs(actual - baseline) - np.abs(actual - new)
    return over.mean() - 1.96 * over.std(ddof=1) / len(over) ** 0.5 - gain


def run_share(rows=400):
    """The share called not worse of proposals that lose exactly what they may of the champion's gain over 100."""
    passed = 0
    truth = 20 * (2 / np.pi) ** 0.5 - (8 + 5 * (2 / np.pi) ** 0.5)  # the mean errors of the baseline and the champion
    for run in range(RUNS):
        rng = np.random.default_rng(30_000 + run)  # not the seed of the resamples
        actual = rng.normal(100, 20, rows)
        errors = np.abs(rng.normal(0, 5, rows)) + 8
        old = actual + errors + rng.normal(0, 1, rows)
        new = actual + errors + SHARE * truth + rng.normal(0, 1, rows)
        gain = meet(actual, new, old, run).gain
        passed += gain.low >= -SHARE * find_sure_gain(actual, 100, new, gain.value)
    return passed / RUNS


def run_exact(effect, margin, rows, runs=RUNS):
    """The share of proposals called not worse by ``margin`` when the true gain is ``effect``; nothing is trained."""
    passed = 0
    for run in range(runs):
        rng = np.random.default_rng(30_000 + run)  # not the seed of the resamples
        actual = rng.normal(100, 20, rows)
        errors = np.abs(rng.normal(0, 5, rows)) + 8
        old = actual + errors + rng.normal(0, 1, rows)
        new = actual + errors - effect + rng.normal(0, 1, rows)
        passed += meet(actual, new, old, run).gain.low > -margin
    return passed / runs


def run_textbook(rows):
    """The share that the paired z test calls better on the rows of ``run_exact`` without any effect."""
    passed = 0
    for run in range(RUNS):
        rng = np.random.default_rng(30_000 + run)
        actual = rng.normal(100, 20, rows)
        errors = np.abs(rng.normal(0, 5, rows)) + 8
        old, new = (actual + errors + rng.normal(0, 1, rows) for _ in range(2))
        gains = np.abs(actual - old) - np.abs(actual - new)
        passed += gains.mean() > 1.96 * gains.std(ddof=1) / rows**0.5
    return passed / RUNS


def draw(curves, path):
    """The power curves as a small picture."""
    width, height, left, bottom = 640, 360, 60, 50
    colours = ["#1b6ca8", "#c1571a", "#3d8b37"]
    most = max(effect for points in curves.values() for effect, _ in points)

    def place(effect, share):
        return left + effect / most * (width - left - 20), height - bottom - share * (height - bottom - 20)

    parts = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif"'
            ' font-size="13">'
        ),
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
    ]
    for share in (0, 0.25, 0.5, 0.75, 1):
        x, y = place(0, share)
        parts.append(f'<path d="M{x} {y:.1f}H{width - 20}" stroke="#dddddd"/>')
        parts.append(f'<text x="{x - 8}" y="{y + 4:.1f}" text-anchor="end">{share:.0%}</text>')
    for (name, points), colour in zip(curves.items(), colours, strict=False):
        line = " ".join(f"{x:.1f},{y:.1f}" for x, y in (place(*point) for point in points))
        parts.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2.5"/>')
        x, y = place(*points[len(points) // 2])
        parts.append(f'<text x="{x + 8:.1f}" y="{y + 14:.1f}" fill="{colour}">{name}</text>')
    for effect, _ in next(iter(curves.values())):
        x, y = place(effect, 0)
        parts.append(f'<text x="{x:.1f}" y="{y + 18:.1f}" text-anchor="middle">{effect:g}</text>')
    parts.append(f'<text x="{width / 2}" y="{height - 8}" text-anchor="middle">how much better the proposal really is'
                 " (mean absolute error)</text></svg>")  # fmt: skip
    path.write_text("\n".join(parts) + "\n", encoding="utf-8")


def main():
    null = run_null()
    print(f"null, {RUNS} pairs of seeds, 300 fresh rows each:")
    for name, share in null.items():
        print(f"  {name}: {share:.2%}")
    edge = run_exact(-0.5, 0.5, 400)
    print(f"at the edge of a margin of 0.5, {RUNS} runs, 400 rows: called not worse {edge:.2%}")
    share = run_share()
    print(f"at the edge of a share of {SHARE:g}, {RUNS} runs, 400 rows: called not worse {share:.2%}")
    curves, beyond = {}, {}
    for rows in (100, 400, 1600):
        points = [(0, run_exact(0, 0.0, rows))]
        beyond[f"{rows:,} rows"] = points[0][1] - run_textbook(rows)
        points += [(effect, run_exact(effect, 0.0, rows, 200)) for effect in (0.05, 0.1, 0.2, 0.3, 0.4)]
        curves[f"{rows:,} rows"] = points
        print(f"power at {rows:,} rows: " + ", ".join(f"{effect:g}: {share:.1%}" for effect, share in points))
    if "--picture" in sys.argv:
        draw(curves, Path(sys.argv[sys.argv.index("--picture") + 1]))
    leave(
        judge("called better though no better", null["wrongly"], BOUND),
        judge("called better with exchanged rows", null["exchanged"], BOUND),
        judge("called not worse at the edge of a margin", edge, BOUND),
        judge("called not worse at the edge of a share", share, BOUND),
        *(judge(f"by chance, beyond the textbook, {name}", share, BEYOND) for name, share in beyond.items()),
    )


if __name__ == "__main__":
    main()
