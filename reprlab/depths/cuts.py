"""Groups: contiguous depths that share a space, found in a matrix between depths. Mathematics only.

Depth 0, which no layer has written, stands apart. Depths 1.. are cut where distances across a boundary are
larger than a chain has them, in which distance depends on how many layers lie between and on nothing else.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reprlab.arrays import Array
from reprlab.errors import ReprlabError

Flags = NDArray[np.bool_]
APART = 1.25  # times as far apart as inside: a smaller step is none worth the name, however sure it is
FEWEST = 4  # depths; with fewer, one number a distance leaves nothing to tell groups by
_FLAT = 1e-18  # of the squares: rounding
NEGLIGIBLE = 1e-9  # of the squares, that no cut is credited with


@dataclass(frozen=True)
class Cut:
    """Depths 1..last cut into groups: `starts` are the first depths of each.

    `gap`, `explained` and `apart` are those of the best cut, as `cut` defines them; `reason` says why it was
    not taken, and one group is left.
    """

    starts: tuple[int, ...]
    last: int
    gap: float = math.nan
    explained: float = math.nan
    apart: float = math.nan
    reason: str = ""

    @property
    def groups(self) -> tuple[range, ...]:
        """The depths of each group."""
        stops = (*self.starts[1:], self.last + 1)
        return tuple(range(a, b) for a, b in zip(self.starts, stops, strict=True))

    @property
    def sizes(self) -> tuple[int, int, int]:
        """Depths in the beginning, the middle and the ending."""
        beginning, middle, ending = (sum(map(len, part)) for part in words(self.groups).values())
        return beginning, middle, ending


def cut(values: Array, count: int | None = None, *, distance: bool = False) -> Cut:
    """Cut depths 1.. of a symmetric (depth, depth) matrix into groups, their number from the data.

    Distances d are 1 - similarity, or the values themselves if they are a `distance`. Null: a chain, where d
    is the mean of its diagonal. `explained`, in [-1, 1], is the part of the squares around these means that
    "inside a group or across a boundary" explains, diagonal by diagonal; negative parts are where across is
    nearer. `gap` = N ln(1 / (1 - explained)) - 2 b ln N is the BIC by which b boundaries, a place and a size
    each, beat the chain; N = (T-1)(T-2)/2 distances in addition to their means.

    Cuts tried: every level of Ward's tree over neighbours (scikit-learn; a depth's features are its distances
    less the chain's), the best improved by adding and removing single boundaries. The best is taken
    where its gap is above 0 and `apart` is 1.25 or more: depths of two groups are that many times as far
    apart as depths of one, equally many layers apart. A group of one depth is judged like any other.

    Laws: one group for a chain, also a noisy one; planted blocks come back; a positive scale of d changes
    nothing. With a `count` that level of the tree, improved by moving boundaries. One group, with a reason,
    where nothing can be told. Raises `ReprlabError` for a matrix that is not square and for a `count` outside
    1..T.

    >>> block = np.kron(np.eye(3), np.ones((4, 4))) * 0.5 + 0.5 * np.eye(12)
    >>> cut(np.pad(block[:9, :9], (1, 0))).groups
    (range(1, 5), range(5, 9), range(9, 10))
    >>> print(cut(np.ones((7, 7))).reason)
    depths are as far apart as layers lie between them, everywhere: a chain
    """
    if values.ndim != 2 or len(values) < 2 or values.shape[0] != values.shape[1]:
        raise ReprlabError(f"groups take a (depth, depth) matrix of two depths or more, given {values.shape}")
    last = len(values) - 1
    if count is not None and not 1 <= count <= last:
        raise ReprlabError(f"{count} groups of {last} depths: give 1..{last}")
    inner = np.asarray(values[1:, 1:] if distance else 1 - values[1:, 1:], np.float64)
    uncut = Cut((1,), last)
    if bad := _not_finite(inner):
        return replace(uncut, reason=f"not every value is a number at depth {', '.join(map(str, bad))}")
    if count == 1:
        return uncut
    if last < FEWEST and count is None:
        return replace(uncut, reason=f"{FEWEST} depths after depth 0 are needed, there are {last}")
    chain = _Chain(inner)
    if chain.flat:
        return replace(
            uncut, reason="depths are as far apart as layers lie between them, everywhere: a chain"
        )
    borders = _best(chain, count)
    best = _made(chain, borders, last)
    if count is not None:
        return best
    if best.gap <= 0:
        return replace(best, starts=(1,), reason="no cut explains more than chance would: a chain")
    if best.apart < APART:
        reason = f"depths of two groups would be {best.apart:.2f} times as far apart as depths of one"
        return replace(best, starts=(1,), reason=f"{reason}, equally many layers apart: {APART} is needed")
    return best


def _not_finite(inner: Array) -> list[int]:
    """Depths without which every value is finite: the one with most that are not, and so on."""
    odd, depths = ~np.isfinite(inner), list[int]()
    while odd.any():
        depth = int(odd.sum(1).argmax())
        odd[depth] = odd[:, depth] = False
        depths.append(depth + 1)
    return sorted(depths)


def words(groups: Sequence[range]) -> dict[str, tuple[range, ...]]:
    """The largest group as the middle, the groups before it as the beginning, those after it as the ending.

    Of equally large groups the one nearest the middle depth, then the first.

    >>> words([range(1, 3), range(3, 4), range(4, 29), range(29, 30)])["beginning"]
    (range(1, 3), range(3, 4))
    """
    centre = (groups[0].start + groups[-1].stop) / 2
    off = [abs((group.start + group.stop) / 2 - centre) for group in groups]
    at = max(range(len(groups)), key=lambda g: (len(groups[g]), -off[g], -g))
    return {
        "beginning": tuple(groups[:at]),
        "middle": (groups[at],),
        "ending": tuple(groups[at + 1 :]),
    }


def stability(cuts: Sequence[Cut], whole: Cut, *, within: int = 1) -> dict[int, float]:
    """For each boundary, the share of other cuts with one at most `within` depths away: in [0, 1].

    NaN where there are no other cuts.

    >>> whole = Cut((1, 5), 8)
    >>> stability([Cut((1, 4), 8), Cut((1, 7), 8)], whole)
    {5: 0.5}
    """
    shares: dict[int, float] = {}
    for start in whole.starts[1:]:
        near = [any(abs(start - other) <= within for other in c.starts[1:]) for c in cuts]
        shares[start] = float(np.mean(near)) if near else math.nan
    return shares


class _Chain:
    """Distances between depths, and those of the chain that has the same mean in every diagonal.

    Pairs of depths are in the order of their diagonals; borders (..., depth - 1) say before which depths,
    from the second on, a group begins.
    """

    def __init__(self, distances: Array) -> None:
        size = len(distances)
        self.sizes = np.arange(size - 1, 0, -1)  # pairs of each diagonal
        self.first = np.concatenate([np.arange(n) for n in self.sizes])
        self.second = self.first + np.repeat(np.arange(1, size), self.sizes)
        self.begins = np.cumsum([0, *self.sizes[:-1]])
        self.distances = distances[self.first, self.second]
        self.means = np.add.reduceat(self.distances, self.begins) / self.sizes
        self.rest = self.distances - np.repeat(self.means, self.sizes)

    @cached_property
    def squares(self) -> float:
        return float((self.rest**2).sum())

    @property
    def flat(self) -> bool:
        """Whether it is a chain, to rounding."""
        return self.squares <= _FLAT * float((self.distances**2).sum())

    @property
    def features(self) -> Array:
        """(depth, depth): what a depth's distances have beyond the chain's."""
        size = len(self.sizes) + 1
        features = np.zeros((size, size))
        features[self.first, self.second] = features[self.second, self.first] = self.rest
        return features

    def across(self, borders: Flags) -> Flags:
        """Whether a boundary lies between the depths of a pair: (..., depth - 1) -> (..., pair)."""
        group = np.pad(borders.cumsum(-1), [(0, 0)] * (borders.ndim - 1) + [(1, 0)])
        return group[..., self.first] != group[..., self.second]

    def explained(self, borders: Flags) -> Array:
        """The part of the squares that borders explain: (cut, depth - 1) -> (cut,)."""
        across = self.across(borders)
        out = np.add.reduceat(across, self.begins, axis=1, dtype=np.float64)  # (cut, diagonal)
        sums = np.add.reduceat(across * self.rest, self.begins, axis=1)
        inside = self.sizes - out
        both = (out > 0) & (inside > 0)
        weights = np.where(both, 1 / np.maximum(out, 1) + 1 / np.maximum(inside, 1), 0)
        return (np.sign(sums) * sums**2 * weights).sum(1) / self.squares

    def gaps(self, borders: Flags) -> Array:
        """By how much of BIC borders beat the chain: (cut, depth - 1) -> (cut,)."""
        free = len(self.distances) - len(self.sizes)
        left = np.maximum(1 - self.explained(borders), NEGLIGIBLE)
        return -free * np.log(left) - 2 * borders.sum(1) * math.log(max(free, 1))

    def apart(self, borders: Flags) -> float:
        """Mean distance across boundaries over that inside groups, both at equal numbers of layers between.

        Weights: a diagonal's, out x in / (out + in) pairs. NaN where no diagonal has both.
        """
        across = self.across(borders)
        out = np.add.reduceat(across, self.begins, dtype=np.float64)
        far = np.add.reduceat(across * self.distances, self.begins)
        near = np.add.reduceat(~across * self.distances, self.begins)
        inside = self.sizes - out
        both = (out * inside) > 0  # weight times mean: far / out * out * inside / (out + inside)
        top = float((far * inside / self.sizes)[both].sum())
        bottom = float((near * out / self.sizes)[both].sum())
        if bottom > 0:
            return top / bottom
        return math.inf if top > 0 else math.nan


def _best(chain: _Chain, count: int | None) -> Flags:
    """The best borders: from a level of Ward's tree, by single steps as long as they help."""
    levels = _levels(chain.features)  # (level, depth - 1), one boundary fewer each
    borders = levels[chain.gaps(levels).argmax()] if count is None else levels[-count]
    gap = chain.gaps(borders[None])[0]
    while len(steps := _steps(borders, free=count is None)):
        gaps = chain.gaps(steps)
        if gaps.max() <= gap + NEGLIGIBLE:
            break
        borders, gap = steps[gaps.argmax()], gaps.max()
    return borders


