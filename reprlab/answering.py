"""Answer: what a benchmark lacks on a network, computed batch by batch and kept as it comes."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from reprlab.benchmarks import prepare
from reprlab.cache import AnswersFile, Part, Record
from reprlab.errors import ReprlabError
from reprlab.evaluating import Answers, answers, generate
from reprlab.network import Network
from reprlab.packing import Row, batches, pack
from reprlab.plan import Plan
from reprlab.scores import Results

if TYPE_CHECKING:
    from reprlab.benchmarks.loading import Opened
    from reprlab.benchmarks.prepared import Benchmark

BLOCK = 64  # consecutive documents from which batches are made
_KEEP_SECONDS = 2.0  # answers wait that long, at most, before they are on the disk

Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Unit:
    """One batch and what it has no answers for yet."""

    batch: int
    places: tuple[int, ...]
    plan: Plan


@dataclass(frozen=True)
class Job:
    """A benchmark on a network: what is there, what is missing, and how it is computed."""

    network: Network
    benchmark: Benchmark
    file: AnswersFile
    plan: Plan
    limit: int
    divergence: bool

    @cached_property
    def rows(self) -> dict[int, tuple[Row, ...]]:
        """Each document packed into rows, by its place."""
        width, longest = self.network.width, self.network.packs
        documents = [] if self.benchmark.generates else self.benchmark.documents
        return {d.place: pack(d.requests, width=width, longest=longest) for d in documents}

    def tokens(self, places: Iterable[int]) -> int:
        """The tokens that run for some documents, padding aside."""
        if not self.benchmark.generates:
            return sum(len(row) for place in places for row in self.rows[place])
        prompts = [p for place in places if (p := self.benchmark.documents[place].prompt)]
        return sum(len(prompt.tokens) + prompt.max_new_tokens for prompt in prompts)

    def readings(self, places: Iterable[int]) -> int:
        """The positions that pass the head for some documents."""
        if self.benchmark.generates:
            return 0
        return sum(len({read.place for read in row.reads}) for place in places for row in self.rows[place])

    def work(self, unit: Unit) -> float:
        """A unit's work, in layer calls times tokens; generating shares nothing."""
        calls = (
            sum(s.layer_calls for s in unit.plan.distinct)
            if self.benchmark.generates
            else unit.plan.layer_calls
        )
        return calls * self.tokens(unit.places) + len(unit.plan.distinct) * self.head(unit)

    def head(self, unit: Unit) -> float:
        """What the head costs a schedule, in the same measure: a layer has 12 width^2 weights or so."""
        return self.readings(unit.places) * self.network.vocabulary / (12 * self.network.width)

    @cached_property
    def units(self) -> tuple[Unit, ...]:
        """The batches that lack answers, with the schedules that each lacks."""
        part = "divergence" if self.divergence and not self.benchmark.generates else "values"
        found: list[Unit] = []
        for batch, places in self.file.batches().items():
            if min(places) < self.limit:
                done = self.file.done(batch, part)
                left = [schedule for schedule in self.plan.distinct if str(schedule) not in done]
                found += [Unit(batch, places, Plan(left))] if left else []
        return tuple(found)

    def run(self, unit: Unit) -> Iterator[float]:
        """Answer what a batch lacks, keep it, and yield the work done so far."""
        keep = self._written if self.benchmark.generates else self._answered
        waiting: list[tuple[str, Part, Numbers]] = []
        since = time.monotonic()
        known = self.file.done(unit.batch)
        try:
            for text, parts, done in keep(unit):
                new: list[Part] = [part for part in parts if part == "divergence" or text not in known]
                waiting.extend((text, part, parts[part]) for part in new)
                if time.monotonic() - since > _KEEP_SECONDS:
                    self.file.put(unit.batch, waiting)
                    waiting, since = [], time.monotonic()
                yield done
        finally:
            if waiting:
                self.file.put(unit.batch, waiting)

    def _answered(self, unit: Unit) -> Iterator[tuple[str, dict[Part, Numbers], float]]:
        documents = [self.rows[place] for place in unit.places]
        counts = [len(self.benchmark.documents[place].requests) for place in unit.places]
        tokens, head = self.tokens(unit.places), self.head(unit)
        walk = answers(self.network, documents, counts, unit.plan, divergence=self.divergence)
        for number, (positions, found) in enumerate(walk, start=1):
            done = unit.plan.calls_at[positions[0]] * tokens + number * head
            yield str(unit.plan.schedules[positions[0]]), self._parts(unit, counts, found), done

    def _parts(self, unit: Unit, counts: Sequence[int], found: Answers) -> dict[Part, Numbers]:
        pairs = list(zip(found.likelihoods.tolist(), found.greedy.tolist(), strict=True))
        given = [pairs[a:b] for a, b in pairwise(np.cumsum([0, *counts]))]
        parts: dict[Part, Numbers] = {
            "values": self.benchmark.score(unit.places, given),
            "likelihoods": found.likelihoods.numpy(),
            "greedy": found.greedy.double().numpy(),
        }
        if found.divergence is not None:
            parts["divergence"] = found.divergence.numpy()
        return parts

    def _written(self, unit: Unit) -> Iterator[tuple[str, dict[Part, Numbers], float]]:
        prompts = [p for place in unit.places if (p := self.benchmark.documents[place].prompt)]
        tokens, done = self.tokens(unit.places), 0.0
        for schedule in unit.plan.distinct:
            texts = generate(
                self.network,
                [prompt.tokens for prompt in prompts],
                schedule,
                until=prompts[0].until,
                max_new_tokens=prompts[0].max_new_tokens,
                options=dict(prompts[0].options),
            )
            done += schedule.layer_calls * tokens
            yield (
                str(schedule),
                {"values": self.benchmark.score(unit.places, [[text] for text in texts])},
                done,
            )

    def results(self) -> Results:
        """The numbers of the documents asked for, under every schedule of the plan."""
        places = [document.place for document in self.benchmark.documents[: self.limit]]
        texts = [str(schedule) for schedule in self.plan.schedules]
        values, likelihoods = (self.file.get(texts, places, part) for part in ("values", "likelihoods"))
        apart = self.file.get(texts, places, "divergence") if self.divergence else {}
        lost = [
            0
            if self.benchmark.generates
            else sum(not np.isfinite(x).all() for x in likelihoods[text] if x is not None)
            for text in texts
        ]
        opened, records = self.benchmark.opened, self.file.records()
        return Results(
            name=opened.name,
            task=str(opened.task.config.task),
            kind=opened.kind,
            output=opened.output,
            shots=opened.shots,
            preset=opened.preset,
            definition=opened.digest,
            floor=self.benchmark.floor,
            vocabulary=self.benchmark.vocabulary,
            columns=self.benchmark.columns,
            ids=tuple(records[place].id for place in places),
            units=tuple(records[place].unit for place in places),
            values=np.array([values[text] for text in texts], dtype=np.float64),
            nonfinite=np.array(lost),
            divergence=np.array([apart[t] for t in texts], dtype=np.float64) if self.divergence else None,
        )


