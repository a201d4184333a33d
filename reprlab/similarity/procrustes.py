"""Shapes: how far the states of two depths are apart once they are turned upon each other."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor

from reprlab.progress import Progress


def procrustes(states: Iterable[Tensor], *, progress: Progress = lambda done, total: None) -> Tensor:
    """Angular Procrustes distance arccos(|X_l^T X_m|_* / (|X_l|_F |X_m|_F)) of depths l and m, in radians.

    Takes (depth, token, width), or one (token, width) array a depth, centres it, and gives (depth, depth),
    symmetric, 0 on the diagonal, in [0, pi/2]: the angle that is left between two shapes once rotation,
    reflection, shift and scale are gone; a metric (Williams et al. 2021). |.|_* is the sum of singular
    values, in float64. NaN where a depth does not vary. Costs a singular value decomposition a pair.

    >>> x = torch.randn(50, 8, generator=torch.Generator().manual_seed(0))
    >>> turned = x @ torch.linalg.qr(torch.randn(8, 8)).Q * 3 + 5
    >>> bool(procrustes([x, turned])[0, 1] < 1e-3)
    True
    """
    shapes = [_shape(state) for state in states]
    size = len(shapes)
    angles = torch.zeros(size, size, dtype=torch.float64)
    for depth, shape in enumerate(shapes):
        angles[depth, depth] = shape.sum() * 0  # NaN stays
        for other in range(depth + 1, size):
            product = shape.T @ shapes[other]
            overlap = torch.linalg.svdvals(product).sum() if product.isfinite().all() else product.sum()
            angles[depth, other] = angles[other, depth] = overlap.clamp(max=1).arccos()
        progress(depth + 1, size)
    return angles


def _shape(state: Tensor) -> Tensor:
    """A depth without mean and with norm 1, its width turned into at most as many directions as tokens."""
    exact = state.double()
    size = exact.norm()
    exact = exact - exact.mean(0)
    norm = exact.norm()
    exact = exact / (norm if norm > 1e-10 * size else torch.nan)
    if exact.shape[0] >= exact.shape[1] or not exact.isfinite().all():
        return exact
    return torch.linalg.qr(exact.T).R.T
