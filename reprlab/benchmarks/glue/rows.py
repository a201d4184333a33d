"""A GLUE task's labelled rows, from a folder or the hub, and the line that says which row is wrong."""

from __future__ import annotations

import hashlib
import json
import logging
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any, cast

from reprlab.benchmarks.glue.table import HIGH, LOW, TASKS, GlueTask
from reprlab.counts import counted
from reprlab.errors import ReprlabError
from reprlab.files import jsonl_rows
from reprlab.row_files import GLUE_REPOSITORY, revision_of
from reprlab.sampled import sampled

SPLITS = ("train", "validation")

GlueRow = Mapping[str, Any]
Label = int | float


@dataclass(frozen=True)
class Split:
    """Rows in a fixed order: the one or two texts of each, and its label."""

    texts: tuple[tuple[str, ...], ...]
    labels: tuple[Label, ...]

    def __post_init__(self) -> None:
        if not self.texts or len(self.texts) != len(self.labels):
            given = f"{counted(len(self.texts), 'row')} of texts and {counted(len(self.labels), 'label')}"
            raise ReprlabError(f"a split has {given}: give one label a row, and 1 row or more")

    def __len__(self) -> int:
        return len(self.texts)


@dataclass(frozen=True)
class Glue:
    """A task with its rows; `source` says in words where they came from. No text of theirs is ever written.

    >>> rows = Split((("It rains.", "It is wet."), ("It rains.", "It is dry.")), (0, 1))
    >>> glue = Glue(TASKS["rte"], rows, rows, "given")
    >>> glue.floor, len(set(glue.units))
    (0.5, 1)
    """

    task: GlueTask
    train: Split
    validation: Split
    source: str

    @cached_property
    def digest(self) -> str:
        """SHA-256 over the task's columns, its labels' names and every row: what training follows from."""
        task, splits = self.task, (self.train, self.validation)
        whole = [task.name, task.fields, task.labels, [(split.texts, split.labels) for split in splits]]
        return hashlib.sha256(json.dumps(whole).encode()).hexdigest()[:32]

    @cached_property
    def units(self) -> tuple[str, ...]:
        """The unit of each validation row: rows that share their first text share it."""
        return tuple(hashlib.sha256(first.encode()).hexdigest()[:16] for first, *_ in self.validation.texts)

    @property
    def floor(self) -> float:
        """Accuracy without reading: the largest class's share (1 / classes or more); 0 for a regression."""
        if self.task.regression:
            return 0.0
        return max(Counter(self.validation.labels).values()) / len(self.validation)


@dataclass(frozen=True)
class RowSample:
    """How many rows of a split are taken, all where `limit` is None: a sample by its seed, else the first."""

    limit: int | None = None
    sample: int | None = None

    def of(self, task: GlueTask, rows: Iterator[tuple[str, GlueRow]]) -> list[tuple[str, GlueRow]]:
        """The rows of a split that are taken, units together; all are read only where a sample is drawn."""
        if self.limit is None:
            return list(rows)
        if self.sample is None:
            return list(islice(rows, min(self.limit, sys.maxsize)))
        there = list(rows)
        units = [str(row.get(task.fields[0])) for _, row in there]  # rows of one first text, as `Glue.units`
        return [there[place] for place in sampled(units, self.sample)[: self.limit]]


def from_folder(task: GlueTask, folder: Path, size: RowSample) -> Glue:
    """A task's rows in FOLDER/glue/TASK/, as many of each split as `size` takes."""
    missing = [file for file in _files(task) if not (folder / file).is_file()]
    if missing:
        there = [name for name, one in TASKS.items() if all((folder / f).is_file() for f in _files(one))]
        raise ReprlabError(
            f"GLUE task '{task.name}' needs {' and '.join(missing)} in --data-dir '{folder}': put "
            f"{'it' if len(missing) == 1 else 'them'} there. Whole tasks there: {', '.join(there) or 'none'}"
        )
    train, validation = (folder / file for file in _files(task))
    return Glue(
        task,
        _trainable(f"'{train}'", _split(task, jsonl_rows(train), size), size.limit),
        _split(task, jsonl_rows(validation), size),
        f"glue/{task.name} of --data-dir",
    )


