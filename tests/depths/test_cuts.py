"""Groups: chains have none, planted ones come back, and a family's claims are decided by their numbers."""

import math
from itertools import permutations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.stats import spearmanr

from reprlab.depths.cuts import APART, Cut, cut, stability, words
from reprlab.depths.family import falling, one_layer, proportional
from reprlab.errors import ReprlabError

Array = NDArray[np.float64]


def lags(size: int) -> NDArray[np.int64]:
    return np.abs(np.subtract.outer(np.arange(size), np.arange(size)))


def noisy(inner: Array, noise: float, seed: int) -> Array:
    """A matrix with depth 0 in front and symmetric noise: (depth + 1, depth + 1)."""
    drawn = np.triu(np.random.default_rng(seed).normal(0, noise, inner.shape), 1)
    inner = inner + drawn + drawn.T
    np.fill_diagonal(inner, 1)
    return np.pad(inner, (1, 0))


def labels(sizes: list[int]) -> NDArray[np.int64]:
    return np.repeat(np.arange(len(sizes)), sizes)


def other_group(sizes: list[int]) -> NDArray[np.bool_]:
    return np.not_equal.outer(labels(sizes), labels(sizes))


def starts(sizes: list[int]) -> tuple[int, ...]:
    return tuple(int(n) for n in np.cumsum([1, *sizes[:-1]]))


def blocks(sizes: list[int]) -> Array:
    """0.8 in a group, 0.3 across."""
    return np.where(other_group(sizes), 0.3, 0.8)


def drifting(sizes: list[int]) -> Array:
    """Falls with the number of layers between, and by 0.3 more across a boundary, wherever it is."""
    return 1 - 0.35 * lags(sum(sizes)) / sum(sizes) - 0.3 * other_group(sizes)


def chained(sizes: list[int]) -> Array:
    """Falls with the number of layers between, and by a factor with every boundary crossed."""
    crossed = np.abs(np.subtract.outer(labels(sizes), labels(sizes)))
    return (0.5 + 0.5 * np.exp(-3 * lags(sum(sizes)) / sum(sizes))) * 0.6**crossed


CHAINS = {
    "exponential": lambda n: np.exp(-3 * lags(n) / n),
    "fast": lambda n: np.exp(-lags(n) / 2),
    "linear": lambda n: 1 - 0.6 * lags(n) / n,
    "hyperbolic": lambda n: 1 / (1 + 0.2 * lags(n)),
    "root": lambda n: 1 - 0.5 * np.sqrt(lags(n) / n),
    "constant": lambda n: np.where(lags(n), 0.6, 1.0),
}
PLANTED = [
    *([2, 3, 1], [2, 4], [5, 1], [3, 3], [1, 5]),
    *([2, 9, 1], [3, 20, 1], [2, 22], [23, 1], [1, 3, 18, 2], [3, 27, 2], [31, 1], [12, 5, 15]),
    *([4, 34, 2], [6, 72, 2], [79, 1], [10, 20, 30, 20], [2, 3, 75]),
]


# --- cuts ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [4, 6, 7, 12, 24, 32, 80])
@pytest.mark.parametrize("kind", CHAINS)
def test_a_chain_is_one_group(kind: str, size: int) -> None:
    found = cut(np.pad(CHAINS[kind](size), (1, 0)))
    assert found.groups == (range(1, size + 1),)
    assert "a chain" in found.reason


@pytest.mark.parametrize("size", [6, 12, 24, 40])
@pytest.mark.parametrize("kind", CHAINS)
def test_a_noisy_chain_is_hardly_ever_more(kind: str, size: int) -> None:
    found = [cut(noisy(CHAINS[kind](size), 0.02, seed)) for seed in range(20)]
    assert sum(len(c.starts) > 1 for c in found) <= (2 if size == 6 else 0)
    assert all(c.reason for c in found if len(c.starts) == 1)


@pytest.mark.parametrize("size", [6, 24])
def test_a_chain_of_drawn_states_is_one_group(size: int) -> None:
    """Cosines of an autoregressive walk: a chain, with noise that its depths share."""
    for seed in range(10):
        chance, states = np.random.default_rng(seed), np.zeros((size, 1000))
        state = chance.normal(size=1000)
        for depth in range(size):
            state = 0.97 * state + math.sqrt(1 - 0.97**2) * chance.normal(size=1000)
            states[depth] = state / np.linalg.norm(state)
        found = cut(np.pad(states @ states.T, (1, 0)))
        assert found.starts == (1,)
        assert "chain" in found.reason or found.apart < APART


