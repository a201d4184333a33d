"""Question 7: does looping help parallel layers?"""

from __future__ import annotations

from dataclasses import replace

from reprlab.verdicts.curves import peaks, slopes
from reprlab.verdicts.rules import Missing, asked, found_out
from reprlab.verdicts.sentences import listed
from reprlab.verdicts.values import CONTRADICTED, IN_PART, SUPPORTED, UNDECIDED, Finding
from reprlab.verdicts.view import View, compared, retained_rows, statistic

MIDDLES = 5  # M that are left, at least
LABEL = "slope of best count"
_PART = 1e-9  # rounding: every k* may be M in every draw


def looping(view: View) -> tuple[Finding, ...]:
    """h: looped parallel - parallel; b: the best count grows in proportion to the middle."""
    return (
        compared(view, "h", "looped_parallel", "parallel"),
        asked("b", LABEL, lambda: _proportion(view)),
    )


def _proportion(view: View) -> Finding:
    """Slope of ln k* on ln M, draw by draw: above 0 it grows, and with 1 in its interval in proportion."""
    source = view.known(view.basis.loops, "fig. 10's counts of iterations")
    rows = source.rows("looped_parallel")
    if not rows:
        raise Missing("not measured", "looped parallel among the counts of iterations")
    used = [peak for peak in peaks(source) if not peak.unused]
    if len(used) < MIDDLES:
        raise Missing("too few counts", f"there are {len(used)}")
    one = statistic(LABEL, slopes(used), retained_rows(source, rows))
    answer, reason = proportion(*one.ends)
    starts = tuple((view.layers - peak.middle - 1) // 2 for peak in reversed(used))
    best = listed([f"{peak.times} at M = {peak.middle}" for peak in used])
    detail = f"the best numbers are {best}"
    return found_out("b", replace(one, starts=starts), answer, reason, detail)


def proportion(low: float, high: float) -> tuple[str, str]:
    """What the interval of a slope of logarithms says of growth in proportion.

    >>> proportion(0.4, 1.3)[0], proportion(0.4, 0.9)[0], proportion(-0.1, 0.5)[0], proportion(-1, 2)[0]
    ('supported', 'in part', 'contradicted', 'not decidable')
    """
    if low > 0:
        return (SUPPORTED, "clear") if low - _PART <= 1 <= high + _PART else (IN_PART, "not in proportion")
    return (CONTRADICTED, "ruled out") if high < 1 else (UNDECIDED, "interval too wide")
