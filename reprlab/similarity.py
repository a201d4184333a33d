"""How alike the hidden states of a network are at every pair of depths: mathematics only.

Arrays are (depth, token, width). Results are (depth, depth), symmetric, in float64.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

SINK_FACTOR = 4.0  # a sink's norm is above this many times its depth's median


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


def token_cosine(total: Sums) -> Tensor:
    """Mean over tokens of cos(h_l, h_m): in [-1, 1], 1 on the diagonal.

    Unchanged by a rotation of the width and by any positive scale of a token's state.
    """
    if not total.count:
        return torch.full_like(total.cosine, torch.nan)
    return _symmetric(total.cosine / total.count)


def sequence_cosine(documents: Sequence[Sums]) -> Tensor:
    """Mean over documents of the cosine between whole documents flattened into one vector a depth.

    The measure of "Transformer Layers as Painters", fig. 3, without its padding. A few tokens of very
    large norm decide it.
    """
    inner = torch.stack([document.inner for document in documents if document.count])
    size = inner.diagonal(dim1=1, dim2=2).sqrt()
    return _symmetric((inner / (size[:, :, None] * size[:, None, :])).mean(0))


def _symmetric(values: Tensor) -> Tensor:
    """Rid of the last bits in which a product and its mirror image, and the diagonal and 1, differ."""
    even = (values + values.T) / 2
    own = even.diagonal()
    own.copy_(torch.ones_like(own).where(own.isfinite(), torch.nan))
    return even


def linear_cka(states: Iterable[Tensor], *, debiased: bool = True, tile: int = 256) -> Tensor:
    """Linear centred kernel alignment, HSIC(K_l, K_m) / sqrt(HSIC(K_l, K_l) HSIC(K_m, K_m)), K = X X^T.

    `states` is (depth, token, width), or one (token, width) array a depth; widths may differ. `debiased`
    uses the unbiased HSIC of Song et al. (2012, eq. 5), whose expectation is 0 for independent data whatever
    tokens / width is; the ratio can be slightly negative, and is never clamped. The biased form (Kornblith
    et al. 2019) is in [0, 1] and approaches 1 where tokens are fewer than the width. Unchanged by rotation,
    shift and isotropic scale of the width at any depth. Exact over all tokens: states are centred in float64
    and scaled per depth, Gram tiles are float32 products, sums are float64.

    A depth without variance, or with NaN, has NaN in its row; so has every depth of fewer than four tokens.

    >>> x = torch.randn(50, 8, generator=torch.Generator().manual_seed(0))
    >>> turned = x @ torch.linalg.qr(torch.randn(8, 8)).Q * 3 + 5
    >>> round(float(linear_cka([x, turned])[0, 1]), 5)
    1.0
    """
    centred = [_centred(state) for state in states]
    if len(centred[0]) < 4:
        return torch.full((len(centred),) * 2, torch.nan, dtype=torch.float64)
    hsic = _hsic(centred, debiased, tile)
    own = hsic.diagonal()
    scale = own.where(own > 0, torch.nan).sqrt()
    return _symmetric(hsic / torch.outer(scale, scale))


def _centred(state: Tensor) -> Tensor:
    """A depth without its mean and with mean square 1, in float32 (float64 stays float64)."""
    exact = state.double()
    size = exact.square().mean().sqrt()
    exact = exact - exact.mean(0)
    spread = exact.square().mean().sqrt()
    kept = exact / spread.where(spread > 1e-10 * size, torch.nan)  # below, only rounding is left
    return kept if state.dtype == torch.float64 else kept.float()


def _hsic(x: list[Tensor], debiased: bool, tile: int) -> Tensor:
    """HSIC of every pair of depths from Gram tiles; only a few tiles are alive at a time."""
    depths, count = len(x), len(x[0])
    total = torch.zeros(depths, depths, dtype=torch.float64, device=x[0].device)
    rows = torch.zeros(depths, count, dtype=torch.float64, device=x[0].device)
    starts = range(0, count, tile)
    for i in starts:
        for j in starts[i // tile :]:
            gram = torch.stack([s[i : i + tile] @ s[j : j + tile].T for s in x])  # (depth, tile, tile)
            if debiased and i == j:
                gram.diagonal(dim1=1, dim2=2).zero_()
            flat = gram.flatten(1)
            total += (flat @ flat.T).double() * (1 if i == j else 2)
            rows[:, i : i + tile] += gram.sum(2, dtype=torch.float64)
            if i != j:
                rows[:, j : j + tile] += gram.sum(1, dtype=torch.float64)
    if not debiased:  # the states are centred: the rows of every Gram matrix sum to zero already
        return total / (count - 1) ** 2
    sums = rows.sum(1)
    mixed = torch.outer(sums, sums) / ((count - 1) * (count - 2)) - rows @ rows.T * (2 / (count - 2))
    return (total + mixed) / (count * (count - 3))
