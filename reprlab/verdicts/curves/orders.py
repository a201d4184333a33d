"""Orders: what single orders of the middle layers retain, and how near they are to the trained one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from reprlab.schedules.schedule import Schedule
from reprlab.scores.retained import retained
from reprlab.scores.scores import Scores
from reprlab.verdicts.curves.by_start import summary

LEAST, STARTS = 3, 2  # random orders of a start, and such starts, for a slope
_KEPT = ("variant", "start", "middle", "schedule", "R", "low", "high")


def orders(scores: Scores, metric: str = "u", *, count: int = 2000) -> list[dict[str, Any]]:
    """R of every random order and of the reverse by itself, median over benchmarks, and its `tau`.

    A row an order with `R`, its interval's ends `low` and `high`, `start`, `middle` = M >= 2 and `schedule`.
    Equal orders of a start are one row, a random one where it was drawn, and the trained order is none.
    """
    alone = [replace(entry, seed=None) for entry in scores.entries]  # seeds of a start are rows of their own
    by_order = retained(replace(scores, entries=tuple(alone)), metric, count=count)
    full = str(scores.entries[0].schedule)
    found: dict[tuple[int, str], dict[str, Any]] = {}
    for row in [*by_order.table("random"), *by_order.table("reverse")]:
        if row["benchmark"] == summary(by_order) and row["schedule"] != full:
            steps = Schedule.parse(row["schedule"]).steps[row["start"] + 1 : scores.layers - row["start"]]
            tau = kendall([step for step in steps if isinstance(step, int)])
            labels = {key: row[key] for key in _KEPT}
            found.setdefault((row["start"], row["schedule"]), {**labels, "tau": tau})
    return list(found.values())


def kendall(order: Sequence[int]) -> float:
    """Kendall's tau of an order of different numbers to the rising one: (rising - falling pairs) / pairs.

    >>> kendall([3, 4, 5, 6]), kendall([6, 5, 4, 3]), kendall([4, 3, 5])
    (1.0, -1.0, 0.3333333333333333)
    """
    at = np.array(order)
    signs = np.sign(at[None, :] - at[:, None])[np.triu_indices(len(at), 1)]
    return float(signs.mean())


def slope(found: Sequence[dict[str, Any]], layers: int) -> dict[str, Any]:
    """The slope of R on tau at fixed start, over random orders of starts with 3 <= M <= T / 2.

    sum (tau - tau_s)(R - R_s) / sum (tau - tau_s)^2 over starts with three orders or more, two such starts at
    least, where tau_s and R_s are the start's means; `stderr` is over orders. `value` is None where there are
    too few.
    """
    tau, r, starts = np.zeros(0), np.zeros(0), 0
    for start in {row["start"] for row in found}:
        some = [row for row in found if (row["start"], row["variant"]) == (start, "random")]
        if len(some) >= LEAST and 3 <= some[0]["middle"] <= layers / 2:
            x, y = (np.array([row[key] for row in some]) for key in ("tau", "R"))
            tau, r, starts = np.append(tau, x - x.mean()), np.append(r, y - y.mean()), starts + 1
    free = len(tau) - starts - 1
    if free < 1 or starts < STARTS or not tau.any():
        return {"value": None, "stderr": None, "orders": len(tau)}
    value = float(tau @ r / (tau @ tau))
    spread = float(np.square(r - value * tau).sum() / free / (tau @ tau)) ** 0.5
    return {"value": value, "stderr": spread, "orders": len(tau)}
