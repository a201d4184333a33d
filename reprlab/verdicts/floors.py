"""Floors: the score that counts as 0, as it is measured and as sensitivity lines change it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from reprlab.schedules.grids import RUINS
from reprlab.scores.results import Results
from reprlab.scores.scores import Scores
from reprlab.statistics.aggregations import aggregate

MEASURED, FIRST = "", "version 1"


def floored(scores: Scores, metric: str, floor: str) -> Scores | None:
    """Scores with another floor of a metric, by its name in `FLOORS`; None where one is not known of it."""
    if floor == MEASURED:
        return scores
    having = {name: one for name, one in scores.benchmarks.items() if metric in one.metrics}
    levels = {name: FLOORS[floor](scores, one, metric) for name, one in having.items()}
    if any(map(math.isnan, levels.values())):
        return None
    changed = {
        name: _with_floor(one, levels[name])
        for name, one in having.items()
        if levels[name] != one.guess(metric)
    }
    return replace(scores, benchmarks={**scores.benchmarks, **changed}) if changed else scores


def _with_floor(results: Results, level: float) -> Results:
    """The results with this number as the score of guessing, and no forecasts of a baseline."""
    return replace(results, floor=level, measured=None)


def ruins(scores: Scores, results: Results, metric: str) -> float:
    """The mean score of the model's own ruins, the grid `ruins`: without its ends, or all layers shuffled.

    NaN where none was swept.
    """
    rows = [at for at, entry in enumerate(scores.entries) if entry.variant in RUINS]
    items = results.items(metric)[rows]
    if not rows or np.isnan(items).any():
        return math.nan
    return float(np.mean(aggregate(results.column(metric).aggregation, items)))


def uniform(scores: Scores, results: Results, metric: str) -> float:
    """The score of a uniform guess; NaN where the scores do not say it."""
    return _baselines(results, metric).get("uniform", math.nan)


def first(scores: Scores, results: Results, metric: str) -> float:
    """Version 1's floor: the larger of uniform and majority guessing, which older scores have as theirs."""
    known = _baselines(results, metric)
    named = [known[name] for name in ("uniform", "majority") if name in known]
    return max(named) if named else results.guess(metric)


def _baselines(results: Results, metric: str) -> Mapping[str, float]:
    """What baselines without a model score; empty for scores that have none."""
    baselines: Any = getattr(results, "baselines", None)
    return {} if baselines is None else baselines(metric)


FLOORS: Mapping[str, Callable[[Scores, Results, str], float]] = {
    FIRST: first,
    "uniform": uniform,
    "ruins": ruins,
}
