"""The rewriting executor: the ordinary module runs a schedule.

The model walks as many layers as ever, so that it hands each of them what it should: a mask, angles, an
embedding of its own. A stand-in in each layer's place only takes that down; the last one runs the schedule.
Every execution of a layer has a cache slot of its own. The layers themselves are not touched.
"""

from __future__ import annotations

import inspect
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

from torch import Tensor, nn
from transformers import Cache, PreTrainedModel
from transformers.utils.output_capturing import maybe_install_capturing_hooks

from reprlab.errors import ReprlabError, unknown
from reprlab.network.layers import Call, hidden, like, taken
from reprlab.network.recorded import combined, shared_notes, sources
from reprlab.network.slots import AveragedSlot, Joined, Slot, places, prepare, tell
from reprlab.schedules.schedule import Schedule
from reprlab.schedules.steps import Block, Plain

KV = ("exact", "paper")


def installable(schedule: Schedule) -> tuple[Plain, ...]:
    """The steps of a schedule that an ordinary module can run: layers and sets.

    A block reads states of the whole text, which a module that goes on token by token no longer has. Raises
    `ReprlabError` for the first one.
    """
    for block in schedule.blocks:
        raise ReprlabError(
            f"the block {Schedule([block])} cannot run in an installed module: generating, training and "
            "`scheduled` run layers and sets; rl.sweep and rl.capture run blocks"
        )
    return tuple(step for step in schedule if not isinstance(step, Block))


@contextmanager
def rewritten(
    module: Any, layers: nn.ModuleList, steps: Sequence[Plain], kv: str, form: Any, *, uncached: str = ""
) -> Generator[Any]:
    """The module, running a schedule until the block ends; afterwards exactly as it was.

    `form` is what a layer returns, for its form. `uncached` says why it runs without a cache alone.
    """
    if kv not in KV:
        raise unknown("kv", kv, KV)
    if any(isinstance(layer, StandIn) for layer in layers):
        raise ReprlabError("this network runs a schedule already: leave that `scheduled` block first")
    owner = _owner(module, layers)
    maybe_install_capturing_hooks(owner)  # once and lazily otherwise: on our stand-ins
    originals = list(layers)
    running = Running(originals, steps, kv)
    asked = partial(_asked, running, uncached)
    hooks = [part.register_forward_pre_hook(asked, with_kwargs=True) for part in {module, owner}]
    try:
        _fill(layers, [StandIn(layer, number, running, form) for number, layer in enumerate(originals)])
        yield module
    finally:
        for hook in hooks:
            hook.remove()
        _fill(layers, originals)


def _owner(module: Any, layers: nn.ModuleList) -> Any:
    """The innermost model around the layers: it is the one that walks them."""
    models = [part for part in module.modules() if isinstance(part, PreTrainedModel)]
    return [model for model in models if any(part is layers for part in model.modules())][-1]


def _asked(running: Running, uncached: str, part: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """What a call asks for, as a schedule can do it; and how many documents and tokens it brings.

    No layer drops tokens on the way, as Gemma 4's last ones do where few logits are asked for. A cache that
    would give other numbers is refused, and not made where nobody asked for one.
    """
    given = [kwargs.get("input_ids"), kwargs.get("inputs_embeds"), *args]
    tokens = next((value for value in given if isinstance(value, Tensor)), None)
    if tokens is not None:
        running.shape = (tokens.shape[0], tokens.shape[1])
    if part.get_output_embeddings() is None:
        kwargs.pop("logits_to_keep", None)
    if uncached and kwargs.get("use_cache"):
        raise ReprlabError(uncached)
    if uncached and "use_cache" in inspect.signature(part.forward).parameters:
        kwargs["use_cache"] = False
    return args, kwargs


def _fill(layers: nn.ModuleList, modules: Sequence[nn.Module]) -> None:
    """Put modules into the list in place: the list itself is what the model walks."""
    del layers[:]
    layers.extend(modules)


class Running:
    """A schedule as it runs: what each layer was given in this pass, and each execution's slot."""

    def __init__(self, layers: Sequence[nn.Module], steps: Sequence[Plain], kv: str) -> None:
        self.layers, self.steps = layers, steps
        self.start: Tensor | None = None
        self.shape: tuple[int, int] = (1, 1)  # documents and tokens of this pass
        self.calls: list[Call] = []
        self.shared: tuple[Any, ...] = ()
        sets = [(step,) if isinstance(step, int) else tuple(step) for step in steps]
        self.joined = [
            Joined(len(members)) if kv == "paper" and len(members) > 1 else None for members in sets
        ]
        owners = [
            members[:1] if joined else members for members, joined in zip(sets, self.joined, strict=True)
        ]
        numbers = [number for members in owners for number in members]
        slots = iter(places(numbers, len(layers)))
        self.slots = [[next(slots) for _ in members] for members in owners]
        flat = [slot for step in self.slots for slot in step]
        self.further = [number for number, slot in zip(numbers, flat, strict=True) if slot >= len(layers)]
        self.skipped = sorted(set(range(len(layers))) - set(flat))

    def note(self, number: int, state: Tensor, call: Call) -> None:
        """Take down what a layer is given; the first one's state is where the schedule starts."""
        if number == 0:
            self.start, self.calls = state, []
        self.calls.append(call)

    def run(self) -> Any:
        """What the last layer run returns, with the schedule's last state in it."""
        assert self.start is not None  # layer 0 was called
        state, calls, output = self.start, self.calls, None
        self.start, self.calls = None, []
        caches, self.shared = _caches(calls), shared_notes(calls)
        for cache in caches:
            prepare(cache, self.further, len(self.layers))
        for place, step in enumerate(self.steps):
            members = (step,) if isinstance(step, int) else step
            outputs = [
                self._layer(calls, number, place, member, state) for member, number in enumerate(members)
            ]
            output = outputs[-1]
            state = hidden(output) if isinstance(step, int) else combined(step, state, map(hidden, outputs))
        for cache in caches:
            tell(cache, self.skipped, state, self.shape)
        return like(output, state)

    def _layer(self, calls: list[Call], number: int, place: int, member: int, state: Tensor) -> Any:
        args, kwargs = calls[number]
        joined = self.joined[place]
        slot = self.slots[place][0 if joined else member]

        def own(value: Any) -> Any:
            if not isinstance(value, Cache):
                return value
            return AveragedSlot(value, slot, joined) if joined else Slot(value, slot)

        rest = {key: own(value) for key, value in kwargs.items()}
        with sources(number, self.shared):
            return self.layers[number](state, *map(own, args), **rest)


def _caches(calls: Sequence[Call]) -> list[Any]:
    """The caches that layers were given; of an encoder-decoder's the one for the layer's own tokens."""
    values = [value for args, kwargs in calls for value in (*args, *kwargs.values())]
    caches = {id(value): value for value in values if isinstance(value, Cache)}
    return [getattr(cache, "self_attention_cache", cache) for cache in caches.values()]


class StandIn(nn.Module):
    """What stands in a layer's place while a schedule runs."""

    def __init__(self, layer: nn.Module, number: int, running: Running, form: Any) -> None:
        super().__init__()
        self.layer, self.number, self.form = layer, number, form
        self.running = running
        self.training = layer.training

    def __getattr__(self, name: str) -> Any:
        try:
            return super().__getattr__(name)
        except AttributeError:
            return getattr(self.layer, name)  # such as `attention_type`, which models ask their layers for

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        state, call = taken(args, kwargs)
        self.running.note(self.number, state, call)
        last = self.number == len(self.running.layers) - 1
        return self.running.run() if last else like(self.form, state)
