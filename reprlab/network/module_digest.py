"""The identity of a module in memory: every number that it holds, in whatever form, and every setting."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import torch
import xxhash
from torch import Tensor, nn

from reprlab.errors import ReprlabError

_SLICE = 1 << 24  # numbers of a tensor that are copied to the CPU at a time
_NO_SETTING = {*vars(nn.Module()), "gradient_checkpointing", "name_or_path"}
_OF_A_FILE = ("_name_or_path", "transformers_version")  # parts of a configuration that change no number


def numbers_digest(module: Any) -> str:
    """XXH3-128 of the names, kinds and bytes of what a module's `state_dict` holds: parameters, buffers that
    are saved, packed and quantised weights. Running the module changes none of it.

    Raises `ReprlabError` for a part whose numbers cannot be read.
    """
    return _digest(_saved(module))


def settings_digest(module: Any) -> str:
    """XXH3-128 of a module's configuration, of its other buffers, and of its settings.

    Settings are the plain values among the attributes of its parts: an adapter's scale, a norm's epsilon.
    """
    config = {key: value for key, value in module.config.to_dict().items() if key not in _OF_A_FILE}
    total = xxhash.xxh3_128(json.dumps(config, sort_keys=True, default=str).encode())
    saved = module.state_dict()
    others = (pair for pair in sorted(module.named_buffers(), key=_name) if pair[0] not in saved)
    total.update(_digest(others).encode())
    for setting in _settings(module):
        total.update(setting.encode())
    return total.hexdigest()


def _digest(held: Iterable[tuple[str, Any]]) -> str:
    total = xxhash.xxh3_128()
    for name, value in held:
        for label, tensor in _plain(name, value):
            total.update(label.encode())
            for part in () if tensor is None else _bytes(tensor):
                total.update(part)
    return total.hexdigest()


def _saved(module: Any) -> Iterator[tuple[str, Any]]:
    """What a module's `state_dict` holds, in the order of names; tied weights once."""
    named = dict(module.named_parameters()) | dict(module.named_buffers())
    tied = {name for name, _ in module.named_parameters(remove_duplicate=False)} - named.keys()
    for name, value in sorted(module.state_dict().items(), key=_name):
        if name not in tied:
            yield name, value


def _name(pair: tuple[str, Any]) -> str:
    return pair[0]


def _plain(label: str, value: Any) -> Iterator[tuple[str, Tensor | None]]:
    """A value as plain tensors, each with what it is; a value without numbers is its text."""
    if isinstance(value, Tensor):
        yield from _of_tensor(f"{label} {value.dtype} {tuple(value.shape)}", value)
    elif isinstance(value, Mapping):
        for key in sorted(value, key=str):
            yield from _plain(f"{label}.{key}", value[key])
    elif isinstance(value, list | tuple):
        for place, part in enumerate(value):
            yield from _plain(f"{label}.{place}", part)
    elif value is None or isinstance(value, bool | int | float | str | bytes | torch.dtype):
        yield f"{label} {value!r}", None
    else:
        raise ReprlabError(f"rl.load cannot read the numbers of '{label}', a {type(value).__name__}")


def _of_tensor(label: str, value: Tensor) -> Iterator[tuple[str, Tensor | None]]:
    """A tensor, or the tensors that one of another kind is made of."""
    if value.is_quantized:
        scales = value.qscheme() in {torch.per_channel_affine, torch.per_channel_affine_float_qparams}
        yield f"{label} {value.qscheme()}", value.int_repr()
        if scales:
            yield "scales", value.q_per_channel_scales()
            yield f"zero points {value.q_per_channel_axis()}", value.q_per_channel_zero_points()
        else:
            yield f"{value.q_scale()!r} {value.q_zero_point()}", None
    elif hasattr(value, "__tensor_flatten__"):
        kind: Any = value
        names, context = kind.__tensor_flatten__()
        yield f"{label} {context}", None
        for name in names:
            yield from _plain(f"{label}.{name}", getattr(value, name))
    else:
        yield label, value


def _bytes(value: Tensor) -> Iterator[Any]:
    flat = value.detach().reshape(-1)
    for start in range(0, flat.numel(), _SLICE):
        yield flat[start : start + _SLICE].contiguous().view(torch.uint8).cpu().numpy()


def _settings(module: nn.Module) -> Iterator[str]:
    for name, part in module.named_modules():
        for key, value in sorted(vars(part).items()):
            if key not in _NO_SETTING and not key.startswith("_is") and _is_setting(value):
                yield f"{name}.{key}={value!r}"


def _is_setting(value: Any) -> bool:
    if isinstance(value, Mapping):
        return all(map(_is_setting, value.values()))
    if isinstance(value, list | tuple):
        return all(map(_is_setting, value))
    return value is None or isinstance(value, bool | int | float | str)
