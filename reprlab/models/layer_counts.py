"""How many layers a model has, read from its config.json as JSON: before any library for models is there."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from reprlab.models.configuration import config_of_weights
from reprlab.models.locations import locate
from reprlab.models.registry import MODELS, Name

_KEYS = ("num_hidden_layers", "n_layer", "n_layers", "num_layers")
_INSIDE = ("text_config", "decoder", "llm_config", "language_config")  # of models of more than text


def layers_of(text: str, models: Path | None = None) -> int | None:
    """The number of layers of a model's name, folder or file; None where only loading it tells.

    Raises `ReprlabError` for what is no model.

    >>> layers_of("tiny-neox"), layers_of("llama2-70b")
    (6, 80)
    """
    weights = locate(text, models)
    if weights is not None and weights.folder is not None:
        return _configured(config_of_weights(weights))
    model = MODELS.get(Name.parse(text).base)
    return model.layers if model else None


def _configured(config: Mapping[str, Any]) -> int | None:
    parts: list[Any] = [config, *(config.get(name) for name in _INSIDE)]
    counts = [part.get(key) for part in reversed(parts) if isinstance(part, Mapping) for key in _KEYS]
    return next((count for count in counts if isinstance(count, int) and count > 0), None)
