"""Fig. 11. All variants: what the middle layers can bear.

Caption: Share of the full model's score that is retained, R, by every variant against the start s; the
scale on top is the number M = T-2s-1 of middle layers that it changes. Each line is the median over
benchmarks, its band the 95 % interval over documents (paired bootstrap), for random order over orders too.
Dashed lines: R = 0 is guessing, R = 1 the full model. The legend has the variant that retains most on top
(mean over 3 <= M <= T/2).

Claim: Repeating one layer is worst; looping the parallel step and random order do the least harm; parallel
is better than skip.
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
    found = curves.by_start(evidence, *VARIANTS)
    rows = [row for row in found["rows"] if row["benchmark"] == found["summary"][row["metric"]]]
    return {**found, "rows": rows, "ranking": curves.ranking(evidence, *VARIANTS)}


def reading(numbers: dict[str, Any]) -> str:
    """What is seen here."""
    if not numbers["ranking"]:
        return f"No start of {numbers['model']} leaves between 3 and T/2 middle layers, so nothing is ranked."
    ranked = ", ".join(f"{_word(row)} {curves.number(row, 'A')}" for row in numbers["ranking"])
    return f"Mean R of {numbers['model']} over 3 <= M <= T/2 ({curves.basis(numbers)}): {ranked}."


def draw(numbers: dict[str, Any]) -> Any:
    """Two panels of lines."""
    order = [_word(row) for row in numbers["ranking"]]
    title = f"Changing the middle layers of {numbers['model']}"
    return figures.by_start(numbers, title=title, line="variant", order=order, band=0.12, height=2.9)


def _word(row: dict[str, Any]) -> str:
    return row["variant"].replace("_", " ")
