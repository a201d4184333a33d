"""Laws of ranks: scipy's correlation, surrogates, and what a null and a planted effect give."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import spearmanr

from reprlab.errors import ReprlabError
from reprlab.statistics.rank_correlation import RankCorrelation, rank_correlation

seeds = st.integers(0, 2**31)


def series(seed: int, size: int = 24, *, smooth: float = 0.9, count: int = 2) -> np.ndarray:
    """Series in which neighbours are alike."""
    chance = np.random.default_rng(seed)
    found = chance.normal(size=(count, size))
    for at in range(1, size):
        found[:, at] += smooth * found[:, at - 1]
    return found


@given(seeds, st.integers(3, 40), st.booleans())
def test_it_is_scipys_correlation(seed: int, size: int, ties: bool) -> None:
    x, y = series(seed, size)
    if ties:
        x = np.round(x)
        x[0], x[1] = x.min() - 1, x.max() + 1
    found = rank_correlation(x, y, count=100)
    assert found.rho == pytest.approx(spearmanr(x, y).statistic)
    assert (found.count, found.surrogates) == (size, 100)
    assert found.p_low + found.p_high >= 1
    assert min(found.p_low, found.p_high) >= 1 / 101


@given(seeds, st.integers(0, 3))
def test_rising_transformations_and_exchange_change_nothing(seed: int, ends: int) -> None:
    x, y = series(seed)

    def found(one: np.ndarray, other: np.ndarray) -> RankCorrelation:
        return rank_correlation(one, other, ends=ends, count=200)

    alone = found(x, y)
    assert found(np.exp(x), 3 * y + 1) == alone
    assert found(y, x) == alone
    turned = found(x, -y)
    assert turned.rho == pytest.approx(-alone.rho)
    assert (turned.p_low, turned.p_high) == (alone.p_high, alone.p_low)


def test_the_ends_are_left_out() -> None:
    x, y = series(0, 30)
    without = rank_correlation(x, y, ends=2, count=200)
    inner = rank_correlation(x[2:-2], y[2:-2], count=200)
    assert (without.rho, without.p_low, without.p_high) == (inner.rho, inner.p_low, inner.p_high)
    assert (without.count, without.ends) == (26, 2)
    x[:2], x[-2:], y[:2], y[-2:] = 9, 9, 9, 9  # the ends alone make these rise together
    assert rank_correlation(x, y, count=200).rho > without.rho
    assert rank_correlation(x, y, ends=2, count=200) == without
    assert math.isnan(rank_correlation(x, y, ends=14, count=200).rho)
    with pytest.raises(ReprlabError, match=r"^ends -1: give 0 or more layers to leave out at each end$"):
        rank_correlation(x, y, ends=-1)


@pytest.mark.parametrize("smooth", [0.0, 0.5, 0.8, 0.9])
def test_unrelated_smooth_series_are_called_related_no_more_often_than_said(smooth: float) -> None:
    # stationary from the first layer on: what comes before has been thrown away
    drawn = [
        (rank_correlation(x, y, count=400).p_low, spearmanr(x, y, alternative="less").pvalue)
        for x, y in (series(seed, 70, smooth=smooth)[:, -26:] for seed in range(400))
    ]
    found, naive = np.mean(np.array(drawn) <= 0.05, axis=0)
    assert found <= 0.05 + 2 * math.sqrt(0.05 * 0.95 / 400)
    assert found >= 0.01
    if smooth >= 0.8:
        assert naive >= 0.12  # as if all orders of the layers were equally likely


def test_a_planted_effect_is_found() -> None:
    hits = 0
    for seed in range(50):
        x, noise = series(seed, 30)
        hits += rank_correlation(x, -x + 0.3 * noise, count=400).p_low <= 0.05
    assert hits >= 45


def test_the_text_has_the_p_of_the_side_that_is_claimed() -> None:
    found = rank_correlation([0, 3, 1, 4, 2, 5], [5, 2, 4, 1, 3, 0], count=100)
    assert found.rho == pytest.approx(-1)
    assert found.p_high == 1
    least = f"{found.p_low:.3f}".removeprefix("0")
    assert found.text("low") == f"rank correlation -1.00, p = {least} by 100 AR(1) surrogates"
    assert found.text("high") == "rank correlation -1.00, p = 1.000 by 100 AR(1) surrogates"
    by = rank_correlation(range(10), range(10), ends=1, count=100).text("high")
    assert by.endswith("by 100 AR(1) surrogates, without the first and last layer")


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
