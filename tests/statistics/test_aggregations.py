"""The laws of scores and their errors, against lm-evaluation-harness, scipy and simulated truth."""

import math
import random
import tracemalloc
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lm_eval.api import metrics as harness
from numpy.typing import NDArray
from scipy.stats import pearsonr, spearmanr, ttest_rel
from sklearn.metrics import f1_score, matthews_corrcoef

import reprlab.statistics.aggregations as uncertainty
from reprlab.errors import ReprlabError
from reprlab.statistics.aggregations import AGGREGATIONS, aggregate
from reprlab.statistics.bootstraps import bootstrap, draws, pooled, seeds_spread
from reprlab.statistics.intervals import Difference, difference, standard_error
from reprlab.statistics.normalised import Guess, guessing, normalised

Array = NDArray[np.float64]
NAMES = list(AGGREGATIONS)
SMOOTH = [name for name in NAMES if AGGREGATIONS[name].terms]
CORRELATIONS = ["mcc", "pearson", "spearman"]
CLASSES = ["f1", "mcc"]
PAIRS = [*CLASSES, "pearson", "spearman"]  # of (gold, predicted)
seeds = st.integers(0, 2**31)


@pytest.fixture(autouse=True)
def no_warnings() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def some(name: str, n: int, *, seed: int = 0, schedules: tuple[int, ...] = ()) -> Array:
    """Items as a benchmark would give them: log-likelihoods, and the size of each document."""
    chance = np.random.default_rng(seed)
    if name in PAIRS:
        noise = chance.normal(size=(*schedules, n))
        gold = chance.integers(0, 11, n) / 2  # as of STS-B, with ties
        gold[:2] += 3  # of class 1, which f1 sees
        pairs = np.stack([np.broadcast_to(gold, noise.shape), (gold + noise).round(1)], -1)
        return np.where(name in CLASSES, pairs > 2, pairs).astype(np.float64)
    scores = -chance.gamma(2, 0.5, (*schedules, n))
    if AGGREGATIONS[name].columns == 1:
        return scores
    size = np.broadcast_to(chance.integers(5, 60, n), scores.shape)
    return np.stack([scores * size, size.astype(np.float64)], -1)


def naive(name: str, items: Array) -> float:
    """lm-evaluation-harness's own function, or scikit-learn's or scipy's; 0 of a constant column."""
    if name not in PAIRS:
        return float(getattr(harness, name)(items.tolist()))
    gold, predicted = items.T
    if not len(items):
        return math.nan
    if name == "f1":
        return float(f1_score(gold, predicted, zero_division=0))  # pyright: ignore[reportArgumentType]
    if not np.ptp(gold) or not np.ptp(predicted):
        return 0.0
    if name == "mcc":
        return float(matthews_corrcoef(gold, predicted))
    found: Any = pearsonr(gold, predicted) if name == "pearson" else spearmanr(gold, predicted)
    return float(found.statistic)


def clustered(chance: np.random.Generator, units: int, size: int, share: float = 0.5) -> Array:
    """Noise (units * size,) of variance 1 of which `share` is common to a unit."""
    common = chance.normal(size=units).repeat(size)
    return math.sqrt(share) * common + math.sqrt(1 - share) * chance.normal(size=units * size)


@pytest.mark.parametrize("n", [1, 2, 7, 200])
@pytest.mark.parametrize("name", NAMES)
def test_scores_are_the_harness_s(name: str, n: int) -> None:
    items = some(name, n, seed=n)
    assert aggregate(name, items if items.ndim == 2 else items[:, None]) == pytest.approx(naive(name, items))
    if name == "nanmean":
        items[::3] = math.nan
        assert aggregate(name, items) == pytest.approx(naive(name, items), nan_ok=True)


