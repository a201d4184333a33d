"""Shares: what schedules keep of the full model's score, under the same draws of documents for all."""

from __future__ import annotations

import math
import warnings
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reprlab.arguments import of, positive, string, taking
from reprlab.arrays import Array
from reprlab.counts import counted
from reprlab.errors import unknown
from reprlab.scores.results import Results
from reprlab.scores.scores import Scores
from reprlab.statistics.aggregations import AGGREGATIONS
from reprlab.statistics.bootstraps import LEAST_UNITS, bootstrap, draws, expanded, interval
from reprlab.statistics.orders import LEAST_ORDERS, over_orders

DRAWS = 10_000
MEDIAN = "median"
TOO_FEW_ORDERS = f"too few orders: {LEAST_ORDERS} are needed"
_USUAL = ("u", "acc")  # asked of every sweep; a benchmark that lacks one is left out


@dataclass(frozen=True, repr=False)
class Retained:
    """R = (score - floor) / (full - floor) of every row of some scores: 0 is the floor, 1 the full model.

    `values` (row, benchmark) and `drawn` (row, benchmark, draw): score, full and floor under the same draw of
    documents, the same draws for every row, others for every benchmark. Draws of n units are spread by
    t_(n-1) / 1.96 sqrt(n / (n-1)) about the value, which keeps intervals of few units honest. Rows are those
    of `scores.rows`: the seeds of a random order together, to whose draws what other orders would give is
    added unless all were run. Draws are NaN where units or orders are too few (`few` says so). `benchmarks`
    are those on which the full model is 5 standard errors above chance or more, `undecided` the others, and
    why.
    """

    scores: Scores
    metric: str
    benchmarks: tuple[str, ...]
    undecided: dict[str, str]
    values: Array
    drawn: NDArray[np.float32]

    def __repr__(self) -> str:
        rows = counted(len(self.values), "row")
        return f"<Retained {self.metric} of {self.scores.model}: {rows}, {self.benchmarks}>"

    @cached_property
    def labels(self) -> tuple[dict[str, Any], ...]:
        """Each row's variant and what that takes, the middle layers M = T - 2s - 1, and its cost.

        `layer_calls` are layers run, `path` steps in a row, a set as one; of several orders the first's.
        `orders` is the number of orders that the row is a mean of, 1 of a single schedule.
        """
        layers = self.scores.layers
        labels: list[dict[str, Any]] = []
        for places in self.scores.rows:
            one = self.scores.labels(places)
            schedule = self.scores.entries[places[0]].schedule
            middle = None if one["start"] is None else layers - 2 * one["start"] - 1
            cost = {"layer_calls": schedule.layer_calls, "path": schedule.longest_path}
            labels.append({**one, "orders": len(places), "middle": middle, **cost})
        return tuple(labels)

    def rows(self, variant: str, **labels: Any) -> list[int]:
        """The rows of a variant, in their order, that have these labels: `rows("skip", start=9)`."""
        wanted = {"variant": variant, **labels}
        return [
            row
            for row, one in enumerate(self.labels)
            if all(one[key] == value for key, value in wanted.items())
        ]

    @property
    def median(self) -> Array:
        """The median over the benchmarks that a row was swept on: (row,); NaN where there are none."""
        return _median(self.values)

    @cached_property
    def drawn_median(self) -> NDArray[np.float32]:
        """The median over benchmarks under each draw: (row, draw); NaN where one of them has none."""
        without = (np.isnan(self.drawn) & ~np.isnan(self.values)[..., None]).any(1)
        drawn = _median(self.drawn)
        drawn[without] = np.nan
        return drawn

    def few(self, row: int, benchmark: str) -> str:
        """Why a row has no interval on a benchmark, or over them by the name `median`; empty where it has."""
        if lacks_orders(self.scores, self.scores.rows[row]):
            return TOO_FEW_ORDERS
        names = self.benchmarks if benchmark == MEDIAN else (benchmark,)
        counts = {name: len(set(self.scores.results(name).units)) for name in names}
        return f"too few units: {LEAST_UNITS} are needed" if min(counts.values()) < LEAST_UNITS else ""

    def table(self, *variants: str) -> list[dict[str, Any]]:
        """A row for every row of these variants and benchmark: its labels, `R`, and `low` and `high` (95 %).

        The ends are NaN where there is too little for an interval, and `few` says of what. The benchmark
        `median` is the median over benchmarks, there where they are two or more.
        """
        rows: list[dict[str, Any]] = []
        for row, labels in enumerate(self.labels):
            if labels["variant"] not in variants:
                continue
            for name, value, drawn in self._cells(row):
                low, high = interval(drawn)
                named = {key: labels[key] for key in labels if key != "row"}
                rows.append({**named, "benchmark": name, "R": float(value), "low": low, "high": high})
                rows[-1]["few"] = self.few(row, name)
        return rows

    def _cells(self, row: int) -> list[tuple[str, float, NDArray[np.float32]]]:
        cells = list(zip(self.benchmarks, self.values[row], self.drawn[row], strict=True))
        cells = [cell for cell in cells if not math.isnan(cell[1])]
        if len(cells) > 1:
            cells.append((MEDIAN, self.median[row], self.drawn_median[row]))
        return cells


