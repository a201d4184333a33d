"""Where an architecture keeps its layers, and what a layer gives back."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from typing import Any

from torch import Tensor, nn

from reprlab.errors import ReprlabError

# path of the layers below the base model -> the model types that keep them there
PATHS: dict[str, tuple[str, ...]] = {
    "layers": (
        *("llama", "mistral", "mixtral", "gpt_neox", "qwen2", "qwen3", "gemma", "gemma2", "gemma3_text"),
        *("phi3", "olmo2", "cohere", "granite", "gpt_oss", "smollm3", "stablelm"),
        *("jamba", "olmo_hybrid", "inkling2_text"),
    ),
    "h": ("gpt2", "falcon", "bloom", "gptj"),
    "decoder.layers": ("opt",),
    "encoder.layer": ("bert", "roberta"),
    "blocks": ("mpt",),
    "language_model.layers": ("gemma3",),
}
_TABLE = {model_type: path for path, types in PATHS.items() for model_type in types}


def find_layers(base: nn.Module, config: Any) -> tuple[str, nn.ModuleList]:
    """The path and the list of a base model's layers.

    From the table; else the shortest-path list of as many equal children as the configuration says. Raises
    `ReprlabError` where there is none.
    """
    path = _TABLE.get(config.model_type)
    listed = dict(base.named_modules()).get(path) if path else None
    if path and isinstance(listed, nn.ModuleList):
        return path, listed
    count = config.get_text_config(decoder=True).num_hidden_layers
    lists = [
        (path.count("."), path, module)
        for path, module in base.named_modules()
        if isinstance(module, nn.ModuleList) and len(module) == count
    ]
    alike = [entry for entry in lists if len({type(child) for child in entry[2]}) == 1]
    if not alike:
        raise ReprlabError(
            f"no list of {count} equal layers in {type(base).__name__} (model type '{config.model_type}'): "
            "add the path of its layers to PATHS in reprlab/network/layers.py"
        )
    return min(alike, key=lambda entry: entry[:2])[1:]


def hidden(output: Any) -> Tensor:
    """The hidden states in what a layer returns: a tensor, or the first of a tuple or list."""
    return output[0] if isinstance(output, tuple | list) else output


def like(output: Any, state: Tensor) -> Any:
    """What a layer returns, with other hidden states in it."""
    return type(output)((state, *output[1:])) if isinstance(output, tuple | list) else state


Call = tuple[tuple[Any, ...], dict[str, Any]]  # what a layer gets beside its state


def taken(args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Tensor, Call]:
    """A layer's arguments: the state, and the others."""
    rest = {key: value for key, value in kwargs.items() if key != "hidden_states"}
    return (args[0], (args[1:], rest)) if args else (kwargs["hidden_states"], ((), rest))


@contextmanager
def replaced(layers: Sequence[nn.Module], forwards: Sequence[Any]) -> Generator[None]:
    """Each layer's `forward` is another function for a while; attributes and hooks stay as they are."""
    before = [layer.__dict__.get("forward") for layer in layers]
    try:
        for layer, forward in zip(layers, forwards, strict=True):
            layer.__dict__["forward"] = forward
        yield
    finally:
        for layer, forward in zip(layers, before, strict=True):
            layer.__dict__.pop("forward")
            if forward is not None:  # accelerate keeps one of its own there
                layer.__dict__["forward"] = forward
