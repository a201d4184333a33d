"""CKA from tiles: the papers' formulae, whatever the tiling, the memory and the groups."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from reprlab.similarity.cka import cka
from reprlab.similarity.cka.cka import align, features_are_cheaper, linear_cka, rbf_cka
from reprlab.similarity.states import Held, Reading, survey

seeds = st.integers(0, 2**31)


def random(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def naive_cka(x: Tensor, y: Tensor, debiased: bool) -> float:
    """Three lines each, as the papers write it: centred Gram matrices, or Song et al.'s estimator."""
    n = len(x)
    if not debiased:
        centre = torch.eye(n, dtype=torch.float64) - 1 / n
        k, m = (centre @ (a @ a.T) @ centre for a in (x, y))
        return float((k * m).sum() / (k.norm() * m.norm()))
    one = torch.ones(n, dtype=torch.float64)

    def hsic(a: Tensor, b: Tensor) -> Tensor:
        k, m = (g.clone().fill_diagonal_(0) for g in (a @ a.T, b @ b.T))
        trace, both = (k @ m).trace(), (one @ k @ one) * (one @ m @ one)
        return trace + both / ((n - 1) * (n - 2)) - 2 / (n - 2) * (one @ k @ m @ one)

    return float(hsic(x, y) / (hsic(x, x) * hsic(y, y)).sqrt())


@pytest.mark.parametrize("debiased", [True, False])
@pytest.mark.parametrize(("tokens", "width"), [(5, 3), (40, 7), (30, 90), (300, 4)])
def test_cka_is_the_papers_formula(tokens: int, width: int, debiased: bool) -> None:
    states = random(4, tokens, width) + 3
    found = linear_cka(states, debiased=debiased)
    for i in range(4):
        for j in range(4):
            assert float(found[i, j]) == pytest.approx(naive_cka(states[i], states[j], debiased), abs=1e-9)


@given(seeds, st.sampled_from([1, 2, 7, 64, 1000]), st.booleans())
@settings(deadline=None)
def test_any_tiling_gives_the_same_value(seed: int, tile: int, debiased: bool) -> None:
    states = random(3, 65, 5, seed=seed)
    whole = linear_cka(states, debiased=debiased, tile=65)
    torch.testing.assert_close(linear_cka(states, debiased=debiased, tile=tile), whole, rtol=0, atol=1e-10)


@given(seeds, st.floats(0.01, 100), st.floats(-50, 50))
@settings(deadline=None)
def test_cka_does_not_notice_rotation_scale_and_shift(seed: int, scale: float, shift: float) -> None:
    x, y = random(2, 60, 6, seed=seed)
    turned = scale * x @ torch.linalg.qr(random(6, 6, seed=seed + 1)).Q + shift
    assert float(linear_cka([x, turned])[0, 1]) == pytest.approx(1, abs=1e-9)
    assert float(linear_cka([x, y])[0, 1]) == pytest.approx(float(linear_cka([turned, y])[0, 1]), abs=1e-9)


def test_cka_notices_a_general_linear_map() -> None:
    x = random(100, 6)
    stretched = x @ torch.diag(torch.tensor([100.0, 1, 1, 1, 1, 1], dtype=torch.float64))
    assert float(linear_cka([x, stretched])[0, 1]) < 0.7


@pytest.mark.parametrize(("tokens", "width"), [(10, 1000), (64, 640), (300, 300), (1000, 100)])
def test_debiased_cka_of_independent_data_is_nought_on_average(tokens: int, width: int) -> None:
    found = [float(linear_cka(random(2, tokens, width, seed=s))[0, 1]) for s in range(40)]
    mean, spread = sum(found) / 40, torch.tensor(found).std() / math.sqrt(40)
    assert abs(mean) < 4 * spread
    biased = float(linear_cka(random(2, tokens, width), debiased=False)[0, 1])
    assert biased > mean + 0.05  # which is why the debiased form is the default


def test_debiased_cka_keeps_its_sign() -> None:
    found = [float(linear_cka(random(2, 12, 30, seed=s))[0, 1]) for s in range(40)]
    assert min(found) < 0 < max(found)


def test_a_large_offset_and_a_massive_channel_lose_nothing_in_float32() -> None:
    x = random(3, 400, 32)
    x[:, :, 3] = 10_000 + 50 * x[:, :, 3]
    exact = linear_cka(x)
    torch.testing.assert_close(linear_cka(x.float()), exact, rtol=0, atol=1e-5)


def test_constant_few_and_nan_states_give_nan_never_one() -> None:
    constant = torch.stack([torch.full((20, 3), 7.0), random(20, 3).float()])
    found = linear_cka(constant)
    assert found[0].isnan().all()
    assert float(found[1, 1]) == pytest.approx(1)
    assert linear_cka(random(2, 3, 4)).isnan().all()
    spoiled = random(2, 20, 3)
    spoiled[0, 4, 1] = torch.nan
    assert linear_cka(spoiled)[0].isnan().all()
    assert float(linear_cka(spoiled)[1, 1]) == pytest.approx(1)


