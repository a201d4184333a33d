"""Paired: what variants retain or lose against another at the same start, on the same documents."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from reprlab.arrays import Array
from reprlab.schedules.grids import RUINED
from reprlab.scores.retained import DRAWS, MEDIAN, Retained, rows_of
from reprlab.scores.scores import Scores
from reprlab.statistics.aggregations import AGGREGATIONS, aggregate
from reprlab.statistics.bootstraps import bootstrap, draws, interval, pooled
from reprlab.statistics.intervals import difference
from reprlab.verdicts.floors import ruins

if TYPE_CHECKING:
    from reprlab.training.fine_tuned import FineTuned

CELL = ("variant", "start", "times", "benchmark")
Cell = tuple[str, int | None, int | None, str]
_LOST = ("variant", "start", "times", "schedule", "seeds")


def against(measured: Retained, other: str, variants: Sequence[str]) -> dict[Cell, dict[str, float]]:
    """R of each row of `variants` minus R of `other` at its start, by benchmark and for their median.

    `more` and its 95 % interval `more_low`, `more_high`, under the same draws of documents for both. A start
    that `other` does not have is left out.
    """
    found: dict[Cell, dict[str, float]] = {}
    rows = {measured.labels[row]["start"]: row for row in measured.rows(other)}
    medians = measured.drawn_median
    for variant in variants:
        for row in measured.rows(variant):
            labels = measured.labels[row]
            if (base := rows.get(labels["start"])) is None:
                continue
            parts = zip(
                (*measured.benchmarks, MEDIAN),
                (
                    *(measured.values[row] - measured.values[base]),
                    measured.median[row] - measured.median[base],
                ),
                (*(measured.drawn[row] - measured.drawn[base]), medians[row] - medians[base]),
                strict=True,
            )
            for name, value, drawn in parts:
                low, high = interval(drawn)
                cell = (variant, labels["start"], labels["times"], name)
                found[cell] = {"more": float(value), "more_low": low, "more_high": high}
    return found


def nats_lost(scores: Scores, *variants: str) -> list[dict[str, Any]]:
    """Nats of log-likelihood a document that the rows of some variants lose against the full model.

    On every benchmark with a perplexity: mean of (full - changed), 95 % interval by t, paired over the
    documents' units. Several random orders or directions have their mean, with the t interval over them
    crossed with the bootstrap over documents.
    """
    rows: list[dict[str, Any]] = []
    for results in scores.benchmarks.values():
        if "perplexity" not in results.metrics:
            continue
        items = results.items("perplexity")  # log-likelihoods
        crossed = _crossed(scores, items[:1] - items, results.unit_codes)
        for row, places in enumerate(scores.rows):
            labels = scores.labels(places)
            if labels["variant"] not in variants or labels["start"] is None:
                continue
            lost = difference("mean", items[0], pooled(items[list(places)]), units=results.unit_codes)
            middle = scores.layers - 2 * labels["start"] - 1
            low, high = interval(crossed[row]) if len(places) > 1 else (lost.low, lost.high)
            ends = {"nats": lost.value, "low": low, "high": high}
            named = {key: labels[key] for key in _LOST}
            rows.append({**named, "middle": middle, "benchmark": results.name, **ends})
    return rows


def _crossed(scores: Scores, lost: Array, units: ArrayLike) -> Array:
    """Draws of the mean of every row of `lost` (schedule, document, 1), documents and orders: (row, draw)."""
    times = draws(units, DRAWS)
    ones = np.ones((1, times.shape[1]))
    with np.errstate(all="ignore"):
        levels = bootstrap("mean", lost, units, np.concatenate([ones, times]))  # (schedule, 1 + draw)
    return rows_of(scores, levels, times.shape[1])[:, 1:]


def baselines(scores: Scores, metric: str) -> list[dict[str, Any]]:
    """Scores of the baselines without a model by benchmark: `score`, and `R` on the scale of the figures.

    R = 0 is the floor, 1 the full model. Where none was measured, it is guessing alone; a benchmark that
    lacks the metric, or whose floor is not known, has none. The mean score of the model's own ruins, where
    they were swept, is one more.
    """
    rows: list[dict[str, Any]] = []
    for results in scores.benchmarks.values():
        if metric not in results.metrics or np.isnan(results.guess(metric)):
            continue
        how = AGGREGATIONS[results.column(metric).aggregation]
        full = float(aggregate(results.column(metric).aggregation, results.items(metric)[0]))
        named = results.baselines(metric) or {"guess": results.guess(metric)}
        broken = ruins(scores, results, metric)
        named |= {} if np.isnan(broken) else {RUINED: broken}
        with np.errstate(all="ignore"):
            levels = how.unlink(np.array([full, results.guess(metric), *named.values()], dtype=np.float64))
            shares = (levels[2:] - levels[1]) / (levels[0] - levels[1])
        for (name, score), share in zip(named.items(), shares, strict=True):
            labels = {"metric": metric, "benchmark": results.name, "baseline": name}
            rows.append({**labels, "score": float(score), "R": float(share)})
    return rows


def gains_apart(pair: FineTuned, metric: str, share: float) -> dict[str, Any]:
    """Mean gain of fine-tuning up to a share of layers left out and above it, and below minus above.

    `below` and `above` are [value, low, high], `value`, `low` and `high` the contrast, by t and paired over
    the documents' units; None where all shares lie on one side.
    """
    before, after = pair.frozen.results(), pair.tuned.results()
    gains = after.items(metric) - before.items(metric)  # (schedule, document, 1)
    sides: dict[str, list[int]] = {"below": [], "above": []}
    for one in pair.crossing(metric, count=1).differences:
        sides["below" if one.share <= share + 1e-9 else "above"].append(pair.frozen.row_of(one.schedule))
    nothing: dict[str, Any] = {"below": None, "above": None, "value": None, "low": None, "high": None}
    if not all(sides.values()):
        return nothing
    means = {side: pooled(gains[rows]) for side, rows in sides.items()}
    units = before.unit_codes
    found = {side: difference("mean", of, np.zeros_like(of), units=units) for side, of in means.items()}
    apart = pair.contrast(metric, share)
    ends = {"value": apart.value, "low": apart.low, "high": apart.high}
    return {**{side: [one.value, one.low, one.high] for side, one in found.items()}, **ends}


def changed(one: Array, other: Array, units: ArrayLike) -> dict[str, float]:
    """The mean of one score minus another on the same documents, its 95 % interval by t over their units.

    NaN ends where there are too few units for an interval.

    >>> one = np.array([[1.0], [2.0]] * 20)
    >>> changed(one, one - 0.5, range(40)), changed(one[:2], one[:2] - 0.5, range(2))
    ({'value': 0.5, 'low': 0.5, 'high': 0.5}, {'value': 0.5, 'low': nan, 'high': nan})
    """
    found = difference("mean", one, other, units=units)
    return {"value": found.value, "low": found.low, "high": found.high}


def tokens_lost(scores: Scores, variant: str) -> list[dict[str, Any]]:
    """What a variant loses of u on results and on set-up words of worked solutions, and the difference.

    A row a benchmark that has both, start and `part`: `results`, `set-up`, and `results minus set-up`; full
    minus changed, 95 % interval by t, paired over the documents' units. Positive is a loss.
    """
    rows: list[dict[str, Any]] = []
    for results in scores.benchmarks.values():
        if not {"u", "u_setup"} <= {*results.metrics}:
            continue
        parts = {"results": results.items("u"), "set-up": results.items("u_setup")}
        parts = {part: items[:1] - items for part, items in parts.items()}  # losses
        parts["results minus set-up"] = parts["results"] - parts["set-up"]
        for places in scores.rows:
            labels = scores.labels(places)
            if labels["variant"] != variant or labels["start"] is None:
                continue
            about = {"benchmark": results.name, "start": labels["start"], "schedule": labels["schedule"]}
            about["middle"] = scores.layers - 2 * labels["start"] - 1
            for part, items in parts.items():
                one = pooled(items[list(places)])
                known = ~np.isnan(one[:, 0])  # a solution without a result has none
                lost = changed(one[known], np.zeros((known.sum(), 1)), results.unit_codes[known])
                rows.append({**about, "part": part, **lost})
    return rows
