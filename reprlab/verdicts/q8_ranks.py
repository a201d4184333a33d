"""Question 8: which variants are least harmful? By sets of ranks that simultaneous intervals leave."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from reprlab.arrays import Array
from reprlab.statistics.pooled import pooled_contrast
from reprlab.verdicts.rules import asked
from reprlab.verdicts.values import CONTRADICTED, DEPENDS, DIVIDED, SUPPORTED, UNDECIDED, Finding, Ground
from reprlab.verdicts.view import RetainedRows, View, said

Signs = NDArray[np.int64]
Ordered = tuple[int, int]
SIX = ("skip", "middle_repeat", "reverse", "random", "parallel", "looped_parallel")
FIRST, LAST = ("looped_parallel", "random"), "middle_repeat"
REQUIRED = tuple((one, LAST) for one in SIX if one != LAST) + tuple(
    (one, other) for one in FIRST for other in SIX if other not in {*FIRST, LAST}
)  # better, worse
PAIRS = tuple(combinations(range(len(SIX)), 2))


@dataclass(frozen=True, eq=False)
class Pairs:
    """Every difference of two variants: value, standard error, and the draws' largest |t|, (draw,)."""

    values: Array  # (variant, variant)
    errors: Array
    largest: Array

    @property
    def critical(self) -> float:
        """c: 95 % of draws have no |D* - D| above c standard errors."""
        return float(np.quantile(self.largest, 0.95))

    @property
    def signs(self) -> Signs:
        """(variant, variant): 1 where the first is surely better, -1 where it is surely worse, else 0."""
        sure = np.abs(self.values) > self.critical * self.errors
        return (np.sign(self.values) * sure).astype(np.int64)

    def p(self, better: int, worse: int) -> float:
        """The share of draws with a |t| as large as this pair's; 1 where it is not better."""
        value, error = self.values[better, worse], self.errors[better, worse]
        reached = self.largest * error >= value
        return float(1 + reached.sum()) / (1 + len(reached)) if value > 0 else 1.0


def pairs(retained: Array) -> Pairs:
    """Simultaneous differences of what variants retain: (variant, 1 + draw)."""
    apart = retained[:, None] - retained[None]  # (variant, variant, 1 + draw)
    values, drawn = apart[..., 0], apart[..., 1:]
    errors = drawn.std(-1)
    with np.errstate(all="ignore"):
        t = np.abs(drawn - values[..., None]) / errors[..., None]
    return Pairs(values, errors, np.nan_to_num(t, posinf=0.0).max((0, 1)))


def ranks(signs: Signs) -> list[tuple[int, int]]:
    """From which rank to which each variant may be, 1 the best: 1 + surely better, n - surely worse.

    >>> ranks(np.array([[0, 1, 1], [-1, 0, 0], [-1, 0, 0]]))
    [(1, 1), (2, 3), (2, 3)]
    """
    better, worse = (signs < 0).sum(1), (signs > 0).sum(1)
    return [(1 + int(b), len(signs) - int(w)) for b, w in zip(better, worse, strict=True)]


def ranking(view: View) -> tuple[Finding, ...]:
    """h: middle repeat is surely last, looped parallel and random are surely within the first two."""
    return (asked("h", "random - parallel", lambda: _headline(view)),)


def _headline(view: View) -> Finding:
    """The pairs that the claim orders: all surely so, one surely not, or one so here and not there."""
    starts = view.starts(*SIX)
    cells = view.at_starts(SIX, starts)
    whole, *apart = (
        pairs(np.stack([cells.whole(one) for one in at])) for at in (cells.retained.mean(0), *cells.retained)
    )
    each = np.stack([one.signs for one in apart])
    names = [(SIX.index(a), SIX.index(b)) for a, b in REQUIRED]
    signs = {pair: int(whole.signs[pair]) for pair in names}
    flips = [pair for pair in names if {1, -1} <= set(each[:, pair[0], pair[1]].tolist())]
    divided = _divided(cells, names)
    answer, reason, deciding = _answer(signs, flips, list(divided))
    worst = min(deciding, key=lambda pair: whole.values[pair] - whole.critical * whole.errors[pair])
    value, half = whole.values[worst], whole.critical * whole.errors[worst]
    sets = sorted(zip(ranks(whole.signs), SIX, strict=True), key=lambda one: one[0])
    ranked = ", ".join(f"{said(v)} {a if a == b else f'{a} to {b}'}" for (a, b), v in sets)
    return Finding(
        *(
            "h",
            f"{SIX[worst[0]]} - {SIX[worst[1]]}",
            answer,
            reason,
            f"the ranks, 1 the least harmful, are {ranked}",
        ),
        *(value, value - half, value + half, _p(view, whole, names, answer, deciding, divided)),
        smallest=half if answer == UNDECIDED else np.nan,
        ground=Ground(tuple(starts), cells.benchmarks, cells.fewest(cells.benchmarks)),
    )


def _p(
    view: View,
    whole: Pairs,
    names: list[Ordered],
    answer: str,
    deciding: list[Ordered],
    divided: dict[Ordered, float],
) -> float:
    """The largest p of the pairs as claimed; by version 2 of a contradiction the smallest of the reverse.

    Where benchmarks disagree, the smallest p of Q, times the pairs.
    """
    if answer == DIVIDED:
        return min(1.0, len(names) * min(divided.values()))
    if answer == CONTRADICTED and view.decisions.pools:
        return min(whole.p(worse, better) for better, worse in deciding)
    return max(whole.p(*pair) for pair in names)


def _divided(cells: RetainedRows, names: list[Ordered]) -> dict[Ordered, float]:
    """The pairs on whose sign benchmarks disagree, and Q's p; none by version 1."""
    if cells.weights is None:
        return {}
    means = cells.retained.mean(0)  # (variant, benchmark, 1 + draw)
    apart = {pair: means[pair[0]] - means[pair[1]] for pair in names}
    found = {pair: pooled_contrast(d[:, 0], d[:, 1:], cells.weights) for pair, d in apart.items()}
    return {pair: one.q_p for pair, one in found.items() if one.disagree}


def _answer(
    signs: dict[Ordered, int], flips: list[Ordered], divided: list[Ordered]
) -> tuple[str, str, list[Ordered]]:
    """The answer, its reason, and the pairs that give it."""
    against = [pair for pair, sign in signs.items() if sign < 0 and pair not in {*flips, *divided}]
    if against:
        return CONTRADICTED, "opposite", against
    if divided:
        return DIVIDED, "benchmarks disagree", divided
    if flips:
        return DEPENDS, "sign flips", flips
    if all(sign > 0 for sign in signs.values()):
        return SUPPORTED, "clear", list(signs)
    return UNDECIDED, "interval too wide", [pair for pair, sign in signs.items() if sign <= 0]
