"""Fig. 8. Parallel: the middle layers run side by side on the same input, and their outputs are averaged.

Caption: Score retained, R, when layers s+1 to T-s-1 get the same input and their outputs are averaged,
against M = T-2s-1, the number of layers side by side. Few are to the left, as in the paper. The scale on top
is the start s. Lines are benchmarks, the black line is their median. Bands are 95 % intervals over documents
(paired bootstrap). R = 0 is the best baseline without a model, below 0 is worse than that, R = 1 the full
model. The panels score the same answers by accuracy and by the continuous score u: the probability of the
right choice or, without choices, the likelihood of the answer per token. "Surely" means with the whole
interval.

Claim: Middle layers can run in parallel, except for mathematics. That is better than leaving them out and
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
    """R at few and many middle layers, and the comparison with skip."""
    retained = f"With its middle layers side by side, {numbers['model']} {curves.retains(numbers)}."
    return f"{retained} {curves.beside_paper('fig08', curves.compared(numbers['beside']))}"


def draw(numbers: dict[str, Any]) -> Any:
    """R by start, a panel a metric."""
    title = f"{numbers['model']}: middle layers side by side, outputs averaged (parallel)"
    return figures.by_start(numbers, title=title)
