"""Memory that is free: of this machine, and of the group of processes that has a limit of its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

_GROUPS = Path("/sys/fs/cgroup")
_OF_THIS = Path("/proc/self/cgroup")


def free_bytes(*, swap: bool = False) -> int:
    """Bytes that this process may still take: what the machine has, or less where a cgroup limits it.

    Containers and jobs of SLURM or Kubernetes run under such limits, and are killed beyond them. `swap`
    counts the machine's swap space, too.

    >>> free_bytes() > 0
    True
    """
    import psutil

    free = int(psutil.virtual_memory().available) + (int(psutil.swap_memory().free) if swap else 0)
    return max(0, min([free, *_limits()]))


def _limits() -> Iterator[int]:
    """What each group that holds this process leaves; files that are cached can be given up."""
    for folder, most, used, cached in _places():
        with suppress(OSError, ValueError):
            limit = int((folder / most).read_text())  # "max" is no number: no limit
            rows = dict(line.split() for line in (folder / "memory.stat").read_text().splitlines())
            yield limit - int((folder / used).read_text()) + int(rows.get(cached, 0))


def _places() -> Iterator[tuple[Path, str, str, str]]:
    """The folders of this process's groups, innermost first, and what their files are called."""
    text = ""
    with suppress(OSError):
        text = _OF_THIS.read_text()
    for line in text.splitlines():
        _, _, rest = line.partition(":")
        kind, _, path = rest.partition(":")
        root, most, used, cached = _GROUPS, "memory.max", "memory.current", "inactive_file"
        if "memory" in kind.split(","):
            root, most, used = _GROUPS / "memory", "memory.limit_in_bytes", "memory.usage_in_bytes"
            cached = "total_inactive_file"
        elif kind:
            continue
        inner = root / path.lstrip("/")
        for folder in (inner, *inner.parents):
            if folder.is_relative_to(root):
                yield folder, most, used, cached
