"""Rotary angles that a model remembers from one call to the next, set back before each call."""

from __future__ import annotations

from torch import nn

from reprlab.models.inputs import Angles


def renew(base: nn.Module, angles: Angles) -> None:
    """Set back what dynamic angles keep of longer texts before, as in a model that was just loaded."""
    if angles.growth is None:
        return
    for part in base.modules():
        first = getattr(part, "original_max_seq_len", None)
        if first is None:
            continue
        for name in [name for name in vars(part) if name.endswith("max_seq_len_cached")]:
            setattr(part, name, first)
        for name in [name for name, _ in part.named_buffers(recurse=False)]:
            kept = name.removesuffix("inv_freq") + "original_inv_freq"
            if name.endswith("inv_freq") and not name.endswith("original_inv_freq") and hasattr(part, kept):
                original = getattr(part, kept)
                part.register_buffer(name, original.to(getattr(part, name).device), persistent=False)
