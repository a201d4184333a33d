"""Baselines without a model: their numbers a document, and the floor that follows from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from reprlab.arrays import Array
from reprlab.counts import counted
from reprlab.statistics.floors import floor_of


@dataclass(frozen=True, repr=False)
class Baselines:
    """What baselines get, in the numbers of `Results.values`; NaN where one says nothing of a number.

    `values` (baseline, document, number): means over splits of the units in halves. `floor` (document,
    number): the values of the baselines that the halves chose, NaN where no baseline has the number.
    `chosen` (baseline, number): how many of the halves chose each, as a share.
    """

    names: tuple[str, ...]
    values: Array
    floor: Array
    chosen: Array

    def __repr__(self) -> str:
        return f"<Baselines: {', '.join(self.names)}; {counted(len(self.floor), 'document')}>"

    @classmethod
    def of(cls, tables: dict[str, Array], choosing: dict[str, Array], units: Sequence[str]) -> Baselines:
        """Baselines from numbers by name, (split, document, number) each, and those by which one is chosen.

        Higher must be better in every number; before the link of its metric.
        """
        values = np.stack(list(tables.values()), 1)  # (split, baseline, document, number)
        deciding = np.stack([choosing[name] for name in tables], 1)
        floor, chosen = np.full(values.shape[2:], np.nan), np.zeros((len(tables), values.shape[-1]))
        for number in range(values.shape[-1]):
            there = ~np.isnan(values[..., number]).any(axis=(0, 2))
            if there.any():
                table, by = (one[..., number][:, there] for one in (values, deciding))
                found = floor_of(table, units, by)
                floor[:, number], chosen[there, number] = found.items, found.chosen
        kept = (part.astype(np.float32).astype(np.float64) for part in (values.mean(0), floor, chosen))
        return cls(tuple(tables), *kept)  # as files hold them

    def first(self, count: int) -> Baselines:
        """The same of the first documents."""
        return Baselines(self.names, self.values[:, :count], self.floor[:count], self.chosen)
