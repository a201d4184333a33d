"""Capture: run a corpus through a network once and keep its hidden states, writing while it computes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from reprlab.arguments import CALLBACKS, flag, integer, maybe_path, maybe_positive, optional, string, taking
from reprlab.captures.calibration import calibrations, means_of
from reprlab.captures.capture import Capture, open_capture
from reprlab.captures.corpora import Corpus
from reprlab.captures.described import described
from reprlab.captures.document import document_statistics, suspect_threshold
from reprlab.captures.given import corpus_of
from reprlab.captures.layout import Manifest, Statistics
from reprlab.captures.shard import ShardWriter
from reprlab.captures.writer import Writer, complete, hold
from reprlab.counts import counted
from reprlab.errors import ReprlabError
from reprlab.files import cache_folder
from reprlab.network.batches import padded_batches
from reprlab.network.given import network_of
from reprlab.network.memory import within_memory
from reprlab.network.network import Network
from reprlab.progress import Progress, Say
from reprlab.schedules.given import schedule_of
from reprlab.schedules.schedule import Schedule

SHARD_BYTES = 64 << 20  # a shard holds that much, or one batch where that is more

TokenArray = NDArray[np.int32]


@taking(
    network=network_of(),
    corpus=corpus_of,
    cache=maybe_path,
    schedule=schedule_of,
    documents=optional(integer),
    max_tokens=optional(integer),
    batch_tokens=integer,
    states=flag,
    stored=string,
    force=flag,
    shard_bytes=maybe_positive,
    **CALLBACKS,
)
def capture(
    network: Network | str | Path,
    corpus: Corpus | str | Path | Sequence[str],
    *,
    cache: Path | str | None = None,
    schedule: Schedule | str | None = None,
    documents: int | None = None,
    max_tokens: int | None = None,
    batch_tokens: int = 2048,
    states: bool = True,
    stored: str = "auto",
    force: bool = False,
    shard_bytes: int | None = None,
    progress: Progress = lambda done, total: None,
    say: Say = lambda _: None,
) -> Capture:
    """Capture the hidden states of a corpus at every depth, or complete a capture begun before.

    Under a `schedule` the depths are its own: depth 0 enters its first step, depth i leaves step i.
    Takes the first `documents` (default 100) of the corpus, cut to `max_tokens` (default: the model's
    limit). `states=False` keeps norms and sums only. `stored` is the dtype on disk (default: the one computed
    in). Complete shards are never computed again, so a killed call goes on where it was, to the same bytes.

    >>> import reprlab as rl
    >>> acts = rl.capture(rl.load("tiny-llama"), rl.corpus("builtin"), documents=3, cache=tmp)
    >>> acts.states().shape[0], acts.documents
    (7, 3)
    """
    assert isinstance(network, Network)
    assert isinstance(corpus, Corpus)
    for name, value in (("--max-tokens", max_tokens), ("--batch-tokens", batch_tokens)):
        if value is not None and value < 1:
            raise ReprlabError(f"{name} {value}: give 1 or more")
    count = corpus.count(documents)
    schedule = Schedule.parse(schedule) if isinstance(schedule, str) else schedule or network.full()
    schedule.check(network.n_layers)
    manifest = described(network, corpus, schedule, max_tokens=max_tokens, states=states, stored=stored)
    manifest.made_with["batch_tokens"] = str(batch_tokens)
    root = cache_folder(cache)
    if there := complete(root, manifest, count, force=force):
        return _taken(there, count, network, say)
    ids = _tokenize(network, corpus, count, manifest.identity.max_tokens)
    means = means_of(calibrations([schedule], network, root))
    with hold(root, manifest, force=force, say=say) as writer:
        one = _token_bytes(manifest)
        size = shard_bytes // one if shard_bytes else max(SHARD_BYTES // one, batch_tokens)
        parts = [part for gap in writer.missing(count) for part in _parts(gap, ids, size)]
        if parts:
            network.prove(cache, say)
            with within_memory("capturing"):
                _CaptureJob(network, corpus, schedule, means, ids, writer).run(parts, batch_tokens, progress)
    return _taken(open_capture(writer.folder), count, network, say)


def _taken(capture: Capture, count: int, network: Network, say: Say) -> Capture:
    """The first documents of a capture, under the network's name here; `say` gets a warning of NaN."""
    taken = replace(capture.first(count), alias=network.alias)
    if taken.nonfinite:
        values = counted(taken.nonfinite, "value")
        say(f"warning: NaN or infinite: {values} in {taken.folder}")
    return taken


