"""The local executor: layers called one by one with the arguments that the model itself gave them."""

from __future__ import annotations

import copy
from collections.abc import Generator, Iterable, Iterator, MutableMapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from transformers import Cache

from reprlab.errors import ReprlabError
from reprlab.network.layers import Call, hidden, like, replaced, taken
from reprlab.network.updates import Known, Means, Norms, Spans, after, after_mean, full_norms
from reprlab.schedules.plan import Plan, Run
from reprlab.schedules.steps import Block, Step, Summed, layers_of, ranges
from reprlab.schedules.update_rules import MeanUpdate

SLICE_BYTES = 64 << 20  # logits that are in memory at a time, in float32


CACHE_BYTES = 3 << 19  # of those, what a processor's cache holds while it goes over them several times


@dataclass(frozen=True)
class Recording:
    """One batch, ready for any schedule: what enters layer 0, and every layer's own other arguments.

    Each layer's arguments are recorded apart, since masks and rotary angles differ between layers (sliding
    windows). They come from a forward pass in which no layer computes.
    """

    module: nn.Module
    layers: Sequence[nn.Module]
    batch: dict[str, Any]
    start: Tensor
    calls: tuple[Call, ...]
    output: Any  # what a layer returns, for its form
    tailless: str = ""  # why the tail does not run on single tokens
    shared: tuple[Notes, ...] = ()  # what layers write for later ones, as Gemma 4's keys and values

    means: Means = field(default_factory=dict[str, Tensor])  # of calibrations that blocks name

    def apply(
        self, step: Step, state: Tensor, notes: Sequence[Notes] = (), norms: Norms | None = None
    ) -> Tensor:
        """The state after one step; `notes` are what the steps before it left in `shared`.

        `norms` are the full model's, of the ranges that a block needs; computed where they are not given.
        """
        if isinstance(step, int):
            return self._layer(step, state, notes)
        if not isinstance(step, Block):
            return combined(step, state, (self._layer(layer, state, notes) for layer in step))
        norms = self.norms(ranges([step])) if norms is None else norms
        known = Known(self.batch, norms, self.means)
        if isinstance(step.rule, MeanUpdate):
            return after_mean(step, state, known)
        end = state
        for inner in step.steps:
            end = self.apply(inner, end, notes)
        return after(step, state, end, known)

    def norms(self, spans: Spans) -> Norms:
        """The norms of the full model's updates over ranges of depths, from one pass."""
        notes = copied(self.shared)
        return full_norms(spans, self.start, lambda layer, state: self._layer(layer, state, notes))

    def run(self, steps: Iterable[Step]) -> list[Tensor]:
        """The states at every depth of a schedule: what enters its first step, and what leaves each."""
        return list(self.walked(steps))

    def walked(self, steps: Iterable[Step]) -> Iterator[Tensor]:
        """The same states one by one, each as it is computed."""
        steps = tuple(steps)
        state, notes, norms = self.start, copied(self.shared), self.norms(ranges(steps))
        yield state
        for step in steps:
            state = self.apply(step, state, notes, norms)
            yield state

    def walk(self, plan: Plan) -> Iterator[tuple[tuple[int, ...], Tensor]]:
        """Every schedule of a plan in one walk of its tree: positions in the plan, and their last state.

        Bit for bit what `run` gives for each; `plan.peak_alive` states are kept at most. The full model's
        updates that blocks need are computed once, for all schedules.
        """
        for schedule in plan.distinct:
            if max(_highest(step) for step in schedule) >= len(self.layers):
                schedule.check(len(self.layers))
        norms = self.norms(plan.ranges)
        slots: list[_Alive | None] = [(self.start, self.shared), *[None] * plan.peak_alive]
        for event in plan.walk():
            alive = slots[event.slot_in if isinstance(event, Run) else event.slot]
            assert alive is not None  # the plan's order sees to it
            if isinstance(event, Run):
                notes = copied(alive[1])
                slots[event.slot_out] = self.apply(event.step, alive[0], notes, norms), notes
            else:
                slots[event.slot] = None if event.last_use else alive
                yield event.positions, alive[0]
            del alive  # only the slots keep states alive

    def finish(self, state: Tensor) -> Any:
        """The module's own output where the layers end in `state`: its norm, head, caps and scales."""
        with torch.no_grad(), replaced(self.layers, self._ending(state)):
            return self.module(**self.batch)

    def head(self, states: Tensor) -> Tensor:
        """The logits of some last states: (state, width) -> (state, vocabulary).

        After the last layer positions no longer interact, so only those asked for go through norm and head:
        the module's own tail runs on them alone, each as a text of one token.
        """
        if self.tailless:
            raise ReprlabError(self.tailless)
        ones = {key: _first(value, len(states)) for key, value in self.batch.items()}
        with torch.no_grad(), replaced(self.layers, self._ending(states[:, None])):
            return self.module(**ones).logits.flatten(0, 1)

    def _ending(self, state: Tensor) -> list[Any]:
        """Stand-ins for the layers' calls, after which the module goes on from `state`."""

        def first(*_: Any, **__: Any) -> Any:
            return like(self.output, state)

        def passing(*args: Any, **kwargs: Any) -> Any:
            return like(self.output, taken(args, kwargs)[0])

        return [first, *[passing] * (len(self.layers) - 1)]

    def _layer(self, layer: int, state: Tensor, notes: Sequence[Notes]) -> Tensor:
        args, kwargs = self.calls[layer]
        own = {id(old): new for old, new in zip(self.shared, notes, strict=False)}
        args = tuple(own.get(id(value), value) for value in args)
        kwargs = {key: own.get(id(value), value) for key, value in kwargs.items()}
        with torch.no_grad(), sources(layer, self.shared):
            return hidden(self.layers[layer](state, *args, **kwargs))


