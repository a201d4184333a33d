"""Fig. 6. Reverse: the middle layers run in the opposite order.

Caption: Share of the full model's score that is retained, R, when layers s+1 to T-s-1 run last layer first,
against the start s; the scale on top is the number M = T-2s-1 of layers reversed. One line a benchmark, the
black line is their median; bands are 95 % intervals over documents (paired bootstrap). Dashed lines: R = 0
is guessing, R = 1 the full model.

Claim: The order of the middle layers matters somewhat: the reversed middle does worse than the trained
order and better than leaving the middle out, and a random order does better than the reversed one.
"""

from __future__ import annotations

from typing import Any

import reprlab as rl
from reprlab import figures
from reprlab.verdicts import curves

NEEDS = ("scores",)


def numbers(evidence: rl.Evidence) -> dict[str, Any]:
    """R of reverse by start, metric and benchmark, and how it compares with skip."""
    return {**curves.by_start(evidence, "reverse"), "beside": curves.contrast(evidence, "reverse", "skip")}


def reading(numbers: dict[str, Any]) -> str:
    """What is seen here."""
    said = f"{numbers['model']} with its middle layers reversed {curves.retains(numbers)}"
    return f"{said}; {curves.compared(numbers['beside'])}."


def draw(numbers: dict[str, Any]) -> Any:
    """Two panels of lines."""
    return figures.by_start(numbers, title=f"Reverse: {numbers['model']}")
