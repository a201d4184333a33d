"""Ranks: how two quantities of the layers rise together, when neighbours are alike. Mathematics only."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import rankdata

from reprlab.arguments import refused, taking
from reprlab.errors import ReprlabError


@dataclass(frozen=True)
class RankCorrelation:
    """Spearman's `rho` in [-1, 1] and the shares of circular shifts that are at least as low, and as high.

    `count` is the number of pairs and of shifts, the identity included: no p is below 1 / `count`.
    """

    rho: float
    p_low: float
    p_high: float
    count: int

    def text(self, side: Literal["low", "high"]) -> str:
        """The correlation and its p for a claim that it is negative (low) or positive (high), in words.

        >>> RankCorrelation(-0.62, 0.0333, 1.0, 30).text("low")
        'rank correlation -0.62, p = .033 by circular shifts'
        """
        if math.isnan(self.rho):
            return "no rank correlation"
        p = self.p_low if side == "low" else self.p_high
        least = f"{p:.3f}".removeprefix("0")
        return f"rank correlation {self.rho:+.2f}, p = {least} by circular shifts"


def _series(name: str, value: ArrayLike) -> NDArray[np.float64]:
    """Numbers as an array."""
    try:
        return np.asarray(value, np.float64)
    except (TypeError, ValueError, OverflowError) as error:
        raise refused(name, value, "a number a layer, (layer,)") from error


@taking(x=_series, y=_series)
def rank_correlation(x: ArrayLike, y: ArrayLike) -> RankCorrelation:
    """Spearman's rank correlation of two series over layers, against all circular shifts of one.

    x and y are (layer,). rho = r(rank x, rank y), ties at their mean rank. Layers next to each other are
    alike, so that orders drawn at random would call too much significant; a circular shift keeps each
    series' own smoothness (but for one seam) and breaks what they have in common. p_low = share of the n
    shifts whose rho is at most the one found, p_high = at least; the identity is one of them, so that
    p_low + p_high >= 1 + 1/n and at a true null P(p_low <= a) <= a.

    Laws: unchanged by rising transformations of either and by shifting both together; (x, -y) swaps the ends.
    NaN where a value is no number, where fewer than 3 layers are there, or where all values are the same.
    Raises `ReprlabError` for shapes that differ.

    >>> found = rank_correlation([1, 2, 3, 4, 5], [2, 4, 6, 8, 11])
    >>> found.rho, found.p_high, found.p_low
    (1.0, 0.2, 1.0)
    """
    one, other = np.asarray(x, np.float64), np.asarray(y, np.float64)
    if one.ndim != 1 or one.shape != other.shape:
        raise ReprlabError(f"ranks are of two series of one length, given {one.shape} and {other.shape}")
    size = len(one)
    if size < 3 or not np.isfinite([one, other]).all() or np.ptp(one) == 0 or np.ptp(other) == 0:
        return RankCorrelation(math.nan, math.nan, math.nan, 0)
    a, b = (2 * rankdata(series) - (size + 1) for series in (one, other))  # whole: sums are exact
    at = (np.arange(size) + np.arange(size)[:, None]) % size  # (shift, layer)
    sums = a[at] @ b
    scale = math.sqrt((a @ a) * (b @ b))
    low, high = float(np.mean(sums <= sums[0])), float(np.mean(sums >= sums[0]))
    return RankCorrelation(float(sums[0] / scale), low, high, size)
