"""Fig. 11. All variants: six changes of the middle layers.

Caption: Score retained, R, by every variant against M = T-2s-1, the number of middle layers that it changes.
Few are to the left, as in the paper. The scale on top is the start s. Each line is the median over
benchmarks, its band the 95 % interval over documents (paired bootstrap), for random order over orders too. R
= 0 is the best baseline without a model, below 0 is worse than that, R = 1 the full model. The legend begins
with the variant of the highest mean R over M from 3 to T/2.

Claim: Repeating one layer is worst. Looping the parallel step and random order do the least harm. Parallel is
better than skip.
"""

from __future__ import annotations

from typing import Any

import reprlab as rl
from reprlab import figures
from reprlab.verdicts import curves

NEEDS = ("scores",)
VARIANTS = ("skip", "middle_repeat", "reverse", "random", "parallel", "looped_parallel")


def numbers(evidence: rl.Evidence) -> dict[str, Any]:
    """The median R of each variant by start and metric, and the variants' ranking over 3 <= M <= T/2."""
    by_start = curves.by_start(evidence, *VARIANTS)
    rows = [row for row in by_start["rows"] if row["benchmark"] == by_start["summary"][row["metric"]]]
    return {**by_start, "rows": rows, "ranking": curves.ranking(evidence, *VARIANTS)}


def reading(numbers: dict[str, Any]) -> str:
    """The variants by the mean of R, the highest first."""
    if not numbers["ranking"]:
        return f"No start of {numbers['model']} leaves between 3 and T/2 middle layers, so nothing is ranked."
    ranked = [f"{curves.number(row, 'A')} ({_name(row)})" for row in numbers["ranking"]]
    means = f"{', '.join(ranked[:-1])} and {ranked[-1]}"
    return f"Over M from 3 to T/2 the mean R of {numbers['model']} ({curves.basis(numbers)}) is {means}."


def draw(numbers: dict[str, Any]) -> Any:
    """R by start, a panel a metric, a line a variant."""
    order = [_name(row) for row in numbers["ranking"]]
    title = f"{numbers['model']}: six changes of the middle layers"
    return figures.by_start(numbers, title=title, line="variant", order=order, band=0.12, height=3.0)


def _name(row: dict[str, Any]) -> str:
    return row["variant"].replace("_", " ")
