"""Cache slots: a schedule's executions of layers, each with a history of its own in transformers' cache.

A layer's first execution has the place that the layer has without a schedule; each further one has a place
after the model's own. The model itself reads lengths off the cache, of any layer: the slot of a layer that
does not run grows too, by one number a token in place of keys and values.
"""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable, Sequence
from functools import cache as remembered
from typing import Any, cast

import torch
from torch import Tensor
from transformers import Cache

from reprlab.errors import ReprlabError


class Slot:
    """A cache as one execution of a layer sees it: whatever layer it asks about, its own slot answers."""

    def __init__(self, cache: Any, slot: int) -> None:
        self._cache, self._slot = cache, slot

    @property  # a layer may ask whether it is a Cache
    def __class__(self) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride, reportIncompatibleVariableOverride]
        return self._cache.__class__

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._cache, name)
        if name == "layers":
            return _Same(value, self._slot)
        if isinstance(value, Cache):  # the parts of an encoder-decoder's
            return Slot(value, self._slot)
        return self._own(value) if inspect.ismethod(value) else value

    def _own(self, method: Any) -> Callable[..., Any]:
        """A method of the cache that gets the slot in place of a layer."""
        place = _layer_place(method.__func__)

        def asked(*args: Any, **kwargs: Any) -> Any:
            if kwargs.get("layer_idx") is not None:
                kwargs["layer_idx"] = self._slot
            elif place is not None and len(args) > place and args[place] is not None:
                args = (*args[:place], self._slot, *args[place + 1 :])
            return method(*args, **kwargs)

        return method if place is None else asked


@remembered
def _layer_place(function: Any) -> int | None:
    """Where a method takes `layer_idx`, counted after `self`."""
    names = list(inspect.signature(function).parameters)[1:]
    return names.index("layer_idx") if "layer_idx" in names else None


class _Same:
    """A cache's layers as one slot sees them: each is its own."""

    def __init__(self, layers: Any, slot: int) -> None:
        self._layers, self._slot = layers, slot

    def __getitem__(self, place: Any) -> Any:
        return self._layers[self._slot if isinstance(place, int) else place]

    def __len__(self) -> int:
        return len(self._layers)


class AveragedSlot(Slot):
    """The authors' cache of a set: every member reads, and the mean of their keys and values is kept."""

    def __init__(self, cache: Any, slot: int, joined: Joined) -> None:
        super().__init__(cache, slot)
        if any(getattr(cache, "is_sliding", ())):
            raise ReprlabError("kv 'paper' is for models without sliding windows: use kv 'exact'")
        if any(hasattr(layer, "update_conv_state") for layer in cache.layers):
            raise ReprlabError("kv 'paper' is for models with keys and values alone: use kv 'exact'")
        self._joined = joined

    def update(self, key: Tensor, value: Tensor, _: int, *args: Any, **kwargs: Any) -> Any:
        past, joined = self._cache.layers[self._slot], self._joined
        known = past.is_initialized and past.get_seq_length() > 0
        whole = [
            torch.cat([old, new], dim=-2) if known else new
            for old, new in ((past.keys, key), (past.values, value))
        ]
        joined.keys.append(key)
        joined.values.append(value)
        if len(joined.keys) == joined.count:
            means = [torch.stack(part).mean(0) for part in (joined.keys, joined.values)]
            joined.keys, joined.values = [], []
            self._cache.update(*means, self._slot, *args, **kwargs)
        return whole[0], whole[1]


class Joined:
    """The keys and values of a set's members, until all have run."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.keys: list[Tensor] = []
        self.values: list[Tensor] = []


def places(numbers: Sequence[int], count: int) -> list[int]:
    """The slot of each execution in a model of `count` layers.

    >>> places([0, 2, 2, 5, 0], 6)
    [0, 2, 6, 5, 7]
    """
    slots: list[int] = []
    further = count
    for number in numbers:
        first = number not in slots
        slots.append(number if first else further)
        further += not first
    return slots


def prepare(cache: Any, further: Sequence[int], count: int) -> None:
    """Give a cache the slots after the model's own: each like the layer's that runs there again.

    Raises `ReprlabError` where the cache was filled outside this schedule.
    """
    layers = getattr(cache, "layers", None)
    if layers is None or getattr(cache, "layer_class_to_replicate", None) is not None:
        return  # it grows by itself
    while further and 0 < len(layers) < count:  # older ones have no place for layers that share others'
        layers.append(copy.deepcopy(layers[-1]))
    for number in further[len(layers) - count :] if layers else ():
        if _used(layers[number]):
            raise ReprlabError("this cache was filled outside this schedule: start with an empty one")
        layers.append(copy.deepcopy(layers[number]))


def _used(layer: Any) -> bool:
    """Whether a cache's layer has seen tokens."""
    states = getattr(layer, "has_previous_state", None)
    if states is True or (isinstance(states, dict) and any(cast(dict[int, bool], states).values())):
        return True
    return hasattr(layer, "get_seq_length") and int(layer.get_seq_length()) > 0


def tell(cache: Any, skipped: Sequence[int], state: Tensor, shape: tuple[int, int]) -> None:
    """Tell the slots of layers that did not run of (document, token) new ones: the model may ask any."""
    numbers = state.new_zeros(shape[0], 1, shape[1], 1)
    layers: Sequence[Any] = getattr(cache, "layers", ())
    for layer in (layers[place] for place in skipped if place < len(layers)):
        if hasattr(layer, "update_conv_state"):
            layer.update_conv_state(numbers[:, 0, -1:])
        if hasattr(layer, "get_seq_length"):
            layer.update(numbers, numbers)
