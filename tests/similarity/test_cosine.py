"""Cosines of changed states."""

import pytest
import torch

from reprlab.similarity.cosine import cosines, document_matrices, transform
from reprlab.similarity.samples import Sample
from reprlab.similarity.states import Held


def given(tokens: int = 3000) -> Sample:
    random = torch.Generator().manual_seed(0)
    states = torch.randn(3, tokens, 6, generator=random) * torch.arange(1, 7) + 1000
    return Sample(Held(list(states)), (0, 100, 100, tokens), 0)


def test_means_and_scales_of_a_large_offset_are_exact_over_panels() -> None:
    sample = given()
    change = transform(sample, "standardised", 0)
    for depth, state in enumerate(sample.states.panel(0, 3000)):
        made = change(depth, state.double())
        torch.testing.assert_close(made.mean(0), torch.zeros(6, dtype=torch.float64), atol=1e-9, rtol=0)
        torch.testing.assert_close(made.std(0, correction=0), torch.ones(6, dtype=torch.float64))


def test_removed_components_carry_no_variance() -> None:
    sample = given()
    change = transform(sample, "components", 2)
    made = change(0, sample.states.panel(0, 3000)[0].double())
    rank = torch.linalg.matrix_rank(made, rtol=1e-9)
    assert int(rank) == 4
    assert float(made.var(0).sum()) == pytest.approx(1 + 4 + 9 + 16, rel=0.1)  # 5 and 6 squared are gone


def test_angles_of_nearly_equal_states_are_exact() -> None:
    x = torch.randn(50, 8, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    turn = torch.eye(8, dtype=torch.float64)
    turn[:2, :2] = torch.tensor([[1.0, -1e-5], [1e-5, 1.0]]) / (1 + 1e-10) ** 0.5
    sample = Sample(Held([x, x @ turn.T]), (0, 50), 0)
    found = cosines(sample, None, angular=True)[0] / 50 * torch.pi
    share = x[:, :2].norm(dim=1) / x.norm(dim=1)
    assert float(found[0, 1]) == pytest.approx(1e-5 * float(share.mean()), rel=1e-3)
    assert found.diagonal().tolist() == [0, 0]


def test_sums_are_kept_by_document_and_empty_ones_are_nought() -> None:
    sample = given()
    sums = cosines(sample, None, angular=False)
    assert sums.shape == (3, 3, 3)
    assert float(sums[0, 0, 0]) == pytest.approx(100)
    assert float(sums[1].abs().max()) == 0
    matrices, some = document_matrices(sample)
    assert some.tolist() == [1, 0, 1]
    assert float(matrices[1].abs().max()) == 0
