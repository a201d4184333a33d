"""Orders: what a sample of random orders adds to an interval over documents. Mathematics only."""

from __future__ import annotations

import math
import zlib

import numpy as np
from scipy.special import stdtrit

from reprlab.arrays import Array

LEAST_ORDERS = 3  # with fewer, of more that there are, a mean over orders has no interval
_NORMAL = float(stdtrit(1e9, 0.975))


def over_orders(levels: Array, name: str, *, census: bool = False) -> Array:
    """The mean over orders and its draws: (order, 1 + draw) -> (1 + draw,), the first column as it is.

    Draws over documents are the orders' mean under each. To these is added what other orders would give,
    `sampled` with n - 1 degrees of freedom: the percentiles are then the t interval over n orders, crossed
    with the bootstrap over documents. `census`: all orders were run, and nothing is added. Fewer than
    `LEAST_ORDERS` of others have draws that are NaN. `name` decides the draws of orders.

    >>> levels = np.array([[0.25], [0.5], [0.75]]).repeat(20_001, axis=1)
    >>> drawn = over_orders(levels, "random 3")[1:]
    >>> bool(0.95 < np.mean(abs(drawn - 0.5) / (0.25 / 3**0.5) < 4.303) + 0.001 < 0.96)  # t of 2 degrees
    True
    >>> over_orders(levels, "random 3", census=True)[:2].tolist()
    [0.5, 0.5]
    """
    size, mean = len(levels), levels.mean(0)
    if census:
        return mean
    if size < LEAST_ORDERS:
        return np.concatenate([mean[:1], np.full(len(mean) - 1, np.nan)])
    with np.errstate(all="ignore"):
        apart = (levels[:, 0] - mean[0]) / math.sqrt(size * (size - 1))
        inner = (levels[:, 1:] - levels[:, :1]).var(0, ddof=1).mean() / size if mean.size > 1 else 0.0
        mean[1:] += sampled(apart, name, mean.size - 1, degrees=size - 1, inner=float(inner))
    return mean


def sampled(apart: Array, name: str, count: int, *, degrees: int, inner: float = 0.0) -> Array:
    """How far a sum over units moves with other units: what each has `apart` (unit,) -> (count,), about 0.

    sum_i z_i apart_i / sqrt(chi^2 / degrees) with normal z: t-distributed with scale sqrt(sum apart^2). The
    same `name` gives the same z, so that benchmarks of the same orders move together. `inner` is the part of
    the scale's square that draws over documents hold already, for documents make equal orders differ too.
    So that it counts once, 95 % intervals of both together are as wide as t's alone: the scale's square loses
    (1.96 / t_degrees)^2 `inner`.

    >>> sampled(np.zeros(3), "random 3", 2, degrees=2).tolist()
    [0.0, 0.0]
    """
    chance = np.random.default_rng(zlib.crc32(name.encode()))
    moved = chance.normal(size=(count, len(apart))) @ apart
    moved /= np.sqrt(chance.chisquare(degrees, size=count) / degrees)
    whole = float(apart @ apart)
    if whole <= 0:
        return np.zeros(count)
    twice = inner * (_NORMAL / float(stdtrit(degrees, 0.975))) ** 2
    return moved * math.sqrt(max(0.0, 1 - twice / whole))