@pytest.mark.parametrize("planted", [blocks, drifting, chained])
@pytest.mark.parametrize("sizes", PLANTED, ids=str)
def test_planted_blocks_come_back_as_groups(sizes: list[int], planted: object) -> None:
    assert callable(planted)
    found = cut(noisy(planted(sizes), 0, 0))
    assert found.starts == starts(sizes)
    assert [len(group) for group in found.groups] == sizes
    assert found.gap > 0
    assert found.apart >= APART
    assert not found.reason


@pytest.mark.parametrize("planted", [blocks, drifting, chained])
@pytest.mark.parametrize("sizes", [[2, 9, 1], [3, 20, 1], [23, 1], [1, 3, 18, 2], [4, 34, 2]], ids=str)
def test_planted_blocks_come_back_from_noise(sizes: list[int], planted: object) -> None:
    assert callable(planted)
    for seed in range(5):
        assert cut(noisy(planted(sizes), 0.05, seed)).starts == starts(sizes)


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.integers(2, 12), min_size=2, max_size=5).filter(lambda sizes: sum(sizes) >= 6),
    st.floats(0.05, 0.9),
    st.floats(0.01, 1e3),
)
def test_blocks_of_any_size_come_back_at_any_scale(sizes: list[int], step: float, scale: float) -> None:
    assume(abs(1 / (1 - step / 1.05) - APART) > 1e-9)  # at the limit itself rounding decides
    far = np.where(other_group(sizes), 1.0, 1.0 - step / 1.05) * (lags(sum(sizes)) > 0)
    whole = np.pad(far, (1, 0), constant_values=7)
    found = [cut(whole * by, distance=True) for by in (1, scale)]
    expected = starts(sizes) if 1 / (1 - step / 1.05) >= APART else (1,)
    assert [c.starts for c in found] == [expected, expected]
    assert found[0].apart == pytest.approx(found[1].apart)


def test_what_is_explained_and_how_far_apart_by_hand() -> None:
    sizes = [3, 4, 1]
    values = noisy(drifting(sizes), 0.1, 3)
    d, out = 1 - values[1:, 1:], other_group(sizes)
    total = part = top = bottom = 0.0
    for lag in range(1, len(d)):
        x, far = np.diagonal(d, lag), np.diagonal(out, lag)
        total += ((x - x.mean()) ** 2).sum()
        if far.any() and not far.all():
            means = np.where(far, x[far].mean(), x[~far].mean())
            sign = np.sign(x[far].mean() - x[~far].mean())
            part += sign * ((means - x.mean()) ** 2).sum()
            weight = far.sum() * (~far).sum() / len(x)
            top, bottom = top + weight * x[far].mean(), bottom + weight * x[~far].mean()
    found = cut(values)
    assert found.starts == starts(sizes)
    assert found.explained == pytest.approx(part / total)
    assert found.apart == pytest.approx(top / bottom)
    pairs = 7 * 6 / 2
    assert found.gap == pytest.approx(-pairs * math.log(1 - part / total) - 2 * 2 * math.log(pairs))


def test_depth_0_stands_apart_whatever_it_holds() -> None:
    values = noisy(blocks([3, 8, 1]), 0.02, 0)
    expected = cut(values)
    for filling in (1.0, -1.0, math.nan, math.inf):
        values[0] = values[:, 0] = filling
        assert cut(values) == expected


def test_similarity_and_distance_are_cut_alike() -> None:
    values = noisy(drifting([3, 8, 2]), 0.02, 0)
    assert cut(1 - values, distance=True).starts == cut(values).starts == (1, 4, 12)


def test_depths_in_the_other_order_are_cut_at_the_same_places() -> None:
    values = noisy(chained([3, 8, 2]), 0.02, 0)
    turned = np.pad(values[:0:-1, :0:-1], (1, 0))
    assert cut(turned).starts == (1, 3, 11)


def test_a_number_asked_for_is_given() -> None:
    values = noisy(blocks([3, 6, 3]), 0.05, 0)
    found = {count: cut(values, count) for count in range(1, 13)}
    assert [len(c.starts) for c in found.values()] == list(range(1, 13))
    assert found[3].starts == (1, 4, 10)
    assert found[2].starts in {(1, 4), (1, 10)}
    assert all(np.diff(c.starts).min(initial=1) >= 1 for c in found.values())


def test_groups_that_are_nearer_to_each_other_than_inside_are_none() -> None:
    values = np.pad(np.where(other_group([6, 6]), 0.8, 0.3) * (lags(12) > 0) + np.eye(12), (1, 0))
    assert 7 not in cut(values).starts
    assert 7 not in cut(values, 2).starts
    assert cut(values, 12).explained == 0