def _tokenize(network: Network, corpus: Corpus, count: int, limit: int) -> list[TokenArray]:
    rows = network.tokenize(corpus.texts[:count], limit)
    empty = [key for key, row in zip(corpus.ids, rows, strict=False) if not row]
    if empty:
        raise ReprlabError(f"corpus '{corpus.name}': document '{empty[0]}' has no tokens in this tokenizer")
    network.check_tokens(rows, [f"corpus '{corpus.name}': document '{key}'" for key in corpus.ids[:count]])
    return [np.array(row, dtype=np.int32) for row in rows]


def _token_bytes(manifest: Manifest) -> int:
    return manifest.depths * manifest.width * (4 if manifest.identity.stored == "float32" else 2)


def _parts(gap: range, ids: Sequence[TokenArray], tokens: int) -> Iterator[range]:
    """Consecutive documents that fill a shard: at least one, then no more than `tokens` together."""
    start, total = gap.start, 0
    for i in gap:
        if i > start and total + len(ids[i]) > tokens:
            yield range(start, i)
            start, total = i, 0
        total += len(ids[i])
    yield range(start, gap.stop)


class _CaptureJob:
    """One capture's run: forward passes and statistics here, the disk on one other thread."""

    def __init__(
        self,
        network: Network,
        corpus: Corpus,
        schedule: Schedule,
        means: dict[str, Tensor],
        ids: Sequence[TokenArray],
        writer: Writer,
    ) -> None:
        self.network, self.corpus, self.schedule, self.means = network, corpus, schedule, means
        self.ids, self.writer = ids, writer
        self.threshold = writer.threshold()
        self.open: list[ShardWriter] = []
        self.pending: Future[None] | None = None

    def run(self, parts: Sequence[range], batch_tokens: int, progress: Progress) -> None:
        """Compute and write shards; at most two batches of states are in memory."""
        done, total = 0, sum(len(self.ids[i]) for part in parts for i in part)
        pool = ThreadPoolExecutor(1)
        progress(done, total)
        try:
            for part in parts:
                for tokens in self._shard(pool, part, batch_tokens):
                    done += tokens
                    progress(done, total)
            self._wait()
        except BaseException:
            pool.shutdown(cancel_futures=True)
            for shard in self.open:
                shard.abandon()
            raise
        pool.shutdown()

    def _shard(self, pool: ThreadPoolExecutor, part: range, batch_tokens: int) -> Iterator[int]:
        """Compute one shard, yielding each batch's tokens; its last write may still be under way."""
        ids = [self.ids[i] for i in part]
        shard = self.writer.shard([self.corpus.ids[i] for i in part], ids, part.start)
        self.open.append(shard)
        for members in padded_batches(list(map(len, ids)), batch_tokens, self.network.kind):
            lengths = [len(ids[i]) for i in members]
            batch = self.network.batch([ids[i].tolist() for i in members])
            states = self.network.hidden_states(batch, self.schedule, self.means)
            if self.threshold is None:
                self.threshold = suspect_threshold(states, lengths)
            documents = _documents(states, lengths, self.threshold)
            del states
            self._wait()
            self.pending = pool.submit(_write, shard, members, documents)
            del documents
            yield sum(lengths)
        self._wait()
        self.pending = pool.submit(self._finish, shard)

    def _finish(self, shard: ShardWriter) -> None:
        assert self.threshold is not None  # a shard has a batch
        shard.finish(self.threshold)
        self.open.remove(shard)

    def _wait(self) -> None:
        if self.pending is not None:
            self.pending.result()


def _documents(
    states: list[Tensor], lengths: list[int], threshold: Tensor
) -> list[tuple[Tensor, Statistics]]:
    """Each document's states (depth, token, width) without padding, and their statistics."""
    device = states[-1].device  # layers may be spread over several
    documents: list[tuple[Tensor, Statistics]] = []
    for row, length in enumerate(lengths):
        document = torch.stack([state[row, :length].to(device) for state in states])
        documents.append((document.cpu(), document_statistics(document, threshold.to(device))))
    return documents


def _write(shard: ShardWriter, members: list[int], documents: list[tuple[Tensor, Statistics]]) -> None:
    for index, (states, statistics) in zip(members, documents, strict=True):
        shard.add(index, states, statistics)
