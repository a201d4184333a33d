"""Pooling: one quantity from several benchmarks with fixed weights, and whether they disagree."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import chdtrc

from reprlab.arrays import Array
from reprlab.errors import ReprlabError
from reprlab.statistics.aggregations import quiet, read_items, unit_codes_of
from reprlab.statistics.bootstraps import interval
from reprlab.statistics.intervals import spread, vector_norm
from reprlab.statistics.normalised import drawn_level

ALPHA = 0.05


@dataclass(frozen=True)
class Pooled:
    """A quantity over a fixed set of benchmarks: its `value` and 95 % interval, and how far they agree.

    `weights` sum to 1. `each` has every benchmark's own value and interval, in the order given. `q` is
    Cochran's Q of the benchmarks' own values and `q_p` its p; NaN where there is one benchmark. `level` is
    the value that signs are taken against.
    """

    value: float
    low: float
    high: float
    weights: tuple[float, ...]
    each: tuple[tuple[float, float, float], ...]
    q: float
    q_p: float
    level: float = 0.0

    @property
    def signs(self) -> tuple[int, ...]:
        """By benchmark: 1 where its interval is above the level, -1 where it is below, else 0."""
        return tuple(int(low > self.level) - int(high < self.level) for _, low, high in self.each)

    @property
    def disagree(self) -> bool:
        """Whether Q has p <= .05, and two benchmarks are surely on different sides of the level."""
        return self.q_p <= ALPHA and {1, -1} <= set(self.signs)


def pool(values: ArrayLike, weights: ArrayLike) -> Array:
    """The weighted mean over benchmarks: (benchmark, ...) and (benchmark,) -> (...).

    sum_b w_b x_b / sum_b w_b. The weights are numbers above 0, fixed before; where some are infinite, these
    share all of it.

    >>> print(pool([1.0, 4.0], [2, 1]), pool([1.0, 4.0], [2, np.inf]))
    2.0 4.0
    """
    x, shares = np.asarray(values, np.float64), shares_of(weights)
    if x.shape[:1] != shares.shape:
        raise ReprlabError(f"{len(shares)} weights are of as many benchmarks, given values {x.shape}")
    return np.tensordot(shares, x, axes=1)


def shares_of(weights: ArrayLike) -> Array:
    """Weights as shares of 1: (benchmark,) -> (benchmark,).

    >>> shares_of([3, 1]).tolist(), shares_of([5, np.inf]).tolist()
    ([0.75, 0.25], [0.0, 1.0])
    """
    given = np.asarray(weights, np.float64)
    if given.ndim != 1 or not len(given) or not (given > 0).all():
        raise ReprlabError(f"weights are numbers above 0, one a benchmark, given {given.tolist()}")
    finite = np.isinf(given).astype(np.float64) if np.isinf(given).any() else given
    return finite / finite.sum()


def pooled_contrast(values: ArrayLike, drawn: ArrayLike, weights: ArrayLike, *, level: float = 0.0) -> Pooled:
    """One quantity over benchmarks, (benchmark,), from its values under shared draws, (benchmark, draw).

    Value: `pool` of the benchmarks' values; interval: 2.5 and 97.5 % of `pool` under each draw, so that the
    benchmarks are a fixed set and only their documents vary. Cochran 1954: Q = sum_b (x_b - m)^2 / v_b with
    v_b the variance of x_b under draws and m = sum x_b / v_b / sum 1 / v_b; at one common value Q is about
    chi-squared with one degree of freedom less than there are benchmarks. Laws: one benchmark is itself;
    (-values, -drawn) mirrors; no common factor of the weights matters.

    >>> chance = np.random.default_rng(0).normal(0, 0.05, (2, 1000))
    >>> apart = pooled_contrast([0.3, -0.3], np.array([[0.3], [-0.3]]) + chance, [3, 1])
    >>> apart.signs, apart.disagree, round(apart.value, 2)
    ((1, -1), True, 0.15)
    """
    x, draws = np.asarray(values, np.float64), np.asarray(drawn, np.float64)
    if x.ndim != 1 or draws.shape[:1] != x.shape or draws.ndim != 2:
        raise ReprlabError(
            f"values (benchmark,) take draws (benchmark, draw), given {x.shape}, {draws.shape}"
        )
    shares = shares_of(weights)
    each = tuple((float(own), *interval(one)) for own, one in zip(x, draws, strict=True))
    return Pooled(
        float(pool(x, shares)),
        *interval(pool(draws, shares)),
        tuple(shares.tolist()),
        each,
        *_q(x, draws),
        level,
    )


def _q(x: Array, drawn: Array) -> tuple[float, float]:
    """Cochran's Q and its p; NaN of one benchmark, and where a value is none."""
    variances = drawn.var(-1)
    if len(x) < 2 or not np.isfinite([x, variances]).all():
        return math.nan, math.nan
    if (variances == 0).any():  # nothing varies: they agree where they are equal
        same = np.ptp(x) == 0
        return (0.0, 1.0) if same else (math.inf, 0.0)
    middle = (x / variances).sum() / (1 / variances).sum()
    q = float(((x - middle) ** 2 / variances).sum())
    return q, float(chdtrc(len(x) - 1, q))


def margin(name: str, full: ArrayLike, *, floor: ArrayLike, units: ArrayLike | None = None) -> float:
    """The standard errors by which a score, of items (n, k) or (n,), lies above a floor; before its link.

    Its square is the inverse variance of R = (score - floor) / (full - floor), up to what schedules add: the
    weight of a benchmark. Infinite where documents do not vary. The floor is one number in the statistic's
    own unit, or a number a document, (n,), before the link; then the errors are of the difference of both.

    >>> round(margin("mean", [1, 1, 0, 1], floor=0.25), 3)
    2.0
    """
    how, rows = read_items(name, full)
    codes = unit_codes_of(units, rows.shape[-2])
    with quiet():
        best, vector, _ = spread(how, rows, codes)
        low, its = drawn_level(how, np.asarray(floor, np.float64), codes)
        return float((best - low) / vector_norm(vector - its))
