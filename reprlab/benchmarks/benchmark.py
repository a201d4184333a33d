"""A benchmark made ready for one network: documents of tokens, and the way from answers to numbers."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from reprlab.arrays import Array
from reprlab.benchmarks.measured import measured
from reprlab.benchmarks.metrics import columns, own_numbers, score
from reprlab.benchmarks.opened import Opened
from reprlab.benchmarks.requests import Document, Encoder, freeze, gold
from reprlab.counts import counted
from reprlab.errors import ReprlabError
from reprlab.scores.results import Baselines, Column
from reprlab.statistics.normalised import guessing

NO_BOS = ("paper",)  # presets that never put a first token of their own before a prompt


@dataclass(frozen=True)
class Benchmark:
    """Documents ready to run, with lm-eval's own requests, and the columns that they are scored in."""

    opened: Opened
    documents: tuple[Document, ...]
    groups: tuple[list[Any], ...]
    columns: tuple[Column, ...]
    notes: tuple[str, ...]
    vocabulary: int
    encoder: Encoder
    _measured: dict[int, Baselines | None] = field(default_factory=dict[int, Any], compare=False, repr=False)

    @property
    def name(self) -> str:
        return self.opened.name

    @property
    def generates(self) -> bool:
        """Whether its answers are texts that the model goes on to write."""
        return self.opened.output == "generate_until"

    @cached_property
    def floor(self) -> float:
        """The larger of uniform and majority guessing over all rows, version 1's floor; 0 without choices."""
        if self.opened.output != "multiple_choice":
            return 0.0
        golds = [gold(self.opened, place) for place in range(len(self.opened.docs))]
        guess = guessing([places for places, _ in golds], [count for _, count in golds])
        return max(guess.uniform, guess.majority)

    def baselines(self, limit: int) -> Baselines | None:
        """What baselines without a model get on the first `limit` documents."""
        if limit not in self._measured:
            self._measured[limit] = measured(self, limit)
        return self._measured[limit]

    def score(self, places: Sequence[int], answers: Sequence[Sequence[Any]]) -> Array:
        """The numbers of the documents at some places: (document, sum of the columns' sizes)."""
        documents, groups = [self.documents[p] for p in places], [self.groups[p] for p in places]
        return score(self.opened, documents, groups, answers, self.columns, self.vocabulary)

    def scored_now(
        self, places: Sequence[int], values: Array, likelihoods: Sequence[Sequence[Array]]
    ) -> Array:
        """Stored `values` (schedule, document, number) in which u and nll follow from the log-likelihoods.

        `likelihoods` are (request,) by document and schedule. So answers outlive a change of u: it is
        computed when they are read. Where the model generates, values stay.
        """
        if self.generates:
            return values
        found = values.copy()
        for at, (place, rows) in enumerate(zip(places, likelihoods, strict=True)):
            own = own_numbers(self.opened, self.documents[place], np.array(rows), self.vocabulary)
            found[:, at, -own.shape[1] :] = own.astype(np.float32)  # as all numbers are kept
        return found

    def fingerprint(self, place: int) -> str:
        """A digest of a document's tokens and scored places: answers depend on it, model and schedule."""
        document = self.documents[place]
        return hashlib.sha256(repr((document.requests, document.prompt, document.gold)).encode()).hexdigest()[
            :16
        ]


def prepared(
    opened: Opened, tokenizer: Any, limit: int, max_length: int, vocabulary: int, max_new_tokens: int
) -> Benchmark:
    """Build the requests of the first documents, once."""
    if limit < 1:
        raise ReprlabError(f"--limit {limit}: give 1 or more")
    encoder = Encoder(tokenizer, max_length, False if opened.preset in NO_BOS else None)
    documents, groups = freeze(opened, encoder, min(limit, len(opened.docs)), max_new_tokens)
    scored_columns, notes = columns(opened, documents[0], groups[0])
    cut = sum(document.cut for document in documents)
    if cut:
        whole, most = counted(len(documents), "document"), counted(max_length, "token")
        of = f"{cut} of {whole} are longer than the model's {most}"
        notes.append(f"{opened.name}: {of}; they lose their beginnings, as in lm-eval")
    parts = (tuple(documents), tuple(groups), scored_columns, tuple(notes))
    return Benchmark(opened, *parts, vocabulary, encoder)
