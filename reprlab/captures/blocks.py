"""Shards of a capture as tensors: the statistics of their documents, and their states on request."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from reprlab.arrays import AnyArray
from reprlab.captures.layout import LedgerRow, Manifest
from reprlab.captures.shard_file import reading
from reprlab.captures.sums import Sums, merge, sums
from reprlab.errors import ReprlabError


@dataclass(frozen=True)
class ShardData:
    """The statistics of one shard's documents, and its states on request."""

    file: Path
    tokens: int
    width: int
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
            data = file.data("states", (len(self.norms), None, self.width), "fu")
            return _to_tensor(data[depth, first:last], data.attrs.get("dtype"))


def joined(parts: Sequence[Tensor], dim: int) -> Tensor:
    """Tensors of shards one after the other along a dimension."""
    return torch.cat(list(parts), dim=dim)


def states_at(
    blocks: Sequence[ShardData], places: Tensor, widths: Sequence[int], depths: slice
) -> list[Tensor]:
    """States (token, width) of the tokens at rising places, one a depth; only they are read."""
    firsts = [0, *accumulate(block.tokens for block in blocks)]  # of each shard, and the end
    parts: list[Tensor] = []
    done = 0
    while done < len(places):
        shard = bisect_right(firsts, int(places[done])) - 1
        first, end = firsts[shard : shard + 2]
        here = places[done:][places[done:] < end] - first
        low = int(here[0])
        states = blocks[shard].states(depths, slice(low, int(here[-1]) + 1))
        parts.append(states if len(here) == states.shape[1] else states[:, here - low])
        done += len(here)
    if not parts:
        return [torch.zeros(0, width) for width in widths[depths]]
    return list(parts[0] if len(parts) == 1 else torch.cat(parts, 1))


def document_sums(blocks: Sequence[ShardData], out: Tensor) -> list[Sums]:
    """The sums of each document's tokens but those left out, without reading states if they suffice."""
    summed: list[Sums] = []
    for block, mask in zip(blocks, out.split([b.tokens for b in blocks]), strict=True):
        suspect = torch.zeros(block.tokens, dtype=torch.bool)
        suspect[block.suspects] = True
        covered = not bool((mask & ~suspect).any())
        summed += _from_sums(block, mask) if covered else _from_states(block, mask)
    return summed


def _from_sums(block: ShardData, out: Tensor) -> Iterator[Sums]:
    for i, ordinary in enumerate(block.documents):
        inside = (block.suspects >= int(block.offsets[i])) & (block.suspects < int(block.offsets[i + 1]))
        rejoining = inside & ~out[block.suspects]
        yield merge(ordinary, sums(block.suspect_states[:, rejoining])) if rejoining.any() else ordinary


def _from_states(block: ShardData, out: Tensor) -> Iterator[Sums]:
    states = block.states()
    for a, b in pairwise(map(int, block.offsets)):
        yield sums(states[:, a:b][:, ~out[a:b]])


def read_block(path: Path, row: LedgerRow, documents: int, manifest: Manifest) -> ShardData:
    """A shard's first documents, checksum compared; all parts have the shapes of manifest and ledger."""
    depths, width, all_documents = manifest.depths, manifest.width, row.stop - row.start
    shapes = dict.fromkeys(("mean", "m2"), (all_documents, depths, width))
    shapes |= dict.fromkeys(("cosine", "inner"), (all_documents, depths, depths))
    count = min(row.stop, documents) - row.start
    with reading(path, row.checksum) as file:
        offsets = file.offsets(row)[: count + 1]
        tokens = int(offsets[-1])
        places = file.suspects(row.tokens)
        inside = int(np.searchsorted(places, tokens))
        suspects = file.data("suspects/states", (depths, len(places), width), "f")
        parts = [
            torch.from_numpy(file.data(f"ordinary/{name}", shape, "f")[:count])
            for name, shape in shapes.items()
        ]
        counts = file.data("ordinary/count", (all_documents,), "i")[:count].tolist()
        return ShardData(
            file=path,
            tokens=tokens,
            width=width,
            offsets=offsets,
            ids=tuple(file.data("ids", (all_documents,), "O").asstr()[:count]),
            norms=torch.from_numpy(file.data("norms", (depths, row.tokens), "f")[:, :tokens]),
            suspects=torch.from_numpy(places[:inside]),
            suspect_states=torch.from_numpy(suspects[:, :inside]),
            documents=tuple(Sums(n, *values) for n, *values in zip(counts, *parts, strict=True)),
        )


def _to_tensor(data: AnyArray, dtype: str | None) -> Tensor:
    return torch.from_numpy(data).view(torch.bfloat16) if dtype == "bfloat16" else torch.from_numpy(data)