def test_a_step_too_small_for_the_name_is_said_to_be_so() -> None:
    sizes = [10, 14]
    found = cut(np.pad(1 - 0.5 * (lags(24) > 0) - 0.05 * other_group(sizes), (1, 0)))
    assert found.starts == (1,)
    assert found.apart == pytest.approx(1.1)
    assert found.reason == (
        "depths of two groups would be 1.10 times as far apart as depths of one, equally many layers apart: "
        "1.25 is needed"
    )


@pytest.mark.parametrize("count", [None, 1, 2])
@pytest.mark.parametrize("size", [2, 3, 4, 7, 30])
def test_nothing_to_tell_is_one_group_with_a_reason(size: int, count: int | None) -> None:
    for filling in (0.0, 1.0, math.nan, math.inf, -math.inf):
        if count is not None and count > size - 1:
            continue
        found = cut(np.full((size, size), filling), count)
        assert found.groups == (range(1, size),)
        assert found.reason or count == 1


def test_a_depth_that_is_nan_is_named() -> None:
    values = noisy(blocks([3, 8, 1]), 0.02, 0)
    values[5] = values[:, 5] = math.nan
    assert cut(values).reason == "not every value is a number at depth 5"
    values[7, 2] = values[2, 7] = math.nan
    assert cut(values).reason == "not every value is a number at depth 2, 5"


def test_few_depths_say_how_many_are_needed() -> None:
    assert cut(noisy(blocks([2, 1]), 0, 0)).reason == "4 depths after depth 0 are needed, there are 3"


@settings(deadline=None, max_examples=60)
@given(st.data(), st.integers(2, 9))
def test_any_matrix_gives_groups_or_a_reason(data: st.DataObject, size: int) -> None:
    numbers = st.floats(-1, 1) | st.sampled_from([math.nan, math.inf, 1e300, 1e-300])
    drawn = data.draw(st.lists(numbers, min_size=size * size, max_size=size * size))
    half = np.triu(np.array(drawn).reshape(size, size))
    found = cut(half + np.triu(half, 1).T)
    assert [depth for group in found.groups for depth in group] == list(range(1, size))
    assert (len(found.starts) > 1) == (not found.reason)


@pytest.mark.parametrize("count", [0, -1, 7])
def test_a_number_that_cannot_be_says_what_can(count: int) -> None:
    with pytest.raises(ReprlabError, match=rf"^{count} groups of 6 depths: give 1\.\.6$"):
        cut(np.eye(7), count)


@pytest.mark.parametrize("shape", [(7, 6), (7,), (1, 1), (0, 0)])
def test_what_is_no_matrix_of_depths_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ReprlabError, match=r"groups take a \(depth, depth\) matrix"):
        cut(np.zeros(shape))


# --- words and stability -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        ([3, 24, 3], (3, 24, 3)),
        ([1, 2, 25, 1, 1], (3, 25, 2)),
        ([30], (0, 30, 0)),
        ([29, 1], (0, 29, 1)),
        ([2, 28], (2, 28, 0)),
        ([10, 10, 10], (10, 10, 10)),  # of equals the one nearest the middle
        ([10, 10], (0, 10, 10)),  # then the first
        ([1, 9, 9], (1, 9, 9)),
    ],
    ids=str,
)
def test_the_largest_group_is_the_middle(sizes: list[int], expected: tuple[int, ...]) -> None:
    whole = Cut(starts(sizes), sum(sizes))
    assert whole.sizes == expected
    parts = words(whole.groups)
    assert tuple(group for part in parts.values() for group in part) == whole.groups


@given(st.sets(st.integers(2, 30)), st.lists(st.sets(st.integers(2, 30)), max_size=5), st.integers(0, 30))
def test_stability_is_how_often_a_boundary_is_near(
    own: set[int], others: list[set[int]], within: int
) -> None:
    cuts = [Cut((1, *sorted(other)), 30) for other in others]
    found = stability(cuts, Cut((1, *sorted(own)), 30), within=within)
    assert sorted(found) == sorted(own)
    for start, share in found.items():
        near = [other for other in others if other & set(range(start - within, start + within + 1))]
        assert share == len(near) / len(others) if others else math.isnan(share)


# --- families ------------------------------------------------------------------------------------


