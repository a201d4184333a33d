"""Dequantised copies of GGUF files: where they lie, and whether one is whole."""

from __future__ import annotations

import json
from collections.abc import Sequence
from glob import escape
from pathlib import Path
from typing import Any

from reprlab.files import slug
from reprlab.models.content import byte_digest
from reprlab.models.weights import memories
from reprlab.progress import Say

COPY = "copy.json"  # written last: the dtype of a copy, and the size of each of its files


def copy_folder(gguf: Path, models: Path, dtype: str = "float32", *, say: Say = lambda _: None) -> Path:
    """Where a file's copy in a dtype lies; the digest of all its bytes names it, and a dtype but float32."""
    ending = "" if dtype == "float32" else f"-{dtype}"
    return (
        models / ".dequantised" / f"{_stem(gguf)}{byte_digest(gguf, memories(models), say=say)[:16]}{ending}"
    )


def copies_of(gguf: Path, models: Path, dtypes: Sequence[str]) -> Path | None:
    """The first whole copy of a file in some dtypes; without any copy the file's bytes need no reading."""
    if not any((models / ".dequantised").glob(f"{escape(_stem(gguf))}*")):
        return None
    copies = (copy_folder(gguf, models, dtype) for dtype in dtypes)
    return next((copy for copy in copies if is_whole(copy)), None)


def _stem(gguf: Path) -> str:
    return f"{slug(gguf.stem)}-"


def is_whole(folder: Path) -> bool:
    """Whether a copy has every file that it was written with."""
    listed = (_json(folder / COPY) or {}).get("files")
    return isinstance(listed, dict) and all(_size(folder / name) == size for name, size in listed.items())


def _json(path: Path) -> dict[str, Any] | None:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else -1
