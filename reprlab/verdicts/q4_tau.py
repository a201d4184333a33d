"""Whether R rises with how near a random order is to the model's own."""

from __future__ import annotations

import math
import zlib
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from reprlab.arrays import Array
from reprlab.counts import counted
from reprlab.schedules.grids import compared_starts
from reprlab.schedules.schedule import Schedule
from reprlab.scores.retained import Retained
from reprlab.statistics.orders import sampled
from reprlab.verdicts.curves import kendall
from reprlab.verdicts.rules import Missing, Statistic
from reprlab.verdicts.view import RetainedRows, View, on_each, statistic

SHUFFLES = 9999
ORDERS, STARTS = 3, 2  # different orders of a start, and such starts, at least
LABEL = "slope on tau"


def slope(view: View) -> Statistic:
    """The slope of R (one number over benchmarks) on Kendall's tau over random orders, within their starts.

    sum_s sum_i (tau - tau_s)(R - R_s) / sum_s sum_i (tau - tau_s)^2 over starts of W with three orders or
    more; tau_s and R_s are the start's means. To draws of documents is added what other residuals would give,
    t-distributed with n - starts - 1 degrees of freedom. Also where the orders are all that there are: it is
    asked whether tau decides among orders, and another model of these layers would have other residuals.
    """
    source = view.known(view.basis.orders, "random orders")
    by_start = {start: rows for start, rows in _rows(view).items() if len(rows) >= ORDERS}
    if len(by_start) < STARTS:
        raise Missing("too few orders", f"{counted(len(by_start), 'start')} of this model had them")
    found = view.rows(source, [row for rows in by_start.values() for row in rows])
    taus = {start: np.array([_tau(source, row) for row in rows]) for start, rows in by_start.items()}
    one = statistic(LABEL, _sloped(found, taus), found)
    told = on_each(one, found, lambda rows: _sloped(rows, taus))
    return replace(told, starts=tuple(sorted(by_start)))


def _sloped(found: RetainedRows, taus: Mapping[int, Array]) -> Array:
    """The slope over orders in the order of their starts: (order, benchmark, 1 + draw) -> (1 + draw,)."""
    whole, at = [found.whole(row) for row in found.retained], 0
    within: list[tuple[Array, Array]] = []
    for tau in taus.values():
        level = np.stack(whole[at : at + len(tau)])  # (order, 1 + draw)
        within.append((tau - tau.mean(), level - level.mean(0)))
        at += len(tau)
    tau, level = (np.concatenate(parts) for parts in zip(*within, strict=True))
    free = len(tau) - len(taus) - 1
    with np.errstate(all="ignore"):  # orders that are all as near have no slope
        values = tau @ level / (tau @ tau)  # (1 + draw,)
        rest = level[:, 0] - values[0] * tau
        apart = tau / (tau @ tau) * math.sqrt(rest @ rest / free)  # least squares' standard error, by order
    if values.size > 1:
        values[1:] += sampled(apart, "tau", values.size - 1, degrees=free, inner=float(values[1:].var()))
    return values


def chance(view: View) -> float:
    """How often R, shuffled among the orders of each start, has a slope as far from 0: of 9,999 shuffles."""
    source = view.known(view.basis.orders, "random orders")
    groups = [rows for rows in _rows(view).values() if len(rows) >= ORDERS]
    found = view.rows(source, [row for rows in groups for row in rows])
    retained = iter([float(found.whole(one)[0]) for one in found.retained])
    draw = np.random.default_rng(zlib.crc32(b"orders"))
    total = np.zeros(1 + SHUFFLES)
    for rows in groups:
        tau = np.array([_tau(source, row) for row in rows])
        own = np.array([next(retained) for _ in rows])
        shuffled = draw.permuted(np.tile(own, (SHUFFLES, 1)), axis=1)
        total += np.concatenate([own[None], shuffled]) @ (tau - tau.mean())
    return float((np.abs(total) >= abs(total[0]) - 1e-12).mean())


def _tau(source: Retained, row: int) -> float:
    """Kendall's tau of an order's middle to the model's own."""
    layers, start = source.scores.layers, source.labels[row]["start"]
    middle = Schedule.parse(source.labels[row]["schedule"]).steps[start + 1 : layers - start]
    return kendall([step for step in middle if isinstance(step, int)])


def _rows(view: View) -> dict[int, list[int]]:
    """The rows of single orders by start of W: every order once."""
    source = view.known(view.basis.orders, "random orders")
    inside = compared_starts(view.layers, view.setting.wider)
    by_start: dict[int, list[int]] = {}
    for row in source.rows("random"):
        if (start := source.labels[row]["start"]) in inside:
            by_start.setdefault(start, []).append(row)
    return by_start
