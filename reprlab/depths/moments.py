"""Moments: how spread and size of hidden states change with depth, under the model and under a schedule.

Arrays are float64; `Sums` are those of `similarity`, one a document.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from reprlab.arrays import Array
from reprlab.captures.sums import Sums, merge


def mean(total: Sums) -> Tensor:
    """Mean of all entries at each depth: (depth,)."""
    return total.mean.mean(-1)


def variance(total: Sums) -> Tensor:
    """Mean over features of the variance over tokens, sum (x - mean)^2 / n, at each depth: (depth,), >= 0.

    Unchanged by a shift and by a rotation of the width; a positive scale c gives c^2.

    >>> import torch
    >>> from reprlab.captures.sums import sums
    >>> variance(sums(torch.tensor([[[0.0, 1.0], [2.0, 1.0]]]))).tolist()
    [0.5]
    """
    return total.m2.mean(-1) / total.count


def variance_flat(total: Sums) -> Tensor:
    """Variance of all entries of all tokens at each depth: (depth,), at least `variance`."""
    return variance(total) + total.mean.var(-1, correction=0)


def effective_rank(states: Tensor) -> float:
    """Participation ratio (tr C)^2 / tr(C^2) of the covariance C of (token, width) states: in [1, width].

    It counts the directions that carry the variance. Unchanged by shift, rotation and scale; NaN where
    nothing varies.

    >>> import torch
    >>> effective_rank(torch.eye(4).repeat(50, 1) - 0.25)
    3.0
    """
    kind = torch.float64 if states.dtype == torch.float64 else torch.float32
    centred = states.to(kind) - states.mean(0, dtype=torch.float64).to(kind)
    small = centred.shape[0] < centred.shape[1]
    gram = centred @ centred.T if small else centred.T @ centred
    trace, square = gram.trace().double(), gram.double().square().sum()
    return round(float(trace**2 / square), 6) if trace > 0 else float("nan")


@dataclass(frozen=True)
class Powers:
    """Sums of powers by document, from which the variance under any weighting of documents follows.

    `count` (document,), `first` (document, depth, width), `second` (document, depth).
    """

    count: Array
    first: Array
    second: Array

    @classmethod
    def of(cls, documents: Sequence[Sums]) -> Powers:
        counts = np.array([document.count for document in documents], dtype=np.float64)
        first = np.stack([(document.mean * document.count).numpy() for document in documents])
        square = [(d.m2 + d.count * d.mean.square()).sum(-1).numpy() for d in documents]
        return cls(counts, first, np.stack(square))

    def variance(self, weights: Array) -> Array:
        """`variance` where document i counts weights[:, i] times: (draw, document) -> (draw, depth)."""
        total = weights @ self.count
        depths, width = self.first.shape[1:]
        second = weights @ self.second / (total[:, None] * width)
        means = [weights @ self.first[:, depth] / total[:, None] for depth in range(depths)]
        return second - np.stack([(m**2).mean(-1) for m in means], axis=1)


def total(documents: Sequence[Sums]) -> Sums:
    """The sums of several documents together."""
    whole = documents[0]
    for document in documents[1:]:
        whole = merge(whole, document)
    return whole
