"""Floors: the score that counts as 0, as it is measured and as sensitivity lines change it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from reprlab.schedules.grids import RUINS
from reprlab.scores.results import Results
from reprlab.scores.scores import Scores
from reprlab.statistics.aggregations import aggregate

MEASURED, FIRST = "", "version 1"


def floored(scores: Scores, metric: str, floor: str, known: Scores | None = None) -> Scores | None:
    """Scores with another floor of a metric, by its name in `FLOORS`; None where one is not known of it.

    The floor follows from the sweep `known`, by default these scores: parts of it and fig. 10's scores of the
    same benchmarks have no ruins of their own.
    """
    if floor == MEASURED:
        return scores
    whole = known or scores
    having = {name: one for name, one in scores.benchmarks.items() if metric in one.metrics}
    levels = {
        name: FLOORS[floor](whole, whole.benchmarks.get(name, one), metric) for name, one in having.items()
    }
    if any(map(math.isnan, levels.values())):
        return None
    changed = {
        name: replace(one, floor=levels[name], measured=None)
        for name, one in having.items()
        if levels[name] != one.guess(metric)
    }
    return replace(scores, benchmarks={**scores.benchmarks, **changed}) if changed else scores


def ruins(scores: Scores, results: Results, metric: str) -> float:
    """The mean score of the model's own ruins, the grid `ruins`: without its ends, or all layers shuffled.

    NaN where none was swept.
    """
    rows = [at for at, entry in enumerate(scores.entries) if entry.variant in RUINS]
    if not rows or len(results.values) != len(scores.entries):
        return math.nan
    items = results.items(metric)[rows]
    if np.isnan(items).any():
        return math.nan
    return float(np.mean(aggregate(results.column(metric).aggregation, items)))


def uniform(scores: Scores, results: Results, metric: str) -> float:
    """The score of a uniform guess; NaN where the scores do not say it."""
    return results.baselines(metric).get("uniform", math.nan)


def first(scores: Scores, results: Results, metric: str) -> float:
    """Version 1's floor: the larger of uniform and majority guessing on the rows at hand."""
    return results.floor


FLOORS: Mapping[str, Callable[[Scores, Results, str], float]] = {
    FIRST: first,
    "uniform": uniform,
    "ruins": ruins,
}
