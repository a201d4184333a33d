"""The local executor: layers called one by one with the arguments that the model itself gave them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from reprlab.network.layers import hidden, like, replaced
from reprlab.schedules.plan import Plan, Run
from reprlab.schedules.steps import Step, Summed

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
    calls: tuple[tuple[tuple[Any, ...], dict[str, Any]], ...]
    output: Any  # what a layer returns, for its form

    def apply(self, step: Step, state: Tensor) -> Tensor:
        """The state after one step."""
        if isinstance(step, int):
            return self._layer(step, state)
        return combined(step, state, (self._layer(layer, state) for layer in step))

    def run(self, steps: Iterable[Step]) -> list[Tensor]:
        """The states at every depth of a schedule: what enters its first step, and what leaves each."""
        states = [self.start]
        for step in steps:
            states.append(self.apply(step, states[-1]))
        return states

    def walk(self, plan: Plan) -> Iterator[tuple[tuple[int, ...], Tensor]]:
        """Every schedule of a plan in one walk of its tree: positions in the plan, and their last state.

        Bit for bit what `run` gives for each; `plan.peak_alive` states are kept at most.
        """
        for schedule in plan.distinct:
            if max(_highest(step) for step in schedule) >= len(self.layers):
                schedule.check(len(self.layers))
        slots: list[Tensor | None] = [self.start, *[None] * plan.peak_alive]
        for event in plan.walk():
            state = slots[event.slot_in if isinstance(event, Run) else event.slot]
            assert state is not None  # the plan's order sees to it
            if isinstance(event, Run):
                slots[event.slot_out] = self.apply(event.step, state)
            else:
                slots[event.slot] = None if event.last_use else state
                yield event.positions, state
            del state  # only the slots keep states alive

    def finish(self, state: Tensor) -> Any:
        """The module's own output where the layers end in `state`: its norm, head, caps and scales."""
        with torch.no_grad(), replaced(self.layers, self._ending(state)):
            return self.module(**self.batch)

    def head(self, states: Tensor) -> Tensor:
        """The logits of some last states: (state, width) -> (state, vocabulary).

        After the last layer positions no longer interact, so only those asked for go through norm and head:
        the module's own tail runs on them alone, as on that many documents of one token: some tails ask for
        as many states as there are tokens.
        """
        ones = {key: _first(value, len(states)) for key, value in self.batch.items()}
        with torch.no_grad(), replaced(self.layers, self._ending(states[:, None])):
            return self.module(**ones).logits.flatten(0, 1)

    def _ending(self, state: Tensor) -> list[Any]:
        """Stand-ins for the layers' calls, after which the module goes on from `state`."""

        def first(*_: Any, **__: Any) -> Any:
            return like(self.output, state)

        def passing(*args: Any, **kwargs: Any) -> Any:
            return like(self.output, _state(args, kwargs))

        return [first, *[passing] * (len(self.layers) - 1)]

    def _layer(self, layer: int, state: Tensor) -> Tensor:
        args, kwargs = self.calls[layer]
        with torch.no_grad():
            return hidden(self.layers[layer](state, *args, **kwargs))


def _highest(step: Step) -> int:
    return step if isinstance(step, int) else max(step)


def _first(value: Any, count: int) -> Any:
    """What a batch of its first token, `count` times, has in the place of a whole batch's tensor."""
    if not isinstance(value, Tensor):
        return value
    one = value[:1, :1] if value.dim() == 2 else value[:1, :, :1, :1]
    return one.expand(count, *one.shape[1:])


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
    calls: list[tuple[tuple[Any, ...], dict[str, Any]]] = []
    seen: list[Any] = []

    def first(*args: Any, **kwargs: Any) -> Any:
        seen.append(_state(args, kwargs))
        seen.append(layers_first(*args, **kwargs))
        return passing(*args, **kwargs)

    def passing(*args: Any, **kwargs: Any) -> Any:
        rest = {key: value for key, value in kwargs.items() if key != "hidden_states"}
        calls.append((args[1:], rest))
        return like(seen[1], _state(args, kwargs))

    layers_first = layers[0].forward
    with torch.no_grad(), replaced(layers, [first, *[passing] * (len(layers) - 1)]):
        base(**batch)
    return Recording(module, layers, batch, seen[0], tuple(calls), seen[1])


def _state(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Tensor:
    return args[0] if args else kwargs["hidden_states"]
