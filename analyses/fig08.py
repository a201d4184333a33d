"""Fig. 8. Parallel: the middle layers run side by side on the same input, and their outputs are averaged.

Caption: Share of the full model's score that is retained, R, when layers s+1 to T-s-1 all get the same
input and their outputs are averaged, against the start s; the scale on top is the number M = T-2s-1 of
layers side by side. One line a benchmark, the black line is their median; bands are 95 % intervals over
documents (paired bootstrap). Dashed lines: R = 0 is guessing, R = 1 the full model.

Claim: Middle layers can run in parallel, except for mathematics; that is better than leaving them out and
worse than reversing them.
"""

from __future__ import annotations

from typing import Any

import reprlab as rl
from reprlab import figures
from reprlab.verdicts import curves

NEEDS = ("scores",)


def numbers(evidence: rl.Evidence) -> dict[str, Any]:
    """R of parallel by start, metric and benchmark, and how it compares with skip."""
    return {**curves.by_start(evidence, "parallel"), "beside": curves.contrast(evidence, "parallel", "skip")}


def reading(numbers: dict[str, Any]) -> str:
    """What is seen here."""
    said = f"{numbers['model']} with its middle layers side by side {curves.retains(numbers)}"
    return f"{said}; {curves.compared(numbers['beside'])}."


def draw(numbers: dict[str, Any]) -> Any:
    """Two panels of lines."""
    return figures.by_start(numbers, title=f"Parallel: {numbers['model']}")
