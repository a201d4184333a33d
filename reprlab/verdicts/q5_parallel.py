"""Question 5: whether the middle layers can run in parallel."""

from __future__ import annotations

import numpy as np

from reprlab.arrays import Array
from reprlab.counts import counted
from reprlab.verdicts.rules import Missing, asked
from reprlab.verdicts.sentences import listed
from reprlab.verdicts.values import UNDECIDED, Finding
from reprlab.verdicts.view import RetainedRows, View, compared, statistic

MATHEMATICS = ("gsm8k", "gsm8k_nll", "builtin_arithmetic_1", "builtin_arithmetic_2")
HALF, FEWEST = 0.5, 3
LABEL = "others - mathematics"


def parallel(view: View) -> tuple[Finding, ...]:
    """Question 5. h: above skip, and above .5 at M near T/6; b: less on mathematics; c: reverse better."""
    members = [compared(view, "h", "parallel", "skip")]
    members += _at_a_sixth(view)
    return (
        view.decisions.together("h", members),
        asked("b", LABEL, lambda: _mathematics(view)),
        compared(view, "c", "reverse", "parallel"),
    )


def _at_a_sixth(view: View) -> list[Finding]:
    """R of parallel at the M nearest T/6 above .5, on each benchmark but mathematics, by its own draws."""
    try:
        start = _sixth(view)
        cells = view.at_starts(["parallel"], [start])
        names = [name for name in cells.benchmarks if name not in MATHEMATICS]
        if not names:
            raise Missing("benchmarks at chance", "any but mathematics")
    except Missing as missing:
        return [Finding("h", "parallel", UNDECIDED, missing.reason, missing.detail)]
    layers = f"{counted(view.middle(start), 'layer')} in parallel"
    by_benchmark = dict(zip(cells.benchmarks, cells.retained[0, 0], strict=True))  # (1 + draw,) each
    each = [statistic("parallel", by_benchmark[name], cells, [name], layers) for name in names]
    return [view.decisions.level("h", one, view.margin, above=HALF) for one in each]


def _sixth(view: View) -> int:
    """The start whose M is nearest T/6 among those of 3 or more; of two the one with more layers."""
    starts = [start for start in view.swept("parallel") if view.middle(start) >= FEWEST]
    if not starts:
        raise Missing("too few layers", "a parallel run of 3 layers or more")
    return min(starts, key=lambda start: (abs(6 * view.middle(start) - view.layers), start))


def _mathematics(view: View) -> Finding:
    """Under parallel, over W: R of the other benchmarks minus that of mathematics."""
    found = view.over(LABEL, ["parallel"], lambda found: _apart(view, found), apart=True)
    return view.decisions.difference("b", found, view.margin)


def _apart(view: View, found: RetainedRows) -> tuple[Array, tuple[str, ...]]:
    maths = [name in MATHEMATICS for name in found.benchmarks]
    if not any(maths):
        swept = [name for name in MATHEMATICS if name in view.main.undecided]
        reason = "benchmarks at chance" if swept else "not measured"
        raise Missing(reason, listed(swept) if swept else "a benchmark of mathematics")
    if all(maths):
        raise Missing("benchmarks at chance", "any but mathematics")
    one, at = found.retained[0], np.array(maths)
    others, mathematics = (found.whole(one, np.flatnonzero(side).tolist()) for side in (~at, at))
    return others - mathematics, found.benchmarks
