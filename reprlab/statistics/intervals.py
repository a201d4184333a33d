"""Standard errors over units of documents, and paired differences with their intervals."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import stdtrit

from reprlab.arrays import Array
from reprlab.errors import ReprlabError
from reprlab.statistics.aggregations import (
    Aggregation,
    Codes,
    Values,
    by_unit,
    level_of,
    quiet,
    read_items,
    resampled_level,
    unit_codes_of,
)
from reprlab.statistics.bootstraps import draws

ERROR_DRAWS = 1000  # for the standard error of a statistic that is no quotient of sums
LEAST_PAIRED = 40  # units, for t intervals: choices are right or wrong, and of 20 few pairs differ
FEW = f"too few units: {LEAST_PAIRED} are needed"


def standard_error(name: str, items: ArrayLike, units: ArrayLike | None = None) -> Values:
    """Standard error of `aggregate`, (..., n, k) or (..., n) -> (...); units (n,), default one a document.

    sqrt(G/(G-1) sum_g (sum_(i in g) d_i)^2) over G units that have a score, where d_i = link'(r) (x_i - r
    y_i) / sum y is the influence of a document, r = sum x / sum y. Laws: sd / sqrt(n) (ddof 1) for the mean
    of units of one document; each document twice in its unit changes nothing. median and correlations: sd
    over 1,000 draws, always the same. f1: units with gold or predicted 1 have a score; the others change
    nothing. Below two units, or of a score that is not finite, NaN.

    >>> x = [0, 0, 0, 1, 1, 1]
    >>> print(f"{standard_error('mean', x):.4f} {standard_error('mean', x, units=x):.4f}")
    0.2236 0.5000
    """
    how, rows = read_items(name, items)
    with quiet():
        return vector_norm(linked(how, *spread(how, rows, unit_codes_of(units, rows.shape[-2]))[:2]))


def score_interval(
    name: str,
    items: ArrayLike,
    units: ArrayLike | None = None,
    level: float = 0.95,
    *,
    share: bool = False,
) -> tuple[Values, Values]:
    """The ends of a score's interval, (..., n, k) or (..., n) -> 2 of (...); units as for `standard_error`.

    link(r +- t_(G-1) stderr(r)), r before the link: for perplexity exp(-(ll +- t se)), which is not symmetric
    and above 0. A `share` of documents, a mean of 0 and 1, has Wilson's interval with t for z. NaN below
    `LEAST_PAIRED` units: too few.

    >>> low, high = score_interval("perplexity", np.arange(40) % 4 - 4.0)
    >>> print(f"{low:.2f} {np.exp(2.5):.2f} {high:.2f}")
    8.48 12.18 17.50
    """
    how, rows = read_items(name, items)
    if not 0 < level < 1:
        raise ReprlabError(f"level is between 0 and 1, given {level}")
    with quiet():
        middle, vector, live = spread(how, rows, unit_codes_of(units, rows.shape[-2]))
        times = np.where(live < LEAST_PAIRED, math.nan, stdtrit(np.maximum(live - 1, 1), (1 + level) / 2))
        half = times * vector_norm(vector)
        ends = np.stack([how.link(middle - half), how.link(middle + half)])
        if share:
            whole = np.isin(rows[..., 0], (0, 1)).all(-1)  # a mean over orders is no share
            ends = np.where(whole, _wilson(middle, vector_norm(vector), live, times), ends)
    return ends.min(0)[()], ends.max(0)[()]


def _wilson(share: Array, stderr: Array, units: Array, times: Array) -> Array:
    """Wilson's ends of a share, (2, ...), of as many documents as have its error: p (1 - p) / se^2."""
    variance = share * (1 - share)
    count = np.where(variance > 0, variance / stderr**2, units)
    more = times**2 / count
    half = times * np.sqrt(variance / count + more / (4 * count))
    ends: Array = np.stack([share + more / 2 - half, share + more / 2 + half]) / (1 + more)
    return ends.clip(0, 1)


@dataclass(frozen=True)
class Difference:
    """One score minus another, its standard error and its interval; `units` are those that have both.

    Of perplexities the interval is of their `ratio`, one / other, whose logarithm has an even spread; `low`
    and `high` are NaN there, and `ratio` is NaN of other scores. `reason` says why ends are NaN.
    """

    value: float
    stderr: float
    low: float
    high: float
    documents: int
    units: int
    ratio: float = math.nan
    ratio_low: float = math.nan
    ratio_high: float = math.nan
    reason: str = ""


def difference(
    name: str, a: ArrayLike, b: ArrayLike, units: ArrayLike | None = None, level: float = 0.95
) -> Difference:
    """aggregate(a) - aggregate(b), over the same documents: (n, k) or (n,) each.

    Standard error: of the documents' differences in influence, in units; interval value +- t_(G-1) stderr,
    from `LEAST_PAIRED` units on. Of perplexities: ratio exp(ll(b) - ll(a)), interval exp(ln ratio +- t se).
    Laws: the `mean` of units of one document is scipy's ttest_rel; (a, a) is 0 +- 0; (b, a) is (a, b)
    mirrored. One unit, or a score that is not finite, gives NaN.

    >>> d = difference("mean", [1, 1, 0, 1] * 10, [0, 1, 0, 0] * 10)
    >>> print(f"{d.value} +- {d.stderr:.3f}, {d.low:.3f} to {d.high:.3f}, {d.units} units")
    0.5 +- 0.080, 0.338 to 0.662, 40 units
    >>> d = difference("perplexity", [-3.0, -2.0] * 20, [-2.0, -2.0] * 20)
    >>> print(f"{d.ratio:.2f} times, {d.ratio_low:.2f} to {d.ratio_high:.2f}")
    1.65 times, 1.40 to 1.94
    """
    how, first, second = read_pair(name, a, b)
    codes = unit_codes_of(units, len(first))
    with quiet():
        one, mine, live = spread(how, first, codes)
        two, other, live2 = spread(how, second, codes)
        value = float(how.link(one) - how.link(two))
        stderr = float(vector_norm(linked(how, one, mine) - linked(how, two, other)))
        size, nan = int(min(live, live2)), (math.nan, math.nan)
        apart = float(one - two), float(vector_norm(mine - other))
    reason = FEW if size < LEAST_PAIRED else ""
    if not how.ratio:
        ends = t_interval(value, stderr, level, size)
        return Difference(value, stderr, *ends, len(first), size, reason=reason)
    ends = t_interval(*apart, level, size)
    with quiet():
        ratio, least, most = (float(np.exp(-end)) for end in (apart[0], *ends[::-1]))
    why = reason or "the interval is of the ratio of two perplexities"
    return Difference(value, stderr, *nan, len(first), size, ratio, least, most, why)


