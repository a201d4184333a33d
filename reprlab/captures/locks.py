"""The lock of a capture's folder: one process writes or drops, others wait or are refused."""

from __future__ import annotations

import os
import platform
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from reprlab.errors import ReprlabError
from reprlab.progress import Say


@contextmanager
def locked(folder: Path, say: Say | None) -> Generator[None]:
    """Hold a capture's lock; where another process has it, wait and `say` so, or with None refuse."""
    holder = folder / "holder"
    lock = _lock(folder, say)
    try:
        holder.write_text(f"process {os.getpid()} on {platform.node()}")
        yield
    finally:
        holder.unlink(missing_ok=True)
        lock.release()


def _lock(folder: Path, say: Say | None) -> FileLock:
    """The lock of a folder that is still there once it is had: the one who waits may wait for its removal."""
    lock = FileLock(folder / "lock")
    while True:
        folder.mkdir(parents=True, exist_ok=True)
        try:
            lock.acquire(timeout=0)
        except Timeout as error:
            who = _who(folder / "holder")
            if say is None:
                raise ReprlabError(
                    f"{who} is writing '{folder}': wait for its end, or stop it, and try again"
                ) from error
            say(f"waiting: {who} is writing this capture ({folder})")
            lock.acquire()
        if (folder / "lock").exists():
            return lock
        lock.release()


def _who(holder: Path) -> str:
    try:
        return holder.read_text(encoding="utf-8")[:200] or "another process"
    except (OSError, ValueError):
        return "another process"
