"""Compare: the similarity of a capture's depths, or of two captures', as a labelled value."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from reprlab.arguments import (
    CALLBACKS,
    drawing_seed,
    integer,
    number,
    optional,
    positive,
    several,
    string,
    taking,
)
from reprlab.captures.given import maybe_states, states_of
from reprlab.captures.hidden_states import HiddenStates
from reprlab.counts import counted
from reprlab.errors import ReprlabError
from reprlab.progress import Progress, Say
from reprlab.provenance import SINK_FACTOR, Provenance
from reprlab.schedules.schedule import Schedule
from reprlab.similarity.controls import controlled
from reprlab.similarity.matrix import Similarity, average, bounded
from reprlab.similarity.measure import MEASURES, NEIGHBOURS, Measure, check_asked, measure_of
from reprlab.similarity.measures import MeasureOptions
from reprlab.similarity.own import OwnFunction
from reprlab.similarity.pairs import apart, pair
from reprlab.similarity.policy import Policy
from reprlab.similarity.samples import Sample
from reprlab.statistics.resampled import Resampled

__all__ = ["MEASURES", "Measure", "Similarity", "average", "cka", "compare", "cosine", "sinks_sweep"]

FACTORS = (2.0, 3.0, 4.0, 6.0, 8.0, 12.0, 16.0, 32.0)  # of a sweep over sinks' thresholds


@taking(capture=states_of, tokens=string, sink_factor=number)
def cosine(capture: HiddenStates, *, tokens: str = "all", sink_factor: float = SINK_FACTOR) -> Similarity:
    """Mean over tokens of the cosine between hidden states at every pair of depths, in [-1, 1].

    `tokens`: `all`, or `no-sinks`, which leaves out tokens whose norm is above `sink_factor` times the
    depth's median at any depth.

    >>> import reprlab as rl
    >>> acts = rl.capture(rl.load("tiny-llama"), rl.corpus("builtin"), documents=3, cache=tmp)
    >>> rl.cosine(acts).values.shape
    (7, 7)
    """
    return compare(capture, "cosine", tokens=tokens, sink_factor=sink_factor)


@taking(capture=states_of, tokens=string, sink_factor=number)
def cka(capture: HiddenStates, *, tokens: str = "all", sink_factor: float = SINK_FACTOR) -> Similarity:
    """Debiased linear CKA at every pair of depths, exact over all tokens; about 0 for unrelated states.

    `tokens` as for `cosine`. Needs the states: a capture made with `states=False` has none.

    >>> import reprlab as rl
    >>> acts = rl.capture(rl.load("tiny-llama"), rl.corpus("builtin"), documents=3, cache=tmp)
    >>> round(float(rl.cka(acts, tokens="no-sinks").values[2, 2]), 9)
    1.0
    """
    return compare(capture, "cka", tokens=tokens, sink_factor=sink_factor)


@taking(
    capture=states_of,
    against=maybe_states,
    tokens=string,
    sink_factor=number,
    positions=string,
    samples=string,
    control=optional(string),
    seed=drawing_seed,
    bandwidth=number,
    neighbours=integer,
    components=integer,
    memory=positive,
    device=string,
    **CALLBACKS,
)
def compare(
    capture: HiddenStates,
    measure: str | Measure | OwnFunction,
    *,
    against: HiddenStates | None = None,
    tokens: str = "all",
    sink_factor: float = SINK_FACTOR,
    positions: str = "all",
    samples: str = "tokens",
    control: str | None = None,
    seed: int = 0,
    bandwidth: float = 1.0,
    neighbours: int = NEIGHBOURS,
    components: int = 3,
    memory: int = 3 << 28,
    device: str = "auto",
    progress: Progress = lambda done, total: None,
    say: Say = lambda _: None,
) -> Similarity:
    """The similarity of every pair of depths by a measure, with 95 % intervals over documents.

    `measure` is one of `MEASURES`, or your own function of two depths: f(x, y) takes (token, width) tensors
    of the same tokens and returns one number, the same in either order. `Measure.of(f, distance=True)` says
    that small values mean alike. It gets float32 copies (float64 of float64), on the CPU unless `device` is
    "cuda"; `provenance.own_measure` keeps its name and the digest of its source.
    `against`: another capture (or activations) of the same samples, whose depths are the columns; sinks of
    either are left out. `tokens`, `sink_factor`, `positions` (all, first, last, or a range a:b of places)
    choose tokens; `samples` compares tokens, documents' means, or one token of each (last, cls: the first).
    `control` takes a null's states, drawn with `seed`: `shuffled` (each depth's tokens in their own order)
    or `residual` (each update from another token, its norm kept). `bandwidth` (of rbf-cka) is in median
    distances, `neighbours` is k of knn, `components` of cosine-components are taken away. `memory` is bytes.

    Cosines are bootstrapped over documents (1,000 draws, percentile-t): of 12 or more, 200 where lengths
    differ much. CKA and your own measure have a jackknife over 12 to 50 groups of documents, procrustes has
    none. NaN where a value is undefined; `remark` says why.

    >>> import reprlab as rl
    >>> acts = rl.capture(rl.load("tiny-llama"), rl.corpus("builtin"), documents=12, cache=tmp)
    >>> rl.compare(acts, "cka", against=acts).other, rl.compare(acts, "knn", neighbours=5).values.shape
    ('tiny-llama', (7, 7))
    >>> def norm_ratio(x, y):
    ...     return min(x.norm() / y.norm(), y.norm() / x.norm())
    >>> own = rl.compare(acts, norm_ratio, tokens="no-sinks")
    >>> own.values.shape, own.measure, own.intervals.how
    ((7, 7), 'norm_ratio', '95 % intervals from a jackknife over 12 groups of documents')
    """
    capture, against = apart(capture, against)
    row, policy = measure_of(measure), Policy(tokens, sink_factor, positions, samples)
    check_asked(row, policy, control, bandwidth, neighbours, components)
    settings = row.settings(bandwidth, neighbours, components)
    asked = _Asked(capture, against, row, policy, control or "", settings)
    options = MeasureOptions(settings, memory, _device(device, row), progress, say)
    paired = pair(capture, against, policy, row)
    with controlled(paired, control, seed=seed, memory=memory) as sample:
        values, resampled = row.compute(sample, options)
    return asked.labelled(paired, values, resampled)


@taking(capture=states_of, factors=several(number, (int, float), "numbers, one or several"))
def sinks_sweep(
    capture: HiddenStates,
    measure: str | Measure | OwnFunction,
    factors: Sequence[float] = FACTORS,
    **options: Any,
) -> list[Similarity]:
    """`compare` without sinks at several thresholds, and last with all tokens: how the result moves with k.

    >>> import reprlab as rl
    >>> acts = rl.capture(rl.load("tiny-llama"), rl.corpus("builtin"), documents=3, cache=tmp)
    >>> [swept.provenance.excluded for swept in sinks_sweep(acts, "cosine", (1.5, 4))][1:]
    [0, 0]
    """
    swept = [compare(capture, measure, tokens="no-sinks", sink_factor=k, **options) for k in factors]
    return [*swept, compare(capture, measure, tokens="all", **options)]


def _device(asked: str, row: Measure) -> str:
    """Where products are taken; float64 sums need a device that has them."""
    if asked == "cuda" and not torch.cuda.is_available():
        raise ReprlabError("device 'cuda' is not on this machine: use auto or cpu")
    best = "cuda" if torch.cuda.is_available() and row.own is None else "cpu"
    return best if asked in {"auto", "mps"} else asked


@dataclass(frozen=True)
class _Asked:
    """One comparison: its two sides, the measure, the tokens, and the control."""

    capture: HiddenStates
    against: HiddenStates | None
    row: Measure
    policy: Policy
    control: str
    settings: dict[str, float]

    def labelled(self, sample: Sample, values: Tensor, resampled: Resampled | None) -> Similarity:
        """The matrix with what it is of, its intervals, and a remark where something is undefined."""
        rows, columns = slice(sample.split or None), slice(sample.split, None)
        if resampled is not None:
            resampled = resampled.part(rows, columns)
        similarity = Similarity(
            values=values[rows, columns].numpy(),
            measure=self.row.name,
            provenance=self._provenance(sample),
            width=max(sample.states.widths),
            samples=self.policy.samples,
            positions=self.policy.positions,
            other="" if self.against is None else _label(self.against.provenance),
            control=self.control,
            settings=self.settings,
            by_document=resampled.documents[0].mean if resampled and resampled.documents else None,
        )
        remarks = (self._nan(similarity), self._few(similarity), self._unresampled(similarity, resampled))
        return bounded(replace(similarity, remark=" ".join(filter(None, remarks))), resampled)

    def _provenance(self, sample: Sample) -> Provenance:
        """That of the capture, with the tokens that were compared."""
        return replace(
            self.capture.provenance,
            documents=int((np.diff(sample.offsets) > 0).sum()),
            tokens=sample.states.count,
            excluded=sample.excluded,
            policy=self.policy.tokens,
            sink_factor=self.policy.sink_factor,
            own_measure=self.row.own,
        )

    def _nan(self, similarity: Similarity) -> str:
        """Why some values are NaN, if they are."""
        missing = np.isnan(similarity.values)
        if not missing.any():
            return ""
        if self.capture.nonfinite_words:
            return self.capture.nonfinite_words
        bad = [depth for depth, row in enumerate(missing) if row.all()]
        if self.row.own and similarity.tokens and len(bad) in (0, len(missing)):
            first, second = np.argwhere(missing)[0]
            return (
                f"NaN: {self.row.name} gives no finite number for {missing.sum():,} of {missing.size:,} "
                f"values, the first of depths {first} and {second}."
            )
        if len(bad) == len(missing):
            samples = "token" if similarity.samples == "tokens" else "sample"
            if similarity.tokens <= max(3, similarity.settings.get("k", 0)):
                return f"NaN: too few samples for it, {counted(similarity.tokens, samples)}."
            return "NaN at every depth: the states do not vary, or are zero or not finite."
        depths = ", ".join(map(str, bad))
        return f"NaN at depths {depths}: the states there do not vary, or are zero or not finite."

    def _few(self, similarity: Similarity) -> str:
        """A warning where samples are fewer than features and the measure does not make up for it."""
        if not self.row.few or similarity.ratio >= 1:
            return ""
        return (
            f"Warning: n/d = {similarity.ratio:.2g} is below 1, where {self.row.name} is {self.row.few}: "
            "take more documents, or cka, which is debiased."
        )

    def _unresampled(self, similarity: Similarity, resampled: Resampled | None) -> str:
        """Why there are no intervals, where a measure has them and values are known."""
        if np.isnan(similarity.values).all() or not self.row.resampled:
            return ""
        if resampled is None:
            return "No intervals: fewer than two documents."
        if resampled.few:
            return f"No intervals: {resampled.few}."
        if bounded(similarity, resampled).intervals:
            return ""
        return "No intervals: the values are undefined without some of the documents."


def _label(source: Provenance) -> str:
    """The model of the columns, and its schedule where that is not the model's own."""
    own = {"", str(Schedule.full(max(source.layers, 1)))}
    return source.model if source.schedule in own else f"{source.model} under {source.schedule}"
