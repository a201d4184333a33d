"""Scores are lm-evaluation-harness's, scipy's and scikit-learn's, and obey the laws of theirs."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_items import CORRELATIONS, NAMES, PAIRS, naive, seeds, some
from scipy.stats import spearmanr

from reprlab.errors import ReprlabError
from reprlab.statistics.aggregations import AGGREGATIONS, aggregate
from reprlab.statistics.bootstraps import bootstrap, draws
from reprlab.statistics.intervals import difference, standard_error
from reprlab.statistics.normalised import guessing


@pytest.mark.parametrize("n", [1, 2, 7, 200])
@pytest.mark.parametrize("name", NAMES)
def test_scores_are_the_harness_s(name: str, n: int) -> None:
    items = some(name, n, seed=n)
    assert aggregate(name, items if items.ndim == 2 else items[:, None]) == pytest.approx(naive(name, items))
    if name == "nanmean":
        items[::3] = math.nan
        assert aggregate(name, items) == pytest.approx(naive(name, items), nan_ok=True)


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
