"""Question 2: are all the layers necessary?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from reprlab.schedules.grids import compared_starts
from reprlab.verdicts.rules import Missing, asked, difference, level, together
from reprlab.verdicts.values import Finding
from reprlab.verdicts.view import RetainedRows, View, median, retained_rows, statistic

FEWEST = 3  # middle layers of a skip that says something
HALF, COST = 0.5, 0.1


def necessity(view: View) -> tuple[Finding, ...]:
    """h: R of the smallest skip; b: what half the middle layers cost at most; c: first and last cost more."""
    return (
        asked("h", "smallest skip", lambda: _headline(view)),
        asked("b", "median cost", lambda: _cheap(view)),
        asked("c", "first - costliest", lambda: _ends(view)),
    )


def costs(view: View, layers: Sequence[int]) -> RetainedRows:
    """1 - R of layers skipped alone, the median over benchmarks: `retained` is then (layer, 1 + draw)."""
    source = view.main
    rows = [row for layer in layers for row in source.rows("skip_one", layer=layer)[:1]]
    if len(rows) < len(layers):
        raise Missing("not measured", f"every layer skipped alone ({len(rows)} of {len(layers)} were)")
    retained = retained_rows(source, rows)
    return replace(retained, retained=1 - np.stack([median(row) for row in retained.retained]))


def _headline(view: View) -> Finding:
    """R of skip at the smallest M of 3 or more, median over benchmarks, above .5."""
    starts = [start for start in view.swept("skip") if view.middle(start) >= FEWEST]
    if not starts:
        raise Missing("too few layers", "a skip of 3 layers or more")
    cells = view.at_starts(["skip"], starts[-1:])
    scope = f"{view.middle(starts[-1])} middle layers"
    return level(
        "h", statistic("smallest skip", median(cells.retained[0, 0]), cells, scope=scope), above=HALF
    )


def _cheap(view: View) -> Finding:
    """The lower median of middle layers' costs, draw by draw, below .1: half of them cost less."""
    layers = _widest(view)
    found = costs(view, layers)
    cost = np.sort(found.retained, axis=0)[(len(layers) - 1) // 2]
    return level("b", statistic("median cost", cost, found, scope=_named(layers)), below=COST)


def _ends(view: View) -> Finding:
    """The costs of the first and the last layer, each minus the highest of the middle, draw by draw."""
    layers = _widest(view)
    cost = costs(view, [0, *layers, view.layers - 1])
    worst = cost.retained[1:-1].max(0)
    ends = {"first": cost.retained[0] - worst, "last": cost.retained[-1] - worst}
    scope = _named(layers)
    each = [statistic(f"{name} - costliest", x, cost, scope=scope) for name, x in ends.items()]
    return together("c", [difference("c", one, view.margin) for one in each])


def _widest(view: View) -> range:
    """The middle layers s + 1 .. T - s - 1 of the smallest start of W in the sweep."""
    inside = compared_starts(view.layers, view.setting.wider)
    starts = [start for start in view.swept("skip") if start in inside]
    if not starts:
        raise Missing("too few starts", "there is no skip at one")
    return range(starts[0] + 1, view.layers - starts[0])


def _named(layers: range) -> str:
    return f"layers {layers.start} to {layers.stop - 1}"
