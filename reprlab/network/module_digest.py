"""The identity of a module in memory: every number that it holds, in whatever form, and every setting."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import torch
import xxhash
from torch import Tensor, nn

from reprlab.errors import ReprlabError

_SLICE = 1 << 24  # numbers of a tensor that are copied to the CPU at a time
_NO_SETTING = {*vars(nn.Module()), "gradient_checkpointing", "name_or_path"}
_OF_A_FILE = ("_name_or_path", "transformers_version")  # parts of a configuration that change no number


def module_digest(module: Any) -> str:
    """XXH3-128 of a module's configuration, of its tensors' names, kinds and bytes, and of its settings.

    Tensors are parameters, buffers, and what else its `state_dict` holds: packed and quantised weights.
    Settings are the plain values among the attributes of its parts: an adapter's scale, a norm's epsilon.
    Raises `ReprlabError` for a part whose numbers cannot be read.
    """
    config = {key: value for key, value in module.config.to_dict().items() if key not in _OF_A_FILE}
    total = xxhash.xxh3_128(json.dumps(config, sort_keys=True, default=str).encode())
    for name, value in _held(module):
        for label, tensor in _plain(name, value):
            total.update(label.encode())
            if tensor is not None:
                for part in _bytes(tensor):
                    total.update(part)
    for setting in _settings(module):
        total.update(setting.encode())
    return total.hexdigest()


def _held(module: Any) -> Iterator[tuple[str, Any]]:
    """What a module holds, by name and in its order."""
    yield from sorted([*module.named_parameters(), *module.named_buffers()], key=lambda pair: pair[0])
    seen = {name for name, _ in module.named_parameters(remove_duplicate=False)}
    seen |= {name for name, _ in module.named_buffers(remove_duplicate=False)}
    for name, value in sorted(module.state_dict().items()):
        if name not in seen:
            yield name, value


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
