"""Two-sample tests over counts: both sides are samples, so neither is taken for the truth.

Each holds its level: exact where the samples are small, conservative where numbers were counted in cells (the greatest
distance between two distributions at the cells' bounds is never more than the greatest distance anywhere).
"""

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np

    Measure = Callable[["np.ndarray"], "np.ndarray"]

EXACT_UP_TO = 4_000_000
"""The Kolmogorov–Smirnov test is exact while the product of the two sample sizes is no larger."""
MIN_EXPECTED = 10.0
"""Where a cell of the table is expected to hold fewer rows, chi-square's approximation is replaced by permutations."""
EXCEEDANCES = 20
DRAWS = (100, 1_000, 10_000)
"""Permutations are drawn in batches, until :data:`EXCEEDANCES` of them are at least as extreme as what was observed."""
MOST_NUMBERS = 4_000_000
"""Numbers that all permutations of one table may draw."""


def judge_distance(counts: "np.ndarray", block: float = 1.0) -> tuple[float, float]:
    """The two-sample Kolmogorov–Smirnov test over counts in ordered cells.

    Args:
        counts: reference and current counts, of shape (2, cells), cells ascending.
        block: rows that count as one observation, for rows that are not independent.

    Returns:
        The greatest distance D between the two distribution functions at the cells' bounds, and its p-value: exact
        (paths that stay within a band) for small samples, else from Kolmogorov's limit. Ties make it conservative.

    Sources: N. Smirnov, Annals of Mathematical Statistics 19 (1948), 279–281; J. L. Hodges, Arkiv för Matematik 3
    (1958), 469–486, for the exact distribution.
    """
    import numpy as np

    sizes = counts.sum(axis=1)
    reference, current = int(sizes[0]), int(sizes[1])
    running = counts.cumsum(axis=1, dtype="int64")
    distance = float(np.abs(running[0] / reference - running[1] / current).max())
    harmonic = reference * current / (reference + current) / block
    p_value = find_kolmogorov_tail(math.sqrt(harmonic) * distance)
    if block == 1.0 and reference * current <= EXACT_UP_TO and p_value < 0.5:
        p_value = find_smirnov_tail(distance, reference, current)
    return distance, p_value


def find_kolmogorov_tail(scaled: float) -> float:
    """The chance that Kolmogorov's limiting distribution exceeds ``scaled``.

    Source: A. Kolmogorov, Giornale dell'Istituto Italiano degli Attuari 4 (1933), 83–91.
    """
    if scaled < 0.2:
        return 1.0  # to 12 digits
    total: float = sum((-1) ** (k - 1) * math.exp(-2.0 * k * k * scaled * scaled) for k in range(1, 101))
    return min(1.0, max(0.0, 2.0 * total))


def find_smirnov_tail(distance: float, first: int, second: int) -> float:
    """The chance that two samples of one continuous distribution are at least ``distance`` apart, exactly.

    All orders of the pooled sample are equally likely; those whose path stays inside the band are counted. Below what
    subtracting from 1 can resolve, the limit takes over.
    """
    import numpy as np

    short, long_ = sorted((first, second))
    # Distances are multiples of 1 / (first × second); half a step keeps rounding from deciding.
    band = (0.5 + math.floor(distance * short * long_ - 1e-7)) / (short * long_)
    places = np.arange(long_ + 1) / long_
    inside = np.where(places > band, 0.0, 1.0)
    for i in range(1, short + 1):
        height = i / short
        start = int(np.searchsorted(places, height - band, side="left"))
        end = int(np.searchsorted(places, height + band, side="right"))
        weight = i / (i + long_)
        summed = np.zeros_like(inside)
        summed[start:end] = np.cumsum(weight * inside[start:end])
        inside = summed
    p_value = 1.0 - float(inside[-1])
    if p_value < 1e-10:
        return min(1e-10, find_kolmogorov_tail(math.sqrt(first * second / (first + second)) * distance))
    return min(1.0, p_value)


def judge_homogeneity(counts: "np.ndarray", block: float = 1.0) -> float:
    """Test whether two samples of categories come from one distribution: the p-value.

    Pearson's chi-square over the contingency table of both samples; where a cell is expected to hold few rows, its
    permutation distribution given the margins instead, and for two categories Fisher's exact test.

    Args:
        counts: reference and current counts, of shape (2, categories).
        block: rows that count as one observation, for rows that are not independent; the approximation is then used.

    Sources: K. Pearson, Philosophical Magazine 50 (1900), 157–175; R. A. Fisher, Journal of the Royal Statistical
    Society 85 (1922), 87–94; W. G. Cochran, Biometrics 10 (1954), 417–451, on small cells.
    """
    table = counts[:, counts.sum(axis=0) > 0]
    if table.shape[1] < 2 or (table.sum(axis=1) == 0).any():
        return 1.0
    statistic, least = measure_chi_square(table)
    if block > 1.0:
        return find_chi_square_tail(statistic / block, table.shape[1] - 1)
    if least >= MIN_EXPECTED:
        return find_chi_square_tail(statistic, table.shape[1] - 1)
    if table.shape[1] == 2:
        return find_fisher_tail(table)
    return permute(table, _total_chi_square(table), statistic)


