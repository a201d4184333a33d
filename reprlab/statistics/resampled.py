"""Resampling: how far a matrix, and any mean over it, would move with other documents."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from reprlab.arrays import Array
from reprlab.counts import counted
from reprlab.statistics.bootstraps import draws, expanded

Estimator = Callable[[Array], Array]
DRAWS = 1000
GROUPS = 50  # of documents, at most, that a jackknife leaves out in turn


LEAST_DOCUMENTS = 12  # for an interval, where documents are about as long
LEAST_UNEQUAL = 200  # where they are not: a few long ones decide a mean over tokens
ALIKE = 0.75  # (sum of lengths)^2 / sum of squares / documents, from which on they are
LEAST_GROUPS, LEAST_EQUAL = 12, 35  # of a jackknife; and as many of one weight, where weights differ


@dataclass(frozen=True)
class DocumentSums:
    """Each document's sum over its tokens and how many these are: (document, depth, depth), (document,)."""

    sums: Array
    counts: Array

    @property
    def alike(self) -> bool:
        """Whether documents are about as long: (sum of lengths)^2 >= `ALIKE` n times the sum of squares."""
        squares = len(self.counts) * (self.counts**2).sum()
        return bool(self.counts.sum() ** 2 >= ALIKE * squares)

    @property
    def few(self) -> str:
        """Why there are too few documents for an interval of sum / count; empty where there are enough."""
        least = LEAST_DOCUMENTS if self.alike else LEAST_UNEQUAL
        unequal = "" if self.alike else " where lengths differ this much"
        return "" if len(self.counts) >= least else f"too few documents: {least} are needed{unequal}"

    @property
    def mean(self) -> Array | None:
        """The mean over documents of sum / count: (depth, depth); None where they are equally long."""
        if np.ptp(self.counts) == 0:
            return None
        mean: Array = (self.sums / self.counts[:, None, None]).mean(0)
        return mean

    def ratio_draws(self, statistic: Estimator, count: int, seed: int) -> Array:
        """A linear statistic of sum / count, a number, under draws of documents: (count,)."""
        sums = statistic(self.sums)
        weights = draws(np.arange(len(sums)), count, seed).astype(np.float64)
        return expanded(sums.sum() / self.counts.sum(), weights @ sums / (weights @ self.counts), len(sums))

    def spread(self, statistic: Estimator, seed: int) -> tuple[Array, Array, Array]:
        """A linear statistic of sum / count: its variance (...), its draws about it, and their variances.

        Draws are (draw, ...). The variance is the jackknife's over documents; under a draw it is that of the
        influences (s_i - r c_i) / sum c, n / (n - 1) times their squares' sum.
        """
        sums, counts = statistic(self.sums), self.counts.reshape(-1, *[1] * (statistic(self.sums).ndim - 1))
        size, total = len(counts), counts.sum()
        value = sums.sum(0) / total
        left = (sums.sum(0) - sums) / (total - counts)
        variance = ((left - left.mean(0)) ** 2).sum(0) * (size - 1) / size
        apart = (sums - value * counts).reshape(size, -1)  # about 0: squares lose no digits
        weights = draws(np.arange(size), DRAWS, seed).astype(np.float64)
        times = (weights @ self.counts)[:, None]
        moved = weights @ apart / times
        squares = weights @ apart**2 - 2 * moved * (weights @ (apart * counts.reshape(-1, 1)))
        squares += moved**2 * (weights @ self.counts**2)[:, None]
        shape = (DRAWS, *value.shape)
        under = np.maximum(squares, 0) / times**2 * size / (size - 1)
        return variance, moved.reshape(shape), under.reshape(shape)