def _median(values: NDArray[Any]) -> NDArray[Any]:
    """The median over benchmarks, those left out of which a row was not swept: (row, benchmark, ...)."""
    if not values.shape[1]:
        return np.full((len(values), *values.shape[2:]), np.nan, values.dtype)
    with warnings.catch_warnings(action="ignore", category=RuntimeWarning):  # of rows that have none
        return np.nanmedian(values, axis=1)


@taking(scores=of(Scores, "scores, as rl.sweep gives them"), metric=string, count=positive)
def retained(scores: Scores, metric: str = "u", *, count: int = DRAWS) -> Retained:
    """R of every row of some scores under `count` draws of the documents' units.

    >>> import reprlab as rl
    >>> net = rl.load("tiny-llama")
    >>> scores = rl.sweep(net, rl.paper_grid("fig04", layers=6), ["builtin_pronoun"], limit=12, cache=tmp)
    >>> rl.retained(scores, count=100).undecided.keys()
    dict_keys(['builtin_pronoun'])
    """
    having = [results for results in scores.benchmarks.values() if metric in results.metrics]
    of_full = {results.name: scores.retained(results, metric, [0]) for results in having}
    if not having and metric not in _USUAL:
        there = dict.fromkeys(name for each in scores.benchmarks.values() for name in each.metrics)
        raise unknown("metric", metric, there)
    undecided = {name: one.reason for name, one in of_full.items() if math.isnan(one.value)}
    decided = [results for results in having if results.name not in undecided]
    values = np.empty((len(scores.rows), len(decided)))
    drawn = np.empty((len(scores.rows), len(decided), count), np.float32)
    for at, results in enumerate(decided):
        values[:, at], drawn[:, at] = _drawn_by_row(scores, results, metric, count)
    return Retained(scores, metric, tuple(results.name for results in decided), undecided, values, drawn)


def _drawn_by_row(scores: Scores, results: Results, metric: str, count: int) -> tuple[Array, Array]:
    """R of every row on one benchmark, as it is (row,) and under draws (row, draw)."""
    name = results.column(metric).aggregation
    how, items = AGGREGATIONS[name], results.items(metric)
    ones = np.ones((1, len(np.unique(results.unit_codes))))
    times = np.concatenate([ones, draws(results.unit_codes, count, seed=zlib.crc32(results.name.encode()))])
    with np.errstate(all="ignore"):
        floor = bootstrap("mean", results.floor_items(metric), results.unit_codes, times)  # (1 + draw,)
        above = how.unlink(bootstrap(name, items, results.unit_codes, times)) - floor  # (schedule, 1 + draw)
        retained_by_row = above / above[0]
    rows = rows_of(scores, retained_by_row, times.shape[1])
    return rows[:, 0], rows[:, 1:]


def rows_of(scores: Scores, levels: Array, units: int) -> Array:
    """Levels of schedules and their draws as those of rows: (schedule, 1 + draw) -> (row, 1 + draw).

    Draws are spread for the number of `units`, orders of a start are put together.
    """
    spread_out = expanded(levels[:, :1], levels[:, 1:], units)
    levels = np.concatenate([levels[:, :1], spread_out], axis=1)
    return np.array([_together(scores, places, levels[list(places)]) for places in scores.rows])


def _together(scores: Scores, places: Sequence[int], levels: Array) -> Array:
    """One of `scores.rows`, (order, 1 + draw) -> (1 + draw,)."""
    entry = scores.entries[places[0]]
    if len(places) == 1 and not lacks_orders(scores, places):
        return levels[0]
    return over_orders(levels, f"{entry.variant} {entry.start}", census=_census(scores, places))


def lacks_orders(scores: Scores, places: Sequence[int]) -> bool:
    """Whether a row is a mean over too few random orders for an interval, and not over all that there are."""
    sample = scores.entries[places[0]].seed is not None and not _census(scores, places)
    return sample and len(places) < LEAST_ORDERS


def _census(scores: Scores, places: Sequence[int]) -> bool:
    """Whether a row has every order of its middle layers but the model's own, as no random direction has."""
    entry = scores.entries[places[0]]
    if entry.variant != "random":
        return False
    start = entry.start
    middle = math.inf if start is None else scores.layers - 2 * start - 1
    return middle <= len(places) + 1 and len(places) >= math.factorial(int(middle)) - 1
