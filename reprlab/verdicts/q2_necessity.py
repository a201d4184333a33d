"""Question 2: are all the layers necessary?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from reprlab.schedules.grids import compared_starts
from reprlab.verdicts.rules import Missing, asked, difference, level, together
from reprlab.verdicts.values import Finding
from reprlab.verdicts.view import Cells, View, cells, median, statistic

FEWEST = 3  # middle layers of a skip that says something
KEPT, COST = 0.5, 0.1


def necessity(view: View) -> tuple[Finding, ...]:
    """h: R of the smallest skip; b: what half the middle layers cost at most; c: first and last cost more."""
    return (
        asked("h", "R of skip at the smallest M", lambda: _headline(view)),
        asked("b", "lower median cost of a middle layer", lambda: _cheap(view)),
        asked("c", "first and last layer less the costliest of the middle", lambda: _ends(view)),
    )


def costs(view: View, layers: Sequence[int]) -> Cells:
    """1 - R of layers skipped alone, the median over benchmarks: `r` is (layer, 1 + draw)."""
    r = view.main
    rows = [row for layer in layers for row in r.rows("skip_one", layer=layer)[:1]]
    if len(rows) < len(layers):
        raise Missing("not measured", f"{len(rows)} of {len(layers)} layers skipped alone")
    found = cells(r, rows)
    return replace(found, r=1 - np.stack([median(row) for row in found.r]))


def _headline(view: View) -> Finding:
    """R of skip at the smallest M of 3 or more, median over benchmarks, above .5."""
    starts = [start for start in view.swept("skip") if view.middle(start) >= FEWEST]
    if not starts:
        raise Missing("too few layers", "no skip of 3 layers or more")
    found = view.cells(["skip"], starts[-1:])
    words = f"R of skip at M = {view.middle(starts[-1])}"
    return level("h", statistic(words, median(found.r[0, 0]), found), above=KEPT)


def _cheap(view: View) -> Finding:
    """The lower median of middle layers' costs, draw by draw, below .1: half of them cost less."""
    layers = _widest(view)
    found = costs(view, layers)
    cost = np.sort(found.r, axis=0)[(len(layers) - 1) // 2]
    words = f"lower median cost of layers {layers.start}..{layers.stop - 1}"
    return level("b", statistic(words, cost, found), below=COST)


def _ends(view: View) -> Finding:
    """The costs of the first and the last layer, each less the highest of the middle, draw by draw."""
    layers = _widest(view)
    found = costs(view, [0, *layers, view.layers - 1])
    worst = found.r[1:-1].max(0)
    ends = {"first": found.r[0] - worst, "last": found.r[-1] - worst}
    each = [statistic(f"{name} layer less the costliest", x, found) for name, x in ends.items()]
    return together("c", "cost when skipped alone", [difference("c", one, view.margin) for one in each])


def _widest(view: View) -> range:
    """The middle layers s + 1 .. T - s - 1 of the smallest start of W in the sweep."""
    inside = compared_starts(view.layers, view.setting.wider)
    starts = [start for start in view.swept("skip") if start in inside]
    if not starts:
        raise Missing("too few starts", "no skip in W")
    return range(starts[0] + 1, view.layers - starts[0])
