"""What a cache holds: captures found, checked, and removed."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from filelock import FileLock, Timeout

from reprlab.captures.capture import Capture, open_capture, read_ledger
from reprlab.captures.layout import LedgerRow, checksum, ledger_line
from reprlab.captures.locks import locked
from reprlab.errors import ReprlabError
from reprlab.files import slug, write_whole
from reprlab.foreign import is_file

_DIFFERS = "checksum differs"


def captures(root: Path) -> Iterator[Capture]:
    """Every capture in a cache that can be opened, by model and corpus."""
    for folder in folders(root):
        with suppress(ReprlabError):
            yield open_capture(folder)


def unreadable(root: Path) -> Iterator[tuple[Path, ReprlabError]]:
    """The folders of a cache whose manifest or ledger cannot be used, and why."""
    for folder in folders(root):
        try:
            open_capture(folder)
        except ReprlabError as error:
            yield folder, error


def folders(root: Path) -> list[Path]:
    """The folders of a cache that hold captures, usable or not."""
    return sorted(path.parent for path in root.glob("*/*/*/manifest.json"))


def find(root: Path, model: str, corpus: str, **wanted: object) -> list[Capture]:
    """The captures of a model on a corpus whose identity has the wanted fields (None: any)."""
    folder = root / slug(model) / slug(corpus)
    there = [open_capture(path.parent) for path in sorted(folder.glob("*/manifest.json"))]
    fields = {key: value for key, value in wanted.items() if value is not None}
    return [c for c in there if all(getattr(c.identity, k) == v for k, v in fields.items())]


def damaged(capture: Capture) -> list[tuple[LedgerRow, str]]:
    """The shards whose file is missing or whose checksum differs, with what is wrong."""
    faults: list[tuple[LedgerRow, str]] = []
    for row in capture.rows:
        path = capture.folder / "shards" / row.shard
        try:
            fault = "missing" if not is_file(path) else "" if checksum(path) == row.checksum else _DIFFERS
        except OSError as error:
            fault = f"cannot be read: {error.strerror}"
        if fault:
            faults.append((row, fault))
    return faults


def drop(capture: Capture, rows: Sequence[LedgerRow]) -> None:
    """Take rows out of the ledger, so that the next capture computes their documents again."""
    gone = {row.shard for row in rows}
    with locked(capture.folder, None):
        rest = [row for row in read_ledger(capture.folder) if row.shard not in gone]
        write_whole(capture.folder / "ledger.jsonl", "".join(ledger_line(row) for row in rest))


def remove(root: Path, folder: Path) -> None:
    """Delete a capture's folder or a file of answers; nothing outside the cache, nor through a link."""
    links = [path for path in (folder, folder.parent, folder.parent.parent) if path.is_symlink()]
    if links or folder.resolve().parent.parent.parent != root.resolve():
        raise ReprlabError(f"'{folder}' leads out of the cache '{root}': not removed")
    try:
        if folder.is_dir():
            with locked(folder, None):
                shutil.rmtree(folder)
        else:
            _remove_answers(folder)
        for parent in (folder.parent, folder.parent.parent):
            if not any(parent.iterdir()):
                parent.rmdir()
    except OSError as error:
        raise ReprlabError(f"cannot remove '{folder}': {error.strerror or error}") from error


def _remove_answers(file: Path) -> None:
    """Delete a file of answers under its lock, with the journal of a write that broke off."""
    lock = FileLock(file.with_suffix(".lock"))
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        raise ReprlabError(
            f"another process is writing '{file}': wait for its end, or stop it, and try again"
        ) from error
    try:
        for one in (file.with_name(f"{file.name}-journal"), file, file.with_suffix(".lock")):
            one.unlink(missing_ok=True)
    finally:
        lock.release()
