"""Packed rows as a batch: padding, positions, and the mask of who sees whom.

And two probes: whether layers heed that mask, and whether a text stays itself next to a longer one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from reprlab.network.batches import PackedRow, Request, pack
from reprlab.network.recorded import Recording, copied

_PREFIX, _ENDINGS = tuple(range(5, 17)), ((3, 4, 5), (7, 5, 9))  # of a row to try; any tokens would do
_LONG, _SHORT = (*range(5, 17), *range(7, 16)), tuple(range(5, 15))


def padded(rows: Sequence[PackedRow], pad: int, dtype: torch.dtype, *, causal: bool) -> dict[str, Any]:
    """Rows as tensors (row, token), each padded after its end.

    Without branches the model counts positions itself, and there is no mask where the attention is `causal`
    by itself: nothing looks ahead, so nothing sees the padding.
    """
    longest = max(map(len, rows))

    def filled(values: Sequence[Sequence[int]], fill: int) -> Tensor:
        return torch.tensor([[*row, *[fill] * (longest - len(row))] for row in values])

    steps = range(longest)
    batch: dict[str, Any] = {"input_ids": filled([row.tokens for row in rows], pad)}
    if any(row.branched for row in rows):
        batch["position_ids"] = torch.tensor([[*row.positions, *steps[len(row) :]] for row in rows])
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
    layer by layer.
    """
    start = len(_PREFIX)
    requests = [Request((*_PREFIX, *rest), tuple(range(start, start + 3))) for rest in _ENDINGS]
    packed, plain = (record(pack(requests, width=width, longest=limit)) for limit in (2 * start, 0))
    states = [_together(state, start) for state in plain.run(range(layers))]
    if not _near(packed.start, states[0], 0 * states[0]):
        return False
    notes = copied(packed.shared)
    return all(_near(packed.apply(i, states[i], notes), states[i + 1], states[i]) for i in range(layers))


def unmixed(
    record: Callable[[Sequence[Sequence[int]]], Recording], layers: int, *, left: bool, causal: bool = False
) -> bool:
    """Whether every layer does to a text next to a longer one what it does to that text alone.

    `left`: the shorter one stands at the end of its row. `causal`: also whether what follows a text in its
    own row leaves it as it is. Layers get the states of the texts alone, as in `alike`.
    """
    both, whole, alone = (record(rows) for rows in ([_LONG, _SHORT], [_LONG], [_SHORT]))
    count = len(_SHORT)
    first = len(_LONG) - count if left else 0
    expected = [state[0, :count] for state in alone.run(range(layers))]
    beside = [
        state.repeat(2, 1, 1) for state in whole.run(range(layers))
    ]  # padding has states like any other
    places = [(1, slice(first, first + count)), *([(0, slice(count))] if causal else [])]
    if not _near(both.start[places[0]], expected[0], 0 * expected[0]):
        return False
    notes = copied(both.shared)
    for i in range(layers):
        for place in places:
            beside[i][place] = expected[i]
        found = both.apply(i, beside[i], notes)
        if not all(_near(found[place], expected[i + 1], expected[i]) for place in places):
            return False
    return True


def _together(state: Tensor, shared: int) -> Tensor:
    """Two rows' states, (row, token, width), as the packed row has them: (1, token, width)."""
    return torch.cat([state[0], state[1, shared:]])[None]


def _near(found: Tensor, expected: Tensor, before: Tensor) -> bool:
    """Whether a state is off by little, in parts of what was added: 0.1 %, or 3 % in narrow types."""
    tolerance = 3e-2 if expected.dtype in {torch.bfloat16, torch.float16} else 1e-3
    if torch.equal(found, expected):
        return True
    return bool((found - expected).float().norm() <= tolerance * (expected - before).float().norm())