def mixed(tokens: int, widths: tuple[int, ...], seed: int = 0) -> list[Tensor]:
    """Depths that share some directions, at widths of their own."""
    shared = random(tokens, 4, seed=seed)
    return [
        shared @ random(4, width, seed=seed + i) + random(tokens, width, seed=seed + 50 + i) + 3
        for i, width in enumerate(widths, 1)
    ]


def naive(states: list[Tensor], debiased: bool) -> Tensor:
    return torch.tensor([[naive_cka(x, y, debiased) for y in states] for x in states], dtype=torch.float64)


BOUNDS = (0, 20, 21, 60, 97)


@pytest.mark.parametrize("features", [False, True])
@pytest.mark.parametrize(("tile", "memory"), [(256, 1 << 30), (7, 1 << 30), (16, 3000), (256, 900)])
@pytest.mark.parametrize("debiased", [True, False])
def test_sums_give_the_whole_and_every_part_left_out(
    tile: int, memory: int, features: bool, debiased: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    states = mixed(97, (5, 9, 7))
    monkeypatch.setattr(cka, "features_are_cheaper", lambda *_: features)
    found = align(Held(states), bounds=BOUNDS, tile=tile, memory=memory)
    assert float((found.cka(debiased=debiased) - naive(states, debiased)).abs().max()) < 1e-10
    without = found.without(debiased=debiased)
    for group in range(4):
        kept = [t for t in range(97) if not BOUNDS[group] <= t < BOUNDS[group + 1]]
        expected = naive([state[kept] for state in states], debiased)
        assert float((without[group] - expected).abs().max()) < 1e-10


def test_features_are_taken_where_tokens_far_outnumber_them() -> None:
    long, wide = Held([torch.zeros(100_000, 64)] * 13), Held([torch.zeros(2000, 768)] * 13)
    assert features_are_cheaper(long, 1)
    assert not features_are_cheaper(wide, 1)


@pytest.mark.parametrize("debiased", [True, False])
@pytest.mark.parametrize("tile", [5, 256])
def test_rbf_cka_is_the_formula(tile: int, debiased: bool) -> None:
    states = mixed(60, (5, 8))
    grams: list[Tensor] = []
    for x in states:
        sigma = 0.7 * torch.pdist((x - x.mean(0)).float()).median()
        grams.append((-torch.cdist(x, x).square() / (2 * sigma.double() ** 2)).exp())
    n, one = 60, torch.ones(60, dtype=torch.float64)

    def hsic(k: Tensor, m: Tensor) -> Tensor:
        if not debiased:
            centre = torch.eye(n, dtype=torch.float64) - 1 / n
            return (centre @ k @ centre * m).sum()
        k, m = (g.clone().fill_diagonal_(0) for g in (k, m))
        both = (one @ k @ one) * (one @ m @ one)
        return (k * m).sum() + both / ((n - 1) * (n - 2)) - 2 / (n - 2) * (one @ k @ m @ one)

    a, b = grams
    expected = hsic(a, b) / (hsic(a, a) * hsic(b, b)).sqrt()
    found = rbf_cka(states, bandwidth=0.7, debiased=debiased, tile=tile)
    assert float(found[0, 1]) == pytest.approx(float(expected), abs=1e-6)


def test_rbf_cka_with_a_wide_kernel_is_linear_cka() -> None:
    states = mixed(80, (6, 6))
    wide = float(rbf_cka(states, bandwidth=300)[0, 1])
    assert wide == pytest.approx(float(linear_cka(states)[0, 1]), abs=1e-3)


def test_one_massive_token_loses_nothing_in_float32() -> None:
    states = [state.float() for state in mixed(500, (40, 40, 40))]
    for state in states:
        state[7] *= 10_000
    exact = linear_cka([state.double() for state in states])
    torch.testing.assert_close(linear_cka(states), exact, rtol=0, atol=1e-6)


class Counted(Held):
    """States that count how many tokens are read of them."""

    def panel(self, start: int, stop: int, depths: slice = slice(None)) -> list[Tensor]:
        read.append(stop - start)
        return super().panel(start, stop, depths)


read: list[int] = []


@pytest.mark.parametrize("memory", [200, 900, 3000, 1 << 20])
def test_a_reading_says_how_often_states_are_read(memory: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cka, "features_are_cheaper", lambda *_: False)
    states = Counted(mixed(97, (5, 9, 7)))
    centred = survey(states, memory)
    read.clear()
    align(states, centred=centred, memory=memory)
    assert sum(read) / 97 == pytest.approx(Reading.within(memory, states).times)


def test_what_is_held_stays_within_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    held: list[int] = []
    real = torch.empty

    def empty(*shape: int, **options: object) -> Tensor:
        made = real(*shape, **options)  # pyright: ignore
        held.append(made.numel() * made.element_size() if made.ndim == 2 else 0)
        return made

    monkeypatch.setattr(torch, "empty", empty)
    monkeypatch.setattr(cka, "features_are_cheaper", lambda *_: False)
    align(Held([state.float() for state in mixed(997, (50, 90))]), memory=200_000, tile=8)
    assert 100_000 < sum(held) <= 200_000
