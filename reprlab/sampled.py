"""The sampled order: units in an order that a seed draws, so that a larger sample holds a smaller one."""

from __future__ import annotations

import hashlib
from collections.abc import Hashable, Sequence

SEED = 0  # of a sample where none is asked for


def sampled(units: Sequence[Hashable], seed: int | None) -> list[int]:
    """The places of rows in the order of the sample: (row,); rows of one unit stay together.

    Units are sorted by SHA-256 of "seed unit": a random order that depends on nothing but the seed and the
    units' names. The first n places are the sample of n rows; its last unit may be cut. None is the order of
    the rows as they are. Law: the sample of n rows is the beginning of that of n + 1.

    >>> sampled(["a", "b", "a", "c"], 0), sampled(["a", "b"], None)
    ([1, 0, 2, 3], [0, 1])
    """
    places = list(range(len(units)))
    if seed is None:
        return places
    drawn = {unit: hashlib.sha256(f"{seed} {unit}".encode()).digest() for unit in dict.fromkeys(units)}
    first = {unit: place for place, unit in reversed(list(enumerate(units)))}
    return sorted(places, key=lambda place: (drawn[units[place]], first[units[place]], place))
