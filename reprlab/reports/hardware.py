"""Hardware: the processor and the graphics card that a report ran on, by name."""

from __future__ import annotations

import platform
import re
from pathlib import Path


def processor() -> str:
    """The processor's name, as far as the system says it."""
    path = Path("/proc/cpuinfo")
    line = re.search(r"model name\s*:\s*(.+)", path.read_text()) if path.is_file() else None
    return line[1].strip() if line else platform.processor() or platform.machine()


def gpu(device: str) -> str:
    """The name of the graphics card of a device (`cuda:0`, `mps`); empty for a processor.

    >>> gpu("cpu")
    ''
    """
    if not device.startswith("cuda"):
        return "Apple GPU (mps)" if device.startswith("mps") else ""
    import torch

    return str(torch.cuda.get_device_name(device))
