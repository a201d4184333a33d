"""Weights on disk: their kinds, their identity, and the refusal of pickles."""

from __future__ import annotations

import json
import re
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import BaseModel, TypeAdapter, ValidationError

from reprlab.errors import ReprlabError
from reprlab.files import cache_folder
from reprlab.foreign import is_file
from reprlab.models.adapters import refuse_adapter
from reprlab.models.content import unchanged
from reprlab.models.digests import content_digest, content_files, old_digest, sha, tokenizer_digest
from reprlab.models.registry import Tiny
from reprlab.models.tensors import tensors_in
from reprlab.progress import Say

WHOLE = "model.safetensors"  # the name of weights in one file
PICKLES = ("*.bin", "*.pt", "*.pth", "*.ckpt")


@dataclass(frozen=True)
class Weights:
    """Where a model's weights lie: a folder of safetensors, a GGUF file, or a random seed.

    `folder` holds config.json and *.safetensors; `gguf` is a file still to be dequantised; both are
    None for a `tiny` model, whose configuration is data. `local` weights were given by their path, so that
    other weights may have the same name. `models` is the models folder, which remembers digests.
    """

    name: str
    note: str
    folder: Path | None = None
    gguf: Path | None = None
    tiny: Tiny | None = None
    commit: str | None = None
    untrained: bool = False
    local: bool = field(default=False, compare=False)
    models: Path | None = field(default=None, compare=False)

    @property
    def digest(self) -> str:
        """Identity of the numbers: the content of every file that changes them."""
        return self.identified()

    def identified(self, say: Say = lambda _: None) -> str:
        """The `digest`, with a line of progress where large files are read for it."""
        if self.tiny is not None:
            kind = "init" if self.untrained else "random"
            return f"{kind}:{sha(json.dumps([self.tiny.model_type, dict(self.tiny.overrides)]))}"
        if self.folder is None:
            raise ReprlabError(f"'{self.name}' is a GGUF file that is not dequantised yet")
        if self.untrained:
            return f"init:{sha((self.folder / 'config.json').read_bytes())}"
        return content_digest(self.folder, self.commit, memories=self._memories, say=say)

    @property
    def old_digest(self) -> str | None:
        """The digest that these weights had before every byte entered; None where it was the same."""
        if self.tiny is not None or self.folder is None or self.untrained:
            return None
        return old_digest(self.folder, self.commit)

    @property
    def tokenizer_digest(self) -> str:
        """Identity of the tokenizer: the bytes of its files."""
        return "bytes" if self.folder is None else tokenizer_digest(self.folder)

    @contextmanager
    def unchanged(self) -> Generator[None]:
        """Raises `ReprlabError` where a file changes meanwhile, so that the digest is of what was loaded."""
        loaded = self.folder is not None and not self.untrained
        with unchanged(content_files(self.folder).values() if self.folder and loaded else ()):
            yield

    @property
    def _memories(self) -> tuple[Path, ...]:
        """The folders in which digests of files are remembered; the first that can be written is used."""
        return memories(self.models)


def memories(models: Path | None) -> tuple[Path, ...]:
    """The folders in which digests of files are remembered: of the models folder, else of the cache."""
    return tuple(root / ".digests" for root in (models, cache_folder()) if root is not None)


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
    files, index = sorted(folder.glob("*.safetensors")), folder / "model.safetensors.index.json"
    named = _indexed(folder, index) if index.is_file() else set[str]()
    if not files:
        pickles = sorted(f.name for glob in PICKLES for f in folder.glob(glob))
        if pickles:
            raise ReprlabError(pickle_advice(f"'{folder}'", pickles[0]))
        raise ReprlabError(f"no weights in '{folder}': config.json is there, *.safetensors are not")
    first: dict[str, str] = {}
    for file in files:
        if not file.is_file():
            raise ReprlabError(f"'{file}' is no ordinary file, or a link to nothing: fetch it again")
        for name in tensors_in(file):
            if file.name in named and (other := first.setdefault(name, file.name)) != file.name:
                raise ReprlabError(
                    f"'{folder}': {name} lies in {other} and in {file.name}, and which one counts is not "
                    "said: save it again, or fetch it again"
                )


def _indexed(folder: Path, index: Path) -> set[str]:
    """The files that an index names, which lie in its folder."""
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
        if not is_file(folder / file):
            raise ReprlabError(f"'{folder}' lacks {file:.80}, which {index.name} names: fetch it again")
    if (folder / WHOLE).is_file() and WHOLE not in files:
        raise ReprlabError(
            f"'{folder}' holds {WHOLE}, and {index.name} names other files: take away those that do not count"
        )
    return files


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
