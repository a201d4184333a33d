"""Room on the disk and in memory, in words."""

from __future__ import annotations

import shutil
from pathlib import Path

from reprlab.errors import ReprlabError
from reprlab.memory import free_bytes


def in_words(count: int) -> str:
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.0f} MB"


def enough_disk(needed: int, folder: Path, name: str) -> None:
    there = next(f for f in (folder, *folder.parents) if f.exists())
    free = shutil.disk_usage(there).free
    if needed > free:
        raise ReprlabError(
            f"'{name}' needs {in_words(needed)} in '{folder}', where {in_words(free)} are free: "
            "make room, or set --models-dir or HF_HOME"
        )


def enough_memory(needed: int, what: str) -> None:
    """Refuse work that this machine has no memory for, swap included."""
    free = free_bytes(swap=True)
    if needed > free:
        raise ReprlabError(
            f"{what} needs {in_words(needed)} of memory, where {in_words(free)} are free: stop other programs"
        )
