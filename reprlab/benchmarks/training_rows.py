"""From a benchmark's training rows to what a causal module learns: a prompt, and the right ending."""

from __future__ import annotations

from dataclasses import dataclass

from reprlab.benchmarks.benchmark import Benchmark
from reprlab.benchmarks.opened import Opened
from reprlab.benchmarks.requests import Document

TrainingRow = dict[str, list[int]]
UNLABELLED = -100  # transformers' mark of a token that adds nothing to the loss


@dataclass(frozen=True)
class Splits:
    """One benchmark twice: the rows that are scored, and those to train on."""

    scored: Opened
    training: Opened


def rows(benchmark: Benchmark, longest: int) -> list[TrainingRow]:
    """Each document's right request as `input_ids`, `attention_mask` and `labels`, of one length.

    The tokens are those that are scored, cut from the left to `longest`; all but the right ending's have
    label -100. Of several right endings the first.
    """
    return [_row(document, longest) for document in benchmark.documents]


def _row(document: Document, longest: int) -> TrainingRow:
    request = document.requests[document.gold[0]]
    scored = set(request.scored)
    labels = [token if place in scored else UNLABELLED for place, token in enumerate(request.tokens)]
    window = slice(-longest, None)  # a scored token runs here too, so it counts among the longest
    tokens = list(request.tokens[window])
    return {"input_ids": tokens, "attention_mask": [1] * len(tokens), "labels": labels[window]}
