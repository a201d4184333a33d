"""Moments by depth: what they must not notice, and the same numbers from sums as from states."""

import numpy as np
import pytest
import torch
from torch import Tensor

from reprlab.captures.sums import sums
from reprlab.depths.moments import Powers, effective_rank, mean, total, variance, variance_flat
from reprlab.schedules.schedule import Schedule, matching


def states(seed: int = 0, tokens: int = 40, width: int = 6, depths: int = 3) -> Tensor:
    made = torch.randn(depths, tokens, width, generator=torch.Generator().manual_seed(seed)).double()
    return made * torch.arange(1, depths + 1)[:, None, None] + 5


def test_moments_are_those_of_the_states() -> None:
    x = states()
    found = sums(x)
    torch.testing.assert_close(mean(found), x.mean((1, 2)))
    torch.testing.assert_close(variance(found), x.var(1, correction=0).mean(1))
    torch.testing.assert_close(variance_flat(found), x.flatten(1).var(1, correction=0))


def test_variance_does_not_notice_shift_and_rotation_and_squares_a_scale() -> None:
    x = states()
    turn = torch.linalg.qr(torch.randn(6, 6).double()).Q
    torch.testing.assert_close(variance(sums(3 * (x @ turn) + 7)), 9 * variance(sums(x)))


def test_a_feature_that_never_changes_counts_in_the_flat_variance_only() -> None:
    x = states()
    x[..., 0] = 1000.0
    found = sums(x)
    assert (variance(found) < 20).all()
    assert (variance_flat(found) > 10_000).all()


@pytest.mark.parametrize("tokens", [4, 40])
def test_the_rank_is_the_participation_ratio_of_the_covariance(tokens: int) -> None:
    x = states(tokens=tokens)[1]
    values = torch.linalg.eigvalsh(torch.cov(x.T))
    assert effective_rank(x) == pytest.approx(float(values.sum() ** 2 / values.square().sum()), rel=1e-6)
    turn = torch.linalg.qr(torch.randn(6, 6).double()).Q
    assert effective_rank(2 * (x @ turn) - 3) == pytest.approx(effective_rank(x), rel=1e-6)


def test_the_rank_of_one_direction_is_one_and_of_nothing_is_nan() -> None:
    line = torch.linspace(-1, 1, 9)[:, None] * torch.ones(1, 5)
    assert effective_rank(line) == pytest.approx(1)
    assert np.isnan(effective_rank(torch.ones(9, 5)))


def test_sums_of_documents_give_the_variance_of_all_tokens_under_any_weights() -> None:
    parts = [states(seed, tokens) for seed, tokens in ((0, 10), (1, 7), (2, 23))]
    documents = [sums(part) for part in parts]
    whole = torch.cat(parts, dim=1)
    torch.testing.assert_close(variance(total(documents)), variance(sums(whole)))
    weights = np.array([[1.0, 1, 1], [2, 0, 1]])
    found = Powers.of(documents).variance(weights)
    np.testing.assert_allclose(found[0], variance(sums(whole)).numpy())
    twice = torch.cat([parts[0], parts[0], parts[2]], dim=1)
    np.testing.assert_allclose(found[1], variance(sums(twice)).numpy())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0:6", [0, 1, 2, 3, 4, 5, 6]),
        ("0 1 5", [0, 1, 2, 6]),
        ("0 1 3*3 5", [0, 1, 2, 3, 4, 5, 6]),
        ("0 1 [2:5] 5", [0, 1, 2, 5, 6]),
        ("0 1 5:2 5", [0, 1, 2, 3, 4, 5, 6]),
    ],
)
def test_depths_go_with_the_full_models(text: str, expected: list[int]) -> None:
    assert matching(Schedule.parse(text), 6) == expected
