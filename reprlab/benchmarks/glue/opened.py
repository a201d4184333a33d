"""GLUE's tasks by name, with their rows."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from reprlab.benchmarks.glue.rows import Glue, RowSample, from_folder, from_hub
from reprlab.benchmarks.glue.table import TASKS
from reprlab.errors import ReprlabError, unknown


def open_glue(
    names: Iterable[str],
    *,
    data_dir: Path | str | None = None,
    limit: int | None = None,
    sample: int | None = None,
) -> list[Glue]:
    """The tasks of some names in the order given, each once, with a sample of `limit` rows of each split.

    The seed `sample` draws them; None takes the first. Rows are those of DATA_DIR/glue/TASK/train.jsonl and
    validation.jsonl, else of the hub. Raises `ReprlabError` for an unknown name, and for rows that are
    missing or wrong.
    """
    wanted = list(dict.fromkeys(names))
    if not wanted:
        raise ReprlabError(f"no GLUE task was given: there are {', '.join(TASKS)}")
    for name in wanted:
        if name not in TASKS:
            raise unknown("GLUE task", name, TASKS, "MNLI and QQP are left out, as in the paper")
    if limit is not None and limit < 1:
        raise ReprlabError(f"--limit {limit}: give 1 or more")
    folder = None if data_dir is None else Path(data_dir)
    if folder is not None and not folder.is_dir():
        raise ReprlabError(f"--data-dir '{folder}' is no folder")
    tasks = [TASKS[name] for name in wanted]
    size = RowSample(limit, sample)
    return [from_hub(task, size) if folder is None else from_folder(task, folder, size) for task in tasks]