def judge_unseen(counts: "np.ndarray") -> float:
    """Test whether current rows fall into categories that the reference lacks more often than chance has it.

    The p-value is that of the number of such rows among all ways to deal the pooled rows out to both sides; so rare
    categories, and columns in which every value is new, raise no alarm of their own.
    """
    import numpy as np

    table = counts[:, counts.sum(axis=0) > 0]
    observed = float(table[1][table[0] == 0].sum())
    if not observed:
        return 1.0
    pooled = table.sum(axis=0)
    return permute(table, lambda current: np.where(current == pooled, current, 0).sum(axis=1), observed)


def measure_chi_square(table: "np.ndarray") -> tuple[float, float]:
    """Pearson's statistic of a contingency table without empty rows or columns, and its least expected count."""
    expected = table.sum(axis=1, keepdims=True) * (table.sum(axis=0, keepdims=True) / table.sum())
    return float(((table - expected) ** 2 / expected).sum()), float(expected.min())


def permute(table: "np.ndarray", measure: "Measure", observed: float) -> float:
    """The p-value of a statistic among all tables with these margins, by drawing them until the answer is clear.

    Drawing stops at :data:`EXCEEDANCES` tables as extreme as the observed one, which keeps the p-value valid. When even
    the last draw leaves none, a gamma distribution with the mean and variance of the draws says how far out it lies;
    such a p-value is never above what the draws allow. The draws are the same in every run.

    Args:
        table: the counts, of shape (2, categories).
        measure: the statistic of current counts, of shape (draws, categories); large is extreme.
        observed: its value for the table.

    Source: J. Besag and P. Clifford, "Sequential Monte Carlo p-values", Biometrika 78 (1991), 301–304.
    """
    import numpy as np

    rng = np.random.default_rng(20_240_229)
    pooled = table.sum(axis=0)
    most = max(DRAWS[0], min(sum(DRAWS), MOST_NUMBERS // pooled.size))
    limit = observed * (1 - 1e-9)
    drawn, extreme, batches = 0, 0, []
    for batch in DRAWS:
        size = min(batch, most - drawn)
        if size <= 0:
            break
        found = measure(rng.multivariate_hypergeometric(pooled, int(table[1].sum()), size=size, method="marginals"))
        passed = np.flatnonzero(found >= limit)
        if extreme + passed.size >= EXCEEDANCES:
            return float(EXCEEDANCES / (drawn + passed[EXCEEDANCES - extreme - 1] + 1))
        extreme += passed.size
        drawn += size
        batches.append(found)
    allowed = (extreme + 1) / (drawn + 1)
    if extreme:
        return float(allowed)
    every = np.concatenate(batches)
    mean, variance = float(every.mean()), float(every.var())
    if not (mean > 0 and variance > 0):
        return float(allowed)
    freedom = 2 * mean * mean / variance
    return float(min(allowed, find_chi_square_tail(observed * freedom / mean, freedom)))


def find_fisher_tail(table: "np.ndarray") -> float:
    """Fisher's exact test of a 2 × 2 table, two-sided: the chance of all tables no likelier than the observed one."""
    import numpy as np

    (a, b), (c, d) = ((int(value) for value in row) for row in table)
    low, high = max(0, a - d), min(a + b, a + c)
    steps = np.arange(low, high, dtype="float64")
    # The ratio of the chance of k + 1 to that of k, for k rows of the first kind on the first side.
    ratio = (a + b - steps) * (a + c - steps) / ((steps + 1) * (d - a + steps + 1))
    logs = np.concatenate([[0.0], np.cumsum(np.log(ratio))])
    chances = np.exp(logs - logs.max())
    chances /= chances.sum()
    return float(min(1.0, chances[chances <= chances[a - low] * (1 + 1e-7)].sum()))


def find_chi_square_tail(statistic: float, freedom: float) -> float:
    """The chance that a chi-square variable with ``freedom`` degrees of freedom exceeds ``statistic``.

    The regularised incomplete gamma function, by its series below and its continued fraction above the mean. Source:
    M. Abramowitz and I. A. Stegun, Handbook of Mathematical Functions (1964), 6.5.29 and 6.5.31.
    """
    shape, x = freedom / 2, statistic / 2
    if not x > 0:
        return 1.0
    if not math.isfinite(x):
        return 0.0
    front = math.exp(max(-745.0, shape * math.log(x) - x - math.lgamma(shape)))
    if x < shape + 1:
        term = total = 1 / shape
        n = shape
        while abs(term) > abs(total) * 1e-15:
            n += 1
            term *= x / n
            total += term
        return min(1.0, max(0.0, 1.0 - total * front))
    tiny = 1e-300
    b = x + 1 - shape
    c, d = 1 / tiny, 1 / b
    fraction = d
    for i in range(1, 100_000):
        step = -i * (i - shape)
        b += 2
        d = 1 / (step * d + b or tiny)
        c = b + step / c or tiny
        fraction *= d * c
        if abs(d * c - 1) < 1e-15:
            break
    return min(1.0, max(0.0, front * fraction))


def _total_chi_square(table: "np.ndarray") -> "Measure":
    pooled, share = table.sum(axis=0), table.sum(axis=1) / table.sum()
    expected = pooled * share[1]
    # With both margins fixed the other side differs by the same number of rows in each category.
    weight = 1 / expected + 1 / (pooled * share[0])

    def measure(current: "np.ndarray") -> "np.ndarray":
        found: np.ndarray = ((current - expected) ** 2 * weight).sum(axis=1)
        return found

    return measure
