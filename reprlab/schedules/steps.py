"""Steps, what schedules are made of: a layer, a set of layers run side by side, or a block of steps."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from itertools import chain
from typing import Self, TypeAlias, cast

from reprlab.arguments import refused, whole_numbers
from reprlab.errors import ReprlabError
from reprlab.schedules.update_rules import LIMIT, Matched, MeanUpdate, Rule


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


Plain: TypeAlias = int | tuple[int, ...]
"""One layer, or a set run side by side: a tuple is averaged, a `Summed` adds up updates."""


@dataclass(frozen=True, init=False)
class Block:
    """Several steps as one, whose update u = (state after them) - (state before) a rule replaces.

    Raises `ReprlabError` for no steps, a block among them, and a mean over steps other than layers a..b-1.

    >>> Block([16] * 5, Matched(14, 19)).steps, Block(range(14, 19), MeanUpdate("0" * 16)).span
    ((16, 16, 16, 16, 16), (14, 19))
    """

    steps: tuple[Plain, ...]
    rule: Rule

    def __init__(self, steps: Iterable[int | Iterable[int]], rule: Rule) -> None:
        if not isinstance(cast(object, rule), Rule):
            raise refused("rule", rule, "a Matched, a RandomDirection or a MeanUpdate")
        if not isinstance(cast(object, steps), Iterable) or isinstance(steps, str):
            raise refused("steps", steps, "layers, sets of layers, as in [14, (15, 16)]")
        checked = tuple(checked_step(at, step) for at, step in enumerate(steps))
        plain = tuple(step for step in checked if not isinstance(step, Block))
        if not checked:
            raise ReprlabError("a block needs at least one step")
        if len(plain) < len(checked):
            raise ReprlabError("a block cannot hold another block")
        object.__setattr__(self, "steps", plain)
        object.__setattr__(self, "rule", rule)
        first, last = min(map(_least, plain)), max(map(_most, plain))
        if isinstance(rule, MeanUpdate) and plain != tuple(range(first, last + 1)):
            raise ReprlabError("a mean update stands for one range of layers a:b and nothing else")

    @property
    def span(self) -> tuple[int, int]:
        """The depths a and b of the full model whose update h_b - h_a the block stands for.

        >>> Block([16] * 5, Matched(14, 19)).span, Block([5, 6], MeanUpdate("0" * 16)).span
        ((14, 19), (5, 7))
        """
        if isinstance(self.rule, Matched):
            return self.rule.start, self.rule.stop
        return min(map(_least, self.steps)), max(map(_most, self.steps)) + 1


Step: TypeAlias = Plain | Block
"""One layer, a set run side by side, or a block of such steps with a rule."""


def layer_calls(steps: Iterable[Step]) -> int:
    """The number of layer executions: a set counts each of its members, a mean update nothing.

    >>> layer_calls([0, (1, 2, 3), Summed((1, 2)), Block([4, 5], Matched(4, 6))])
    8
    """
    return sum(map(_calls, steps))


def _calls(step: Step) -> int:
    if isinstance(step, Block):
        return 0 if isinstance(step.rule, MeanUpdate) else layer_calls(step.steps)
    return 1 if isinstance(step, int) else len(step)


def size(steps: Iterable[Step]) -> int:
    """What the limit of a schedule's length counts: layer executions, and 1 for a step without any."""
    return sum(max(1, _calls(step)) for step in steps)


def layers_of(step: Step) -> tuple[int, ...]:
    """The layers that a step names, those of a block one after the other.

    >>> layers_of(5), layers_of((1, 2)), layers_of(Block([3, (1, 2)], Matched(1, 4)))
    ((5,), (1, 2), (3, 1, 2))
    """
    if isinstance(step, Block):
        return tuple(chain.from_iterable(map(layers_of, step.steps)))
    return (step,) if isinstance(step, int) else tuple(step)


def ranges(steps: Iterable[Step]) -> tuple[tuple[int, int], ...]:
    """The distinct ranges of depths over which blocks need the full model's update, in order.

    >>> ranges([0, Block([2, 2], Matched(1, 3)), Block([2], Matched(1, 3))])
    ((1, 3),)
    """
    rules = (step.rule for step in steps if isinstance(step, Block))
    return tuple(dict.fromkeys((rule.start, rule.stop) for rule in rules if isinstance(rule, Matched)))


def full_calls(spans: Iterable[tuple[int, int]]) -> int:
    """The layers that the full model runs so that the updates over some ranges of depths are known.

    >>> full_calls([(1, 3), (0, 5)]), full_calls([])
    (5, 0)
    """
    return max((stop for _, stop in spans), default=0)


def side_by_side(layers: Collection[int], *, summed: bool) -> Plain:
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
    if isinstance(step, Block):
        return step
    if not isinstance(step, Iterable) or isinstance(step, str):
        return _layer(at, step)
    members = [_layer(at, member) for member in cast(Iterable[object], step)]
    if not members:
        raise ReprlabError(f"step {at} is an empty set: a set needs at least one layer")
    if len(set(members)) < len(members):
        raise ReprlabError(f"step {at} is {members}: a set names each layer once")
    return side_by_side(members, summed=isinstance(step, Summed))


def _least(step: Plain) -> int:
    return step if isinstance(step, int) else min(step)


def _most(step: Plain) -> int:
    return step if isinstance(step, int) else max(step)


def _layer(at: int, layer: object) -> int:
    if not isinstance(layer, int) or isinstance(layer, bool) or not 0 <= layer < LIMIT:
        allowed = f"a layer is a whole number 0..{LIMIT - 1}; text goes to Schedule.parse"
        raise ReprlabError(f"step {at} holds {layer!r}: {allowed}")
    return int(layer)
