"""Fig. 17. Loops: the middle layers run two or three times in a row.

Caption: Score retained, R, when layers s+1 to T-s-1 run two or three times, against M = T-2s-1, the number of
layers in the loop. The paper's code for it (appendix A.6) is not published, and there are two readings. In
the internal loop, ours, the middle runs as a whole and then again; in the layer loop each layer runs two or
three times before the next one. Few layers are to the left. Each line is the median over benchmarks, its band
the 95 % interval over documents (paired bootstrap). R = 0 is the best baseline without a model, below 0 is
worse than that, R = 1 the full model, which runs them once. "Surely" means with the whole interval.

Claim: Running the middle twice costs a little, three times more. Neither is better than the full model.
"""

from __future__ import annotations

from typing import Any

import reprlab as rl
from reprlab import figures
from reprlab.verdicts import curves

NEEDS = ("scores",)
OURS, OTHER = "internal_loop", "layer_loop"


def numbers(evidence: rl.Evidence) -> dict[str, Any]:
    """The median R of both loops, in both readings where the other one was swept, by start and metric."""
    evidence = curves.having(evidence, OURS, OTHER)
    assert evidence.scores is not None  # NEEDS has them
    swept = {entry.variant for entry in evidence.scores.entries}
    by_start = curves.by_start(evidence, OURS, *([OTHER] if OTHER in swept else []))
    rows = [row for row in by_start["rows"] if row["benchmark"] == by_start["summary"][row["metric"]]]
    return {**by_start, "rows": rows}


def reading(numbers: dict[str, Any]) -> str:
    """The highest R of each loop, and the number of starts that are surely above the full model."""
    metric = curves.decisive(numbers)
    rows = [row for row in numbers["rows"] if row["metric"] == metric]
    most: list[str] = []
    above: list[str] = []
    lines = figures.lines_by(rows, _line)
    for name, some in lines.items():
        best = max(some, key=lambda row: row["R"])
        most.append(f"{curves.number(best)} ({name}, M = {best['middle']})")
        if sure := sum(curves.bounded(row) and row["low"] > 1 for row in some):
            above.append(f"{sure} of {len(some)} starts ({name})")
    retained = f"{', '.join(most[:-1])} and {most[-1]}" if len(most) > 1 else most[0]
    here = f"surely above the full model are {', '.join(above) or 'none'}"
    return (
        f"In loops, {numbers['model']} retains at most R = {retained} "
        f"({curves.basis(numbers)}). {curves.beside_paper('fig17', here)}"
    )


def draw(numbers: dict[str, Any]) -> Any:
    """R by start, a panel a metric, a line a reading and a number of runs."""
    looks: dict[str, figures.Look] = {}
    for variant in (OURS, OTHER):
        colour, marker = figures.VARIANTS[variant.replace("_", " ")]
        looks[_line({"variant": variant, "times": 2})] = figures.Look(colour, marker, "-")
        looks[_line({"variant": variant, "times": 3})] = figures.Look(colour, "o", (0, (3, 1.2)))
    title = f"{numbers['model']}: middle layers run two or three times"
    return figures.by_start(numbers, title=title, line=_line, looks=looks, order=tuple(looks))


def _line(row: dict[str, Any]) -> str:
    return f"{row['variant'].replace('_', ' ')} {row['times']}x"
