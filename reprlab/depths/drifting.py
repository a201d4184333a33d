"""Drift of captures under schedules beside the full model's, as labelled values."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from reprlab.captures.capture import Capture
from reprlab.captures.sums import SINK_FACTOR, sinks
from reprlab.depths.moments import Powers, effective_rank, mean, total, variance, variance_flat
from reprlab.errors import ReprlabError, unknown
from reprlab.files import write_result
from reprlab.schedules.schedule import Schedule, matching
from reprlab.similarity.samples import POLICIES, document_sums
from reprlab.statistics.bootstraps import draws

DRAWS = 1000
MARGIN = 0.05  # in ln: a smaller difference is none worth the name, however sure it is
_WORDS = {
    1: "middle repeat leaves the full model's further than skip does",
    -1: "skip leaves the full model's further than middle repeat does: not the paper's drift",
    0: "neither leaves the full model's clearly further than the other does",
}


@dataclass(frozen=True)
class Curve:
    """One schedule's quantities by depth. `at` is the full model's depth that each goes with.

    `low` and `high` bound the variance, `cosine` is the mean over tokens to the full model's state there.
    """

    schedule: str
    at: tuple[int, ...]
    mean: tuple[float, ...]
    variance: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    variance_flat: tuple[float, ...]
    norm: tuple[float, ...]
    rank: tuple[float, ...]
    largest: tuple[float, ...]
    cosine: tuple[float, ...]


@dataclass(frozen=True)
class Drift:
    """Curves of the full model and of schedules over the same tokens, and how far the variances part.

    `apart` says for each schedule how far its variance is from the full model's behind the middle: the mean
    of |ln(variance / full variance)| over the depths that come after the last layer that differs, with an
    interval by resampling documents, the same draws for all.
    """

    model: str
    note: str
    corpus: str
    documents: int
    tokens: int
    excluded: int
    policy: str
    sink_factor: float
    dtype: str
    layers: int
    start: int
    made_with: dict[str, str]
    curves: dict[str, Curve]
    apart: dict[str, tuple[float, float, float]] = field(
        default_factory=dict[str, tuple[float, float, float]]
    )
    further: tuple[float, float, float] | None = None

    @property
    def values(self) -> dict[str, tuple[float, ...]]:
        """The variance by depth of each schedule, which the picture shows."""
        return {name: curve.variance for name, curve in self.curves.items()}

    @property
    def caption(self) -> str:
        """Model, corpus, n and policy in a sentence."""
        left_out = f"{self.excluded:,} sink tokens left out (norm above {self.sink_factor:g}x the median)"
        policy = left_out if self.policy == "no-sinks" else "all tokens"
        return (
            f"{self.model} ({self.note}); corpus {self.corpus}: {self.documents:,} documents, "
            f"{self.tokens:,} tokens; {policy}; {self.dtype}; s = {self.start}."
        )

    @property
    def reading(self) -> str:
        """One line: how far each schedule's variance ends from the full model's, and what that says."""
        if self.further is None or not self.apart:
            return "variance by depth"
        parts = ", ".join(f"{name} {math.exp(value[0]):.2f}x" for name, value in self.apart.items())
        value, low, high = self.further
        clear = low * high > 0 and abs(value) >= MARGIN
        said = _WORDS[int(np.sign(value)) if clear else 0]
        ends = f"{value:+.2f} [{low:+.2f}, {high:+.2f}] in ln"
        return f"variance behind the middle is off by {parts}: {said} ({ends})"

    @property
    def last_two(self) -> dict[str, tuple[float, float]]:
        """Variance over the full model's, at its last depth but one and at its last, by schedule.

        NaN at a depth that the schedule leaves out.
        """
        full = self.curves["full"].variance
        found: dict[str, tuple[float, float]] = {}
        for name, curve in self.curves.items():
            there = dict(zip(curve.at, curve.variance, strict=True))
            before, last = (there.get(at, math.nan) / full[at] for at in (self.layers - 1, self.layers))
            if name != "full":
                found[name] = (before, last)
        return found

    def to_dataframe(self) -> pd.DataFrame:
        """One row for each schedule and depth, with every quantity."""
        rows: list[dict[str, Any]] = []
        for name, curve in self.curves.items():
            values = {key: value for key, value in asdict(curve).items() if key not in {"schedule", "at"}}
            for depth, at in enumerate(curve.at):
                own = {key: value[depth] for key, value in values.items()}
                rows.append({"variant": name, "schedule": curve.schedule, "depth": depth, "at": at, **own})
        labels = {"model": self.model, "corpus": self.corpus, "policy": self.policy, "dtype": self.dtype}
        return pd.DataFrame(rows).assign(**labels)

    def save(self, path: Path | str) -> None:
        """Write as JSON (NaN as null), or as CSV by the file's ending."""
        write_result(path, asdict(self), self.to_dataframe)

    @classmethod
    def load(cls, path: Path | str) -> Drift:
        """Read what `save` wrote as JSON."""
        try:
            data: dict[str, Any] = json.loads(Path(path).read_text(encoding="utf-8"))
            curves = {name: Curve(**_tuples(curve)) for name, curve in data.pop("curves").items()}
            apart = {name: _three(value) for name, value in data.pop("apart").items()}
            further = data.pop("further")
            return cls(
                **data, curves=curves, apart=apart, further=None if further is None else _three(further)
            )
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise ReprlabError(f"'{path}' holds no drift that reprlab wrote: {error}") from error

    def plot(self, ax: Any = None) -> Any:
        """Draw the variance by depth, with its interval, and give back the axes."""
        from reprlab import figures

        lines = {name: (c.at, self.values[name], c.low, c.high) for name, c in self.curves.items()}
        title = f"{self.model}, {'all tokens' if self.policy == 'all' else 'sinks left out'}"
        labels = {"title": title, "label": "variance", "caption": self.caption}
        return figures.lines(lines, **labels, ax=ax, log=True, broken=True)


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
    >>> found = drift(full, {"skip": skip}, start=2)
    >>> found.curves["skip"].at, round(found.curves["full"].cosine[3], 6)
    ((0, 1, 2, 3, 5, 6), 1.0)
    """
    if tokens not in POLICIES:
        raise unknown("token policy", tokens, POLICIES)
    everything = {"full": full, **captures}
    for name, capture in everything.items():
        _same_texts(full, name, capture)
    dropped = sinks(full.norms, sink_factor)
    dropped = dropped if tokens == "no-sinks" else torch.zeros_like(dropped)
    sums = {name: document_sums(capture, dropped) for name, capture in everything.items()}
    weights = draws(np.arange(full.documents), count=DRAWS)
    under = {name: Powers.of(some).variance(weights.astype(np.float64)) for name, some in sums.items()}
    seen = _read(everything, ~dropped)
    curves = {n: _curve(full, c, sums[n], under[n], seen[n], ~dropped) for n, c in everything.items()}
    layers, identity = full.manifest.layers, full.identity
    found = Drift(
        model=identity.model,
        note=full.manifest.note,
        corpus=identity.corpus,
        documents=full.documents,
        tokens=int((~dropped).sum()),
        excluded=int(dropped.sum()),
        policy=tokens,
        sink_factor=sink_factor,
        dtype=identity.dtype,
        layers=layers,
        start=start,
        made_with=dict(sorted(full.manifest.made_with.items())),
        curves=curves,
    )
    return _judged(found, under)


def _same_texts(full: Capture, name: str, capture: Capture) -> None:
    """Raises where two captures are not of the same tokens of the same model."""
    for what in ("model", "weights", "tokenizer", "corpus_digest", "max_tokens", "dtype"):
        one, other = getattr(full.identity, what), getattr(capture.identity, what)
        if one != other:
            raise ReprlabError(
                f"drift compares one model on the same texts: {what} of '{name}' is {other}, not {one}"
            )
    if full.documents != capture.documents:
        raise ReprlabError(
            f"drift: '{name}' has {capture.documents} documents, the full model {full.documents}"
        )


def _read(captures: Mapping[str, Capture], kept: Tensor) -> dict[str, list[tuple[float, float, float]]]:
    """By depth of every capture, its rank, largest entry and mean cosine to the full model's state there.

    The states of every capture are read once, depth by depth of the full model.
    """
    full = captures["full"]
    matches = {
        n: matching(Schedule.parse(c.identity.schedule), full.manifest.layers) for n, c in captures.items()
    }
    seen: dict[str, dict[int, tuple[float, float, float]]] = {name: {} for name in captures}
    for at in range(full.depths):
        theirs = full.states(at)[kept].float()
        for name, capture in captures.items():
            for depth in (depth for depth, match in enumerate(matches[name]) if match == at):
                states = theirs if capture is full else capture.states(depth)[kept].float()
                cosine = torch.nn.functional.cosine_similarity(states, theirs, dim=1).mean(
                    dtype=torch.float64
                )
                seen[name][depth] = (effective_rank(states), float(states.abs().max()), float(cosine))
    return {name: [found[depth] for depth in sorted(found)] for name, found in seen.items()}


def _curve(
    full: Capture,
    capture: Capture,
    sums: Sequence[Any],
    under: Any,
    seen: Sequence[tuple[float, float, float]],
    kept: Tensor,
) -> Curve:
    whole = total(sums)
    schedule = Schedule.parse(capture.identity.schedule)
    low, high = np.quantile(under, [0.025, 0.975], axis=0)
    ranks, largest, cosines = zip(*seen, strict=True)
    return Curve(
        schedule=str(schedule),
        at=tuple(matching(schedule, full.manifest.layers)),
        mean=_numbers(mean(whole)),
        variance=_numbers(variance(whole)),
        low=_numbers(low),
        high=_numbers(high),
        variance_flat=_numbers(variance_flat(whole)),
        norm=_numbers(capture.norms[:, kept].double().mean(1)),
        rank=ranks,
        largest=largest,
        cosine=cosines,
    )


def _judged(found: Drift, under: Mapping[str, Any]) -> Drift:
    """How far variances are apart behind the middle, with intervals under the same draws."""
    behind = found.layers - found.start + 1  # depths after the last layer that differs
    logs: dict[str, Any] = {}
    apart: dict[str, tuple[float, float, float]] = {}
    for name, curve in found.curves.items():
        if name == "full":
            continue
        places = [(d, a) for d, a in enumerate(curve.at) if a >= behind]
        ratio = [np.abs(np.log(under[name][:, d] / under["full"][:, a])) for d, a in places]
        point = [abs(math.log(curve.variance[d] / found.curves["full"].variance[a])) for d, a in places]
        logs[name] = np.mean(ratio, axis=0)
        low, high = np.quantile(logs[name], [0.025, 0.975])
        apart[name] = (float(np.mean(point)), float(low), float(high))
    further = None
    if {"skip", "middle repeat"} <= set(logs):
        value = apart["middle repeat"][0] - apart["skip"][0]
        low, high = np.quantile(logs["middle repeat"] - logs["skip"], [0.025, 0.975])
        further = (value, float(low), float(high))
    return replace(found, apart=apart, further=further)


def _numbers(values: Any) -> tuple[float, ...]:
    return tuple(float(value) for value in values)


def _three(values: Sequence[float]) -> tuple[float, float, float]:
    value, low, high = values
    return value, low, high


def _tuples(curve: dict[str, Any]) -> dict[str, Any]:
    return {
        k: tuple(math.nan if x is None else x for x in v) if isinstance(v, list) else v
        for k, v in curve.items()
    }
