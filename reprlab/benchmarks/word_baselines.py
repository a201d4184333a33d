"""Baselines of texts: models of single tokens, mixed from a context's, other rows' and all tokens."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from reprlab.arrays import Array
from reprlab.benchmarks.requests import Document
from reprlab.network.batches import Request

SOURCES = ("own words", "other rows", "uniform")
WORD_BASELINES = {  # what each takes of SOURCES
    "uniform": (False, False, True),
    "unigram": (False, True, True),
    "unigram and words of the context": (True, True, True),
}
_ROUNDS = 200  # of expectation maximisation
_SETTLED = 1e-6  # change of a weight that ends it

Answer = tuple[float, bool]


@dataclass(frozen=True)
class Unigrams:
    """The tokens of some rows: `rows` (row,) of token ids, and how many tokens there are to choose from."""

    rows: Sequence[Sequence[int]]
    vocabulary: int

    @cached_property
    def counts(self) -> Array:
        """How often each token occurs: (token,)."""
        tokens = np.array([token for row in self.rows for token in row], np.int64)
        return np.bincount(tokens, minlength=self.vocabulary).astype(np.float64)

    def sources(self, request: Request, own: Sequence[int] = ()) -> Array:
        """The probability of each scored token by `SOURCES`: (scored, 3).

        own words: its share of the tokens before it. other rows: its share of all tokens, those of the row
        itself (`own`) left out. uniform: 1 / vocabulary.
        """
        rest = self.counts.sum() - len(own)
        found: list[tuple[float, float, float]] = []
        for place in request.scored:
            before, token = request.tokens[:place], request.tokens[place]
            there = before.count(token) / place if place else 0.0
            elsewhere = (self.counts[token] - list(own).count(token)) / rest if rest else 0.0
            found.append((there, elsewhere, 1 / self.vocabulary))
        return np.array(found)

    def greedy(self, request: Request, weights: Array) -> bool:
        """Whether each scored token is the likeliest one under a mixture."""
        shares = weights[1] * self.counts / max(1.0, self.counts.sum()) + weights[2] / self.vocabulary
        for place in request.scored:
            chances = shares.copy()
            np.add.at(chances, list(request.tokens[:place]), weights[0] / max(1, place))
            best = chances.max()
            if chances[request.tokens[place]] < best or np.count_nonzero(chances == best) > 1:
                return False
        return True


def mixture(sources: Array, taken: Sequence[bool]) -> Array:
    """The weights >= 0, summing to 1, of the mixture that is likeliest: (token, source) -> (source,).

    Expectation maximisation from equal weights over the sources that are `taken`; the likelihood has one
    maximum. Without tokens, all weight is on the last source.

    >>> mixture(np.array([[0.5, 0.1], [0.0, 0.1]]), (True, True)).round(3).tolist()
    [0.375, 0.625]
    """
    weights = np.array(taken, np.float64) / sum(taken)
    if not len(sources):
        return np.eye(len(taken))[-1]
    for _ in range(_ROUNDS):
        parts = sources * weights
        updated = (parts / parts.sum(1, keepdims=True)).mean(0)
        settled = np.abs(updated - weights).max() < _SETTLED
        weights = updated
        if settled:
            break
    return weights


def answers(
    documents: Sequence[Document], others: Sequence[Document], vocabulary: int
) -> dict[str, list[list[Answer]]]:
    """What each of `WORD_BASELINES` answers to documents: (log-likelihood, greedy) a request.

    Tokens are counted, and weights fitted, on `others` alone. Each kind of request (of a solution: all,
    results, set-up words) has weights of its own. A row that weights are fitted on is left out of the counts.
    """
    model = Unigrams([other.requests[0].tokens for other in others], vocabulary)
    kinds = range(len(documents[0].requests)) if documents else ()
    fitted = [np.array(list(_fitted(model, others, kind))).reshape(-1, len(SOURCES)) for kind in kinds]
    found: dict[str, list[list[Answer]]] = {}
    for name, taken in WORD_BASELINES.items():
        weights = [mixture(sources, taken) for sources in fitted]
        found[name] = [
            [_answer(model, request, weights[kind]) for kind, request in enumerate(document.requests)]
            for document in documents
        ]
    return found


def _fitted(model: Unigrams, others: Sequence[Document], kind: int) -> Iterator[Array]:
    """The probabilities of the scored tokens of one kind of request, of all rows."""
    for other in others:
        yield from model.sources(other.requests[kind], other.requests[0].tokens)


def _answer(model: Unigrams, request: Request, weights: Array) -> Answer:
    chances = model.sources(request) @ weights
    return float(np.log(chances).sum()), model.greedy(request, weights)
