"""Steps, what schedules are made of: a layer, or a set of layers run side by side."""

from collections.abc import Collection, Iterable
from typing import Self, TypeAlias, cast

from reprlab.arguments import whole_numbers
from reprlab.errors import ReprlabError

LIMIT = 100_000  # layer executions in a schedule, and the greatest depth: longer ones are slips


class Summed(tuple[int, ...]):
    """A set whose updates are added up: x + sum of (layer(x) - x). A plain tuple is averaged.

    Laws: never equal to a plain tuple, and hashed apart from it; else a tuple in every way.

    >>> Summed((1, 2)) == Summed((1, 2)), Summed((1, 2)) == (1, 2), (1, 2) == Summed((1, 2))
    (True, False, False)
    """

    __slots__ = ()

    def __new__(cls, layers: Iterable[int] = ()) -> Self:
        """Refuses what is no whole number."""
        return super().__new__(cls, whole_numbers("layer", layers))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Summed) and super().__eq__(other)

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash((Summed, tuple(self)))

    def __repr__(self) -> str:
        return f"Summed({super().__repr__()})"


Step: TypeAlias = int | tuple[int, ...]
"""One layer, or a set run side by side: a tuple is averaged, a `Summed` adds up updates."""


def layer_calls(steps: Iterable[Step]) -> int:
    """The number of layer executions: a set counts each of its members.

    >>> layer_calls([0, (1, 2, 3), Summed((1, 2))])
    6
    """
    return sum(1 if isinstance(step, int) else len(step) for step in steps)


def side_by_side(layers: Collection[int], *, summed: bool) -> Step:
    """Distinct layers as one step: a sorted set, or the layer where there is only one.

    >>> side_by_side({5, 3}, summed=True), side_by_side({5}, summed=True)
    (Summed((3, 5)), 5)
    """
    if len(layers) == 1:
        return next(iter(layers))
    return Summed(sorted(layers)) if summed else tuple(sorted(layers))


def checked_step(at: int, step: object) -> Step:
    """Step number `at` as a schedule holds it: a set sorted, a set of one as its layer.

    Raises `ReprlabError` for a layer that is no whole number 0..99,999 (a bool is none), an empty
    set, and a set that names a layer twice.

    >>> checked_step(0, 5), checked_step(1, [7, 6]), checked_step(2, Summed((3,)))
    (5, (6, 7), 3)
    """
    if not isinstance(step, Iterable) or isinstance(step, str):
        return _layer(at, step)
    members = [_layer(at, member) for member in cast(Iterable[object], step)]
    if not members:
        raise ReprlabError(f"step {at} is an empty set: a set needs at least one layer")
    if len(set(members)) < len(members):
        raise ReprlabError(f"step {at} is {members}: a set names each layer once")
    return side_by_side(members, summed=isinstance(step, Summed))


def _layer(at: int, layer: object) -> int:
    if not isinstance(layer, int) or isinstance(layer, bool) or not 0 <= layer < LIMIT:
        allowed = f"a layer is a whole number 0..{LIMIT - 1}; text goes to Schedule.parse"
        raise ReprlabError(f"step {at} holds {layer!r}: {allowed}")
    return int(layer)
