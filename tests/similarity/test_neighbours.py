"""Mutual nearest neighbours."""

import pytest
import torch
from torch import Tensor

from reprlab.similarity.neighbours import mutual_knn, overlap, passes
from reprlab.similarity.states import Held


def random(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def naive(states: Tensor, k: int) -> Tensor:
    near: list[list[set[int]]] = []
    for x in torch.nn.functional.normalize(states, dim=-1):
        cosine = (x @ x.T).fill_diagonal_(-2)
        near.append([set(row.tolist()) for row in cosine.topk(k, 1).indices])
    pairs = [[sum(len(a & b) for a, b in zip(p, q, strict=True)) / len(p) / k for q in near] for p in near]
    return torch.tensor(pairs)


@pytest.mark.parametrize(("tokens", "k"), [(12, 11), (300, 10), (600, 1)])
@pytest.mark.parametrize("memory", [1 << 30, 20_000, 5000])
def test_overlap_is_that_of_the_sets(tokens: int, k: int, memory: int) -> None:
    states = random(3, tokens, 8)
    states[1] = states[0] + 0.3 * states[1]
    found = overlap(Held(list(states)), neighbours=k, memory=memory).mean(0)
    torch.testing.assert_close(found, naive(states, k), atol=1e-6, rtol=0)


def test_unrelated_depths_share_neighbours_by_chance_only() -> None:
    found = mutual_knn(random(2, 400, 20), neighbours=10)
    assert float(found[0, 1]) == pytest.approx(10 / 399, abs=0.01)
    assert found.diagonal().tolist() == [1, 1]


def test_rotation_and_scale_of_each_token_change_nothing() -> None:
    x = random(50, 6)
    turned = x @ torch.linalg.qr(random(6, 6, seed=1)).Q * (random(50, 1, seed=2).abs() + 0.1)
    assert float(mutual_knn([x, turned])[0, 1]) == 1


def test_a_large_offset_hides_no_neighbours_in_float32() -> None:
    states = (random(3, 200, 16).cumsum(0) + 1e4).float()
    found = mutual_knn(states)
    torch.testing.assert_close(found, naive(states.double(), 10), atol=0.02, rtol=0)
    assert float(found[1, 2]) > 0.15


def test_too_few_tokens_a_zero_and_nan_have_no_neighbours() -> None:
    assert mutual_knn(random(2, 5, 3), neighbours=5).isnan().all()
    states = random(2, 20, 3)
    states[0, 3] = 0
    assert mutual_knn(states)[0].isnan().all()
    states[0, 3] = torch.nan
    assert mutual_knn(states)[0].isnan().all()


def test_passes_say_how_often_states_are_read() -> None:
    states = Held([torch.zeros(100, 4)] * 2)
    assert passes(states, 1 << 30) == (100, 1)
    assert passes(states, 2 * 32 * 25) == (25, 4)
