"""Compare: the similarity of a capture's depths, or of two captures', as a labelled value."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from importlib.metadata import version
from typing import Any

import numpy as np
import torch

from reprlab.captures.activations import Activations
from reprlab.captures.capture import Capture
from reprlab.captures.sums import SINK_FACTOR
from reprlab.errors import ReprlabError
from reprlab.progress import Progress, Say
from reprlab.schedules.schedule import Schedule
from reprlab.similarity.controls import null
from reprlab.similarity.matrix import Similarity, average, bounded
from reprlab.similarity.measure import MEASURES
from reprlab.similarity.measures import MeasureOptions, check_asked, measured
from reprlab.similarity.neighbours import NEIGHBOURS
from reprlab.similarity.pairs import pair
from reprlab.similarity.policy import Policy
from reprlab.statistics.resampled import Resampled

__all__ = ["MEASURES", "Similarity", "average", "cka", "compare", "cosine", "sinks_sweep"]

States_ = Capture | Activations
FACTORS = (2.0, 3.0, 4.0, 6.0, 8.0, 12.0, 16.0, 32.0)  # of a sweep over sinks' thresholds


def cosine(capture: States_, *, tokens: str = "all", sink_factor: float = SINK_FACTOR) -> Similarity:
    """Mean over tokens of the cosine between hidden states at every pair of depths, in [-1, 1].

    `tokens`: `all`, or `no-sinks`, which leaves out tokens whose norm is above `sink_factor` times the
    depth's median at any depth.

    >>> import reprlab as rl
    >>> acts = rl.capture(rl.load("tiny-llama"), rl.corpus("builtin"), documents=3, cache=tmp)
    >>> rl.cosine(acts).values.shape
    (7, 7)
    """
    return compare(capture, "cosine", tokens=tokens, sink_factor=sink_factor)


def cka(capture: States_, *, tokens: str = "all", sink_factor: float = SINK_FACTOR) -> Similarity:
    """Debiased linear CKA at every pair of depths, exact over all tokens; about 0 for unrelated states.

    `tokens` as for `cosine`. Needs the states: a capture made with `states=False` has none.

    >>> import reprlab as rl
    >>> acts = rl.capture(rl.load("tiny-llama"), rl.corpus("builtin"), documents=3, cache=tmp)
    >>> round(float(rl.cka(acts, tokens="no-sinks").values[2, 2]), 9)
    1.0
    """
    return compare(capture, "cka", tokens=tokens, sink_factor=sink_factor)


def compare(
    capture: States_,
    measure: str,
    *,
    against: States_ | None = None,
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
    """The similarity of every pair of depths by a measure, with intervals by resampling documents.

    `measure` is one of `MEASURES`. `against`: another capture (or activations) of the same samples, whose
    depths are the columns; sinks of either are left out. `tokens`, `sink_factor`, `positions` (all, first,
    last, or a range a:b of places in the document) choose tokens; `samples` compares tokens, documents'
    means, or one token of each (last, cls: the first). `control` takes a null's states instead: `shuffled`
    (each depth's tokens in their own order) or `residual` (each update from another token, its norm kept),
    drawn with `seed`. `bandwidth` (of rbf-cka) is in median distances, `neighbours` (of knn) k, `components`
    (of cosine-components) how many principal components are taken away. `memory` (bytes) is for states.

    Cosines are bootstrapped over documents (1,000 draws), CKA has a jackknife over at most 50 groups of
    documents, procrustes no interval. NaN where something is not defined, with the reason in `remark`.

    >>> import reprlab as rl
    >>> acts = rl.capture(rl.load("tiny-llama"), rl.corpus("builtin"), documents=6, cache=tmp)
    >>> rl.compare(acts, "knn", neighbours=5).values.shape, rl.compare(acts, "cka", against=acts).other
    ((7, 7), 'tiny-llama')
    """
    policy = Policy(tokens, sink_factor, positions, samples)
    check_asked(measure, policy, control, bandwidth, neighbours, components)
    settings = {"bandwidth": bandwidth, "k": neighbours, "components": components}
    needed = {"rbf-cka": "bandwidth", "knn": "k", "cosine-components": "components"}.get(measure)
    kept = {needed: float(settings[needed])} if needed else {}
    work = MeasureOptions(kept, memory, _device(device), progress, say)
    taken = pair(capture, against, policy, measure)
    if control is None:
        values, resampled = measured(taken, measure, work)
    else:
        with null(taken.states, control, seed=seed, memory=memory) as states:
            values, resampled = measured(
                replace(taken, states=states, sums=None, centred=None), measure, work
            )
    split = capture.depths if against is not None else 0
    if split:
        values = values[:split, split:]
        resampled = resampled and replace(resampled, matrices=resampled.matrices[:, :split, split:])
    found = Similarity(
        values=values.numpy(),
        measure=measure,
        **_labels(capture),
        documents=int((np.diff(taken.offsets) > 0).sum()),
        tokens=taken.states.count,
        excluded=taken.excluded,
        policy=tokens,
        sink_factor=sink_factor,
        width=max(taken.states.widths),
        samples=samples,
        positions=positions,
        other=_label(against) if against is not None else "",
        control=control or "",
        settings=kept,
    )
    remark = " ".join(filter(None, (_nan(capture, found), _few(found), _unresampled(found, resampled))))
    return bounded(replace(found, remark=remark), resampled)


def sinks_sweep(
    capture: States_, measure: str, factors: Sequence[float] = FACTORS, **options: Any
) -> list[Similarity]:
    """`compare` without sinks at several thresholds, and last with all tokens: how the result moves with k.

    >>> import reprlab as rl
    >>> acts = rl.capture(rl.load("tiny-llama"), rl.corpus("builtin"), documents=3, cache=tmp)
    >>> [one.excluded for one in sinks_sweep(acts, "cosine", (1.5, 4))][1:]
    [0, 0]
    """
    found = [compare(capture, measure, tokens="no-sinks", sink_factor=k, **options) for k in factors]
    return [*found, compare(capture, measure, tokens="all", **options)]


def _device(asked: str) -> str:
    """Where products are taken; float64 sums need a device that has them."""
    if asked == "cuda" and not torch.cuda.is_available():
        raise ReprlabError("device 'cuda' is not on this machine: use auto or cpu")
    return ("cuda" if torch.cuda.is_available() else "cpu") if asked in {"auto", "mps"} else asked


def _labels(capture: States_) -> dict[str, Any]:
    """What a result says of where its states come from."""
    if isinstance(capture, Activations):
        dtype = str(capture.states[0].dtype).removeprefix("torch.")
        made = {name: version(name) for name in ("torch", "numpy", "reprlab")}
        text = {
            "model": capture.name,
            "note": "activations made elsewhere",
            "corpus": "activations",
            "schedule": "",
        }
        return {**text, "layers": 0, "dtype": dtype, "stored": dtype, "made_with": made}
    identity = capture.identity
    return {
        "model": identity.model,
        "note": capture.manifest.note,
        "corpus": identity.corpus,
        "schedule": identity.schedule,
        "layers": capture.manifest.layers,
        "dtype": identity.dtype,
        "stored": identity.stored,
        "made_with": dict(sorted(capture.manifest.made_with.items())),
    }


def _label(against: States_) -> str:
    """The model of the columns, and its schedule where that is not the model's own."""
    labels = _labels(against)
    own = {"", str(Schedule.full(max(labels["layers"], 1)))}
    return labels["model"] if labels["schedule"] in own else f"{labels['model']} under {labels['schedule']}"


def _nan(capture: States_, found: Similarity) -> str:
    """Why some values are NaN, if they are."""
    bad = [depth for depth, row in enumerate(found.values) if np.isnan(row).all()]
    if not np.isnan(found.values).any():
        return ""
    if isinstance(capture, Capture) and capture.nonfinite:
        row = next(row for row in capture.rows if row.first_nonfinite)
        depth, document, token = row.first_nonfinite or (0, "", 0)
        return (
            f"NaN: {capture.nonfinite:,} values are NaN or infinite, the first at depth {depth}, "
            f"document '{document}', token {token}."
        )
    if len(bad) == len(found.values):
        return f"NaN: too few {'tokens' if found.samples == 'tokens' else 'samples'} are left."
    return (
        f"NaN at depths {', '.join(map(str, bad))}: the states there do not vary, or are zero or not finite."
    )


def _few(found: Similarity) -> str:
    """A warning where samples are fewer than features and the measure does not make up for it."""
    if not MEASURES[found.measure].wide or found.ratio >= 1:
        return ""
    said = (
        "near 1 even for unrelated states"
        if found.measure == "cka-biased"
        else "small even for unrelated states"
    )
    return (
        f"Warning: n/d = {found.ratio:.2g} is below 1, where {found.measure} is {said}: "
        "take more documents, or cka, which is debiased."
    )


def _unresampled(found: Similarity, resampled: Resampled | None) -> str:
    if resampled is not None or np.isnan(found.values).all() or found.measure == "procrustes":
        return ""
    return "No intervals: fewer than two documents."
