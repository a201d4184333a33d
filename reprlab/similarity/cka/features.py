"""Sums over pairs of features instead of pairs of tokens, for CKA of many tokens."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise

import torch
from torch import Tensor

from reprlab.progress import Progress
from reprlab.similarity.cka.sums import Alignment
from reprlab.similarity.states import States, Survey

_PANEL = 2048  # tokens


def align_features(
    states: States, bounds: tuple[int, ...], centred: Survey, memory: int, device: str, progress: Progress
) -> Alignment:
    """What `align` computes for a linear kernel, from C_lm = X_l^T X_m: sum_ij K_l,ij K_m,ij = |C_lm|^2.

    Products are float64, so that the diagonal of K can be taken off |C|^2 where massive tokens make up most
    of it. Time grows with tokens, not with their square; every group's part is computed a second time.
    """
    depths, groups, count = len(states.widths), len(bounds) - 1, states.count
    cross, touching, inside = (torch.zeros(groups, depths, depths, dtype=torch.float64) for _ in range(3))
    rows, diagonal = _rows(states, centred, bounds, device)
    pairs = _blocks(states, memory)
    for done, (a, b) in enumerate(pairs):
        progress(done, len(pairs))
        whole = _product(states, centred, a, b, range(0, count), device)
        cross[0, a, b] = _norms(whole, whole, states, a, b)
        for group, (start, stop) in enumerate(pairwise(bounds) if groups > 1 else ()):
            part = _product(states, centred, a, b, range(start, stop), device)
            touching[group, a, b] = _norms(part, whole, states, a, b)
            inside[group, a, b] = _norms(part, part, states, a, b)
    progress(len(pairs), len(pairs))
    if groups == 1:
        touching[0] = inside[0] = cross[0]
    for sums in (cross[:1], touching, inside):
        for one in sums:
            one.copy_(one.triu() + one.triu(1).T)
    owned = torch.stack([diagonal[:, i:j] @ diagonal[:, i:j].T for i, j in pairwise(bounds)])
    varies = diagonal.sum(1) > 1e-20 * centred.squares.cpu()
    return Alignment(
        cross[0] - owned.sum(0), touching - owned, inside - owned, rows, diagonal, bounds, varies
    )


def _blocks(states: States, memory: int) -> list[tuple[slice, slice]]:
    """Pairs of blocks of depths, upper triangle, two of whose products fit into memory."""
    depths, width = len(states.widths), max(states.widths)
    side = max(1, min(depths, int(math.sqrt(memory / 16) / width)))
    cuts = [slice(at, min(at + side, depths)) for at in range(0, depths, side)]
    return [(a, b) for i, a in enumerate(cuts) for b in cuts[i:]]


def _product(states: States, centred: Survey, a: slice, b: slice, tokens: range, device: str) -> Tensor:
    """X_a^T X_b over some tokens: the features of the depths `a` against those of `b`, float64."""
    shape = [sum(states.widths[part]) for part in (a, b)]
    total = torch.zeros(*shape, dtype=torch.float64, device=device)
    for start in range(tokens.start, tokens.stop, _PANEL):
        stop = min(start + _PANEL, tokens.stop)
        left = torch.cat(list(_centred(states, centred, start, stop, a, device)), 1)
        right = left if a == b else torch.cat(list(_centred(states, centred, start, stop, b, device)), 1)
        total.addmm_(left.T, right)
    return total


def _centred(
    states: States, centred: Survey, start: int, stop: int, depths: slice, device: str
) -> Iterator[Tensor]:
    panel = states.panel(start, stop, depths)
    for part, mean in zip(panel, centred.centres[depths], strict=True):
        yield part.to(device).double() - mean.to(device)


def _norms(first: Tensor, second: Tensor, states: States, a: slice, b: slice) -> Tensor:
    """<C_lm, D_lm> for every depth l of `a` and m of `b`."""
    product = first * second
    across = torch.stack([part.sum(1) for part in product.split(list(states.widths[b]), 1)], 1)
    return torch.stack([part.sum(0) for part in across.split(list(states.widths[a]), 0)]).cpu()


def _rows(states: States, centred: Survey, bounds: Sequence[int], device: str) -> tuple[Tensor, Tensor]:
    """Sums of Gram rows over each group, without the diagonal, (group, depth, token), and the diagonal."""
    depths, groups, every = len(states.widths), len(bounds) - 1, slice(None)
    sums = [torch.zeros(groups, w, dtype=torch.float64, device=device) for w in states.widths]
    rows = torch.zeros(groups, depths, states.count, dtype=torch.float64)
    diagonal = torch.zeros(depths, states.count, dtype=torch.float64)
    spans = [
        (at, min(at + _PANEL, stop), group)
        for group, (start, stop) in enumerate(pairwise(bounds))
        for at in range(start, stop, _PANEL)
    ]
    for start, stop, group in spans:
        for depth, x in enumerate(_centred(states, centred, start, stop, every, device)):
            sums[depth][group] += x.sum(0)
    for start, stop, group in spans:
        for depth, x in enumerate(_centred(states, centred, start, stop, every, device)):
            own = x.square().sum(1).cpu()
            rows[:, depth, start:stop] = (sums[depth] @ x.T).cpu()
            rows[group, depth, start:stop] -= own
            diagonal[depth, start:stop] = own
    return rows, diagonal