def contrast(
    name: str,
    a: ArrayLike,
    b: ArrayLike,
    first: ArrayLike,
    units: ArrayLike | None = None,
    level: float = 0.95,
) -> Difference:
    """The mean of aggregate(a) - aggregate(b) over rows that are `first` minus that over the other rows.

    a and b are (row, n, k) or (row, n) over the same documents; `first` is (row,), true and false both
    there. It asks whether differences change from one part of the rows to the other, and finds that they do
    in one of twenty data sets without a change: a place where their sign turns is found in most of these.
    Standard error: of each unit's own contrast of influences; interval value +- t_(G-1) stderr from
    `LEAST_PAIRED` units on. Law: of one row each side it is the `difference` of the rows' differences.

    >>> gains = np.arange(40) % 2 + np.array([[0.3], [0.1], [-0.1]])
    >>> d = contrast("mean", gains, np.zeros((3, 40)), [True, True, False])
    >>> print(f"{d.value:.2f} [{d.low:.2f}, {d.high:.2f}]")
    0.30 [0.30, 0.30]
    """
    (how, one), (_, other), side = read_items(name, a), read_items(name, b), np.asarray(first, np.bool_)
    if one.ndim != 3 or one.shape != other.shape or side.shape != one.shape[:1]:
        takes = f"two arrays (row, documents, {how.columns}) and a side a row"
        raise ReprlabError(f"a contrast takes {takes}, given {np.shape(a)}, {np.shape(b)} and {side.shape}")
    if not side.any() or side.all():
        raise ReprlabError("a contrast takes rows on both sides: all are on one")
    weights = np.where(side, 1 / max(1, side.sum()), -1 / max(1, (~side).sum()))
    codes = unit_codes_of(units, one.shape[1])
    with quiet():
        parts = [(sign, *spread(how, rows, codes)) for sign, rows in ((1, one), (-1, other))]
        value = float(sum(sign * (weights @ how.link(middle)) for sign, middle, _, _ in parts))
        vector = sum(sign * (weights @ linked(how, middle, vector)) for sign, middle, vector, _ in parts)
        stderr = float(vector_norm(np.asarray(vector)))
    size = int(min(live.min() for *_, live in parts))
    reason = FEW if size < LEAST_PAIRED else ""
    ends = t_interval(value, stderr, level, size)
    return Difference(value, stderr, *ends, one.shape[1], size, reason=reason)


def read_pair(name: str, a: ArrayLike, b: ArrayLike) -> tuple[Aggregation, Array, Array]:
    (how, first), (_, second) = read_items(name, a), read_items(name, b)
    if first.ndim != 2 or first.shape != second.shape:
        takes = f"two arrays (documents, {how.columns}) over the same documents"
        raise ReprlabError(f"{name} of a pair takes {takes}, given {np.shape(a)} and {np.shape(b)}")
    return how, first, second


def spread(how: Aggregation, rows: Array, codes: Codes) -> tuple[Array, Array, Array]:
    """Before the link: the statistic (...), the vector whose norm is its standard error (..., m), G (...)."""
    level, units = level_of(how, rows, np.ones(len(codes))), len(np.unique(codes))
    if how.terms is None:
        live = np.full(level.shape, units)
        counts = draws(codes, ERROR_DRAWS) if units > 1 else np.full((2, units), math.nan)
        drawn = resampled_level(how, rows, codes, counts)
        return level, (drawn - drawn.mean(-1, keepdims=True)) / math.sqrt(len(counts) - 1), live
    x, y = how.terms(rows)
    live = (by_unit(y, codes) > 0).sum(-1)
    influence = (x - level[..., None] * y) / y.sum(-1)[..., None]
    correction = np.sqrt(np.where(live > 1, live / (live - 1), np.nan))
    return level, by_unit(influence, codes) * correction[..., None], live


def linked(how: Aggregation, level: Array, vector: Array) -> Array:
    """The vector after the link (delta method); NaN where the statistic is not finite."""
    return vector * np.where(np.isfinite(how.link(level)), how.slope(level), np.nan)[..., None]


def vector_norm(vector: Array) -> Array:
    return np.sqrt((vector * vector).sum(-1)) if vector.shape[-1] else np.full(vector.shape[:-1], np.nan)


def t_interval(
    value: float, stderr: float, level: float, units: int, *, least: int = LEAST_PAIRED
) -> tuple[float, float]:
    if not 0 < level < 1:
        raise ReprlabError(f"level is between 0 and 1, given {level}")
    if units < least:
        return math.nan, math.nan
    half = float(stdtrit(max(units - 1, 1), (1 + level) / 2)) * stderr
    return value - half, value + half
