"""Loops: the best number of iterations of a parallel step, and how it grows with the step's layers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reprlab.scores.retained import Retained
from reprlab.statistics.bootstraps import interval

LEAST = 0.1  # R of the best count, for it to be used


@dataclass(frozen=True, eq=False)
class Peak:
    """The best count k* of a parallel step of `middle` layers, its R, and k* under each draw: (draw,).

    Draws are NaN where there are too few documents for them.

    `unused` is the reason why the fit of k* leaves it out; empty where the fit has it.
    """

    middle: int
    times: int
    retained: float
    drawn: NDArray[np.float64]
    unused: str

    @property
    def row(self) -> dict[str, Any]:
        """As plain values, the draws as their interval."""
        low, high = interval(self.drawn)
        named = {"middle": self.middle, "times": self.times, "low": low, "high": high}
        return {**named, "R": self.retained, "unused": self.unused}


def peaks(measured: Retained) -> list[Peak]:
    """The count of looped parallel with the highest median R for each M, the fewest of equals; by M.

    Unused by the rules of the verdicts: M = 1, M >= T - 3, a best R below .1, a best count that is the
    largest swept or has a 95 % interval wider than half of that.
    """
    places: dict[int, list[int]] = {}
    for row in sorted(measured.rows("looped_parallel"), key=lambda row: measured.labels[row]["times"]):
        places.setdefault(measured.labels[row]["middle"], []).append(row)
    most = max((measured.labels[row]["times"] for rows in places.values() for row in rows), default=0)
    return [_peak(measured, middle, rows, most) for middle, rows in sorted(places.items())]


def _peak(measured: Retained, middle: int, rows: list[int], most: int) -> Peak:
    times = np.array([measured.labels[row]["times"] for row in rows])
    under = measured.drawn_median[rows]
    drawn = np.where(np.isnan(under).any(0), np.nan, times[under.argmax(0)])
    best = int(measured.median[rows].argmax())
    retained, (low, high) = float(measured.median[rows][best]), interval(drawn)
    reasons = {
        "M = 1": middle == 1,
        "M >= T - 3": middle >= measured.scores.layers - 3,
        "best R below 0.1": not retained >= LEAST,
        "best count is the largest": times[best] == most,
        "best count uncertain": not high - low <= most / 2,
    }
    unused = next((reason for reason, here in reasons.items() if here), "")
    return Peak(middle, int(times[best]), retained, drawn, unused)


def slopes(used: Sequence[Peak]) -> NDArray[np.float64]:
    """The slope of ln k* on ln M by least squares, and under each draw: two peaks or more -> (1 + draw,)."""
    logs = np.log([peak.middle for peak in used])
    logs -= logs.mean()
    return logs @ np.log([[peak.times, *peak.drawn] for peak in used]) / (logs @ logs)


def proportion(best: Sequence[Peak]) -> dict[str, Any]:
    """c of k* = c M by least squares through 0, and the slope of ln k* on ln M, of the peaks that are used.

    Each with its 95 % interval under the draws; None where fewer than two peaks are used.
    """
    used = [peak for peak in best if not peak.unused]
    names = ("c", "c_low", "c_high", "slope", "low", "high")
    if len(used) < 2:
        return {"used": len(used), **dict.fromkeys(names)}
    m = np.array([peak.middle for peak in used], dtype=float)
    k = np.array([[peak.times, *peak.drawn] for peak in used], dtype=float)  # (M, 1 + draw)
    c, slope = m @ k / (m @ m), slopes(used)
    values = (float(c[0]), *interval(c[1:]), float(slope[0]), *interval(slope[1:]))
    return {"used": len(used), **dict(zip(names, values, strict=True))}