Notes = MutableMapping[Any, Any]
_Alive = tuple[Tensor, Sequence[Notes]]


def copied(notes: Sequence[Notes]) -> tuple[Notes, ...]:
    """Notes of their own, so that what one schedule writes no other reads."""
    return tuple(copy.copy(note) for note in notes)


@contextmanager
def sources(layer: int, shared: Sequence[Notes]) -> Generator[None]:
    """A layer runs that may read what an earlier one wrote; raises `ReprlabError` where none did."""
    try:
        yield
    except KeyError as error:
        if not shared:
            raise
        raise ReprlabError(
            f"layer {layer} takes the keys and values of an earlier layer ({error}), and no layer that gives "
            "them runs before it: keep the layers that give them in the schedule, in front"
        ) from error


def without_cache(call: Call) -> Call:
    """A layer's arguments without a cache, which some models make though none was asked for."""
    args, kwargs = call
    rest = {key: None if isinstance(value, Cache) else value for key, value in kwargs.items()}
    return tuple(None if isinstance(value, Cache) else value for value in args), rest


def shared_notes(calls: Sequence[Call]) -> tuple[Notes, ...]:
    """The mappings that every layer is given, one and the same: what layers write there, later ones read."""
    values = [{id(v): v for v in (*args, *kwargs.values())} for args, kwargs in calls]
    return tuple(
        value
        for key, value in values[0].items()
        if isinstance(value, MutableMapping) and all(key in others for others in values)
    )


def _highest(step: Step) -> int:
    return max([*layers_of(step), *(stop - 1 for _, stop in ranges([step]))])


def _first(value: Any, rows: int) -> Any:
    """What a batch of the first document's first token, in each row, has in place of a tensor."""
    if not isinstance(value, Tensor):
        return value
    first = value[:1, :1] if value.dim() == 2 else value[:1, :, :1, :1]
    return first.expand(rows, *[-1] * (first.dim() - 1))


def combined(step: tuple[int, ...], state: Tensor, outputs: Iterable[Tensor]) -> Tensor:
    """A set's state: the mean of its layers' outputs, or x + sum of (layer(x) - x) where it is `Summed`.

    Outputs are added up in the order of the layers, so that every executor has the same bits.
    """
    total: Tensor | None = None
    for output in outputs:
        output = output.to(state.device)
        part = output - state if isinstance(step, Summed) else output
        total = part if total is None else total + part
    assert total is not None  # a set has members
    return state + total if isinstance(step, Summed) else total / len(step)


def record(
    module: nn.Module, base: nn.Module, layers: Sequence[nn.Module], batch: dict[str, Any]
) -> Recording:
    """Run the model around its layers once, and keep what it hands to each of them."""
    calls: list[Call] = []
    seen: list[Any] = []

    def first(*args: Any, **kwargs: Any) -> Any:
        state, call = taken(args, kwargs)
        args, kwargs = (state, *without_cache(call)[0]), without_cache(call)[1]
        own = copied([value for value in (*call[0], *call[1].values()) if isinstance(value, MutableMapping)])
        seen.extend((state, layers_first(*args, **kwargs)))
        for note, before in zip(shared_notes([call]), own, strict=True):
            note.clear()  # this call was for the form of its output alone
            note.update(before)
        return passing(*args, **kwargs)

    def passing(*args: Any, **kwargs: Any) -> Any:
        state, call = taken(args, kwargs)
        calls.append(without_cache(call))
        return like(seen[1], state)

    layers_first = layers[0].forward
    with torch.no_grad(), replaced(layers, [first, *[passing] * (len(layers) - 1)]):
        base(**batch)
    return Recording(module, layers, batch, seen[0], tuple(calls), seen[1], shared=shared_notes(calls))
