"""Fig. 4. Skip: the middle layers are left out.

Caption: Score retained, R, when layers s+1 to T-s-1 are left out, against M = T-2s-1, the number of layers
left out. Few are to the left, as in the paper. The scale on top is the start s. Lines are benchmarks, the
black line is their median. Bands are 95 % intervals over documents (paired bootstrap). R = 0 is the best
baseline without a model, below 0 is worse than that, R = 1 the full model. The panels score the same answers
by accuracy and by the continuous score u: the probability of the right choice or, without choices, the
likelihood of the answer per token. "Surely" means with the whole interval.

Claim: A few middle layers can be left out at little cost. Scores fall gracefully as more are left out, and
reach chance only when most of the model is gone.
"""

from __future__ import annotations

from typing import Any

import reprlab as rl
from reprlab import figures
from reprlab.verdicts import curves

NEEDS = ("scores",)


def numbers(evidence: rl.Evidence) -> dict[str, Any]:
    """R of skip by start, metric and benchmark."""
    return curves.by_start(evidence, "skip")


def reading(numbers: dict[str, Any]) -> str:
    """R at few and many middle layers."""
    retained = f"Without its middle layers, {numbers['model']} {curves.retains(numbers)}."
    return f"{retained} {curves.beside_paper('fig04', curves.fewest(numbers))}"


def draw(numbers: dict[str, Any]) -> Any:
    """R by start, a panel a metric."""
    title = f"{numbers['model']}: middle layers left out (skip)"
    return figures.by_start(numbers, title=title)
