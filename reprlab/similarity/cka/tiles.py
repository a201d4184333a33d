"""Tiles of Gram matrices: products of centred states, of which only sums are kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from reprlab.progress import Progress
from reprlab.similarity.cka.sums import Alignment
from reprlab.similarity.states import PIECE, Reading, States, Survey

TILE = 256  # tokens to a side
_STRIP = 1 << 6  # entries that are added up in float32

Kernel = Callable[[Tensor, Tensor, Tensor], None]


def rbf(sigma: Tensor) -> Kernel:
    def kernel(gram: Tensor, left: Tensor, right: Tensor) -> None:
        distance = gram.mul_(-2).add_(left[:, :, None]).add_(right[:, None, :]).clamp_(min=0)
        distance.div_(-2 * sigma.to(gram.dtype).square()[:, None, None]).exp_()

    return kernel


class Tiling:
    """One run over all tiles of the upper triangle; its buffers are reused."""

    def __init__(
        self, states: States, centred: Survey, bounds: tuple[int, ...], tile: int, device: str
    ) -> None:
        self.states, self.centred, self.bounds, self.tile, self.device = states, centred, bounds, tile, device
        self.dtype = torch.float64 if states.exact else torch.float32
        depths, groups, count = len(states.widths), len(bounds) - 1, states.count

        def zeros(*shape: int) -> Tensor:
            return torch.zeros(*shape, dtype=torch.float64, device=device)

        self.touching, self.inside = zeros(groups, depths, depths), zeros(groups, depths, depths)
        self.cross, self.diagonal = zeros(depths, depths), zeros(depths, count)
        self.rows = torch.zeros(groups, depths, count, dtype=self.dtype, device=device)
        self.gram = torch.empty(depths * min(tile, count) ** 2, dtype=self.dtype, device=device)
        self.ones = torch.ones(tile, dtype=self.dtype, device=device)

    def run(self, kernel: Kernel | None, reading: Reading, progress: Progress) -> Alignment:
        count, done = self.states.count, 0.0
        left = self._buffers(min(reading.rows, count))
        right = self._buffers(min(reading.columns, count)) if reading.rows < count else []
        for start in range(0, count, reading.rows):
            stop = min(start + reading.rows, count)
            rows = self._load(start, stop, left)
            self._pairs(rows, start, stop, None, kernel)
            for begin in range(stop, count, reading.columns):
                end = min(begin + reading.columns, count)
                self._pairs(rows, start, stop, (self._load(begin, end, right), begin, end), kernel)
                progress(done + (end - begin), reading.times * count)
            done += count - start
            progress(done, reading.times * count)
        spread, whole, medians = (
            x.cpu() for x in (self.diagonal.sum(1), self.centred.squares, self.centred.medians)
        )
        varies = spread > 1e-20 * whole if kernel is None else medians > 0
        return Alignment(
            cross=self.cross.cpu(),
            touching=self.touching.cpu(),
            inside=self.inside.cpu(),
            rows=self.rows.cpu(),
            diagonal=self.diagonal.cpu(),
            bounds=self.bounds,
            varies=varies,
        )

    def _buffers(self, rows: int) -> list[Tensor]:
        return [torch.empty(rows, w, dtype=self.dtype, device=self.device) for w in self.states.widths]

    def _load(self, start: int, stop: int, buffers: list[Tensor]) -> list[Tensor]:
        """Some tokens' states, centred, in buffers; a single read is small against them."""
        for at in range(start, stop, PIECE):
            end = min(at + PIECE, stop)
            panel = self.states.panel(at, end)
            for part, mean, buffer in zip(panel, self.centred.centres, buffers, strict=True):
                here = buffer[at - start : end - start]
                torch.sub(part.to(self.device), mean.to(self.device), out=here)
        return [buffer[: stop - start] for buffer in buffers]

    def _pairs(
        self,
        rows: list[Tensor],
        start: int,
        stop: int,
        other: tuple[list[Tensor], int, int] | None,
        kernel: Kernel | None,
    ) -> None:
        """Every tile of a panel against itself (its upper triangle), or against another after it."""
        columns, begin, end = other or (rows, start, stop)
        across = list(self._cuts(begin, end))
        for i, (a, b, group) in enumerate(self._cuts(start, stop)):
            left = [x[a - start : b - start] for x in rows]
            for c, d, behind in across if other else across[i:]:
                right = [x[c - begin : d - begin] for x in columns]
                self._tile(left, right, (a, b, group), (c, d, behind), kernel)

    def _cuts(self, start: int, stop: int) -> Iterator[tuple[int, int, int]]:
        """Tiles of consecutive tokens of one group: (first, end, group)."""
        for group, (low, high) in enumerate(zip(self.bounds, self.bounds[1:], strict=False)):
            for at in range(max(low, start), min(high, stop), self.tile):
                yield at, min(at + self.tile, high, stop), group

    def _tile(
        self,
        left: list[Tensor],
        right: list[Tensor],
        rows: tuple[int, int, int],
        columns: tuple[int, int, int],
        kernel: Kernel | None,
    ) -> None:
        (a, b, group), (c, d, behind) = rows, columns
        depths, size = len(left), (b - a) * (d - c)
        gram = self.gram[: depths * size].view(depths, b - a, d - c)
        for depth, (x, y) in enumerate(zip(left, right, strict=True)):
            torch.mm(x, y.T, out=gram[depth])
        if kernel is not None:
            kernel(gram, _squares(left), _squares(right))
        if a == c:
            own = gram.diagonal(dim1=1, dim2=2)
            self.diagonal[:, a:b] = own
            own.zero_()
        cross = _cross(gram.view(depths, size)) * (1 if a == c else 2)
        self.cross += cross
        if group == behind:
            self.touching[group] += cross
            self.inside[group] += cross
        else:
            self.touching[group] += cross / 2
            self.touching[behind] += cross / 2
        self.rows[behind, :, a:b] += gram @ self.ones[: d - c]
        if a != c:
            self.rows[group, :, c:d] += gram.transpose(1, 2) @ self.ones[: b - a]


def _squares(states: list[Tensor]) -> Tensor:
    return torch.stack([x.square().sum(1) for x in states])


def _cross(flat: Tensor) -> Tensor:
    """flat @ flat.T of (depth, entry): float32 over a strip of entries, float64 over strips."""
    depths, size = flat.shape
    strips = size // _STRIP
    whole = flat[:, : strips * _STRIP].view(depths, strips, _STRIP).transpose(0, 1)
    rest = flat[:, strips * _STRIP :]
    return (whole @ whole.transpose(1, 2)).sum(0, dtype=torch.float64) + (rest @ rest.T).double()
