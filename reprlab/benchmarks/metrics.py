"""From answers to numbers a document: lm-eval's own filters and metrics, and the continuous score u."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from lm_eval.api.registry import AGGREGATION_REGISTRY

from reprlab.arrays import Array
from reprlab.benchmarks.opened import Opened, said_by
from reprlab.benchmarks.requests import Document
from reprlab.benchmarks.solution import CLASSES
from reprlab.errors import ReprlabError
from reprlab.scores.results import Column
from reprlab.statistics.aggregations import AGGREGATIONS

WORST = {"mean": 0.0, "perplexity": -math.inf}  # what a document without a finite answer counts as


def columns(opened: Opened, document: Document, group: list[Any]) -> tuple[tuple[Column, ...], list[str]]:
    """The numbers that each document gets, and notes on metrics that cannot be kept as numbers."""
    own = _own_columns(opened.output)
    if opened.output == "solution":
        return own, []
    scored: list[Column] = []
    notes: list[str] = []
    names = {function: name for name, function in reversed(AGGREGATION_REGISTRY.items())}
    for name, item in _metrics(opened, document, group, _pretended(document)).items():
        metric = name.partition(",")[0]
        function = opened.task.aggregation().get(metric)
        aggregation = "mean" if function is None else names.get(function, "one of the task's own")
        size = np.size(np.atleast_1d(np.asarray(item, dtype=object)))
        if aggregation not in AGGREGATIONS or not _numbers(item) or size > 2:
            notes.append(
                f"{opened.name}: metric {metric} ({aggregation}) is no average over documents: left out"
            )
            continue
        higher = bool(opened.task.higher_is_better().get(metric, True))
        scored.append(Column(name, aggregation, size, higher))
    return (*scored, *own), notes


def _own_columns(output: str) -> tuple[Column, ...]:
    u = Column("u", "mean", 1, higher_is_better=True)
    if output == "solution":
        parts = ("all", *CLASSES)
        nll = [Column(f"nll_{part}", "mean", 1, higher_is_better=False) for part in parts]
        return (u, *(replace(u, name=f"u_{part}") for part in parts if part != "result"), *nll)
    return () if output == "generate_until" else (u,)


def _pretended(document: Document) -> list[Any]:
    return [""] if document.prompt else [(-1.0, False)] * len(document.requests)


def _numbers(item: Any) -> bool:
    parts = item if isinstance(item, tuple | list) else [item]
    return all(isinstance(part, int | float | np.number) for part in parts)


def score(
    opened: Opened,
    documents: Sequence[Document],
    groups: Sequence[list[Any]],
    answers: Sequence[Sequence[Any]],
    kept: Sequence[Column],
    vocabulary: int,
) -> Array:
    """The numbers of some documents: (document, sum of the columns' sizes).

    An answer is (log-likelihood, greedy) a request, or a text. A document with an answer that is no finite
    number never counts as a guess: it is wrong, u is 0, its log-likelihood -inf; what has no worst is NaN.
    """
    rows: list[list[float]] = []
    for document, group, given in zip(documents, groups, answers, strict=True):
        numbers = dict[str, Any]()
        if document.prompt is None:
            likely = np.array([[answer[0] for answer in given]])
            names = (column.name for column in _own_columns(opened.output))
            numbers |= zip(names, own_numbers(opened, document, likely, vocabulary)[0], strict=True)
            if not np.isfinite(likely).all():
                rows.append([part for c in kept for part in _worst(c, numbers)])
                continue
        if opened.output != "solution":
            numbers |= _metrics(opened, document, group, given)
        rows.append([float(part) for column in kept for part in np.atleast_1d(numbers[column.name])])
    return np.array(rows, dtype=np.float64)


def _worst(column: Column, own: Mapping[str, float]) -> list[float]:
    if column.name in own:
        return [own[column.name]]
    known = column.aggregation != "mean" or column.higher_is_better  # 0 is the worst of what is better high
    return [WORST.get(column.aggregation, math.nan) if known else math.nan] * column.size


def own_numbers(opened: Opened, document: Document, likely: Array, vocabulary: int) -> Array:
    """A document's last columns from its log-likelihoods: (schedule, request) -> (schedule, k).

    u, in [0, 1], is the gold choice's share of the softmax of `choice_levels`; else 1 - min(nll a token,
    ln V) / ln V. Solutions have u and nll of every part. Where a log-likelihood is not finite, u is 0 and
    nll infinite.
    """
    finite = np.isfinite(likely).all(1, keepdims=True)  # (schedule, 1)
    likely = np.where(finite, likely, 0.0)
    if document.choices:
        shares = np.exp(choice_levels(likely[:, : document.choices], document.lengths))
        u = shares[:, list(set(document.gold))].sum(1, keepdims=True) / shares.sum(1, keepdims=True)
        return np.where(finite, u, 0.0)
    nll = -likely / [len(request.scored) for request in document.requests]  # a token: (schedule, request)
    top = math.log(vocabulary)
    u = np.where(finite, 1 - np.minimum(nll, top) / top, 0.0)
    if opened.output != "solution":
        return u[:, :1]
    nll = np.where(finite, nll, math.inf)
    order = {part: place for place, part in enumerate(("all", *CLASSES))}
    shown = [order["result"], *(place for part, place in order.items() if part != "result")]
    return np.concatenate([u[:, shown], nll], 1)


def choice_levels(likely: Array, lengths: Sequence[int]) -> Array:
    """What u's softmax goes over, the largest 0: log-likelihoods (..., choice) in nats, less the largest.

    With `lengths`, in characters: mean length x log-likelihood / length, so that the first choice is that of
    lm-eval's acc_norm, ties too. Without, that of acc.

    >>> likely = np.array([-8.0, -3.0])
    >>> choice_levels(likely, (4, 1)).tolist(), choice_levels(likely, ()).tolist()
    ([0.0, -2.5], [-5.0, 0.0])
    """
    sizes = np.array(lengths or [1] * likely.shape[-1], np.float64)
    with np.errstate(all="ignore"):  # a choice without characters has no share
        a_character = likely / sizes
        level = (a_character - a_character.max(-1, keepdims=True)) * sizes.mean()
    return np.where(np.isnan(level), 0.0, level)


def _metrics(opened: Opened, document: Document, group: list[Any], given: Sequence[Any]) -> dict[str, Any]:
    """What lm-eval makes of a document's answers: metric, or `metric,filter` where the task has filters."""
    try:
        return _by_lm_eval(opened, document, group, given)
    except Exception as error:  # the filters and metrics of a foreign task
        raise ReprlabError(
            f"benchmark '{opened.name}', document {document.place}: lm-eval cannot score its answers "
            f"({said_by(error)}): check its filter_list and metric_list"
        ) from error


def _by_lm_eval(opened: Opened, document: Document, group: list[Any], given: Sequence[Any]) -> dict[str, Any]:
    for instance, answer in zip(group, given, strict=True):
        instance.resps, instance.filtered_resps = [answer], {}
    for ensemble in opened.task._filters:
        ensemble.apply(group)
    found: dict[str, Any] = {}
    for name in group[0].filtered_resps:
        results = [instance.filtered_resps[name] for instance in group]
        metrics = opened.task.process_results(opened.docs[document.place], results)
        found |= {(key if name == "none" else f"{key},{name}"): item for key, item in metrics.items()}
    return found
