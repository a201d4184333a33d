"""GLUE's tasks by name."""

from __future__ import annotations

from collections.abc import Sequence

from reprlab.errors import unknown


def glue_tasks(names: Sequence[str]) -> tuple[str, ...]:
    """The GLUE tasks of some names, each once; `all` stands for every task."""
    from reprlab.benchmarks.glue.table import TASKS

    for name in names:
        if name not in (*TASKS, "all"):
            raise unknown("GLUE task", name, [*TASKS, "all"])
    return tuple(TASKS) if "all" in names else tuple(dict.fromkeys(names))
