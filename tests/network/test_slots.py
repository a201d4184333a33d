"""Every call of transformers' cache goes to the slot of the execution that makes it."""

import copy
import inspect
from collections.abc import Callable
from typing import Any

import pytest
import torch
import transformers
from transformers import cache_utils

from reprlab.errors import ReprlabError
from reprlab.network.slots import Slot, places, prepare, tell


def caches() -> list[type]:
    """transformers' classes of caches, and those of its models."""
    transformers.MiniMaxForCausalLM  # noqa: B018 - its cache is in its own file
    found, rest = [], [cache_utils.Cache]
    while rest:
        found.append(rest.pop())
        rest += found[-1].__subclasses__()
    return [kind for kind in found if kind.__module__.startswith("transformers.")]


def told_a_layer() -> list[tuple[type, str, Any]]:
    """Every method of a cache that is told a layer."""
    return [
        (kind, name, function)
        for kind in caches()
        for name, function in vars(kind).items()
        if inspect.isfunction(function) and "layer_idx" in inspect.signature(function).parameters
    ]


METHODS = told_a_layer()


@pytest.mark.parametrize(
    ("kind", "name", "function"), METHODS, ids=[f"{k.__name__}.{n}" for k, n, _ in METHODS]
)
@pytest.mark.parametrize("by_name", [True, False])
def test_a_method_that_is_told_a_layer_is_told_the_slot(
    kind: type, name: str, function: Callable[..., Any], by_name: bool
) -> None:
    asked: list[int] = []
    names = list(inspect.signature(function).parameters)[1:]
    needed = names[: names.index("layer_idx") + 1]

    def noted(self: Any, *args: Any, **kwargs: Any) -> None:
        bound = inspect.signature(function).bind_partial(self, *args, **kwargs)
        asked.append(bound.arguments["layer_idx"])

    noted.__signature__ = inspect.signature(function)  # type: ignore[attr-defined]
    cache = type("Noting", (kind,), {name: noted, "__init__": lambda self: None})()
    method, values = getattr(Slot(cache, 7), name), [2 if n == "layer_idx" else None for n in needed]
    if by_name:
        method(**dict(zip(needed, values, strict=True)))
    else:
        method(*values)
    assert asked == [7]


def test_the_methods_known_to_take_a_layer_are_among_those_tried() -> None:
    names = {name for _, name, _ in METHODS}
    assert {"update", "get_seq_length", "get_mask_sizes"} <= names
    assert len(METHODS) > 3


def test_layers_taken_off_a_cache_are_the_slots_and_a_slot_is_a_cache() -> None:
    cache = cache_utils.DynamicCache()
    for layer in range(3):
        cache.update(torch.full((1, 1, 2, 4), float(layer)), torch.zeros(1, 1, 2, 4), layer)
    slot = Slot(cache, 2)
    assert isinstance(slot, cache_utils.Cache)
    assert slot.layers[0].keys.unique().tolist() == [2.0]
    assert len(slot.layers) == 3
    both = Slot(cache_utils.EncoderDecoderCache(cache, cache_utils.DynamicCache()), 1)
    assert both.self_attention_cache.layers[0].keys.unique().tolist() == [1.0]
    assert slot.get_seq_length() == cache.get_seq_length() == 2  # told no layer: the cache's own answer


def test_a_layers_first_run_has_its_own_place_and_further_ones_come_after_the_model() -> None:
    assert places([2, 0, 2, 2, 1], 4) == [2, 0, 4, 5, 1]


def test_a_cache_grows_by_like_slots_and_one_filled_elsewhere_is_refused() -> None:
    config = transformers.AutoConfig.for_model(
        "gemma2",
        num_hidden_layers=4,
        sliding_window=5,
        layer_types=["sliding_attention", "full_attention"] * 2,
    )
    cache = cache_utils.DynamicCache(config=config)
    prepare(cache, [2, 1], 4)
    assert [layer.is_sliding for layer in cache.layers[4:]] == [True, False]
    prepare(cache, [2, 1], 4)
    assert len(cache.layers) == 6
    tell(cache, [0, 3], torch.zeros(2, 3, 8), (2, 3))
    assert [cache.get_seq_length(place) for place in range(6)] == [3, 0, 0, 3, 0, 0]
    filled = cache_utils.DynamicCache(config=config)
    filled.update(torch.zeros(1, 1, 2, 4), torch.zeros(1, 1, 2, 4), 1)
    with pytest.raises(ReprlabError, match="was filled outside this schedule"):
        prepare(copy.deepcopy(filled), [1], 4)
