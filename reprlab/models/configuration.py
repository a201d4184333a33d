"""The configuration of a model by its name, as far as it is known without loading or fetching anything."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from reprlab.errors import ReprlabError
from reprlab.foreign import read_json
from reprlab.models.locations import locate
from reprlab.models.registry import MODELS, Hub
from reprlab.models.weights import Weights


def config_of(name: str, models: Path | None = None) -> Mapping[str, Any]:
    """A model's configuration as far as it is known: config.json where it is here; else its type, or nothing.

    >>> config_of("tiny-gpt2")["model_type"], config_of("gpt2-xl")["model_type"]
    ('gpt2', 'gpt2')
    >>> config_of("a-folder-that-is-gone")
    {}
    """
    with suppress(ReprlabError, OSError, ValueError):
        weights = locate(name, models)
        found = config_of_weights(weights) if weights else {}
        if found:
            return found
    model = MODELS.get(name.partition("@")[0])
    known = model.provider.model_type if model and isinstance(model.provider, Hub) else ""
    return {"model_type": known} if known else {}


def config_of_weights(weights: Weights) -> Mapping[str, Any]:
    """The configuration of weights that are here; nothing where it is no JSON object."""
    if weights.tiny is not None:
        return {"model_type": weights.tiny.model_type, **weights.tiny.overrides}
    if weights.folder is None:
        return {}
    with suppress(ReprlabError):  # loading says what is wrong with it
        config = read_json(weights.folder / "config.json")
        return config if isinstance(config, dict) else {}
    return {}
