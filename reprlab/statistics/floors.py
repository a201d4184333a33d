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

    A bit of SHA-256 of the unit's name decides, so that a unit never changes sides, whatever else is there.

    >>> halves(["a", "b", "c", "a"]).tolist()
    [False, False, False, False]
    """
    return _bits(units, 1)


def quarters(units: Sequence[object]) -> NDArray[np.bool_]:
    """Whether each document's unit is of the second half of its half: (document,); another bit."""
    return _bits(units, 2)


def _bits(units: Sequence[object], bit: int) -> NDArray[np.bool_]:
    first = [hashlib.sha256(str(unit).encode()).digest()[0] for unit in units]
    return (np.array(first, np.int64) & bit) > 0


def floor_of(values: ArrayLike, units: Sequence[object], choosing: ArrayLike | None = None) -> Floor:
    """The floor that baselines give, (baseline, document), higher being better; one unit a document.

    floor = mean over documents i of values[b(i), i], where b(i) is the baseline with the largest mean over
    the half of the units that i is not in; of equal ones the first. A maximum over the same documents is too
    high, since it takes the luckiest baseline; this mean is not, for no document helps to choose its own
    baseline. Baselines that are fitted on the other half are chosen by `choosing`, of the same shape, whose
    numbers must follow from their own half alone. A half without documents chooses the first. No baseline,
    and units of another number than the documents, are errors.

    >>> units = [0, 1, 2, 3, 4, 5]
    >>> halves(units).tolist()
    [True, True, False, False, True, True]
    >>> floor_of([[0.25] * 6, [1, 1, 1, 0, 1, 0]], units).value.__round__(3)
    0.667
    """
    table = np.asarray(values, np.float64)
    chooser = table if choosing is None else np.asarray(choosing, np.float64)
    wrong = table.ndim != 2 or not len(table) or not len(units) or table.shape[1] != len(units)
    if wrong or chooser.shape != table.shape:
        raise ReprlabError(f"a floor takes values (baseline, {len(units)} documents), given {table.shape}")
    second = halves(units)
    chosen = (_best(chooser[:, ~second]), _best(chooser[:, second]))
    items = np.where(second, table[chosen[0]], table[chosen[1]])
    return Floor(float(items.mean()), items, chosen)


def _best(values: Array) -> int:
    """The baseline with the largest mean, (baseline, document)."""
    return int(values.mean(1).argmax()) if values.shape[1] else 0
