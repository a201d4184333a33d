"""The identity of weights: the content of every file that changes numbers.

Before, it was the hub's commit alone, or each tensor's first bytes. `old_digest` still gives that, for
captures and answers that were made then.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import xxhash

from reprlab.errors import ReprlabError
from reprlab.models.content import byte_digest
from reprlab.progress import Say

TOKENIZER = (
    *("tokenizer*", "vocab*", "merges.txt", "special_tokens_map.json", "added_tokens.json", "*.model"),
    *("bpe.codes", "normalizer.json", "*.spm", "*.tiktoken"),
)
_CONTENT = (
    *("config.json", "generation_config.json", "adapter_config.json", "*.py"),
    *("*.safetensors", "*.safetensors.index.json"),
)
_OLD = re.compile(r"(tensors|commit):[0-9a-f]+")
_HEAD = 4096  # bytes of each tensor that entered an old digest


def sha(data: str | bytes) -> str:
    return hashlib.sha256(data.encode() if isinstance(data, str) else data).hexdigest()[:32]


def content_digest(
    folder: Path,
    commit: str | None = None,
    *,
    memories: Sequence[Path] = (),
    say: Say = lambda _: None,
) -> str:
    """The identity of a folder's weights: `hub:<commit>:<digest>` of a snapshot, else `content:<digest>`.

    The digest is the XXH3-128 of every file's name and content. The content is the name of the hub's blob
    where a snapshot's entry is a link to it, and the XXH3-128 of every byte elsewhere.
    """
    total = xxhash.xxh3_128()
    for name, file in content_files(folder).items():
        blob = _blob(file, memories, say) if commit else None
        content = f"blob:{blob}" if blob else f"xxh3:{byte_digest(file, memories, say=say)}"
        total.update(json.dumps([name, content]).encode())
    digest = total.hexdigest()
    return f"hub:{commit}:{digest}" if commit else f"content:{digest}"


def content_files(folder: Path) -> dict[str, Path]:
    """The files of a folder that change a network's numbers, by name; those that an index names, too."""
    names = {file.name for glob in _CONTENT for file in folder.glob(glob)}
    for index in sorted(folder.glob("*.safetensors.index.json")):
        names |= set(_named(index))
    return {name: folder / name for name in sorted(names)}


def tokenizer_digest(folder: Path) -> str:
    """The identity of a tokenizer: the bytes of its files."""
    files = sorted({f for glob in TOKENIZER for f in folder.glob(glob)})
    return sha(b"".join(f.name.encode() + f.read_bytes() for f in files))


def is_old(digest: str) -> bool:
    """Whether a digest was made when not every byte entered.

    >>> is_old("tensors:0123"), is_old("content:0123")
    (True, False)
    """
    return _OLD.fullmatch(digest) is not None


def old_digest(folder: Path, commit: str | None = None) -> str:
    """The digest that these weights had before every byte entered: only to find what was made under it."""
    if commit:
        return f"commit:{commit}"
    total = hashlib.sha256((folder / "config.json").read_bytes())
    for file in sorted(folder.glob("*.safetensors")):
        for part in _tensor_heads(file):
            total.update(part)
    return f"tensors:{total.hexdigest()[:32]}"


def _named(index: Path) -> Iterator[str]:
    """The files that an index names; none where it is damaged, which loading says."""
    try:
        files = json.loads(index.read_text(encoding="utf-8"))["weight_map"].values()
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return
    yield from (file for file in files if isinstance(file, str) and (index.parent / file).is_file())


def _blob(file: Path, memories: Sequence[Path], say: Say) -> str | None:
    """The name of the hub's blob that a snapshot's entry links to; None where the name is not its content.

    The hub makes the link after the blob. Where the blob is younger, its bytes are compared with its name.
    """
    if not file.is_symlink():
        return None
    blob = Path(os.path.realpath(file))
    kind = {40: "git", 64: "sha256"}.get(len(blob.name))
    if kind is None or blob.parent.name != "blobs" or not re.fullmatch("[0-9a-f]+", blob.name):
        return None
    if blob.stat().st_mtime_ns <= file.lstat().st_mtime_ns:
        return blob.name
    return blob.name if byte_digest(blob, memories, say=say, kind=kind) == blob.name else None


def _tensor_heads(file: Path) -> Iterator[bytes]:
    """Each tensor's name, dtype and shape, then its first bytes; the format is 8 bytes, JSON, data."""
    with file.open("rb") as stream:
        try:
            size = int.from_bytes(stream.read(8), "little")
            if size > file.stat().st_size:
                raise ValueError("the header is longer than the file")
            header = json.loads(stream.read(size))
            header.pop("__metadata__", None)
            tensors = [
                (f"{name} {entry['dtype']} {entry['shape']}", *map(int, entry["data_offsets"]))
                for name, entry in sorted(header.items())
            ]
            for label, begin, end in tensors:
                stream.seek(8 + size + begin)
                yield label.encode()
                yield stream.read(max(0, min(_HEAD, end - begin)))
        except (ValueError, OverflowError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise ReprlabError(
                f"'{file}' is no safetensors file, or a damaged one: fetch it again"
            ) from error