@pytest.mark.parametrize("n", [2, 7, 200])
def test_the_standard_error_of_a_mean_is_the_harness_s(n: int) -> None:
    items = some("mean", n)
    assert standard_error("mean", items) == pytest.approx(harness.mean_stderr(items.tolist()), rel=1e-12)
    assert standard_error("mean", items) == pytest.approx(np.std(items, ddof=1) / math.sqrt(n), rel=1e-12)
    wanted = naive("perplexity", items) * harness.mean_stderr(items.tolist())
    assert standard_error("perplexity", items) == pytest.approx(wanted, rel=1e-12)


@pytest.mark.parametrize("name", NAMES)
def test_schedules_side_by_side_are_schedules_alone(name: str) -> None:
    items, units = some(name, 30, schedules=(2, 3)), np.arange(30) // 2
    counts = draws(units, 50)
    for at in np.ndindex(2, 3):
        assert np.asarray(aggregate(name, items))[at] == aggregate(name, items[at])
        assert np.asarray(standard_error(name, items, units))[at] == pytest.approx(
            standard_error(name, items[at], units), rel=1e-12
        )
        together, alone = (bootstrap(name, x, units, counts) for x in (items, items[at]))
        np.testing.assert_allclose(together[at], alone, rtol=1e-12)


def test_a_last_axis_of_one_is_the_column() -> None:
    assert aggregate("mean", [[1.0], [3.0]]) == 2
    assert np.array_equal(aggregate("mean", [[[1.0]], [[3.0]]]), [1, 3])
    assert np.array_equal(aggregate("mean", [[1.0, 3.0], [3.0, 3.0]]), [2, 3])


@given(seeds, st.integers(2, 40), st.sampled_from(NAMES))
@settings(deadline=None, max_examples=60)
def test_the_order_of_documents_does_not_matter(seed: int, n: int, name: str) -> None:
    items, units = some(name, n, seed=seed), np.random.default_rng(seed).integers(0, 5, n)
    order = np.random.default_rng(seed + 1).permutation(n)
    assert aggregate(name, items[order]) == pytest.approx(aggregate(name, items), rel=1e-12)
    mixed, kept = (standard_error(name, items[o], units[o]) for o in (order, np.arange(n)))
    assert mixed == pytest.approx(kept, rel=1e-9, abs=1e-15, nan_ok=True)
    mixed, kept = (standard_error(name, items, u) for u in (units, units * 7 - 3))
    assert mixed == pytest.approx(kept, nan_ok=True)


@given(seeds, st.integers(2, 30), st.integers(2, 4), st.sampled_from(NAMES))
@settings(deadline=None, max_examples=60)
def test_copies_inside_units_change_nothing(seed: int, n: int, copies: int, name: str) -> None:
    items = some(name, n, seed=seed)
    more, units = items.repeat(copies, 0), np.arange(n).repeat(copies)
    assert aggregate(name, more) == pytest.approx(aggregate(name, items), rel=1e-12)
    assert standard_error(name, more, units) == pytest.approx(standard_error(name, items), rel=1e-9)


def test_copies_taken_for_new_documents_deceive() -> None:
    items = some("mean", 2000)
    twice = standard_error("mean", items.repeat(2))
    assert twice == pytest.approx(standard_error("mean", items) / math.sqrt(2), rel=1e-3)


@given(seeds, st.integers(1, 25), st.sampled_from(NAMES))
@settings(deadline=None, max_examples=60)
def test_a_weight_is_a_number_of_copies(seed: int, n: int, name: str) -> None:
    items, weights = some(name, n, seed=seed), np.random.default_rng(seed).integers(0, 4, n)
    wanted = aggregate(name, items.repeat(weights, 0))
    assert aggregate(name, items, weights) == pytest.approx(wanted, nan_ok=True, rel=1e-12, abs=1e-12)
    if name in PAIRS:
        assert wanted == pytest.approx(naive(name, items.repeat(weights, 0)), nan_ok=True, abs=1e-12)


@given(seeds, st.integers(2, 25), st.sampled_from(NAMES))
@settings(deadline=None, max_examples=60)
def test_weights_need_not_be_integers_and_have_no_unit(seed: int, n: int, name: str) -> None:
    items, weights = some(name, n, seed=seed), np.random.default_rng(seed).integers(0, 4, n)
    unit = 8 if name == "median" else 7  # an eighth is exact, as half of the weight must be
    wanted = aggregate(name, items, weights)
    assert aggregate(name, items, weights / unit) == pytest.approx(wanted, nan_ok=True, abs=1e-12)


