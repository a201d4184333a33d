"""Fig. 7. Random order: the middle layers run in shuffled orders.

Caption: Score retained, R, when layers s+1 to T-s-1 run in random order, against M = T-2s-1, the number of
layers shuffled. Few are to the left, as in the paper. The scale on top is the start s. A benchmark's line is
the mean over orders. Lines are benchmarks, the black line is their median. Bands are 95 % intervals over
documents and orders (paired bootstrap). R = 0 is the best baseline without a model, below 0 is worse than
that, R = 1 the full model. The panels score the same answers by accuracy and by the continuous score u: the
probability of the right choice or, without choices, the likelihood of the answer per token. "Surely" means
with the whole interval. Right: R of the continuous score of each order by itself, for three M, against
Kendall's tau between the order and the trained one. Tau = 1 is the full model, tau = -1 the reverse.

Claim: Order matters somewhat. Random orders lose less than the reversed one, and the more of the trained
order is left, the better.
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
    by_start = curves.by_start(evidence, "random")
    orders = curves.orders(evidence.scores) if by_start["benchmarks"]["u"] else []
    comparison = curves.contrast(evidence, "random", "reverse")
    slope = curves.slope(orders, evidence.layers)
    return {**by_start, "beside": comparison, "orders": orders, "slope": slope}


def reading(numbers: dict[str, Any]) -> str:
    """R at few and many middle layers, the comparison with reverse, and the slope on tau."""
    retained = f"With its middle layers in random order, {numbers['model']} {curves.retains(numbers)}."
    comparison, slope = curves.compared(numbers["beside"]), numbers["slope"]
    if slope["value"] is None:
        return f"{retained} {curves.beside_paper('fig07', comparison)}"
    moves = f"{'rises' if slope['value'] > 0 else 'falls'} by {abs(slope['value']):.2f}"
    error = f"standard error {slope['stderr']:.2f}, {slope['orders']} orders"
    tau = f"At a fixed start R {moves} per unit of Kendall's tau ({error})."
    return f"{retained} {tau} {curves.beside_paper('fig07', comparison)}"


SHADES = (("#00543d", "v"), ("#009e73", "o"), ("#74c9ae", "s"))


def draw(numbers: dict[str, Any]) -> Any:
    """R by start, a panel a metric, and R of single orders."""
    title = f"{numbers['model']}: middle layers in random order (random)"
    shown = figures.view([*numbers["rows"], *_singles(numbers)])
    with figures.sheet(1, 3, height=2.6, title=title, widths=(1, 1, 0.9), alike=True) as panels:
        figures.by_metric(panels, numbers, shown=shown)
        _single(panels[2], numbers)
        figures.legend(panels)
        figures.foot(panels[0].figure, figures.start_notes(numbers))
    return panels[0].figure


def _singles(numbers: dict[str, Any]) -> list[dict[str, Any]]:
    """The orders that are drawn by themselves."""
    shown = _shown(numbers)
    return [row for row in numbers["orders"] if row["middle"] in shown]


def _single(ax: Any, numbers: dict[str, Any]) -> None:
    """Dots for the orders of up to three starts."""
    shown = _shown(numbers)
    looks = {f"M = {m}": figures.Look(*shade) for m, shade in zip(shown, SHADES, strict=False)}
    lines = figures.lines_by(_singles(numbers), lambda row: f"M = {row['middle']}")
    figures.dots(ax, {name: lines[name] for name in looks}, x="tau", looks=looks)
    figures.guides(ax)
    ax.plot([1], [1], "o", color="0.15", ms=4, clip_on=False)
    ax.set(xlabel="Kendall's tau to the trained order", xlim=(-1.15, 1.1))
    ax.set_title(f"single orders, u,\n{figures.over(numbers, 'u')}")
    ax.set_xticks([-1, 0, 1], ["-1\nreverse", "0", "1\nfull"])


def _shown(numbers: dict[str, Any]) -> list[int]:
    """Up to three M between 3 and T/2 with two random orders or more, spread evenly."""
    some = [row["middle"] for row in numbers["orders"] if row["variant"] == "random"]
    inside = sorted({m for m in some if some.count(m) > 1 and 3 <= m <= numbers["layers"] / 2})
    places = np.linspace(0, len(inside) - 1, min(3, len(inside)))
    return [inside[round(at)] for at in places]
