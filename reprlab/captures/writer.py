"""Captures on their way to the disk: locked, whole shards only, durable before they count."""

from __future__ import annotations

import os
import platform
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from filelock import FileLock, Timeout
from torch import Tensor

from reprlab.arrays import AnyArray
from reprlab.captures.capture import read_ledger, read_manifest, reading
from reprlab.captures.layout import LedgerRow, Manifest
from reprlab.captures.shard import ShardWriter
from reprlab.errors import ReprlabError
from reprlab.files import make_folder, write_whole
from reprlab.progress import Say

_MADE_WITH = ("torch", "transformers", "nnsight", "device")  # must agree to go on with a capture


@dataclass(frozen=True)
class Writer:
    """An open, locked capture: tells what is missing and adds shards."""

    folder: Path
    manifest: Manifest

    @property
    def rows(self) -> list[LedgerRow]:
        return sorted(read_ledger(self.folder), key=lambda row: row.start)

    def missing(self, documents: int) -> list[range]:
        """The ranges of documents that no shard holds yet."""
        gaps: list[range] = []
        at = 0
        for row in self.rows:
            if row.start > at:
                gaps.append(range(at, min(row.start, documents)))
            at = row.stop
        if at < documents:
            gaps.append(range(at, documents))
        return [gap for gap in gaps if gap]

    def threshold(self) -> Tensor | None:
        """The suspects' norms of this capture, (depth,), once it has a shard."""
        for row in self.rows:
            with reading(self.folder / "shards" / row.shard) as file:
                return torch.from_numpy(np.asarray(file.attrs["threshold"], dtype=np.float32))
        return None

    def shard(self, ids: Sequence[str], tokens: Sequence[AnyArray], start: int) -> ShardWriter:
        """A new shard for consecutive documents, given their ids and token ids."""
        return ShardWriter(self.folder, self.manifest, ids, tokens, start)


@contextmanager
def hold(
    root: Path, manifest: Manifest, *, force: bool = False, say: Say = lambda _: None
) -> Generator[Writer]:
    """Hold a capture for writing: made if it is new, gone on with if its makers agree."""
    folder = manifest.identity.folder(root)
    try:
        make_folder(folder / "shards")
    except OSError as error:
        raise ReprlabError(
            f"cannot write to the cache '{root}': {error.strerror}; set --cache or REPRLAB_CACHE"
        ) from error
    with locked(folder, say):
        if (folder / "manifest.json").exists():
            _agrees(folder, read_manifest(folder, manifest.identity), manifest, force)
        else:
            write_whole(folder / "manifest.json", manifest.model_dump_json(indent=1) + "\n")
        for left in (folder / "shards").glob(".*"):
            left.unlink()
        _mend_ledger(folder / "ledger.jsonl")
        yield Writer(folder, manifest)


def _agrees(folder: Path, there: Manifest, now: Manifest, force: bool) -> None:
    for key in _MADE_WITH:
        then, here = there.made_with.get(key), now.made_with.get(key)
        if then != here and not force:
            raise ReprlabError(
                f"the capture in '{folder}' was begun with {key} {then}, here is {here}: "
                "go on with --force, or remove it"
            )


def _mend_ledger(path: Path) -> None:
    """Take away a last line that a kill cut off, so that the next row starts a line."""
    if path.exists() and not (text := path.read_text(encoding="utf-8")).endswith("\n") and text:
        write_whole(path, text[: text.rfind("\n") + 1])


@contextmanager
def locked(folder: Path, say: Say) -> Generator[None]:
    lock = FileLock(folder / "lock")
    holder = folder / "holder"
    try:
        lock.acquire(timeout=0)
    except Timeout:
        who = holder.read_text() if holder.exists() else "another process"
        say(f"waiting: {who} is writing this capture ({folder})")
        lock.acquire()
    try:
        holder.write_text(f"process {os.getpid()} on {platform.node()}")
        yield
    finally:
        holder.unlink(missing_ok=True)
        lock.release()
