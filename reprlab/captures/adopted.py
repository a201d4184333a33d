"""Captures made under an old digest of their weights get the digest that these have now."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from reprlab.captures.capture import open_capture, read_ledger, read_manifest
from reprlab.captures.layout import Identity, Manifest
from reprlab.captures.writer import locked
from reprlab.errors import ReprlabError
from reprlab.files import fsync, on_disk, write_whole
from reprlab.progress import Say
from reprlab.provenance import ADOPTED


def adopt_capture(root: Path, folder: Path, now: Identity, scratch: Path, say: Say = lambda _: None) -> Path:
    """Give a capture's folder another identity, and record that it was adopted; gives the new folder.

    The shards stay as they are. A new folder of links to them is made in `scratch` and takes its name in
    one step, then the old one goes: at every moment one of both is whole. Raises `ReprlabError` where another
    capture has the new name.
    """
    target = now.folder(root)
    if folder.resolve().parent.parent.parent != root.resolve() or folder.is_symlink():
        raise ReprlabError(f"'{folder}' leads out of the cache '{root}': not adopted")
    with locked(folder, say), on_disk(target):
        before = read_manifest(folder)
        if not target.exists():
            makers = {**before.made_with, "weights": ADOPTED}
            made = _linked(
                folder,
                scratch / target.name,
                before.model_copy(update={"identity": now, "made_with": makers}),
            )
            made.rename(target)
            fsync(target.parent)
        if not superseded(folder, target):
            raise ReprlabError(f"'{folder}' was captured again as '{target.name}': not adopted")
        gone = scratch / f"{folder.name}.old"
        folder.rename(gone)
        fsync(gone.parent)
    shutil.rmtree(gone, ignore_errors=True)
    return target


def superseded(folder: Path, target: Path) -> bool:
    """Whether a capture was adopted as another already, with all that it holds."""
    there = open_capture(target)
    adopted = there.manifest.made_with.get("weights") == ADOPTED
    return adopted and set(read_ledger(folder)) <= set(there.rows)


def _linked(folder: Path, made: Path, manifest: Manifest) -> Path:
    """A folder with a capture's shards and ledger under another manifest."""
    shutil.rmtree(made, ignore_errors=True)  # what a killed call left
    (made / "shards").mkdir(parents=True)
    for row in read_ledger(folder):
        if (shard := folder / "shards" / row.shard).is_file():
            _link(shard, made / "shards" / row.shard)
    if (ledger := folder / "ledger.jsonl").is_file():
        write_whole(made / "ledger.jsonl", ledger.read_bytes())
    write_whole(made / "manifest.json", manifest.model_dump_json(indent=1) + "\n")
    fsync(made / "shards")
    return made


def _link(file: Path, link: Path) -> None:
    try:
        os.link(file, link)
    except OSError:  # a file system without hard links
        shutil.copyfile(file, link)
        fsync(link)
