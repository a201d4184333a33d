"""By start: the score that variants retain at each start, and how they compare with each other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reprlab.arguments import of, several, string, taking
from reprlab.errors import ReprlabError
from reprlab.schedules.grids import compared_starts
from reprlab.scores.retained import DRAWS, MEDIAN, Retained, retained
from reprlab.scores.scores import Scores
from reprlab.statistics.bootstraps import interval
from reprlab.verdicts.curves.paired import baselines
from reprlab.verdicts.evidence import Evidence

_LABELS = ("variant", "times", "start", "middle", "schedule", "seeds", "orders", "layer_calls", "path")
_ENDS = ("benchmark", "R", "low", "high", "few")


def both(evidence: Evidence) -> dict[str, Retained]:
    """R by accuracy and by continuous score u; u first where two benchmarks or more have no R of accuracy.

    Raises `ReprlabError` where the full model is 5 standard errors above chance on no benchmark by either.
    """
    if evidence.u is None or evidence.accuracy is None:
        raise ReprlabError("there are no scores: sweep schedules over benchmarks first")
    return _ordered(evidence.accuracy, evidence.u)


def having(evidence: Evidence, *variants: str) -> Evidence:
    """The evidence with the benchmarks on which some variants were swept, as `--single-on` may leave few.

    A benchmark is left out where these variants have no number and other changes have one. Nothing is left
    out where that would be every benchmark.
    """
    if evidence.scores is None:
        return evidence
    entries, kept = evidence.scores.entries, dict(evidence.scores.benchmarks)
    asked = [at for at, entry in enumerate(entries) if entry.variant in variants]
    others = [at for at, entry in enumerate(entries) if entry.variant not in {"full", *variants}]
    for name, results in evidence.scores.benchmarks.items():
        absent = bool(asked) and np.isnan(results.values[asked]).all()
        if absent and others and not np.isnan(results.values[others]).all():
            del kept[name]
    if not kept or len(kept) == len(evidence.scores.benchmarks):
        return evidence
    return replace(evidence, scores=replace(evidence.scores, benchmarks=kept))


def both_of(scores: Scores, *, count: int = DRAWS) -> dict[str, Retained]:
    """The same of other scores than the evidence's main ones; by default under the verdicts' own draws."""
    return _ordered(retained(scores, "acc", count=count), retained(scores, "u", count=count))


def _ordered(accuracy: Retained, u: Retained) -> dict[str, Retained]:
    if not accuracy.benchmarks and not u.benchmarks:
        names = ", ".join(u.scores.benchmarks)
        raise ReprlabError(f"the full model is nowhere 5 standard errors above chance: {names}")
    by_metric = {"acc": accuracy, "u": u}
    first = "u" if len(accuracy.undecided) > 1 or not accuracy.benchmarks else "acc"
    return {first: by_metric[first]} | by_metric


@taking(
    evidence=of(Evidence, "the evidence of a report, rl.Evidence"),
    variants=several(string, (), "names of variants"),
)
def by_start(evidence: Evidence, *variants: str) -> dict[str, Any]:
    """R of some variants by the paper's start s, as a figure's numbers: plain values.

    `rows`: one a metric, schedule (random orders of a start together) and benchmark, with `R` and the ends
    `low` and `high` of its interval (NaN where there is too little for one: `few` says of what), over as many
    `orders`; R = 0 is chance, 1 the full model. `metrics`: "acc" and "u", the one
    that leads first. For each metric, `benchmarks` has those with an R, `undecided` the others with the
    reason, `summary` the benchmark of the rows that stand for all: `median`, or the only one.
    Raises `ReprlabError` where a variant was swept at no start, or no benchmark has an R.

    >>> import reprlab as rl
    >>> net = rl.load("tiny-llama")
    >>> scores = rl.sweep(net, rl.paper_grid("fig04", layers=6), ["builtin_pronoun"], limit=40, cache=tmp)
    >>> rl.by_start(rl.Evidence(net.name, "", 6, scores), "skip")
    Traceback (most recent call last):
    reprlab.errors.ReprlabError: the full model is nowhere 5 standard errors above chance: builtin_pronoun
    """
    by_metric = both(evidence)
    rows: list[dict[str, Any]] = []
    for metric, measured in by_metric.items():
        for variant in variants:
            if not [row for row in measured.rows(variant) if measured.labels[row]["start"] is not None]:
                raise ReprlabError(f"no start of '{variant}' was swept")
        for row in measured.table(*variants):
            labels = {key: row[key] for key in _LABELS}
            rows.append({"metric": metric, **labels, **{key: row[key] for key in _ENDS}})
    return {**about(evidence, by_metric), "variants": list(variants), "rows": rows}


def about(evidence: Evidence, by_metric: Mapping[str, Retained]) -> dict[str, Any]:
    """The model and the benchmarks of a figure of R: the fields that `by_start` describes."""
    return {
        "model": evidence.model,
        "layers": evidence.layers,
        "metrics": list(by_metric),
        "benchmarks": {metric: list(measured.benchmarks) for metric, measured in by_metric.items()},
        "undecided": {metric: dict(measured.undecided) for metric, measured in by_metric.items()},
        "summary": {metric: summary(measured) for metric, measured in by_metric.items()},
        "floors": [
            row
            for metric, measured in by_metric.items()
            for row in baselines(measured.scores, metric)
            if row["benchmark"] in measured.benchmarks
        ],
    }


def summary(measured: Retained) -> str | None:
    """The benchmark that stands for all: `median`, the only one where there is one, None where none is."""
    return MEDIAN if len(measured.benchmarks) > 1 else next(iter(measured.benchmarks), None)


def window(measured: Retained, variant: str, **labels: Any) -> dict[int, int]:
    """The row of a variant at each start with 3 <= M <= T / 2 middle layers, by start."""
    rows, inside = measured.rows(variant, **labels), compared_starts(measured.scores.layers)
    return {start: row for row in rows if (start := measured.labels[row]["start"]) in inside}


def averages(
    measured: Retained, *variants: str
) -> tuple[NDArray[np.float64], NDArray[np.float32], list[int]]:
    """Mean R over the starts with 3 <= M <= T / 2 that all these variants have.

    (variant, benchmark), under draws (variant, benchmark, draw), and the starts; NaN where there is none.
    """
    placed = [window(measured, variant) for variant in variants]
    starts = sorted(set[int].intersection(*map(set, placed)))
    rows = [[place[start] for start in starts] for place in placed]
    if not starts:
        shape = (len(variants), len(measured.benchmarks))
        return np.full(shape, np.nan), np.full((*shape, 1), np.nan, np.float32), []
    values, drawn = (
        np.stack([part[row].mean(0) for row in rows]) for part in (measured.values, measured.drawn)
    )
    return values, drawn, starts


def ranking(evidence: Evidence, *variants: str) -> list[dict[str, Any]]:
    """R of each variant by the decisive metric over the starts with 3 <= M <= T / 2, the highest first.

    A(variant) = median over benchmarks of the mean R over these starts, with its interval. Nothing where no
    start is there for all.
    """
    values, drawn, starts = averages(_leading(evidence), *variants)
    if not starts or not values.size:
        return []
    level, levels = np.median(values, axis=1), np.median(drawn, axis=1)
    rows: list[dict[str, Any]] = []
    for at in np.argsort(-level, kind="stable"):
        low, high = interval(levels[at])
        rows.append(
            {"variant": variants[at], "A": float(level[at]), "low": low, "high": high, "starts": starts}
        )
    return rows


def contrast(evidence: Evidence, one: str, other: str) -> dict[str, Any]:
    """How much more of the decisive metric one variant retains than another: A(one) - A(other) of `ranking`.

    `low` and `high` are of the difference under the same draws of documents. `value` is None where nothing
    can be compared.
    """
    labels: dict[str, Any] = {"one": one, "other": other, "value": None, "low": None, "high": None}
    values, drawn, starts = averages(_leading(evidence), one, other)
    if not starts or not values.size:
        return {**labels, "starts": starts}
    (a, b), (drawn_a, drawn_b) = np.median(values, axis=1), np.median(drawn, axis=1)
    low, high = interval(drawn_a - drawn_b)
    return {**labels, "value": float(a - b), "low": low, "high": high, "starts": starts}


def _leading(evidence: Evidence) -> Retained:
    """R by the decisive metric."""
    by_metric = both(evidence)
    return by_metric["u"] if by_metric["u"].benchmarks else by_metric["acc"]
