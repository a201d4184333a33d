"""Lens: what a model would say at every depth, read through its own final norm and head."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from reprlab.arguments import function, integer, number, optional, string, taking
from reprlab.captures.corpora import Corpus
from reprlab.captures.described import described
from reprlab.captures.given import corpus_of
from reprlab.captures.layout import Manifest
from reprlab.captures.sums import norms, sinks
from reprlab.depths.lens import QUANTITIES, Lens, LensCurve
from reprlab.errors import ReprlabError, unknown
from reprlab.network.batches import padded_batches
from reprlab.network.given import network_of
from reprlab.network.memory import within_memory
from reprlab.network.network import Network
from reprlab.network.recorded import CACHE_BYTES, SLICE_BYTES, Recording
from reprlab.progress import Progress
from reprlab.provenance import SINK_FACTOR, Provenance
from reprlab.schedules.given import schedule_of
from reprlab.schedules.schedule import Schedule
from reprlab.similarity.policy import POLICIES
from reprlab.statistics.resampled import bootstrapped

DOCUMENTS = 24


@taking(
    network=network_of(),
    corpus=corpus_of,
    schedule=schedule_of,
    documents=optional(integer),
    max_tokens=optional(integer),
    batch_tokens=integer,
    tokens=string,
    sink_factor=number,
    progress=function,
)
def lens(
    network: Network | str | Path,
    corpus: Corpus | str | Path | Sequence[str],
    *,
    schedule: Schedule | str | None = None,
    documents: int | None = None,
    max_tokens: int | None = None,
    batch_tokens: int = 2048,
    tokens: str = "all",
    sink_factor: float = SINK_FACTOR,
    progress: Progress = lambda done, total: None,
) -> Lens:
    """The logit lens (nostalgebraist 2020): each depth's state through the model's own final norm and head.

    Let that give p_l(v) for the next token at depth l, and p(v) at the schedule's last depth. By depth, means
    over tokens of:
    `kl` = KL(p || p_l) = sum_v p(v) ln(p(v) / p_l(v)), >= 0 up to rounding, 0 at the last depth. In this
    direction each v weighs as the end has it: it costs so much to code the end's predictions with p_l.
    `entropy` = -sum_v p_l(v) ln p_l(v), in [0, ln V].
    `agreement`: whether p_l and p have the same first choice, in [0, 1], 1 at the last depth.
    `likelihood` = ln p_l(next token), <= 0, over the tokens that have a next one in their document.
    `kl_full`, `agreement_full`: the same with p of the full model, under a `schedule` other than it.
    Depths are the schedule's own; all is in nats but the shares.

    Takes the first `documents` (default 24), cut to `max_tokens`. `tokens`: `all`, or `no-sinks`, which
    leaves out tokens whose norm is above `sink_factor` medians at any depth of this schedule. Intervals are
    95 % of 1,000 resamplings of documents. In memory are a batch's states at every depth, and the logits of
    a few positions. Raises `ReprlabError` for a model without a causal language head.

    >>> import reprlab as rl
    >>> read = lens(rl.load("tiny-llama"), rl.corpus("builtin"), documents=3, schedule="0:2 3:6")
    >>> read.depths, read.values["kl"].mean[-1], read.values["agreement"].mean[-1]
    (6, 0.0, 1.0)
    >>> read.values["kl_full"].mean[-1] > 0
    True
    """
    assert isinstance(network, Network)
    assert isinstance(corpus, Corpus)
    _check(network, tokens, sink_factor, {"--max-tokens": max_tokens, "--batch-tokens": batch_tokens})
    count = min(DOCUMENTS, len(corpus)) if documents is None else corpus.count(documents)
    schedule = Schedule.parse(schedule) if isinstance(schedule, str) else schedule or network.full()
    schedule.check(network.n_layers)
    manifest = described(network, corpus, schedule, max_tokens=max_tokens, states=False, stored="auto")
    ids = _tokenize(network, corpus, count, manifest.identity.max_tokens)
    with within_memory("reading states through the head"):
        numbers, norm = _read_all(network, ids, schedule, batch_tokens, progress)
    made_with = {**manifest.made_with, "batch_tokens": str(batch_tokens)}
    identity = manifest.identity.model_copy(update={"model": network.label})
    manifest = manifest.model_copy(update={"identity": identity, "made_with": made_with})
    text = _Text(manifest, list(map(len, ids)))
    return text.lens(numbers, _dropped(norm, tokens, sink_factor), tokens, sink_factor, network.vocabulary)


def _dropped(norm: Tensor, tokens: str, factor: float) -> Tensor:
    """Which tokens are left out, from their norms (depth, token)."""
    dropped = sinks(norm, factor) if tokens == "no-sinks" else torch.zeros(norm.shape[1], dtype=torch.bool)
    if dropped.all():
        raise ReprlabError(f"sink factor {factor:g} makes every token a sink: give a larger one")
    return dropped


@dataclass(frozen=True)
class _Text:
    """The texts read: under which identity, and how many tokens each document has."""

    manifest: Manifest
    lengths: list[int]

    def lens(
        self, numbers: dict[str, Tensor], dropped: Tensor, policy: str, factor: float, vocabulary: int
    ) -> Lens:
        """The value of every token's quantities (depth, token), without the tokens that are dropped."""
        limit = self.manifest.identity.max_tokens
        return Lens(
            provenance=self.provenance(dropped, policy, factor),
            max_tokens=limit,
            cut=sum(length >= limit for length in self.lengths),
            nonfinite=int((~numbers["kl"].isfinite()).any(0)[~dropped].sum()),
            vocabulary=vocabulary,
            values=_curves(numbers, ~dropped, self.lengths),
        )

    def provenance(self, dropped: Tensor, policy: str, factor: float) -> Provenance:
        """Model, texts and the tokens that were not dropped."""
        identity = self.manifest.identity
        return Provenance(
            model=identity.model,
            note=self.manifest.note,
            corpus=identity.corpus,
            documents=len(self.lengths),
            tokens=int((~dropped).sum()),
            excluded=int(dropped.sum()),
            policy=cast(Any, policy),
            sink_factor=factor,
            dtype=identity.dtype,
            layers=self.manifest.layers,
            made_with=dict(sorted(self.manifest.made_with.items())),
            schedule=identity.schedule,
        )


