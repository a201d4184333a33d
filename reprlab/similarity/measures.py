"""Measures: what each computes of a sample, and how that moves with the documents.

Each function takes a sample and options. It gives the (depth, depth) matrix, and the matrices that other
documents give, or None where there are none.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from reprlab.counts import counted
from reprlab.errors import ReprlabError
from reprlab.memory import free_bytes
from reprlab.progress import Progress, Say
from reprlab.similarity.cka.cka import align, features_are_cheaper
from reprlab.similarity.cosine import cosines, document_matrices, transform
from reprlab.similarity.neighbours import overlap, passes
from reprlab.similarity.procrustes import procrustes
from reprlab.similarity.samples import Sample
from reprlab.similarity.states import Reading, States
from reprlab.statistics.resampled import Resampled, bootstrapped, grouped

Computed = tuple[Tensor, Resampled | None]


@dataclass(frozen=True)
class MeasureOptions:
    """How a measure is computed."""

    settings: dict[str, float]
    memory: int
    device: str
    progress: Progress
    say: Say


def plain_cosine(sample: Sample, options: MeasureOptions) -> Computed:
    """The mean cosine over tokens, from sums made at capture time where there are any."""
    if sample.sums is None:
        sums = cosines(sample, None, angular=False, device=options.device, progress=options.progress)
        return _meaned(sums, np.diff(sample.offsets))
    documents = sample.sums()
    sums = torch.stack([document.cosine for document in documents])
    return _meaned(sums, np.array([document.count for document in documents]))


def changed_cosine(sample: Sample, options: MeasureOptions, *, change: str) -> Computed:
    """The mean cosine over tokens of states that are centred, standardised, or without top components."""
    changed = transform(sample, change, int(options.settings.get("components", 0)))
    sums = cosines(sample, changed, angular=False, device=options.device, progress=options.progress)
    return _meaned(sums, np.diff(sample.offsets))


def angles(sample: Sample, options: MeasureOptions) -> Computed:
    """The mean over tokens of the angle / pi."""
    sums = cosines(sample, None, angular=True, device=options.device, progress=options.progress)
    return _meaned(sums, np.diff(sample.offsets), own=0.0)


def sequence_cosine(sample: Sample, options: MeasureOptions) -> Computed:
    """The mean over documents of the cosine between whole documents."""
    return _meaned(*document_matrices(sample, options.progress))


def neighbour_overlap(sample: Sample, options: MeasureOptions) -> Computed:
    """The mean over tokens of the share of nearest neighbours in common."""
    rows, times = passes(sample.states, options.memory)
    if rows < sample.states.count:
        _say(options, "knn", f"{times}")
    per_token = overlap(
        sample.states,
        neighbours=int(options.settings["k"]),
        memory=options.memory,
        device=options.device,
        progress=options.progress,
    )
    sums = torch.zeros(len(sample.offsets) - 1, *per_token.shape[1:], dtype=torch.float64)
    sums.index_add_(0, sample.documents, per_token.double())
    return _meaned(sums, np.diff(sample.offsets))


def _meaned(sums: Tensor, counts: Any, own: float = 1.0) -> Computed:
    """The mean over samples, from each document's sum, and bootstraps of it; the diagonal is exact."""
    values = sums.sum(0) / float(np.sum(counts)) if np.sum(counts) else torch.full_like(sums[0], torch.nan)
    values = (values + values.T) / 2
    exact = values.diagonal()
    exact.copy_(torch.full_like(exact, own).where(exact.isfinite(), torch.nan))
    return values, bootstrapped(sums.numpy(), np.asarray(counts, np.float64))


def linear_alignment(
    sample: Sample, options: MeasureOptions, *, name: str, debiased: bool = True
) -> Computed:
    """Linear CKA, with a jackknife over groups of documents."""
    return _aligned(sample, options, name, None, debiased)


def rbf_alignment(sample: Sample, options: MeasureOptions, *, name: str) -> Computed:
    """RBF CKA, debiased, with a jackknife over groups of documents."""
    return _aligned(sample, options, name, options.settings["bandwidth"], True)


def _aligned(
    sample: Sample, options: MeasureOptions, name: str, bandwidth: float | None, debiased: bool
) -> Computed:
    states, bounds = sample.states, grouped(sample.offsets)
    times = Reading.within(options.memory, states).times + (bandwidth is not None)  # medians are found first
    if times > 1 and not (bandwidth is None and features_are_cheaper(states, len(bounds) - 1)):
        _say(options, name, f"{times:.1f}")
    alignment = align(
        states,
        bandwidth=bandwidth,
        bounds=bounds if len(bounds) > 1 else (),
        centred=sample.centred if bandwidth is None else None,
        memory=options.memory,
        device=options.device,
        progress=options.progress,
    )
    values = alignment.cka(debiased=debiased)
    if len(bounds) < 3:
        return values, None
    shares = np.diff(bounds) / states.count
    return values, Resampled("jackknife", alignment.without(debiased=debiased).numpy(), shares)


def procrustes_angles(sample: Sample, options: MeasureOptions) -> Computed:
    """Angular Procrustes distances, without intervals."""
    states = sample.states
    needed = sum(8 * states.count * min(w, states.count) + 4 * states.count for w in states.widths)
    check_fits(needed, "procrustes", states)
    options.say(
        f"procrustes: {len(states.widths) * (len(states.widths) - 1) // 2:,} singular value decompositions"
    )
    depths = [whole_depth(states, depth) for depth in range(len(states.widths))]
    return procrustes(depths, progress=options.progress), None


def whole_depth(states: States, depth: int) -> Tensor:
    """All states of one depth: (token, width)."""
    return states.panel(0, states.count, slice(depth, depth + 1))[0]


def check_fits(needed: int, name: str, states: States) -> None:
    """Raises `ReprlabError` where a measure needs more bytes of memory than are free."""
    free = free_bytes()
    if needed > 0.9 * free:
        share = 0.9 * free / needed
        raise ReprlabError(
            f"{name} over {counted(states.count, 'sample')} x {len(states.widths)} depths needs "
            f"{needed / 1e9:.1f} GB of memory, {free / 1e9:.1f} GB are free: "
            f"take about {share:.0%} of the --documents"
        )


def _say(options: MeasureOptions, name: str, times: str) -> None:
    memory = f"{options.memory / (1 << 30):.3g} GiB of memory"
    options.say(f"{name} reads the states {times} times within {memory}; --memory sets that")
