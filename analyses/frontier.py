"""Frontier: score retained against cost.

Caption: Score retained, R, of the continuous score (median over benchmarks, or the one named), by every
schedule swept. Left against its longest path, the steps one after another, where a parallel step counts one;
right against its layer calls; both as shares of the full model's T. The dark line joins the schedules that no
cheaper or equal schedule beats. R = 0 is the best baseline without a model, R = 1 the full model. Costs are
counted, not timed. "Surely" means with the whole 95 % interval over documents.

Claim: Skip and parallel trade score for latency. With enough hardware a parallel middle takes about half the
time, at a better score than leaving it out. By layer calls parallel saves nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

import reprlab as rl
from reprlab import figures
from reprlab.verdicts import curves

NEEDS = ("scores",)
COSTS = {"path": "longest path", "layer_calls": "layer calls"}
UNITS = {"path": " steps in a row", "layer_calls": " layer calls"}
CLEAR = 0.9
JOINED = ("skip", "parallel")
NOTES = (
    "Marks: schedules. Longest path: steps one after another, a parallel step counts one. Frontier and dark "
    "edges: nothing cheaper retains as much."
)


def numbers(evidence: rl.Evidence) -> dict[str, Any]:
    """R of every row of the sweep with its costs, and which are on either frontier."""
    by_metric = curves.both(evidence)
    about = curves.about(evidence, by_metric)
    retained = by_metric[curves.decisive(about)]
    keys = ("variant", "start", "layer", "times", "schedule", "seeds", *COSTS, "R", "low", "high")
    variants = {labels["variant"] for labels in retained.labels}
    rows = [
        {key: row[key] for key in keys}
        for row in retained.table(*variants)
        if row["benchmark"] == curves.summary(retained)
    ]
    for cost in COSTS:
        best = frontier([row[cost] for row in rows], [row["R"] for row in rows])
        for place, row in enumerate(rows):
            row[f"on_{cost}"] = place in best
    return {**about, "rows": rows}


def frontier(costs: Sequence[float], values: Sequence[float]) -> list[int]:
    """The places whose value nothing cheaper or as cheap exceeds, from the cheapest on."""
    best: list[int] = []
    for place in sorted(range(len(costs)), key=lambda at: (costs[at], -values[at])):
        if not best or values[place] > values[best[-1]]:
            best.append(place)
    return best


def reading(numbers: dict[str, Any]) -> str:
    """The lowest costs at which skip and parallel surely retain 0.9."""
    sure = [row for row in numbers["rows"] if row["low"] is not None and row["low"] >= CLEAR]
    parts: list[str] = []
    for variant in JOINED:
        rows = [row for row in sure if row["variant"] == variant]
        if rows:
            least = [
                f"{min(row[cost] for row in rows)}{'' if parts else unit}" for cost, unit in UNITS.items()
            ]
            parts.append(f"{' and '.join(least)} by {variant}")
    model = f"{numbers['model']} (T = {numbers['layers']}; {curves.basis(numbers)})"
    if not parts:
        return f"No start of skip or parallel that was swept surely retains {CLEAR} in {model}."
    return f"The cheapest schedules of {model} that surely retain {CLEAR} take {', or '.join(parts)}."


def draw(numbers: dict[str, Any]) -> Any:
    """Dots by cost, a panel each, and their frontiers."""
    lines = figures.lines_by(numbers["rows"], "variant")
    title = f"{numbers['model']}: score retained against cost"
    with figures.sheet(1, 2, height=2.7, alike=True, title=title) as panels:
        for ax, (cost, name) in zip(panels, COSTS.items(), strict=True):
            for variant, look in figures.looks_of(lines).items():
                _dots(ax, lines[variant], numbers["layers"], look, name=variant, cost=cost)
            best = sorted((row[cost], row["R"]) for row in numbers["rows"] if row[f"on_{cost}"])
            x, y = np.array(best, dtype=float).T
            ax.step(x / numbers["layers"], y, where="post", color="0.1", lw=0.9, zorder=2, label="frontier")
            ax.set(xlabel=f"{name}, share of $T$", ylim=figures.view(numbers["rows"]))
            figures.guides(ax)
        panels[0].set_ylabel("score retained, $R$")
        figures.legend(panels, order=("frontier", "full", *JOINED))
        basis = figures.basis(numbers, curves.decisive(numbers))
        figures.foot(panels[0].figure, f"{basis} {NOTES}")
    return panels[0].figure


def _dots(
    ax: Any, rows: list[dict[str, Any]], layers: int, look: figures.Look, *, name: str, cost: str
) -> None:
    """A variant's dots, those on the frontier with a dark edge; skip and parallel are joined, by start."""
    x, y = (np.array([row[key] for row in rows], dtype=float) for key in (cost, "R"))
    joined = name in JOINED
    mark: dict[str, Any] = {
        "marker": look.marker,
        "ms": 5 if joined or look.marker in "*X" else 3.6,
        "color": look.colour,
    }
    if name == "skip one":  # has skip's colour and marker
        mark["mfc"] = "white"
    line = {"ls": "-" if joined else "", "lw": 1, "zorder": 4 if joined else 3}
    edge = look.colour if name == "skip one" else "white"
    ax.plot(x / layers, y, label=name, **mark, **line, mec=edge, mew=0.5)
    best = np.array([row[f"on_{cost}"] for row in rows])
    ax.plot(x[best] / layers, y[best], ls="", zorder=5, mec="0.1", mew=0.8, **mark)
