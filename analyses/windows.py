"""Windows: every range of layers left out, replaced by its middle layer, or run side by side.

Caption: Score retained, R, of the continuous score, when any window of layers is skipped, replaced by its
middle layer as often as it is long, or run in parallel. The first layer is across, the length up; R is the
median over benchmarks, or of the one named. 0 (dark) is the best baseline or below, 1 the full model; grey
was not run. Within the lines R is at least one half. One layer repeated or in parallel with nothing else is
the full model. "Surely" means with the whole 95 % interval over documents.

Claim: The paper changes windows centred on the middle only. If middle layers are alike and the first and last
are not, windows may lie anywhere in the middle, and their cost goes by their length.
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
    by_metric = curves.both_of(evidence.windows, count=1000)
    about = curves.about(evidence, by_metric)
    metric = curves.decisive(about)
    rows: list[dict[str, Any]] = []
    for row in by_metric[metric].table(*VARIANTS):
        if row["benchmark"] == about["summary"][metric] and row["window"] is not None:
            first, stop = map(int, row["window"].split(":"))
            ends = {key: row[key] for key in ("R", "low", "high")}
            rows.append({"variant": row["variant"], "first": first, "length": stop - first, **ends})
    if not rows:
        raise rl.ReprlabError("no window was swept")
    return {**about, "rows": rows}


def reading(numbers: dict[str, Any]) -> str:
    """The longest windows at which each variant surely retains more than one half."""
    parts = [_longest(numbers, variant) for variant in VARIANTS]
    model = f"{numbers['model']} ({curves.basis(numbers)})"
    return f"{model} surely retains more than one half under {', '.join(parts)}."


def _longest(numbers: dict[str, Any], variant: str) -> str:
    """The length of the longest windows that surely retain more than one half, and their first layers."""
    rows = [row for row in numbers["rows"] if row["variant"] == variant and row["low"] is not None]
    sure = [row for row in rows if row["low"] > HALF]
    name = variant.replace("_", " ")
    if not sure:
        return f"{name} of no window"
    longest = max(row["length"] for row in sure)
    firsts = [row["first"] for row in sure if row["length"] == longest]
    several = f"{len(firsts)} first layers from {min(firsts)} to {max(firsts)}"
    at = f"layer {firsts[0]}" if len(firsts) == 1 else several
    return f"{name} of up to {longest} layers (from {at})"


def draw(numbers: dict[str, Any]) -> Any:
    """Heat maps of R by first layer and length, a panel a variant."""
    lines = figures.lines_by(numbers["rows"], "variant")
    title = f"{numbers['model']}: windows of layers skipped, repeated or in parallel"
    with figures.sheet(1, len(lines), height=2.5, alike=True, title=title) as panels:
        for ax, (variant, rows) in zip(panels, lines.items(), strict=True):
            image = _triangle(ax, rows, numbers["layers"])
            ax.set(title=variant, xlabel="first layer of the window")
        panels[0].set_ylabel("length of the window, layers")
        figures.scale(panels, image)
        basis = figures.basis(numbers, curves.decisive(numbers))
        figures.foot(panels[0].figure, f"{basis} Within the lines R is at least one half. Grey: not run.")
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
