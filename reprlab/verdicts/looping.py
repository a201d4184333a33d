"""Question 7: does looping help parallel layers?"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from reprlab.shares import interval
from reprlab.verdicts.curves import compared
from reprlab.verdicts.deciding import Missing, asked, found_out
from reprlab.verdicts.values import CONTRADICTED, IN_PART, SUPPORTED, UNDECIDED, Finding
from reprlab.verdicts.window import Cells, View, cells, median, statistic

Array = NDArray[np.float64]
LEAST, MIDDLES = 0.1, 5  # of the best R; of M that are left
WORDS = "slope of ln best count on ln M"
_PART = 1e-9  # rounding: every k* may be M in every draw


@dataclass(frozen=True, eq=False)
class Peak:
    """The count with the best R at M middle layers: as it is, under draws, and whether it counts."""

    start: int
    middle: int
    best: float
    counts: Array  # (1 + draw,)
    told: bool


def looping(view: View) -> tuple[Finding, ...]:
    """h: looped parallel less parallel; b: the best count grows in proportion to the middle."""
    return (
        compared(view, "h", "looped_parallel", "parallel"),
        asked("b", WORDS, lambda: _proportion(view)),
    )


def peaks(view: View) -> tuple[Cells, list[Peak]]:
    """k*(M) of every start swept, the count at which the median R over benchmarks is best; ties: the fewest.

    Not told where M = 1 or M >= T - 3, where the best R is below .1, where the 95 % interval of k* is wider
    than half of the largest count, and where k* is that count.
    """
    r = view.known(view.basis.loops, "counts of looped parallel")
    rows = sorted(r.rows("looped_parallel"), key=lambda row: r.labels[row]["times"])
    if not rows:
        raise Missing("not measured", "no looped parallel among the counts")
    whole = cells(r, rows)
    retained = np.stack([median(row) for row in whole.r])  # (row, 1 + draw)
    starts, times = (np.array([r.labels[row][name] for row in rows]) for name in ("start", "times"))
    each = [(start, starts == start) for start in sorted(set(starts.tolist()))]
    found = [_peak(view, start, times[at], retained[at], times.max()) for start, at in each]
    return whole, found


def _peak(view: View, start: int, times: Array, retained: Array, most: int) -> Peak:
    counts, best, middle = times[retained.argmax(0)], float(retained[:, 0].max()), view.middle(start)
    low, high = interval(counts[1:])
    clear = best >= LEAST and high - low <= most / 2 and counts[0] < most
    return Peak(start, middle, best, counts, clear and 1 < middle < view.layers - 3)


def _proportion(view: View) -> Finding:
    """Slope of ln k* on ln M, draw by draw: above 0 it grows, and with 1 in its interval in proportion."""
    whole, found = peaks(view)
    told = [peak for peak in found if peak.told]
    if len(told) < MIDDLES:
        raise Missing("too few counts", f"{len(told)} are left")
    x = np.log([peak.middle for peak in told])
    x -= x.mean()
    one = statistic(WORDS, x @ np.log([peak.counts for peak in told]) / (x @ x), whole)
    answer, reason = proportion(*one.ends)
    detail = ", ".join(f"{peak.counts[0]:.0f} at M = {peak.middle}" for peak in told)
    return found_out("b", replace(one, starts=tuple(p.start for p in told)), answer, reason, detail)


def proportion(low: float, high: float) -> tuple[str, str]:
    """What the interval of a slope of logarithms says of growth in proportion.

    >>> proportion(0.4, 1.3)[0], proportion(0.4, 0.9)[0], proportion(-0.1, 0.5)[0], proportion(-1, 2)[0]
    ('supported', 'in part', 'contradicted', 'not decidable')
    """
    if low > 0:
        return (SUPPORTED, "clear") if low - _PART <= 1 <= high + _PART else (IN_PART, "not in proportion")
    return (CONTRADICTED, "left out") if high < 1 else (UNDECIDED, "interval too wide")
