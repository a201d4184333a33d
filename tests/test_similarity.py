import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from reprlab.similarity import linear_cka, merge, sequence_cosine, sinks, sums, token_cosine

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


@given(seeds)
@settings(deadline=None)
def test_both_cosines_are_symmetric_one_on_the_diagonal_and_naive(seed: int) -> None:
    documents = [random(4, n, 6, seed=seed + n) for n in (3, 1, 8)]
    states = torch.cat(documents, 1)
    parts = [sums(d) for d in documents]
    total = merge(merge(parts[0], parts[1]), parts[2])
    naive = torch.nn.functional.cosine_similarity(states[:, None], states[None], dim=-1).mean(-1)
    torch.testing.assert_close(token_cosine(total), naive)
    flat = [torch.nn.functional.normalize(d.flatten(1)) for d in documents]
    torch.testing.assert_close(sequence_cosine(parts), sum(f @ f.T for f in flat) / 3)
    for found in (token_cosine(total), sequence_cosine(parts)):
        torch.testing.assert_close(found, found.T)
        torch.testing.assert_close(found.diagonal(), torch.ones(4, dtype=torch.float64))


@given(seeds, st.integers(0, 9))
def test_sums_of_two_parts_merge_to_the_sums_of_the_whole(seed: int, cut: int) -> None:
    states = random(3, 9, 4, seed=seed)
    merged, whole = merge(sums(states[:, :cut]), sums(states[:, cut:])), sums(states)
    assert merged.count == whole.count
    for name in ("mean", "m2", "cosine", "inner"):
        torch.testing.assert_close(getattr(merged, name), getattr(whole, name))


def test_the_variance_of_a_large_offset_is_right() -> None:
    states = random(1, 500, 3).float() + 20_000
    expected = states.double().var(1, unbiased=False)
    torch.testing.assert_close(sums(states).m2 / 500, expected, rtol=1e-6, atol=0)


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


def test_a_state_of_nought_has_no_cosine() -> None:
    states = random(2, 3, 4)
    states[0, 1] = 0
    assert token_cosine(sums(states))[0].isnan().all()
    assert token_cosine(sums(random(2, 0, 4))).isnan().all()


def test_sinks_are_found_by_norm_at_any_depth_and_position() -> None:
    norm = torch.ones(3, 10)
    norm[1, 7] = 4.1
    norm[2, 0] = 3.9
    assert sinks(norm).nonzero()[:, 0].tolist() == [7]
    assert sinks(norm, 3.5).nonzero()[:, 0].tolist() == [0, 7]
