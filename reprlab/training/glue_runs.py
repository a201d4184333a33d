"""One GLUE task under schedules: the runs there, the runs missing, and how they are trained."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np

from reprlab.arrays import Array
from reprlab.benchmarks.glue.rows import Glue
from reprlab.counts import counted
from reprlab.files import slug
from reprlab.memory import free_bytes
from reprlab.network.network import Network
from reprlab.schedules.plan import Plan
from reprlab.schedules.schedule import Schedule
from reprlab.scores.results import Column, Results
from reprlab.statistics.aggregations import aggregate
from reprlab.sweeps.answers import AnswersFile, Record
from reprlab.training.classifier import Head, classifier, encoded, features
from reprlab.training.recipe import Recipe
from reprlab.training.trainer import Fitted, fit, save_checkpoint

MODES = ("unfrozen", "frozen", "authors-dropout")


MAX_TOKENS = 128


_PASSES = 3.0  # a training step's work in forward passes


_HEAD_STEP = 100.0  # a step of a head alone, in layer calls times tokens


_SHARE = 4  # of the memory that is free, features take so many-th at most


GlueRunRow = dict[str, Any]


@dataclass(frozen=True)
class GlueJob:
    """A task on a network: the runs there, the runs missing, and how they are trained."""

    network: Network
    data: Glue
    file: AnswersFile
    plan: Plan
    mode: str
    recipe: Recipe
    batch_tokens: int
    target: Path | None

    @cached_property
    def rows(self) -> tuple[list[GlueRunRow], list[GlueRunRow]]:
        """The rows of both splits as tokens, with their labels."""
        splits = (self.data.train, self.data.validation)
        coded = [encoded(self.network, split.texts, MAX_TOKENS) for split in splits]
        kind = float if self.data.task.regression else int
        train, held = (
            [{**row, "labels": kind(label)} for row, label in zip(rows, split.labels, strict=True)]
            for rows, split in zip(coded, splits, strict=True)
        )
        return train, held

    @cached_property
    def missing(self) -> tuple[Schedule, ...]:
        """The schedules without a finished run."""
        done = self.file.done(0)
        return tuple(schedule for schedule in self.plan.distinct if str(schedule) not in done)

    @property
    def tokens(self) -> int:
        """The tokens of both splits, padding aside."""
        return sum(len(row["input_ids"]) for rows in self.rows for row in rows)

    @property
    def steps(self) -> int:
        return -(-len(self.data.train) // self.recipe.batch) * self.recipe.epochs

    @property
    def work(self) -> float:
        """The work of the missing runs, in layer calls times tokens."""
        if self.mode == "frozen":
            heads = len(self.missing) * self.steps * _HEAD_STEP
            return sum(Plan(part).layer_calls for part in self._parts()) * self.tokens + heads
        return sum(map(self._alone, self.missing))

    def run(self, progress: Callable[[float], None]) -> None:
        """Train what is missing, run by run."""
        if not self.file.records():
            self.file.add([self._records()])
        (self._frozen if self.mode == "frozen" else self._whole)(progress)

    def results(self) -> Results:
        """The numbers of the validation rows under every schedule of the plan."""
        task, texts = self.data.task, [str(schedule) for schedule in self.plan.schedules]
        places = range(len(self.data.validation))
        answers = self.file.get(texts, places, "values")
        values = np.array([answers[text] for text in texts], dtype=np.float64)
        scored = values[..., :-1]  # after the columns: whether the logits were finite
        return Results(
            name=task.name,
            task=f"glue/{task.name}",
            kind="",
            output="regression" if task.regression else "classification",
            shots=0,
            preset=self.mode,
            definition=self.data.digest,
            floor=self.data.floor,
            vocabulary=max(1, len(task.labels)),
            columns=columns(task.metrics, regression=task.regression),
            ids=tuple(map(str, places)),
            units=self.data.units,
            values=scored,
            nonfinite=(values[..., -1] == 0).sum(-1),
        )

    def curves(self) -> Iterator[dict[str, Any]]:
        """The learning curve of every schedule of the plan."""
        curves = self.file.curves()
        for schedule in self.plan.distinct:
            for point in json.loads(curves[str(schedule)]):
                yield {"task": self.data.task.name, "schedule": str(schedule), **point}

    def _records(self) -> list[Record]:
        return [Record(n, str(n), unit, self.data.digest[:16], 1) for n, unit in enumerate(self.data.units)]

    def _alone(self, schedule: Schedule) -> float:
        return _PASSES * self.recipe.epochs * self.tokens * schedule.layer_calls

    def _parts(self) -> Iterator[tuple[Schedule, ...]]:
        """The missing schedules, in groups whose features fit in memory together."""
        rows = len(self.data.train) + len(self.data.validation)
        room = free_bytes() // _SHARE
        most = max(1, room // (4 * rows * self.network.width))
        for start in range(0, len(self.missing), most):
            yield self.missing[start : start + most]

    def _frozen(self, progress: Callable[[float], None]) -> None:
        both, done = [*self.rows[0], *self.rows[1]], 0.0
        for part in list(self._parts()):
            plan, work = Plan(part), Plan(part).layer_calls * self.tokens
            show = partial(_shown, progress, done, work)
            pooled = features(self.network, both, plan, batch_tokens=self.batch_tokens, progress=show)
            done += work
            for schedule, states in zip(part, pooled, strict=True):
                pairs = zip(states, both, strict=True)
                rows = [{"features": state, "labels": row["labels"]} for state, row in pairs]
                self._keep(schedule, self._fit(Head(self._fresh), rows))
                done += self.steps * _HEAD_STEP
                progress(done)

    def _whole(self, progress: Callable[[float], None]) -> None:
        both, done = [*self.rows[0], *self.rows[1]], 0.0
        for schedule in self.missing:
            tuned = replace(self._fresh, module=copy.deepcopy(self._fresh.module))
            if self.mode == "authors-dropout":
                tuned.base.requires_grad_(False)
            show = partial(_shown, progress, done, self._alone(schedule))
            with tuned.scheduled(schedule) as module:
                fitted = self._fit(module, both, network=tuned, progress=show)
            if self.target is not None:
                save_checkpoint(tuned, self.target / slug(str(schedule)), schedule)
            self._keep(schedule, fitted)
            done += self._alone(schedule)
            progress(done)

    def _fit(self, module: Any, rows: Sequence[GlueRunRow], **options: Any) -> Fitted:
        """Train on the rows of the training split, the others held out."""
        cut, measure = len(self.data.train), partial(measured, self.data)
        where = self.network.device
        return fit(module, rows[:cut], self.recipe, held=rows[cut:], measure=measure, device=where, **options)

    @cached_property
    def _fresh(self) -> Network:
        """The encoder with the classifier that every run of the task begins with."""
        return classifier(self.network, max(1, len(self.data.task.labels)), self.recipe.seed)

    def _keep(self, schedule: Schedule, found: Fitted) -> None:
        assert found.logits is not None  # rows were held out
        values, finite = numbers(self.data, found.logits)
        whole = np.concatenate([values, finite[:, None]], axis=1)
        self.file.put_run(str(schedule), whole, json.dumps(found.curve))


def _shown(progress: Callable[[float], None], before: float, work: float, done: float, total: float) -> None:
    progress(before + work * done / max(total, 1))


def columns(metrics: Sequence[str], *, regression: bool) -> tuple[Column, ...]:
    """How metrics are kept: what `acc` counts, gold and predicted for others, and the gold class's chance.

    >>> [(c.name, c.aggregation, c.size) for c in columns(["acc", "f1"], regression=False)]
    [('acc', 'mean', 1), ('f1', 'f1', 2), ('u', 'mean', 1)]
    """
    metric_columns = [Column(m, "mean", 1, True) if m == "acc" else Column(m, m, 2, True) for m in metrics]
    return tuple(metric_columns if regression else [*metric_columns, Column("u", "mean", 1, True)])


def numbers(data: Glue, logits: Array) -> tuple[Array, Array]:
    """Logits (row, label) as numbers by `columns`, (row, number), and whether they were finite, (row,).

    A row whose logits are not finite is wrong: another class than gold, chance 0; 0 in a regression.
    """
    finite = np.asarray(np.isfinite(logits).all(-1))  # (row,)
    safe = np.where(finite[:, None], logits, 0.0)
    gold = np.array(data.validation.labels, np.float64)
    if data.task.regression:
        pairs = np.stack([gold, safe[:, 0]], 1)
        return np.concatenate([pairs] * len(data.task.metrics), 1), finite.astype(np.float64)
    shifted = np.exp(safe - safe.max(-1, keepdims=True))
    chances = (shifted / shifted.sum(-1, keepdims=True))[np.arange(len(gold)), gold.astype(int)]
    other = (gold + 1) % max(2, len(data.task.labels))
    predicted = np.where(finite, safe.argmax(-1), other)
    pairs = np.stack([gold, predicted], 1)
    parts = [(predicted == gold)[:, None] if m == "acc" else pairs for m in data.task.metrics]
    return np.concatenate([*parts, (chances * finite)[:, None]], 1), finite.astype(np.float64)


def measured(data: Glue, logits: Array) -> Mapping[str, float]:
    """A task's metrics of some logits, (row, label)."""
    values, _ = numbers(data, logits)
    metrics: dict[str, float] = {}
    start = 0
    for column in columns(data.task.metrics, regression=data.task.regression):
        items = values[:, start : start + column.size]
        metrics[column.name] = float(aggregate(column.aggregation, items))
        start += column.size
    return metrics


def outlook(jobs: Sequence[GlueJob], plan: Plan) -> str:
    """The runs that are about to start, in lines."""
    lines = [f"{counted(len(plan), 'schedule')}, {len(plan.distinct):,} distinct"]
    for job in jobs:
        data, left = job.data, len(job.missing)
        there = "" if left == len(plan.distinct) else f"; runs there already: {len(plan.distinct) - left}"
        rows = f"{counted(len(data.train), 'row')} to train on, {len(data.validation):,} held out"
        lines.append(f"{data.task.name} ({data.source}): {rows}, {job.mode}, {job.recipe}{there}")
    if any(job.target and len(job.missing) < len(plan.distinct) for job in jobs):
        lines.append("note: finished runs write no checkpoint; with another --cache they run anew")
    return "\n".join(lines)
