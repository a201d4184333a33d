"""Nulls: states that have less in common than a network's, to see how much of a similarity is left."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from reprlab.similarity.samples import Sample
from reprlab.similarity.states import Held, States

Making = Callable[[States, torch.Generator, list[Tensor]], None]


def shuffled(states: States, chance: torch.Generator, targets: list[Tensor]) -> None:
    """Each depth's tokens in an order of its own: what depths share that has nothing to do with the token."""
    for depth, target in enumerate(targets):
        target.copy_(_depth(states, depth)[torch.randperm(states.count, generator=chance)])


def residual(states: States, chance: torch.Generator, targets: list[Tensor]) -> None:
    """Each layer's update from another token, at the norm of the token's own: how much is mere accumulation.

    h_0 is the network's; h_(l+1)(i) = h_l(i) + u_l(p(i)) |u_l(i)| / |u_l(p(i))|, with the network's updates u
    and an order p of tokens a layer.
    """
    before = _depth(states, 0)
    targets[0].copy_(before)
    for depth in range(1, len(targets)):
        after = _depth(states, depth)
        update = after - before
        size = update.norm(dim=1, keepdim=True)
        order = torch.randperm(states.count, generator=chance)
        scale = size / size[order].clamp(min=torch.finfo(size.dtype).tiny)
        torch.add(targets[depth - 1], update[order] * scale, out=targets[depth])
        before = after


_MAKING: dict[str, Making] = {"shuffled": shuffled, "residual": residual}  # by name, as in CONTROLS


@contextmanager
def null(states: States, control: str, *, seed: int = 0, memory: int) -> Generator[States]:
    """A null of some states until the block ends, in memory or, where that is too little, in files."""
    size = sum(states.widths) * states.count * (8 if states.exact else 4)
    kind = np.float64 if states.exact else np.float32
    with tempfile.TemporaryDirectory() as folder:
        targets: list[Tensor] = []
        for depth, width in enumerate(states.widths):
            shape = (states.count, width)
            here = (
                np.empty(shape, kind)
                if size <= memory
                else np.memmap(Path(folder) / str(depth), kind, "w+", shape=shape)
            )
            targets.append(torch.from_numpy(here))
        _MAKING[control](states, torch.Generator().manual_seed(seed), targets)
        yield Held(targets)


@contextmanager
def controlled(sample: Sample, control: str | None, *, seed: int, memory: int) -> Generator[Sample]:
    """A sample with a null's states in place of its own, or without a control the sample itself."""
    if control is None:
        yield sample
        return
    with null(sample.states, control, seed=seed, memory=memory) as states:
        yield replace(sample, states=states, sums=None, centred=None)


def _depth(states: States, depth: int) -> Tensor:
    (panel,) = states.panel(0, states.count, slice(depth, depth + 1))
    return panel if states.exact else panel.float()
