"""The statistics of one document, taken as its states pass by: norms, sums, suspects, largest entries."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from reprlab.captures.layout import LARGEST, Statistics
from reprlab.captures.sums import norms, sums, token_grams

SUSPECT_FACTOR = 2.0  # a suspect's norm is above this many times the first batch's median


def document_statistics(states: Tensor, threshold: Tensor) -> Statistics:
    """One document's norms, sums, suspects and largest entries, from states (depth, token, width)."""
    grams = token_grams(states)
    norm = grams.diagonal(dim1=1, dim2=2).sqrt().T  # (depth, token)
    suspect = (norm > threshold[:, None]).any(0)
    ordinary = sums(states[:, ~suspect], grams[~suspect])
    return Statistics(
        norms=norm.cpu(),
        ordinary=ordinary.cpu(),
        suspects=suspect.nonzero()[:, 0].cpu(),
        suspect_states=states[:, suspect].float().cpu(),
        largest=_largest(states),
    )


def _largest(states: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The entries of largest magnitude at each depth; they lie in the tokens of largest maximum."""
    count, width = min(LARGEST, states.shape[1]), states.shape[2]
    tokens = states.abs().amax(-1).topk(count, dim=1).indices  # (depth, k)
    entries = states.float().take_along_dim(tokens[..., None], 1).flatten(1)  # (depth, k * width)
    place = entries.abs().topk(count, dim=1).indices
    token = tokens.gather(1, place // width)
    return entries.gather(1, place).cpu(), token.cpu(), (place % width).to(torch.int32).cpu()


def suspect_threshold(states: list[Tensor], lengths: Sequence[int]) -> Tensor:
    """Twice the median norm at each depth over the tokens of a batch: (depth,)."""
    flat = (torch.cat([state[row, :n] for row, n in enumerate(lengths)]) for state in states)
    return torch.stack([SUSPECT_FACTOR * norms(state).cpu().median() for state in flat])
