"""Fetch and load: a name to safetensors on this disk, and to a network in memory."""

from __future__ import annotations

import shutil
from pathlib import Path

from filelock import FileLock

from reprlab.errors import ReprlabError
from reprlab.models.locations import Confirm, dequantised_folder, locate, obtain
from reprlab.models.weights import Weights
from reprlab.network.from_weights import dequantise, open_network
from reprlab.network.network import Network
from reprlab.progress import Say

_GROWTH = 8  # float32 against a GGUF's four bits and up


def fetch(
    name: str,
    *,
    models_dir: Path | str | None = None,
    confirm: Confirm | None = None,
    say: Say = lambda _: None,
) -> Weights:
    """The weights of a model as safetensors on this disk, downloaded and dequantised if need be.

    `name` is a registered name, a hub id, a folder or a GGUF file, with an optional `@revision`.
    `confirm` is asked before a download above two gibibytes; None refuses it.
    """
    root = Path(models_dir) if models_dir else None
    weights = obtain(name, root, confirm=confirm, say=say)
    if weights.gguf is None:
        return weights
    target = dequantised_folder(weights.gguf, root, say=say)
    _room(weights.gguf, target)
    with FileLock(target.with_name(f".{target.name}.lock")):
        if not target.exists():
            say(f"{weights.name}: dequantising {weights.gguf.name}, once (it takes some 20 s)")
            dequantise(weights.gguf, target)
    dequantised = locate(name, root)
    if dequantised is None or dequantised.gguf:
        raise ReprlabError(f"'{name}' was dequantised to '{target}' but is not there")
    return dequantised


def load(
    name: str,
    *,
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

    `dtype`: auto (float32 on a CPU, the checkpoint's own elsewhere), float32, bfloat16 or float16. `pooled`:
    an encoder with its pooler instead of its language head, as classifiers want it; for others nothing.

    >>> import reprlab as rl
    >>> net = rl.load("tiny-neox")
    >>> net.n_layers, net.width, net.dtype
    (6, 32, 'float32')
    """
    weights = fetch(name, models_dir=models_dir, confirm=confirm, say=say)
    return open_network(
        weights,
        dtype=dtype,
        device=device,
        device_map=device_map,
        trust_remote_code=trust_remote_code,
        pooled=pooled,
        say=say,
    )


def _room(gguf: Path, target: Path) -> None:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ReprlabError(
            f"cannot write to '{target.parent}': {error.strerror}; set --models-dir"
        ) from error
    needed, free = gguf.stat().st_size * _GROWTH, shutil.disk_usage(target.parent).free
    if needed > free:
        raise ReprlabError(
            f"dequantising '{gguf.name}' needs up to {needed / 1e9:.1f} GB in '{target.parent}', where "
            f"{free / 1e9:.1f} GB are free: make room, or set --models-dir"
        )
