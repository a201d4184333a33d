"""Benchmark scores, and how far the choice of documents may have moved them: mathematics only.

Items are (..., document, column); leading axes are schedules. Where a statistic has one column, its axis may
be left out, unless there is one document: a last axis of length 1 is the column. Documents made from one
template or sentence pair share a unit, any label; chance draws units. A standard error is the norm of a
vector over units, and a difference's or quotient's vector is the same combination of its parts' vectors:
that is all of pairing. Sources: Liang and Zeger 1986 (clusters), Miller 2024, arXiv 2411.00640
(evaluations), Efron 1979 (bootstrap).
"""

import math
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import stdtrit

from reprlab.errors import ReprlabError, unknown

Array = NDArray[np.float64]
Codes = NDArray[np.intp]
Counts = NDArray[np.generic]
Values = float | Array
ERROR_DRAWS = 1000  # for the standard error of a statistic that is no quotient of sums
BLOCK = 1 << 22  # numbers alive at a time where draws are walked through
_ALIVE = 8  # arrays (draw, document) that a statistic without terms holds at a time, at most
_ROUNDING = float(np.finfo(np.float64).eps) ** 0.75  # scipy's: less spread than this is none


def _quiet() -> np.errstate:
    return np.errstate(all="ignore")  # inf and NaN are results here


