"""Pooled contrasts: weighted means with honest intervals, and Q that is significant as often as it says."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import chi2

from reprlab.errors import ReprlabError
from reprlab.statistics.bootstraps import interval
from reprlab.statistics.normalised import normalised
from reprlab.statistics.pooled import margin, pool, pooled_contrast, shares_of


def drawn(values: np.ndarray, errors: np.ndarray, seed: int = 0, count: int = 2000) -> np.ndarray:
    chance = np.random.default_rng([seed, 1])
    return values[:, None] + errors[:, None] * chance.normal(size=(len(values), count))


def test_a_pooled_value_is_the_weighted_mean_draw_by_draw() -> None:
    values, errors, weights = np.array([0.1, 0.4, -0.2]), np.array([0.02, 0.05, 0.1]), np.array([9.0, 4, 1])
    draws = drawn(values, errors)
    found = pooled_contrast(values, draws, weights)
    assert found.value == pytest.approx((values * weights).sum() / weights.sum())
    assert (found.low, found.high) == pytest.approx(interval((draws * weights[:, None]).sum(0) / 14))
    assert found.weights == pytest.approx((9 / 14, 4 / 14, 1 / 14))
    assert [(low, high) for _, low, high in found.each] == [interval(one) for one in draws]
    again = pooled_contrast(values, draws, 7 * weights)
    assert (again.value, again.q) == pytest.approx((found.value, found.q))
    mirrored = pooled_contrast(-values, -draws, weights)
    assert (mirrored.value, mirrored.low, mirrored.q) == pytest.approx((-found.value, -found.high, found.q))
    assert mirrored.signs == tuple(-sign for sign in found.signs)


def test_one_benchmark_is_itself_and_has_no_q() -> None:
    one = pooled_contrast([0.3], drawn(np.array([0.3]), np.array([0.1])), [2.0])
    assert one.value == 0.3
    assert one.weights == (1.0,)
    assert (math.isnan(one.q), math.isnan(one.q_p), one.disagree) == (True, True, False)


def test_q_is_cochrans() -> None:
    values, errors = np.array([0.1, 0.4, -0.2]), np.array([0.02, 0.05, 0.1])
    draws = drawn(values, errors)
    w = 1 / draws.var(1)
    q = (w * values**2).sum() - (w * values).sum() ** 2 / w.sum()  # the computing formula
    found = pooled_contrast(values, draws, [1, 1, 1])
    assert found.q == pytest.approx(q)
    assert found.q_p == pytest.approx(chi2.sf(q, 2))


def test_intervals_cover_and_q_errs_as_often_as_it_says() -> None:
    errors, weights, covered, significant = np.array([0.02, 0.05, 0.1]), [9, 4, 1], 0, 0
    for seed in range(1000):
        values = np.random.default_rng(seed).normal(0.2, errors)
        found = pooled_contrast(values, drawn(values, errors, seed, 400), weights)
        covered += found.low <= 0.2 <= found.high
        significant += found.q_p <= 0.05
    assert 0.93 <= covered / 1000 <= 0.97
    assert 0.03 <= significant / 1000 <= 0.07


@pytest.mark.parametrize(
    ("values", "level", "disagree"),
    [
        ((0.3, -0.3), 0.0, True),
        ((0.3, 0.6), 0.0, False),  # Q is significant, both are above
        ((0.3, 0.6), 0.45, True),
        ((0.3, -0.01), 0.0, False),  # the other is not surely below
    ],
)
def test_benchmarks_disagree_where_q_and_both_signs_are_sure(
    values: tuple[float, float], level: float, disagree: bool
) -> None:
    array = np.array(values)
    found = pooled_contrast(array, drawn(array, np.full(2, 0.02)), [1, 1], level=level)
    assert found.q_p < 0.05
    assert found.disagree == disagree


def test_what_does_not_vary_agrees_where_it_is_equal() -> None:
    assert pooled_contrast([0.1, 0.1], np.full((2, 10), 0.1), [1, 2]).q_p == 1
    assert pooled_contrast([0.1, 0.2], np.array([[0.1] * 10, [0.2] * 10]), [1, 2]).q_p == 0
    assert math.isnan(pooled_contrast([0.1, math.nan], np.zeros((2, 10)), [1, 2]).q)


def test_weights_and_shapes_that_are_none_are_refused() -> None:
    for weights in ([1, 0], [1, -1], [1, math.nan], []):
        with pytest.raises(ReprlabError, match="weights are numbers above 0"):
            shares_of(weights)
    with pytest.raises(ReprlabError, match="2 weights are of as many benchmarks"):
        pool([1, 2, 3], [1, 1])
    with pytest.raises(ReprlabError, match=r"values .* take draws"):
        pooled_contrast([1, 2], [1, 2], [1, 1])


def test_a_margin_over_a_drawn_floor_is_that_of_the_rule_of_five_standard_errors() -> None:
    chance = np.random.default_rng(3)
    full, noise = chance.normal(0.4, 0.3, 80), chance.normal(0, 0.1, 80)
    units = np.repeat(np.arange(40), 2)
    for floor in (full * 0.5 + noise, np.full(80, 0.25)):
        far = margin("mean", full, floor=floor, units=units)
        reason = normalised("mean", full, full, floor=floor, units=units, guess_margin=99).reason
        assert f"which is {far:.1f} standard errors above" in reason
    assert margin("mean", full, floor=np.full(80, 0.25)) == pytest.approx(margin("mean", full, floor=0.25))
    assert margin("mean", full, floor=full * 0.5) > 1.5 * margin("mean", full, floor=full.mean() * 0.5)
