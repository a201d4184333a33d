"""No checkpoint of a module that runs a schedule: its layers stand elsewhere, and nobody could load it."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

from transformers import PreTrainedModel

from reprlab.errors import ReprlabError

_WRITERS = ("save_pretrained", "push_to_hub")


@contextmanager
def unsaved(module: Any) -> Generator[None]:
    """Until the block ends, the module and every model inside it refuse to be saved or uploaded."""
    models = [part for part in module.modules() if isinstance(part, PreTrainedModel)]
    try:
        for model in models:
            model.__dict__.update({name: _refuse(name) for name in _WRITERS})
        yield
    finally:
        for model in models:
            for name in _WRITERS:
                model.__dict__.pop(name, None)


class _refuse:
    """A method that refuses; a class, so that a copy of the module can be made."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __call__(self, *_: Any, **__: Any) -> None:
        raise ReprlabError(
            f"{self.name} inside `scheduled` would write a checkpoint that nobody can load: "
            "leave the block first"
        )
