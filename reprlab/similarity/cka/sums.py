"""Sums accumulated over tiles, and the CKA estimators computed from them."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Alignment:
    """Sums over tiles of Gram matrices K_l without their diagonals, from which CKA follows; float64.

    cross (depth, depth): sum over tokens i, j of K_l,ij K_m,ij. touching (group, depth, depth): the part with
    i in a group; inside: with both. rows (group, depth, token): sum over j in the group of K_l,ij. diagonal
    (depth, token): K_l,ii. bounds: where the groups of consecutive tokens begin, and the end. varies
    (depth,): whether more than rounding is left once the mean is gone.
    """

    cross: Tensor
    touching: Tensor
    inside: Tensor
    rows: Tensor
    diagonal: Tensor
    bounds: tuple[int, ...]
    varies: Tensor

    def cka(self, *, debiased: bool = True) -> Tensor:
        """CKA over all tokens: (depth, depth), float64."""
        return self._ratio(self.cross, self.rows.sum(0, dtype=torch.float64), self.diagonal, debiased)

    def without(self, *, debiased: bool = True) -> Tensor:
        """CKA over all tokens but those of one group, for each group: (group, depth, depth)."""
        whole = self.rows.sum(0, dtype=torch.float64)
        estimates: list[Tensor] = []
        for group, (start, stop) in enumerate(zip(self.bounds, self.bounds[1:], strict=False)):
            cross = self.cross - 2 * self.touching[group] + self.inside[group]
            rows = whole - self.rows[group]
            left = torch.cat([rows[:, :start], rows[:, stop:]], 1)
            own = torch.cat([self.diagonal[:, :start], self.diagonal[:, stop:]], 1)
            estimates.append(self._ratio(cross, left, own, debiased))
        return torch.stack(estimates)

    def _ratio(self, cross: Tensor, rows: Tensor, diagonal: Tensor, debiased: bool) -> Tensor:
        count = rows.shape[1]
        if count < 4:
            return torch.full_like(cross, torch.nan)
        hsic = (_unbiased if debiased else _biased)(cross, rows, diagonal)
        own = hsic.diagonal().where(self.varies, torch.nan)
        scale = own.where(own > 0, torch.nan).sqrt()
        return symmetric(hsic / torch.outer(scale, scale))


def _unbiased(cross: Tensor, rows: Tensor, _: Tensor) -> Tensor:
    """Song et al. (2012), eq. 5, without its factor 1 / (n (n - 3)), which a ratio does not need."""
    count, total = rows.shape[1], rows.sum(1)
    return cross + torch.outer(total, total) / ((count - 1) * (count - 2)) - rows @ rows.T * (2 / (count - 2))


def _biased(cross: Tensor, rows: Tensor, diagonal: Tensor) -> Tensor:
    """tr(K H L H), the biased HSIC without its factor 1 / (n - 1)^2."""
    count, rows = rows.shape[1], rows + diagonal
    total = rows.sum(1)
    whole = cross + diagonal @ diagonal.T
    return whole + torch.outer(total, total) / count**2 - rows @ rows.T * (2 / count)


def symmetric(values: Tensor) -> Tensor:
    """Rid of the last bits in which a product and its mirror image, and the diagonal and 1, differ."""
    even = (values + values.T) / 2
    own = even.diagonal()
    own.copy_(torch.ones_like(own).where(own.isfinite(), torch.nan))
    return even
