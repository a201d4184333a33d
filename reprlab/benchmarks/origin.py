"""Origin: the file, or the repository of the hub and its commit, that a benchmark's rows came from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reprlab.benchmarks.opened import Opened
from reprlab.benchmarks.table import BENCHMARKS
from reprlab.row_files import revision_of


@dataclass(frozen=True)
class Origin:
    """A `source` (a file's name, or a repository), its `revision` (empty for files), and the `split`."""

    source: str
    revision: str
    split: str


def origin_of(opened: Opened, data_dir: Path | None = None) -> Origin:
    """Where a benchmark's rows came from; `data_dir` is the folder of rows that it was opened with.

    >>> from reprlab.benchmarks.by_name import open_benchmarks
    >>> origin_of(*open_benchmarks(["builtin_pronoun"]))
    Origin(source='builtin_pronoun.jsonl, in the package', revision='', split='test')
    """
    config = opened.task.config
    split = str(config.test_split or config.validation_split or "")
    named = BENCHMARKS.get(opened.name.removesuffix(" train"))
    if named is not None and named.builtin:
        return Origin(f"{named.files[split]}, in the package", "", split)
    if named is not None and data_dir is not None:
        return Origin(named.files.get(split, split), "", split)
    files = list(_file_names((config.dataset_kwargs or {}).get("data_files")))
    if files:
        return Origin(", ".join(files), "", split)
    parts = [str(part) for part in (config.dataset_path, config.dataset_name) if part]
    rows = (opened.task.dataset or {}).get(split)
    return Origin(" ".join(parts), revision_of(rows), split)


def _file_names(value: Any) -> Iterator[str]:
    """The names of data files, without their folders: those are this machine's."""
    if isinstance(value, dict):
        for part in value.values():
            yield from _file_names(part)
    elif isinstance(value, list):
        for part in value:
            yield from _file_names(part)
    elif value is not None:
        yield Path(str(value)).name
