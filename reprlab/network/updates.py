"""What a block makes of its update: the mathematics of `~a:b`, `?seed` and `=digest`, shared by executors.

States are (document, token, width); norms and sums over the width are in float32, whatever the states are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor

from reprlab.errors import ReprlabError
from reprlab.schedules.steps import Block, full_calls
from reprlab.schedules.update_rules import Matched, MeanUpdate

Spans = Iterable[tuple[int, int]]
Norms = Mapping[tuple[int, int], Tensor]  # (a, b) -> ||h_b - h_a||: (document, token, 1)
Means = Mapping[str, Tensor]  # calibration -> mean states at every depth: (depth, width), float64

_GOLDEN, _FIRST, _SECOND = (
    np.uint64(n) for n in (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB)
)


@dataclass(frozen=True)
class Known:
    """What rules need to know besides a block's own states, of one batch."""

    batch: Mapping[str, Any]
    norms: Norms = field(default_factory=dict[tuple[int, int], Tensor])
    means: Means = field(default_factory=dict[str, Tensor])


def after(block: Block, entry: Tensor, end: Tensor, known: Known) -> Tensor:
    """The state after a block: `entry` is the one before it, `end` the one after its steps."""
    update = end.float() - entry.to(end.device).float()
    size = _norm(update)
    if isinstance(block.rule, Matched):
        wanted = known.norms[block.span].to(end.device)
        # u / ||u|| first: its entries are at most 1, so that no scale overflows
        scaled = (entry.to(end.device).float() + update / size * wanted).to(end.dtype)
        return torch.where((size == wanted) | (size == 0), end, scaled)
    assert not isinstance(block.rule, MeanUpdate)  # its layers do not run, so it has no end
    random = directions(block.rule.seed, *tokens(known.batch), update.shape[-1])
    return (entry.to(end.device).float() + random.to(end.device) * size).to(end.dtype)


def after_mean(block: Block, entry: Tensor, known: Known) -> Tensor:
    """The state after a block `=digest`: every token's update is the mean one."""
    assert isinstance(block.rule, MeanUpdate)
    means = known.means.get(block.rule.calibration)
    if means is None:
        raise ReprlabError(
            f"the mean update of calibration {block.rule.calibration} is not looked up here: rl.sweep and "
            "rl.capture (`reprlab sweep`, `reprlab capture`) take it from their cache"
        )
    start, stop = block.span
    return (entry.float() + (means[stop] - means[start]).to(entry.device, torch.float32)).to(entry.dtype)


def full_norms(spans: Spans, state: Tensor, layer: Callable[[int, Tensor], Tensor]) -> Norms:
    """The norms of the full model's updates, from one pass as far as they go; `state` enters layer 0.

    A state is kept from the start of the first range that begins there to the end of the last.
    """
    spans, norms, begun = tuple(spans), dict[tuple[int, int], Tensor](), dict[int, Tensor]()
    for depth in range(full_calls(spans) + 1):
        if depth:
            state = layer(depth - 1, state)
        for start, stop in spans:
            if stop == depth:
                norms[start, stop] = _norm(state.float() - begun[start].to(state.device).float())
        begun = {start: kept for start, kept in begun.items() if (start, depth) < _last(spans, start)}
        if any(start == depth for start, _ in spans):
            begun[depth] = state
    return norms


def _last(spans: tuple[tuple[int, int], ...], start: int) -> tuple[int, int]:
    return max(span for span in spans if span[0] == start)


def _norm(update: Tensor) -> Tensor:
    """(document, token, width) -> (document, token, 1)"""
    return torch.linalg.vector_norm(update, dim=-1, keepdim=True)


def tokens(batch: Mapping[str, Any]) -> tuple[Tensor, Tensor]:
    """Each token's id and its position in its own text: (document, token) each, on the CPU.

    The same whether its text is alone, padded on either side, or a branch of a packed row.

    >>> tokens({"input_ids": torch.tensor([[0, 5, 6]]), "attention_mask": torch.tensor([[0, 1, 1]])})[1]
    tensor([[0, 0, 1]])
    """
    ids, mask = batch["input_ids"].cpu(), batch.get("attention_mask")
    if "position_ids" in batch:
        return ids, batch["position_ids"].cpu().expand_as(ids)
    if isinstance(mask, Tensor) and mask.dim() == 2:
        return ids, (mask.cpu().long().cumsum(-1) - 1).clamp_min(0)
    return ids, torch.arange(ids.shape[1]).expand_as(ids)


def directions(seed: int, ids: Tensor, positions: Tensor, width: int) -> Tensor:
    """A random direction of norm 1 for each token: (document, token, width), float32, on the CPU.

    Normal numbers (Box and Muller 1958) of a counter that is mixed with seed, id and position (SplitMix64,
    Steele et al. 2014), divided by their norm: no generator has a state, so a token's direction is the same
    in any batch, on any device and in any dtype. A law: uniform on the sphere over tokens.

    >>> one = directions(7, torch.tensor([[5, 6]]), torch.tensor([[0, 1]]), 4)
    >>> two = directions(7, torch.tensor([[9], [6]]), torch.tensor([[0], [1]]), 4)
    >>> torch.equal(one[0, 1], two[1, 0]), torch.equal(one[0, 0], two[0, 0])
    (True, False)
    """
    with np.errstate(over="ignore"):
        key = _mixed(np.uint64(seed) + np.zeros(tuple(ids.shape), np.uint64))
        for part in (ids, positions):
            key = _mixed(key ^ part.numpy().astype(np.uint64))
        pairs = -(-width // 2)
        counters = np.arange(1, 2 * pairs + 1, dtype=np.uint64) * _GOLDEN
        bits = _mixed(key[..., None] + counters)  # (document, token, 2 * pairs)
    unit = (bits >> np.uint64(11)).astype(np.float64) * 2.0**-53
    radius, angle = np.sqrt(-2 * np.log1p(-unit[..., :pairs])), 2 * np.pi * unit[..., pairs:]
    normal = np.concatenate([radius * np.cos(angle), radius * np.sin(angle)], -1)[..., :width]
    normal /= np.linalg.norm(normal, axis=-1, keepdims=True)
    return torch.from_numpy(normal.astype(np.float32))


def _mixed(x: Any) -> Any:
    """SplitMix64's function of a counter: every bit of the result depends on every bit of it."""
    x = x + _GOLDEN
    x = (x ^ (x >> np.uint64(30))) * _FIRST
    x = (x ^ (x >> np.uint64(27))) * _SECOND
    return x ^ (x >> np.uint64(31))
