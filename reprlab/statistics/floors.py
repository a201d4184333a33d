"""The floor of a scale: the best baseline, chosen on one half of the units and valued on the other."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from reprlab.arrays import Array
from reprlab.errors import ReprlabError


@dataclass(frozen=True)
class Floor:
    """A floor measured on two halves of the units.

    `items` (document,): the value of the baseline that the other half chose. `value` is their mean.
    `chosen`: the place of the baseline that the first half chose, and of the one that the second half chose.
    """

    value: float
    items: Array
    chosen: tuple[int, int]


def halves(units: Sequence[object]) -> NDArray[np.bool_]:
    """Whether each document's unit is of the second half: (document,).

    Units are ordered by SHA-256 of their names and taken in turn. The halves follow from the set of names
    alone, and their numbers of units differ by one at most.

    >>> halves(["a", "b", "c", "a"]).tolist()
    [False, True, False, False]
    """
    names = sorted({str(unit) for unit in units}, key=lambda name: hashlib.sha256(name.encode()).digest())
    second = {name: bool(place % 2) for place, name in enumerate(names)}
    return np.array([second[str(unit)] for unit in units], dtype=bool)


def floor_of(values: ArrayLike, units: Sequence[object]) -> Floor:
    """The floor that baselines give, (baseline, document), higher being better; one unit a document.

    floor = mean over documents i of values[b(i), i], where b(i) is the baseline with the largest mean over
    the half of the units that i is not in; of equal ones the first. A maximum over the same documents is too
    high, since it takes the luckiest baseline; this mean is not, for no document helps to choose its own
    baseline. A half without documents chooses the first. No baseline, and units of another number than the
    documents, are errors.

    >>> floor_of([[0.25] * 4, [0, 1, 1, 1]], "abcd").value
    0.75
    """
    table = np.asarray(values, np.float64)
    if table.ndim != 2 or not len(table) or table.shape[1] != len(units) or not len(units):
        raise ReprlabError(f"a floor takes values (baseline, {len(units)} documents), given {table.shape}")
    second = halves(units)
    chosen = (_best(table[:, ~second]), _best(table[:, second]))
    items = np.where(second, table[chosen[0]], table[chosen[1]])
    return Floor(float(items.mean()), items, chosen)


def _best(values: Array) -> int:
    """The baseline with the largest mean, (baseline, document)."""
    return int(values.mean(1).argmax()) if values.shape[1] else 0
