"""Fig. 4. Skip: the middle layers are left out.

Caption: Share of the full model's score that is retained, R, when layers s+1 to T-s-1 are left out, against
the start s; the scale on top is the number M = T-2s-1 of layers left out. One line a benchmark, the black
line is their median; bands are 95 % intervals over documents (paired bootstrap). Dashed lines: R = 0 is
guessing, R = 1 the full model. Left and right are two ways to score the same answers.

Claim: A few middle layers can be left out at little cost; scores fall gracefully as more are, and to
guessing only when most of the model is gone.
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
    """What is seen here."""
    return f"{numbers['model']} without its middle layers {curves.retains(numbers)}."


def draw(numbers: dict[str, Any]) -> Any:
    """Two panels of lines."""
    return figures.by_start(numbers, title=f"Skip: {numbers['model']}")
