"""Questions 3, 4 and 5: repeating, reordering and running side by side, by what is retained over W."""

from __future__ import annotations

import numpy as np

from reprlab.arrays import Array
from reprlab.verdicts.rules import Missing, asked, difference, level, together
from reprlab.verdicts.values import UNDECIDED, Finding
from reprlab.verdicts.view import Cells, View, compared, median, statistic

MATHEMATICS = ("gsm8k", "gsm8k_nll", "builtin_arithmetic_1", "builtin_arithmetic_2")
KEPT, FEWEST = 0.5, 3


def parallel(view: View) -> tuple[Finding, ...]:
    """Question 5. h: above skip, and above .5 at M near T/6; b: less on mathematics; c: reverse better."""
    members = [compared(view, "h", "parallel", "skip")]
    members += _kept(view, "R of parallel near M = T/6")
    return (
        together("h", "parallel works", members),
        asked("b", "other benchmarks less mathematics", lambda: _mathematics(view)),
        compared(view, "c", "reverse", "parallel"),
    )


def _kept(view: View, words: str) -> list[Finding]:
    """R of parallel at the M nearest T/6 above .5, on each benchmark but mathematics, by its own draws."""
    try:
        start = _sixth(view)
        found = view.cells(["parallel"], [start])
        names = [name for name in found.benchmarks if name not in MATHEMATICS]
        if not names:
            raise Missing("benchmarks at guessing", "but for mathematics")
    except Missing as missing:
        return [Finding("h", words, UNDECIDED, missing.reason, missing.detail)]
    name_of = f"R of parallel at M = {view.middle(start)} on"
    retained = dict(zip(found.benchmarks, found.r[0, 0], strict=True))  # (1 + draw,) each
    each = [statistic(f"{name_of} {name}", retained[name], found, [name]) for name in names]
    return [level("h", one, above=KEPT) for one in each]


def _sixth(view: View) -> int:
    """The start whose M is nearest T/6 among those of 3 or more; of two the one with more layers."""
    starts = [start for start in view.swept("parallel") if view.middle(start) >= FEWEST]
    if not starts:
        raise Missing("too few layers", "no parallel run of 3 layers or more")
    return min(starts, key=lambda start: (abs(6 * view.middle(start) - view.layers), start))


def _mathematics(view: View) -> Finding:
    """Under parallel, over W: the median R of the other benchmarks less that of mathematics."""
    words = "other benchmarks less mathematics under parallel"
    return difference("b", view.over(words, ["parallel"], lambda found: _apart(view, found)), view.margin)


def _apart(view: View, found: Cells) -> tuple[Array, tuple[str, ...]]:
    maths = [name in MATHEMATICS for name in found.benchmarks]
    if not any(maths):
        swept = [name for name in MATHEMATICS if name in view.main.undecided]
        reason = "benchmarks at guessing" if swept else "not measured"
        raise Missing(reason, ", ".join(swept) or "no mathematics")
    if all(maths):
        raise Missing("benchmarks at guessing", "but for mathematics")
    one, at = found.r[0], np.array(maths)
    return median(one[~at]) - median(one[at]), found.benchmarks
