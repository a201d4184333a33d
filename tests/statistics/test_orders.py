"""Laws of random orders: t over orders, crossed with documents once, nothing of a census or of too few."""

import numpy as np
import pytest
from scipy.stats import t

from reprlab.statistics.bootstraps import interval
from reprlab.statistics.orders import LEAST_ORDERS, over_orders, sampled

rng = np.random.default_rng


@pytest.mark.parametrize("size", [3, 5, 10])
def test_without_noise_of_documents_the_interval_is_t_s_over_orders(size: int) -> None:
    values = rng(size).normal(size=size)
    drawn = over_orders(values[:, None].repeat(40_001, axis=1), "random 3")
    half = t.ppf(0.975, size - 1) * values.std(ddof=1) / size**0.5
    assert drawn[0] == pytest.approx(values.mean())
    assert interval(drawn[1:]) == pytest.approx((drawn[0] - half, drawn[0] + half), abs=0.06 * half)


def test_orders_that_are_alike_add_nothing_to_documents() -> None:
    documents = rng(0).normal(size=(1, 2001)).repeat(5, axis=0)
    assert np.array_equal(over_orders(documents, "random 3"), documents.mean(0))


def test_noise_of_documents_counts_once() -> None:
    """Orders differ by their documents' noise alone: the interval is as wide as t's, not 1.4 times."""
    wide = []
    for seed in range(200):
        answers = rng(seed).normal(size=(10, 200))
        times = rng(seed + 1000).multinomial(200, [1 / 200] * 200, size=400).T / 200
        levels = np.concatenate([answers.mean(1, keepdims=True), answers @ times], axis=1)
        low, high = interval(over_orders(levels, f"random {seed}")[1:])
        wide.append((high - low) / 2)
    assert np.mean(wide) / (1.96 / 2000**0.5) == pytest.approx(t.ppf(0.975, 9) / 1.96, rel=0.08)


def test_a_census_has_no_part_of_orders_and_too_few_have_no_interval() -> None:
    levels = np.array([[0.2], [0.4]]).repeat(50, axis=1)
    assert np.ptp(over_orders(levels, "random 4", census=True)) == 0
    few = over_orders(levels, "random 4")
    assert few[0] == pytest.approx(0.3)
    assert np.isnan(few[1:]).all()
    assert LEAST_ORDERS == 3


def test_benchmarks_move_together_as_their_orders_do() -> None:
    apart = rng(0).normal(size=6)
    one, other = (sampled(scale * apart, "random 3", 500, degrees=5) for scale in (1, 2))
    assert np.allclose(2 * one, other)
    assert not np.allclose(one, sampled(apart, "random 4", 500, degrees=5))
