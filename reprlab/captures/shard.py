"""One shard on its way to the disk: documents in any order, whole and durable before it counts."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import torch
from torch import Tensor

from reprlab.arrays import AnyArray
from reprlab.captures.layout import LARGEST, LedgerRow, Manifest, Statistics, checksum, ledger_line
from reprlab.captures.sums import Sums
from reprlab.errors import ReprlabError
from reprlab.files import append_line, fsync, on_disk


class ShardWriter:
    """One shard on its way to the disk: documents in any order, then `finish`."""

    def __init__(
        self, folder: Path, manifest: Manifest, ids: Sequence[str], tokens: Sequence[AnyArray], start: int
    ) -> None:
        self.folder, self.manifest, self.ids, self.start = folder, manifest, ids, start
        self.name = f"{start:08d}.h5"
        self.tokens = tokens
        self.offsets = np.cumsum([0, *map(len, tokens)], dtype=np.int64)
        self.path = folder / "shards" / f".{self.name}"
        self.depths, self.width = manifest.depths, manifest.width
        self.stored = manifest.identity.stored
        self.norms = torch.empty(self.depths, int(self.offsets[-1]))
        self.sums: dict[int, Sums] = {}
        self.suspects: dict[int, tuple[Tensor, Tensor]] = {}  # places, states
        self.largest: list[tuple[Tensor, Tensor, Tensor]] = []
        self.nonfinite, self.first_nonfinite = 0, None
        with on_disk(self.path):
            _reserve(self.path, self._size())  # HDF5 cannot even close a file on a full disk
            self.file: Any = h5py.File(self.path, "w", libver="v110", rdcc_nbytes=0)
            _reserve(self.path, self._size())  # opening it gave the room back
            self.states: Any = None
            if manifest.identity.states:
                shape = (self.depths, int(self.offsets[-1]), self.width)
                kind = np.uint16 if self.stored == "bfloat16" else np.dtype(self.stored)
                self.states = self.file.create_dataset("states", shape, kind)
                if self.stored == "bfloat16":
                    self.states.attrs["dtype"] = "bfloat16"

    def add(self, index: int, states: Tensor, statistics: Statistics) -> None:
        """Write one document's states (depth, token, width) and keep its statistics."""
        first, last = int(self.offsets[index]), int(self.offsets[index + 1])
        self.norms[:, first:last] = statistics.norms
        self.sums[index] = statistics.ordinary
        self.suspects[index] = (statistics.suspects + first, statistics.suspect_states)
        value, token, channel = statistics.largest
        self.largest.append((value, token + first, channel))
        self._count_nonfinite(index, states, statistics)
        if self.manifest.identity.states:
            data = self._narrow(index, states)
            with on_disk(self.path):
                self.states[:, first:last] = data

    def finish(self, threshold: Tensor) -> LedgerRow:
        """Write the statistics, make the file durable, put it in place and add its ledger row."""
        with on_disk(self.path):
            self._write_statistics(threshold)
            self.file.flush()
            used = self.file.id.get_filesize()
            self.file.close()
            os.truncate(self.path, used)
            fsync(self.path)
            digest, size = checksum(self.path), self.path.stat().st_size
            final = self.path.with_name(self.name)
            self.path.rename(final)
            fsync(final.parent)
            row = LedgerRow(
                shard=self.name,
                start=self.start,
                stop=self.start + len(self.ids),
                tokens=int(self.offsets[-1]),
                bytes=size,
                checksum=digest,
                nonfinite=self.nonfinite,
                first_nonfinite=self.first_nonfinite,
            )
            append_line(self.folder / "ledger.jsonl", ledger_line(row))
        return row

    def abandon(self) -> None:
        """Close and delete an unfinished shard."""
        with suppress(OSError, RuntimeError):
            self.file.close()
        self.path.unlink(missing_ok=True)

    def _size(self) -> int:
        """Bytes that are enough for the file, some of its statistics counted twice."""
        tokens, documents = int(self.offsets[-1]), len(self.ids)
        bytes_of_states = tokens * self.width * self.depths * (4 if self.stored == "float32" else 2)
        states = bytes_of_states if self.manifest.identity.states else 0
        one = self.depths * (self.width * 2 + self.depths * 2) * 8
        suspects = tokens * self.depths * self.width * 4 // 8
        return states + documents * (one + 100) + suspects + tokens * (self.depths * 4 + 8) + (1 << 16)

    def _count_nonfinite(self, index: int, states: Tensor, statistics: Statistics) -> None:
        if bool(statistics.norms.isfinite().all()):
            return
        bad = ~states.isfinite()
        self.nonfinite += int(bad.sum())
        if self.first_nonfinite is None and bad.any():
            depth, token, _ = bad.nonzero()[0].tolist()
            self.first_nonfinite = (depth, self.ids[index], token)

    def _narrow(self, index: int, states: Tensor) -> AnyArray:
        narrowed = states.to(getattr(torch, self.stored)).contiguous()
        lost = states.isfinite() & ~narrowed.isfinite() if narrowed.dtype != states.dtype else None
        if lost is not None and lost.any():
            depth, token, _ = lost.nonzero()[0].tolist()
            value = float(states[depth, token].abs().max())
            raise ReprlabError(
                f"{self.stored} cannot hold {value:.6g} at depth {depth}, document '{self.ids[index]}', "
                f"token {token}: store float32 or bfloat16"
            )
        if narrowed.dtype == torch.bfloat16:
            return narrowed.view(torch.uint16).numpy()
        return narrowed.numpy()

    def _write_statistics(self, threshold: Tensor) -> None:
        order = sorted(self.sums)
        documents = [self.sums[i] for i in order]
        data: dict[str, Any] = {
            "norms": self.norms.numpy(),
            "tokens": np.concatenate(self.tokens).astype(np.int32),
            "offsets": self.offsets,
            "ordinary/count": np.array([d.count for d in documents], dtype=np.int64),
            "suspects/tokens": torch.cat([self.suspects[i][0] for i in order]).numpy(),
            "suspects/states": torch.cat([self.suspects[i][1] for i in order], dim=1).numpy(),
        }
        for name in ("mean", "m2", "cosine", "inner"):
            data[f"ordinary/{name}"] = torch.stack([getattr(d, name) for d in documents]).numpy()
        value, token, channel = (torch.cat(part, 1) for part in zip(*self.largest, strict=True))
        top = value.abs().nan_to_num(torch.inf).topk(min(LARGEST, value.shape[1]), dim=1).indices
        for name, part in (("value", value), ("token", token), ("channel", channel)):
            data[f"largest/{name}"] = part.gather(1, top).numpy()
        for name, array in data.items():
            self.file.create_dataset(name, data=array)
        self.file.create_dataset("ids", data=list(self.ids), dtype=h5py.string_dtype())
        self.file.attrs["threshold"] = threshold.numpy()


def _reserve(path: Path, size: int) -> None:
    """Make the disk promise room, where it can: a refusal comes now, not in the middle of a write."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT)
    try:
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(handle, 0, size)
    except OSError:
        path.unlink()
        raise
    finally:
        os.close(handle)
