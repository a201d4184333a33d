"""Evaluate: answer one batch of documents under every schedule of a plan, in one walk of its tree."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import torch
from torch import Tensor, nn

from reprlab.network.batches import PackedRow, together
from reprlab.network.network import Network
from reprlab.network.recorded import CACHE_BYTES, SLICE_BYTES, Recording
from reprlab.network.updates import Means
from reprlab.schedules.plan import Plan
from reprlab.schedules.schedule import Schedule


@dataclass(frozen=True)
class Answers:
    """A batch's answers under one schedule, by request in the order of documents; all on the CPU.

    `likelihoods` (request,) float64, rounded to float32 as they are kept: sums of log-probabilities over a
    request's scored tokens, in nats; `greedy` (request,): whether each of them is the model's first choice.
    `divergence` (document, 2), where it was asked for: the mean over the scored positions of
    KL(full || schedule) in nats, and of whether both have the same first choice.
    """

    likelihoods: Tensor
    greedy: Tensor
    divergence: Tensor | None = None


@dataclass(frozen=True)
class Readings:
    """Where a batch is read: each position once, though several requests may ask what follows it."""

    rows: Tensor  # (position,)
    places: Tensor  # (position,)
    owners: Tensor  # (position,) the document
    position: Tensor  # (read,) ascending
    targets: Tensor  # (read,)
    requests: Tensor  # (read,)
    count: int  # requests
    documents: int

    @classmethod
    def of(cls, documents: Sequence[Sequence[PackedRow]], counts: Sequence[int]) -> Readings:
        """The readings of documents packed into rows, with `counts` requests each."""
        seen: dict[tuple[int, int], int] = {}
        reads: list[tuple[int, int, int]] = []
        owners: list[int] = []
        row = first = 0
        for number, (rows, count) in enumerate(zip(documents, counts, strict=True)):
            for one in rows:
                for place, target, request in one.reads:
                    at = seen.setdefault((row, place), len(seen))
                    reads.append((at, target, first + request))
                    owners += [number] * (len(seen) - len(owners))
                row += 1
            first += count
        at, places = torch.tensor(sorted(reads)), torch.tensor(list(seen))
        parts = (places[:, 0], places[:, 1], torch.tensor(owners), *at.T.contiguous())
        return cls(*parts, count=first, documents=len(documents))

    def __len__(self) -> int:
        return len(self.rows)

    def of_rows(self, numbers: Sequence[int]) -> tuple[Tensor, Tensor, Tensor]:
        """The positions in some rows: which they are, the row's place among those rows, the place in it."""
        where, rows = (self.rows[:, None] == torch.tensor(numbers)).nonzero().T
        return where, rows, self.places[where]

    def within(self, part: slice) -> slice:
        """The reads at some positions."""
        first, last = torch.searchsorted(self.position, torch.tensor([part.start, part.stop])).tolist()
        return slice(first, last)


def answers(
    network: Network,
    documents: Sequence[Sequence[PackedRow]],
    counts: Sequence[int],
    plan: Plan,
    *,
    divergence: bool = False,
    means: Means | None = None,
) -> Iterator[tuple[tuple[int, ...], Answers]]:
    """The answers of a batch under every schedule of a plan, as the tree's walk comes to them.

    `documents` are rows, `counts` the requests of each document. Yields positions in the plan and answers.
    Only positions that are read pass the head, in slices of logits of 64 MiB. `means` are the mean states of
    the calibrations that blocks name.
    """
    rows = [row for rows in documents for row in rows]
    readings = Readings.of(documents, counts)
    parts = [
        _RowGroup(
            network.record(network.rows([rows[number] for number in numbers]), means),
            *readings.of_rows(numbers),
        )
        for numbers in together([max(row.positions) + 1 for row in rows], network.row_kind)
    ]
    order = torch.cat([part.which for part in parts]).argsort()
    full = torch.cat([part.last(network.full()) for part in parts])[order] if divergence else None
    walks = [part.walk(plan) for part in parts]
    for positions, first in walks[0]:
        picked = torch.cat([first, *(next(walk)[1] for walk in walks[1:])])[order]
        yield positions, _read(parts[0].recording, readings, picked, full, network.vocabulary)


