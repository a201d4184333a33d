"""The lock of a capture's folder: one process writes or drops, others wait."""

from __future__ import annotations

import os
import platform
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from reprlab.progress import Say


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
