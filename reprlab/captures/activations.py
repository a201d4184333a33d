"""Activations made elsewhere: arrays from memory, .npz or .safetensors, one (token, width) array a depth."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from reprlab.arguments import optional, refused, string, taking
from reprlab.arrays import AnyArray
from reprlab.captures.blocks import ShardData
from reprlab.captures.layout import ENDINGS
from reprlab.captures.sums import norms
from reprlab.counts import counted
from reprlab.errors import ReprlabError
from reprlab.foreign import opened, opened_npz
from reprlab.provenance import SINK_FACTOR, Provenance

_OFFSETS = "offsets"


@dataclass(frozen=True)
class Activations:
    """States by depth, (token, width) each; `offsets` are where documents begin, and the end."""

    name: str
    states: tuple[Tensor, ...]
    offsets: tuple[int, ...]

    def __repr__(self) -> str:
        documents, tokens = counted(len(self.offsets) - 1, "document"), counted(self.tokens, "token")
        return f"<Activations {self.name}: {documents}, {tokens}, {counted(self.depths, 'depth')}>"

    @property
    def depths(self) -> int:
        return len(self.states)

    @property
    def tokens(self) -> int:
        return len(self.states[0])

    @property
    def provenance(self) -> Provenance:
        """The name, the sizes and the dtype; nobody knows a model, a corpus or a schedule."""
        dtype = str(self.states[0].dtype).removeprefix("torch.")
        return Provenance(
            model=self.name,
            note="activations made elsewhere",
            corpus="activations",
            documents=len(self.offsets) - 1,
            tokens=self.tokens,
            excluded=0,
            policy="all",
            sink_factor=SINK_FACTOR,
            dtype=dtype,
            layers=0,
            made_with={name: version(name) for name in ("torch", "numpy", "reprlab")},
            stored=dtype,
        )

    @property
    def texts(self) -> None:
        """Which texts these are of: nobody knows."""
        return

    @property
    def widths(self) -> list[int]:
        """The width at every depth."""
        return [state.shape[1] for state in self.states]

    @property
    def exact(self) -> bool:
        """Whether products are taken in float64 (else float32)."""
        return self.states[0].dtype == torch.float64

    @property
    def has_states(self) -> bool:
        """Whether there are states: always."""
        return True

    @property
    def blocks(self) -> tuple[ShardData, ...]:
        """The sums by document taken beforehand: none."""
        return ()

    @property
    def nonfinite_words(self) -> str:
        """A sentence on NaN and infinite values: empty, nobody counted them."""
        return ""

    @property
    def norms(self) -> Tensor:
        """Norm of every token at every depth: (depth, token)."""
        return self._norms

    @cached_property
    def _norms(self) -> Tensor:
        return torch.stack([norms(state) for state in self.states])

    def at(self, places: Tensor, depths: slice = slice(None)) -> list[Tensor]:
        """States (token, width) of the tokens at some places, one a depth."""
        return [state[places] for state in self.states[depths]]


def _offsets(name: str, value: Any) -> list[float]:
    """Numbers of tokens; that they rise is checked with the states."""
    needed = "the tokens with which documents begin"
    try:
        offsets = np.asarray(value).reshape(-1)
    except (TypeError, ValueError) as error:
        raise refused(name, value, needed) from error
    if offsets.dtype.kind not in "iuf" or (offsets.dtype.kind == "f" and not np.isfinite(offsets).all()):
        raise refused(name, value, needed)
    return offsets.tolist()


@taking(name=optional(string), offsets=optional(_offsets))
def activations(
    source: Path | str | Sequence[Any] | Mapping[str, Any] | Any,
    *,
    name: str | None = None,
    offsets: Sequence[int] | None = None,
) -> Activations:
    """Hidden states that another program made, for every function that compares.

    `source`: a (depth, token, width) array, a sequence or a mapping of (token, width) arrays in the order of
    depths (widths may differ), or an .npz or .safetensors file of either; a file's arrays are sorted by
    the numbers in their names. `offsets` (also as an array of that name in a file) are the tokens with which
    documents begin (the number of tokens may follow); without them all tokens count as one document, and
    results have no intervals. Nothing is unpickled.

    >>> rng = np.random.default_rng(0)
    >>> acts = activations(rng.normal(size=(3, 20, 4)), offsets=[0, 8, 20])
    >>> acts.depths, acts.tokens
    (3, 20)
    """
    label = name or "activations"
    if isinstance(source, Path | str):
        path = Path(source)
        label = name or path.stem
        source = _read(path)
    arrays = _arrays(source, label)
    if isinstance(source, Mapping) and offsets is None and _OFFSETS in source:
        given = np.asarray(source[_OFFSETS])
        if given.dtype.kind not in "iuf":
            raise ReprlabError(f"{label}: offsets are whole numbers, given {given.dtype}")
        offsets = given.ravel().tolist()
    states = tuple(_state(key, value, label) for key, value in arrays)
    count = len(states[0])
    for (key, _), state in zip(arrays, states, strict=True):
        if len(state) != count:
            raise ReprlabError(
                f"{label}: '{key}' has {counted(len(state), 'token')}, '{arrays[0][0]}' has {count}"
            )
    return Activations(label, states, _cuts(offsets, count, label))


def _cuts(offsets: Sequence[float] | None, count: int, label: str) -> tuple[int, ...]:
    """Where documents begin, and the end, whether it was given or not."""
    cuts = list(offsets) if offsets is not None else [0]
    if cuts and cuts[-1] < count:
        cuts.append(count)
    whole = all(float(at).is_integer() for at in cuts)
    if len(cuts) < 2 or cuts[0] != 0 or cuts[-1] != count or cuts != sorted(cuts) or not whole:
        raise ReprlabError(
            f"{label}: offsets are the tokens with which documents begin, rising from 0 to at most the "
            f"number of tokens, {count}; given {_few(cuts)}"
        )
    return tuple(int(at) for at in cuts)


def _read(path: Path) -> dict[str, Any]:
    if path.suffix not in ENDINGS:
        raise ReprlabError(f"'{path}' is no file of activations: give {' or '.join(ENDINGS)}")
    try:
        if path.suffix == ".npz":
            with opened_npz(path) as arrays:
                return {name: array.read() for name, array in arrays.items()}
        from safetensors.torch import load_file

        with opened(path):  # a pipe or a folder is refused
            return dict(load_file(path))
    except ReprlabError as error:
        raise ReprlabError(f"cannot read activations from '{path}': {error}") from error
    except Exception as error:  # safetensors has its own
        raise ReprlabError(f"cannot read activations from '{path}': {error}") from error


def _arrays(source: Any, label: str) -> list[tuple[str, Any]]:
    """Arrays by name, in the order of depths."""
    if isinstance(source, Mapping):
        named = {str(key): value for key, value in source.items() if key != _OFFSETS}
        arrays = [(key, named[key]) for key in sorted(named, key=_natural)]
        if len(arrays) == 1 and len(np.shape(arrays[0][1])) == 3:
            arrays = [(f"depth {d}", state) for d, state in enumerate(arrays[0][1])]
    elif isinstance(source, bytes | type) or not isinstance(source, Iterable):
        raise refused("source", source, "an array, a (token, width) array a depth, or a file of them")
    else:
        arrays = [(f"depth {depth}", state) for depth, state in enumerate(source)]
    if not arrays:
        raise ReprlabError(f"{label}: there are no arrays, one (token, width) array a depth is needed")
    return arrays


def _natural(key: str) -> list[tuple[int, str]]:
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"(\d+)", key)]


def _state(key: str, value: Any, label: str) -> Tensor:
    try:
        tensor = value.detach().cpu() if isinstance(value, Tensor) else torch.from_numpy(_native(value))
    except (TypeError, ValueError) as error:
        raise ReprlabError(f"{label}: '{key}' holds no numbers: {error}") from error
    if tensor.is_complex():
        raise ReprlabError(f"{label}: '{key}' holds complex numbers: real ones are compared")
    if tensor.ndim != 2 or not tensor.numel():
        why = "there are none" if tensor.ndim == 2 else "(token, width) is needed"
        raise ReprlabError(f"{label}: '{key}' has shape {tuple(tensor.shape)}, {why}")
    return tensor if tensor.is_floating_point() else tensor.float()


def _native(value: Any) -> AnyArray:
    """An array in this machine's order of bytes."""
    array = np.ascontiguousarray(value)
    return array.astype(array.dtype.newbyteorder("="), copy=False)


def _few(values: Sequence[float]) -> str:
    shown = list(map(str, values))
    return ", ".join(shown if len(shown) < 7 else [*shown[:4], "...", *shown[-2:]]) or "none"
