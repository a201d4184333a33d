"""Resampling: how far a matrix, and any mean over it, would move with other documents."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from reprlab.arrays import Array
from reprlab.counts import counted
from reprlab.statistics.bootstraps import draws

Estimator = Callable[[Array], Array]
DRAWS = 1000
GROUPS = 50  # of documents, at most, that a jackknife leaves out in turn


@dataclass(frozen=True)
class Resampled:
    """A matrix as it comes out of other documents: `matrices` are (draw, depth, depth).

    bootstrap: of as many documents, drawn with replacement. jackknife: of all documents but one group's,
    whose part of the tokens is in `shares` (draw,).
    """

    kind: Literal["bootstrap", "jackknife"]
    matrices: Array
    shares: Array | None = None

    @property
    def words(self) -> str:
        """The way of resampling in words, for a caption."""
        if self.kind == "bootstrap":
            return f"95 % intervals from {counted(len(self.matrices), 'bootstrap')} over documents"
        return f"95 % intervals from a jackknife over {len(self.matrices)} groups of documents"

    def interval(self, values: Array, statistic: Estimator = lambda m: m) -> tuple[Array, Array]:
        """The 95 % interval of a linear statistic of the matrix: (..., depth, depth) -> (...).

        bootstrap: the percentiles. jackknife: value +- t_(G-1) sqrt(1/G sum_g (p_g - p)^2 / (n / m_g - 1))
        with pseudo-values p_g of G groups of m_g of n tokens (Busing, Meijer and van der Leeden 1999).
        """
        if self.kind == "bootstrap":
            low, high = np.quantile(statistic(self.matrices), [0.025, 0.975], axis=0)
            return low, high
        from scipy.stats import t

        value, pseudo, times = statistic(values), *self._pseudo(values, statistic)
        spread = ((pseudo - pseudo.mean(0)) ** 2 / (times - 1)).mean(0)
        half = t.ppf(0.975, len(pseudo) - 1) * np.sqrt(spread)
        return value - half, value + half

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

    def _pseudo(self, values: Array, statistic: Estimator) -> tuple[Array, Array]:
        """Each group's pseudo-value, and n / m_g."""
        assert self.shares is not None  # a jackknife has them
        left = statistic(self.matrices)
        times = (1 / self.shares).reshape(-1, *[1] * (left.ndim - 1))
        return times * statistic(values) - (times - 1) * left, times


def bootstrapped(sums: Array, counts: Array) -> Resampled | None:
    """Bootstraps of sum / count from each document's: (document, depth, depth) and (document,).

    None where fewer than two documents have a count.

    >>> found = bootstrapped(np.ones((3, 1, 1)), np.ones(3))
    >>> found.matrices.shape, found.interval(np.ones((1, 1)))[0].tolist()
    ((1000, 1, 1), [[1.0]])
    """
    some = counts > 0
    if some.sum() < 2:
        return None
    sums, counts = sums[some], counts[some]
    weights = draws(np.arange(len(counts)), DRAWS).astype(np.float64)
    total = weights @ sums.reshape(len(sums), -1) / (weights @ counts)[:, None]
    return Resampled("bootstrap", total.reshape(DRAWS, *sums.shape[1:]))


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
