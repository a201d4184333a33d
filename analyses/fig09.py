"""Fig. 9. Looped parallel: the parallel step runs three times in a row.

Caption: Score retained, R, when the parallel step of layers s+1 to T-s-1 runs three times in a row, against M
= T-2s-1, the number of layers side by side. Few are to the left, as in the paper. The scale on top is the
start s. With M = 1 the one middle layer runs three times. Lines are benchmarks, the black line is their
median. Bands are 95 % intervals over documents (paired bootstrap). R = 0 is the best baseline without a
model, below 0 is worse than that, R = 1 the full model. The panels score the same answers by accuracy and by
the continuous score u: the probability of the right choice or, without choices, the likelihood of the answer
per token. "Surely" means with the whole interval.

Claim: Looping the parallel step helps: three iterations retain more than one, unless very few layers are in
it.
"""

from __future__ import annotations

from typing import Any

import reprlab as rl
from reprlab import figures
from reprlab.verdicts import curves

NEEDS = ("scores",)


def numbers(evidence: rl.Evidence) -> dict[str, Any]:
    """R of looped parallel by start, metric and benchmark, and how it compares with parallel."""
    comparison = curves.contrast(evidence, "looped_parallel", "parallel")
    return {**curves.by_start(evidence, "looped_parallel"), "beside": comparison}


def reading(numbers: dict[str, Any]) -> str:
    """R at few and many middle layers, and the comparison with parallel."""
    retained = (
        f"With its middle layers side by side, three times, {numbers['model']} {curves.retains(numbers)}."
    )
    return f"{retained} {curves.beside_paper('fig09', curves.compared(numbers['beside']))}"


def draw(numbers: dict[str, Any]) -> Any:
    """R by start, a panel a metric."""
    title = f"{numbers['model']}: the parallel step three times in a row (looped parallel)"
    return figures.by_start(numbers, title=title)