def from_hub(task: GlueTask, size: RowSample) -> Glue:
    """A task's rows as the hub has them, or as the package datasets has kept them, in the same way."""
    splits = _downloaded(task)
    missing = [split for split in SPLITS if split not in splits]
    if missing:
        raise ReprlabError(
            f"GLUE task '{task.name}' of the hub ({GLUE_REPOSITORY}) has no split {missing[0]}: "
            f"{_advice(task)}"
        )
    train, validation = (_split(task, _placed(task, split, splits[split]), size) for split in SPLITS)
    where = f"{GLUE_REPOSITORY} {task.name} train"
    return Glue(
        task,
        _trainable(where, train, size.limit),
        validation,
        f"{GLUE_REPOSITORY}, revision {revision_of(splits['train']) or 'unknown'}",
    )


def _files(task: GlueTask) -> list[str]:
    return [task.rows.files[split] for split in SPLITS]


# --- the hub -------------------------------------------------------------------------------------


def _downloaded(task: GlueTask) -> Mapping[str, Any]:
    try:
        import datasets
        from datasets.exceptions import DatasetsError
    except ImportError as error:
        raise ReprlabError(
            f"GLUE task '{task.name}' comes from the hub through the package datasets: "
            "pip install 'reprlab[eval]', or give --data-dir"
        ) from error
    logging.getLogger("huggingface_hub").setLevel(logging.ERROR)  # its retries are no news
    datasets.disable_progress_bars()
    try:
        return cast(Mapping[str, Any], datasets.load_dataset(GLUE_REPOSITORY, task.name))
    except (OSError, ValueError, RuntimeError, DatasetsError) as error:
        reason = " ".join(str(error).split())[:160]
        raise ReprlabError(
            f"GLUE task '{task.name}' cannot be had from the hub ({reason}): {_advice(task)}"
        ) from error


def _advice(task: GlueTask) -> str:
    files = " and ".join(f"DIR/{file}" for file in _files(task))
    return f"check the network and HF_HOME, or give --data-dir DIR with {files}"


def _placed(task: GlueTask, split: str, rows: Iterable[GlueRow]) -> Iterator[tuple[str, GlueRow]]:
    return (
        (f"{GLUE_REPOSITORY} {task.name} {split} row {number}", row) for number, row in enumerate(rows, 1)
    )


# --- rows ----------------------------------------------------------------------------------------


def _split(task: GlueTask, rows: Iterator[tuple[str, GlueRow]], size: RowSample) -> Split:
    checked = [(_texts(task, *placed), _label(task, *placed)) for placed in size.of(task, rows)]
    return Split(tuple(texts for texts, _ in checked), tuple(label for _, label in checked))


def _trainable(where: str, train: Split, limit: int | None) -> Split:
    if len(set(train.labels)) < 2:
        do = (
            "add rows of another"
            if limit is None or len(train) < limit
            else "take more rows than the limit does"
        )
        given = f"label {train.labels[0]} for all of its {counted(len(train), 'row')}"
        raise ReprlabError(f"{where} has {given}: nothing can be learned from one label, {do}")
    return train


def _field(task: GlueTask, where: str, row: GlueRow, field: str) -> Any:
    if field not in row:
        needed = ", ".join((*task.fields, "label"))
        raise ReprlabError(f"{where} has no field '{field}': a row of {task.title} needs {needed}")
    return row[field]


def _texts(task: GlueTask, where: str, row: GlueRow) -> tuple[str, ...]:
    return tuple(_text(f"{where}: field {field}", _field(task, where, row, field)) for field in task.fields)


def _text(what: str, text: Any) -> str:
    if not isinstance(text, str):
        raise ReprlabError(f"{what} holds a {type(text).__name__}, not text")
    if not text.strip():
        raise ReprlabError(f"{what} is empty: put text there, or leave the row out")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        at = error.start
        raise ReprlabError(f"{what} is not Unicode: half a surrogate pair at character {at}") from error
    return text


def _label(task: GlueTask, where: str, row: GlueRow) -> Label:
    label = _field(task, where, row, "label")
    number = isinstance(label, int | float) and not isinstance(label, bool)
    if number and label == -1:
        raise ReprlabError(
            f"{where}: label -1 is what GLUE's test splits carry: these rows have no labels, "
            "take those of train or validation"
        )
    if task.regression:
        if not number or not LOW <= label <= HIGH:  # also NaN
            raise ReprlabError(
                f"{where}: label of {task.title}: a regression takes numbers from {LOW} to {HIGH}, "
                f"given {_shown(label)}"
            )
        return float(label)
    if type(label) is not int or not 0 <= label < len(task.labels):
        allowed = ", ".join(f"{at} ({name})" for at, name in enumerate(task.labels))
        raise ReprlabError(f"{where}: label {_shown(label)}: {task.title} has {allowed}")
    return label


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:37]}..."
