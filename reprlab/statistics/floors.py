"""The floor of a scale: the best baseline, chosen on one half of the units and valued on the other."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from reprlab.arrays import Array
from reprlab.counts import counted
from reprlab.errors import ReprlabError

SPLITS = 10  # of the units in halves: one alone leaves much to luck


@dataclass(frozen=True)
class Floor:
    """A floor measured over splits of the units in halves.

    `items` (document,): the value of the baseline that the other half chose, the mean over splits; `value` is
    their mean. `chosen` (baseline,): how many of the halves chose each, as a share.
    """

    value: float
    items: Array
    chosen: Array


def halves(units: Sequence[object], split: int = 0) -> NDArray[np.bool_]:
    """Whether each document's unit is of the second half of a split: (document,).

    A bit of SHA-256 of the unit's name and the split's number decides, so that a unit never changes sides,
    whatever else is there. The text that is hashed is none of a sample's, whose units have low digests.

    >>> halves(["e", "f", "g", "f"]).tolist()
    [False, True, False, True]
    """
    return _bits(units, split, 1)


def quarters(units: Sequence[object], split: int = 0) -> NDArray[np.bool_]:
    """Whether each document's unit is of the second half of its half: (document,); another bit."""
    return _bits(units, split, 2)


def _bits(units: Sequence[object], split: int, bit: int) -> NDArray[np.bool_]:
    first = [hashlib.sha256(f"halves {split} {unit}".encode()).digest()[0] for unit in units]
    return (np.array(first, np.int64) & bit) > 0


def floor_of(values: ArrayLike, units: Sequence[object], choosing: ArrayLike | None = None) -> Floor:
    """The floor that baselines give, (baseline, document), higher being better; one unit a document.

    floor = mean over splits and documents i of values[b(i), i], where b(i) is the baseline with the largest
    mean over the half of the units that i is not in; of equal ones the first. A maximum over the same
    documents is too high, since it takes the luckiest baseline; this mean is not, for no document helps to
    choose its own baseline. Baselines that are fitted on the other half have values a split, (split,
    baseline, document), and are chosen by `choosing`, of the same shape, whose numbers must follow from their
    own half alone. A half without documents chooses the first. No baseline, and units of another number than
    the documents, are errors.

    >>> found = floor_of([[0.25] * 400, [1, 0, 0, 1] * 100, [0.2, 0.1] * 200], range(400))
    >>> round(found.value, 6), found.chosen.round(6).tolist()
    (0.5, [0.0, 1.0, 0.0])
    """
    given = np.asarray(values, np.float64)
    chooser = given if choosing is None else np.asarray(choosing, np.float64)
    wrong = given.ndim not in {2, 3} or 0 in given.shape or given.shape[-1] != len(units)
    if wrong or chooser.shape != given.shape or (given.ndim == 3 and len(given) != SPLITS):
        takes = f"(baseline, {counted(len(units), 'document')})"
        raise ReprlabError(f"a floor takes values {takes}, given {given.shape}")
    tables, deciding = (np.broadcast_to(one, (SPLITS, *one.shape[-2:])) for one in (given, chooser))
    items, chosen = np.zeros(len(units)), np.zeros(given.shape[-2])
    for split in range(SPLITS):
        second = halves(units, split)
        one, other = _best(deciding[split][:, ~second]), _best(deciding[split][:, second])
        items += np.where(second, tables[split][one], tables[split][other]) / SPLITS
        np.add.at(chosen, [one, other], 1 / (2 * SPLITS))
    return Floor(float(items.mean()), items, chosen)


def _best(values: Array) -> int:
    """The baseline with the largest mean, (baseline, document)."""
    return int(values.mean(1).argmax()) if values.shape[1] else 0