@dataclass(frozen=True)
class Resampled:
    """A matrix as it comes out of other documents: `matrices` are (draw, depth, depth).

    bootstrap: of as many documents, drawn with replacement, with the `documents` of each corpus that the
    matrix is the mean of. jackknife: of all documents but one group's, whose part of the tokens is in
    `shares` (draw,).
    """

    kind: Literal["bootstrap", "jackknife"]
    matrices: Array
    shares: Array | None = None
    documents: tuple[DocumentSums, ...] = ()

    @property
    def words(self) -> str:
        """The way of resampling in words, for a caption."""
        if self.kind == "bootstrap":
            return f"95 % intervals from {counted(len(self.matrices), 'bootstrap')} over documents"
        return f"95 % intervals from a jackknife over {len(self.matrices)} groups of documents"

    @property
    def few(self) -> str:
        """Why there is too little for an interval; empty where there is enough."""
        if self.kind == "jackknife":
            return self._few_groups()
        return next((part.few for part in self.documents if part.few), "")

    def _few_groups(self) -> str:
        if len(self.matrices) < LEAST_GROUPS:
            return f"too few documents: {LEAST_GROUPS} are needed"
        assert self.shares is not None  # a jackknife has them
        equal = self.shares.sum() ** 2 / (self.shares**2).sum()  # as many groups of one weight tell as much
        enough = equal >= min(LEAST_EQUAL, ALIKE * len(self.shares))
        return "" if enough else "too few documents where lengths differ this much"

    def interval(self, values: Array, statistic: Estimator = lambda m: m) -> tuple[Array, Array]:
        """The 95 % interval of a linear statistic of the matrix: (..., depth, depth) -> (...).

        NaN where there are too `few`. bootstrap: percentile-t, value - se t*, where t* are the 97.5 % and
        2.5 % points of draws about the value, each over its own standard error, and se is the jackknife's
        (Efron and Tibshirani 1993, ch. 12); percentiles alone are too narrow where documents are few or
        their lengths differ. Where lengths differ much, an end is at least as far away as in the symmetric
        form, the 95 % point of |t*|. Without `documents` they are all that there is.
        jackknife: value +- t_(G-1) sqrt(1/G sum_g (p_g - p)^2 / (n / m_g - 1)) with pseudo-values p_g of G
        groups of m_g of n tokens (Busing, Meijer and van der Leeden 1999).
        """
        if self.few:
            none = np.full(np.shape(statistic(values)), np.nan)
            return none, none.copy()
        if self.documents:
            return self._studentised(statistic(values), statistic)
        if self.kind == "bootstrap":
            low, high = np.quantile(statistic(self.matrices), [0.025, 0.975], axis=0)
            return low, high
        from scipy.stats import t

        value, pseudo, times = statistic(values), *self._pseudo(values, statistic)
        spread = ((pseudo - pseudo.mean(0)) ** 2 / (times - 1)).mean(0)
        half = t.ppf(0.975, len(pseudo) - 1) * np.sqrt(spread)
        return value - half, value + half

    def part(self, rows: slice, columns: slice) -> Resampled:
        """The same of a part of the matrix."""
        documents = tuple(DocumentSums(one.sums[:, rows, columns], one.counts) for one in self.documents)
        return replace(self, matrices=self.matrices[:, rows, columns], documents=documents)

    def _studentised(self, value: Array, statistic: Estimator) -> tuple[Array, Array]:
        """The percentile-t interval of a mean over corpora, each resampled by itself."""
        spreads = zip(
            *(part.spread(statistic, seed) for seed, part in enumerate(self.documents)), strict=True
        )
        variance, moved, under = (np.sum(parts, axis=0) for parts in spreads)
        count = len(self.documents)
        with np.errstate(invalid="ignore", divide="ignore"):  # what never moves: 0 / 0
            ratio = np.where(under > 0, moved / np.sqrt(under), 0.0)
        ratio = np.where(np.isnan(moved), np.nan, ratio)
        low, high = np.quantile(ratio, [0.975, 0.025], axis=0)
        if not all(part.alike for part in self.documents):
            even = np.quantile(np.abs(ratio), 0.95, axis=0)
            low, high = np.maximum(low, even), np.minimum(high, -even)
        error = np.sqrt(variance) / count
        return value - low * error, value - high * error

    def draws(self, values: Array, count: int = DRAWS, seed: int = 0) -> Array:
        """Matrices of `count` draws of documents: (count, depth, depth); of a jackknife, to first order."""
        if self.kind == "bootstrap":
            return self.matrices[:count]
        pseudo, _ = self._pseudo(values, lambda m: m)
        weights = draws(np.arange(len(pseudo)), count, seed) - 1.0
        part = (weights / math.sqrt(len(pseudo) * (len(pseudo) - 1))) @ (pseudo - pseudo.mean(0)).reshape(
            len(pseudo), -1
        )
        return values + part.reshape(count, *values.shape)

    def scalar_draws(self, values: Array, statistic: Estimator, count: int) -> Array:
        """A linear statistic of the matrix under draws of documents: (count,) or as many as were kept.

        NaN where there are too `few`. Draws are spread about the value by t, as `expanded` does. Two matrices
        over the same documents have the same draws.
        """
        value = statistic(values)
        if self.few:
            return np.full(count, np.nan)
        if self.kind == "bootstrap":
            each = [part.ratio_draws(statistic, count, seed) for seed, part in enumerate(self.documents)]
            return np.mean(each, axis=0) if each else statistic(self.matrices)[:count]
        pseudo, _ = self._pseudo(values, statistic)
        weights = draws(np.arange(len(pseudo)), count) - 1.0
        part = weights @ (pseudo - pseudo.mean(0)) / math.sqrt(len(pseudo) * (len(pseudo) - 1))
        return expanded(value, value + part, len(pseudo))

    def _pseudo(self, values: Array, statistic: Estimator) -> tuple[Array, Array]:
        """Each group's pseudo-value, and n / m_g."""
        assert self.shares is not None  # a jackknife has them
        left = statistic(self.matrices)
        times = (1 / self.shares).reshape(-1, *[1] * (left.ndim - 1))
        return times * statistic(values) - (times - 1) * left, times


def bootstrapped(sums: Array, counts: Array) -> Resampled | None:
    """Bootstraps of sum / count from each document's: (document, depth, depth) and (document,).

    None where fewer than two documents have a count.

    >>> found = bootstrapped(np.ones((12, 1, 1)), np.ones(12))
    >>> found.matrices.shape, found.interval(np.ones((1, 1)))[0].tolist()
    ((1000, 1, 1), [[1.0]])
    """
    some = counts > 0
    if some.sum() < 2:
        return None
    sums, counts = sums[some], counts[some]
    weights = draws(np.arange(len(counts)), DRAWS).astype(np.float64)
    total = weights @ sums.reshape(len(sums), -1) / (weights @ counts)[:, None]
    matrices = total.reshape(DRAWS, *sums.shape[1:])
    return Resampled("bootstrap", matrices, documents=(DocumentSums(sums, counts),))


def grouped(offsets: Sequence[int], most: int = GROUPS) -> tuple[int, ...]:
    """Where groups of consecutive documents begin, and the end: about as many tokens each, none empty.

    `offsets` are where documents begin, and the end.

    >>> grouped([0, 3, 3, 5, 9, 10], most=3)
    (0, 3, 5, 10)
    """
    bounds = sorted(set(offsets))
    if len(bounds) - 1 <= most:
        return tuple(bounds)
    count = bounds[-1]
    wanted = [count * k / most for k in range(most + 1)]
    return tuple(sorted({min(bounds, key=lambda b: abs(b - at)) for at in wanted}))
