"""Fig. 9. Looped parallel: the parallel step is taken three times in a row.

Caption: Share of the full model's score that is retained, R, when layers s+1 to T-s-1 run side by side,
averaged, three times in a row, against the start s; the scale on top is the number M = T-2s-1 of layers
side by side. One line a benchmark, the black line is their median; bands are 95 % intervals over documents
(paired bootstrap). Dashed lines: R = 0 is guessing, R = 1 the full model. With M = 1 the one middle layer
runs three times.

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
    beside = curves.contrast(evidence, "looped_parallel", "parallel")
    return {**curves.by_start(evidence, "looped_parallel"), "beside": beside}


def reading(numbers: dict[str, Any]) -> str:
    """What is seen here."""
    said = f"{numbers['model']} with its middle layers side by side, three times, {curves.retains(numbers)}"
    return f"{said}; {curves.compared(numbers['beside'])}."


def draw(numbers: dict[str, Any]) -> Any:
    """Two panels of lines."""
    return figures.by_start(numbers, title=f"Looped parallel, 3 iterations: {numbers['model']}")
