"""What captures and activations from files have in common: states by depth that can be compared."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from torch import Tensor

from reprlab.captures.blocks import ShardData
from reprlab.captures.layout import TextIdentity
from reprlab.provenance import Provenance


class HiddenStates(Protocol):
    """Hidden states by depth of the tokens of some documents, in memory or on disk."""

    @property
    def provenance(self) -> Provenance:
        """Where the states come from, with all of their tokens."""
        ...

    @property
    def widths(self) -> Sequence[int]:
        """The width at every depth."""
        ...

    @property
    def offsets(self) -> tuple[int, ...]:
        """Where documents begin among the tokens, and the end."""
        ...

    @property
    def norms(self) -> Tensor:
        """Norm of every token at every depth: (depth, token)."""
        ...

    @property
    def exact(self) -> bool:
        """Whether products are taken in float64 (else float32)."""
        ...

    @property
    def has_states(self) -> bool:
        """Whether there are states, not only sums over them."""
        ...

    @property
    def texts(self) -> TextIdentity | None:
        """Which texts and tokens these are; None where nobody knows."""
        ...

    @property
    def blocks(self) -> Sequence[ShardData]:
        """The sums by document taken as the states were captured; empty where none were."""
        ...

    @property
    def nonfinite_words(self) -> str:
        """A sentence on values that were NaN or infinite when captured; empty where none are known."""
        ...

    def at(self, places: Tensor, depths: slice = slice(None)) -> list[Tensor]:
        """States (token, width) of the tokens at rising places, one a depth."""
        ...
