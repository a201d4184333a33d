"""Cosines: sums over each document's tokens of the cosine, or the angle, between depths."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from reprlab.arrays import Array
from reprlab.captures.sums import token_grams
from reprlab.errors import ReprlabError
from reprlab.progress import Progress
from reprlab.similarity.samples import Sample, panels

CHANGES = ("centred", "standardised", "components")


@dataclass(frozen=True)
class Transform:
    """A change of the states of a depth: means taken off, features scaled, directions removed."""

    means: list[Tensor]
    scales: list[Tensor] | None = None
    directions: list[Tensor] | None = None

    def __call__(self, depth: int, states: Tensor) -> Tensor:
        changed = states - self.means[depth].to(states.device)
        if self.scales is not None:
            changed = changed / self.scales[depth].to(states.device)
        if self.directions is not None:
            directions = self.directions[depth].to(states.device)
            changed = changed - (changed @ directions) @ directions.T
        return changed


def transform(sample: Sample, change: str, components: int) -> Transform:
    """What changes the states of a sample, found in one pass over them, for `components` in two.

    `centred`: means removed; `standardised`: and each feature scaled to variance 1 (one that does not vary is
    0); `components`: and top principal components removed (Mu and Viswanath 2018). Raises
    `ReprlabError` where these are all that the states have: as many as features, or as tokens but one.
    """
    count, widths = sample.states.count, sample.states.widths
    most = min(*widths, count - 1)
    if change == "components" and components >= most:
        raise ReprlabError(
            f"components {components}: {count} states of {min(widths)} features have {most}, and without "
            "them only rounding is left: give fewer"
        )
    means = [torch.zeros(w, dtype=torch.float64) for w in widths]
    squares = [torch.zeros(w, dtype=torch.float64) for w in widths]
    for number, (_, stop, panel, _) in enumerate(panels(sample)):
        start = 1024 * number
        for depth, state in enumerate(panel):  # Chan, Golub and LeVeque: no cancellation
            exact = state.double()
            mean = exact.mean(0)
            shift, share = mean - means[depth], (stop - start) / stop
            means[depth] += shift * share
            squares[depth] += (exact - mean).square().sum(0) + shift.square() * (start * share)
    if change == "standardised":
        scales = [(s / count).sqrt() for s in squares]
        return Transform(means, [s.where(s > 0, torch.inf) for s in scales])
    if change == "centred":
        return Transform(means)
    covariances = [torch.zeros(w, w, dtype=torch.float64) for w in widths]
    for _, _, panel, _ in panels(sample):
        for depth, state in enumerate(panel):
            centred = state.double() - means[depth]
            covariances[depth].addmm_(centred.T, centred)
    return Transform(means, directions=[_top(c, components) for c in covariances])


def _top(covariance: Tensor, components: int) -> Tensor:
    """The leading eigenvectors as columns; none where the covariance is not finite."""
    if not covariance.isfinite().all():
        return covariance.new_zeros(len(covariance), 1)
    return torch.linalg.eigh(covariance).eigenvectors[:, -min(components, len(covariance)) :]


def cosines(
    sample: Sample,
    change: Transform | None,
    *,
    angular: bool,
    device: str = "cpu",
    progress: Progress = lambda done, total: None,
) -> Tensor:
    """Each document's sum over tokens of cos(h_l, h_m), or of arccos(cos) / pi: (document, depth, depth).

    Angles are from float64 inner products: near 0 an angle is only as good as the square root of the cosine.
    """
    depths, documents = len(sample.states.widths), len(sample.offsets) - 1
    sums = torch.zeros(documents, depths, depths, dtype=torch.float64, device=device)
    exact = angular or change is not None or sample.states.exact
    for _, stop, panel, owners in panels(sample, max(16, (1 << 22) // depths**2)):
        depth_states = [state.to(device) for state in panel]
        depth_states = [state.double() if exact else state for state in depth_states]
        if change is not None:
            depth_states = [change(depth, state) for depth, state in enumerate(depth_states)]
        grams = token_grams(torch.stack(depth_states)).double()
        size = grams.diagonal(dim1=1, dim2=2).sqrt()
        values = grams / (size[:, :, None] * size[:, None, :])
        if angular:
            values = values.clamp(-1, 1).arccos() / torch.pi
            values.diagonal(dim1=1, dim2=2).mul_(0)  # NaN stays
        sums.index_add_(0, owners.to(device), values)
        progress(stop, sample.states.count)
    return sums.cpu()


def document_matrices(sample: Sample, progress: Progress = lambda done, total: None) -> tuple[Tensor, Array]:
    """Cosines between documents flattened into a vector a depth, (document, depth, depth), and 1 for each.

    A document without tokens is 0 in both.
    """
    if sample.sums is not None:
        inner = torch.stack([document.inner for document in sample.sums()])
    else:
        depths, documents = len(sample.states.widths), len(sample.offsets) - 1
        inner = torch.zeros(documents, depths, depths, dtype=torch.float64)
        for _, stop, panel, owners in panels(sample, max(16, (1 << 22) // depths**2)):
            inner.index_add_(0, owners, token_grams(torch.stack(list(panel))).double())
            progress(stop, sample.states.count)
    size = inner.diagonal(dim1=1, dim2=2).sqrt()
    nonempty = torch.from_numpy(np.diff(sample.offsets) > 0)
    matrices = (inner / (size[:, :, None] * size[:, None, :])).where(nonempty[:, None, None], 0)
    return matrices, nonempty.numpy().astype(np.float64)
