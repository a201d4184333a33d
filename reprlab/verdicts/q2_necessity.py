"""Question 2: are all the layers necessary?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from reprlab.arrays import Array
from reprlab.schedules.grids import compared_starts
from reprlab.verdicts.decisions import decided
from reprlab.verdicts.rules import Missing, Statistic, asked
from reprlab.verdicts.values import CONTRADICTED, SHORT, Finding, Ground
from reprlab.verdicts.view import RetainedRows, View, on_each, statistic

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
    """1 - R of layers skipped alone, one number over benchmarks: `retained` is then (layer, 1 + draw)."""
    found = _skipped(view, layers)
    return replace(found, retained=_cost(found))


def _skipped(view: View, layers: Sequence[int]) -> RetainedRows:
    """R of layers skipped alone: (layer, benchmark, 1 + draw)."""
    source = view.main
    rows = [row for layer in layers for row in source.rows("skip_one", layer=layer)[:1]]
    if len(rows) < len(layers):
        raise Missing("not measured", f"every layer skipped alone ({len(rows)} of {len(layers)} were)")
    return view.rows(source, rows)


def _cost(found: RetainedRows) -> Array:
    """1 - R, one number over benchmarks: (layer, benchmark, ...) -> (layer, ...)."""
    return 1 - np.stack([found.whole(row) for row in found.retained])


def _headline(view: View) -> Finding:
    """R of skip at the smallest M of 3 or more, over benchmarks, above .5."""
    starts = [start for start in view.swept("skip") if view.middle(start) >= FEWEST]
    if not starts:
        raise Missing("too few layers", "a skip of 3 layers or more")
    cells = view.at_starts(["skip"], starts[-1:])
    one = _told("smallest skip", cells, lambda cells: cells.whole(cells.retained[0, 0]))
    scope = f"{view.middle(starts[-1])} middle layers"
    return view.decisions.level("h", replace(one, scope=scope), view.margin, above=HALF)


def _told(label: str, found: RetainedRows, find: Callable[[RetainedRows], Array]) -> Statistic:
    return on_each(statistic(label, find(found), found), found, find)


def _cheap(view: View) -> Finding:
    """The lower median of middle layers' costs, draw by draw, below .1: half of them cost less."""
    layers = _widest(view)
    half = (len(layers) - 1) // 2
    one = _told("median cost", _skipped(view, layers), lambda found: np.sort(_cost(found), axis=0)[half])
    return view.decisions.level("b", replace(one, scope=_named(layers)), view.margin, below=COST)


def _ends(view: View) -> Finding:
    """The costs of the first and the last layer, each minus the highest of the middle, draw by draw."""
    layers = _widest(view)
    skipped = _skipped(view, [0, *layers, view.layers - 1])
    each = [
        _told("first - costliest", skipped, lambda found: _beyond(_cost(found), 0)),
        _told("last - costliest", skipped, lambda found: _beyond(_cost(found), -1)),
    ]
    found = [view.decisions.difference("c", replace(one, scope=_named(layers)), view.margin) for one in each]
    return view.decisions.together("c", found)


def _beyond(cost: Array, end: int) -> Array:
    """The cost of the first layer or the last, minus the highest of those between: (layer, ...) -> (...)."""
    return cost[end] - cost[1:-1].max(0)


def surely_necessary(view: View) -> tuple[Finding, ...]:
    """Question 2 by version 2: the ends against each middle layer, at once, instead of the costliest seen."""
    head, cheap, _ = necessity(view)
    return (head, cheap, asked("c", "first - costliest", lambda: _ends_at_once(view)))


def _ends_at_once(view: View) -> Finding:
    layers = _widest(view)
    found = _skipped(view, [0, *layers, view.layers - 1])
    cost = _cost(found)
    ends = (("first - costliest", cost[0]), ("last - costliest", cost[-1]))
    scope, ground = _named(layers), Ground((), found.benchmarks, found.fewest(found.benchmarks))
    members = [
        replace(least("c", label, end - cost[1:-1], view.margin), scope=scope, ground=ground)
        for label, end in ends
    ]
    return view.decisions.together("c", members)


def least(key: str, label: str, apart: Array, margin: float) -> Finding:
    """The least of several differences, (difference, 1 + draw): all have to be above 0.

    The low end is the lowest of their own, so that all are; the high end is the lowest of simultaneous ones,
    D + c se with c the 95 % quantile of the draws' largest |D* - D| / se, so that the least one is below it
    however many there are.
    """
    values, drawn = apart[:, 0], apart[:, 1:]
    errors = drawn.std(-1)
    with np.errstate(all="ignore"):
        largest = np.nan_to_num(np.abs(drawn - values[:, None]) / errors[:, None], posinf=0.0).max(0)
    value, low = float(values.min()), float(np.quantile(drawn, 0.025, axis=-1).min())
    high = float((values + np.quantile(largest, 0.95) * errors).min())
    answer, reason = decided(value, low, high, margin)
    beyond = margin if answer == SHORT else 0.0
    if answer in {CONTRADICTED, SHORT}:
        with np.errstate(divide="ignore"):  # what never moves is surely beyond
            reached = (largest >= ((beyond - values) / errors).max()).sum()
        p = float((1 + reached) / (1 + len(largest)))
    else:
        p = min(1.0, float(2 * (1 + (drawn <= 0).sum(-1).max()) / (1 + drawn.shape[-1])))
    return Finding(key, label, answer, reason, "", value, low, high, p)


def _widest(view: View) -> range:
    """The middle layers s + 1 .. T - s - 1 of the smallest start of W in the sweep."""
    inside = compared_starts(view.layers, view.setting.wider)
    starts = [start for start in view.swept("skip") if start in inside]
    if not starts:
        raise Missing("too few starts", "there is no skip at one")
    return range(starts[0] + 1, view.layers - starts[0])


def _named(layers: range) -> str:
    return f"layers {layers.start} to {layers.stop - 1}"
