"""Texts and states as functions take them."""

from __future__ import annotations

from collections.abc import Mapping
from inspect import getattr_static
from pathlib import Path
from typing import Any

from reprlab.arguments import of, optional, refused
from reprlab.captures.capture import Capture
from reprlab.captures.corpora import Corpus, corpus
from reprlab.captures.hidden_states import HiddenStates

capture_of = of(Capture, "a capture, as rl.capture gives one")


def corpus_of(name: str, value: Any) -> Corpus:
    """A corpus, or one of a name, a path or a list of texts."""
    if isinstance(value, Corpus):
        return value
    if not isinstance(value, str | Path | list | tuple):
        raise refused(name, value, "a corpus, its name, the path of a file, or a list of texts")
    return corpus(value)


def corpora_of(name: str, value: Any) -> list[Corpus]:
    """Corpora, or one of a name, a path or a list of texts."""
    if isinstance(value, list | tuple) and value and all(isinstance(one, Corpus) for one in value):  # pyright: ignore[reportUnknownVariableType]
        return list(value)  # pyright: ignore[reportUnknownArgumentType]
    return [corpus_of(name, value)]


def states_of(name: str, value: Any) -> HiddenStates:
    """A capture, or activations: what has the properties of `HiddenStates`."""
    parts = ("provenance", "widths", "offsets", "norms", "at")
    if isinstance(value, type) or not all(_has(value, part) for part in parts):
        raise refused(name, value, "a capture of rl.capture, or rl.activations")
    return value


def _has(value: Any, part: str) -> bool:
    """Whether a value has an attribute, which is not computed for it."""
    return getattr_static(value, part, None) is not None


maybe_states = optional(states_of)


def captures_of(name: str, value: Any) -> Mapping[str, Capture]:
    """Captures by name."""
    if not isinstance(value, Mapping):
        raise refused(name, value, "captures by name, as in {'skip': capture}")
    return {str(key): capture_of(f"{name}[{key!r}]", one) for key, one in value.items()}
