"""Fetch and load: a name to safetensors on this disk, and to a network in memory."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from filelock import FileLock

from reprlab.arguments import flag, function, maybe_path, name_or_path, optional, string, taking
from reprlab.errors import ReprlabError
from reprlab.files import make_folder
from reprlab.models.copies import copy_folder, is_whole
from reprlab.models.disk import enough_memory, in_words
from reprlab.models.gguf import gguf_head
from reprlab.models.locations import Confirm, locate, models_folder, obtain
from reprlab.models.weights import Weights
from reprlab.network.from_weights import dequantise, open_network
from reprlab.network.in_memory import from_memory
from reprlab.network.network import Network
from reprlab.progress import Say


@taking(name=name_or_path, dtype=string, models_dir=maybe_path, confirm=optional(function), say=function)
def fetch(
    name: str | Path,
    *,
    dtype: str = "auto",
    models_dir: Path | str | None = None,
    confirm: Confirm | None = None,
    say: Say = lambda _: None,
) -> Weights:
    """The weights of a model as safetensors on this disk, downloaded and dequantised if need be.

    `name` is a registered name, a hub id, a folder or a GGUF file, with an optional `@revision`.
    A GGUF file above two gibibytes in float32 is dequantised to bfloat16; `dtype` float32 or float16 asks
    for float32.
    `confirm` is asked before a download above two gibibytes; None refuses it.
    """
    name, root = str(name), Path(models_dir) if models_dir else None
    weights = obtain(name, root, dtype=dtype, confirm=confirm, say=say)
    if weights.gguf is None:
        return weights
    head = gguf_head(weights.gguf)
    kind = head.dtype(dtype)
    target = copy_folder(weights.gguf, models_folder(root), kind, say=say)
    _room(weights.gguf, target, head.bytes(kind))
    enough_memory(head.bytes("float32"), f"dequantising '{weights.gguf.name}'")
    with FileLock(target.with_name(f".{target.name}.lock")):
        if not is_whole(target):
            what = f"dequantising {weights.gguf.name} to {kind}, once"
            say(f"{weights.name}: {what} ({in_words(head.bytes(kind))} in '{target.parent}')")
            dequantise(weights.gguf, target, kind, say)
    dequantised = locate(name, root, dtype)
    if dequantised is None or dequantised.gguf:
        raise ReprlabError(f"'{name}' was dequantised to '{target}' but is not there")
    return dequantised


def _name_or_module(_: str, value: Any) -> Any:
    """A path as its text; a module as it is, which `from_memory` takes or refuses."""
    return str(value) if isinstance(value, Path) else value


@taking(
    name=_name_or_module,
    dtype=string,
    device=string,
    device_map=optional(string),
    models_dir=maybe_path,
    trust_remote_code=flag,
    pooled=flag,
    confirm=optional(function),
    say=function,
)
def load(
    name: Any,
    *,
    tokenizer: Any | None = None,
    dtype: str = "auto",
    device: str = "auto",
    device_map: str | None = None,
    models_dir: Path | str | None = None,
    trust_remote_code: bool = False,
    pooled: bool = False,
    confirm: Confirm | None = None,
    say: Say = lambda _: None,
) -> Network:
    """The network of a model name, hub id, folder or GGUF file, fetched first if it is not here.

    A module of transformers that is in memory is taken with its `tokenizer`, as it is and where it is, in
    evaluation mode: its name is `memory:` and the digest of its tensors, which must not change afterwards.
    `dtype`: auto (float32 on a CPU, the checkpoint's own elsewhere), float32, bfloat16 or float16. `pooled`:
    an encoder with its pooler instead of its language head, as classifiers want it; for others nothing.

    >>> import reprlab as rl
    >>> net = rl.load("tiny-neox")
    >>> net.n_layers, net.width, net.dtype
    (6, 32, 'float32')
    >>> rl.load(net.module, tokenizer=net.tokenizer).name.partition(":")[0]
    'memory'
    """
    if not isinstance(name, str):
        _as_it_is(dtype, device, device_map)
        return from_memory(name, tokenizer)
    if tokenizer is not None:
        raise ReprlabError("tokenizer= goes with a module in memory: a folder brings its own")
    weights = fetch(name, dtype=dtype, models_dir=models_dir, confirm=confirm, say=say)
    return open_network(
        weights,
        dtype=dtype,
        device=device,
        device_map=device_map,
        trust_remote_code=trust_remote_code,
        pooled=pooled,
        say=say,
    )


def _as_it_is(dtype: str, device: str, device_map: str | None) -> None:
    if (dtype, device, device_map) != ("auto", "auto", None):
        raise ReprlabError("a module in memory is taken as it is: give no dtype, device or device map")


def _room(gguf: Path, target: Path, needed: int) -> None:
    try:
        make_folder(target.parent)
    except OSError as error:
        raise ReprlabError(
            f"cannot write to '{target.parent}': {error.strerror}; set --models-dir"
        ) from error
    free = shutil.disk_usage(target.parent).free
    if needed > free:
        raise ReprlabError(
            f"dequantising '{gguf.name}' needs {needed / 1e9:.1f} GB in '{target.parent}', where "
            f"{free / 1e9:.1f} GB are free: make room, or set --models-dir"
        )
