"""Neighbours: whether a token has the same nearest tokens at two depths."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor

from reprlab.progress import Progress
from reprlab.similarity.states import MEMORY, PIECE, Held, States

_ROWS = 256  # tokens whose neighbours are sought at a time


def mutual_knn(states: Iterable[Tensor], *, neighbours: int = 10) -> Tensor:
    """Mutual k-nearest-neighbour overlap of every pair of depths: mean over tokens of |N_l(i) & N_m(i)| / k.

    N_l(i) are the k tokens of largest cosine to token i at depth l, itself left out (Huh et al. 2024). Takes
    (depth, token, width), or one (token, width) array a depth; gives (depth, depth) in [0, 1], symmetric, 1
    on the diagonal; unrelated depths have k / (tokens - 1) on average. Unchanged by rotation and by any
    positive scale of a token's state. Ties (at depth 0 equal tokens have equal states) fall either way.
    NaN where fewer than k + 1 tokens are, or a depth has a state that is zero or not finite.

    >>> x = torch.randn(50, 8, generator=torch.Generator().manual_seed(0))
    >>> float(mutual_knn([x, 2 * x], neighbours=5)[0, 1])
    1.0
    """
    return overlap(Held(list(states)), neighbours=neighbours).mean(0)


def overlap(
    states: States,
    *,
    neighbours: int,
    memory: int = MEMORY,
    device: str = "cpu",
    progress: Progress = lambda done, total: None,
) -> Tensor:
    """Each token's share of common neighbours between depths: (token, depth, depth), float32."""
    depths, count = len(states.widths), states.count
    if count <= neighbours:
        return torch.full((count, depths, depths), torch.nan)
    rows, times = passes(states, memory)
    centres = _centres(states, device)
    shares = torch.empty(count, depths, depths)
    for number, start in enumerate(range(0, count, rows)):
        stop = min(start + rows, count)
        nearest = _nearest(states, centres, start, stop, rows, neighbours)
        for a in range(start, stop, _ROWS):
            b = min(a + _ROWS, stop)
            shares[a:b] = _common(nearest[:, a - start : b - start]).cpu()
        progress(number + 1, times)
    return shares


def passes(states: States, memory: int) -> tuple[int, int]:
    """How many tokens' neighbours are sought in one pass over all states, and how many passes that takes."""
    token = sum(states.widths) * (8 if states.exact else 4)
    rows = max(1, min(states.count, memory // (2 * token)))
    return rows, -(-states.count // rows)


def _nearest(
    states: States, centres: list[Tensor], start: int, stop: int, rows: int, neighbours: int
) -> Tensor:
    """The nearest tokens of some, -1 where a state has no direction: (depth, token, k)."""
    own = _unit(states, centres, start, stop)
    device = centres[0].device
    best = [torch.full((stop - start, neighbours), -torch.inf, device=device, dtype=x.dtype) for x in own]
    index = [torch.full((stop - start, neighbours), -1, device=device) for _ in own]
    for begin in range(0, states.count, rows):
        end = min(begin + rows, states.count)
        others = own if begin == start else _unit(states, centres, begin, end)
        for depth, (x, y) in enumerate(zip(own, others, strict=True)):
            size = y.square().sum(1) / 2
            for a in range(0, stop - start, _ROWS):
                near = x[a : a + _ROWS] @ y.T - size  # falls with the distance, as the cosine does
                if begin == start:
                    near.diagonal(a).fill_(-torch.inf)
                value, place = near.topk(min(neighbours, end - begin), dim=1)
                value = torch.cat([best[depth][a : a + _ROWS], value], 1)
                place = torch.cat([index[depth][a : a + _ROWS], place + begin], 1)
                top = value.topk(neighbours, dim=1)
                best[depth][a : a + _ROWS] = top.values
                index[depth][a : a + _ROWS] = place.gather(1, top.indices)
    return torch.stack([i.where(b.isfinite(), -1) for i, b in zip(index, best, strict=True)])


def _centres(states: States, device: str) -> list[Tensor]:
    """A point amid each depth's directions: distances from there lose nothing where all nearly agree."""
    panel = states.panel(0, min(PIECE, states.count))
    return [
        torch.nn.functional.normalize(x.to(device).double(), dim=1).nanmean(0).nan_to_num() for x in panel
    ]


def _unit(states: States, centres: list[Tensor], start: int, stop: int) -> list[Tensor]:
    """Some tokens' states at norm 1, from the centres."""
    dtype = torch.float64 if states.exact else torch.float32
    targets = [torch.empty(stop - start, len(c), dtype=dtype, device=c.device) for c in centres]
    for at in range(start, stop, PIECE):
        end = min(at + PIECE, stop)
        for state, centre, target in zip(states.panel(at, end), centres, targets, strict=True):
            here = state.to(centre.device).double()
            target[at - start : end - start] = here / here.norm(dim=1, keepdim=True) - centre
    return targets


def _common(nearest: Tensor) -> Tensor:
    """Shares of common neighbours, from (depth, token, k): (token, depth, depth); NaN where unknown."""
    known = (nearest >= 0).all(2)
    shares = [
        (own[None, :, :, None] == nearest[:, :, None, :]).sum((2, 3)).float().where(ok & known, torch.nan)
        for own, ok in zip(nearest, known, strict=True)
    ]
    return torch.stack(shares).permute(2, 0, 1) / nearest.shape[2]