def job(
    network: Network,
    opened: Opened,
    file: AnswersFile,
    plan: Plan,
    limit: int,
    batch_tokens: int,
    apart: bool,
) -> Job:
    """A benchmark made ready: new documents get their batches, known ones are compared with what is there."""
    there = file.records()
    met = [places for places in file.batches().values() if min(places) < limit]
    benchmark = prepare(
        opened,
        network.tokenizer,
        limit=max([limit, *(max(places) + 1 for places in met)]),
        max_length=network.positions,
        vocabulary=network.vocabulary,
        max_new_tokens=file.identity.max_new_tokens or 256,
    )
    job = Job(network, benchmark, file, plan, limit, apart and not benchmark.generates)
    new = [d for d in benchmark.documents if d.place not in there and d.place < limit]
    for document in benchmark.documents:
        before = there.get(document.place)
        if before and before.fingerprint != benchmark.fingerprint(document.place):
            raise ReprlabError(
                f"document {document.place} of '{benchmark.name}' is not the one answered before in "
                f"'{file.path}': remove that file, or move it away"
            )
    blocks = {d.place // BLOCK: [n for n in new if n.place // BLOCK == d.place // BLOCK] for d in new}
    records: list[list[Record]] = []
    for members in blocks.values():
        sizes = [_size(job, d.place) for d in members]
        for batch in batches(sizes, batch_tokens):
            chosen = [members[i] for i in batch]
            records.append(
                [
                    Record(d.place, d.id, d.unit, benchmark.fingerprint(d.place), len(d.requests))
                    for d in chosen
                ]
            )
    file.add(records)
    return job


def _size(job: Job, place: int) -> tuple[int, int]:
    """A document's rows, and the longest of them."""
    if job.benchmark.generates:
        return 1, job.tokens([place])
    return len(job.rows[place]), max(map(len, job.rows[place]))
