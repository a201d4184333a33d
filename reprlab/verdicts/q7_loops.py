"""Question 7: does looping help parallel layers?"""

from __future__ import annotations

from dataclasses import replace

from reprlab.verdicts.curves import peaks, slopes
from reprlab.verdicts.rules import Missing, Statistic, asked, found_out
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


def sure_looping(view: View) -> tuple[Finding, ...]:
    """Question 7 by version 2: a slope that is not surely above 0 is contradicted only if it is below."""
    return (
        compared(view, "h", "looped_parallel", "parallel"),
        asked("b", LABEL, lambda: _grown(view)),
    )


def _proportion(view: View) -> Finding:
    """By version 1: above 0 it grows, and with 1 in its interval in proportion."""
    one, detail = _slope(view)
    return found_out("b", one, *proportion(*one.ends), detail)


def _grown(view: View) -> Finding:
    one, detail = _slope(view)
    answer, reason = grown(*one.ends)
    return found_out("b", one, answer, reason, detail, p=one.p(0.0, -1 if answer == CONTRADICTED else 1))


def _slope(view: View) -> tuple[Statistic, str]:
    """Slope of ln k* on ln M, draw by draw, as fig. 10 has it, and the best counts in words."""
    source = view.known(view.basis.loops, "fig. 10's counts of iterations")
    rows = source.rows("looped_parallel")
    if not rows:
        raise Missing("not measured", "looped parallel among the counts of iterations")
    used = [peak for peak in peaks(source) if not peak.unused]
    if len(used) < MIDDLES:
        raise Missing("too few counts", f"there are {len(used)}")
    one = statistic(LABEL, slopes(used), retained_rows(source, rows))
    starts = tuple((view.layers - peak.middle - 1) // 2 for peak in reversed(used))
    best = listed([f"{peak.times} at M = {peak.middle}" for peak in used])
    return replace(one, starts=starts), f"the best numbers are {best}"


def proportion(low: float, high: float) -> tuple[str, str]:
    """What the interval of a slope of logarithms says of growth in proportion.

    >>> proportion(0.4, 1.3)[0], proportion(0.4, 0.9)[0], proportion(-0.1, 0.5)[0], proportion(-1, 2)[0]
    ('supported', 'in part', 'contradicted', 'not decidable')
    """
    if low > 0:
        return (SUPPORTED, "clear") if low - _PART <= 1 <= high + _PART else (IN_PART, "not in proportion")
    return (CONTRADICTED, "ruled out") if high < 1 else (UNDECIDED, "interval too wide")


def grown(low: float, high: float) -> tuple[str, str]:
    """`proportion` by version 2: contradicted only where the slope is surely below 0.

    >>> grown(0.4, 1.3)[0], grown(0.4, 0.9)[0], grown(-0.1, 0.5), grown(-0.5, -0.1)[0]
    ('supported', 'in part', ('not decidable', 'growth open'), 'contradicted')
    """
    if low > 0:
        return proportion(low, high)
    if high < 0:
        return CONTRADICTED, "opposite"
    return UNDECIDED, "growth open" if high < 1 else "interval too wide"
