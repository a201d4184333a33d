"""Windows: every range of layers left out, replaced by its middle layer, or run side by side.

Caption: Share of the full model's continuous score that is retained, R, when any window of layers is
skipped, replaced by its middle layer as often as it is long, or run in parallel, for every first layer
(across) and length (up); the median over benchmarks, or the one named. 0 (dark) is guessing or less, 1 the
full model; grey was not run. Lines: within them R is at least one half. One layer repeated or in parallel
with nothing else is the full model.

Claim: The paper changes windows centred on the middle only. If middle layers are alike and the first and
last are not, windows may lie anywhere in the middle, and what a window costs goes by its length.
"""

from __future__ import annotations

from typing import Any

import numpy as np

import reprlab as rl
from reprlab import figures
from reprlab.verdicts import curves

NEEDS = ("windows",)
VARIANTS = ("skip", "middle_repeat", "parallel")
HALF = 0.5


def numbers(evidence: rl.Evidence) -> dict[str, Any]:
    """R of every window under each variant."""
    found = curves.both_of(evidence.windows, count=1000)
    about = curves.about(evidence, found)
    metric = curves.decisive(about)
    rows: list[dict[str, Any]] = []
    for row in found[metric].table(*VARIANTS):
        if row["benchmark"] == about["summary"][metric] and row["window"] is not None:
            first, stop = map(int, row["window"].split(":"))
            ends = {key: row[key] for key in ("R", "low", "high")}
            rows.append({"variant": row["variant"], "first": first, "length": stop - first, **ends})
    if not rows:
        raise rl.ReprlabError("no window was swept")
    return {**about, "rows": rows}


def reading(numbers: dict[str, Any]) -> str:
    """What is seen here."""
    parts: list[str] = []
    for variant in VARIANTS:
        rows = [row for row in numbers["rows"] if row["variant"] == variant and row["low"] is not None]
        clear = [row for row in rows if row["low"] > HALF]
        if not clear:
            parts.append(f"{variant.replace('_', ' ')} at none")
            continue
        longest = max(row["length"] for row in clear)
        firsts = [row["first"] for row in clear if row["length"] == longest]
        at = (
            f"layer {firsts[0]}"
            if len(firsts) == 1
            else f"{len(firsts)} first layers from {min(firsts)} to {max(firsts)}"
        )
        parts.append(f"{variant.replace('_', ' ')} up to {longest} layers (at {at})")
    model = f"{numbers['model']} ({curves.basis(numbers)})"
    return f"{model} retains more than one half, interval and all, under {', '.join(parts)}."


def draw(numbers: dict[str, Any]) -> Any:
    """A triangle of cells a variant."""
    lines = figures.lines_by(numbers["rows"], "variant")
    title = f"Windows of layers: {numbers['model']}"
    with figures.sheet(1, len(lines), height=2.5, alike=True, title=title) as panels:
        for ax, (variant, rows) in zip(panels, lines.items(), strict=True):
            image = _triangle(ax, rows, numbers["layers"])
            ax.set(title=variant, xlabel="first layer")
        panels[0].set_ylabel("length, in layers")
        figures.scale(panels, image)
        figures.foot(panels[0].figure, figures.basis(numbers, curves.decisive(numbers)))
    return panels[0].figure


def _triangle(ax: Any, rows: list[dict[str, Any]], layers: int) -> Any:
    values = np.full((layers, layers), np.nan)  # (length - 1, first)
    for row in rows:
        values[row["length"] - 1, row["first"]] = np.nan if row["R"] is None else row["R"]
    places = {"rows": range(1, layers + 1), "columns": range(layers)}
    image = figures.grid(
        ax, values, **places, absent=np.add.outer(range(1, layers + 1), range(layers)) > layers
    )
    figures.outlined(ax, values >= HALF, **places)
    ax.set_xticks(figures.depth_ticks(layers))
    ax.set_yticks([1, *figures.depth_ticks(layers + 1)[1:]])
    ax.spines[["top", "right"]].set_visible(False)
    return image
