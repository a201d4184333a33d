"""Means: the unnormalised score of each task and their mean, under the same draws for all schedules."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reprlab.arguments import of, positive, taking
from reprlab.arrays import Array
from reprlab.counts import counted
from reprlab.errors import ReprlabError
from reprlab.scores.results import Results
from reprlab.scores.retained import DRAWS, TOO_FEW_ORDERS, lacks_orders, rows_of
from reprlab.scores.scores import Scores
from reprlab.statistics.bootstraps import bootstrap, draws, interval

MEAN = "mean"
_ASIDE = {"u"}  # the continuous score is no metric of GLUE's


@dataclass(frozen=True, repr=False)
class TaskMeans:
    """A task's score is the mean of its metrics; `values` (row, task) and `drawn` (row, task, draw).

    Rows are those of `scores.rows`. Every row sees the same draws of a task's units, so that differences are
    paired. `floors` (task,) is what always answering the largest class gives, in the same measure.
    """

    scores: Scores
    tasks: tuple[str, ...]
    values: Array
    drawn: NDArray[np.float32]
    floors: Array

    def __repr__(self) -> str:
        return f"<Means of {self.scores.model}: {counted(len(self.values), 'row')}, {', '.join(self.tasks)}>"

    @cached_property
    def mean(self) -> Array:
        """The mean over tasks: (row,)."""
        return self.values.mean(1)

    @cached_property
    def drawn_mean(self) -> NDArray[np.float32]:
        """The mean over tasks under each draw: (row, draw)."""
        return self.drawn.mean(1)

    @property
    def floor(self) -> float:
        """The mean over tasks of always answering the largest class."""
        return float(self.floors.mean())

    def table(self) -> list[dict[str, Any]]:
        """A row for every row of the scores and task, and one for their `mean`.

        `score` with the ends `low` and `high` of its 95 % interval, `floor`, and `gain`, the score less the
        full model's, with those of its own, `gain_low` and `gain_high`, paired.
        Ends are NaN where `orders` or units are too few; of orders `few` says it.
        """
        rows: list[dict[str, Any]] = []
        for row, places in enumerate(self.scores.rows):
            labels = self.scores.labels(places)
            start = labels["start"]
            few = TOO_FEW_ORDERS if lacks_orders(self.scores, places) else ""
            middle = None if start is None else self.scores.layers - 2 * start - 1
            for name, value, drawn, floor in self._cells(row):
                whole, others = self._full(name)
                ends = dict(zip(("low", "high"), _ends(drawn), strict=True))
                gain = dict(zip(("gain_low", "gain_high"), _ends(drawn - others), strict=True))
                rows.append(
                    {
                        **{key: labels[key] for key in labels if key != "row"},
                        "middle": middle,
                        "benchmark": name,
                        "score": float(value),
                        **ends,
                        "floor": float(floor),
                        "gain": float(value - whole),
                        **gain,
                        "orders": len(places),
                        "few": few,
                    }
                )
        return rows

    def _cells(self, row: int) -> list[tuple[str, float, NDArray[np.float32], float]]:
        cells = list(zip(self.tasks, self.values[row], self.drawn[row], self.floors, strict=True))
        if len(cells) > 1:
            cells.append((MEAN, self.mean[row], self.drawn_mean[row], self.floor))
        return cells

    def _full(self, name: str) -> tuple[float, NDArray[np.float32]]:
        return next((value, drawn) for one, value, drawn, _ in self._cells(0) if one == name)


def _ends(drawn: NDArray[np.float32]) -> list[float]:
    """The ends of an interval, to the digits that draws in single precision have."""
    return [round(end, 6) for end in interval(drawn)]


@taking(scores=of(Scores, "scores, as rl.sweep gives them"), count=positive)
def task_means(scores: Scores, *, count: int = DRAWS) -> TaskMeans:
    """Every task's score and their mean, for every row of some scores, under `count` draws of units.

    A task with two metrics counts as their mean; u is no metric here. Raises `ReprlabError` where a
    benchmark has no metric but u.

    >>> import reprlab as rl
    >>> net = rl.load("tiny-bert", pooled=True)
    >>> made = rl.glue(net, ["0:2 4:6"], ["rte"], mode="frozen", data_dir=glue_rows, cache=tmp)
    >>> means = rl.task_means(made.scores, count=100)
    >>> means.tasks, means.values.shape, [row["gain"] for row in means.table()][0]
    (('rte',), (2, 1), 0.0)
    """
    parts = [_task(scores, results, count) for results in scores.benchmarks.values()]
    values, drawn, floors = (np.stack(part, axis=-1) for part in zip(*parts, strict=True))
    return TaskMeans(
        scores, tuple(scores.benchmarks), values, np.moveaxis(drawn, -1, 1).astype(np.float32), floors
    )


def _task(scores: Scores, results: Results, count: int) -> tuple[Array, Array, Array]:
    """One task's score by row (row,), under draws (row, draw), and by always answering one class."""
    metrics = [metric for metric in results.metrics if metric not in _ASIDE]
    if not metrics:
        raise ReprlabError(f"benchmark '{results.name}' has no metric but u: nothing to take a mean of")
    ones = np.ones((1, len(np.unique(results.unit_codes))))
    times = np.concatenate([ones, draws(results.unit_codes, count, seed=zlib.crc32(results.name.encode()))])
    statistics = [
        bootstrap(results.column(metric).aggregation, results.items(metric), results.unit_codes, times)
        for metric in metrics
    ]
    whole = np.mean(statistics, axis=0)  # (schedule, 1 + draw)
    rows = rows_of(scores, whole, times.shape[1])
    floor = np.array(sum(map(results.guess, metrics)) / len(metrics))
    return rows[:, 0], rows[:, 1:], floor
