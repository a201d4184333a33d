"""Ranks: how two quantities of the layers rise together, when neighbours are alike. Mathematics only."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtri
from scipy.stats import rankdata

from reprlab.arguments import integer, positive, refused, taking
from reprlab.errors import ReprlabError

Series = NDArray[np.float64]
SURROGATES = 10_000
_ROUNDING = 1e-12
STRONGEST = 0.99  # autocorrelation of a surrogate, at most


@dataclass(frozen=True)
class RankCorrelation:
    """Spearman's `rho` in [-1, 1], and how often unrelated series are at least as low, and as high.

    `count` is the number of pairs. `surrogates` are the series that p is counted over; no p is below
    1 / (`surrogates` + 1). `ends` layers were left out at each end.
    """

    rho: float
    p_low: float
    p_high: float
    count: int
    surrogates: int = 0
    ends: int = 0

    @property
    def method(self) -> str:
        """How p was found, and over which layers, in words.

        >>> RankCorrelation(-0.62, 0.0333, 1.0, 26, 10_000, ends=2).method
        '10,000 AR(1) surrogates, without the first two and last two layers'
        """
        made = f"{self.surrogates:,} AR(1) surrogates"
        if not self.ends:
            return made
        number = {1: "", 2: " two", 3: " three"}.get(self.ends, f" {self.ends}")
        return f"{made}, without the first{number} and last{number} layer{'s' * (self.ends > 1)}"

    def text(self, side: Literal["low", "high"]) -> str:
        """The correlation and its p for a claim that it is negative (low) or positive (high), in words.

        >>> RankCorrelation(-0.62, 0.0333, 1.0, 30, 10_000).text("low")
        'rank correlation -0.62, p = .033 by 10,000 AR(1) surrogates'
        """
        if math.isnan(self.rho):
            return "no rank correlation"
        p = self.p_low if side == "low" else self.p_high
        least = f"{p:.3f}".removeprefix("0")
        return f"rank correlation {self.rho:+.2f}, p = {least} by {self.method}"


def _series(name: str, value: ArrayLike) -> NDArray[np.float64]:
    """Numbers as an array."""
    try:
        return np.asarray(value, np.float64)
    except (TypeError, ValueError, OverflowError) as error:
        raise refused(name, value, "a number a layer, (layer,)") from error


@taking(x=_series, y=_series, ends=integer, count=positive)
def rank_correlation(
    x: ArrayLike, y: ArrayLike, *, ends: int = 0, count: int = SURROGATES
) -> RankCorrelation:
    """Spearman's rank correlation of two series over layers, against unrelated series as smooth as these.

    x and y are (layer,); `ends` layers are left out at each end. rho = r(rank x, rank y), ties at their mean
    rank. Layers next to each other are alike, so that p from orders at random calls too much significant.
    A surrogate is a Gaussian series of first order, AR(1), with the lag-one autocorrelation of a series'
    normal scores, plus (1 + 4 r) / n for that estimate's bias in short series (Marriott and Pope 1954).
    p_low = (1 + surrogates whose rho is at most the one found) / (1 + `count`), p_high = at least. Surrogates
    of x are held against y, and those of y against x: p is the larger. The same are drawn each time. Of
    unrelated AR(1) series of 26 to 30 layers a share of .05 or less has p <= .05 at r <= .9, and .06 at .95;
    by orders at random it is .17 at .8 and .26 at .95.

    Laws: unchanged by rising transformations of either and by exchanging x and y; (x, -y) swaps the ends
    (of an even `count`).
    NaN where a value is no number, where fewer than 3 layers are left, or where all values are the same.
    Raises `ReprlabError` for shapes that differ and `ends` below 0.

    >>> found = rank_correlation([1, 2, 3, 4, 5, 6], [2, 4, 6, 8, 11, 12], count=999)
    >>> found.rho, found.p_high < 0.15, found.p_low, found.count
    (1.0, True, 1.0, 6)
    """
    one, other = np.asarray(x, np.float64), np.asarray(y, np.float64)
    if one.ndim != 1 or one.shape != other.shape:
        raise ReprlabError(f"ranks are of two series of one length, given {one.shape} and {other.shape}")
    if ends < 0:
        raise ReprlabError(f"ends {ends}: give 0 or more layers to leave out at each end")
    one, other = (series[ends : max(ends, len(series) - ends)] for series in (one, other))
    size = len(one)
    if size < 3 or not np.isfinite([one, other]).all() or np.ptp(one) == 0 or np.ptp(other) == 0:
        return RankCorrelation(math.nan, math.nan, math.nan, 0, 0, ends)
    a, b = (2 * rankdata(series) - (size + 1) for series in (one, other))  # whole: sums are exact
    rho = float(a @ b / math.sqrt((a @ a) * (b @ b)))
    drawn = np.stack([_unrelated(a, b, count), _unrelated(b, a, count)])  # (direction, surrogate)
    low, high = (
        float((1 + np.count_nonzero(sign * (drawn - rho) >= -_ROUNDING, axis=1)).max() / (1 + count))
        for sign in (-1, 1)
    )
    return RankCorrelation(rho, low, high, size, count, ends)


def _unrelated(ranks: Series, other: Series, count: int) -> Series:
    """Rank correlations of surrogates of one series with the other, both as ranks about 0: (surrogate,)."""
    size = len(ranks)
    half = np.random.default_rng(0).normal(size=(size, (count + 1) // 2))
    surrogates = np.concatenate([half, -half], axis=1)[:, :count]  # each with its mirror image: equal sides
    likeness = _autocorrelation(ndtri((ranks / (size + 1) + 1) / 2))
    surrogates[0] /= math.sqrt(1 - likeness**2)  # as spread out as the layers that follow
    for layer in range(1, size):
        surrogates[layer] += likeness * surrogates[layer - 1]
    drawn = 2.0 * surrogates.argsort(0).argsort(0) - (size - 1)
    correlations: Series = (other @ drawn) / math.sqrt((other @ other) * (drawn[:, 0] @ drawn[:, 0]))
    return correlations


def _autocorrelation(series: Series) -> float:
    """At lag one, with its bias in short series taken off, in [0, `STRONGEST`]."""
    centred = series - series.mean()
    plain = float(centred[1:] @ centred[:-1] / (centred @ centred))
    return min(max(plain + (1 + 4 * plain) / len(series), 0.0), STRONGEST)


def by_shifts(x: ArrayLike, y: ArrayLike) -> tuple[float, float, float, int]:
    """Spearman's rho of two series over layers with p_low and p_high by circular shifts, and their number.

    x and y are (layer,). p_low is the share of the n shifts of x, the identity among them, whose rho is at
    most the one found, p_high at least. Version 1 of the rules asks for it. A shift lets both ends move
    together, and no p is below 1 / n; `rank_correlation` has neither fault. NaN as there.

    >>> by_shifts([1, 2, 3, 4, 5], [2, 4, 6, 8, 11])
    (1.0, 1.0, 0.2, 5)
    """
    one, other = np.asarray(x, np.float64), np.asarray(y, np.float64)
    size = len(one)
    if size < 3 or not np.isfinite([one, other]).all() or np.ptp(one) == 0 or np.ptp(other) == 0:
        return math.nan, math.nan, math.nan, 0
    a, b = (2 * rankdata(series) - (size + 1) for series in (one, other))  # whole: sums are exact
    at = (np.arange(size) + np.arange(size)[:, None]) % size  # (shift, layer)
    sums = a[at] @ b
    rho = float(sums[0] / math.sqrt((a @ a) * (b @ b)))
    return rho, float(np.mean(sums <= sums[0])), float(np.mean(sums >= sums[0])), size
