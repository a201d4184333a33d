"""Safetensors as files: each tensor's name, dtype and shape; every size is checked against the file."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from reprlab.errors import ReprlabError

Whole = Annotated[int, Field(ge=0, lt=1 << 62)]

BITS = {
    **{"BOOL": 8, "U8": 8, "I8": 8, "U16": 16, "I16": 16, "U32": 32, "I32": 32, "U64": 64, "I64": 64},
    **{"F16": 16, "BF16": 16, "F32": 32, "F64": 64, "C64": 64, "F4": 4, "F6_E2M3": 6, "F6_E3M2": 6},
    **{"F8_E4M3": 8, "F8_E5M2": 8, "F8_E8M0": 8, "F8_E4M3FNUZ": 8, "F8_E5M2FNUZ": 8},
}


class TensorEntry(BaseModel):
    """One tensor in a file: `data_offsets` count from the end of the header."""

    model_config = ConfigDict(frozen=True, strict=True)
    dtype: str
    shape: tuple[Whole, ...]
    data_offsets: tuple[Whole, Whole]

    @property
    def count(self) -> int:
        """How many numbers it has."""
        return math.prod(self.shape)

    def fits(self, size: int) -> bool:
        """Whether its bytes lie in `size` bytes of data and are as many as its shape asks for."""
        begin, end = self.data_offsets
        bits = BITS.get(self.dtype)
        return begin <= end <= size and (bits is None or -(-self.count * bits // 8) == end - begin)


_HEADER = TypeAdapter(dict[str, TensorEntry | dict[str, str]])


def tensors_in(file: Path) -> dict[str, TensorEntry]:
    """The tensors of a safetensors file, from its header: 8 bytes of length, JSON, data.

    Raises `ReprlabError` where the file is none, or where a length or an offset leaves the file.
    """
    try:
        size = file.stat().st_size
        with file.open("rb") as stream:
            length = int.from_bytes(stream.read(8), "little")
            if size < 8 or length > size - 8:
                raise _damaged(file)
            header = _HEADER.validate_json(stream.read(length), strict=True)
    except ValidationError as error:
        raise _damaged(file) from error
    except OSError as error:
        raise ReprlabError(f"cannot read '{file}': {error.strerror}") from error
    header.pop("__metadata__", None)
    entries = {name: entry for name, entry in header.items() if isinstance(entry, TensorEntry)}
    if len(entries) < len(header) or not all(entry.fits(size - 8 - length) for entry in entries.values()):
        raise _damaged(file)
    return entries


def tensors_of(folder: Path) -> dict[str, TensorEntry]:
    """The tensors of all safetensors files of a folder."""
    return {
        name: entry
        for file in sorted(folder.glob("*.safetensors"))
        for name, entry in tensors_in(file).items()
    }


def _damaged(file: Path) -> ReprlabError:
    return ReprlabError(f"'{file}' is no safetensors file, or a damaged one: fetch it again")