def _check(network: Network, tokens: str, factor: float, counts: dict[str, int | None]) -> None:
    """Raises where an argument is none that the lens takes."""
    if tokens not in POLICIES:
        raise unknown("token policy", tokens, POLICIES)
    if not factor >= 1:
        raise ReprlabError(f"sink factor {factor:g}: give 1 or more")
    for name, value in counts.items():
        if value is not None and value < 1:
            raise ReprlabError(f"{name} {value}: give 1 or more")
    if not network.has_lm_head:
        raise ReprlabError(f"'{network.name}' has no causal language head, so the lens has nothing to read")


def _tokenize(network: Network, corpus: Corpus, count: int, limit: int) -> list[list[int]]:
    ids = network.tokenize(corpus.texts[:count], limit)
    empty = [key for key, row in zip(corpus.ids, ids, strict=False) if not row]
    if empty:
        raise ReprlabError(f"corpus '{corpus.name}': document '{empty[0]}' has no tokens in this tokenizer")
    network.check_tokens(ids, [f"corpus '{corpus.name}': document '{key}'" for key in corpus.ids[:count]])
    return ids


def _read_all(
    network: Network, ids: Sequence[list[int]], schedule: Schedule, batch_tokens: int, progress: Progress
) -> tuple[dict[str, Tensor], Tensor]:
    """Every token's quantities and norms, (depth, token) each, tokens in the order of documents."""
    done, total = 0, sum(map(len, ids))
    progress(done, total)
    quantities: dict[int, Tensor] = {}
    lengths = list(map(len, ids))
    for members in padded_batches(lengths, batch_tokens, network.kind):
        documents = _read_batch(network, [ids[i] for i in members], schedule)
        documents = documents.split([lengths[i] for i in members], dim=2)
        quantities.update(zip(members, documents, strict=True))
        done += sum(lengths[i] for i in members)
        progress(done, total)
    *numbers, norm = torch.cat([quantities[i] for i in range(len(ids))], dim=2)
    return dict(zip(QUANTITIES, numbers, strict=False)), norm


