"""Captures as they lie on disk: found, opened, checked; states are read when they are asked for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from pydantic import ValidationError

from reprlab.captures.layout import FORMAT, Identity, LedgerRow, Manifest, TextIdentity, calibration_of, same
from reprlab.counts import counted
from reprlab.errors import ReprlabError
from reprlab.files import slug
from reprlab.foreign import is_there, parsed, problem, read_bytes, read_text, validated
from reprlab.provenance import SINK_FACTOR, Provenance
from reprlab.schedules.schedule import Schedule

if TYPE_CHECKING:
    from torch import Tensor

    from reprlab.captures.blocks import ShardData


@dataclass(frozen=True)
class Capture:
    """Hidden states of one network on one corpus under one schedule: (depth, token, width)."""

    folder: Path
    manifest: Manifest
    rows: tuple[LedgerRow, ...]
    documents: int
    alias: str = ""

    def __repr__(self) -> str:
        size = f"{counted(self.documents, 'document')}, {counted(self.depths, 'depth')} x {self.width}"
        return f"<Capture of {self.label} on {self.identity.corpus}: {size}>"

    @property
    def label(self) -> str:
        """What results call the model: its name, or another where other weights have that name."""
        return self.alias or self.identity.model

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
    def provenance(self) -> Provenance:
        """Model, corpus and versions, with all of the capture's tokens."""
        return Provenance(
            model=self.label,
            note=self.manifest.note,
            corpus=self.identity.corpus,
            documents=self.documents,
            tokens=self.tokens,
            excluded=0,
            policy="all",
            sink_factor=SINK_FACTOR,
            dtype=self.identity.dtype,
            layers=self.manifest.layers,
            made_with=dict(sorted(self.manifest.made_with.items())),
            schedule=self.identity.schedule,
            stored=self.identity.stored,
        )

    @property
    def is_full(self) -> bool:
        """Whether it is of the model as it is, not of another schedule."""
        return self.identity.schedule == str(Schedule.full(self.manifest.layers))

    @property
    def calibration(self) -> str:
        """What a block `=digest` names these documents by: a digest of the identity and their number."""
        return calibration_of(self.identity, self.documents)

    @property
    def texts(self) -> TextIdentity:
        """Which texts and tokens these are."""
        of = self.identity
        return TextIdentity(of.corpus, of.corpus_digest, of.tokenizer, of.max_tokens)

    @property
    def widths(self) -> list[int]:
        """The width at every depth: one and the same."""
        return [self.width] * self.depths

    @property
    def exact(self) -> bool:
        """Whether products are taken in float64: no, states are float32 at most."""
        return False

    @property
    def has_states(self) -> bool:
        """Whether there are states, not only sums over them."""
        return self.identity.states

    @property
    def offsets(self) -> tuple[int, ...]:
        """Where documents begin among the tokens, and the end."""
        return self._offsets

    @cached_property
    def _offsets(self) -> tuple[int, ...]:
        lengths = [int(n) for block in self.blocks for n in np.diff(block.offsets)]
        return (0, *accumulate(lengths))

    @property
    def nonfinite_words(self) -> str:
        """A sentence on the values that are NaN or infinite; empty where there are none."""
        if not self.nonfinite:
            return ""
        row = next(row for row in self.rows if row.first_nonfinite)
        depth, document, token = row.first_nonfinite or (0, "", 0)
        return (
            f"NaN: {self.nonfinite:,} values are NaN or infinite, the first at depth {depth}, "
            f"document '{document}', token {token}."
        )

    @property
    def nonfinite(self) -> int:
        """How many values are NaN or infinite, in the shards in use."""
        return sum(row.nonfinite for row in self._used)

    @property
    def blocks(self) -> tuple[ShardData, ...]:
        """Statistics by shard, in document order, their checksums compared; states stay on disk."""
        return self._blocks

    @cached_property
    def _blocks(self) -> tuple[ShardData, ...]:
        from reprlab.captures.blocks import read_block

        return tuple(read_block(self._path(row), row, self.documents, self.manifest) for row in self._used)

    @property
    def norms(self) -> Tensor:
        """Norm of every token at every depth: (depth, token)."""
        return self._norms

    @cached_property
    def _norms(self) -> Tensor:
        from reprlab.captures.blocks import joined

        return joined([block.norms for block in self.blocks], 1)

    def states(self, depth: int | slice = slice(None)) -> Tensor:
        """Hidden states (depth, token, width) in their stored dtype, or (token, width) of one depth."""
        if isinstance(depth, int) and not -self.depths <= depth < self.depths:
            raise ReprlabError(f"depth {depth}: this capture has the depths 0..{self.depths - 1}")
        from reprlab.captures.blocks import joined

        return joined([block.states(depth) for block in self.blocks], -2)

    def at(self, places: Tensor, depths: slice = slice(None)) -> list[Tensor]:
        """States (token, width) of the tokens at rising places, one a depth; only they are read."""
        from reprlab.captures.blocks import states_at

        return states_at(self.blocks, places, self.widths, depths)

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


def open_capture(folder: Path, expected: Identity | None = None) -> Capture:
    """The capture in a folder, as far as it is complete from the first document on; see `read_manifest`."""
    manifest = read_manifest(folder, expected)
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
    advice = f"`reprlab cache remove {path.parent.name}`"
    text = read_text(path)
    try:
        data = parsed(f"'{path}'", text)
    except ReprlabError as error:
        raise ReprlabError(f"{error}: it is damaged; {advice}") from error
    if isinstance(data, dict) and data.get("format") != FORMAT:
        raise ReprlabError(
            f"'{path}' has format {data.get('format')}; this reprlab reads format {FORMAT}: "
            f"use the version that made it, or {advice}"
        )
    try:
        manifest = validated(Manifest, data)
    except ValueError as error:
        raise ReprlabError(f"'{path}' is damaged: {error}; {advice}") from error
    identity = manifest.identity
    for field in Identity.model_fields if expected else ():
        same(path, field, getattr(expected, field), getattr(identity, field))
    for field, wanted, actual in (
        ("model", folder.parent.parent.name, slug(identity.model)),
        ("corpus", folder.parent.name, slug(identity.corpus)),
        ("digest", folder.name, identity.digest),
    ):
        same(path, field, wanted, actual)
    return manifest


def read_ledger(folder: Path) -> list[LedgerRow]:
    path = folder / "ledger.jsonl"
    if not is_there(path):
        return []
    whole, _, _cut = read_bytes(path).rpartition(b"\n")
    try:
        return [LedgerRow.model_validate_json(line, strict=True) for line in whole.splitlines() if line]
    except ValidationError as error:
        raise ReprlabError(
            f"'{path}' is damaged: {problem(error)}; `reprlab cache remove {path.parent.name}`, "
            "then make it again"
        ) from error
