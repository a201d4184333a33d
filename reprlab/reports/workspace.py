"""The workspace: where a report finds rows, and where it keeps what it makes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Workspace:
    """Where rows come from, where captures and answers go, and in what batches they are made.

    `scores` are files of sweeps made before or elsewhere: their answers are not computed again.
    """

    cache: Path | None = None
    data_dir: Path | None = None
    preset: str = "paper"
    batch_tokens: int = 2048
    force: bool = False
    scores: tuple[Path, ...] = ()
