"""Runs: one a schedule, each a copy of the network trained, scored and let go again."""

from __future__ import annotations

import copy
import gc
import json
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from reprlab.arrays import Array
from reprlab.benchmarks.by_name import prepare
from reprlab.counts import counted
from reprlab.files import slug
from reprlab.network.memory import free_memory
from reprlab.network.network import Network
from reprlab.schedules.plan import Plan
from reprlab.schedules.schedule import Schedule
from reprlab.scores.results import Results
from reprlab.sweeps.answers import AnswersFile, Record, hold_answers
from reprlab.sweeps.job import SweepJob, check_documents
from reprlab.training.recipe import Recipe
from reprlab.training.trainer import fit, save_checkpoint

if TYPE_CHECKING:
    from reprlab.benchmarks.benchmark import Benchmark
    from reprlab.benchmarks.opened import Opened
    from reprlab.benchmarks.training_rows import TrainingRow

_PASSES = 3.0  # a training step's work in forward passes
_STATES = 4  # numbers a weight while it trains: itself, its gradient, and AdamW's two means
_KEPT = 17  # numbers a layer keeps of a token for its gradient, in widths (Korthikanti et al. 2022)
_LOGITS = 4  # times a token's logits are there: themselves, as chances, and the gradients of both


def prepared(network: Network, opened: Opened, limit: int | None) -> Benchmark:
    benchmark = prepare(
        opened,
        network.tokenizer,
        limit=limit or len(opened.docs),
        max_length=network.positions,
        vocabulary=network.vocabulary,
        max_new_tokens=0,
    )
    check_documents(network, benchmark)
    return benchmark


