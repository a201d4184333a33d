"""CKA of every pair of depths, from tiles or from features, whichever takes less time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from torch import Tensor

from reprlab.progress import Progress
from reprlab.similarity.cka.features import align_features
from reprlab.similarity.cka.sums import Alignment
from reprlab.similarity.cka.tiles import TILE, Tiling, rbf
from reprlab.similarity.states import MEMORY, Held, Reading, States, Survey, survey


def linear_cka(
    states: Iterable[Tensor], *, debiased: bool = True, tile: int = TILE, memory: int = MEMORY
) -> Tensor:
    """Linear centred kernel alignment, HSIC(K_l, K_m) / sqrt(HSIC(K_l, K_l) HSIC(K_m, K_m)), K = X X^T.

    `states` is (depth, token, width), or one (token, width) array a depth; widths may differ. `debiased`
    uses the unbiased HSIC of Song et al. (2012, eq. 5), whose expectation is 0 for independent data whatever
    tokens / width is; the ratio can be slightly negative, and is never clamped. The biased form (Kornblith
    et al. 2019) is in [0, 1] and approaches 1 where tokens are fewer than the width. Unchanged by rotation,
    shift and isotropic scale of the width at any depth. Exact over all tokens: states are centred, products
    are float32 (float64 of float64 states), sums are float64. `memory` (bytes) is for centred states.

    A depth without variance, or with NaN, has NaN in its row; so has every depth of fewer than four tokens.

    >>> import torch
    >>> x = torch.randn(50, 8, generator=torch.Generator().manual_seed(0))
    >>> turned = x @ torch.linalg.qr(torch.randn(8, 8)).Q * 3 + 5
    >>> round(float(linear_cka([x, turned])[0, 1]), 5)
    1.0
    """
    return align(Held(list(states)), tile=tile, memory=memory).cka(debiased=debiased)


def rbf_cka(
    states: Iterable[Tensor],
    *,
    bandwidth: float = 1.0,
    debiased: bool = True,
    tile: int = TILE,
    memory: int = MEMORY,
) -> Tensor:
    """CKA with K_ij = exp(-|x_i - x_j|^2 / (2 s^2)), s = `bandwidth` times the depth's median distance.

    The median is over all pairs of at most 1,024 tokens, evenly spaced. Otherwise as `linear_cka`; a large
    bandwidth approaches it (Kornblith et al. 2019, 4).

    >>> import torch
    >>> x = torch.randn(50, 8, generator=torch.Generator().manual_seed(0))
    >>> round(float(rbf_cka([x, 3 * x + 5])[0, 1]), 5)
    1.0
    """
    held = Held(list(states))
    return align(held, bandwidth=bandwidth, tile=tile, memory=memory).cka(debiased=debiased)


def align(
    states: States,
    *,
    bandwidth: float | None = None,
    bounds: Sequence[int] = (),
    centred: Survey | None = None,
    tile: int = TILE,
    memory: int = MEMORY,
    device: str = "cpu",
    progress: Progress = lambda done, total: None,
) -> Alignment:
    """The sums of every pair of depths over all pairs of tokens; `bandwidth` makes the kernel an RBF.

    `bounds` cut the tokens into groups of consecutive ones, 0 first and the count last (default: one group).
    Where tokens far outnumber width, a linear kernel is summed over pairs of features instead: the same
    numbers, from float64 products.
    """
    cuts = tuple(bounds) or (0, states.count)
    centred = centred or survey(states, memory, device, medians=bandwidth is not None)
    if bandwidth is None and features_are_cheaper(states, len(cuts) - 1):
        return align_features(states, cuts, centred, memory, device, progress)
    kernel = None if bandwidth is None else rbf(centred.medians * bandwidth)
    return Tiling(states, centred, cuts, tile, device).run(kernel, Reading.within(memory, states), progress)


def features_are_cheaper(states: States, groups: int) -> bool:
    """Whether products of features (float64, twice where there are groups) take less time than tiles."""
    depths, width = len(states.widths), max(states.widths)
    tiled = depths * states.count**2 * (width + depths)
    return 4 * depths**2 * width**2 * states.count * (2 if groups > 1 else 1) < tiled