@pytest.mark.parametrize("copies", [1, 3])
@pytest.mark.parametrize("name", PAIRS)
@pytest.mark.parametrize("constant", [(), (0,), (1,), (0, 1)])
@pytest.mark.parametrize("value", [0.0, 1.0])
def test_one_class_only_is_scikit_learn_s_and_a_constant_column_is_nought(
    name: str, copies: int, constant: tuple[int, ...], value: float
) -> None:
    items = some(name, 30, seed=5)
    items[:, list(constant)] = value
    wanted = naive(name, items)
    assert aggregate(name, items, np.full(30, copies)) == pytest.approx(wanted, abs=1e-12)
    assert bootstrap(name, items, None, np.full((2, 30), copies)) == pytest.approx([wanted] * 2, abs=1e-12)
    if name in CORRELATIONS and constant:
        assert wanted == standard_error(name, items) == 0
    if name == "f1" and len(constant) == 2:
        assert wanted == value


@pytest.mark.parametrize("name", ["pearson", "mcc"])
def test_what_rounding_leaves_of_a_constant_column_is_constant(name: str) -> None:
    items = some(name, 40)
    items[:, 1] = np.where(np.arange(40) % 3 == 0, 0.1 + 0.2, 0.3)
    assert np.ptp(items[:, 1]) > 0
    assert aggregate(name, items) == 0
    assert not bootstrap(name, items, None, draws(np.arange(40), 50)).any()
    outlier = np.append(items, [[3.0, 1e6]], 0)
    assert aggregate(name, outlier) == pytest.approx(naive("pearson", outlier), abs=1e-12)
    assert aggregate(name, outlier, [1] * 40 + [0]) == 0


@given(seeds, st.integers(3, 40), st.floats(-200, 200), st.floats(-1e4, 1e4))
@settings(deadline=None, max_examples=60)
def test_correlations_have_no_unit(seed: int, n: int, power: float, shift: float) -> None:
    items, counts = some("pearson", n, seed=seed), draws(np.arange(n), 20)
    for name in ("pearson", "spearman"):
        wanted = bootstrap(name, items, None, counts)
        np.testing.assert_allclose(
            bootstrap(name, (items + shift) * 10**power, None, counts), wanted, atol=1e-6
        )
        mirrored = bootstrap(name, items * [1, -1], None, counts)
        np.testing.assert_allclose(mirrored, -wanted, atol=1e-12)
        assert (np.abs(wanted) <= 1).all()
        assert aggregate(name, items[:, [0, 0]]) == pytest.approx(float(np.ptp(items[:, 0]) > 0))
    ranked = bootstrap("spearman", np.exp(items), None, counts)
    np.testing.assert_allclose(ranked, bootstrap("spearman", items, None, counts), atol=1e-12)


def test_infinite_numbers_have_ranks_and_nothing_else() -> None:
    items = some("spearman", 20)
    items[[3, 4], 1] = math.inf
    assert aggregate("spearman", items) == pytest.approx(spearmanr(*items.T)[0])
    assert math.isnan(aggregate("pearson", items))


def test_documents_that_f1_does_not_see_change_nothing() -> None:
    items, units = some("f1", 60), np.arange(60) // 2
    seen = items.any(1)
    assert 0 < seen.sum() < 60
    assert aggregate("f1", items[seen]) == aggregate("f1", items)
    assert standard_error("f1", items[seen], units[seen]) == pytest.approx(standard_error("f1", items, units))
    assert math.isnan(standard_error("f1", np.zeros((9, 2))))