@dataclass(frozen=True)
class Aggregation:
    """How items become a statistic: link(sum of x / sum of y) over documents, (x, y) = terms(items).

    `unlink` is the inverse of `link`, `slope` its derivative, `nothing` what 0 / 0 is where there are
    documents. Without `terms`: link(statistic(items, times)), (..., n, k) and how often each draw has each
    document, (count, n) -> (..., count); by default the upper median.

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
    how, rows = _read(name, items)
    given = np.ones(rows.shape[-2]) if weights is None else np.asarray(weights, np.float64)
    if given.shape != rows.shape[-2:-1]:
        raise ReprlabError(f"{name} of {rows.shape[-2]} documents takes as many weights, given {given.shape}")
    with _quiet():
        return how.link(_level(how, rows, given))[()]


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
    how, rows = _read(name, items)
    with _quiet():
        return _norm(_linked(how, *_spread(how, rows, _codes(units, rows.shape[-2]))[:2]))


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
    for rows in _blocks(*counts.shape):
        counts[rows] = chance.multinomial(size, np.full(size, 1 / size), size=len(counts[rows]))
    return counts


def bootstrap(name: str, items: ArrayLike, units: ArrayLike | None, counts: ArrayLike) -> Array:
    """The statistic under each draw: (..., n, k) or (..., n), counts (count, G) -> (..., count).

    Law: each is `aggregate` with weights counts[j, unit]; so a draw without the documents that are -inf or
    NaN is finite. The same `counts` for every schedule make paired draws.

    >>> bootstrap("mean", [1, 2, 6], None, [[1, 1, 1], [3, 0, 0], [0, 2, 1]]).round(3).tolist()
    [3.0, 1.0, 3.333]
    """
    how, rows = _read(name, items)
    codes, drawn = _codes(units, rows.shape[-2]), np.asarray(counts)
    size = len(np.unique(codes))
    if drawn.ndim != 2 or drawn.shape[1] != size:
        raise ReprlabError(f"{size} units take counts (count, {size}), given {drawn.shape}")
    with _quiet():
        return how.link(_resampled(how, rows, codes, drawn))


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
    how, first, second = _pair(name, a, b)
    codes = _codes(units, len(first))
    with _quiet():
        one, mine, live = _spread(how, first, codes)
        two, other, live2 = _spread(how, second, codes)
        value = float(how.link(one) - how.link(two))
        stderr = float(_norm(_linked(how, one, mine) - _linked(how, two, other)))
    size = int(min(live, live2))
    return Difference(value, stderr, *_interval(value, stderr, level, size), len(first), size)


@dataclass(frozen=True)
class Normalised:
    """A score between guessing (0) and the full model (1); NaN and the `reason` where that says nothing."""

    value: float
    stderr: float = math.nan
    low: float = math.nan
    high: float = math.nan
    reason: str = ""


def normalised(
    name: str,
    items: ArrayLike,
    full: ArrayLike,
    *,
    floor: float,
    units: ArrayLike | None = None,
    level: float = 0.95,
    guess_margin: float = 5.0,
) -> Normalised:
    """R = (score - floor) / (full - floor), over the same documents: (n, k) or (n,) each.

    `floor` is what guessing scores, in the statistic's own unit: a share for accuracy, the vocabulary's
    size V for perplexity. R is formed before the link, where more is better: for perplexity of the mean
    log-likelihood and -ln V. It may leave [0, 1]. Standard error: of the influences (d_i(score) - R
    d_i(full)) / (full - floor), in units; interval R +- t_(G-1) stderr. Laws: the full model has R = 1 +-
    0; shift and positive scale of items and floor change nothing in a mean. NaN with a reason where full is
    not `guess_margin` standard errors above the floor or the score is NaN; a score of -inf before the link
    is R = -inf with a reason.

    >>> x = np.arange(20) % 4
    >>> normalised("mean", x > 1, x > 0, floor=0.25).value
    0.5
    >>> normalised("mean", x > 1, x > 0, floor=0.7).reason
    'the full model scores 0.750 +- 0.099, which is 0.5 standard errors above guessing (0.700); 5 are needed'
    """
    how, rows, whole = _pair(name, items, full)
    codes = _codes(units, len(rows))
    with _quiet():
        score, mine, live = _spread(how, rows, codes)
        best, other, live2 = _spread(how, whole, codes)
        above = best - how.unlink(np.array(floor, np.float64))
        margin = above / _norm(other)
        value = (score - best + above) / above
        stderr = _norm((mine - value * other) / above)
        score_, error_ = float(how.link(best)), float(_norm(_linked(how, best, other)))
        words = f"{score_:.3f} +- {error_:.3f}" if score_ < 1e5 else f"{score_:.3g} +- {error_:.3g}"
    if not margin >= guess_margin:
        far = f"{margin:.1f} standard errors above guessing ({floor:.3f}); {guess_margin:g} are needed"
        if not above > 0:
            far = f"not above guessing ({floor:.3f})"
        elif math.isnan(margin):
            far = f"above guessing ({floor:.3f}) by no one knows how much: one unit has no standard error"
        return Normalised(math.nan, reason=f"the full model scores {words}, which is {far}")
    if score == -math.inf:
        return Normalised(-math.inf, reason="the score is -inf: some document was given probability 0")
    if not np.isfinite(score):
        return Normalised(math.nan, reason=f"the score is {score}: some document has no number")
    ends = _interval(float(value), float(stderr), level, int(min(live, live2)))
    return Normalised(float(value), float(stderr), *ends)


def seeds_spread(values: ArrayLike) -> tuple[float, float]:
    """Mean and sd (ddof 1) of a score over seeds, (seeds,): what the seed does, documents held fixed.

    One seed has no sd: NaN; none has no mean either. Unchanged by the order of seeds.

    >>> seeds_spread([0.25, 0.75, 0.5]), seeds_spread([0.5])
    ((0.5, 0.25), (0.5, nan))
    """
    found = np.asarray(values, np.float64)
    mean = float(found.mean()) if found.size else math.nan
    return mean, float(found.std(ddof=1)) if found.size > 1 else math.nan


def pooled(items: ArrayLike) -> Array:
    """Each document's mean over seeds, (seeds, n, k) -> (n, k); NaN spreads.

    Its `standard_error` is the documents' part in the spread of a score averaged over seeds, `seeds_spread`
    shows the seeds'. The perplexity of it is the geometric mean of the seeds' perplexities.

    >>> pooled([[[0.0], [1.0]], [[1.0], [1.0]]]).tolist()
    [[0.5], [1.0]]
    """
    return np.asarray(items, np.float64).mean(0)


@dataclass(frozen=True)
class Guess:
    """What a model that does not read scores: at random, or with always the same choice."""

    uniform: float
    majority: float

    @property
    def floor(self) -> float:
        """The better of the two."""
        return max(self.uniform, self.majority)


def guessing(golds: Sequence[Collection[int]], choices: Sequence[int]) -> Guess:
    """Accuracy of guessing, in (0, 1], given each document's right choices and how many choices it has.

    uniform = mean of right / choices; majority = the largest share of documents for which one place is
    right. Unchanged by the order of documents. No documents, lengths that differ, a document without a
    right choice and a place outside 0 .. choices - 1 are errors.

    >>> guessing([[0], [0], [0], [1]], [4, 4, 2, 2])
    Guess(uniform=0.375, majority=0.75)
    """
    if not golds or len(golds) != len(choices):
        raise ReprlabError(
            f"golds and choices are one a document each, given {len(golds)} and {len(choices)}"
        )
    for at, (right, count) in enumerate(zip(golds, choices, strict=True)):
        if not right or not all(0 <= place < count for place in right):
            raise ReprlabError(f"document {at} has gold {list(right)}, outside its {count} choices from 0")
    shares = [len(set(right)) / count for right, count in zip(golds, choices, strict=True)]
    places = Counter(place for right in golds for place in set(right))
    return Guess(math.fsum(shares) / len(golds), max(places.values()) / len(golds))


def _read(name: str, items: ArrayLike) -> tuple[Aggregation, Array]:
    """The aggregation and its items as (..., document, column)."""
    if name not in AGGREGATIONS:
        raise unknown("aggregation", name, AGGREGATIONS)
    how, rows = AGGREGATIONS[name], np.asarray(items, np.float64)
    if how.columns == 1 and rows.ndim and (rows.ndim == 1 or rows.shape[-1] != 1):
        rows = rows[..., None]
    if rows.ndim < 2 or rows.shape[-1] != how.columns:
        raise ReprlabError(f"{name} takes items (..., documents, {how.columns}), given {np.shape(items)}")
    return how, rows


def _pair(name: str, a: ArrayLike, b: ArrayLike) -> tuple[Aggregation, Array, Array]:
    (how, first), (_, second) = _read(name, a), _read(name, b)
    if first.ndim != 2 or first.shape != second.shape:
        takes = f"two arrays (documents, {how.columns}) over the same documents"
        raise ReprlabError(f"{name} of a pair takes {takes}, given {np.shape(a)} and {np.shape(b)}")
    return how, first, second


def _codes(units: ArrayLike | None, count: int) -> Codes:
    """Units as 0 .. G - 1 in the order of their labels, (n,)."""
    labels = np.arange(count) if units is None else np.asarray(units)
    if labels.shape != (count,):
        raise ReprlabError(f"{count} documents take units ({count},), given {labels.shape}")
    return np.unique(labels, return_inverse=True)[1]


def _by_unit(x: Array, codes: Codes) -> Array:
    """Sums over the documents of each unit, (..., n) -> (..., G)."""
    order = codes.argsort(kind="stable")
    return np.add.reduceat(x[..., order], np.flatnonzero(np.diff(codes[order], prepend=-1)), axis=-1)


def _blocks(count: int, width: int) -> list[slice]:
    step = max(1, BLOCK // max(1, width))
    return [slice(at, at + step) for at in range(0, count, step)]


def _level(how: Aggregation, rows: Array, weights: Array) -> Array:
    """The statistic before its link, (...). Every schedule is summed by itself: equal items, equal bits."""
    if how.terms is None:
        return _resampled(how, rows, np.arange(len(weights)), weights[None])[..., 0]
    x, y = (np.where(weights > 0, np.ascontiguousarray(term), 0) * weights for term in how.terms(rows))
    return _quotient(how, x.sum(-1), y.sum(-1), weights.sum())


def _resampled(how: Aggregation, rows: Array, codes: Codes, counts: Counts) -> Array:
    """The statistic before its link under each draw, (..., count)."""
    found = np.empty((*rows.shape[:-2], len(counts)))
    if how.terms is None:
        for block in _blocks(len(counts), _ALIVE * len(codes)):
            found[..., block] = how.statistic(rows, counts[block][:, codes].astype(np.float64))
        return found
    sums = [_by_unit(term, codes) for term in how.terms(rows)]
    for block in _blocks(*counts.shape):
        times = counts[block].astype(np.float64)
        x, y = (_drawn(part, times) for part in sums)
        found[..., block] = _quotient(how, x, y, times.sum(1))
    return found


def _quotient(how: Aggregation, x: Array, y: Array, documents: Array) -> Array:
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
    """What is a statistic of one schedule, (n, k) -> (count,), of each: (..., n, k) -> (..., count)."""
    found = np.full((*items.shape[:-2], len(times)), np.nan)
    for at in np.ndindex(items.shape[:-2] if items.size else 0):
        found[at] = statistic(items[at], times)
    return found


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

    Of less spread than rounding leaves, beside its mean or its distance from there, a column is constant.
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
    none = np.maximum(_ROUNDING * second, weight * (_ROUNDING * (about / scale + first / weight)) ** 2)
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
    tied = _by_unit(times, codes)  # (count, value)
    ranks = tied.cumsum(1)
    half = ranks[:, -1:] / 2
    ranks -= tied / 2
    ranks -= half
    return ranks[:, codes]


def _correlation(squares: Array, product: Array, known: NDArray[np.bool_]) -> Array:
    """Sums of squares (2, count) and of products (count,) -> (count,); 0 where one is constant."""
    varied = (squares > 0).all(0)
    found = np.clip(product / np.sqrt(squares).prod(0), -1, 1)
    return np.where(known, np.where(varied, found, 0), np.nan)


def _spread(how: Aggregation, rows: Array, codes: Codes) -> tuple[Array, Array, Array]:
    """Before the link: the statistic (...), the vector whose norm is its standard error (..., m), G (...)."""
    level, units = _level(how, rows, np.ones(len(codes))), len(np.unique(codes))
    if how.terms is None:
        live = np.full(level.shape, units)
        counts = draws(codes, ERROR_DRAWS) if units > 1 else np.full((2, units), math.nan)
        found = _resampled(how, rows, codes, counts)
        return level, (found - found.mean(-1, keepdims=True)) / math.sqrt(len(counts) - 1), live
    x, y = how.terms(rows)
    live = (_by_unit(y, codes) > 0).sum(-1)
    influence = (x - level[..., None] * y) / y.sum(-1)[..., None]
    correction = np.sqrt(np.where(live > 1, live / (live - 1), np.nan))
    return level, _by_unit(influence, codes) * correction[..., None], live


def _linked(how: Aggregation, level: Array, vector: Array) -> Array:
    """The vector after the link (delta method); NaN where the statistic is not finite."""
    return vector * np.where(np.isfinite(how.link(level)), how.slope(level), np.nan)[..., None]


def _norm(vector: Array) -> Array:
    return np.sqrt((vector * vector).sum(-1)) if vector.shape[-1] else np.full(vector.shape[:-1], np.nan)


def _interval(value: float, stderr: float, level: float, units: int) -> tuple[float, float]:
    if not 0 < level < 1:
        raise ReprlabError(f"level is between 0 and 1, given {level}")
    half = float(stdtrit(max(units - 1, 1), (1 + level) / 2)) * stderr
    return value - half, value + half
