"""Fig. 17. Internal loop: the middle layers are walked through two or three times.

Caption: Share of the full model's score that is retained, R, when layers s+1 to T-s-1 run in order two or
three times, against the start s; the scale on top is the number M = T-2s-1 of layers in the loop. Each line
is the median over benchmarks, its band the 95 % interval over documents (paired bootstrap). Dashed lines: R
= 0 is guessing, R = 1 the full model, which runs them once.

Claim: Running the middle twice costs a little, three times more; neither is better than the full model.
"""

from __future__ import annotations

from typing import Any

import reprlab as rl
from reprlab import figures
from reprlab.verdicts import curves

NEEDS = ("scores",)


def numbers(evidence: rl.Evidence) -> dict[str, Any]:
    """The median R of both loops by start and metric."""
    found = curves.by_start(evidence, "internal_loop")
    rows = [row for row in found["rows"] if row["benchmark"] == found["summary"][row["metric"]]]
    return {**found, "rows": rows}


def reading(numbers: dict[str, Any]) -> str:
    """What is seen here."""
    metric = curves.decisive(numbers)
    rows = [row for row in numbers["rows"] if row["metric"] == metric]
    parts: list[str] = []
    for times in sorted({row["times"] for row in rows}):
        best = max((row for row in rows if row["times"] == times), key=lambda row: row["R"])
        above = sum(row["low"] > 1 for row in rows if row["times"] == times)
        most = f"at most {curves.number(best)} (M = {best['middle']})"
        parts.append(
            f"{times}x retains {most} and is clear above the full model at {above or 'no'} of its starts"
        )
    return f"Walking through the middle of {numbers['model']} {'; '.join(parts)} ({curves.basis(numbers)})."


def draw(numbers: dict[str, Any]) -> Any:
    """Two panels of lines."""
    colour, marker = figures.VARIANTS["internal loop"]
    looks = {
        _line({"times": 2}): figures.Look(colour, marker, "-"),
        _line({"times": 3}): figures.Look(colour, "o", (0, (3, 1.2))),
    }
    title = f"Internal loop: {numbers['model']}"
    return figures.by_start(numbers, title=title, line=_line, looks=looks)


def _line(row: dict[str, Any]) -> str:
    return f"internal loop {row['times']}x"
