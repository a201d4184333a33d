"""Aggregations: how the numbers of documents become one statistic, also under draws of documents.

Items are (..., document, column); leading axes are schedules. Where a statistic has one column, its axis may
be left out, unless there is one document: a last axis of length 1 is the column. Documents made from one
template or sentence pair share a unit, any label; chance draws units. A standard error is the norm of a
vector over units, and a difference's or quotient's vector is the same combination of its parts' vectors:
that is all of pairing. Sources: Liang and Zeger 1986 (clusters), Miller 2024, arXiv 2411.00640
(evaluations), Efron 1979 (bootstrap).
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from reprlab.arrays import Array
from reprlab.errors import ReprlabError, unknown

Codes = NDArray[np.intp]
Counts = NDArray[np.generic]
Values = float | Array
BLOCK = 1 << 22  # numbers alive at a time where draws are walked through
_ALIVE = 8  # arrays (draw, document) that a statistic without terms holds at a time, at most
ROUNDING = float(np.finfo(np.float64).eps) ** 0.75  # scipy's: less spread than this is none


def quiet() -> np.errstate:
    return np.errstate(all="ignore")  # inf and NaN are results here


@dataclass(frozen=True)
class Aggregation:
    """How items become a statistic: link(sum of x / sum of y) over documents, (x, y) = terms(items).

    `unlink` is the inverse of `link`, `slope` its derivative, `nothing` what 0 / 0 is where there are
    documents, `ratio` whether two scores are compared by their quotient. Without `terms`:
    link(statistic(items, times)), (..., n, k) and how often each draw has each document, (count, n) ->
    (..., count); by default the upper median.

    >>> how = AGGREGATIONS["perplexity"]
    >>> print(how.link(np.float64(0)), how.unlink(np.float64(1)), how.slope(np.float64(0)))
    1.0 -0.0 -1.0
    """

    columns: int
    terms: Callable[[Array], tuple[Array, Array]] | None  # (..., document, column) -> 2 of (..., document)
    link: Callable[[Array], Array] = lambda level: level
    unlink: Callable[[Array], Array] = lambda value: value
    slope: Callable[[Array], Array] = np.ones_like
    nothing: float = math.nan
    ratio: bool = False
    statistic: Callable[[Array, Array], Array] = lambda items, times: _each(_median, items, times)


def _counted(items: Array) -> tuple[Array, Array]:
    return items[..., 0], np.ones_like(items[..., 0])


def _present(items: Array) -> tuple[Array, Array]:
    known = ~np.isnan(items[..., 0])
    return np.where(known, items[..., 0], 0.0), known.astype(np.float64)


def _weighted(items: Array) -> tuple[Array, Array]:
    return items[..., 0], items[..., 1]


def _overlap(items: Array) -> tuple[Array, Array]:
    return 2 * items[..., 0] * items[..., 1], items[..., 0] + items[..., 1]


_PERPLEXITY = Aggregation(
    columns=1,
    terms=_counted,
    link=lambda level: np.exp(-level),
    unlink=lambda value: -np.log(value),
    slope=lambda level: -np.exp(-level),
    ratio=True,
)
_BITS = Aggregation(
    columns=2,
    terms=_weighted,
    link=lambda level: -level / math.log(2),
    unlink=lambda value: -value * math.log(2),
    slope=lambda level: np.full_like(level, -1 / math.log(2)),
)
_PEARSON = Aggregation(2, None, statistic=lambda items, times: _each(_pearson, items, times))
_SPEARMAN = Aggregation(2, None, statistic=lambda items, times: _each(_spearman, items, times))
AGGREGATIONS: Mapping[str, Aggregation] = {
    "mean": Aggregation(1, _counted),
    "nanmean": Aggregation(1, _present),
    "median": Aggregation(1, None),
    "perplexity": _PERPLEXITY,
    "weighted_perplexity": replace(_PERPLEXITY, columns=2, terms=_weighted),
    "bits_per_byte": _BITS,
    "f1": Aggregation(2, _overlap, nothing=0.0),
    "mcc": _PEARSON,
    "pearson": _PEARSON,
    "spearman": _SPEARMAN,
}


def aggregate(name: str, items: ArrayLike, weights: ArrayLike | None = None) -> Values:
    """The statistic of each schedule, (..., n, k) or (..., n) -> (...); weights (n,) >= 0, default 1.

    mean, nanmean (without NaN): sum w x / sum w. perplexity: exp(-sum w ll / sum w). weighted_perplexity:
    exp(-sum w ll / sum w size). bits_per_byte: -sum w ll / sum w bytes / ln 2. median: the upper one. Names
    and values are lm-evaluation-harness's. Weight 2 is the document twice, 0 not at all. Unchanged by the
    order of documents. Past the float range inf; NaN spreads, but for nanmean; nothing to count gives NaN.

    Of (gold, predicted): f1 of class 1 among 0 and 1, 2 sum w g p / sum w (g + p), 0 where no document is
    of it or taken for it; scikit-learn's f1_score. mcc and pearson: Pearson's correlation, in [-1, 1];
    scikit-learn's matthews_corrcoef where both are of two classes, scipy's pearsonr. spearman: that of
    mid-ranks, the weight below plus half the weight tied; scipy's spearmanr on documents repeated w times,
    and as well defined where w is no integer: no correlation sees a common factor of w. A column that is
    constant, up to rounding, has correlation 0 (scipy: NaN). An infinite number has a rank, but no mcc or
    pearson: NaN.

    >>> aggregate("perplexity", [[-1000.0, -2000.0], [0.0, 0.0]]).tolist()
    [inf, 1.0]
    >>> pairs = [[0, 1], [1, 2], [2, 9]]
    >>> print(f"{aggregate('pearson', pairs):.3f} {aggregate('spearman', pairs):.3f}")
    0.918 1.000
    """
    how, rows = read_items(name, items)
    given = np.ones(rows.shape[-2]) if weights is None else np.asarray(weights, np.float64)
    if given.shape != rows.shape[-2:-1]:
        raise ReprlabError(f"{name} of {rows.shape[-2]} documents takes as many weights, given {given.shape}")
    with quiet():
        return how.link(level_of(how, rows, given))[()]


def read_items(name: str, items: ArrayLike) -> tuple[Aggregation, Array]:
    """The aggregation and its items as (..., document, column)."""
    if name not in AGGREGATIONS:
        raise unknown("aggregation", name, AGGREGATIONS)
    how, rows = AGGREGATIONS[name], np.asarray(items, np.float64)
    if how.columns == 1 and rows.ndim and (rows.ndim == 1 or rows.shape[-1] != 1):
        rows = rows[..., None]
    if rows.ndim < 2 or rows.shape[-1] != how.columns:
        raise ReprlabError(f"{name} takes items (..., documents, {how.columns}), given {np.shape(items)}")
    return how, rows


def unit_codes_of(units: ArrayLike | None, count: int) -> Codes:
    """Units as 0 .. G - 1 in the order of their labels, (n,)."""
    labels = np.arange(count) if units is None else np.asarray(units)
    if labels.shape != (count,):
        raise ReprlabError(f"{count} documents take units ({count},), given {labels.shape}")
    return np.unique(labels, return_inverse=True)[1]


def by_unit(x: Array, codes: Codes) -> Array:
    """Sums over the documents of each unit, (..., n) -> (..., G)."""
    order = codes.argsort(kind="stable")
    return np.add.reduceat(x[..., order], np.flatnonzero(np.diff(codes[order], prepend=-1)), axis=-1)


def blocks_of(count: int, width: int) -> list[slice]:
    step = max(1, BLOCK // max(1, width))
    return [slice(at, at + step) for at in range(0, count, step)]


def level_of(how: Aggregation, rows: Array, weights: Array) -> Array:
    """The statistic before its link, (...). Every schedule is summed by itself: equal items, equal bits."""
    if how.terms is None:
        return resampled_level(how, rows, np.arange(len(weights)), weights[None])[..., 0]
    x, y = (np.where(weights > 0, np.ascontiguousarray(term), 0) * weights for term in how.terms(rows))
    return quotient(how, x.sum(-1), y.sum(-1), weights.sum())


def resampled_level(how: Aggregation, rows: Array, codes: Codes, counts: Counts) -> Array:
    """The statistic before its link under each draw, (..., count)."""
    levels = np.empty((*rows.shape[:-2], len(counts)))
    if how.terms is None:
        for block in blocks_of(len(counts), _ALIVE * len(codes)):
            levels[..., block] = how.statistic(rows, counts[block][:, codes].astype(np.float64))
        return levels
    sums = [by_unit(term, codes) for term in how.terms(rows)]
    for block in blocks_of(*counts.shape):
        times = counts[block].astype(np.float64)
        x, y = (_drawn(part, times) for part in sums)
        levels[..., block] = quotient(how, x, y, times.sum(1))
    return levels


def quotient(how: Aggregation, x: Array, y: Array, documents: Array) -> Array:
    return np.where((x == 0) & (y == 0) & (documents > 0), how.nothing, x / y)


def _drawn(sums: Array, times: Array) -> Array:
    """sums @ times.T, (..., count), in which a unit drawn no times adds nothing, be it infinite or NaN."""
    finite = np.isfinite(sums)
    total = np.where(finite, sums, 0) @ times.T
    for odd in np.unique(sums[~finite]):
        here = np.isnan(sums) if np.isnan(odd) else sums == odd
        total = total + np.where(here.astype(np.float64) @ times.T > 0, odd, 0)
    return total


def _each(statistic: Callable[[Array, Array], Array], items: Array, times: Array) -> Array:
    """A statistic of one schedule, (n, k) -> (count,), taken of each: (..., n, k) -> (..., count)."""
    values = np.full((*items.shape[:-2], len(times)), np.nan)
    for at in np.ndindex(items.shape[:-2] if items.size else 0):
        values[at] = statistic(items[at], times)
    return values


def _median(items: Array, times: Array) -> Array:
    """Upper weighted medians, (n, 1) and (count, n) -> (count,); NaN where NaN or nothing is drawn."""
    x = items[:, 0]
    order = x.argsort()  # NaN last
    reached, known = times[:, order].cumsum(1), np.count_nonzero(~np.isnan(x))
    middle = x[order][(reached > reached[:, -1:] / 2).argmax(1)]
    whole = (reached[:, -1] > 0) & (times[:, order[known:]].sum(1) == 0)
    return np.where(whole, middle, np.nan)


def _pearson(items: Array, times: Array) -> Array:
    """Weighted correlations, (n, 2) and (count, n) -> (count,), by sums about a document that is drawn.

    A column is constant if its spread is below rounding, relative to its mean or to its distance from there.
    """
    known = np.isfinite(items).all(1)
    total = times.sum(0) * known
    about = np.array([_median(items[:, [at]], total[None]) for at in (0, 1)])  # (column, 1)
    apart = np.where(total > 0, items.T - about, 0)
    scale = np.maximum(np.abs(apart).max(1, keepdims=True), np.finfo(np.float64).tiny)
    x, y = apart / scale  # squares stay in the float range
    sums = np.stack([np.ones_like(x), ~known, x, y, x * x, y * y, x * y]) @ times.T  # (sum, count)
    weight, lost, first, second = sums[0], sums[1], sums[2:4], sums[4:6]
    squares = second - first * first / weight
    none = np.maximum(ROUNDING * second, weight * (ROUNDING * (about / scale + first / weight)) ** 2)
    product = sums[6] - first[0] * first[1] / weight
    return _correlation(np.where(squares <= none, 0, squares), product, (weight > 0) & (lost == 0))


def _spearman(items: Array, times: Array) -> Array:
    """Weighted correlations of ranks, (n, 2) and (count, n) -> (count,)."""
    x, y = (_ranks(items[:, at], times) for at in (0, 1))
    squares = np.stack([np.einsum("cn,cn,cn->c", times, rank, rank) for rank in (x, y)])
    product = np.einsum("cn,cn,cn->c", times, x, y)
    lost = times @ np.isnan(items).any(1)
    return _correlation(squares, product, (times.sum(1) > 0) & (lost == 0))


def _ranks(x: Array, times: Array) -> Array:
    """Weighted mid-ranks less their mean, (n,) and (count, n) -> (count, n): all 0 where x is constant."""
    codes = np.unique(x, return_inverse=True)[1]
    tied = by_unit(times, codes)  # (count, value)
    ranks = tied.cumsum(1)
    half = ranks[:, -1:] / 2
    ranks -= tied / 2
    ranks -= half
    return ranks[:, codes]


def _correlation(squares: Array, product: Array, known: NDArray[np.bool_]) -> Array:
    """Sums of squares (2, count) and of products (count,) -> (count,); 0 where one is constant."""
    varied = (squares > 0).all(0)
    correlations = np.clip(product / np.sqrt(squares).prod(0), -1, 1)
    return np.where(known, np.where(varied, correlations, 0), np.nan)
