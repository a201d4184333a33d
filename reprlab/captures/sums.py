"""Sums over tokens of hidden states, of which most measures are made: mathematics only.

Arrays are (depth, token, width). Sums over pairs of depths are (depth, depth), in float64.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from reprlab.provenance import SINK_FACTOR


@dataclass(frozen=True)
class Sums:
    """Sums over tokens from which means, variances and both cosines follow; all float64.

    `mean` and `m2` (squared deviations from the mean) are (depth, width); `cosine` and `inner` are
    (depth, depth). Sums of two sets of tokens add up with `merge`.
    """

    count: int
    mean: Tensor
    m2: Tensor
    cosine: Tensor
    inner: Tensor

    def cpu(self) -> Sums:
        """The same sums in main memory."""
        parts = (self.mean, self.m2, self.cosine, self.inner)
        return Sums(self.count, *(part.cpu() for part in parts))


def sums(states: Tensor, grams: Tensor | None = None) -> Sums:
    """The sums of (depth, token, width) states, given their `token_grams` or not; no tokens give zeros.

    >>> sums(torch.ones(3, 2, 4)).cosine.tolist()[0]
    [2.0, 2.0, 2.0]
    """
    grams = token_grams(states) if grams is None else grams
    exact = states.double()
    depths, count, width = exact.shape
    mean = exact.mean(1) if count else exact.new_zeros(depths, width)
    m2 = exact.square().sum(1) - count * mean.square()  # float64 of float32 states: no cancellation
    size = grams.diagonal(dim1=1, dim2=2).sqrt()  # (token, depth)
    cosines = grams / (size[:, :, None] * size[:, None, :])
    return Sums(count, mean, m2, cosines.sum(0, dtype=torch.float64), grams.sum(0, dtype=torch.float64))


def token_grams(states: Tensor) -> Tensor:
    """Each token's inner products between depths: (depth, token, width) -> (token, depth, depth)."""
    rows = states.transpose(0, 1)
    rows = (rows if states.dtype == torch.float64 else rows.float()).contiguous()
    return rows @ rows.transpose(1, 2)


def merge(first: Sums, second: Sums) -> Sums:
    """The sums of two disjoint sets of tokens together (Chan, Golub and LeVeque 1983 for `m2`)."""
    count = first.count + second.count
    if count == 0:
        return first
    shift = second.mean - first.mean
    share = second.count / count
    return Sums(
        count,
        first.mean + shift * share,
        first.m2 + second.m2 + shift.square() * (first.count * share),
        first.cosine + second.cosine,
        first.inner + second.inner,
    )


def norms(states: Tensor) -> Tensor:
    """Euclidean norm of every token at every depth: (depth, token, width) -> (depth, token)."""
    return torch.linalg.vector_norm(states.float(), dim=-1)


def sinks(norm: Tensor, factor: float = SINK_FACTOR) -> Tensor:
    """Which tokens are sinks: norm above `factor` times the depth's median, at any depth.

    Takes norms (depth, token), gives booleans (token,). Depth 0 counts too. Detected by norm, never
    by position or token id: massive activations are not confined to the first token.

    >>> sinks(torch.tensor([[1.0, 1.0, 9.0, 1.0], [2.0, 2.0, 2.0, 2.0]])).tolist()
    [False, False, True, False]
    """
    return (norm > factor * norm.nanmedian(dim=1, keepdim=True).values).any(0)
