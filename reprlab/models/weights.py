"""Weights on disk: their kinds, their identity, and the refusal of pickles."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, TypeAdapter, ValidationError

from reprlab.errors import ReprlabError
from reprlab.models.adapters import refuse_adapter
from reprlab.models.registry import Tiny
from reprlab.models.tensors import tensors_in

PICKLES = ("*.bin", "*.pt", "*.pth", "*.ckpt")
TOKENIZER = ("tokenizer*", "vocab*", "merges.txt", "special_tokens_map.json", "*.model")
_HEAD = 4096  # bytes of each tensor that enter the digest


@dataclass(frozen=True)
class Weights:
    """Where a model's weights lie: a folder of safetensors, a GGUF file, or a random seed.

    `folder` holds config.json and *.safetensors; `gguf` is a file still to be dequantised; both are
    None for a `tiny` model, whose configuration is data.
    """

    name: str
    note: str
    folder: Path | None = None
    gguf: Path | None = None
    tiny: Tiny | None = None
    commit: str | None = None
    untrained: bool = False

    @property
    def digest(self) -> str:
        """Identity of the numbers: the hub's commit, else names, shapes, dtypes and heads of tensors."""
        if self.tiny is not None:
            kind = "init" if self.untrained else "random"
            return f"{kind}:{sha(json.dumps([self.tiny.model_type, dict(self.tiny.overrides)]))}"
        if self.folder is None:
            raise ReprlabError(f"'{self.name}' is a GGUF file that is not dequantised yet")
        if self.untrained:
            return f"init:{sha((self.folder / 'config.json').read_bytes())}"
        return f"commit:{self.commit}" if self.commit else f"tensors:{_tensor_digest(self.folder)}"

    @property
    def tokenizer_digest(self) -> str:
        """Identity of the tokenizer: the bytes of its files."""
        if self.folder is None:
            return "bytes"
        files = sorted({f for glob in TOKENIZER for f in self.folder.glob(glob)})
        return sha(b"".join(f.name.encode() + f.read_bytes() for f in files))


def check_safetensors(folder: Path) -> None:
    """Raises `ReprlabError` unless a folder has whole safetensors and nothing else stands in for them.

    An index names files of the folder itself. It is judged by the names, not by where links lead: files of
    the hub's snapshots are links.
    """
    refuse_adapter(folder)
    if (folder / ".metadata").exists():
        raise ReprlabError(
            f"'{folder}' is a distributed checkpoint (.metadata), which can run code when it is read: "
            "save it again with save_pretrained"
        )
    index = folder / "model.safetensors.index.json"
    if index.is_file():
        _check_index(folder, index)
    elif not any(folder.glob("*.safetensors")):
        pickles = sorted(f.name for glob in PICKLES for f in folder.glob(glob))
        if pickles:
            raise ReprlabError(pickle_advice(f"'{folder}'", pickles[0]))
        raise ReprlabError(f"no weights in '{folder}': config.json is there, *.safetensors are not")
    for file in sorted(folder.glob("*.safetensors")):
        if not file.is_file():
            raise ReprlabError(f"'{file}' is no ordinary file, or a link to nothing: fetch it again")
        tensors_in(file)


def _check_index(folder: Path, index: Path) -> None:
    try:
        files = set(_INDEX.validate_json(index.read_bytes(), strict=True).weight_map.values())
    except (ValidationError, OSError) as error:
        raise ReprlabError(f"'{index}' is damaged: fetch it again") from error
    if not files:
        raise ReprlabError(f"'{index}' names no files: fetch it again")
    for file in sorted(files):
        if not re.fullmatch(r"[^/\\\0]+\.safetensors", file):
            raise ReprlabError(
                f"'{index}' names {file!r:.80}: only *.safetensors in the folder itself are read"
            )
        if not (folder / file).is_file():
            raise ReprlabError(f"'{folder}' lacks {file}, which {index.name} names: fetch it again")


class _TensorIndex(BaseModel):
    """What an index of several files says: the file of each tensor."""

    weight_map: dict[str, str]


_INDEX = TypeAdapter(_TensorIndex)


def pickle_advice(where: str, file: str) -> str:
    return (
        f"{where} has only pickled weights ({file}), which can run code when they are read. Where you "
        'trust them, convert once: python -c "from transformers import AutoModel as A; '
        "A.from_pretrained('FOLDER').save_pretrained('NEW')\" and copy the tokenizer's files to NEW"
    )


def sha(data: str | bytes) -> str:
    return hashlib.sha256(data.encode() if isinstance(data, str) else data).hexdigest()[:32]


def _tensor_digest(folder: Path) -> str:
    total = hashlib.sha256((folder / "config.json").read_bytes())
    for file in sorted(folder.glob("*.safetensors")):
        for part in _tensor_heads(file):
            total.update(part)
    return total.hexdigest()[:32]


def _tensor_heads(file: Path) -> Iterator[bytes]:
    """Each tensor's name, dtype and shape, then its first bytes; the format is 8 bytes, JSON, data."""
    with file.open("rb") as stream:
        try:
            size = int.from_bytes(stream.read(8), "little")
            header = json.loads(stream.read(size))
            header.pop("__metadata__", None)
            tensors = [
                (f"{name} {entry['dtype']} {entry['shape']}", *map(int, entry["data_offsets"]))
                for name, entry in sorted(header.items())
            ]
        except (ValueError, MemoryError, OverflowError, KeyError, TypeError, AttributeError) as error:
            raise ReprlabError(
                f"'{file}' is no safetensors file, or a damaged one: fetch it again"
            ) from error
        for label, begin, end in tensors:
            stream.seek(8 + size + begin)
            yield label.encode()
            yield stream.read(min(_HEAD, end - begin))
