"""The head of a GGUF file, read within the file's bounds before another library reads it."""

from __future__ import annotations

import math
import os
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from reprlab.errors import ReprlabError

_SMALL = 1 << 31  # bytes of a float32 copy that is made whole
_SIZES = (1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8)  # of a value by its kind; 8 is a text, 9 a list
_TEXT, _LIST = 8, 9
_SHORTEST = 8  # bytes of a text or a list, at least


@dataclass(frozen=True)
class GgufHead:
    """What a GGUF file says of itself: its architecture, and how many numbers its tensors hold."""

    architecture: str
    numbers: int

    def dtype(self, asked: str) -> str:
        """What a copy is written in: float32 where that is small or asked for, and for float16."""
        return "float32" if self.numbers * 4 <= _SMALL or asked in {"float32", "float16"} else "bfloat16"

    def bytes(self, dtype: str) -> int:
        """The size of a copy's tensors."""
        return self.numbers * (4 if dtype == "float32" else 2)


def gguf_head(path: Path) -> GgufHead:
    """The head of a GGUF file. Raises `ReprlabError` for what is none, is cut off, or counts past its end."""
    try:
        with path.open("rb") as file:
            return _HeadReader(file, path.stat().st_size).head()
    except OSError as error:
        raise ReprlabError(f"cannot read '{path}': {error.strerror}") from error
    except (ValueError, IndexError, struct.error, OverflowError) as error:
        raise ReprlabError(f"'{path}' is no GGUF file, or a damaged one ({error}): fetch it again") from error


class _HeadReader:
    """Reads values one after another; none may reach beyond the file."""

    def __init__(self, file: IO[bytes], size: int) -> None:
        self.file, self.size = file, size

    def head(self) -> GgufHead:
        magic = self.file.read(4)
        if magic != b"GGUF":
            raise ValueError(_other(magic))
        version = self.number("<I")
        if version not in {2, 3}:
            raise ValueError(f"its version is {version}; there are 2 and 3")
        tensors, fields = self.count(24), self.count(13)
        values = {self.text(): self.value(self.number("<I")) for _ in range(fields)}
        ends = [self.tensor() for _ in range(tensors)]
        unit = values.get("general.alignment") or 32
        if not isinstance(unit, int) or unit < 1:
            raise ValueError(f"its alignment is {unit}")
        start = -(-self.file.tell() // unit) * unit
        if not ends:
            raise ValueError("it holds no tensors")
        if start + max(end for end, _ in ends) > self.size:
            raise ValueError("it is cut off")
        return GgufHead(str(values.get("general.architecture", "")), sum(count for _, count in ends))

    def number(self, kind: str) -> Any:
        raw = self.file.read(struct.calcsize(kind))
        return struct.unpack(kind, raw)[0]

    def count(self, least: int) -> int:
        """How many things follow, each of at least `least` bytes."""
        found = self.number("<Q")
        if found * least > self.size - self.file.tell():
            raise ValueError("it counts more than it holds")
        return found

    def text(self) -> str:
        return self.file.read(self.count(1)).decode(errors="replace")

    def value(self, kind: int, depth: int = 0) -> Any:
        if kind == _TEXT:
            return self.text()
        if kind == _LIST:
            return self._list(depth)
        if kind >= len(_SIZES):
            raise ValueError(f"a value of kind {kind}")
        raw = self.file.read(_SIZES[kind])
        if len(raw) < _SIZES[kind]:
            raise ValueError("it is cut off")
        return int.from_bytes(raw, "little")

    def _list(self, depth: int) -> None:
        """Pass over a list."""
        kind = self.number("<I")
        if kind >= len(_SIZES) or depth > 3:
            raise ValueError(f"a list of kind {kind}")
        count = self.count(_SIZES[kind] or _SHORTEST)
        if _SIZES[kind]:
            self.file.seek(count * _SIZES[kind], os.SEEK_CUR)
            return
        for _ in range(count):
            self.value(kind, depth + 1)

    def tensor(self) -> tuple[int, int]:
        """Where a tensor begins after the head, and how many numbers it has."""
        self.text()
        rank = self.number("<I")
        if not 1 <= rank <= 4:
            raise ValueError(f"a tensor of {rank} axes")
        shape = [self.number("<Q") for _ in range(rank)]
        self.number("<I")
        count, offset = math.prod(shape), self.number("<Q")
        if count > self.size * 8:  # a number takes a bit and more
            raise ValueError("a tensor is larger than the file")
        return offset + count // 8, count


def _other(magic: bytes) -> str:
    if magic == b"vers":
        return "it is a pointer of Git LFS: run `git lfs pull`"
    return "it is empty" if not magic else "it does not begin with GGUF"
