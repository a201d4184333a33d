"""The schedule: in which order, and side by side with which others, the layers run."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, repeat
from random import Random
from typing import Any, NamedTuple, TypeVar

from reprlab.arguments import optional, positive, refused, string
from reprlab.counts import counted
from reprlab.errors import ReprlabError, unknown
from reprlab.schedules.notation import read, write
from reprlab.schedules.steps import (
    Block,
    Step,
    Summed,
    checked_step,
    full_calls,
    layer_calls,
    layers_of,
    ranges,
    side_by_side,
    size,
)
from reprlab.schedules.update_rules import LIMIT

__all__ = ["PAPER", "Intervention", "Schedule", "Step", "Summed", "choose"]


@dataclass(frozen=True, init=False, repr=False)
class Schedule:
    """Ordered steps; a step is one layer or a set run side by side. Valid once made.

    `steps` holds an int for a layer, a sorted tuple for a set that is averaged and a `Summed` for
    one whose updates are added up; a set of one layer is that layer. The constructors take layers
    `start..stop-1` of a model of `layers` layers and leave the others in place.

    Laws: equal when the steps are equal; `str` is the one canonical text of the steps;
    `Schedule.parse(str(s)) == s`.
    Raises `ReprlabError` where there are no steps, a layer is no whole number from 0, a set is
    empty or names a layer twice, or more than 100,000 layers would run.

    >>> Schedule([0, 1, 2, [5, 3, 4], 6])
    Schedule.parse('0:3 [3:6] 6')
    >>> Schedule.parse("(0:2 2) [5 3:5]*1 [6]").steps
    (0, 1, 2, (3, 4, 5), 6)
    """

    steps: tuple[Step, ...]

    def __init__(self, steps: Iterable[int | Iterable[int] | Block]) -> None:
        given: Any = steps
        if isinstance(given, str | bytes) or not isinstance(given, Iterable):
            raise refused("steps", given, "the steps of a schedule; Schedule.parse takes a text")
        checked: list[Step] = []
        calls = 0
        for at, step in enumerate(steps):
            checked.append(checked_step(at, step))
            calls += size(checked[-1:])
            if calls > LIMIT:
                raise ReprlabError(f"the schedule runs more than {LIMIT:,} layers: that is the most")
        if not checked:
            raise ReprlabError("a schedule needs at least one step: no layer is left to run")
        object.__setattr__(self, "steps", tuple(checked))

    @classmethod
    def parse(cls, text: str, layers: int | None = None) -> "Schedule":
        """The schedule a text spells; with `layers`, checked against a model of that many layers.

        Raises `ReprlabError` that shows the text with a mark under the bad term.

        >>> str(Schedule.parse("0:14 14:19 14:19 19:32", layers=32))
        '0:19 14:32'
        """
        return cls(read(string("schedule", text), optional(positive)("layers", layers)))

    def check(self, layers: int) -> None:
        """Raises `ReprlabError`, the term marked, where a model of `layers` layers lacks a layer.

        >>> Schedule.parse("0:2 [4 3] 1").check(4)
        Traceback (most recent call last):
        reprlab.errors.ReprlabError: layer 4 does not exist in a model of 4 layers
          0 1 [3 4] 1
                 ^
        its layers are 0..3, its depths 0..4
        """
        read(str(self), layers)

    def __str__(self) -> str:
        return self._text

    @cached_property
    def _text(self) -> str:
        return write(self.steps)

    def __repr__(self) -> str:
        return f"Schedule.parse({str(self)!r})"

    def __len__(self) -> int:
        return len(self.steps)

    def __iter__(self) -> Iterator[Step]:
        return iter(self.steps)

    @property
    def layer_calls(self) -> int:
        """The number of layer executions: a set counts each of its members, a block all that runs in it.

        Blocks `~a:b` also need the full model up to the greatest b, once.

        >>> Schedule.parse("0:14 [14:19]*3 19:32").layer_calls
        42
        >>> Schedule.parse("0:14 (16*5)~14:19 19:32").layer_calls
        51
        """
        return layer_calls(self.steps) + full_calls(ranges(self.steps))

    @property
    def longest_path(self) -> int:
        """Layers one after another from input to output: a set counts 1, a mean update 0.

        A block `~a:b` comes to its end when its own layers and the full model's first b have run.

        >>> Schedule.parse("0:14 [14:19]*3 19:32").longest_path
        30
        >>> Schedule.parse("0:14 (16)~14:19 19:32").longest_path
        32
        """
        path = 0
        for step in self.steps:
            path += 1 if not isinstance(step, Block) else bool(layer_calls([step])) * len(step.steps)
            path = max([path, *(stop for _, stop in ranges([step]))])
        return path

    @property
    def blocks(self) -> tuple[Block, ...]:
        """The blocks among the steps, in order.

        >>> [str(block.rule) for block in Schedule.parse("0:2 (2:4)?7 4:6").blocks]
        ['?7']
        """
        return tuple(step for step in self.steps if isinstance(step, Block))

    @classmethod
    def full(cls, layers: int) -> "Schedule":
        """The unmodified model.

        >>> str(Schedule.full(32))
        '0:32'
        """
        return cls(range(layers))

    @classmethod
    def skip(cls, layers: int, start: int, stop: int) -> "Schedule":
        """Layers `start..stop-1` left out.

        >>> str(Schedule.skip(32, 14, 19))
        '0:14 19:32'
        """
        front, _, back = cut(layers, start, stop)
        return cls(chain(front, back))

    @classmethod
    def skip_one(cls, layers: int, layer: int) -> "Schedule":
        """A single layer left out: `skip(layers, layer, layer + 1)`.

        >>> str(Schedule.skip_one(32, 5))
        '0:5 6:32'
        """
        return cls.skip(layers, layer, layer + 1)

    @classmethod
    def switch(cls, layers: int, layer: int) -> "Schedule":
        """`layer` and `layer + 1` exchanged: `reverse(layers, layer, layer + 2)`.

        >>> str(Schedule.switch(32, 5))
        '0:5 6 5 7:32'
        """
        return cls.reverse(layers, layer, layer + 2)

    @classmethod
    def middle_repeat(cls, layers: int, start: int, stop: int, *, layer: int | None = None) -> "Schedule":
        """One layer in the place of each of `start..stop-1`.

        By default the middle one, `(start + stop - 1) // 2`: the authors' `layers // 2`, since
        their start + stop is layers + 1.

        >>> str(Schedule.middle_repeat(32, 14, 19)), str(Schedule.middle_repeat(6, 2, 4, layer=5))
        ('0:14 16*5 19:32', '0 1 5*2 4 5')
        """
        front, middle, back = cut(layers, start, stop)
        chosen = (start + stop - 1) // 2 if layer is None else layer
        cut(layers, chosen, chosen + 1)
        return cls(chain(front, repeat(chosen, len(middle)), back))

    @classmethod
    def reverse(cls, layers: int, start: int, stop: int) -> "Schedule":
        """Layers `start..stop-1`, the last one first; as a permutation its own inverse.

        >>> str(Schedule.reverse(32, 14, 19))
        '0:14 19:14 19:32'
        """
        front, middle, back = cut(layers, start, stop)
        return cls(chain(front, reversed(middle), back))

    @classmethod
    def random(cls, layers: int, start: int, stop: int, *, seed: int) -> "Schedule":
        """Layers `start..stop-1` in the order of `random.seed(seed); random.shuffle(middle)`.

        Leaves the global random state alone. Few layers have few orders, so seeds may coincide.

        >>> str(Schedule.random(32, 14, 19, seed=0))
        '0:14 17:14 18 17 19:32'
        """
        front, middle, back = cut(layers, start, stop)
        shuffled = list(middle)
        Random(seed).shuffle(shuffled)
        return cls(chain(front, shuffled, back))

    @classmethod
    def parallel(cls, layers: int, start: int, stop: int, *, sum: bool = False) -> "Schedule":
        """Layers `start..stop-1` side by side, averaged; with `sum`, their updates added up.

        >>> str(Schedule.parallel(32, 14, 19)), str(Schedule.parallel(32, 14, 19, sum=True))
        ('0:14 [14:19] 19:32', '0:14 [14:19]+ 19:32')
        """
        front, middle, back = cut(layers, start, stop)
        return cls(chain(front, [side_by_side(middle, summed=sum)], back))

    @classmethod
    def looped_parallel(cls, layers: int, start: int, stop: int, *, times: int) -> "Schedule":
        """The averaged set of layers `start..stop-1`, `times` times in a row.

        >>> str(Schedule.looped_parallel(32, 14, 19, times=3))
        '0:14 [14:19]*3 19:32'
        """
        front, middle, back = cut(layers, start, stop)
        return cls(chain(front, repeat(tuple(middle), _positive(times)), back))

    @classmethod
    def internal_loop(cls, layers: int, start: int, stop: int, *, times: int) -> "Schedule":
        """Layers `start..stop-1` walked in order `times` times; once is the full model.

        >>> str(Schedule.internal_loop(32, 14, 19, times=2))
        '0:19 14:32'
        """
        front, middle, back = cut(layers, start, stop)
        return cls(chain(front, chain.from_iterable(repeat(middle, _positive(times))), back))

    @classmethod
    def layer_loop(cls, layers: int, start: int, stop: int, *, times: int) -> "Schedule":
        """Layers `start..stop-1` in order, each `times` times in a row; once is the full model.

        >>> str(Schedule.layer_loop(32, 14, 17, times=2))
        '0:14 14*2 15*2 16*2 17:32'
        """
        front, middle, back = cut(layers, start, stop)
        return cls(chain(front, chain.from_iterable(repeat(n, _positive(times)) for n in middle), back))

    @classmethod
    def paper(
        cls,
        name: str,
        *,
        layers: int,
        start: int | None = None,
        layer: int | None = None,
        seed: int | None = None,
        times: int | None = None,
    ) -> "Schedule":
        """An intervention of the paper by name (`PAPER`), layer for layer as its code runs it.

        `start` = s keeps layers 0..s in front and layers-s..layers-1 at the back: the middle is
        s+1..layers-s-1. `layer`, `seed` and `times` go to the interventions that need them.
        Laws: with one middle layer, repeat, reverse, random, parallel are the full model.
        Raises `ReprlabError` for an unknown name, for a missing or a superfluous argument, and
        where 2*start + 1 >= layers, which leaves no middle.

        >>> str(Schedule.paper("looped_parallel", layers=32, start=13, times=3))
        '0:14 [14:19]*3 19:32'
        >>> Schedule.paper("reverse", layers=32, start=16)
        Traceback (most recent call last):
        reprlab.errors.ReprlabError: start 16 leaves no middle in 32 layers: allowed are 0..15
        """
        offered = {"start": start, "layer": layer, "seed": seed, "times": times}
        given = {key: value for key, value in offered.items() if value is not None}
        return intervened(PAPER, name, layers, given)


class Intervention(NamedTuple):
    """A constructor and the arguments that `Schedule.paper` needs for it in addition to `layers`.

    >>> PAPER["random"].needs
    ('start', 'seed')
    """

    build: Callable[..., Schedule]
    needs: tuple[str, ...]


PAPER: Mapping[str, Intervention] = {
    "full": Intervention(Schedule.full, ()),
    "skip_one": Intervention(Schedule.skip_one, ("layer",)),
    "switch": Intervention(Schedule.switch, ("layer",)),
    "skip": Intervention(Schedule.skip, ("start",)),
    "middle_repeat": Intervention(Schedule.middle_repeat, ("start",)),
    "reverse": Intervention(Schedule.reverse, ("start",)),
    "random": Intervention(Schedule.random, ("start", "seed")),
    "parallel": Intervention(Schedule.parallel, ("start",)),
    "looped_parallel": Intervention(Schedule.looped_parallel, ("start", "times")),
    "internal_loop": Intervention(Schedule.internal_loop, ("start", "times")),
    "layer_loop": Intervention(Schedule.layer_loop, ("start", "times")),
}


def intervened(
    table: Mapping[str, Intervention], name: str, layers: int, given: Mapping[str, Any]
) -> Schedule:
    """An intervention of a table by name, with what it needs; see `Schedule.paper`.

    >>> str(intervened(PAPER, "skip", 32, {"start": 13}))
    '0:14 19:32'
    """
    chosen, given = choose(table, name, "intervention"), dict(given)
    if set(given) != set(chosen.needs):
        takes, got = ", ".join(("layers", *chosen.needs)), ", ".join(("layers", *given))
        raise ReprlabError(f"{name} takes {takes}; given: {got}")
    first = given.pop("start", None)
    return chosen.build(layers, *(() if first is None else _middle(layers, first)), **given)


T = TypeVar("T")


def choose(table: Mapping[str, T], name: str, kind: str) -> T:
    """The row of a table, or an error that says what was meant and what exists.

    >>> choose({"fig10": 1, "windows": 2}, "window", "grid")
    Traceback (most recent call last):
    reprlab.errors.ReprlabError: unknown grid 'window': did you mean 'windows'? There are: fig10, windows
    """
    if name in table:
        return table[name]
    raise unknown(kind, name, table)


def _middle(layers: int, start: int) -> tuple[int, int]:
    """The authors' middle as a half-open range: layers start+1..layers-start-1."""
    if start < 0 or 2 * start + 1 >= layers:
        allowed = f"allowed are 0..{layers // 2 - 1}" if layers > 1 else "it needs 2 or more"
        raise ReprlabError(f"start {start} leaves no middle in {counted(layers, 'layer')}: {allowed}")
    return start + 1, layers - start


