"""Laws of ranks: scipy's correlation, counted shifts, and what a null and a planted effect give."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import spearmanr

from reprlab.errors import ReprlabError
from reprlab.statistics.rank_correlation import rank_correlation

seeds = st.integers(0, 2**31)


def series(seed: int, size: int = 24, *, smooth: float = 0.9, count: int = 2) -> np.ndarray:
    """Series in which neighbours are alike."""
    chance = np.random.default_rng(seed)
    found = chance.normal(size=(count, size))
    for at in range(1, size):
        found[:, at] += smooth * found[:, at - 1]
    return found


@given(seeds, st.integers(3, 40), st.booleans())
def test_it_is_scipys_correlation_and_shares_of_counted_shifts(seed: int, size: int, ties: bool) -> None:
    x, y = series(seed, size)
    if ties:
        x = np.round(x)
        x[0], x[1] = x.min() - 1, x.max() + 1
    found = rank_correlation(x, y)
    naive = [spearmanr(np.roll(x, k), y).statistic for k in range(size)]
    assert found.rho == pytest.approx(naive[0])
    assert found.p_low == pytest.approx(np.mean([r <= naive[0] + 1e-9 for r in naive]))
    assert found.p_high == pytest.approx(np.mean([r >= naive[0] - 1e-9 for r in naive]))
    assert found.count == size


@given(seeds, st.integers(0, 23))
def test_rising_transformations_and_common_shifts_change_nothing(seed: int, by: int) -> None:
    x, y = series(seed)
    assert rank_correlation(np.exp(x), 3 * y + 1) == rank_correlation(x, y)
    together, alone = rank_correlation(np.roll(x, by), np.roll(y, by)), rank_correlation(x, y)
    assert together == alone
    turned = rank_correlation(x, -y)
    assert turned.rho == pytest.approx(-alone.rho)
    assert (turned.p_low, turned.p_high) == (alone.p_high, alone.p_low)


def test_unrelated_smooth_series_are_called_related_no_more_often_than_said() -> None:
    # the null under which shifts are exact: one series begins anywhere on a circle
    chance = np.random.default_rng(0)
    drawn = []
    for seed in range(400):
        x, y = series(seed, 30)
        drawn.append(rank_correlation(np.roll(x, chance.integers(30)), y).p_low)
    assert np.mean(np.array(drawn) <= 0.05) <= 0.05 + 2 * math.sqrt(0.05 * 0.95 / 400)
    assert np.mean(np.array(drawn) <= 0.5) == pytest.approx(0.5, abs=0.08)


def test_a_planted_effect_is_found() -> None:
    hits = 0
    for seed in range(50):
        x, noise = series(seed, 30)
        hits += rank_correlation(x, -x + 0.3 * noise).p_low <= 0.05
    assert hits >= 45


def test_the_text_has_the_p_of_the_side_that_is_claimed() -> None:
    found = rank_correlation(range(10), [9, 8, 7, 6, 5, 4, 3, 2, 1, 0])
    assert (found.rho, found.p_low, found.p_high) == (pytest.approx(-1), 0.1, 1.0)
    assert found.text("low") == "rank correlation -1.00, p = .100 by circular shifts"
    assert found.text("high") == "rank correlation -1.00, p = 1.000 by circular shifts"


@pytest.mark.parametrize(
    ("x", "y"),
    [
        ([1, 2], [1, 2]),
        ([1, 1, 1, 1], [1, 2, 3, 4]),
        ([1, math.nan, 3], [1, 2, 3]),
        ([1, 2, 3], [1, 2, math.inf]),
    ],
)
def test_what_has_no_ranks_is_nan(x: list[float], y: list[float]) -> None:
    found = rank_correlation(x, y)
    assert np.isnan([found.rho, found.p_low, found.p_high]).all()
    assert found.text("low") == "no rank correlation"


def test_series_of_two_lengths_are_refused() -> None:
    with pytest.raises(
        ReprlabError, match=r"^ranks are of two series of one length, given \(3,\) and \(2,\)$"
    ):
        rank_correlation([1, 2, 3], [1, 2])
