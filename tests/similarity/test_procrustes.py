"""Angles between shapes."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from reprlab.similarity.procrustes import procrustes


def random(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.mark.parametrize(("tokens", "width"), [(40, 6), (9, 30), (20, 20)])
def test_procrustes_is_the_angle_to_the_best_rotation(tokens: int, width: int) -> None:
    from scipy.linalg import orthogonal_procrustes

    x, y = ((a - a.mean(0)) / (a - a.mean(0)).norm() for a in random(2, tokens, width))
    _, kept = orthogonal_procrustes(x.numpy(), y.numpy())
    found = procrustes([x * 3 + 1, y - 2])
    assert float(found[0, 1]) == pytest.approx(math.acos(kept), abs=1e-9)


@given(st.integers(0, 2**31), st.floats(0.01, 100), st.floats(-50, 50))
@settings(deadline=None, max_examples=25)
def test_procrustes_does_not_notice_rotation_scale_and_shift(seed: int, scale: float, shift: float) -> None:
    x, y = random(2, 30, 5, seed=seed)
    turned = scale * x @ torch.linalg.qr(random(5, 5, seed=seed + 1)).Q + shift
    found = procrustes([x, y, turned])
    assert float(found[0, 2]) < 1e-5
    assert float(found[0, 1]) == pytest.approx(float(found[1, 2]), abs=1e-6)


@given(st.integers(0, 2**31))
@settings(deadline=None, max_examples=25)
def test_procrustes_is_a_metric(seed: int) -> None:
    found = procrustes([random(15, w, seed=seed + w) for w in (3, 8, 20)])
    torch.testing.assert_close(found, found.T)
    assert float(found.diagonal().abs().max()) == 0
    a, b, c = found[0, 1], found[1, 2], found[0, 2]
    assert c <= a + b + 1e-9
    assert a <= b + c + 1e-9
    assert 0 <= float(found.min()) <= float(found.max()) <= math.pi / 2


def test_what_does_not_vary_or_is_nan_has_no_angle() -> None:
    states = [torch.full((8, 3), 5.0), random(8, 3), random(8, 3)]
    states[2][4, 1] = torch.nan
    found = procrustes(states)
    assert found.isnan().tolist() == [[True, True, True], [True, False, True], [True, True, True]]
