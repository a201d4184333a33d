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
    "Longest path: steps one after another, a parallel step counts one. Frontier, dark edges: nothing "
    "cheaper retains as much; nothing beats the full model unless surely."
)


def numbers(evidence: rl.Evidence) -> dict[str, Any]:
    """R of every row of the sweep with its costs, and which are on either frontier."""
    by_metric = curves.both(evidence)
    about = curves.about(evidence, by_metric)
    retained = by_metric[curves.decisive(about)]
    keys = ("variant", "start", "middle", "layer", "times", "schedule", "seeds", *COSTS, "R", "low", "high")
    variants = {labels["variant"] for labels in retained.labels}
    rows = [
        {key: row[key] for key in keys}
        for row in retained.table(*variants)
        if row["benchmark"] == curves.summary(retained)
    ]
    for cost in COSTS:
        best = frontier([row[cost] for row in rows], [_sure(row) for row in rows])
        for place, row in enumerate(rows):
            row[f"on_{cost}"] = place in best
    return {**about, "rows": rows}


def _sure(row: dict[str, Any]) -> float:
    """R, but a trace below 1 where it beats the full model by no more than noise."""
    beats = row["low"] is not None and row["low"] > 1
    return row["R"] if beats or row["variant"] == "full" else min(row["R"], 1 - 1e-9)


def frontier(costs: Sequence[float], values: Sequence[float]) -> list[int]:
    """The places whose value nothing cheaper or as cheap reaches, from the cheapest on."""
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
    told = curves.beside_paper("frontier", _counted(numbers))
    if not parts:
        return f"No start of skip or parallel that was swept surely retains {CLEAR} in {model}. {told}"
    return f"The cheapest schedules of {model} that surely retain {CLEAR} take {', or '.join(parts)}. {told}"


def _counted(numbers: dict[str, Any]) -> str:
    """The longest path of parallel at the start nearest to the paper's share of the layers, and its R."""
    rows = [row for row in numbers["rows"] if row["variant"] == "parallel"]
    if not rows:
        return "parallel was not swept"
    share = curves.STATED["frontier"].values["start"]
    near = min(rows, key=lambda row: abs(row["start"] / numbers["layers"] - share))
    of = f"{near['path'] / numbers['layers']:.2f} of the steps, counted, with R = {curves.number(near)}"
    return f"s = {near['start']} of {numbers['layers']} takes {of}"


def draw(numbers: dict[str, Any]) -> Any:
    """The frontier's points, skip and parallel as lines and all other schedules in grey, by either cost."""
    lines = figures.lines_by(numbers["rows"], "variant")
    looks = figures.looks_of(lines)
    title = f"{numbers['model']}: score retained against cost"
    with figures.sheet(1, 2, height=2.7, alike=True, title=title) as panels:
        for ax, (cost, name) in zip(panels, COSTS.items(), strict=True):
            _others(ax, numbers, cost)
            for variant in (variant for variant in JOINED if variant in lines):
                _joined(ax, lines[variant], numbers["layers"], looks[variant], name=variant, cost=cost)
            _frontier(ax, numbers, looks, cost)
            ax.set(xlabel=f"{name}, share of $T$", ylim=figures.view(numbers["rows"]))
            figures.guides(ax)
            figures.floors(ax, numbers, curves.decisive(numbers), view=figures.view(numbers["rows"]))
        half = curves.STATED["frontier"].values["time"]
        panels[0].axvline(half, color="0.6", lw=0.8, ls=(0, (1, 1.2)), zorder=1, label="paper: half the time")
        panels[0].set_ylabel(figures.RETAINED)
        figures.legend(panels, order=("frontier", *JOINED, "other schedules"))
        basis = figures.basis(numbers, curves.decisive(numbers))
        orders = figures.orders(numbers["rows"])
        figures.foot(panels[0].figure, " ".join(f"{basis} {NOTES} {orders}".split()))
    return panels[0].figure


def _others(ax: Any, numbers: dict[str, Any], cost: str) -> None:
    """The schedules that are neither on a line nor on the frontier."""
    rows = [r for r in numbers["rows"] if r["variant"] not in JOINED and not r[f"on_{cost}"]]
    x, y = (np.array([row[key] for row in rows], dtype=float) for key in (cost, "R"))
    ax.plot(x / numbers["layers"], y, "o", ms=2, color="0.8", mew=0, zorder=1, label="other schedules")


def _joined(
    ax: Any, rows: list[dict[str, Any]], layers: int, look: figures.Look, *, name: str, cost: str
) -> None:
    """A variant's line by start."""
    x, y = (np.array([row[key] for row in rows], dtype=float) for key in (cost, "R"))
    ax.plot(x / layers, y, color=look.colour, marker=look.marker, ms=4, mew=0, lw=1, zorder=3, label=name)


def _frontier(ax: Any, numbers: dict[str, Any], looks: dict[str, figures.Look], cost: str) -> None:
    """The frontier's steps, and its points with a dark edge in the look of their variants."""
    rows = sorted((row for row in numbers["rows"] if row[f"on_{cost}"]), key=lambda row: row[cost])
    x = np.array([row[cost] for row in rows], dtype=float) / numbers["layers"]
    y = np.array([row["R"] for row in rows], dtype=float)
    ax.step(x, y, where="post", color="0.1", lw=0.8, zorder=2, label="frontier")
    for variant, some in figures.lines_by(rows, "variant").items():
        at = np.array([row[cost] for row in some], dtype=float) / numbers["layers"]
        face = "white" if variant == "skip one" else looks[variant].colour  # has skip's colour and marker
        mark: dict[str, Any] = {"marker": looks[variant].marker, "ms": 5, "mfc": face, "mec": "0.1"}
        name = None if variant in JOINED else variant
        ax.plot(at, [row["R"] for row in some], ls="", mew=0.8, zorder=5, label=name, **mark)
