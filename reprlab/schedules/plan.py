"""The plan: many schedules as one prefix tree, so that each shared beginning runs once."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from reprlab.arguments import of, several
from reprlab.counts import counted
from reprlab.schedules.schedule import Schedule
from reprlab.schedules.steps import Block, Step, full_calls, layer_calls, ranges


@dataclass(frozen=True)
class Run:
    """Apply `step` to the state in `slot_in` and keep the result in `slot_out`.

    `last_use`: nothing needs the input afterwards, and the result takes its slot.
    """

    step: Step
    slot_in: int
    slot_out: int

    @property
    def last_use(self) -> bool:
        return self.slot_in == self.slot_out


@dataclass(frozen=True)
class Emit:
    """The state in `slot` is the result of the schedules at these `positions` of the plan.

    `last_use`: nothing needs the state afterwards.
    """

    positions: tuple[int, ...]
    slot: int
    last_use: bool


@dataclass(frozen=True)
class Cost:
    """What running a plan takes: layer calls with and without sharing, each over `tokens` tokens."""

    layer_calls: int
    layer_calls_alone: int
    tokens: int

    @property
    def work(self) -> int:
        """Layer calls times tokens."""
        return self.layer_calls * self.tokens

    def seconds_left(self, tokens_done: int, seconds: float) -> float:
        """The time left, where the tokens done so far took so long; NaN before the first batch.

        >>> Cost(10, 40, tokens=100).seconds_left(25, 3.0)
        9.0
        """
        return seconds / tokens_done * (self.tokens - tokens_done) if tokens_done else float("nan")


@dataclass
class _Node:
    """The state after a prefix: the schedules that end here and, by next step, what follows."""

    positions: list[int] = field(default_factory=list[int])
    children: dict[Step, int] = field(default_factory=dict[Step, int])


@dataclass(frozen=True, init=False)
class Plan:
    """Schedules merged into a prefix tree, and the order in which to run it.

    A node is the state after a prefix, the root (slot 0) the state that enters the first step, an
    edge one step. Each edge runs once: layer calls = the sum over distinct prefixes of the layers
    in their last step. Where blocks `~a:b` need the full model's updates, its first layers run
    once more before the tree, up to the greatest b.

    Laws: the steps that lead to an emitted state are those of its schedules, in order; each
    position is emitted once; no order of running the tree, depth-first or not, that runs each
    step once keeps fewer states alive than `walk`.

    >>> plan = Plan(map(Schedule.parse, ["0:4", "0 1 3", "0 1 [2 3]", "0:3 3"]))
    >>> plan.layer_calls_alone, plan.layer_calls, plan.peak_alive, dict(plan.duplicates)
    (15, 7, 2, {'0:4': (0, 3)})
    """

    schedules: tuple[Schedule, ...]

    def __init__(self, schedules: Iterable[Schedule]) -> None:
        taken = several(of(Schedule, "a schedule"), (), "schedules")("schedules", schedules)
        object.__setattr__(self, "schedules", tuple(taken))

    def __len__(self) -> int:
        return len(self.schedules)

    def __repr__(self) -> str:
        return f"<Plan: {self}>"

    def __str__(self) -> str:
        """What the plan saves, in a line.

        >>> print(Plan([Schedule.full(4), Schedule.skip(4, 2, 3), Schedule.full(4)]))
        3 schedules, 2 distinct: 5 layer calls instead of 11
        """
        counts = f"{counted(len(self), 'schedule')}, {len(self.distinct):,} distinct"
        return f"{counts}: {counted(self.layer_calls, 'layer call')} instead of {self.layer_calls_alone:,}"

    def cost(self, tokens: int) -> Cost:
        """The cost of running the plan over `tokens` tokens."""
        return Cost(self.layer_calls, self.layer_calls_alone, tokens)

    @cached_property
    def distinct(self) -> tuple[Schedule, ...]:
        """The schedules without those equal to an earlier one."""
        return tuple(dict.fromkeys(self.schedules))

    @cached_property
    def duplicates(self) -> Mapping[str, tuple[int, ...]]:
        """The canonical text of each schedule that is there more than once: its positions.

        >>> Plan(Schedule.random(4, 1, 3, seed=seed) for seed in range(3)).duplicates
        {'0 2 1 3': (1, 2)}
        """
        positions: dict[Schedule, list[int]] = {}
        for position, schedule in enumerate(self.schedules):
            positions.setdefault(schedule, []).append(position)
        return {str(key): tuple(places) for key, places in positions.items() if len(places) > 1}

    @property
    def layer_calls_alone(self) -> int:
        """The layer executions of all schedules run one by one, duplicates too."""
        return sum(schedule.layer_calls for schedule in self.schedules)

    @cached_property
    def layer_calls(self) -> int:
        """The layer executions of the tree, and of the full model where blocks need its updates."""
        return full_calls(self.ranges) + sum(layer_calls(node.children) for node in self._nodes)

    @cached_property
    def ranges(self) -> tuple[tuple[int, int], ...]:
        """The ranges of depths whose update by the full model blocks need.

        >>> Plan(map(Schedule.parse, ["0:4", "0 (1*2)~1:3 3", "0 (2*2)~1:3 3"])).ranges
        ((1, 3),)
        """
        return tuple(dict.fromkeys(span for schedule in self.distinct for span in ranges(schedule)))

    @cached_property
    def calls_at(self) -> Mapping[int, int]:
        """The layer calls that `walk` has made when it emits a position, by position: how far it is.

        >>> Plan(map(Schedule.parse, ["0 1", "0 2"])).calls_at
        {0: 2, 1: 3}
        """
        found: dict[int, int] = {}
        calls = full_calls(self.ranges)
        for event in self.walk():
            if isinstance(event, Run):
                calls += layer_calls([event.step])
            else:
                found |= dict.fromkeys(event.positions, calls)
        return found

    @cached_property
    def peak_alive(self) -> int:
        """How many states are alive at most, the root's counted; simulated.

        Between events of `walk`: while a layer runs, its input and its output both exist. A block's steps are
        events of their own, next to which the state that enters the block is alive. Before the walk the full
        model may run for its updates: then the root, the states that begin a range, and the last one are.
        """
        alive, peak = {0} if self.schedules else set[int](), self._alive_before
        for event in self.walk():
            peak = max(peak, len(alive))
            if isinstance(event, Run):
                peak = max(peak, len(alive) + _holds(event.step))
                alive.add(event.slot_out)
            elif event.last_use:
                alive.remove(event.slot)
        return peak

    @property
    def _alive_before(self) -> int:
        """The states alive at most while the full model runs for its updates."""

        def alive(depth: int) -> int:
            return len({0, depth, *(start for start, stop in self.ranges if start < depth <= stop)})

        return max(map(alive, range(1, full_calls(self.ranges) + 1)), default=0)

    def walk(self) -> Iterator[Run | Emit]:
        """The tree depth-first; slots are 0..peak_alive-1 and need no bookkeeping.

        Among siblings the one that needs the most states comes last, the rest as given.

        >>> plan = Plan(map(Schedule.parse, ["0 1", "0 2"]))
        >>> for event in plan.walk(): print(event)
        Run(step=0, slot_in=0, slot_out=0)
        Run(step=1, slot_in=0, slot_out=1)
        Emit(positions=(0,), slot=1, last_use=True)
        Run(step=2, slot_in=0, slot_out=0)
        Emit(positions=(1,), slot=0, last_use=True)
        """
        needs = self._needs
        waiting = self._children(0, 0, needs)  # (step, node, slot_in, slot_out), next one last
        while waiting:
            step, index, slot_in, slot_out = waiting.pop()
            yield Run(step, slot_in, slot_out)
            node = self._nodes[index]
            if node.positions:
                yield Emit(tuple(node.positions), slot_out, last_use=not node.children)
            waiting += self._children(index, slot_out, needs)

    def _children(self, index: int, slot: int, needs: list[int]) -> list[tuple[Step, int, int, int]]:
        """What to run from a state, last one first: it alone may take the state's slot."""
        children = list(self._nodes[index].children.items())
        if not children:
            return []
        heaviest = max(reversed(children), key=lambda child: needs[child[1]])
        children.remove(heaviest)
        rest = [(step, child, slot, slot + 1) for step, child in reversed(children)]
        return [(*heaviest, slot, slot), *rest]

    @cached_property
    def _needs(self) -> list[int]:
        """How many states each node's subtree keeps alive at most, its own state counted.

        A leaf needs 1. A state is alive until its last child starts, which takes its place; the
        children before it run next to it. So children that need m1 >= m2 >= ... cost
        max(m1, 1 + m2) with the heaviest last, and 1 + m1 with a lighter one last. A block on the way
        to a child keeps the state that enters it next to its own: 2 with it, which every other child
        needs as well.

        No order does better, depth-first or not. By induction each child's subtree has m_i states
        alive at some moment, so m1 is a lower bound; it is reached unless m1 = m2. Then look at
        the one of the two that comes to its peak first: the other still has its peak before it,
        so one more state is alive, either the parent's (if it has not started) or its own.
        """
        needs = [1] * len(self._nodes)
        for index in reversed(range(len(self._nodes))):  # children come after their parent
            below = sorted(needs[child] for child in self._nodes[index].children.values())
            blocks = [1 + _holds(step) for step in self._nodes[index].children]
            needs[index] = max([1, *blocks, *below[-1:], *(1 + second for second in below[-2:-1])])
        return needs

    @cached_property
    def _nodes(self) -> list[_Node]:
        nodes = [_Node()]
        for position, schedule in enumerate(self.schedules):
            index = 0
            for step in schedule:
                index = nodes[index].children.setdefault(step, len(nodes))
                if index == len(nodes):
                    nodes.append(_Node())
            nodes[index].positions.append(position)
        return nodes


def _holds(step: Step) -> int:
    """The states next to its own that a step keeps: the one that enters a block, while its layers run."""
    return int(isinstance(step, Block) and layer_calls([step]) > 0)
