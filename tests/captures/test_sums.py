import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from reprlab.captures.sums import merge, sinks, sums

seeds = st.integers(0, 2**31)


def random(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


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


def test_sinks_are_found_by_norm_at_any_depth_and_position() -> None:
    norm = torch.ones(3, 10)
    norm[1, 7] = 4.1
    norm[2, 0] = 3.9
    assert sinks(norm).nonzero()[:, 0].tolist() == [7]
    assert sinks(norm, 3.5).nonzero()[:, 0].tolist() == [0, 7]
