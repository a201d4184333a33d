"""Bootstraps over units of documents, and intervals from their draws."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import stdtrit

from reprlab.arrays import Array
from reprlab.errors import ReprlabError
from reprlab.statistics.aggregations import blocks_of, quiet, read_items, resampled_level, unit_codes_of

LEAST_UNITS = 20  # of documents: draws of fewer have no interval


def draws(units: ArrayLike, count: int = 10_000, seed: int = 0) -> NDArray[np.int16]:
    """How often each draw of G units from G has each: labels (n,) -> (count, G), columns by sorted label.

    Rows sum to G; the first rows are the same for every `count`. `np.arange(n)`: every document a unit.

    >>> drawn = draws([7, 7, 3], count=4)
    >>> drawn.shape, drawn.sum(1).tolist()
    ((4, 2), [2, 2, 2, 2])
    """
    size = len(np.unique(np.asarray(units)))
    if not size:
        raise ReprlabError("draws need at least one document, given none")
    chance, counts = (
        np.random.default_rng(seed),
        np.empty((count, size), np.int16),
    )  # no unit is drawn 32,768 times
    for rows in blocks_of(*counts.shape):
        counts[rows] = chance.multinomial(size, np.full(size, 1 / size), size=len(counts[rows]))
    return counts


def bootstrap(name: str, items: ArrayLike, units: ArrayLike | None, counts: ArrayLike) -> Array:
    """The statistic under each draw: (..., n, k) or (..., n), counts (count, G) -> (..., count).

    Law: each is `aggregate` with weights counts[j, unit]; so a draw without the documents that are -inf or
    NaN is finite. The same `counts` for every schedule make paired draws.

    >>> bootstrap("mean", [1, 2, 6], None, [[1, 1, 1], [3, 0, 0], [0, 2, 1]]).round(3).tolist()
    [3.0, 1.0, 3.333]
    """
    how, rows = read_items(name, items)
    codes, drawn = unit_codes_of(units, rows.shape[-2]), np.asarray(counts)
    size = len(np.unique(codes))
    if drawn.ndim != 2 or drawn.shape[1] != size:
        raise ReprlabError(f"{size} units take counts (count, {size}), given {drawn.shape}")
    with quiet():
        return how.link(resampled_level(how, rows, codes, drawn))


def seeds_spread(values: ArrayLike) -> tuple[float, float]:
    """Mean and sd (ddof 1) of a score over seeds, (seeds,): what the seed does, documents held fixed.

    One seed has no sd: NaN; none has no mean either. Unchanged by the order of seeds.

    >>> seeds_spread([0.25, 0.75, 0.5]), seeds_spread([0.5])
    ((0.5, 0.25), (0.5, nan))
    """
    array = np.asarray(values, np.float64)
    mean = float(array.mean()) if array.size else math.nan
    return mean, float(array.std(ddof=1)) if array.size > 1 else math.nan


def pooled(items: ArrayLike) -> Array:
    """Each document's mean over seeds, (seeds, n, k) -> (n, k); NaN spreads.

    Its `standard_error` is the documents' part in the spread of a score averaged over seeds, `seeds_spread`
    shows the seeds'. The perplexity of it is the geometric mean of the seeds' perplexities.

    >>> pooled([[[0.0], [1.0]], [[1.0], [1.0]]]).tolist()
    [[0.5], [1.0]]
    """
    return np.asarray(items, np.float64).mean(0)


def expanded(value: ArrayLike, drawn: ArrayLike, units: int) -> Array:
    """Draws of n units, spread about the value by t_(n-1) / 1.96 sqrt(n / (n - 1)): shapes as `drawn`.

    Percentiles of draws of n units are those of a normal distribution with n instead of n - 1 in its
    variance; spread like this they are as wide as t's. Below `LEAST_UNITS` NaN: too few. A value that is
    not finite keeps its draws.

    >>> expanded(0.5, [0.4, 0.6], 400).round(4).tolist(), expanded(0.5, [0.4, 0.6], 19).tolist()
    ([0.3996, 0.6004], [nan, nan])
    """
    centre, spread = np.asarray(value, np.float64), np.asarray(drawn, np.float64)
    if units < LEAST_UNITS:
        return np.full(np.broadcast_shapes(centre.shape, spread.shape), np.nan)
    factor = float(stdtrit(units - 1, 0.975) / stdtrit(1e9, 0.975)) * math.sqrt(units / (units - 1))
    with np.errstate(invalid="ignore"):
        return np.where(np.isfinite(centre), centre + (spread - centre) * factor, spread)


def interval(drawn: NDArray[Any], level: float = 0.95) -> tuple[float, float]:
    """The ends between which that share of draws lies; draws without a number are left out."""
    known = drawn[~np.isnan(drawn)]
    if not known.size:
        return math.nan, math.nan
    low, high = np.quantile(known, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)