@pytest.mark.parametrize("name", [name for name in NAMES if name not in SMOOTH])
def test_draws_are_walked_through_in_blocks(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    items, counts = some(name, 400), draws(np.arange(400), 4000)
    monkeypatch.setattr(uncertainty, "BLOCK", 1 << 17)
    tracemalloc.start()
    bootstrap(name, items, None, counts)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1.2 * 8 * (1 << 17)  # bytes: 1.3 MB, where all draws at once are 12.8


@pytest.mark.parametrize("name", NAMES)
def test_bootstrap_is_the_loop_over_draws(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    items, units = some(name, 24, seed=3), np.arange(24) % 9
    counts = draws(units, 101)
    looped = [naive(name, items.repeat(times[units], 0)) for times in counts]
    np.testing.assert_allclose(bootstrap(name, items, units, counts), looped, rtol=1e-12)
    weighted = [float(aggregate(name, items, times[units])) for times in counts]
    np.testing.assert_allclose(weighted, looped, rtol=1e-12)
    monkeypatch.setattr(uncertainty, "BLOCK", 50)  # a few draws at a time
    np.testing.assert_allclose(bootstrap(name, items, units, counts), looped, rtol=1e-12)
    assert (draws(units, 101) == counts).all()


@pytest.mark.parametrize("odd", [-math.inf, math.nan])
@pytest.mark.parametrize("name", NAMES)
def test_a_draw_without_the_odd_document_is_finite(name: str, odd: float) -> None:
    items = some(name, 12)
    items.reshape(12, -1)[4, 0] = odd
    counts = draws(np.arange(12), 200)
    found = bootstrap(name, items, None, counts)
    free = counts[:, 4] == 0
    np.testing.assert_allclose(found[free], bootstrap(name, items, None, counts[free]))
    assert np.isfinite(found[free]).all()
    assert free.any()
    if name not in ("nanmean", "median", "spearman") or (math.isnan(odd) and name != "nanmean"):
        assert not np.isfinite(found[~free]).any()
    np.testing.assert_allclose(found[:3], [float(aggregate(name, items, times)) for times in counts[:3]])


def test_draws_are_draws_of_units() -> None:
    counts = draws(["b", "a", "b", "c"], 4000, seed=5)
    assert counts.shape == (4000, 3)
    assert (counts.sum(1) == 3).all()
    assert (counts[:100] == draws([1, 2, 3], 100, seed=5)).all()
    assert not (counts == draws([1, 2, 3], 4000, seed=6)).all()
    assert counts.mean(0) == pytest.approx([1, 1, 1], abs=0.05)
    assert counts.var(0) == pytest.approx([2 / 3] * 3, abs=0.05)


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


@pytest.mark.parametrize("name", NAMES)
def test_no_documents_are_nan(name: str) -> None:
    items = np.empty((3, 0, AGGREGATIONS[name].columns))
    assert np.isnan(aggregate(name, items)).all()
    assert np.isnan(standard_error(name, items)).all()
    assert np.shape(aggregate(name, items)) == (3,)


def test_past_the_float_range() -> None:
    assert aggregate("perplexity", [-1e4, -1e5]) == math.inf
    assert aggregate("perplexity", [-math.inf, -1.0]) == math.inf
    assert aggregate("weighted_perplexity", [[-1e5, 1], [-1.0, 1]]) == math.inf
    assert aggregate("bits_per_byte", [[-math.inf, 1], [-1.0, 1]]) == math.inf
    assert aggregate("mean", [-math.inf, 0.0]) == -math.inf
    for bad in ([-1e4, -1e5], [-math.inf, -1.0], [math.nan, -1.0]):
        assert math.isnan(standard_error("perplexity", bad))
        assert math.isnan(difference("perplexity", bad, [-1.0, -1.0]).stderr)
    for name in NAMES:
        items = some(name, 4)
        items.reshape(4, -1)[1, 0] = math.nan
        assert math.isnan(aggregate(name, items)) == (name != "nanmean")
    assert math.isnan(aggregate("nanmean", [math.nan, math.nan]))


def test_nanmean_is_the_mean_of_what_is_there() -> None:
    items, units = some("mean", 50), np.arange(50) // 3
    gaps = np.where(np.arange(50) % 4 == 0, math.nan, items)
    here = ~np.isnan(gaps)
    assert standard_error("nanmean", gaps) == pytest.approx(standard_error("mean", items[here]), rel=1e-12)
    wanted = standard_error("mean", items[here], units[here])
    assert standard_error("nanmean", gaps, units) == pytest.approx(wanted, rel=1e-12)
    assert math.isnan(standard_error("nanmean", [math.nan, 1.0, math.nan]))


@given(seeds, st.integers(3, 60), st.sampled_from([0.8, 0.95, 0.99]))
@settings(deadline=None, max_examples=40)
def test_a_difference_of_means_is_the_paired_t_test(seed: int, n: int, level: float) -> None:
    a, b = some("mean", n, seed=seed, schedules=(2,))
    found, (low, high) = difference("mean", a, b, level=level), ttest_rel(a, b).confidence_interval(level)
    assert (found.low, found.high) == pytest.approx((low, high), rel=1e-9, abs=1e-12)
    assert (found.value, found.documents, found.units) == (pytest.approx((a - b).mean()), n, n)


@given(seeds, st.integers(2, 30), st.sampled_from(NAMES))
@settings(deadline=None, max_examples=60)
def test_a_difference_is_antisymmetric_and_nought_with_itself(seed: int, n: int, name: str) -> None:
    (a, b), units = some(name, n, seed=seed, schedules=(2,)), np.arange(n) // 2 * 2
    one, two = difference(name, a, b, units), difference(name, b, a, units)
    mirrored = (-two.value, two.stderr, -two.high, -two.low)
    assert (one.value, one.stderr, one.low, one.high) == pytest.approx(mirrored, abs=0, rel=0, nan_ok=True)
    same, counted = difference(name, a, a), int(a.any(1).sum()) if name == "f1" else n
    assert same == Difference(0, 0, 0, 0, n, counted)


@pytest.mark.parametrize("name", [name for name in NAMES if name != "median"])
def test_a_difference_s_error_is_that_of_paired_draws(name: str) -> None:
    a, b = some(name, 400, seed=4, schedules=(2,))
    units = np.arange(400) // 2
    b = a * 0.5 + b * 0.5  # the sizes stay
    counts = draws(units, 20_000 if name in SMOOTH else 4000)
    spread = np.subtract(*(bootstrap(name, x, units, counts) for x in (a, b)))
    near = 0.03 if name in SMOOTH else 0.08  # of its own 1,000 draws
    assert difference(name, a, b, units).stderr == pytest.approx(spread.std(ddof=1), rel=near)


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


def test_intervals_of_normalised_scores_hold_the_truth() -> None:
    chance, held = np.random.default_rng(1), 0
    units = np.arange(60).repeat(3)
    for _ in range(2000):
        full = 0.75 + 0.3 * clustered(chance, 60, 3)
        some_loss = 0.5 + 0.7 * (full - 0.75) + 0.2 * clustered(chance, 60, 3)
        found = normalised("mean", some_loss, full, floor=0.25, units=units)
        held += found.low <= 0.5 <= found.high
    assert 0.93 < held / 2000 < 0.97


@pytest.mark.parametrize(
    ("name", "floor"),
    [("mean", -9), ("median", -9), ("nanmean", -9), ("perplexity", 99), *((name, 0) for name in PAIRS)],
)
def test_the_full_model_is_one_and_guessing_nought(name: str, floor: float) -> None:
    full = some(name, 60)
    whole = normalised(name, full, full, floor=floor)
    assert (whole.value, whole.stderr, whole.low, whole.high, whole.reason) == (1, 0, 1, 1, "")
    guess = np.full(60, -math.log(floor) if name == "perplexity" else floor)
    guess = full * [1, 0] if name in PAIRS else guess
    assert normalised(name, guess, full, floor=floor).value == pytest.approx(0, abs=1e-12)


@given(seeds, st.floats(0.1, 10), st.floats(-5, 5))
@settings(deadline=None, max_examples=40)
def test_a_normalised_mean_has_no_unit(seed: int, scale: float, shift: float) -> None:
    score, full = np.add(some("mean", 50, seed=seed, schedules=(2,)), [[0], [4]])
    one = normalised("mean", score, full, floor=-1)
    two = normalised("mean", scale * score + shift, scale * full + shift, floor=shift - scale)
    assert (two.value, two.stderr, two.low) == pytest.approx((one.value, one.stderr, one.low), rel=1e-6)


def test_perplexities_are_normalised_as_log_likelihoods() -> None:
    score, full = some("perplexity", 80, schedules=(2,))
    found = normalised("perplexity", score * 2, full, floor=500)
    assert found == normalised("mean", score * 2, full, floor=-math.log(500))
    ratio = math.log(500 / aggregate("perplexity", score * 2)) / math.log(500 / aggregate("perplexity", full))
    assert found.value == pytest.approx(ratio)
    score, full = some("bits_per_byte", 80, schedules=(2,))
    bits, words = (
        normalised(n, score, full, floor=f) for n, f in [("bits_per_byte", 8), ("weighted_perplexity", 256)]
    )
    assert (bits.value, bits.stderr, bits.low) == pytest.approx((words.value, words.stderr, words.low))


@pytest.mark.parametrize("name", [name for name in NAMES if name != "median"])
def test_a_normalised_error_is_that_of_paired_draws(name: str) -> None:
    score, full = some(name, 400, seed=6, schedules=(2,))
    floors = {"mean": -8, "nanmean": -8, "bits_per_byte": 12, **dict.fromkeys(PAIRS, 0.1)}
    units, floor = np.arange(400) // 2, floors.get(name, 3000)
    how, counts = AGGREGATIONS[name], draws(units, 20_000 if name in SMOOTH else 4000)
    guess = how.unlink(np.array(floor, np.float64))
    top, bottom = (how.unlink(bootstrap(name, x, units, counts)) - guess for x in (score, full))
    found = normalised(name, score, full, floor=floor, units=units)
    near = 0.03 if name in SMOOTH else 0.08  # of its own 1,000 draws
    assert found.stderr == pytest.approx((top / bottom).std(ddof=1), rel=near)


def test_at_guessing_there_is_no_normalised_score() -> None:
    full = np.arange(100) % 13 < 3  # 24 of 100
    found = normalised("mean", full, full, floor=0.25)
    assert all(map(math.isnan, (found.value, found.stderr, found.low, found.high)))
    error = harness.mean_stderr(full.tolist())
    scored = f"the full model scores {full.mean():.3f} +- {error:.3f}, which is"
    assert found.reason == f"{scored} not above guessing (0.250)"
    near = normalised("mean", full, full, floor=0.2).reason
    margin = (full.mean() - 0.2) / error
    assert near == f"{scored} {margin:.1f} standard errors above guessing (0.200); 5 are needed"
    assert normalised("mean", full, full, floor=0.1, guess_margin=2).value == 1
    assert "5 are needed" in normalised("mean", full, full, floor=0.1).reason
    worse = normalised("perplexity", [-9.0, -9.1, -9.2], [-9.0, -9.1, -9.2], floor=1000)
    assert worse.reason == (
        "the full model scores 8955.293 +- 517.034, which is not above guessing (1000.000)"
    )


def test_scores_that_are_not_finite_have_a_reason() -> None:
    full = np.full(20, -1.0) + np.arange(20) % 2
    for name, floor in [("mean", -math.log(300)), ("perplexity", 300)]:
        lost = normalised(name, np.where(np.arange(20) == 3, -math.inf, full), full, floor=floor)
        assert lost.value == -math.inf
        assert lost.reason == "the score is -inf: some document was given probability 0"
        assert math.isnan(lost.stderr)
        gone = normalised(name, np.where(np.arange(20) == 3, math.nan, full), full, floor=floor)
        assert math.isnan(gone.value)
        assert gone.reason == "the score is nan: some document has no number"
        for bad in (math.nan, -math.inf):
            none = normalised(name, full, np.where(np.arange(20) == 3, bad, full), floor=floor)
            assert math.isnan(none.value)
            assert none.reason.startswith("the full model scores")
    huge = normalised("perplexity", full - 5000, full, floor=300)  # past the range only after the link
    assert math.isfinite(huge.value)
    assert math.isfinite(huge.stderr)


def test_seeds_apart_from_documents() -> None:
    items = some("mean", 40, schedules=(5,))[..., None]
    mean, spread = seeds_spread(aggregate("mean", items))
    assert mean == pytest.approx(aggregate("mean", pooled(items)))
    assert spread == pytest.approx(np.std(items.mean((1, 2)), ddof=1))
    assert pooled(items).shape == (40, 1)
    assert standard_error("mean", pooled(items)) == pytest.approx(
        harness.mean_stderr(items.mean(0)[:, 0].tolist())
    )
    assert math.isnan(seeds_spread([0.3])[1])
    assert all(map(math.isnan, seeds_spread([])))
    logs = np.log([float(aggregate("perplexity", seed)) for seed in items])
    assert aggregate("perplexity", pooled(items)) == pytest.approx(math.exp(logs.mean()))


@given(
    st.lists(st.integers(2, 6).flatmap(lambda k: st.tuples(st.integers(0, k - 1), st.just(k))), min_size=1)
)
def test_guessing_counts(documents: list[tuple[int, int]]) -> None:
    golds, choices = zip(*documents, strict=True)
    found = guessing([[gold] for gold in golds], choices)
    assert found.uniform == pytest.approx(sum(1 / k for k in choices) / len(choices))
    assert found.majority == max(golds.count(g) for g in golds) / len(golds)
    assert found.floor == max(found.uniform, found.majority)
    order = random.Random(0).sample(documents, len(documents))
    assert guessing([[gold] for gold, _ in order], [k for _, k in order]) == found
    both = guessing([{gold, k - 1} for gold, k in documents], choices)
    assert both.uniform >= found.uniform


def test_guess() -> None:
    assert Guess(0.25, 0.3).floor == 0.3
    assert guessing([[n % 4] for n in range(100)], [4] * 100) == Guess(0.25, 0.25)
    assert guessing([[n, (n + 1) % 4] for n in range(4)], [4] * 4) == Guess(0.5, 0.5)


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: aggregate("mena", [1]), "unknown aggregation 'mena': did you mean 'mean'"),
        (
            lambda: aggregate("bits_per_byte", [1, 2, 3]),
            r"bits_per_byte takes items \(\.\.\., documents, 2\), given \(3,\)",
        ),
        (lambda: aggregate("mean", 3.0), r"mean takes items \(\.\.\., documents, 1\), given \(\)"),
        (lambda: aggregate("mean", [1, 2], [1]), r"mean of 2 documents takes as many weights, given \(1,\)"),
        (lambda: standard_error("mean", [1, 2], [1]), r"2 documents take units \(2,\), given \(1,\)"),
        (
            lambda: bootstrap("mean", [1, 2], [0, 0], [[1, 1]]),
            r"1 units take counts \(count, 1\), given \(1, 2\)",
        ),
        (lambda: draws([]), "draws need at least one document"),
        (lambda: difference("mean", [1, 2], [1]), r"two arrays \(documents, 1\) .* given \(2,\) and \(1,\)"),
        (lambda: difference("mean", np.ones((2, 3)), np.ones((2, 3))), r"given \(2, 3\) and \(2, 3\)"),
        (lambda: difference("mean", [1, 2], [1, 3], level=95), "level is between 0 and 1, given 95"),
        (lambda: guessing([[0], [4]], [4, 4]), r"document 1 has gold \[4\], outside its 4 choices from 0"),
        (lambda: guessing([], []), "given 0 and 0"),
        (lambda: guessing([[0]], [4, 4]), "given 1 and 2"),
    ],
)
def test_errors_say_what_is_wrong(call: object, text: str) -> None:
    assert callable(call)
    with pytest.raises(ReprlabError, match=text):
        call()