def cut(layers: int, start: int, stop: int) -> tuple[range, range, range]:
    """The layers before, in and after start:stop; refuses a range that does not fit."""
    if not 0 <= start < stop <= layers <= LIMIT:
        allowed = f"allowed is 0 <= start < stop <= {min(layers, LIMIT)}"
        raise ReprlabError(f"the range {start}:{stop} does not fit {counted(layers, 'layer')}: {allowed}")
    return range(start), range(start, stop), range(stop, layers)


def _positive(times: int) -> int:
    if times < 1:
        raise ReprlabError(f"times is {times}: allowed is 1 or more")
    return times


def matching(schedule: Schedule, layers: int) -> list[int]:
    """The full model's depth that each depth of a schedule goes with: (steps + 1,).

    By place where the schedule has as many steps as the model has layers (each step stands for the layer at
    its place), else by layer: the depth after the step's layer, of a set after its last. A block is one step:
    it goes with the end of the range `a:b` for which it stands.

    >>> matching(Schedule.parse("0 1 4 5"), 6), matching(Schedule.parse("0 1 3*2 4 5"), 6)
    ([0, 1, 2, 5, 6], [0, 1, 2, 3, 4, 5, 6])
    >>> matching(Schedule.parse("0 1 (3*2)~2:4 4 5"), 6)
    [0, 1, 2, 4, 5, 6]
    """
    if len(schedule) == layers and not schedule.blocks:
        return list(range(layers + 1))
    return [0, *(step.span[1] if isinstance(step, Block) else max(layers_of(step)) + 1 for step in schedule)]
