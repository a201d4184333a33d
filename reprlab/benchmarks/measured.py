"""What baselines without a model get on the documents of a benchmark, by each of its metrics."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from reprlab.arrays import Array
from reprlab.benchmarks.choice_baselines import ENDING_SCORES, Fold, forecast, majority_share, picked
from reprlab.benchmarks.requests import Document, without_examples
from reprlab.benchmarks.table import BENCHMARKS
from reprlab.benchmarks.word_baselines import Answer, answers
from reprlab.scores.results import Baselines
from reprlab.statistics.floors import halves, quarters

if TYPE_CHECKING:
    from reprlab.benchmarks.benchmark import Benchmark

ENOUGH = 100  # rows that are not scored, from which words are counted; with fewer, those of the other half
MOST = 2000  # such rows
MAJORITY = "official majority"
_PICKED = ("acc", "acc_norm", "acc_bytes")


def measured(benchmark: Benchmark, limit: int) -> Baselines | None:
    """The numbers of every baseline on the first `limit` documents; None where answers are generated.

    Choices: each ending's score gives the choice, and the forecast softmax(b x score), b fitted on the other
    half of the units. Texts: models of single tokens, from rows that are not scored where those are `ENOUGH`,
    else from the other half of the units. A baseline is chosen by numbers that follow from one half alone: in
    these the other quarter takes the place of the other half.
    """
    documents = benchmark.documents[:limit]
    if benchmark.generates:
        return None
    of = partial(_of_words, left_out=_left_out(benchmark, documents))
    if benchmark.opened.output == "multiple_choice":
        of = _of_choices
    units = [document.unit for document in documents]
    second, of_half = halves(units), quarters(units)
    values = of(benchmark, documents, folds(second))
    choosing = of(benchmark, documents, [*folds(of_half, second), *folds(of_half, ~second)])
    return Baselines(tuple(values), *(np.array(list(part.values())) for part in (values, choosing)))


def folds(second: NDArray[np.bool_], among: NDArray[np.bool_] | None = None) -> list[Fold]:
    """Each half of the documents with the other, which baselines are fitted on; halves of `among` only.

    >>> [(a.tolist(), b.tolist()) for a, b in folds(np.array([False, True, False]))]
    [([0, 2], [1]), ([1], [0, 2])]
    """
    there = np.ones_like(second) if among is None else among
    parts = (np.flatnonzero(there & ~second), np.flatnonzero(there & second))
    return [parts, parts[::-1]]


def _of_choices(benchmark: Benchmark, documents: Sequence[Document], of: Sequence[Fold]) -> dict[str, Array]:
    """(document, number) by baseline."""
    task, docs = benchmark.opened.task, benchmark.opened.docs
    shown = task.doc_to_target if task.multiple_input else task.doc_to_text  # what all choices share
    texts = [(str(shown(docs[d.place])), task.doc_to_choice(docs[d.place])) for d in documents]
    golds = [document.gold for document in documents]
    found: dict[str, Array] = {}
    for name, score in ENDING_SCORES.items():
        scores = [score(*text) for text in texts]
        hits = dict.fromkeys(_PICKED, picked(scores, golds))
        found[name] = _in_columns(benchmark, {**hits, "u": forecast(scores, golds, of)})
    if (share := _majority(benchmark)) is not None:
        u = np.array([majority_share(share, d.choices) for d in documents])
        hits = dict.fromkeys(_PICKED, np.full(len(documents), share))
        found[MAJORITY] = _in_columns(benchmark, {**hits, "u": u})
    return found


def _majority(benchmark: Benchmark) -> float | None:
    """The published share of the commonest answer; of a user's task with a name of ours there is none."""
    named = BENCHMARKS.get(benchmark.name)
    same = named is not None and named.task == benchmark.opened.task.config.task
    return named.majority if same and named is not None else None


def _in_columns(benchmark: Benchmark, by_metric: Mapping[str, Array]) -> Array:
    """Numbers a document as the benchmark's columns have them; NaN where there are none."""
    parts = [
        by_metric[c.name][:, None] if c.name in by_metric else np.full((len(by_metric["u"]), c.size), np.nan)
        for c in benchmark.columns
    ]
    return np.concatenate(parts, 1)


def _of_words(
    benchmark: Benchmark, documents: Sequence[Document], of: Sequence[Fold], left_out: Sequence[Document]
) -> dict[str, Array]:
    """(document, number) by baseline."""
    whole = range(len(documents))
    parts = [(places.tolist(), [documents[i] for i in others]) for places, others in of]
    if len(left_out) >= ENOUGH:
        parts = [(list(whole), left_out)]
    given: dict[str, dict[int, list[Answer]]] = {}
    for places, rest in parts:
        for name, of_fold in answers([documents[i] for i in places], rest, benchmark.vocabulary).items():
            given.setdefault(name, {}).update(zip(places, of_fold, strict=True))
    at = [document.place for document in documents]
    said: dict[str, list[Any]] = {name: [of_name[i] for i in whole] for name, of_name in given.items()}
    return {name: benchmark.score(at, of_name) for name, of_name in said.items()}


def _left_out(benchmark: Benchmark, documents: Sequence[Document]) -> list[Document]:
    """Rows of the benchmark that are not scored, and share no unit with those that are."""
    scored, units = {d.place for d in documents}, {d.unit for d in documents}
    rest = (place for place in range(len(benchmark.opened.docs)) if place not in scored)
    rows = without_examples(benchmark.opened, benchmark.encoder, islice(rest, MOST))
    return [row for row in rows if row.unit not in units]
