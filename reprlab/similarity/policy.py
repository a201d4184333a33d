"""Which tokens are compared: sinks or not, positions, and what a sample is."""

from __future__ import annotations

import re
from dataclasses import dataclass

from reprlab.errors import ReprlabError, unknown
from reprlab.provenance import SINK_FACTOR

POLICIES = ("all", "no-sinks")


SAMPLES = ("tokens", "documents", "last", "cls")


PLACES = {"last": "last", "cls": "first"}  # samples that are one token of a document


@dataclass(frozen=True)
class Policy:
    """Which tokens count: `tokens` all or no-sinks, `positions` all, first, last or a range a:b of places.

    A sink is a token whose norm is above `sink_factor` times the depth's median at any depth. `samples`
    says what is compared: tokens, each document's mean over its tokens, or its last or first token.
    """

    tokens: str = "all"
    sink_factor: float = SINK_FACTOR
    positions: str = "all"
    samples: str = "tokens"

    def check(self) -> None:
        """Raises `ReprlabError` for a name, a number or a range that is none."""
        if self.tokens not in POLICIES:
            raise unknown("token policy", self.tokens, POLICIES)
        if self.samples not in SAMPLES:
            raise unknown("sample", self.samples, SAMPLES)
        if not self.sink_factor >= 1:
            raise ReprlabError(f"sink factor {self.sink_factor:g}: give 1 or more")
        if self.samples in PLACES and self.positions != "all":
            raise ReprlabError(f"samples '{self.samples}' are one place already: leave positions away")
        places(self.positions)

    @property
    def place(self) -> str:
        """The positions meant, those that `samples` names included."""
        return PLACES.get(self.samples, self.positions)


def places(text: str) -> slice | None:
    """Positions of a document's tokens as a slice: all, first, last, or a:b (half-open); None: all.

    >>> places("first"), places("last"), places("16:"), places("all")
    (slice(0, 1, None), slice(-1, None, None), slice(16, None, None), None)
    """
    named = {"all": None, "first": slice(0, 1), "last": slice(-1, None)}
    if text in named:
        return named[text]
    match = re.fullmatch(r"(\d*):(\d*)", text)
    ends = [int(part) if part else None for part in match.groups()] if match else []
    if not match or text == ":" or (ends[1] is not None and (ends[0] or 0) >= ends[1]):
        raise ReprlabError(f"positions '{text}': give all, first, last, or a range a:b such as 1:16 or 16:")
    return slice(ends[0] or 0, ends[1])
