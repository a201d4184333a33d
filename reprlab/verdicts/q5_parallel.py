"""Questions 3, 4 and 5: repeating, reordering and running side by side, by what is retained over W."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from reprlab.verdicts.q4_tau import chance, slope
from reprlab.verdicts.rules import ALPHA, Missing, asked, difference, level, together
from reprlab.verdicts.values import SUPPORTED, UNDECIDED, Finding
from reprlab.verdicts.view import Array, Cells, View, median, said, statistic

MATHEMATICS = ("gsm8k", "gsm8k_nll", "builtin_arithmetic_1", "builtin_arithmetic_2")
OTHERS = ("reverse", "random", "parallel", "looped_parallel", "skip")  # than middle repeat
KEPT, FEWEST = 0.5, 3


def sameness(view: View) -> tuple[Finding, ...]:
    """Question 3. h: skip less middle repeat; b: every other variant less middle repeat."""
    pairs = [(other, "middle_repeat") for other in OTHERS]
    return (
        compared(view, "h", "skip", "middle_repeat"),
        _all(view, "b", "middle repeat is the worst", pairs),
    )


def order(view: View) -> tuple[Finding, ...]:
    """Question 4. h: full above both orders, both above skip; b: random less reverse; c: by Kendall's tau."""
    pairs = [("full", "reverse"), ("full", "random"), ("reverse", "skip"), ("random", "skip")]
    return (
        _all(view, "h", "full above both orders above skip", pairs),
        compared(view, "b", "random", "reverse"),
        asked("c", "slope of R on Kendall's tau", lambda: _by_tau(view)),
    )


def _by_tau(view: View) -> Finding:
    """The slope on Kendall's tau; supported only where shuffled orders seldom have as large a one."""
    made, p = difference("c", slope(view), view.margin), chance(view)
    if made.answer == SUPPORTED and p > ALPHA:
        return replace(made, answer=UNDECIDED, reason="orders by chance", detail=f"p = {p:.2g}", p=p)
    return made


def parallel(view: View) -> tuple[Finding, ...]:
    """Question 5. h: above skip, and above .5 at M near T/6; b: less on mathematics; c: reverse better."""
    members = [compared(view, "h", "parallel", "skip")]
    members += _kept(view, "R of parallel near M = T/6")
    return (
        together("h", "parallel works", members),
        asked("b", "other benchmarks less mathematics", lambda: _mathematics(view)),
        compared(view, "c", "reverse", "parallel"),
    )


def compared(view: View, key: str, more: str, less: str) -> Finding:
    """A(more) less A(less), with the margin."""
    words = f"{said(more)} less {said(less)}"
    return asked(key, words, lambda: difference(key, view.contrast(more, less), view.margin))


def _all(view: View, key: str, words: str, pairs: Sequence[tuple[str, str]]) -> Finding:
    return together(key, words, [compared(view, key, *pair) for pair in pairs])


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
