"""Fig. 7. Random order: the middle layers run in shuffled orders.

Caption: Share of the full model's score that is retained, R, when layers s+1 to T-s-1 run in random order,
against the start s; the scale on top is the number M = T-2s-1 of layers shuffled. One line a benchmark, the
mean over orders, the black line is their median; bands are 95 % intervals over documents and orders (paired
bootstrap). Dashed lines: R = 0 is guessing, R = 1 the full model. Right: R of the continuous score of each
order by itself, against Kendall's tau between it and the trained order, at three starts; tau = 1 is the
full model, tau = -1 the reverse.

Claim: Order matters somewhat: random orders lose less than the reversed one; the more of the trained order
is left, the better.
"""

from __future__ import annotations

from typing import Any

import numpy as np

import reprlab as rl
from reprlab import figures
from reprlab.verdicts import curves

NEEDS = ("scores",)


def numbers(evidence: rl.Evidence) -> dict[str, Any]:
    """R of random order by start, metric and benchmark, and of each order by itself."""
    found = curves.by_start(evidence, "random")
    orders = curves.orders(evidence.scores) if found["benchmarks"]["u"] else []
    beside = curves.contrast(evidence, "random", "reverse")
    return {**found, "beside": beside, "orders": orders, "slope": curves.slope(orders, evidence.layers)}


def reading(numbers: dict[str, Any]) -> str:
    """What is seen here."""
    said = f"{numbers['model']} with its middle layers in random order {curves.retains(numbers)}"
    slope = numbers["slope"]
    if slope["value"] is None:
        return f"{said}; {curves.compared(numbers['beside'])}."
    rises = f"{slope['value']:+.2f} (standard error {slope['stderr']:.2f}, {slope['orders']} orders)"
    return (
        f"{said}; {curves.compared(numbers['beside'])}; at fixed start R changes by {rises} per unit of tau."
    )


SHADES = (("#00543d", "v"), ("#009e73", "o"), ("#74c9ae", "s"))


def draw(numbers: dict[str, Any]) -> Any:
    """Two panels of lines, and one of single orders."""
    title = f"Random order: {numbers['model']}"
    with figures.sheet(1, 3, height=2.4, title=title, widths=(1, 1, 0.9), alike=True) as panels:
        figures.by_metric(panels, numbers)
        _single(panels[2], numbers)
        figures.legend(panels)
        figures.foot(panels[0].figure, figures.left_out(numbers))
    return panels[0].figure


def _single(ax: Any, numbers: dict[str, Any]) -> None:
    """Dots for the orders of up to three starts."""
    shown = _shown(numbers)
    looks = {f"M = {m}": figures.Look(*shade) for m, shade in zip(shown, SHADES, strict=False)}
    orders = [row for row in numbers["orders"] if row["middle"] in shown]
    lines = figures.lines_by(orders, lambda row: f"M = {row['middle']}")
    figures.dots(ax, {name: lines[name] for name in looks}, x="tau", looks=looks)
    figures.guides(ax)
    ax.plot([1], [1], "o", color="0.15", ms=4, clip_on=False)
    ax.set(xlabel="Kendall's tau", xlim=(-1.15, 1.1))
    ax.set_title(f"single orders, {figures.over(numbers, 'u')}", pad=17)
    ax.set_xticks([-1, 0, 1], ["-1\nreverse", "0", "1\nfull"])


def _shown(numbers: dict[str, Any]) -> list[int]:
    """Up to three M between 3 and T/2 with two random orders or more, spread evenly."""
    some = [row["middle"] for row in numbers["orders"] if row["variant"] == "random"]
    inside = sorted({m for m in some if some.count(m) > 1 and 3 <= m <= numbers["layers"] / 2})
    places = np.linspace(0, len(inside) - 1, min(3, len(inside)))
    return [inside[round(at)] for at in places]
