"""A shard's file as it is read: every data set of the kind and shape that it must have, inside this file."""

from __future__ import annotations

import math
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from reprlab.arrays import AnyArray
from reprlab.captures.layout import LedgerRow, Manifest, checksum
from reprlab.errors import ReprlabError
from reprlab.foreign import is_file

_ADVICE = "find all with `reprlab cache verify`, mend with `reprlab cache verify --drop-damaged`"
_WRONG = (OSError, LookupError, TypeError, ValueError, AttributeError, RuntimeError, MemoryError)


class ShardFile:
    """An open shard; every data set is checked before it is read."""

    def __init__(self, file: Any, size: int) -> None:
        self._file, self._size = file, size

    def __contains__(self, name: str) -> bool:
        return name in self._file

    def data(self, name: str, shape: tuple[int | None, ...], kinds: str) -> Any:
        """A data set of a shape (None: any size) whose dtype's letter is one of `kinds`.

        Raises `ValueError` for what lies outside this file (links, virtual and external data), is packed, or
        says that it has more numbers than the file has bytes.
        """
        place, known = self._file, ""
        for part in name.split("/"):
            known = f"{known}/{part}"
            if not isinstance(place.get(part, getlink=True), h5py.HardLink):
                raise ValueError(f"'{known}' is missing, or a link")
            place = place[part]
        if not isinstance(place, h5py.Dataset):
            raise ValueError(f"'{name}' is no data set")
        if place.is_virtual or place.external or place.chunks:
            raise ValueError(f"'{name}' does not lie in this file as it is")
        if place.dtype.kind not in kinds or len(place.shape) != len(shape):
            raise ValueError(f"'{name}' has the shape {place.shape} of {place.dtype}")
        if any(wanted not in (None, size) for wanted, size in zip(shape, place.shape, strict=True)):
            raise ValueError(f"'{name}' has the shape {place.shape}, expected {shape}")
        if math.prod(place.shape) * place.id.get_type().get_size() > self._size:
            raise ValueError(f"'{name}' says that it has the shape {place.shape}: the file is smaller")
        return place

    def offsets(self, row: LedgerRow) -> AnyArray:
        """Where the documents of a ledger row begin among its tokens, and the end."""
        offsets = self.data("offsets", (row.stop - row.start + 1,), "i")[:]
        if offsets[0] != 0 or offsets[-1] != row.tokens or (np.diff(offsets) < 1).any():
            raise ValueError(f"'offsets' do not rise from 0 to {row.tokens}")
        return offsets

    def suspects(self, tokens: int) -> AnyArray:
        """The places of tokens that are suspects, rising."""
        places = self.data("suspects/tokens", (None,), "i")[:]
        if len(places) and (places[0] < 0 or places[-1] >= tokens or (np.diff(places) < 1).any()):
            raise ValueError(f"'suspects/tokens' do not rise from 0 to {tokens}")
        return places

    def threshold(self, manifest: Manifest) -> AnyArray:
        """The norms of suspects by depth."""
        threshold = np.asarray(self._file.attrs["threshold"])
        if threshold.shape != (manifest.depths,) or threshold.dtype.kind != "f":
            raise ValueError("'threshold' is not one number a depth")
        return threshold.astype(np.float32)


@contextmanager
def reading(path: Path, digest: str | None = None) -> Generator[ShardFile]:
    """A shard, open to be read; with a `digest` its checksum is compared first.

    Raises `ReprlabError` for a file that is missing, damaged, or holds other things than a shard.
    """
    try:
        sound = is_file(path) and (digest is None or checksum(path) == digest)
        if not sound:
            raise ReprlabError(f"shard '{path}' is damaged or missing: {_ADVICE}")
        with h5py.File(path, "r", rdcc_nbytes=0) as file:
            yield ShardFile(file, path.stat().st_size)
    except _WRONG as error:
        said = " ".join(str(error).split())[:160]
        raise ReprlabError(f"shard '{path}' is damaged or missing ({said}): {_ADVICE}") from error