@dataclass(frozen=True)
class _RowGroup:
    """Those rows of a batch that run together, and where they are read.

    `which` of the batch's positions, in which of the part's rows, and at which place there: (position,) each.
    """

    recording: Recording
    which: Tensor
    rows: Tensor
    places: Tensor

    def last(self, schedule: Schedule) -> Tensor:
        """The states at the positions read, after a schedule's last step: (position, width)."""
        state = self.recording.start
        for step in schedule:
            state = self.recording.apply(step, state)
        return state[self.rows, self.places]

    def walk(self, plan: Plan) -> Iterator[tuple[tuple[int, ...], Tensor]]:
        """The same after every schedule of a plan; the walk's own states are not kept."""
        for positions, state in self.recording.walk(plan):
            picked = state[self.rows, self.places]
            del state
            yield positions, picked


def _read(
    recording: Recording, readings: Readings, states: Tensor, full: Tensor | None, vocabulary: int
) -> Answers:
    """What the head says of the states at the positions read, (position, width)."""
    likelihoods = torch.zeros(readings.count, dtype=torch.float64)
    wrong = torch.zeros(readings.count)
    sums = torch.zeros(readings.documents, 3, dtype=torch.float64)
    theirs = iter(()) if full is None else _chances(recording, full, vocabulary)
    for part, chances in _chances(recording, states, vocabulary):
        best, of = chances.argmax(-1).cpu(), readings.within(part)
        at, targets = readings.position[of] - part.start, readings.targets[of]
        said = chances[at.to(chances.device), targets.to(chances.device)].cpu()
        likelihoods.index_add_(0, readings.requests[of], said.double())
        wrong.index_add_(0, readings.requests[of], (best[at] != targets).float())
        for _, other in islice(theirs, 1):
            apart = nn.functional.kl_div(chances, other, reduction="none", log_target=True).sum(-1).cpu()
            same = other.argmax(-1).cpu() == best
            terms = torch.stack([apart.double(), same.double(), torch.ones_like(same).double()], 1)
            sums.index_add_(0, readings.owners[part], terms)
    divergences = None if full is None else sums[:, :2] / sums[:, 2:]
    return Answers(likelihoods.float().double(), wrong == 0, divergences)


def _chances(recording: Recording, states: Tensor, vocabulary: int) -> Iterator[tuple[slice, Tensor]]:
    """Log-probabilities (position, vocabulary) in float32, a few positions at a time.

    The head runs on as many as `SLICE_BYTES` hold; on a CPU the softmax goes over fewer, for its cache.
    """
    size = max(1, SLICE_BYTES // (4 * vocabulary))
    few = max(1, CACHE_BYTES // (4 * vocabulary)) if states.device.type == "cpu" else size
    for start in range(0, len(states), size):
        logits = recording.head(states[start : start + size])
        for first in range(0, len(logits), few):
            chances = logits[first : first + few].float().log_softmax(-1)
            yield slice(start + first, start + first + len(chances)), chances


def generate(
    network: Network,
    prompts: Sequence[Sequence[int]],
    schedule: Schedule,
    *,
    until: Sequence[str],
    max_new_tokens: int,
    options: dict[str, Any],
) -> list[str]:
    """Go on from each prompt under a schedule until a stop string, which is cut off, or the cap.

    Each applied step has a cache slot of its own; greedy unless `options` say else.
    """
    chosen = {"do_sample": False, "pad_token_id": network.filler, **_sampling(options)}
    ends: dict[str, Any] = {"stop_strings": list(until), "tokenizer": network.tokenizer} if until else {}
    texts = network.continued(prompts, schedule, max_new_tokens=max_new_tokens, **chosen, **ends)
    return [_cut(text, until) for text in texts]


def _sampling(options: dict[str, Any]) -> dict[str, Any]:
    """lm-eval's options without a temperature of 0, which means greedy."""
    greedy = not options.get("do_sample") or not options.get("temperature", 1)
    return (
        {k: v for k, v in options.items() if k not in {"temperature", "do_sample"}}
        if greedy
        else dict(options)
    )


def _cut(text: str, until: Sequence[str]) -> str:
    for end in until:
        text = text.split(end)[0] if end else text
    return text
