"""Packed rows as a batch: padding, positions, and the mask of who sees whom; and whether layers heed it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from reprlab.network.batches import PackedRow, Request, pack
from reprlab.network.recorded import Recording, copied

_PREFIX, _ENDINGS = tuple(range(5, 17)), ((3, 4, 5), (7, 5, 9))  # of a row to try; any tokens would do


def padded(rows: Sequence[PackedRow], pad: int, dtype: torch.dtype, *, causal: bool) -> dict[str, Any]:
    """Rows as tensors (row, token), each padded after its end.

    Without branches there is no mask where the attention is `causal` by itself: nothing looks ahead, so
    nothing sees the padding.
    """
    longest = max(map(len, rows))

    def filled(values: Sequence[Sequence[int]], fill: int) -> Tensor:
        return torch.tensor([[*row, *[fill] * (longest - len(row))] for row in values])

    steps = range(longest)
    batch: dict[str, Any] = {"input_ids": filled([row.tokens for row in rows], pad)}
    batch["position_ids"] = torch.tensor([[*row.positions, *steps[len(row) :]] for row in rows])
    if any(row.branched for row in rows):
        seen = visible(filled([row.branches for row in rows], -1))
        hidden = torch.zeros(seen.shape, dtype=dtype).masked_fill(~seen, torch.finfo(dtype).min)
        return batch | {"attention_mask": hidden}
    return batch if causal else batch | {"attention_mask": filled([[1] * len(row) for row in rows], 0)}


def visible(branches: Tensor) -> Tensor:
    """Who sees whom, (row, 1, token, token): those before it and itself, of branch 0 or of its own.

    >>> visible(torch.tensor([[0, 1, 2]]))[0, 0].int().tolist()
    [[1, 0, 0], [1, 1, 0], [1, 0, 1]]
    """
    before = torch.ones(branches.shape[1], branches.shape[1], dtype=torch.bool).tril()
    shared = branches[:, None, None, :] == 0
    return before & (shared | (branches[:, None, :, None] == branches[:, None, None, :]))


def alike(record: Callable[[Sequence[PackedRow]], Recording], layers: int, width: int) -> bool:
    """Whether every layer does to a packed row what it does to its rows one by one.

    Each layer gets the states of the rows, laid out as the packed row, so that rounding does not build up
    layer by layer: its update may differ by 0.1 % of its size in float32, by 3 % in narrower types.
    """
    start = len(_PREFIX)
    requests = [Request((*_PREFIX, *rest), tuple(range(start, start + 3))) for rest in _ENDINGS]
    packed, plain = (record(pack(requests, width=width, longest=limit)) for limit in (2 * start, 0))
    states = [_together(state, start) for state in plain.run(range(layers))]
    tolerance = 1e-3 if states[0].dtype == torch.float32 else 3e-2
    if _off(packed.start, states[0], 0 * states[0]) > tolerance:
        return False
    notes = copied(packed.shared)
    differences = (_off(packed.apply(i, states[i], notes), states[i + 1], states[i]) for i in range(layers))
    return all(off <= tolerance for off in differences)


def _together(state: Tensor, shared: int) -> Tensor:
    """Two rows' states, (row, token, width), as the packed row has them: (1, token, width)."""
    return torch.cat([state[0], state[1, shared:]])[None]


def _off(found: Tensor, expected: Tensor, before: Tensor) -> float:
    """How far a state is off, in parts of what was added."""
    added = (expected - before).float().norm()
    return float((found - expected).float().norm() / added)
