"""States by depth, read a panel of tokens at a time, and where their centres are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

MEMORY = 1 << 29  # bytes for panels
PIECE = 512  # tokens that are read at a time
_MASSIVE = 4.0  # times the median norm
_SAMPLE = 1024  # tokens from which the median distance is taken


class States(Protocol):
    """Hidden states by depth, read a panel of tokens at a time."""

    @property
    def count(self) -> int:
        """How many tokens there are."""
        ...

    @property
    def widths(self) -> Sequence[int]:
        """The width at every depth."""
        ...

    @property
    def exact(self) -> bool:
        """Whether products are taken in float64 (else float32)."""
        ...

    def panel(self, start: int, stop: int, depths: slice = slice(None)) -> Sequence[Tensor]:
        """(token, width) of some tokens, one a depth."""
        ...


@dataclass(frozen=True)
class Held:
    """States in memory: one (token, width) array a depth; widths may differ."""

    states: Sequence[Tensor]

    @property
    def count(self) -> int:
        return len(self.states[0])

    @property
    def widths(self) -> list[int]:
        return [state.shape[1] for state in self.states]

    @property
    def exact(self) -> bool:
        return self.states[0].dtype == torch.float64

    def panel(self, start: int, stop: int, depths: slice = slice(None)) -> list[Tensor]:
        return [state[start:stop] for state in self.states[depths]]


@dataclass(frozen=True)
class Reading:
    """How states are read where not all of them fit into memory: panels of rows against strips of columns."""

    count: int
    rows: int
    columns: int

    @classmethod
    def within(cls, memory: int, states: States) -> Reading:
        """The longest panels that fit: three quarters for the rows, one for the columns."""
        token = sum(states.widths) * (8 if states.exact else 4)
        if states.count * token <= memory:
            return cls(states.count, max(states.count, 1), 1)
        return cls(states.count, max(memory * 3 // 4 // token, 1), max(memory // 4 // token, 1))

    @property
    def times(self) -> float:
        """How often every state is read, on average."""
        return sum(self.count - at for at in range(0, self.count, self.rows)) / max(self.count, 1)


@dataclass(frozen=True)
class Survey:
    """What one pass finds out: the centre of each depth, its sum of squares, and its median distance."""

    centres: list[Tensor]
    squares: Tensor
    medians: Tensor


def survey(states: States, memory: int, device: str = "cpu", *, medians: bool = False) -> Survey:
    """One pass over all states.

    Centres need not be exact means: numbers computed from centred states do not change under a shift. So
    they are means over the tokens that are not massive: the mean of all would be drawn towards those, and
    what every other state then had in common with them would have to cancel.
    """
    dtype = torch.float64 if states.exact else torch.float32
    step = max(1, min(_SAMPLE, memory // (4 * sum(states.widths))))
    every = -(-states.count // _SAMPLE)
    totals = [torch.zeros(width, dtype=torch.float64, device=device) for width in states.widths]
    squares = torch.zeros(len(totals), dtype=torch.float64, device=device)
    thinned: list[list[Tensor]] = [[] for _ in totals]
    counts = [0] * len(totals)
    for start in range(0, states.count, step):
        stop = min(start + step, states.count)
        for depth, state in enumerate(states.panel(start, stop)):
            here = state.to(device=device, dtype=dtype)
            norms = torch.linalg.vector_norm(here, dim=1)
            ordinary = norms <= _MASSIVE * norms.median()
            totals[depth] += here.sum(0) if bool(ordinary.all()) else here[ordinary].sum(0)
            counts[depth] += int(ordinary.sum())
            squares[depth] += norms.double().square().sum()
            if medians:
                thinned[depth].append(here[-start % every :: every])
    centres = [(total / max(n, 1)).to(dtype) for total, n in zip(totals, counts, strict=True)]
    distances = torch.tensor([_median(torch.cat(rows)) if rows else 0.0 for rows in thinned], device=device)
    return Survey(centres, squares, distances)


def _median(rows: Tensor) -> float:
    if len(rows) < 2:
        return 0.0
    return float(torch.pdist(rows.float() - rows.float().mean(0)).median())
