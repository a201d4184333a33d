"""Memory: whether a network fits before it is loaded, and one line where a device has no more."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import torch

from reprlab.errors import ReprlabError
from reprlab.memory import free_bytes
from reprlab.models.disk import in_words
from reprlab.progress import Say

SAID_ABOVE = 1 << 30  # bytes of weights whose loading is announced


def free_memory(device: str) -> int:
    """The bytes that are free where a network runs."""
    if device.startswith("cuda"):
        return int(torch.cuda.mem_get_info(device)[0])
    return free_bytes()


def check_fits(needed: int, device: str, name: str, dtype: str, say: Say) -> None:
    """Raises `ReprlabError` where weights need more memory than is free; large ones are announced."""
    free = free_memory(device)
    size = f"{in_words(needed)} of memory in {dtype}, {in_words(free)} are free"
    if needed > free:
        where = "" if device == "cpu" else f" on {device}"
        raise ReprlabError(
            f"'{name}' takes {size}{where}: give --dtype bfloat16, or --device-map auto, which spreads it "
            "over devices and the disk"
        )
    if needed > SAID_ABOVE:
        say(f"{name}: its weights take {size}")


def out_of_memory(error: BaseException) -> bool:
    """Whether an error says that memory is used up."""
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    text = str(error).lower()
    return isinstance(error, RuntimeError) and any(sign in text for sign in _SIGNS)


_SIGNS = ("out of memory", "can't allocate memory", "not enough memory", "cannot allocate memory")


@contextmanager
def within_memory(doing: str, smaller: str = "--batch-tokens") -> Generator[None]:
    """One line where memory is used up inside.

    >>> with within_memory("capturing"):
    ...     raise MemoryError
    Traceback (most recent call last):
    ...
    reprlab.errors.ReprlabError: out of memory while capturing: give a smaller --batch-tokens; ...
    """
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        if not out_of_memory(error):
            raise
        text = f"out of memory while {doing}: give a smaller {smaller}; finished work is kept"
    else:
        return
    _let_go()
    raise ReprlabError(text)


def _let_go() -> None:
    """Hand back what a device keeps for itself, so that the next call has it."""
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def parameters(module: Any) -> int:
    """How many numbers a module holds."""
    return sum(value.numel() for value in module.parameters())
