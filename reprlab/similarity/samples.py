"""Sampling: which tokens of a capture are compared, their states by panels and their documents' sums."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import accumulate, pairwise

import numpy as np
import torch
from torch import Tensor

from reprlab.captures.blocks import document_sums
from reprlab.captures.hidden_states import HiddenStates
from reprlab.captures.sums import Sums, sinks
from reprlab.similarity.policy import Policy, places
from reprlab.similarity.states import Held, States, Survey


@dataclass(frozen=True)
class Sample:
    """The samples of a comparison: states of some at every depth, by document.

    `offsets` are where documents begin among the samples, and the end. `sums` gives those of each document
    of a capture, mostly without its states; `centred` is where the centres of depths are. Of two captures
    side by side, `split` depths are the first one's; it is 0 for one capture.
    """

    states: States
    offsets: tuple[int, ...]
    excluded: int
    sums: Callable[[], list[Sums]] | None = None
    centred: Survey | None = None
    split: int = 0

    @property
    def documents(self) -> Tensor:
        """The document of every sample: (sample,)."""
        lengths = torch.tensor(np.diff(self.offsets))
        return torch.repeat_interleave(torch.arange(len(lengths)), lengths)


def sample(capture: HiddenStates, policy: Policy, out: Tensor | None = None) -> Sample:
    """The samples of a capture, or of activations, that a policy keeps; `out` (token,) leaves out others."""
    out = dropped(capture.norms, capture.offsets, policy) if out is None else out
    kept = (~out).nonzero()[:, 0]
    below = np.concatenate([[0], (~out).cumsum(0).numpy()])
    cuts = tuple(int(below[at]) for at in capture.offsets)
    elsewhere = dropped(capture.norms, capture.offsets, replace(policy, tokens="all"))
    excluded = int((out & ~elsewhere).sum())
    summed = partial(document_sums, capture.blocks, out) if capture.blocks and policy.place == "all" else None
    centred = _survey(capture, kept) if capture.blocks else None
    samples = Sample(_Kept(capture, kept), cuts, excluded, summed, centred)
    return _means(samples) if policy.samples == "documents" else samples


def dropped(norms: Tensor, offsets: Sequence[int], policy: Policy) -> Tensor:
    """Which tokens a policy leaves out, given norms (depth, token) and where documents begin: (token,)."""
    out = (
        sinks(norms, policy.sink_factor)
        if policy.tokens == "no-sinks"
        else torch.zeros(norms.shape[1], dtype=torch.bool)
    )
    place = places(policy.place)
    if place is not None:
        elsewhere = torch.ones_like(out)
        for start, stop in pairwise(offsets):
            elsewhere[start:stop][place] = False
        out = out | elsewhere
    return out


def _means(samples: Sample) -> Sample:
    """Each document's mean as one sample."""
    lengths = np.diff(samples.offsets)
    if samples.sums is not None:
        means = torch.stack([document.mean for document in samples.sums() if document.count], 1)
        states = [mean.float() for mean in means]
    else:
        totals = [torch.zeros(len(lengths), w, dtype=torch.float64) for w in samples.states.widths]
        for _, _, panel, owners in panels(samples):
            for total, state in zip(totals, panel, strict=True):
                total.index_add_(0, owners, state.double())
        nonempty = torch.from_numpy(lengths > 0)
        divisor = torch.from_numpy(lengths[lengths > 0])[:, None]
        states = [
            (total[nonempty] / divisor).to(torch.float64 if samples.states.exact else torch.float32)
            for total in totals
        ]
    cuts = (0, *accumulate(int(n > 0) for n in lengths))
    return Sample(Held(states), cuts, samples.excluded)


def panels(samples: Sample, tokens: int = 1024) -> Iterator[tuple[int, int, Sequence[Tensor], Tensor]]:
    """All samples once, some at a time: (first, end, states by depth, document of each)."""
    owners = samples.documents
    for start in range(0, samples.states.count, tokens):
        stop = min(start + tokens, samples.states.count)
        yield start, stop, samples.states.panel(start, stop), owners[start:stop]


def _survey(capture: HiddenStates, places: Tensor) -> Survey:
    """Centres and sums of squares of a capture's depths, from the statistics in its shards."""
    depths, width = len(capture.widths), capture.widths[0]
    total = torch.zeros(depths, width, dtype=torch.float64)
    count = 0
    for block in capture.blocks:
        for document in block.documents:
            total += document.mean * document.count
            count += document.count
    squares = capture.norms[:, places].double().square().sum(1)
    centres = (total / max(count, 1)).float()
    return Survey(list(centres), squares, torch.zeros(depths))


@dataclass(frozen=True)
class _Kept:
    """Some tokens of a capture, read as they are asked for."""

    capture: HiddenStates
    places: Tensor

    @property
    def count(self) -> int:
        return len(self.places)

    @property
    def widths(self) -> Sequence[int]:
        return self.capture.widths

    @property
    def exact(self) -> bool:
        return self.capture.exact

    def panel(self, start: int, stop: int, depths: slice = slice(None)) -> list[Tensor]:
        return self.capture.at(self.places[start:stop], depths)


@dataclass(frozen=True)
class Stacked:
    """Two sets of states of the same samples, the depths of the second after those of the first."""

    first: States
    second: States

    @property
    def count(self) -> int:
        return self.first.count

    @property
    def widths(self) -> list[int]:
        return [*self.first.widths, *self.second.widths]

    @property
    def exact(self) -> bool:
        return self.first.exact and self.second.exact

    def panel(self, start: int, stop: int, depths: slice = slice(None)) -> list[Tensor]:
        low, high, _ = depths.indices(len(self.widths))
        split = len(self.first.widths)
        panels: list[Tensor] = []
        if low < split:
            panels += self.first.panel(start, stop, slice(low, min(high, split)))
        if high > split:
            panels += self.second.panel(start, stop, slice(max(low - split, 0), high - split))
        return panels
