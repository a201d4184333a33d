"""Drift of captures under schedules compared with the full model's, as labelled values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from reprlab.arguments import integer, number, string, taking
from reprlab.arrays import Array
from reprlab.captures.blocks import document_sums
from reprlab.captures.capture import Capture
from reprlab.captures.given import capture_of, captures_of
from reprlab.captures.sums import sinks
from reprlab.counts import counted
from reprlab.depths.drift import Drift, DriftCurve
from reprlab.depths.moments import Powers, effective_rank, mean, total, variance, variance_flat
from reprlab.errors import ReprlabError, unknown
from reprlab.provenance import SINK_FACTOR
from reprlab.schedules.schedule import Schedule, matching
from reprlab.similarity.policy import POLICIES
from reprlab.statistics.resampled import Resampled

Triple = tuple[float, float, float]  # a value and its interval


@taking(full=capture_of, captures=captures_of, start=integer, tokens=string, sink_factor=number)
def drift(
    full: Capture,
    captures: Mapping[str, Capture],
    *,
    start: int,
    tokens: str = "all",
    sink_factor: float = SINK_FACTOR,
) -> Drift:
    """Moments by depth of the full model and of schedules, from captures of the same texts.

    `captures` are by name, `full` is the model as it is. Sinks are those of the full model, so that all
    curves are over the same tokens. Needs states.

    >>> import reprlab as rl
    >>> net, texts = rl.load("tiny-llama"), rl.corpus("builtin")
    >>> texts_of = lambda s: rl.capture(net, texts, documents=4, cache=tmp, schedule=s)
    >>> full, skip = map(texts_of, ("0:6", "0 1 2 4 5"))
    >>> moved = drift(full, {"skip": skip}, start=2)
    >>> moved.curves["skip"].at, round(moved.curves["full"].cosine[3], 6)
    ((0, 1, 2, 3, 5, 6), 1.0)
    """
    if tokens not in POLICIES:
        raise unknown("token policy", tokens, POLICIES)
    everything = {"full": full, **captures}
    for name, capture in everything.items():
        _same_texts(full, name, capture)
    dropped = sinks(full.norms, sink_factor)
    dropped = dropped if tokens == "no-sinks" else torch.zeros_like(dropped)
    sums = {name: document_sums(capture.blocks, dropped) for name, capture in everything.items()}
    counts = np.array([document.count for document in sums["full"]], np.float64)
    some = counts > 0
    without = (1.0 - np.eye(len(counts)))[some]  # of each document with tokens in turn
    left = {name: Powers.of(documents).variance(without) for name, documents in sums.items()}
    shares = counts[some] / counts.sum()
    seen = _read(everything, ~dropped)
    curves = {
        n: _curve(full, c, sums[n], _jackknife(left[n], shares), seen[n], ~dropped)
        for n, c in everything.items()
    }
    source = replace(
        full.provenance,
        tokens=int((~dropped).sum()),
        excluded=int(dropped.sum()),
        policy=tokens,
        sink_factor=sink_factor,
        **{"schedule": "", "stored": ""},  # each curve has its own schedule
    )
    apart, further = _apart(curves, left, shares, after=source.layers - start + 1)
    return Drift(source, start, curves, apart, further)


def _same_texts(full: Capture, name: str, capture: Capture) -> None:
    """Raises where two captures are not of the same tokens of the same model."""
    for what in ("model", "weights", "tokenizer", "corpus_digest", "max_tokens", "dtype", "inputs"):
        ours, theirs = getattr(full.identity, what), getattr(capture.identity, what)
        if ours != theirs:
            raise ReprlabError(
                f"drift compares one model on the same texts: {what} of '{name}' is {theirs}, not {ours}"
            )
    if full.documents != capture.documents:
        raise ReprlabError(
            f"drift: '{name}' has {counted(capture.documents, 'document')}, the full model {full.documents}"
        )


def _read(captures: Mapping[str, Capture], mask: Tensor) -> dict[str, list[tuple[float, float, float]]]:
    """By depth of every capture, its rank, largest entry and mean cosine to the full model's state there.

    The states of every capture are read once, depth by depth of the full model.
    """
    full = captures["full"]
    matches = {
        n: matching(Schedule.parse(c.identity.schedule), full.manifest.layers) for n, c in captures.items()
    }
    seen: dict[str, dict[int, tuple[float, float, float]]] = {name: {} for name in captures}
    for at in range(full.depths):
        theirs = full.states(at)[mask].float()
        for name, capture in captures.items():
            for depth in (depth for depth, match in enumerate(matches[name]) if match == at):
                states = theirs if capture is full else capture.states(depth)[mask].float()
                cosine = torch.nn.functional.cosine_similarity(states, theirs, dim=1).mean(
                    dtype=torch.float64
                )
                seen[name][depth] = (effective_rank(states), float(states.abs().max()), float(cosine))
    return {name: [rows[depth] for depth in sorted(rows)] for name, rows in seen.items()}


def _curve(
    full: Capture,
    capture: Capture,
    sums: Sequence[Any],
    left: Resampled,
    seen: Sequence[tuple[float, float, float]],
    mask: Tensor,
) -> DriftCurve:
    all_documents = total(sums)
    schedule = Schedule.parse(capture.identity.schedule)
    with np.errstate(divide="ignore", invalid="ignore"):  # states that do not vary have no logarithm
        logs = replace(left, matrices=np.log(left.matrices))
        low, high = map(np.exp, logs.interval(np.log(variance(all_documents).numpy())))
    ranks, largest, cosines = zip(*seen, strict=True)
    return DriftCurve(
        schedule=str(schedule),
        at=tuple(matching(schedule, full.manifest.layers)),
        mean=_numbers(mean(all_documents)),
        variance=_numbers(variance(all_documents)),
        low=_numbers(low),
        high=_numbers(high),
        variance_flat=_numbers(variance_flat(all_documents)),
        norm=_numbers(capture.norms[:, mask].double().mean(1)),
        rank=ranks,
        largest=largest,
        cosine=cosines,
    )


def _apart(
    curves: Mapping[str, DriftCurve], left: Mapping[str, Any], shares: Array, *, after: int
) -> tuple[dict[str, Triple], Triple | None]:
    """How far variances are apart from depth `after` on, the first after the last layer that differs.

    Second, how much further middle repeat is than skip. Intervals are by a jackknife over documents.
    """
    logs: dict[str, Any] = {}
    apart: dict[str, Triple] = {}
    for name, curve in curves.items():
        if name == "full":
            continue
        places = [(d, a) for d, a in enumerate(curve.at) if a >= after]
        with np.errstate(divide="ignore", invalid="ignore"):  # states that do not vary have no ratio
            ratio = [np.abs(np.log(left[name][:, d] / left["full"][:, a])) for d, a in places]
            point = [abs(np.log(np.divide(curve.variance[d], curves["full"].variance[a]))) for d, a in places]
        logs[name] = np.mean(ratio, axis=0)
        value = np.array(np.mean(point), np.float64)
        low, high = _jackknife(logs[name], shares).interval(value)
        apart[name] = (float(value), float(low), float(high))
    if not {"skip", "middle repeat"} <= set(logs):
        return apart, None
    value = apart["middle repeat"][0] - apart["skip"][0]
    low, high = _jackknife(logs["middle repeat"] - logs["skip"], shares).interval(np.array(value))
    return apart, (value, float(low), float(high))


def _jackknife(left: Array, shares: Array) -> Resampled:
    """Numbers without each document in turn, (document, ...), with the documents' shares of the tokens."""
    return Resampled("jackknife", left, shares)


def _numbers(values: Any) -> tuple[float, ...]:
    return tuple(float(value) for value in values)
