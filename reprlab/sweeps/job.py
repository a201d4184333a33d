"""Answer: what a benchmark lacks on a network, computed batch by batch and kept as it comes."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import groupby, pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from torch import Tensor

from reprlab.arrays import Array
from reprlab.benchmarks.by_name import prepare
from reprlab.counts import counted
from reprlab.errors import ReprlabError
from reprlab.network.batches import PackedRow, pack, packed_batches
from reprlab.network.network import Network
from reprlab.network.updates import Means
from reprlab.progress import Progress
from reprlab.schedules.plan import Plan
from reprlab.scores.results import Results
from reprlab.sweeps.answers import AnswersFile, Part, Record
from reprlab.sweeps.batch import Answers, answers, generate

if TYPE_CHECKING:
    from reprlab.benchmarks.benchmark import Benchmark
    from reprlab.benchmarks.opened import Opened
    from reprlab.benchmarks.requests import Document

BLOCK = 64  # consecutive documents from which batches are made
_KEEP_SECONDS = 2.0  # answers wait that long, at most, before they are on the disk


@dataclass(frozen=True)
class Gap:
    """One batch and what it has no answers for yet."""

    batch: int
    places: tuple[int, ...]
    plan: Plan


@dataclass(frozen=True)
class SweepJob:
    """A benchmark on a network: the answers there, the answers missing, and how they are computed."""

    network: Network
    benchmark: Benchmark
    file: AnswersFile
    plan: Plan
    limit: int
    divergence: bool
    means: Means = field(default_factory=dict[str, Tensor])  # of the calibrations that blocks name

    @cached_property
    def rows(self) -> dict[int, tuple[PackedRow, ...]]:
        """Each document packed into rows, by its place."""
        network, documents = self.network, [] if self.benchmark.generates else self.benchmark.documents
        how = {"width": network.width, "longest": network.packed_limit}
        return {d.place: pack(d.requests, **how, kind=network.row_kind) for d in documents}

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

    def work(self, gap: Gap) -> float:
        """A gap's work, in layer calls times tokens; generating shares nothing."""
        alone = sum(schedule.layer_calls for schedule in gap.plan.distinct)
        calls = alone if self.benchmark.generates else gap.plan.layer_calls
        return calls * self.tokens(gap.places) + len(gap.plan.distinct) * self.head(gap)

    def head(self, gap: Gap) -> float:
        """What the head costs a schedule, in the same measure: a layer has 12 width^2 weights or so."""
        return self.readings(gap.places) * self.network.vocabulary / (12 * self.network.width)

    @cached_property
    def gaps(self) -> tuple[Gap, ...]:
        """The batches that lack answers, with the schedules that each lacks."""
        part = "divergence" if self.divergence and not self.benchmark.generates else "values"
        gaps: list[Gap] = []
        for batch, places in self.file.batches().items():
            if min(places) < self.limit:
                done = self.file.done(batch, part)
                left = [schedule for schedule in self.plan.distinct if str(schedule) not in done]
                gaps += [Gap(batch, places, Plan(left))] if left else []
        return tuple(gaps)

    def run(self, gap: Gap) -> Iterator[float]:
        """Answer what a batch lacks, keep it, and yield the work done so far."""
        keep = self._written if self.benchmark.generates else self._answered
        waiting: list[tuple[str, Part, Array]] = []
        since = time.monotonic()
        known = self.file.done(gap.batch)
        try:
            for text, parts, done in keep(gap):
                new: list[Part] = [part for part in parts if part == "divergence" or text not in known]
                waiting.extend((text, part, parts[part]) for part in new)
                if time.monotonic() - since > _KEEP_SECONDS:
                    self.file.put(gap.batch, waiting)
                    waiting, since = [], time.monotonic()
                yield done
        finally:
            if waiting:
                self.file.put(gap.batch, waiting)

    def _answered(self, gap: Gap) -> Iterator[tuple[str, dict[Part, Array], float]]:
        documents = [self.rows[place] for place in gap.places]
        counts = [len(self.benchmark.documents[place].requests) for place in gap.places]
        tokens, head = self.tokens(gap.places), self.head(gap)
        walk = answers(
            self.network, documents, counts, gap.plan, divergence=self.divergence, means=self.means
        )
        for number, (positions, answers_of_state) in enumerate(walk, start=1):
            done = gap.plan.calls_at[positions[0]] * tokens + number * head
            yield str(gap.plan.schedules[positions[0]]), self._parts(gap, counts, answers_of_state), done

    def _parts(self, gap: Gap, counts: Sequence[int], found: Answers) -> dict[Part, Array]:
        pairs = list(zip(found.likelihoods.tolist(), found.greedy.tolist(), strict=True))
        given = [pairs[a:b] for a, b in pairwise(np.cumsum([0, *counts]))]
        parts: dict[Part, Array] = {
            "values": self.benchmark.score(gap.places, given),
            "likelihoods": found.likelihoods.numpy(),
            "greedy": found.greedy.double().numpy(),
        }
        if found.divergence is not None:
            parts["divergence"] = found.divergence.numpy()
        return parts

    def _written(self, gap: Gap) -> Iterator[tuple[str, dict[Part, Array], float]]:
        prompts = [p for place in gap.places if (p := self.benchmark.documents[place].prompt)]
        tokens, done = self.tokens(gap.places), 0.0
        for schedule in gap.plan.distinct:
            texts = generate(
                self.network,
                [prompt.tokens for prompt in prompts],
                schedule,
                until=prompts[0].until,
                max_new_tokens=prompts[0].max_new_tokens,
                options=dict(prompts[0].options),
            )
            done += schedule.layer_calls * tokens
            values = self.benchmark.score(gap.places, [[text] for text in texts])
            yield str(schedule), {"values": values}, done

    def results(self) -> Results:
        """The numbers of the documents asked for, under every schedule of the plan."""
        places = [document.place for document in self.benchmark.documents[: self.limit]]
        texts = [str(schedule) for schedule in self.plan.schedules]
        values, likelihoods = (self.file.get(texts, places, part) for part in ("values", "likelihoods"))
        apart = self.file.get(texts, places, "divergence") if self.divergence else {}
        lost = [sum(x is not None and not np.isfinite(x).all() for x in likelihoods[t]) for t in texts]
        stored = np.array([values[text] for text in texts], dtype=np.float64)
        by_document = zip(*(likelihoods[text] for text in texts), strict=True)
        answered: Any = [list(of_schedules) for of_schedules in by_document]
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
            values=self.benchmark.scored_now(places, stored, answered),
            nonfinite=np.array(lost),
            divergence=np.array([apart[t] for t in texts], dtype=np.float64) if self.divergence else None,
            measured=self.benchmark.baselines(len(places)),
        )


