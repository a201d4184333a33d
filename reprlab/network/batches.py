"""Packing: the requests of one document as rows of tokens that compute what they share only once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from math import inf
from typing import NamedTuple

TokenIds = tuple[int, ...]
KindOf = Callable[[int], int]  # of a length: texts share a batch only if theirs is equal
FIXED = 96  # tokens whose work one more batch is worth: the calls around the products


@dataclass(frozen=True)
class Request:
    """Tokens, and the places among them that are scored: each is predicted from all tokens before it."""

    tokens: TokenIds
    scored: tuple[int, ...]  # ascending, from 1

    @property
    def inputs(self) -> TokenIds:
        """The tokens that must run: the last scored one is only predicted."""
        return self.tokens[: self.scored[-1]]


class Read(NamedTuple):
    """At `place` of a row the model predicts a token that is scored for a request: `target`."""

    place: int
    target: int
    request: int


@dataclass(frozen=True)
class PackedRow:
    """Tokens as they run, with their positions, and what is read off them.

    `branches` says who sees whom: a token sees those before it that are of branch 0 or of its own.
    """

    tokens: TokenIds
    positions: TokenIds
    branches: TokenIds
    reads: tuple[Read, ...]

    def __len__(self) -> int:
        return len(self.tokens)

    @property
    def branched(self) -> bool:
        """Whether the row needs a mask and positions of its own."""
        return any(self.branches)


def any_length(length: int) -> int:
    """The kind of a text where all lengths may share a batch."""
    return 0


def together(lengths: Sequence[int], kind: KindOf) -> list[list[int]]:
    """Places of texts that may share a batch, in the order of the first of each.

    >>> together([5, 70, 6], lambda length: length > 64)
    [[0, 2], [1]]
    """
    groups: dict[int, list[int]] = {}
    for place, length in enumerate(lengths):
        groups.setdefault(kind(length), []).append(place)
    return list(groups.values())


def pack(
    requests: Sequence[Request], *, width: int, longest: int, kind: KindOf = any_length
) -> tuple[PackedRow, ...]:
    """The rows of a document's requests: one packed row where that costs less, else a row each.

    A packed row is [what all begin with, rest, rest, ...]; it may have `longest` positions at most (0: no
    packed rows). Inputs with which another one of their `kind` begins ride on that one for nothing. `width`
    is the network's.

    >>> (row,) = pack([Request((5, 6, 7, 8), (2, 3)), Request((5, 6, 9), (2,))], width=64, longest=99)
    >>> row.tokens, [tuple(read) for read in row.reads]
    ((5, 6, 7), [(1, 7, 0), (2, 8, 0), (1, 9, 1)])
    """
    inputs = [request.inputs for request in requests]

    def carries(other: TokenIds, own: TokenIds) -> bool:
        return other[: len(own)] == own and kind(len(other)) == kind(len(own))

    whole = [i for i in dict.fromkeys(inputs) if not any(len(o) > len(i) and carries(o, i) for o in inputs)]
    owners = [next(n for n, o in enumerate(whole) if carries(o, i)) for i in inputs]
    shared = _common(whole)
    packed = shared + sum(len(i) - shared for i in whole)
    saves = shared and _cost(packed, width) <= sum(_cost(len(i), width) for i in whole)
    if len(whole) == 1 or (saves and max(map(len, whole)) <= longest):
        return (_row(requests, whole, shared, dict(enumerate(owners))),)
    alone = ({n: 0 for n, owner in enumerate(owners) if owner == number} for number in range(len(whole)))
    return tuple(_row(requests, [i], len(i), mine) for i, mine in zip(whole, alone, strict=True))


def _common(inputs: Sequence[TokenIds]) -> int:
    """How many tokens all inputs begin with."""
    return sum(1 for _ in takewhile(lambda at: len(set(at)) == 1, zip(*inputs, strict=False)))


def _cost(length: int, width: int) -> int:
    """A row's work, up to a factor: 24 width^2 for a token's products, 4 width for each that it sees."""
    return length * (6 * width + length)


def _row(
    requests: Sequence[Request], whole: Sequence[TokenIds], shared: int, owners: Mapping[int, int]
) -> PackedRow:
    """One row for the inputs in `whole`; `owners` says which of them a request begins."""
    tokens, positions, branches = list(whole[0][:shared]), list(range(shared)), [0] * shared
    starts: list[int] = []
    for branch, rest in enumerate((i[shared:] for i in whole), start=1):
        starts.append(len(tokens))
        tokens += rest
        positions += range(shared, shared + len(rest))
        branches += [branch] * len(rest)
    reads = [
        Read(at if at < shared else starts[owner] + at - shared, requests[number].tokens[at + 1], number)
        for number, owner in owners.items()
        for at in (place - 1 for place in requests[number].scored)
    ]
    return PackedRow(tuple(tokens), tuple(positions), tuple(branches), tuple(reads))


def packed_batches(sizes: Sequence[tuple[int, int]], tokens: int) -> list[list[int]]:
    """Documents in batches, given each one's rows and its longest row, by falling length.

    Of all ways to cut the sorted documents it is the one that runs the fewest tokens, padding counted, and
    `FIXED` more for each batch; no batch is wider than `tokens` in all, but where one document is.

    >>> packed_batches([(1, 5), (1, 100), (1, 98), (1, 6)], 1000)
    [[1, 2], [3, 0]]
    """
    order = sorted(range(len(sizes)), key=lambda i: (-sizes[i][1], i))
    best, cut = [0.0] + [inf] * len(order), [0] * (len(order) + 1)
    for start in range(len(order)):
        rows, longest = 0, sizes[order[start]][1]
        for stop in range(start + 1, len(order) + 1):
            rows += sizes[order[stop - 1]][0]
            if rows * longest > tokens and stop > start + 1:
                break
            if best[start] + rows * longest + FIXED < best[stop]:
                best[stop], cut[stop] = best[start] + rows * longest + FIXED, start
    batches: list[list[int]] = []
    stop = len(order)
    while stop:
        batches.append(order[cut[stop] : stop])
        stop = cut[stop]
    return batches[::-1]


_PADDING = 0.08  # at most this share of a batch is padding


def padded_batches(lengths: Sequence[int], batch_tokens: int, kind: KindOf = any_length) -> list[list[int]]:
    """Indices in batches by falling length, each of one kind, `batch_tokens` wide and 8 % padding at most.

    >>> padded_batches([5, 100, 98, 6], 1000)
    [[1, 2], [3], [0]]
    """
    batches: list[list[int]] = []
    width = held = 0
    for i in sorted(range(len(lengths)), key=lambda i: (-lengths[i], i)):
        room = batches and width * (len(batches[-1]) + 1) <= batch_tokens and kind(width) == kind(lengths[i])
        if room and held + lengths[i] >= (1 - _PADDING) * width * (len(batches[-1]) + 1):
            batches[-1].append(i)
            held += lengths[i]
        else:
            batches.append([i])
            width = held = lengths[i]
    return batches
