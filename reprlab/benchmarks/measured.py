"""What baselines without a model get on the documents of a benchmark, by each of its metrics."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np

from reprlab.arrays import Array
from reprlab.benchmarks.choice_baselines import ENDING_SCORES, forecast, majority_share, picked
from reprlab.benchmarks.requests import Document, without_examples
from reprlab.benchmarks.table import BENCHMARKS
from reprlab.benchmarks.word_baselines import Answer, answers
from reprlab.scores.results import Baselines
from reprlab.statistics.floors import halves

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
    else from the other half of the units.
    """
    documents = benchmark.documents[:limit]
    if benchmark.generates:
        return None
    of = _of_choices if benchmark.opened.output == "multiple_choice" else _of_words
    rows = of(benchmark, documents)
    return Baselines(tuple(rows), np.array(list(rows.values())))


def _of_choices(benchmark: Benchmark, documents: Sequence[Document]) -> dict[str, Array]:
    """(document, number) by baseline."""
    task, docs = benchmark.opened.task, benchmark.opened.docs
    shown = task.doc_to_target if task.multiple_input else task.doc_to_text  # what all choices share
    texts = [(str(shown(docs[d.place])), task.doc_to_choice(docs[d.place])) for d in documents]
    golds, second = [d.gold for d in documents], halves([d.unit for d in documents])
    found: dict[str, Array] = {}
    for name, score in ENDING_SCORES.items():
        scores = [score(*text) for text in texts]
        hits = dict.fromkeys(_PICKED, picked(scores, golds))
        found[name] = _in_columns(benchmark, {**hits, "u": forecast(scores, golds, second)})
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


def _of_words(benchmark: Benchmark, documents: Sequence[Document]) -> dict[str, Array]:
    """(document, number) by baseline."""
    others, second = _left_out(benchmark, documents), halves([d.unit for d in documents])
    whole = range(len(documents))
    folds: list[tuple[Sequence[int], Sequence[Document]]] = [(whole, others)]
    if len(others) < ENOUGH:
        parts = [np.flatnonzero(second == half).tolist() for half in (False, True)]
        folds = [(parts[half], [documents[i] for i in parts[1 - half]]) for half in (0, 1)]
    given: dict[str, dict[int, list[Answer]]] = {}
    for places, rest in folds:
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
