"""How many layers a model has and how wide it is, read from config.json before torch is there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from reprlab.models.configuration import config_of_weights
from reprlab.models.locations import locate
from reprlab.models.registry import MODELS, Model, Name

_LAYERS = ("num_hidden_layers", "n_layer", "n_layers", "num_layers")
_WIDTHS = ("hidden_size", "n_embd", "d_model", "n_embed", "dim")
_INSIDE = ("text_config", "decoder", "llm_config", "language_config")  # of models of more than text


def layers_of(text: str, models: Path | None = None) -> int | None:
    """The number of layers of a model's name, folder or file; None where only loading it tells.

    Raises `ReprlabError` for what is no model.

    >>> layers_of("tiny-neox"), layers_of("llama2-70b")
    (6, 80)
    """
    return _size(text, models, _LAYERS, lambda model: model.layers)


def width_of(text: str, models: Path | None = None) -> int | None:
    """The number of features of a hidden state, as `layers_of` finds the layers.

    >>> width_of("tiny-neox"), width_of("llama2-70b")
    (32, 8192)
    """
    return _size(text, models, _WIDTHS, lambda model: model.width)


def _size(
    text: str, models: Path | None, keys: tuple[str, ...], registered: Callable[[Model], int]
) -> int | None:
    weights = locate(text, models)
    if weights is not None and weights.folder is not None:
        return _configured(config_of_weights(weights), keys)
    model = MODELS.get(Name.parse(text).base)
    return registered(model) if model else None


def _configured(config: Mapping[str, Any], keys: tuple[str, ...]) -> int | None:
    parts: list[Any] = [config, *(config.get(name) for name in _INSIDE)]
    counts = [part.get(key) for part in reversed(parts) if isinstance(part, Mapping) for key in keys]
    return next((count for count in counts if isinstance(count, int) and count > 0), None)