def ready(
    network: Network,
    opened: Opened,
    file: AnswersFile,
    plan: Plan,
    limit: int,
    batch_tokens: int,
    apart: bool,
) -> SweepJob:
    """A benchmark made ready: new documents get their batches, known ones are compared with what is there."""
    there = file.records()
    met = [places for places in file.batches().values() if min(places) < limit]
    benchmark = prepare(
        opened,
        network.tokenizer,
        limit=max([limit, *(max(places) + 1 for places in met)]),
        max_length=network.positions,
        vocabulary=network.vocabulary,
        max_new_tokens=file.identity.max_new_tokens,
    )
    check_documents(network, benchmark)
    job = SweepJob(network, benchmark, file, plan, limit, apart and not benchmark.generates)
    new = [d for d in benchmark.documents if d.place not in there and d.place < limit]
    for document in benchmark.documents:
        before = there.get(document.place)
        if before and before.fingerprint != benchmark.fingerprint(document.place):
            raise ReprlabError(
                f"document {document.place} of '{benchmark.name}' is not the one answered before in "
                f"'{file.path}': remove that file, or move it away"
            )
    file.add(
        [[_record(benchmark, document) for document in batch] for batch in _batches(job, new, batch_tokens)]
    )
    return job


def check_documents(network: Network, benchmark: Benchmark) -> None:
    """Raises `ReprlabError` for the first document with a token that the network has no embedding for."""
    for one in benchmark.documents:
        rows = [request.tokens for request in one.requests] + ([one.prompt.tokens] if one.prompt else [])
        network.check_tokens(rows, [f"benchmark '{benchmark.name}': document '{one.id}'"] * len(rows))


def _batches(job: SweepJob, documents: Sequence[Document], tokens: int) -> Iterator[list[Document]]:
    """New documents as they will run: block by block, so that later ones change nothing."""
    for _, block in groupby(documents, key=lambda document: document.place // BLOCK):
        members = list(block)
        for batch in packed_batches([_size(job, document.place) for document in members], tokens):
            yield [members[i] for i in batch]


def _record(benchmark: Benchmark, document: Document) -> Record:
    fingerprint = benchmark.fingerprint(document.place)
    return Record(document.place, document.id, document.unit, fingerprint, len(document.requests))


def _size(job: SweepJob, place: int) -> tuple[int, int]:
    """A document's rows, and the longest of them."""
    if job.benchmark.generates:
        return 1, job.tokens([place])
    return len(job.rows[place]), max(map(len, job.rows[place]))


def outlook(jobs: Sequence[SweepJob], plan: Plan) -> str:
    """What a sweep is about to do, in lines: schedules, layer calls, tokens, and what is there already."""
    lines = [str(plan)]
    for one in jobs:
        places = range(min(one.limit, len(one.benchmark.documents)))
        tokens, head = one.tokens(places), one.readings(places)
        asked = len(plan.distinct) * len({b for b, p in one.file.batches().items() if min(p) < one.limit})
        left = sum(len(gap.plan.distinct) for gap in one.gaps)
        there = f"; {(asked - left) / asked:.0%} of its answers are there already" if left < asked else ""
        shared = "" if not one.benchmark.generates else " at most, nothing shared"
        size = f"{counted(len(places), 'document')}, {counted(tokens, 'token')} a schedule{shared}"
        lines.append(f"{one.benchmark.name}: {size}, {counted(head, 'position')} through the head{there}")
    return "\n".join(lines)


def run_jobs(jobs: Sequence[SweepJob], progress: Progress = lambda done, total: None) -> None:
    """Answer what benchmarks lack, one after the other."""
    total = sum(one.work(gap) for one in jobs for gap in one.gaps)
    before = 0.0
    progress(0, total)
    for one in jobs:
        for gap in one.gaps:
            for done in one.run(gap):
                progress(before + done, total)
            before += one.work(gap)
            progress(before, total)
