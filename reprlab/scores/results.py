"""Results: one benchmark's numbers, a document under a schedule each, and how metrics come of them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from reprlab.arguments import string
from reprlab.arrays import Array
from reprlab.counts import counted
from reprlab.errors import unknown
from reprlab.scores.baselines import Baselines
from reprlab.statistics.aggregations import AGGREGATIONS, aggregate

SCORING = 2  # of u: 1 was the softmax of whole log-likelihoods where the task has acc_norm, too
_GUESSED = ("acc", "acc_norm", "acc_bytes", "u")  # metrics that guessing gives the benchmark's floor
_SHARES = ("acc", "acc_norm", "acc_bytes", "exact_match")  # metrics that are 1 or 0 on a document
_UNRELATED = ("mcc", "pearson", "spearman")  # aggregations to which guessing gives 0


@dataclass(frozen=True)
class Column:
    """A metric as it is kept: `size` numbers a document, put together by lm-eval's `aggregation`."""

    name: str
    aggregation: str
    size: int
    higher_is_better: bool

    @property
    def rises(self) -> bool:
        """Whether more is better in each document's number, of which the metric is a mean before its link."""
        return self.aggregation == "perplexity" or (self.aggregation == "mean" and self.higher_is_better)


@dataclass(frozen=True, repr=False)
class Results:
    """One benchmark's numbers under every schedule: `values` is (schedule, document, number).

    `nonfinite` (schedule,) counts documents with an answer that is no finite number; they are wrong, u is 0.
    `divergence` (schedule, document, 2), where it was asked for: KL(full || schedule) in nats and top-1
    agreement with the full model, means over a document's scored positions. `floor` is the accuracy of
    guessing at random, where no `measured` baseline says more. `scoring` is the version of u's formula.
    """

    name: str
    task: str
    kind: str
    output: str
    shots: int
    preset: str
    definition: str
    floor: float
    vocabulary: int
    columns: tuple[Column, ...]
    ids: tuple[str, ...]
    units: tuple[str, ...]
    values: Array
    nonfinite: NDArray[np.int64]
    divergence: Array | None = None
    measured: Baselines | None = None
    scoring: int = SCORING

    def __repr__(self) -> str:
        schedules, documents = counted(len(self.values), "schedule"), counted(len(self.ids), "document")
        return f"<Results of {self.name}: {schedules}, {documents}>"

    @property
    def metrics(self) -> tuple[str, ...]:
        """The names of its metrics; `kl` and `agreement` where they were asked for."""
        own = tuple(column.name for column in self.columns)
        return own if self.divergence is None else (*own, "kl", "agreement")

    @property
    def default(self) -> str:
        """The metric to show where none was asked for, or one that it lacks."""
        return "u" if "u" in self.metrics else self.metrics[0]

    def is_share(self, metric: str) -> bool:
        """Whether a metric is a share of documents."""
        return metric.partition(",")[0] in _SHARES

    def column(self, metric: str) -> Column:
        """How a metric is put together."""
        if string("metric", metric) not in self.metrics:
            raise unknown(f"metric of benchmark '{self.name}'", metric, self.metrics)
        if metric in {"kl", "agreement"}:
            return Column(metric, "mean", 1, higher_is_better=metric == "agreement")
        return next(column for column in self.columns if column.name == metric)

    def items(self, metric: str) -> Array:
        """A metric's numbers: (schedule, document, size)."""
        self.column(metric)
        if metric in {"kl", "agreement"} and self.divergence is not None:
            return self.divergence[..., [0 if metric == "kl" else 1]]
        return self._of(metric, self.values)

    def _of(self, metric: str, numbers: Array) -> Array:
        """A metric's part of numbers that stand as in `values`: (..., number) -> (..., size)."""
        first = sum(column.size for column in self.columns[: self.metrics.index(metric)])
        return numbers[..., first : first + self.column(metric).size]

    @cached_property
    def unit_codes(self) -> NDArray[np.int64]:
        """The unit of each document as a number: (document,)."""
        return np.unique(np.array(self.units), return_inverse=True)[1]

    def guess(self, metric: str) -> float:
        """A metric's value at chance level, its floor; NaN where that is not known.

        Where baselines were measured: the best of them, chosen on one half of the units and valued on the
        other (`floor_of`). Else what guessing gives, of f1: of always the class that most
        documents have, 2 p / (1 + p) where a share p >= 1/2 has class 1.
        """
        floor = self._floor(metric) if metric in self.metrics else None
        if floor is not None:
            return float(AGGREGATIONS[self.column(metric).aggregation].link(np.array(floor.mean())))
        if metric in _GUESSED:
            return self.floor
        if metric == "perplexity":
            return float(self.vocabulary)
        how = next((column.aggregation for column in self.columns if column.name == metric), "")
        if how == "f1":
            return _constant_f1(np.fmax.reduce(self.items(metric)[..., 0]))  # gold is every schedule's
        if how in _UNRELATED:
            return 0.0
        return 0.0 if metric.startswith(("exact_match", "u_")) else math.nan

    def floor_items(self, metric: str) -> Array:
        """The floor a document, before the link: (document,); its mean under weights is the floor under them.

        What the baselines get that the other half of the units chose; one number for all where none is there.
        """
        if (floor := self._floor(metric)) is not None:
            return floor
        with np.errstate(divide="ignore"):
            level = AGGREGATIONS[self.column(metric).aggregation].unlink(np.array(self.guess(metric)))
        return np.full(len(self.ids), level)

    def drawn_floor(self, metric: str) -> float | Array:
        """The floor as `normalised` takes it: a number a document where it was measured, else one number."""
        floor = self._floor(metric)
        return self.guess(metric) if floor is None else floor

    def baselines(self, metric: str) -> dict[str, float]:
        """A metric's value by each baseline that was measured: over all documents, none chosen."""
        how, found = self.column(metric).aggregation, self._baselines(metric)
        return {name: float(aggregate(how, values)) for name, values in found.items()}

    def floor_baseline(self, metric: str) -> str:
        """The name of the baseline that most halves of the units chose; nothing where none was measured."""
        if self.measured is None or self._floor(metric) is None:
            return ""
        return self.measured.names[int(self._of(metric, self.measured.chosen)[..., 0].argmax())]

    def _baselines(self, metric: str) -> dict[str, Array]:
        """The numbers of the baselines that a metric has: (document,) each. Higher is better in all."""
        made = self.measured
        if made is None or metric in {"kl", "agreement"} or not self.column(metric).rises:
            return {}
        rows = zip(made.names, self._of(metric, made.values)[..., 0], strict=True)
        return {name: values for name, values in rows if not np.isnan(values).any()}

    def _floor(self, metric: str) -> Array | None:
        """The measured floor a document, (document,), where the metric has one."""
        if self.measured is None or not self._baselines(metric):
            return None
        return self._of(metric, self.measured.floor)[..., 0]


def _constant_f1(gold: Array) -> float:
    """F1 of answering every document with the class that most have; gold 0, 1, or NaN: not known."""
    known = gold[~np.isnan(gold)]
    share = float(known.mean()) if known.size else math.nan
    return 0.0 if share < 0.5 else 2 * share / (1 + share)
