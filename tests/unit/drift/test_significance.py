"""The tests over counts, each against SciPy's own or against all there is to count."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from pavedroad.foundation.drift.significance import (
    find_chi_square_tail,
    find_fisher_tail,
    find_kolmogorov_tail,
    find_smirnov_tail,
    judge_distance,
    judge_homogeneity,
    judge_unseen,
)


@given(x=st.floats(0, 2000), freedom=st.floats(0.5, 1000))
def test_the_tail_of_chi_square_is_scipys(x, freedom):
    assert find_chi_square_tail(x, freedom) == pytest.approx(stats.chi2.sf(x, freedom), rel=1e-8, abs=1e-14)


@given(x=st.floats(0.0, 8.0))
def test_the_tail_of_kolmogorovs_distribution_is_scipys(x):
    assert find_kolmogorov_tail(x) == pytest.approx(stats.kstwobign.sf(x), rel=1e-7, abs=1e-11)


@pytest.mark.parametrize(("first", "second"), [(5, 7), (50, 50), (500, 500), (2000, 50), (200, 3000)])
@pytest.mark.parametrize("share", [0.5, 1.0, 1.5, 2.0])
def test_the_exact_tail_of_smirnov_is_scipys(first, second, share):
    distance = min(1.0, share / np.sqrt(first * second / (first + second)))
    steps = np.round(distance * first * second / np.gcd(first, second))
    distance = steps / (first * second / np.gcd(first, second))
    sample = _make_pair(first, second, distance)
    if sample is None:
        pytest.skip("no pair of samples is this far apart")
    expected = stats.ks_2samp(*sample, method="exact")
    assert find_smirnov_tail(expected.statistic, first, second) == pytest.approx(expected.pvalue, rel=1e-6, abs=1e-10)


def _make_pair(first, second, distance):
    """Two samples, the second of which is moved until they are about ``distance`` apart."""
    grid = np.linspace(0, 1, first), np.linspace(0, 1, second)
    return grid[0], grid[1] + distance


def test_the_exact_tail_counts_orders():
    """Of the 20 orders of three and three values, those at least 2/3 apart are counted by hand."""
    orders = set(permutations([0, 0, 0, 1, 1, 1]))
    far = 0
    for order in orders:
        steps = np.cumsum([1 if side else -1 for side in order])
        far += bool(np.abs(steps).max() >= 2)
    assert len(orders) == 20
    assert find_smirnov_tail(2 / 3, 3, 3) == pytest.approx(far / 20)


TABLE = st.lists(st.integers(0, 40), min_size=4, max_size=4).filter(
    lambda cells: cells[0] + cells[1] and cells[2] + cells[3] and cells[0] + cells[2] and cells[1] + cells[3]
)


@given(cells=TABLE)
def test_fishers_test_is_scipys(cells):
    table = np.array(cells).reshape(2, 2)
    assert find_fisher_tail(table) == pytest.approx(stats.fisher_exact(table).pvalue, rel=1e-6)


def test_few_of_many_are_judged_by_fisher():
    table = np.array([[0, 100_000], [4, 10_000]])
    assert judge_homogeneity(table) == pytest.approx(stats.fisher_exact(table).pvalue)


def test_many_rows_are_judged_by_chi_square():
    table = np.array([[400, 300, 200], [40, 35, 20]])
    assert judge_homogeneity(table) == pytest.approx(stats.chi2_contingency(table, correction=False).pvalue, rel=1e-9)


def test_small_cells_are_judged_by_permutations():
    table = np.array([[9, 3, 1, 0], [2, 4, 3, 4]])
    expected = stats.chi2_contingency(
        table, correction=False, method=stats.PermutationMethod(n_resamples=20_000)
    ).pvalue
    assert judge_homogeneity(table) == pytest.approx(expected, rel=0.8)  # 20 draws decide
    assert judge_homogeneity(table) == judge_homogeneity(table)


def test_what_no_permutation_reaches_is_still_ranked():
    near, far = np.array([[30, 1, 1, 1], [1, 20, 5, 5]]), np.array([[90, 1, 1, 1], [1, 80, 5, 5]])
    assert judge_homogeneity(far) < judge_homogeneity(near) < 1e-4


@pytest.mark.parametrize("counts", [[[10, 0], [5, 0]], [[10, 5], [0, 0]], [[0, 0], [0, 0]]])
def test_where_there_is_nothing_to_tell_apart_nothing_is_significant(counts):
    assert judge_homogeneity(np.array(counts)) == 1.0


def test_unseen_categories_are_judged_against_what_chance_leaves_unseen():
    ids = np.eye(60, dtype=int)
    everyone_new = np.array([np.concatenate([np.ones(30), np.zeros(30)]), np.concatenate([np.zeros(30), np.ones(30)])])
    assert ids.sum() == 60
    assert judge_unseen(everyone_new.astype(int)) == 1.0
    assert judge_unseen(np.array([[200, 0], [150, 1]])) > 0.2
    assert judge_unseen(np.array([[200, 0], [100, 50]])) < 1e-4


def test_a_block_of_rows_counts_once():
    counts = np.array([[300, 200, 100], [200, 200, 200]])
    alone, blocks = (judge_distance(counts, block)[1] for block in (1.0, 20.0))
    assert alone < 0.001
    assert blocks > 0.2
    assert judge_homogeneity(counts) < 0.001
    assert judge_homogeneity(counts, 20.0) > 0.2
