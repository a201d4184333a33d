"""Benchmarks as functions take them: names, paths of YAML files, or opened ones; one or several."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from reprlab.arguments import refused, several

_NEEDED = "benchmarks by name, one or a list of them"


def _one(name: str, value: Any) -> Any:
    if isinstance(value, str | Path):
        return str(value)
    from reprlab.benchmarks.opened import Opened

    if not isinstance(value, Opened):
        raise refused(name, value, _NEEDED)
    return value


benchmarks_of = several(_one, (str, Path), _NEEDED)


def task_of(name: str, value: Any) -> Any:
    """A task to train on: its name, or its opened splits."""
    if isinstance(value, str):
        return value
    from reprlab.benchmarks.training_rows import Splits

    if not isinstance(value, Splits):
        raise refused(name, value, "the name of a task, or its opened splits")
    return value