def _steps(borders: Flags, *, free: bool) -> Flags:
    """Borders with one more or one fewer, if `free`, else with one moved to the next depth."""
    if free:
        return borders ^ np.eye(len(borders), dtype=np.bool_)
    moved = np.flatnonzero(borders[1:] != borders[:-1])
    at = np.arange(len(borders))
    return borders ^ ((at == moved[:, None]) | (at == moved[:, None] + 1))


def _levels(features: Array) -> Flags:
    """Every level of Ward's tree over neighbours, from single depths to one group: (level, depth - 1)."""
    from sklearn.cluster import AgglomerativeClustering

    size = len(features)
    neighbours = np.eye(size, k=1) + np.eye(size, k=-1)
    whole: Any = {"n_clusters": None, "distance_threshold": 0}  # the tree, not one of its levels
    tree = AgglomerativeClustering(**whole, linkage="ward", connectivity=neighbours).fit(features)
    first, gone = list(range(size)), np.zeros(size - 1, dtype=np.int64)
    for at, (a, b) in enumerate(tree.children_):
        gone[max(first[a], first[b]) - 1] = at  # the step at which the boundary between both goes
        first.append(min(first[a], first[b]))
    return gone >= np.arange(size)[:, None]


def _made(chain: _Chain, borders: Flags, last: int) -> Cut:
    starts = (1, *(int(at) + 2 for at in np.flatnonzero(borders)))
    gap, explained = float(chain.gaps(borders[None])[0]), float(chain.explained(borders[None])[0])
    return Cut(starts, last, gap, explained, chain.apart(borders))
