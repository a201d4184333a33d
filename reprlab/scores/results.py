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

_GUESSED = ("acc", "acc_norm", "acc_bytes", "u")  # metrics that guessing gives the benchmark's floor
_UNRELATED = ("mcc", "pearson", "spearman")  # aggregations to which guessing gives 0


@dataclass(frozen=True)
class Column:
    """A metric as it is kept: `size` numbers a document, put together by lm-eval's `aggregation`."""

    name: str
    aggregation: str
    size: int
    higher_is_better: bool


@dataclass(frozen=True, repr=False)
class Results:
    """One benchmark's numbers under every schedule: `values` is (schedule, document, number).

    `nonfinite` (schedule,) counts documents with an answer that is no finite number; they are wrong, u is 0.
    `divergence` (schedule, document, 2), where it was asked for: KL(full || schedule) in nats and top-1
    agreement with the full model, means over a document's scored positions. `floor` is the score of guessing.
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

    def column(self, metric: str) -> Column:
        """How a metric is put together."""
        if string("metric", metric) not in self.metrics:
            raise unknown(f"metric of benchmark '{self.name}'", metric, self.metrics)
        if metric in {"kl", "agreement"}:
            return Column(metric, "mean", 1, higher_is_better=metric == "agreement")
        return next(column for column in self.columns if column.name == metric)

    def items(self, metric: str) -> Array:
        """A metric's numbers: (schedule, document, size)."""
        size = self.column(metric).size
        if metric in {"kl", "agreement"} and self.divergence is not None:
            return self.divergence[..., [0 if metric == "kl" else 1]]
        first = sum(column.size for column in self.columns[: self.metrics.index(metric)])
        return self.values[..., first : first + size]

    @cached_property
    def unit_codes(self) -> NDArray[np.int64]:
        """The unit of each document as a number: (document,)."""
        return np.unique(np.array(self.units), return_inverse=True)[1]

    def guess(self, metric: str) -> float:
        """A metric's value where the model only guesses; NaN where that is not known.

        f1: of always the class that most documents have, 2 p / (1 + p) where a share p >= 1/2 has class 1.
        """
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


def _constant_f1(gold: Array) -> float:
    """F1 of answering every document with the class that most have; gold 0, 1, or NaN: not known."""
    known = gold[~np.isnan(gold)]
    share = float(known.mean()) if known.size else math.nan
    return 0.0 if share < 0.5 else 2 * share / (1 + share)