@settings(deadline=None, max_examples=40)
@given(
    st.lists(
        st.tuples(st.integers(4, 40), st.integers(0, 4)),
        min_size=4,
        max_size=6,
    )
)
def test_the_rank_correlation_and_its_p_are_those_of_all_orders(models: list[tuple[int, int]]) -> None:
    layers, beginnings = map(list, zip(*models, strict=True))
    shares = [beginning / size for size, beginning in models]
    claim = falling(layers, beginnings)
    if len(set(layers)) == 1 or len(set(shares)) == 1:
        assert claim.verdict == "not decidable"
        assert "are all the same" in claim.reason
        return
    assert claim.value == pytest.approx(spearmanr(layers, shares).statistic)
    orders = [spearmanr(order, shares).statistic for order in permutations(layers)]
    fall = np.mean([value <= claim.value + 1e-9 for value in orders])
    rise = np.mean([value >= claim.value - 1e-9 for value in orders])
    assert claim.p == pytest.approx(fall)
    expected = "supported" if fall <= 0.05 else "contradicted" if rise <= 0.05 else "not decidable"
    assert claim.verdict == expected


def test_many_models_draw_orders_and_say_the_same() -> None:
    layers = [6, 6, 6, 12, 24, 16, 24, 32, 32, 36]  # Pythia's
    assert falling(layers, [2, 2, 2, 3, 3, 3, 3, 3, 3, 3]).verdict == "supported"
    assert falling(layers, [1, 1, 1, 3, 8, 4, 8, 12, 12, 15]).verdict == "contradicted"
    claim = falling(layers, [1, 2, 1, 3, 4, 3, 6, 6, 7, 7])
    assert claim.verdict == "not decidable"
    assert 0.05 < claim.p < 0.95


def test_p_is_uniform_or_larger_where_there_is_nothing() -> None:
    chance = np.random.default_rng(0)
    layers = [6, 12, 18, 24, 32, 40]
    p = [falling(layers, chance.permutation([1, 2, 3, 4, 5, 6]).tolist()).verdict for _ in range(200)]
    assert p.count("contradicted") <= 20


def test_growing_in_proportion_is_a_slope_of_one() -> None:
    middles = np.array([4, 8, 16, 20, 28, 30])
    assert proportional((middles / 4).astype(int).tolist(), middles.tolist()).verdict == "supported"
    fixed = proportional([3] * 6, middles.tolist())
    assert (fixed.verdict, fixed.value) == ("contradicted", pytest.approx(0, abs=1e-9))
    wide = proportional([1, 9, 1, 8, 1, 9], middles.tolist())
    assert wide.verdict == "not decidable"
    assert wide.low < 0 < 1 < wide.high


def test_the_interval_of_a_slope_holds_it_in_95_of_100() -> None:
    chance, middles = np.random.default_rng(0), np.array([5, 9, 15, 20, 27, 30])
    hits = 0
    for _ in range(300):
        beginnings = middles * np.exp(chance.normal(0, 0.3, 6))
        claim = proportional(beginnings.tolist(), middles.tolist())
        hits += claim.low <= 1 <= claim.high
    assert 270 <= hits <= 296


def test_models_without_a_beginning_have_no_logarithm() -> None:
    claim = proportional([1, 2, 3, 4, 0, 0], [8, 16, 24, 32, 30, 6])
    assert (claim.models, claim.verdict) == (4, "supported")
    assert claim.reason.endswith("; 2 without a beginning left out")
    few = proportional([1, 2, 0, 0], [8, 16, 24, 32])
    assert few.reason == "4 models are needed, there are 2; 2 without a beginning left out"


@pytest.mark.parametrize(
    ("endings", "verdict"),
    [
        ([1] * 6, "supported"),
        ([1] * 5, "not decidable"),
        ([1] * 9 + [2], "supported"),
        ([1] * 5 + [0] * 5, "not decidable"),
        ([2] * 6, "contradicted"),
        ([0, 2, 3, 2, 0, 2, 2, 2, 3, 1], "contradicted"),
        ([], "not decidable"),
    ],
    ids=str,
)
def test_one_layer_is_a_count_with_its_interval(endings: list[int], verdict: str) -> None:
    claim = one_layer(endings)
    assert (claim.verdict, claim.models) == (verdict, len(endings))
    assert str(sum(end == 1 for end in endings)) in claim.reason or not endings


@pytest.mark.parametrize("count", [0, 1, 3])
def test_too_few_models_decide_nothing(count: int) -> None:
    sizes = [1, 2, 3][:count]
    for claim in (falling([6, 12, 24][:count], sizes), proportional(sizes, [4, 9, 20][:count])):
        assert claim.verdict == "not decidable"
        assert claim.reason.startswith(f"4 models are needed, there are {count}")
        assert math.isnan(claim.value)
