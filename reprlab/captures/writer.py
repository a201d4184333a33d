"""Captures on their way to the disk: locked, whole shards only, durable before they count."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from reprlab.arrays import AnyArray
from reprlab.captures.capture import Capture, open_capture, read_ledger, read_manifest
from reprlab.captures.layout import LedgerRow, Manifest
from reprlab.captures.locks import locked
from reprlab.captures.shard import ShardWriter
from reprlab.captures.shard_file import reading
from reprlab.errors import ReprlabError
from reprlab.files import make_folder, write_whole
from reprlab.foreign import is_file
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
            with reading(self.folder / "shards" / row.shard, row.checksum) as file:
                return torch.from_numpy(file.threshold(self.manifest))
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
    with _usable(root):
        make_folder(folder / "shards")
    with _usable(root), locked(folder, say):
        (folder / "shards").mkdir(exist_ok=True)  # who waited may have waited for its removal
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
    if path.exists() and not (data := path.read_bytes()).endswith(b"\n") and data:
        write_whole(path, data[: data.rfind(b"\n") + 1])


def complete(root: Path, manifest: Manifest, documents: int, *, force: bool = False) -> Capture | None:
    """The capture, where it has `documents` documents or more: only read, so nothing need be writable."""
    folder = manifest.identity.folder(root)
    if not is_file(folder / "manifest.json"):
        return None
    capture = open_capture(folder, manifest.identity)
    if capture.documents < documents:
        return None
    _agrees(folder, capture.manifest, manifest, force)
    return capture


@contextmanager
def _usable(root: Path) -> Generator[None]:
    """Turn what the disk says of a cache into one line."""
    try:
        yield
    except OSError as error:
        raise ReprlabError(
            f"cannot write to the cache '{root}': {error.strerror or error}; set --cache or REPRLAB_CACHE"
        ) from error
