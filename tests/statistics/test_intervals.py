"""Standard errors are those of sampling, and intervals of differences hold the truth."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lm_eval.api import metrics as harness
from made_items import NAMES, SMOOTH, clustered, naive, seeds, some
from scipy.stats import binomtest, norm, ttest_rel
from scipy.stats import t as scipy_t

from reprlab.errors import ReprlabError
from reprlab.statistics.bootstraps import bootstrap, draws
from reprlab.statistics.intervals import (
    LEAST_PAIRED,
    contrast,
    difference,
    score_interval,
    standard_error,
)
from reprlab.statistics.normalised import normalised


@pytest.mark.parametrize("n", [2, 7, 200])
def test_the_standard_error_of_a_mean_is_the_harness_s(n: int) -> None:
    items = some("mean", n)
    assert standard_error("mean", items) == pytest.approx(harness.mean_stderr(items.tolist()), rel=1e-12)
    assert standard_error("mean", items) == pytest.approx(np.std(items, ddof=1) / math.sqrt(n), rel=1e-12)
    wanted = naive("perplexity", items) * harness.mean_stderr(items.tolist())
    assert standard_error("perplexity", items) == pytest.approx(wanted, rel=1e-12)


def test_copies_taken_for_new_documents_deceive() -> None:
    items = some("mean", 2000)
    twice = standard_error("mean", items.repeat(2))
    assert twice == pytest.approx(standard_error("mean", items) / math.sqrt(2), rel=1e-3)


@pytest.mark.parametrize("size", [1, 4])
@pytest.mark.parametrize("name", SMOOTH)
def test_the_closed_form_is_the_bootstrap(name: str, size: int) -> None:
    items, units = some(name, 400, seed=1), np.arange(400) // size
    order = np.argsort(items.reshape(400, -1)[:, 0])  # documents of a unit are alike
    found = bootstrap(name, items[order], units, draws(units, 20_000)).std(ddof=1)
    assert standard_error(name, items[order], units) == pytest.approx(found, rel=0.03)


@pytest.mark.parametrize("name", [name for name in NAMES if name not in SMOOTH])
def test_what_is_no_quotient_of_sums_has_the_error_of_its_draws(name: str) -> None:
    items, units = some(name, 90, seed=2), np.arange(90) // 3
    drawn = bootstrap(name, items, units, draws(units, 1000))
    assert standard_error(name, items, units) == pytest.approx(drawn.std(ddof=1), rel=1e-9)


def test_a_correlation_s_error_is_that_of_its_sampling() -> None:
    x, y = np.random.default_rng(0).normal(size=(2, 40, 300))
    pairs = np.stack([x, 0.6 * x + 0.8 * y], -1)  # correlation .6
    theory = (1 - 0.6**2) / math.sqrt(300)
    assert np.mean(standard_error("pearson", pairs)) == pytest.approx(theory, rel=0.05)


def test_the_median_s_error_is_that_of_its_sampling() -> None:
    values = np.random.default_rng(0).normal(size=(300, 101))
    assert np.mean(standard_error("median", values)) == pytest.approx(np.median(values, 1).std(), rel=0.15)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("n", "units"), [(1, [0]), (3, [5, 5, 5])])
def test_one_unit_has_no_error(name: str, n: int, units: list[int]) -> None:
    items = some(name, n, schedules=(2,))
    items = items[..., None] if items.ndim == 2 else items
    assert np.isnan(standard_error(name, items, units)).all()
    found = difference(name, items[0], items[1], units)
    assert math.isfinite(found.value)
    assert all(map(math.isnan, (found.stderr, found.low, found.high)))
    assert (found.documents, found.units) == (n, 1)
    assert math.isnan(normalised(name, items[0], items[1], floor=2, units=units).value)


def test_nanmean_is_the_mean_of_what_is_there() -> None:
    items, units = some("mean", 50), np.arange(50) // 3
    gaps = np.where(np.arange(50) % 4 == 0, math.nan, items)
    here = ~np.isnan(gaps)
    assert standard_error("nanmean", gaps) == pytest.approx(standard_error("mean", items[here]), rel=1e-12)
    wanted = standard_error("mean", items[here], units[here])
    assert standard_error("nanmean", gaps, units) == pytest.approx(wanted, rel=1e-12)
    assert math.isnan(standard_error("nanmean", [math.nan, 1.0, math.nan]))


@given(seeds, st.integers(40, 90), st.sampled_from([0.8, 0.95, 0.99]))
@settings(deadline=None, max_examples=40)
def test_a_difference_of_means_is_the_paired_t_test(seed: int, n: int, level: float) -> None:
    a, b = some("mean", n, seed=seed, schedules=(2,))
    found, (low, high) = difference("mean", a, b, level=level), ttest_rel(a, b).confidence_interval(level)
    assert (found.low, found.high) == pytest.approx((low, high), rel=1e-9, abs=1e-12)
    assert (found.value, found.documents, found.units) == (pytest.approx((a - b).mean()), n, n)


@given(seeds, st.sampled_from([2, 3, 30, 80, 90]), st.sampled_from(NAMES))
@settings(deadline=None, max_examples=60)
def test_a_difference_is_antisymmetric_and_nought_with_itself(seed: int, n: int, name: str) -> None:
    (a, b), units = some(name, n, seed=seed, schedules=(2,)), np.arange(n) // 2 * 2
    one, two = difference(name, a, b, units), difference(name, b, a, units)
    mirrored = (-two.value, two.stderr, -two.high, -two.low)
    assert (one.value, one.stderr, one.low, one.high) == pytest.approx(mirrored, abs=0, rel=0, nan_ok=True)
    same, counted = difference(name, a, a), int(a.any(1).sum()) if name == "f1" else n
    nought = 0 if counted >= LEAST_PAIRED else math.nan
    if name in {"perplexity", "weighted_perplexity"}:
        assert (same.ratio, one.ratio) == (1, pytest.approx(1 / two.ratio))
        inverted = (1 / two.ratio_high, 1 / two.ratio_low)
        assert (one.ratio_low, one.ratio_high) == pytest.approx(inverted, nan_ok=True)
        assert math.isnan(same.low)
    else:
        ends = (same.value, same.stderr, same.low, same.high)
        assert ends == pytest.approx((0, 0, nought, nought), abs=0, nan_ok=True)
    assert (same.documents, same.units) == (n, counted)


@pytest.mark.parametrize("name", [name for name in NAMES if name != "median"])
def test_a_difference_s_error_is_that_of_paired_draws(name: str) -> None:
    a, b = some(name, 400, seed=4, schedules=(2,))
    units = np.arange(400) // 2
    b = a * 0.5 + b * 0.5  # the sizes stay
    counts = draws(units, 20_000 if name in SMOOTH else 4000)
    spread = np.subtract(*(bootstrap(name, x, units, counts) for x in (a, b)))
    near = 0.03 if name in SMOOTH else 0.08  # of its own 1,000 draws
    assert difference(name, a, b, units).stderr == pytest.approx(spread.std(ddof=1), rel=near)


def test_a_perplexity_s_interval_is_that_of_its_log_likelihood() -> None:
    items = some("perplexity", 60)
    low, high = score_interval("perplexity", items)
    ends = scipy_t.interval(0.95, 59, items.mean(), items.std(ddof=1) / math.sqrt(60))
    assert (low, high) == pytest.approx((math.exp(-ends[1]), math.exp(-ends[0])))
    value = naive("perplexity", items)
    assert high - value > value - low > 0
    assert np.isnan(score_interval("perplexity", items[:39])).all()


@pytest.mark.parametrize("right", [0, 3, 20, 60])
def test_a_share_has_wilson_s_interval(right: int) -> None:
    items = np.arange(60) < right
    found = binomtest(right, 60).proportion_ci(method="wilson")
    wider = scipy_t.ppf(0.975, 59) / norm.ppf(0.975)
    low, high = score_interval("mean", items, share=True)
    assert 0 <= low <= right / 60 <= high <= 1
    assert high - low == pytest.approx((found.high - found.low) * wider, rel=0.04)
    whole = score_interval("mean", items + 1e-9, share=True)
    plain = scipy_t.ppf(0.975, 59) * items.std(ddof=1) / math.sqrt(60)
    assert whole[1] - whole[0] == pytest.approx(2 * plain)


def test_a_ratio_of_perplexities_is_the_paired_t_interval_of_logarithms() -> None:
    a, b = some("perplexity", 60, schedules=(2,))
    found, ends = difference("perplexity", a, b), ttest_rel(b, a).confidence_interval()
    assert found.ratio == pytest.approx(naive("perplexity", a) / naive("perplexity", b))
    assert (found.ratio_low, found.ratio_high) == pytest.approx(tuple(np.exp(ends)))
    assert found.reason == "the interval is of the ratio of two perplexities"


def test_a_contrast_is_the_difference_of_mean_differences() -> None:
    a, b = np.random.default_rng(0).normal(size=(2, 5, 60))
    side = np.array([True, True, False, False, False])
    gains = a - b
    found, wanted = contrast("mean", a, b, side), ttest_rel(gains[:2].mean(0), gains[2:].mean(0))
    ends = wanted.confidence_interval()
    assert found.value == pytest.approx((gains[:2].mean(0) - gains[2:].mean(0)).mean())
    assert (found.low, found.high) == pytest.approx((ends.low, ends.high))
    assert contrast("mean", a, b, ~side).value == pytest.approx(-found.value)
    with pytest.raises(ReprlabError, match=r"^a contrast takes rows on both sides: all are on one$"):
        contrast("mean", a, b, [True] * 5)
    with pytest.raises(ReprlabError, match=r"^a contrast takes two arrays \(row, documents, 1\) and a side"):
        contrast("mean", a, b, side[:4])


def test_intervals_of_differences_hold_the_truth() -> None:
    chance, held, naive_held = np.random.default_rng(0), 0, 0
    units = np.arange(40).repeat(5)
    for _ in range(2000):
        a, b = 1.5 + clustered(chance, 40, 5), 1 + clustered(chance, 40, 5)
        found, blind = difference("mean", a, b, units), difference("mean", a, b)
        held += found.low <= 0.5 <= found.high
        naive_held += blind.low <= 0.5 <= blind.high
    assert 0.93 < held / 2000 < 0.97
    assert naive_held / 2000 < 0.85  # which is what units are for
