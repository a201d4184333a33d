"""Fig. 5. Middle repeat: the layer in the middle of the model replaces every middle layer.

Caption: Score retained, R, when one layer, the middle one, replaces each of layers s+1 to T-s-1, against M =
T-2s-1, the number of layers replaced. Few are to the left, as in the paper. The scale on top is the start s.
Lines are benchmarks, the black line is their median. Bands are 95 % intervals over documents (paired
bootstrap). R = 0 is the best baseline without a model, below 0 is worse than that, R = 1 the full model. The
panels score the same answers by accuracy and by the continuous score u: the probability of the right choice
or, without choices, the likelihood of the answer per token. "Surely" means with the whole interval.

Claim: Repeating one middle layer is the worst of all variants, worse than leaving the middle out. The middle
layers share a space and yet do different things.
"""

from __future__ import annotations

from typing import Any

import reprlab as rl
from reprlab import figures
from reprlab.verdicts import curves

NEEDS = ("scores",)


def numbers(evidence: rl.Evidence) -> dict[str, Any]:
    """R of middle repeat by start, metric and benchmark, and how it compares with skip."""
    comparison = curves.contrast(evidence, "middle_repeat", "skip")
    return {**curves.by_start(evidence, "middle_repeat"), "beside": comparison}


def reading(numbers: dict[str, Any]) -> str:
    """R at few and many middle layers, and the comparison with skip."""
    retained = f"With one layer in place of all middle layers, {numbers['model']} {curves.retains(numbers)}."
    return f"{retained} {curves.beside_paper('fig05', curves.compared(numbers['beside']))}"


def draw(numbers: dict[str, Any]) -> Any:
    """R by start, a panel a metric."""
    title = f"{numbers['model']}: middle layers replaced by one of them (middle repeat)"
    return figures.by_start(numbers, title=title)
