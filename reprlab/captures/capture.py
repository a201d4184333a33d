"""Captures as they lie on disk: found, opened, checked; states are read when they are asked for."""

from __future__ import annotations

import json
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import torch
from pydantic import ValidationError
from torch import Tensor

from reprlab.arrays import AnyArray
from reprlab.captures.layout import FORMAT, Identity, LedgerRow, Manifest, checksum, same
from reprlab.captures.sums import Sums
from reprlab.errors import ReprlabError
from reprlab.files import slug


@dataclass(frozen=True)
class Block:
    """The statistics of one shard's documents, and its states on request."""

    file: Path
    tokens: int
    offsets: AnyArray
    ids: tuple[str, ...]
    norms: Tensor
    suspects: Tensor
    suspect_states: Tensor
    documents: tuple[Sums, ...]  # of the tokens that are no suspects

    def states(self, depth: int | slice = slice(None), tokens: slice = slice(None)) -> Tensor:
        """Hidden states (depth, token, width) in their stored dtype, or (token, width) of one depth."""
        first, last, _ = tokens.indices(self.tokens)
        with reading(self.file) as file:
            if "states" not in file:
                raise ReprlabError(f"'{self.file}' holds no states: capture again without --no-states")
            data = file["states"]
            return _to_tensor(data[depth, first:last], data.attrs.get("dtype"))


@dataclass(frozen=True)
class Capture:
    """Hidden states of one network on one corpus under one schedule: (depth, token, width)."""

    folder: Path
    manifest: Manifest
    rows: tuple[LedgerRow, ...]
    documents: int

    @property
    def identity(self) -> Identity:
        return self.manifest.identity

    @property
    def depths(self) -> int:
        return self.manifest.depths

    @property
    def width(self) -> int:
        return self.manifest.width

    @cached_property
    def tokens(self) -> int:
        """How many tokens the documents have together."""
        return sum(block.tokens for block in self.blocks)

    @property
    def nonfinite(self) -> int:
        """How many values are NaN or infinite, in the shards in use."""
        return sum(row.nonfinite for row in self._used)

    @cached_property
    def blocks(self) -> tuple[Block, ...]:
        """Statistics by shard, in document order, their checksums compared; states stay on disk."""
        return tuple(_read_block(self._path(row), row, self.documents) for row in self._used)

    @cached_property
    def norms(self) -> Tensor:
        """Norm of every token at every depth: (depth, token)."""
        return torch.cat([block.norms for block in self.blocks], dim=1)

    def states(self, depth: int | slice = slice(None)) -> Tensor:
        """Hidden states (depth, token, width) in their stored dtype, or (token, width) of one depth."""
        if isinstance(depth, int) and not -self.depths <= depth < self.depths:
            raise ReprlabError(f"depth {depth}: this capture has the depths 0..{self.depths - 1}")
        return torch.cat([block.states(depth) for block in self.blocks], dim=-2)

    def first(self, documents: int) -> Capture:
        """The same capture, of its first documents only."""
        return replace(self, documents=documents)

    @property
    def truncated(self) -> int:
        """How many documents have as many tokens as the limit allows, so that longer ones were cut."""
        limit = self.identity.max_tokens
        return sum(int((np.diff(block.offsets) >= limit).sum()) for block in self.blocks)

    @property
    def _used(self) -> tuple[LedgerRow, ...]:
        return tuple(row for row in self.rows if row.start < self.documents)

    def _path(self, row: LedgerRow) -> Path:
        return self.folder / "shards" / row.shard


def open_capture(folder: Path) -> Capture:
    """The capture in a folder, as far as it is complete from the first document on."""
    manifest = read_manifest(folder)
    rows = sorted(read_ledger(folder), key=lambda row: row.start)
    documents = 0
    for row in rows:
        if row.start != documents:
            break
        documents = row.stop
    return Capture(folder, manifest, tuple(rows), documents)


def read_manifest(folder: Path, expected: Identity | None = None) -> Manifest:
    """A capture's manifest, checked against the identity expected and the folder that it lies in."""
    path = folder / "manifest.json"
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        if isinstance(data, dict) and data.get("format") != FORMAT:
            raise ReprlabError(
                f"'{path}' has format {data.get('format')}; this reprlab reads format {FORMAT}: "
                f"use the version that made it, or `reprlab cache remove {path.parent.name}`"
            )
        manifest = Manifest.model_validate(data)
    except OSError as error:
        raise ReprlabError(f"cannot read '{path}': {error.strerror}") from error
    except json.JSONDecodeError as error:
        raise ReprlabError(
            f"'{path}' is damaged ({error.msg}): `reprlab cache remove {path.parent.name}`"
        ) from error
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(map(str, first["loc"]))
        raise ReprlabError(
            f"'{path}' is damaged: {field}: {first['msg']}; `reprlab cache remove {path.parent.name}`"
        ) from error
    identity = manifest.identity
    for field in Identity.model_fields if expected else ():
        same(path, field, getattr(expected, field), getattr(identity, field))
    for field, wanted, found in (
        ("model", folder.parent.parent.name, slug(identity.model)),
        ("corpus", folder.parent.name, slug(identity.corpus)),
        ("digest", folder.name, identity.digest),
    ):
        same(path, field, wanted, found)
    return manifest


def read_ledger(folder: Path) -> list[LedgerRow]:
    path = folder / "ledger.jsonl"
    if not path.exists():
        return []
    whole, _, _cut = path.read_text(encoding="utf-8").rpartition("\n")
    try:
        return [LedgerRow.model_validate_json(line) for line in whole.splitlines()]
    except ValidationError as error:
        raise ReprlabError(
            f"'{path}' is damaged: `reprlab cache remove {path.parent.name}`, then make it again"
        ) from error


@contextmanager
def reading(path: Path) -> Generator[Any]:
    advice = "find all with `reprlab cache verify`, mend with `reprlab cache verify --drop-damaged`"
    try:
        with h5py.File(path, "r", rdcc_nbytes=0) as file:
            yield file
    except (OSError, KeyError) as error:
        raise ReprlabError(f"shard '{path}' is damaged or missing: {advice}") from error


def _read_block(path: Path, row: LedgerRow, documents: int) -> Block:
    if not path.is_file() or checksum(path) != row.checksum:
        raise ReprlabError(
            f"shard '{path}' is damaged or missing: find all with `reprlab cache verify`, "
            "mend with `reprlab cache verify --drop-damaged`"
        )
    with reading(path) as file:
        count = min(row.stop, documents) - row.start
        offsets = file["offsets"][: count + 1]
        tokens = int(offsets[-1])
        places = file["suspects/tokens"][:]
        suspects = int(np.searchsorted(places, tokens))
        names = ("mean", "m2", "cosine", "inner")
        parts = [torch.from_numpy(file[f"ordinary/{name}"][:count]) for name in names]
        counts = file["ordinary/count"][:count].tolist()
        return Block(
            file=path,
            tokens=tokens,
            offsets=offsets,
            ids=tuple(file["ids"].asstr()[:count]),
            norms=torch.from_numpy(file["norms"][:, :tokens]),
            suspects=torch.from_numpy(places[:suspects]),
            suspect_states=torch.from_numpy(file["suspects/states"][:, :suspects]),
            documents=tuple(Sums(n, *values) for n, *values in zip(counts, *parts, strict=True)),
        )


def _to_tensor(data: AnyArray, dtype: str | None) -> Tensor:
    return torch.from_numpy(data).view(torch.bfloat16) if dtype == "bfloat16" else torch.from_numpy(data)
