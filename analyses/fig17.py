"""Fig. 17. Internal loop: the middle layers run two or three times in a row.

Caption: Score retained, R, when layers s+1 to T-s-1 run in order two or three times, against the start s.
The scale on top is M = T-2s-1, the number of layers in the loop. Each line is the median over benchmarks,
its band the 95 % interval over documents (paired bootstrap). R = 0 is chance, R = 1 the full model, which
runs them once. "Surely" means with the whole interval.

Claim: Running the middle twice costs a little, three times more. Neither is better than the full model.
"""

from __future__ import annotations

from typing import Any

import reprlab as rl
from reprlab import figures
from reprlab.verdicts import curves

NEEDS = ("scores",)


def numbers(evidence: rl.Evidence) -> dict[str, Any]:
    """The median R of both loops by start and metric."""
    by_start = curves.by_start(evidence, "internal_loop")
    rows = [row for row in by_start["rows"] if row["benchmark"] == by_start["summary"][row["metric"]]]
    return {**by_start, "rows": rows}


def reading(numbers: dict[str, Any]) -> str:
    """The highest R of each loop, and the number of starts that are surely above the full model."""
    metric = curves.decisive(numbers)
    rows = [row for row in numbers["rows"] if row["metric"] == metric]
    most: list[str] = []
    above: list[str] = []
    for times in sorted({row["times"] for row in rows}):
        some = [row for row in rows if row["times"] == times]
        best = max(some, key=lambda row: row["R"])
        most.append(f"{curves.number(best)} with {times} runs (M = {best['middle']})")
        above.append(f"{sum((row['low'] or 0) > 1 for row in some)} of {len(some)} starts with {times} runs")
    return (
        f"In loops of its middle layers, {numbers['model']} retains at most R = {' and '.join(most)} "
        f"({curves.basis(numbers)}). R is surely above the full model at {' and '.join(above)}."
    )


def draw(numbers: dict[str, Any]) -> Any:
    """R by start, a panel a metric, a line a number of runs."""
    colour, marker = figures.VARIANTS["internal loop"]
    looks = {
        _line({"times": 2}): figures.Look(colour, marker, "-"),
        _line({"times": 3}): figures.Look(colour, "o", (0, (3, 1.2))),
    }
    title = f"{numbers['model']}: middle layers run two or three times (internal loop)"
    return figures.by_start(numbers, title=title, line=_line, looks=looks)


def _line(row: dict[str, Any]) -> str:
    return f"internal loop {row['times']}x"