@dataclass(frozen=True)
class Runs:
    """A run a schedule: the runs there, the runs missing, and how they are made."""

    network: Network
    benchmark: Benchmark
    rows: list[TrainingRow]
    file: AnswersFile
    plan: Plan
    recipe: Recipe
    micro_batch: int
    limit: int
    target: Path | None

    @property
    def missing(self) -> tuple[Schedule, ...]:
        """The schedules without a finished run."""
        done = self.file.done(0)
        return tuple(schedule for schedule in self.plan.distinct if str(schedule) not in done)

    @property
    def tokens(self) -> int:
        """The tokens of the training rows, padding aside."""
        return sum(len(row["input_ids"]) for row in self.rows)

    @property
    def work(self) -> float:
        """The work of the missing runs, in layer calls times tokens."""
        return sum(sum(self._parts(schedule)) for schedule in self.missing)

    def _parts(self, schedule: Schedule) -> tuple[float, float]:
        """A run's work in training and in scoring, the head with it: a layer has 12 width^2 weights or so."""
        job, places = self._job(self.network, self.file, schedule), range(self.limit)
        head = self.network.vocabulary / (12 * self.network.width)
        training = _PASSES * self.recipe.epochs * self.tokens * (schedule.layer_calls + head)
        return training, schedule.layer_calls * job.tokens(places) + job.readings(places) * head

    def _job(self, network: Network, file: AnswersFile, schedule: Schedule) -> SweepJob:
        return SweepJob(network, self.benchmark, file, Plan([schedule]), self.limit, divergence=False)

    @property
    def memory(self) -> float:
        """The bytes, about, that a run adds to the model's: its training weights, and its largest step."""
        weights = sum(weight.numel() for weight in self.network.module.parameters())
        layers = max(schedule.layer_calls for schedule in self.plan.distinct)
        token = _LOGITS * self.network.vocabulary + _KEPT * self.network.width * layers
        longest = max(len(row["input_ids"]) for row in self.rows)
        return 4.0 * (_STATES * weights + self.micro_batch * longest * token)

    def run(self, batches: Sequence[Sequence[Record]], progress: Callable[[float], None]) -> None:
        """Train and score what is missing, run by run, answering in these batches."""
        if not self.file.records():
            records = sorted((r for batch in batches for r in batch), key=lambda record: record.place)
            self.file.add([records[: self.limit]])
        last = max(record.place for batch in batches for record in batch) + 1
        whole = self if last <= self.limit else self._longer(last)
        done = 0.0
        for schedule in self.missing:
            training, scoring = self._parts(schedule)
            values, curve = whole.one(schedule, batches, partial(_shown, progress, done, training, scoring))
            self.file.put_run(str(schedule), values, json.dumps(curve))
            done += training + scoring
            progress(done)

    def _longer(self, last: int) -> Runs:
        """The same with the documents that share a batch with those asked for."""
        return replace(self, benchmark=prepared(self.network, self.benchmark.opened, last))

    def one(
        self,
        schedule: Schedule,
        batches: Sequence[Sequence[Record]],
        progress: Callable[[float, float], None],
    ) -> tuple[Array, tuple[dict[str, float], ...]]:
        """One run: a copy trained under a schedule, its documents' numbers, and its learning curve."""
        tuned = _copied(self.network)
        steps = -(-len(self.rows) // self.recipe.batch) * self.recipe.epochs
        with tuned.scheduled(schedule) as module:
            fitted = fit(
                module,
                self.rows,
                self.recipe,
                network=tuned,
                micro_batch=self.micro_batch,
                device=tuned.device,
                progress=lambda done, _: progress(done / steps, 0),
            )
        gc.collect()  # the optimizer's states, before the answers need room
        tuned.module.requires_grad_(False)
        if self.target is not None:
            save_checkpoint(tuned, self.target / slug(str(schedule)), schedule)
        return self._scored(tuned, schedule, batches, partial(progress, 1)), fitted.curve

    def _scored(
        self,
        tuned: Network,
        schedule: Schedule,
        batches: Sequence[Sequence[Record]],
        progress: Callable[[float], None],
    ) -> Array:
        """The documents' numbers, and whether their answers are finite: (document, number + 1)."""
        text, places = str(schedule), range(self.limit)
        with (
            tempfile.TemporaryDirectory() as scratch,
            hold_answers(Path(scratch), self.file.identity, {}) as file,
        ):
            file.add(batches)
            job = self._job(tuned, file, schedule)
            for number, gap in enumerate(job.gaps, start=1):
                for _ in job.run(gap):
                    progress(number / len(batches))
            values, likely = (file.get([text], places, part)[text] for part in ("values", "likelihoods"))
        finite = [[np.isfinite(x).all()] for x in likely if x is not None]
        return np.hstack([np.array(values, dtype=np.float64), np.array(finite, dtype=np.float64)])

    def results(self, frozen: Results) -> Results:
        """The tuned model's numbers, in the columns and over the documents of the frozen one's."""
        texts = [str(schedule) for schedule in self.plan.schedules]
        answers = self.file.get(texts, range(self.limit), "values")
        values = np.array([answers[text] for text in texts], dtype=np.float64)
        return replace(frozen, values=values[..., :-1], nonfinite=(values[..., -1] == 0).sum(-1))

    def curves(self) -> Iterator[dict[str, Any]]:
        """The learning curve of every run."""
        curves = self.file.curves()
        for schedule in self.plan.distinct:
            for point in json.loads(curves[str(schedule)]):
                yield {"task": self.benchmark.name, "schedule": str(schedule), **point}


def _shown(
    progress: Callable[[float], None],
    before: float,
    training: float,
    scoring: float,
    trained: float,
    scored: float,
) -> None:
    progress(before + training * trained + scoring * scored)


def _copied(network: Network) -> Network:
    """The network with weights of its own, all of which train."""
    return replace(network, module=copy.deepcopy(network.module).requires_grad_(True))


def outlook(runs: Runs) -> str:
    """The runs that are about to start, in lines."""
    count, there = len(runs.plan.distinct), len(runs.plan.distinct) - len(runs.missing)
    at_once = f"{counted(runs.micro_batch, 'row')} at a time"
    size = f"about {runs.memory / 1e9:.1f} GB in addition to the model, with {at_once}"
    lines = [
        f"fine-tuning on {runs.benchmark.name}: {counted(len(runs.rows), 'row')}, "
        f"{counted(runs.tokens, 'token')}, {runs.recipe}; {counted(runs.limit, 'document')} to score",
        f"{counted(count, 'run')}, {there} of them there already; a run takes {size}",
    ]
    if there < count and runs.memory > (free := free_memory(runs.network.device)):
        less = "a smaller --micro-batch takes less" if runs.micro_batch > 1 else "it may be killed"
        lines.append(f"warning: {free / 1e9:.1f} GB are free: {less}")
    if runs.target is not None and there:
        lines.append("note: finished runs write no checkpoint; with another --cache they run anew")
    return "\n".join(lines)
