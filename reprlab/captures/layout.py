"""The values in a capture's files: its identity, its manifest, a ledger row, a document's statistics."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

import xxhash
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    model_serializer,
    model_validator,
)

from reprlab.errors import ReprlabError
from reprlab.files import slug

if TYPE_CHECKING:
    from torch import Tensor

    from reprlab.captures.sums import Sums

FORMAT = 1
ENDINGS = (".npz", ".safetensors")  # of files of activations
MOST_LAYERS = 100_000  # as many as a schedule's text may name
LARGEST = 8  # entries of largest magnitude kept for each depth of a shard


@dataclass(frozen=True)
class TextIdentity:
    """Which texts were read, and what makes tokens of them the same tokens."""

    corpus: str
    digest: str
    tokenizer: str
    max_tokens: int


Count = Annotated[int, Field(ge=0, lt=1 << 53)]
Size = Annotated[int, Field(ge=1, le=MOST_LAYERS + 1)]


class Identity(BaseModel):
    """What changes a capture's numbers; its digest names the folder.

    `inputs` is 2 for model types that got other inputs before than their own call gives them; else it is left
    out.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    format: int = FORMAT
    model: str
    weights: str
    tokenizer: str
    corpus: str
    corpus_digest: str
    max_tokens: int
    bos: bool
    schedule: str
    dtype: Literal["float32", "bfloat16", "float16"]
    stored: Literal["float32", "bfloat16", "float16"]
    states: bool
    attention: str
    inputs: int = 1

    @model_serializer(mode="wrap")
    def _without_default(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return {key: value for key, value in handler(self).items() if (key, value) != ("inputs", 1)}

    @property
    def digest(self) -> str:
        text = json.dumps(self.model_dump(), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def folder(self, root: Path) -> Path:
        return root / slug(self.model) / slug(self.corpus) / self.digest


def calibration_of(identity: Identity, documents: int) -> str:
    """The digest of the first documents of a capture, which may have more of them tomorrow."""
    return hashlib.sha256(f"{identity.digest} {documents}".encode()).hexdigest()[:16]


class Manifest(BaseModel):
    """A capture's identity, shapes and makers."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    format: int = FORMAT
    identity: Identity
    made_with: dict[str, str]
    layers: Size
    depths: Size
    width: Annotated[int, Field(ge=1, le=1 << 24)]
    model_limit: Annotated[int, Field(ge=0)]
    note: str
    source: str


class LedgerRow(BaseModel):
    """A ledger row: one complete shard."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    shard: Annotated[str, Field(pattern=r"^[0-9]+\.h5\z")]  # a name, which leads nowhere else
    start: Count
    stop: Count
    tokens: Count
    bytes: Count
    checksum: str
    nonfinite: Count
    first_nonfinite: tuple[Count, str, Count] | None

    @model_validator(mode="after")
    def _some(self) -> Self:
        if not self.start < self.stop:
            raise ValueError(f"documents {self.start} to {self.stop} are none")
        if bool(self.nonfinite) != (self.first_nonfinite is not None):
            first = self.first_nonfinite
            raise ValueError(f"{self.nonfinite} values are not finite, and the first of them is {first}")
        return self


@dataclass(frozen=True)
class Statistics:
    """The statistics that a shard keeps of one document. Tokens are counted inside the document."""

    norms: Tensor  # (depth, token)
    ordinary: Sums
    suspects: Tensor  # (suspect,)
    suspect_states: Tensor  # (depth, suspect, width)
    largest: tuple[Tensor, Tensor, Tensor]  # value, token, channel: (depth, k) each


def same(path: Path, field: str, expected: object, found: object) -> None:
    if expected != found:
        raise ReprlabError(
            f"'{path}' does not match its folder: {field} is '{found}', expected '{expected}'; "
            f"move it back or `reprlab cache remove {path.parent.name}`"
        )


def checksum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, xxhash.xxh3_128).hexdigest()


def ledger_line(row: LedgerRow) -> str:
    return row.model_dump_json() + "\n"
