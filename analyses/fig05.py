"""Fig. 5. Middle repeat: every middle layer is replaced by the one in the middle of the model.

Caption: Share of the full model's score that is retained, R, when each of layers s+1 to T-s-1 is replaced
by one and the same layer, the middle one, against the start s; the scale on top is the number M = T-2s-1 of
times that it runs. One line a benchmark, the black line is their median; bands are 95 % intervals over
documents (paired bootstrap). Dashed lines: R = 0 is guessing, R = 1 the full model.

Claim: Repeating one middle layer is the worst of all variants, worse than leaving the middle out: the
middle layers share a space and yet do different things.
"""

from __future__ import annotations

from typing import Any

import reprlab as rl
from reprlab import figures
from reprlab.verdicts import curves

NEEDS = ("scores",)


def numbers(evidence: rl.Evidence) -> dict[str, Any]:
    """R of middle repeat by start, metric and benchmark, and how it compares with skip."""
    beside = curves.contrast(evidence, "middle_repeat", "skip")
    return {**curves.by_start(evidence, "middle_repeat"), "beside": beside}


def reading(numbers: dict[str, Any]) -> str:
    """What is seen here."""
    said = f"{numbers['model']} with its middle layer in place of all middle layers {curves.retains(numbers)}"
    return f"{said}; {curves.compared(numbers['beside'])}."


def draw(numbers: dict[str, Any]) -> Any:
    """Two panels of lines."""
    return figures.by_start(numbers, title=f"Middle repeat: {numbers['model']}")
