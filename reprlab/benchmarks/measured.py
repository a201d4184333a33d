"""What baselines without a model get on the documents of a benchmark, by each of its metrics."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from reprlab.arrays import Array
from reprlab.benchmarks.choice_baselines import ENDING_SCORES, Fold, forecast, majority_share, picked
from reprlab.benchmarks.requests import Document, without_examples
from reprlab.benchmarks.word_baselines import Answer, answers
from reprlab.scores.baselines import Baselines
from reprlab.statistics.floors import SPLITS, halves, quarters

if TYPE_CHECKING:
    from reprlab.benchmarks.benchmark import Benchmark

ENOUGH = 100  # rows that are not scored, from which words are counted; with fewer, those of the other half
MOST = 2000  # such rows
MAJORITY = "official majority"
_PICKED = ("acc", "acc_norm", "acc_bytes")

Numbers = dict[str, Array]  # of each baseline: (document, number)
Made = Callable[[Sequence[Fold]], Numbers]


def measured(benchmark: Benchmark, limit: int) -> Baselines | None:
    """The numbers of every baseline on the first `limit` documents; None where answers are generated.

    Choices: each ending's score gives the choice, and the forecast softmax(b x score), b fitted on the other
    half of the units. Texts: models of single tokens, from rows that are not scored where those are `ENOUGH`,
    else from the other half of the units. A baseline is chosen by numbers that follow from one half alone: in
    these the other quarter takes the place of the other half.
    """
    if benchmark.generates:
        return None
    documents = benchmark.documents[:limit]
    units = [document.unit for document in documents]
    made = (_of_choices if benchmark.opened.output == "multiple_choice" else _of_words)(benchmark, documents)
    values, choosing = list[Numbers](), list[Numbers]()
    for split in range(SPLITS):
        second, of_half = halves(units, split), quarters(units, split)
        values.append(made(folds(second)))
        choosing.append(made([*folds(of_half, second), *folds(of_half, ~second)]))
    unordered = [not c.rises for c in benchmark.columns for _ in range(c.size)]
    return Baselines.of(_stacked(values, unordered), _stacked(choosing, unordered), units)


def _stacked(splits: Sequence[Numbers], unordered: Sequence[bool]) -> Numbers:
    """Numbers by name, (split, document, number), NaN in the columns of which more is not better."""
    return {name: np.where(unordered, np.nan, [split[name] for split in splits]) for name in splits[0]}


def folds(second: NDArray[np.bool_], among: NDArray[np.bool_] | None = None) -> list[Fold]:
    """Each half of the documents with the other, which baselines are fitted on; halves of `among` only.

    >>> [(a.tolist(), b.tolist()) for a, b in folds(np.array([False, True, False]))]
    [([0, 2], [1]), ([1], [0, 2])]
    """
    there = np.ones_like(second) if among is None else among
    first, rest = np.flatnonzero(there & ~second), np.flatnonzero(there & second)
    return [(first, rest), (rest, first)]


def _of_choices(benchmark: Benchmark, documents: Sequence[Document]) -> Made:
    task, docs = benchmark.opened.task, benchmark.opened.docs
    shown = task.doc_to_target if task.multiple_input else task.doc_to_text  # what all choices share
    texts = [(str(shown(docs[d.place])), task.doc_to_choice(docs[d.place])) for d in documents]
    golds = [document.gold for document in documents]
    scores = {name: [score(*text) for text in texts] for name, score in ENDING_SCORES.items()}
    hits = {name: dict.fromkeys(_PICKED, picked(of, golds)) for name, of in scores.items()}
    constant = dict[str, Array]()
    if (share := benchmark.opened.majority) is not None:
        u = np.array([majority_share(share, document.choices) for document in documents])
        chosen = dict.fromkeys(_PICKED, np.full(len(documents), share))
        constant = {MAJORITY: _in_columns(benchmark, {**chosen, "u": u})}

    def made(of: Sequence[Fold]) -> Numbers:
        u = {name: forecast(scores[name], golds, of) for name in scores}
        return {name: _in_columns(benchmark, {**hits[name], "u": u[name]}) for name in scores} | constant

    return made


def _in_columns(benchmark: Benchmark, by_metric: Mapping[str, Array]) -> Array:
    """Numbers a document as the benchmark's columns have them; NaN where there are none."""
    parts = [
        by_metric[c.name][:, None] if c.name in by_metric else np.full((len(by_metric["u"]), c.size), np.nan)
        for c in benchmark.columns
    ]
    return np.concatenate(parts, 1)


def _of_words(benchmark: Benchmark, documents: Sequence[Document]) -> Made:
    places = [document.place for document in documents]
    left_out = _left_out(benchmark, documents)
    if len(left_out) >= ENOUGH:
        found = answers(documents, left_out, benchmark.vocabulary)
        same = {name: benchmark.score(places, given) for name, given in found.items()}
        return lambda _: same

    def made(of: Sequence[Fold]) -> Numbers:
        given: dict[str, dict[int, list[Answer]]] = {}
        for some, others in of:
            rest = [documents[i] for i in others]
            for name, said in answers([documents[i] for i in some], rest, benchmark.vocabulary).items():
                given.setdefault(name, {}).update(zip(some.tolist(), said, strict=True))
        said_by = {name: [said[i] for i in range(len(documents))] for name, said in given.items()}
        return {name: benchmark.score(places, said) for name, said in said_by.items()}

    return made


def _left_out(benchmark: Benchmark, documents: Sequence[Document]) -> list[Document]:
    """Rows of the benchmark that are not scored, and share no unit with those that are."""
    scored, units = {d.place for d in documents}, {d.unit for d in documents}
    rest = (place for place in range(len(benchmark.opened.docs)) if place not in scored)
    rows = without_examples(benchmark.opened, benchmark.encoder, islice(rest, MOST))
    return [row for row in rows if row.unit not in units]
