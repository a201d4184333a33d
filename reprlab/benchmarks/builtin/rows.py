"""What the tasks share: a row, and where its right answer goes."""

from collections.abc import Callable, Sequence
from itertools import chain, zip_longest
from random import Random
from typing import Any

BuiltinRow = dict[str, Any]  # id, unit, and the fields that the task's YAML names


def numbered(task: str, rows: Sequence[BuiltinRow]) -> list[BuiltinRow]:
    """The rows, each with `id` in front: `science-017` is the eighteenth row of builtin_science."""
    return [{"id": f"{task}-{i:03d}", **row} for i, row in enumerate(rows)]


def spread(
    rows: Sequence[BuiltinRow], key: Callable[[BuiltinRow], str] = lambda row: row["unit"]
) -> list[BuiltinRow]:
    """The rows in turns, one of each unit (or `key`) a turn: the first n have as many units as can be."""
    groups: dict[str, list[BuiltinRow]] = {}
    for row in rows:
        groups.setdefault(key(row), []).append(row)
    return [row for row in chain.from_iterable(zip_longest(*groups.values())) if row is not None]


def places(rng: Random, count: int, ways: int) -> list[int]:
    """`count` places in 0..ways-1, each as often as the others (give or take one), shuffled."""
    made = [i % ways for i in range(count)]
    rng.shuffle(made)
    return made


def placed(right: str, wrong: Sequence[str], place: int) -> BuiltinRow:
    """The fields `choices` and `label`: the wrong answers in their order, the right one at `place`."""
    return {"choices": [*wrong[:place], right, *wrong[place:]], "label": place}
