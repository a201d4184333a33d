"""Measuring: each measure's matrix over a sample, and how it moves with the documents."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import psutil
import torch
from torch import Tensor

from reprlab.errors import ReprlabError, unknown
from reprlab.progress import Progress, Say
from reprlab.similarity.cka.cka import align, features_are_cheaper
from reprlab.similarity.controls import CONTROLS
from reprlab.similarity.cosine import Transform, cosines, document_matrices, transform
from reprlab.similarity.measure import MEASURES
from reprlab.similarity.neighbours import NEIGHBOURS, overlap, passes
from reprlab.similarity.policy import Policy
from reprlab.similarity.procrustes import procrustes
from reprlab.similarity.samples import Sample
from reprlab.similarity.states import Reading, States
from reprlab.statistics.resampled import Resampled, bootstrapped, grouped


@dataclass(frozen=True)
class MeasureOptions:
    """How a measure is computed."""

    settings: dict[str, float]
    memory: int
    device: str
    progress: Progress
    say: Say


def measured(taken: Sample, measure: str, work: MeasureOptions) -> tuple[Tensor, Resampled | None]:
    """A measure's (depth, depth) matrix of a sample, and the matrices that other documents give."""
    if measure in {"cka", "cka-biased", "rbf-cka"}:
        return _aligned(taken, measure, work)
    if measure == "procrustes":
        return _shapes(taken, work), None
    if measure == "knn":
        rows, times = passes(taken.states, work.memory)
        if rows < taken.states.count:
            _say(work, measure, f"{times}")
        k = int(work.settings["k"])
        per_token = overlap(
            taken.states, neighbours=k, memory=work.memory, device=work.device, progress=work.progress
        )
        sums = torch.zeros(len(taken.offsets) - 1, *per_token.shape[1:], dtype=torch.float64)
        sums.index_add_(0, taken.documents, per_token.double())
        return _meaned(sums, np.diff(taken.offsets))
    if measure == "cosine-sequence":
        matrices, some = document_matrices(taken, work.progress)
        return _meaned(matrices, some)
    if measure == "cosine" and taken.sums is not None:
        documents = taken.sums()
        sums = torch.stack([part.cosine for part in documents])
        return _meaned(sums, np.array([part.count for part in documents]))
    change: Transform | None = None
    if measure.startswith("cosine-"):
        change = transform(taken, measure.removeprefix("cosine-"), int(work.settings.get("components", 0)))
    sums = cosines(taken, change, angular=measure == "angular", device=work.device, progress=work.progress)
    return _meaned(sums, np.diff(taken.offsets), own=0.0 if measure == "angular" else 1.0)


def _meaned(sums: Tensor, counts: Any, own: float = 1.0) -> tuple[Tensor, Resampled | None]:
    """The mean over samples, from each document's sum, and bootstraps of it; the diagonal is exact."""
    values = sums.sum(0) / float(np.sum(counts)) if np.sum(counts) else torch.full_like(sums[0], torch.nan)
    values = (values + values.T) / 2
    exact = values.diagonal()
    exact.copy_(torch.full_like(exact, own).where(exact.isfinite(), torch.nan))
    return values, bootstrapped(sums.numpy(), np.asarray(counts, np.float64))


def _aligned(taken: Sample, measure: str, work: MeasureOptions) -> tuple[Tensor, Resampled | None]:
    states, bounds = taken.states, grouped(taken.offsets)
    bandwidth = work.settings.get("bandwidth") if measure == "rbf-cka" else None
    times = Reading.within(work.memory, states).times + (bandwidth is not None)  # medians are found first
    if times > 1 and not (bandwidth is None and features_are_cheaper(states, len(bounds) - 1)):
        _say(work, measure, f"{times:.1f}")
    found = align(
        states,
        bandwidth=bandwidth,
        bounds=bounds if len(bounds) > 1 else (),
        centred=taken.centred if bandwidth is None else None,
        memory=work.memory,
        device=work.device,
        progress=work.progress,
    )
    debiased = measure != "cka-biased"
    values = found.cka(debiased=debiased)
    if len(bounds) < 3:
        return values, None
    shares = np.diff(bounds) / states.count
    return values, Resampled("jackknife", found.without(debiased=debiased).numpy(), shares)


def _shapes(taken: Sample, work: MeasureOptions) -> Tensor:
    states = taken.states
    needed = sum(8 * states.count * min(w, states.count) + 4 * states.count for w in states.widths)
    _fits(needed, "procrustes", states)
    work.say(
        f"procrustes: {len(states.widths) * (len(states.widths) - 1) // 2:,} singular value decompositions"
    )
    return procrustes([_one(states, depth) for depth in range(len(states.widths))], progress=work.progress)


def _one(states: States, depth: int) -> Tensor:
    return states.panel(0, states.count, slice(depth, depth + 1))[0]


def _fits(needed: int, measure: str, states: States) -> None:
    free = psutil.virtual_memory().available
    if needed > 0.9 * free:
        share = 0.9 * free / needed
        raise ReprlabError(
            f"{measure} over {states.count:,} samples x {len(states.widths)} depths needs "
            f"{needed / 1e9:.1f} GB of memory, {free / 1e9:.1f} GB are free: "
            f"take about {share:.0%} of the --documents"
        )


def _say(work: MeasureOptions, measure: str, times: str) -> None:
    memory = f"{work.memory / (1 << 30):.3g} GiB of memory"
    work.say(f"{measure} reads the states {times} times within {memory}; --memory sets that")


def check_asked(
    measure: str,
    policy: Policy,
    control: str | None = None,
    bandwidth: float = 1.0,
    neighbours: int = NEIGHBOURS,
    components: int = 3,
) -> None:
    """Raises `ReprlabError` for what no comparison takes, before anything is captured."""
    if measure not in MEASURES:
        raise unknown("measure", measure, MEASURES)
    policy.check()
    if control is not None and control not in CONTROLS:
        raise unknown("control", control, CONTROLS)
    if not (bandwidth > 0 and math.isfinite(bandwidth)):
        raise ReprlabError(f"bandwidth {bandwidth:g}: give a positive number of median distances")
    for name, value in (("neighbours", neighbours), ("components", components)):
        if value < 1:
            raise ReprlabError(f"{name} {value}: give 1 or more")
    if measure == "cosine-sequence" and policy.samples != "tokens":
        raise ReprlabError("cosine-sequence compares whole documents: leave samples away")
