"""Fig. 10. Looped parallel: how many iterations are best for how many parallel layers.

Caption: Share of the full model's score that is retained, R, when M layers run side by side, averaged, k
times in a row; 0 (dark) is guessing or less, 1 the full model; the median over benchmarks, or the one
named. Frames: the best k of each M, dotted where it is not used for the line, which is the least-squares
fit k = c M through the origin. Not used are M = 1, M >= T-3, M whose best R is below 0.1, whose best k is
the largest swept, or whose best k has a 95 % interval (over documents) wider than half of all k.

Claim: The best number of iterations is roughly proportional to the number of layers side by side.
"""

from __future__ import annotations

from typing import Any

import numpy as np

import reprlab as rl
from reprlab import figures
from reprlab.verdicts import curves

NEEDS = ("loops",)


def numbers(evidence: rl.Evidence) -> dict[str, Any]:
    """R by M and k for each metric, the best k of each M with its interval, and the fit."""
    found = curves.both_of(evidence.loops)
    rows: list[dict[str, Any]] = []
    best: list[dict[str, Any]] = []
    fits: dict[str, dict[str, Any]] = {}
    for metric, shares in found.items():
        keys = ("benchmark", "middle", "times", "R", "low", "high")
        table = [row for row in shares.table("looped_parallel") if row["benchmark"] == curves.summary(shares)]
        rows += [{"metric": metric, **{key: row[key] for key in keys}} for row in table]
        if table:
            peaks = curves.peaks(shares)
            best += [{"metric": metric, **peak.row} for peak in peaks]
            fits[metric] = curves.proportion(peaks)
    if not rows:
        raise rl.ReprlabError("no parallel step was looped in this sweep")
    return {**curves.about(evidence, found), "rows": rows, "best": best, "fits": fits}


def reading(numbers: dict[str, Any]) -> str:
    """What is seen here."""
    metric = curves.decisive(numbers)
    fit = numbers["fits"][metric]
    told = f"in {numbers['model']} ({curves.basis(numbers)})"
    if fit["c"] is None:
        return (
            f"The best number of iterations {told} can be told for {fit['used']} M only: too few for a fit."
        )
    c = curves.number({"R": fit["c"], "low": fit["c_low"], "high": fit["c_high"]})
    slope = curves.number(fit, "slope")
    few = ", which is fewer than five" if fit["used"] < 5 else ""
    return (
        f"The best number of iterations is {c} times M by least squares {told}, over {fit['used']} M{few}; "
        f"its slope on logarithmic scales is {slope}, where 1 is proportional and 0 is no growth."
    )


def draw(numbers: dict[str, Any]) -> Any:
    """A heat map a metric, the best k framed, the fit as a line."""
    metrics = [metric for metric in numbers["metrics"] if metric in numbers["fits"]]
    title = f"Looped parallel: {numbers['model']}"
    with figures.sheet(1, len(metrics), height=2.8, title=title, alike=True) as panels:
        for ax, metric in zip(panels, metrics, strict=True):
            image = _map(ax, numbers, metric)
        panels[0].set_ylabel("parallel layers $M$")
        figures.scale(panels, image, above=any((row["R"] or 0) > 1 for row in numbers["rows"]))
        said = "Frames: best k of each M; dotted: not used for the line, which is k = c M by least squares."
        figures.foot(panels[0].figure, f"{said} {figures.left_out({**numbers, 'rows': []})}")
    return panels[0].figure


def _map(ax: Any, numbers: dict[str, Any], metric: str) -> Any:
    cells = {(row["middle"], row["times"]): row["R"] for row in numbers["rows"] if row["metric"] == metric}
    ms, ks = ({key[at] for key in cells} for at in (0, 1))
    rows, columns = range(min(ms), max(ms) + 1, 2), range(min(ks), max(ks) + 1)
    values = [[cells.get((m, k)) for k in columns] for m in rows]
    image = figures.grid(ax, values, rows=rows, columns=columns)
    best = [row for row in numbers["best"] if row["metric"] == metric]
    for faint in (True, False):
        some = [(row["times"], row["middle"]) for row in best if bool(row["unused"]) == faint]
        figures.boxed(ax, some, size=(1, 2), faint=faint)
    fit = numbers["fits"][metric]
    name = f"{figures.METRICS[metric]}, {figures.over(numbers, metric)}"
    if fit["c"] is not None:
        ends = np.array([0.0, max(ms) + 1])
        ax.plot(fit["c"] * ends, ends, color="white", lw=2.2, scalex=False, scaley=False)
        ax.plot(fit["c"] * ends, ends, color="#d55e00", lw=1.2, scalex=False, scaley=False)
        name += f"\nk = {fit['c']:.2f} M"
    ax.set(title=name, xlabel="iterations $k$", xticks=columns[:: 1 + len(columns) // 10])
    ax.set_yticks(rows[:: 1 + len(rows) // 9])
    return image
