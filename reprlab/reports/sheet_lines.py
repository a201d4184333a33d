"""Sheet lines: the sheet of a report in words, as the groups of rows that its page ends with."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from reprlab.counts import counted
from reprlab.foreign import printable
from reprlab.progress import in_words
from reprlab.reports.data_sources import DataSource
from reprlab.reports.pages.content import SheetGroup, SheetRow
from reprlab.reports.sheet import Sheet, WallTime

IN_SHEET = ("digest of the weights", "random orders", "versions", "processor", "threads", "memory", "time")
_STAGES = {
    "scores": "scores",
    "single": "scores of figs. 2 and 17",
    "loops": "loops of fig. 10",
    "precise": "scores in float32",
    "unfrozen": "training as a whole",
    "fine_tuned": "fine-tuning of fig. 13",
    "full": "capture, full model",
    "skip": "capture, skip",
    "middle repeat": "capture, middle repeat",
    "compare": "similarity",
}
AGAIN = "reprlab report --again run.json"


def quoted(words: tuple[str, ...]) -> str:
    """Words as one command line of a shell; signs that would steer a terminal are written out.

    >>> quoted(("reprlab", "report", "a b.yaml"))
    "reprlab report 'a b.yaml'"
    """
    return printable(shlex.join(words)).replace("\n", "\\n")


def groups_of(sheet: Sheet, settings: Mapping[str, Any]) -> tuple[SheetGroup, ...]:
    """Every line of a sheet, by group; `settings` are those next to it in run.json."""
    groups = {
        "Run it again": _commands(sheet),
        "Model": _model(sheet),
        "Data": map(_data, sheet.data),
        "Seeds": (SheetRow(name, seed) for name, seed in sheet.seeds.items()),
        "Settings": _settings(sheet, settings),
        "Hardware": _hardware(sheet),
        "Versions": _versions(sheet),
        "Wall time": _times(sheet.wall),
    }
    return tuple(SheetGroup(title, rows) for title, some in groups.items() if (rows := _printable(some)))


def _printable(rows: Iterable[SheetRow]) -> tuple[SheetRow, ...]:
    """The same rows; control signs of names from outside are written out."""
    return tuple(replace(row, label=printable(row.label), text=printable(row.text)) for row in rows)


def sampled(sheet: Sheet) -> tuple[str, ...]:
    """The rows that were taken of each benchmark, corpus and task, a phrase each."""
    return tuple(f"{one.label}{f' ({one.split})' if one.split else ''}: {one.taken}" for one in sheet.data)


def _commands(sheet: Sheet) -> Iterator[SheetRow]:
    if sheet.command:
        yield SheetRow("command line", quoted(sheet.command), verbatim=True)
    else:
        yield SheetRow("command line", "none: the report was made in Python, by rl.report")
    if sheet.again:
        yield SheetRow("run once more by", quoted(sheet.again), verbatim=True)
    if not sheet.model.name.startswith("memory:"):
        yield SheetRow("again", AGAIN, verbatim=True)


def _model(sheet: Sheet) -> Iterator[SheetRow]:
    model = sheet.model
    name = model.name if model.given == model.name else f"{model.name}, given as {model.given}"
    yield SheetRow("model", f"{name}: {model.note}; {counted(model.layers, 'layer')}")
    yield SheetRow("digest of the weights", model.weights, verbatim=True)
    yield SheetRow("digest of the tokenizer", model.tokenizer, verbatim=True)
    yield SheetRow("numbers", f"{model.dtype} on {model.device}, attention {model.attention}")


def _data(one: DataSource) -> SheetRow:
    shots = "" if one.shots is None else f"{one.shots}-shot"
    split = f"split {one.split}" if one.split else ""
    parts = (one.taken, split, shots, f"from {one.origin}", f"digest {one.digest}")
    return SheetRow(one.label, "; ".join(part for part in parts if part))


def _settings(sheet: Sheet, settings: Mapping[str, Any]) -> Iterator[SheetRow]:
    every = {**settings, "preset": sheet.preset, "batch_tokens": sheet.batch_tokens}
    yield from (SheetRow(name, json.dumps(value), verbatim=True) for name, value in every.items())


def _hardware(sheet: Sheet) -> Iterator[SheetRow]:
    machine = sheet.hardware
    threads = counted(machine.threads, "thread")
    yield SheetRow("processor", f"{machine.processor}; {counted(machine.cores, 'core')}, {threads} used")
    yield SheetRow("graphics card", machine.gpu or "none used")
    yield SheetRow(
        "memory", f"{machine.memory_gib:.0f} GiB, of which {sheet.wall.memory_gib:.1f} GiB were used at most"
    )


def _versions(sheet: Sheet) -> Iterator[SheetRow]:
    yield SheetRow("of this run", ", ".join(f"{name} {there}" for name, there in sheet.versions.items()))
    if sheet.earlier:
        others = ", ".join(f"{name} {there}" for name, there in sheet.earlier.items())
        yield SheetRow("of results that the cache had", others)


def _times(wall: WallTime) -> Iterator[SheetRow]:
    for stage in wall.stages:
        cached = "" if stage.computed else ", nothing was computed: all of it was there"
        yield SheetRow(_STAGES.get(stage.name, stage.name), f"{_seconds(stage.seconds)}{cached}")
    yield SheetRow(
        "in all",
        f"{_seconds(wall.seconds)} in this run; results that earlier runs had put in the cache were read, "
        "and the time that they took is not in it",
    )


def _seconds(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds < 10 else in_words(seconds)
