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


@dataclass(frozen=True)
class Difference:
    """One score minus another, its standard error and its interval; `units` are those that have both."""

    value: float
    stderr: float
    low: float
    high: float
    documents: int
    units: int


def difference(
    name: str, a: ArrayLike, b: ArrayLike, units: ArrayLike | None = None, level: float = 0.95
) -> Difference:
    """aggregate(a) - aggregate(b), over the same documents: (n, k) or (n,) each.

    Standard error: of the documents' differences in influence, in units; interval value +- t_(G-1) stderr.
    Laws: the `mean` of units of one document is scipy's ttest_rel; (a, a) is 0 +- 0; (b, a) is (a, b)
    mirrored. One unit, or a score that is not finite, gives NaN.

    >>> d = difference("mean", [1, 1, 0, 1], [0, 1, 0, 0])
    >>> print(f"{d.value} +- {d.stderr:.3f}, {d.low:.3f} to {d.high:.3f}, {d.units} units")
    0.5 +- 0.289, -0.419 to 1.419, 4 units
    """
    how, first, second = read_pair(name, a, b)
    codes = unit_codes_of(units, len(first))
    with quiet():
        one, mine, live = spread(how, first, codes)
        two, other, live2 = spread(how, second, codes)
        value = float(how.link(one) - how.link(two))
        stderr = float(vector_norm(linked(how, one, mine) - linked(how, two, other)))
    size = int(min(live, live2))
    return Difference(value, stderr, *t_interval(value, stderr, level, size), len(first), size)


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


def t_interval(value: float, stderr: float, level: float, units: int) -> tuple[float, float]:
    if not 0 < level < 1:
        raise ReprlabError(f"level is between 0 and 1, given {level}")
    half = float(stdtrit(max(units - 1, 1), (1 + level) / 2)) * stderr
    return value - half, value + half
