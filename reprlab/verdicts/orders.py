"""Whether R rises with how near a random order is to the model's own."""

from __future__ import annotations

import math
import zlib
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from reprlab.verdicts.deciding import Missing, Statistic
from reprlab.verdicts.window import View, cells, median, statistic, window

Array = NDArray[np.float64]
ORDERS, STARTS = 3, 2  # different orders of a start, and such starts, at least
WORDS = "slope of R on Kendall's tau"


def slope(view: View) -> Statistic:
    """The slope of R (median over benchmarks) on Kendall's tau over random orders, within their starts.

    sum_s sum_i w (tau - tau_s)(R - R_s) / sum_s sum_i w (tau - tau_s)^2 over starts of W with three orders or
    more; tau_s and R_s are the start's means. Each draw of documents has its own draw of orders in w, unless
    they are all that there are: of n orders n - 1, which is unbiased for the spread of a mean of n.
    """
    r = view.known(view.basis.orders, "random orders")
    found = {start: rows for start, rows in _rows(view).items() if len(rows) >= ORDERS}
    if len(found) < STARTS:
        raise Missing("too few orders", f"{len(found)} starts with three orders")
    whole = cells(r, [row for rows in found.values() for row in rows])
    kept = dict(zip((row for rows in found.values() for row in rows), map(median, whole.r), strict=True))
    both = np.zeros((2, whole.r.shape[-1]))
    for start, rows in found.items():
        tau = np.array([kendall(r.scores.entries[row].schedule.steps, start, view.layers) for row in rows])
        weights = _weights(start, len(rows), view.middle(start), whole.r.shape[-1] - 1)
        both += _sums(tau, np.stack([kept[row] for row in rows]), weights)
    with np.errstate(all="ignore"):
        values = both[0] / both[1]
    return replace(statistic(WORDS, values, whole), starts=tuple(sorted(found)))


def kendall(steps: Sequence[object], start: int, layers: int) -> float:
    """Kendall's tau of a schedule's middle, behind `start`, to the model's own order: in [-1, 1].

    >>> kendall([0, 3, 2, 1], 0, 4), kendall([0, 1, 3, 2], 0, 4)
    (-1.0, 0.3333333333333333)
    """
    middle = np.array(steps[start + 1 : layers - start])
    later = np.triu(np.sign(middle[None, :] - middle[:, None]))
    return float(later.sum()) / (len(middle) * (len(middle) - 1) / 2)


def _rows(view: View) -> dict[int, list[int]]:
    """The rows of single orders by start of W: every order once."""
    r, inside = view.known(view.basis.orders, "random orders"), window(view.layers, view.setting.wider)
    found: dict[int, list[int]] = {}
    for row in r.rows("random"):
        if (start := r.labels[row]["start"]) in inside:
            found.setdefault(start, []).append(row)
    return found


def _sums(tau: Array, kept: Array, weights: Array) -> Array:
    """Weighted sums of products and of squares around the means: (2, 1 + draw)."""
    total = weights.sum(0)
    x = tau[:, None] - (weights * tau[:, None]).sum(0) / total  # (order, 1 + draw)
    y = kept - (weights * kept).sum(0) / total
    return np.stack([(weights * x * y).sum(0), (weights * x * x).sum(0)])


def _weights(start: int, size: int, middle: int, count: int) -> Array:
    """How often each order is drawn, first as it is: (order, 1 + draw)."""
    if size >= math.factorial(middle) - 1:
        return np.ones((size, 1 + count))  # every order but the model's own: nothing to draw
    chance = np.random.default_rng(zlib.crc32(f"orders {start}".encode()))
    drawn: Array = chance.multinomial(size - 1, np.full(size, 1 / size), size=count).T.astype(np.float64)
    return np.concatenate([np.ones((size, 1)), drawn], axis=1)
