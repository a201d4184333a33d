"""The rewriting executor: the ordinary module runs a schedule.

A flat list of entries stands in place of its layers. An entry is one execution of a layer; its place in
the list is its cache slot and its layer type's place, so a layer that runs twice keeps two histories. The
layers themselves are not touched.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from transformers import Cache, PreTrainedModel
from transformers.utils.output_capturing import maybe_install_capturing_hooks

from reprlab.errors import ReprlabError, unknown
from reprlab.network.layers import hidden, like
from reprlab.network.recorded import combined
from reprlab.schedules.steps import Step

KV = ("exact", "paper")


@contextmanager
def rewritten(module: Any, layers: nn.ModuleList, steps: Sequence[Step], kv: str) -> Generator[Any]:
    """The module, running a schedule until the block ends; afterwards exactly as it was."""
    if kv not in KV:
        raise unknown("kv", kv, KV)
    if any(isinstance(layer, LayerEntry) for layer in layers):
        raise ReprlabError("this network runs a schedule already: leave that `scheduled` block first")
    maybe_install_capturing_hooks(_owner(module, layers))  # once and lazily otherwise: on our entries
    config = module.config.get_text_config(decoder=True)
    originals, before = list(layers), dict(config.__dict__)
    entries = _entries(originals, steps, kv)
    try:
        _fill(layers, entries)
        config.__dict__.update(_reordered(config, len(originals), [entry.number for entry in entries]))
        yield module
    finally:
        _fill(layers, originals)
        config.__dict__.clear()
        config.__dict__.update(before)


def _owner(module: Any, layers: nn.ModuleList) -> Any:
    """The innermost model around the layers: it is the one that walks them."""
    models = [part for part in module.modules() if isinstance(part, PreTrainedModel)]
    return [model for model in models if any(part is layers for part in model.modules())][-1]


def _fill(layers: nn.ModuleList, modules: Sequence[nn.Module]) -> None:
    """Put modules into the list in place: the list itself is what the model walks."""
    del layers[:]
    layers.extend(modules)


def _entries(layers: Sequence[nn.Module], steps: Sequence[Step], kv: str) -> list[LayerEntry]:
    entries: list[LayerEntry] = []
    for step in steps:
        members = (step,) if isinstance(step, int) else step
        join, first = Join(step, len(members)), len(entries)
        for number in members:
            shared = kv == "paper" and len(members) > 1
            slot = first if shared else len(entries)
            entries.append(LayerEntry(layers[number], number, slot, join, averaged=shared))
    return entries


def _reordered(config: Any, count: int, numbers: Sequence[int]) -> dict[str, Any]:
    """The configuration's fields that go with the layers: how many, and lists with one item a layer."""
    alias = type(config).attribute_map.get("num_hidden_layers", "num_hidden_layers")
    lists = {
        key: type(value)(value[number] for number in numbers)
        for key, value in config.__dict__.items()
        if isinstance(value, list | tuple) and len(value) == count and key.startswith(("layer_", "no_rope"))
    }
    return {alias: len(numbers), **lists}


class Join:
    """Where the entries of one step meet: outputs are gathered, then combined."""

    def __init__(self, step: Step, count: int) -> None:
        self.step, self.count = step, count
        self.outputs: list[Tensor] = []
        self.keys: list[Tensor] = []
        self.values: list[Tensor] = []

    def add(self, state: Tensor, output: Tensor) -> Tensor:
        """The step's input, handed on to its next entry, or after the last one its result."""
        if isinstance(self.step, int):
            return output
        self.outputs.append(output)
        if len(self.outputs) < self.count:
            return state
        outputs, self.outputs = self.outputs, []
        return combined(self.step, state, outputs)


class LayerEntry(nn.Module):
    """One execution of a layer, with a cache slot of its own."""

    def __init__(self, layer: nn.Module, number: int, slot: int, join: Join, *, averaged: bool) -> None:
        super().__init__()
        self.layer, self.number, self.slot, self.join, self.averaged = layer, number, slot, join, averaged
        self.training = layer.training

    def __getattr__(self, name: str) -> Any:
        try:
            return super().__getattr__(name)
        except AttributeError:
            return getattr(self.layer, name)  # such as `attention_type`, which models ask their layers for

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        state: Tensor = args[0] if args else kwargs["hidden_states"]
        args = tuple(self._own(value) for value in args)
        output = self.layer(*args, **{key: self._own(value) for key, value in kwargs.items()})
        return like(output, self.join.add(state, hidden(output)))

    def _own(self, value: Any) -> Any:
        if not isinstance(value, Cache):
            return value
        return _AveragedSlot(value, self.slot, self.join) if self.averaged else _Slot(value, self.slot)


class _Slot:
    """A cache as one entry sees it: whatever layer asks, its slot answers."""

    def __init__(self, cache: Any, slot: int) -> None:
        self._cache, self._slot = cache, slot

    @property  # a layer may ask whether it is a Cache
    def __class__(self) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride, reportIncompatibleVariableOverride]
        return self._cache.__class__

    def __getattr__(self, name: str) -> Any:
        return getattr(self._cache, name)

    def update(self, key: Tensor, value: Tensor, _: int, *args: Any, **kwargs: Any) -> Any:
        return self._cache.update(key, value, self._slot, *args, **kwargs)

    def get_seq_length(self, _: int = 0) -> Any:
        return self._cache.get_seq_length(self._slot)

    def get_mask_sizes(self, length: Any, _: int = 0) -> Any:
        return self._cache.get_mask_sizes(length, self._slot)

    def get_max_cache_shape(self, _: int = 0) -> Any:
        return self._cache.get_max_cache_shape(self._slot)


class _AveragedSlot(_Slot):
    """The authors' cache of a set: every member reads, and the mean of their keys and values is kept."""

    def __init__(self, cache: Any, slot: int, join: Join) -> None:
        super().__init__(cache, slot)
        if any(getattr(cache, "is_sliding", ())):
            raise ReprlabError("kv 'paper' is for models without sliding windows: use kv 'exact'")
        self._join = join

    def update(self, key: Tensor, value: Tensor, _: int, *args: Any, **kwargs: Any) -> Any:
        past, join = self._cache.layers[self._slot], self._join
        known = past.is_initialized and past.get_seq_length() > 0
        whole = [
            torch.cat([old, new], dim=-2) if known else new
            for old, new in ((past.keys, key), (past.values, value))
        ]
        join.keys.append(key)
        join.values.append(value)
        if len(join.keys) == join.count:
            means = [torch.stack(part).mean(0) for part in (join.keys, join.values)]
            join.keys, join.values = [], []
            self._cache.update(*means, self._slot, *args, **kwargs)
        return whole[0], whole[1]