def _read_batch(network: Network, ids: Sequence[list[int]], schedule: Schedule) -> Tensor:
    """A batch's quantities, and last the norms: (quantity, depth, token), without padding, in float32."""
    recording = network.record(network.batch(ids))
    lengths = torch.tensor(list(map(len, ids)))
    real = torch.arange(int(lengths.max())) < lengths[:, None]
    states = list(_walked(recording, schedule, real))
    ends = [states[-1]]
    if schedule != network.full():
        ends += deque(_walked(recording, network.full(), real), maxlen=1)
    where = states[-1].device  # layers may be spread over several
    states, ends = ([state.to(where) for state in some] for some in (states, ends))
    following = torch.tensor([token for row in ids for token in (*row[1:], -1)], device=where)
    size = max(1, SLICE_BYTES // (4 * network.vocabulary))
    parts = [slice(start, start + size) for start in range(0, len(following), size)]
    numbers = torch.cat([_read(recording, states, ends, following, part) for part in parts], dim=2)
    norm = torch.stack([norms(state) for state in states])
    return torch.cat([numbers, norm[None].cpu()])


def _walked(recording: Recording, schedule: Schedule, real: Tensor) -> Iterator[Tensor]:
    """The states at every depth of a schedule where there are tokens: (token, width) each."""
    for state in recording.walked(schedule):
        yield state[real.to(state.device)]


@dataclass(frozen=True)
class _Final:
    """Log-probabilities (position, vocabulary) in float32 that others are held against, and first choices."""

    chances: Tensor
    best: Tensor

    @classmethod
    def of(cls, logits: Tensor) -> _Final:
        chances = torch.cat([logits[piece].float().log_softmax(-1) for piece in _pieces(logits)])
        return cls(chances, chances.argmax(-1))


def _read(
    recording: Recording, states: Sequence[Tensor], ends: Sequence[Tensor], following: Tensor, part: slice
) -> Tensor:
    """The quantities of some positions at every depth, (quantity, depth, position), given last states."""
    finals = [_Final.of(recording.head(end[part])) for end in ends]
    rows = [_quantities(recording.head(state[part]), finals, following[part]) for state in states]
    return torch.stack(rows, dim=1)


def _pieces(logits: Tensor) -> Iterator[slice]:
    """A few positions at a time: on a CPU as many as its cache holds."""
    few = CACHE_BYTES // (4 * logits.shape[1]) if logits.device.type == "cpu" else len(logits)
    return (slice(first, first + max(1, few)) for first in range(0, len(logits), max(1, few)))


def _quantities(logits: Tensor, finals: Sequence[_Final], following: Tensor) -> Tensor:
    """The quantities of logits (position, vocabulary), alone and against finals: (quantity, position).

    `following` are the next tokens, -1 where there is none. Sums over the vocabulary are in float64.
    """
    pieces: list[Tensor] = []
    for piece in _pieces(logits):
        chances = logits[piece].float().log_softmax(-1)
        best, after = chances.argmax(-1), following[piece]
        entropy = -(chances.exp() * chances).sum(-1, dtype=torch.float64)
        likelihood = chances.gather(1, after.clamp_min(0)[:, None])[:, 0].double()
        rows = [entropy, likelihood.masked_fill(after < 0, math.nan)]
        for final in finals:
            terms = nn.functional.kl_div(chances, final.chances[piece], reduction="none", log_target=True)
            apart = terms.sum(-1, dtype=torch.float64)
            same = (best == final.best[piece]).double()
            rows += [apart, same.masked_fill(apart.isnan(), math.nan)]
        pieces.append(torch.stack(rows))
    return torch.cat(pieces, dim=1).float().cpu()


_RANGES = {
    "kl": (0.0, math.inf),
    "entropy": (0.0, math.inf),
    "agreement": (0.0, 1.0),
    "likelihood": (-math.inf, 0.0),
}


def _curves(numbers: dict[str, Tensor], mask: Tensor, lengths: Sequence[int]) -> dict[str, LensCurve]:
    """Means over the kept tokens with intervals, the same draws of documents for all."""
    owners = torch.arange(len(lengths)).repeat_interleave(torch.tensor(lengths))
    final = torch.zeros(len(owners), dtype=torch.bool)
    final[torch.tensor(lengths).cumsum(0) - 1] = True  # nothing follows in its document
    curves: dict[str, LensCurve] = {}
    for name, values in numbers.items():
        use = mask & ~final if name == "likelihood" else mask
        sums = torch.zeros(len(lengths), len(values), dtype=torch.float64)
        sums.index_add_(0, owners[use], values[:, use].T.double())
        counts = owners[use].bincount(minlength=len(lengths)).double()
        curves[name] = _resampled(sums.numpy(), counts.numpy(), _RANGES[name.partition("_")[0]])
    return curves


def _resampled(sums: NDArray[Any], counts: NDArray[Any], within: tuple[float, float]) -> LensCurve:
    """Sums (document, depth) over counts (document,), with the interval over documents; NaN of too few.

    Ends stay `within` the quantity's range.
    """
    nothing = np.full(sums.shape[1], math.nan)
    mean = sums.sum(0) / counts.sum() if counts.any() else nothing
    found = bootstrapped(sums, counts)
    low, high = (nothing, nothing) if found is None else found.interval(mean)
    low, high = np.maximum(low, np.minimum(within[0], mean)), np.minimum(high, np.maximum(within[1], mean))
    return LensCurve(*(tuple(map(float, row)) for row in (mean, low, high)))
