"""Free memory is what a limit leaves, where there is one: jobs that go beyond it are killed."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from reprlab import memory
from reprlab.memory import free_bytes

MACHINE = 100_000  # bytes that the machine has free, and 7 of swap


def group(folder: Path, limit: str, used: int, cached: int, *, old: bool = False) -> None:
    """A group's files as the kernel has them."""
    folder.mkdir(parents=True, exist_ok=True)
    names = ("memory.limit_in_bytes", "memory.usage_in_bytes") if old else ("memory.max", "memory.current")
    for name, value in zip(names, (limit, used), strict=True):
        (folder / name).write_text(f"{value}\n")
    files = f"anon 7\n{'total_' if old else ''}inactive_file {cached}\n"
    (folder / "memory.stat").write_text(files)


@pytest.fixture
def groups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(memory, "_GROUPS", tmp_path)
    monkeypatch.setattr(memory, "_OF_THIS", tmp_path / "self")
    machine = SimpleNamespace(available=MACHINE, free=7)
    for name in ("virtual_memory", "swap_memory"):
        monkeypatch.setattr(psutil, name, lambda: machine)
    return tmp_path


@pytest.mark.parametrize(
    ("text", "free"),
    [
        ("0::/job/step\n", 1000 - 400 + 50),  # the innermost limit
        ("0::/job\n", 5000 - 600),
        ("4:cpu,memory:/old\n0::/none\n", 300 - 100 + 20),
        ("2:cpu:/job/step\n", MACHINE),
        ("", MACHINE),
    ],
)
def test_the_smallest_limit_counts_and_none_is_the_machine(groups: Path, text: str, free: int) -> None:
    group(groups / "job", "5000", 600, 0)
    group(groups / "job" / "step", "1000", 400, 50)
    group(groups / "memory" / "old", "300", 100, 20, old=True)
    group(groups, "max", 9, 9)
    (groups / "self").write_text(text)
    assert (free_bytes(), free_bytes(swap=True)) == (free, free + (7 if free == MACHINE else 0))


def test_a_group_beyond_its_limit_has_nothing_left(groups: Path) -> None:
    group(groups / "job", "100", 400, 50)
    (groups / "self").write_text("0::/job\n")
    assert free_bytes() == 0
