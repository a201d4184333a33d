"""Texts and states as functions take them."""

from __future__ import annotations

from collections.abc import Mapping
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


def states_of(name: str, value: Any) -> HiddenStates:
    """A capture, or activations: what has the properties of `HiddenStates`."""
    kind = type(value)  # properties may read files: only their names are looked at
    there = {*dir(kind), *getattr(kind, "__dataclass_fields__", ())}
    if not there >= {"provenance", "widths", "offsets", "norms", "at"}:
        raise refused(name, value, "a capture of rl.capture, or rl.activations")
    return value


maybe_states = optional(states_of)


def captures_of(name: str, value: Any) -> Mapping[str, Capture]:
    """Captures by name."""
    if not isinstance(value, Mapping):
        raise refused(name, value, "captures by name, as in {'skip': capture}")
    return {str(key): capture_of(f"{name}[{key!r}]", one) for key, one in value.items()}
