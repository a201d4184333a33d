"""Fig. 10. Looped parallel: the best number of iterations for each number of parallel layers.

Caption: Score retained, R, when M layers run side by side, averaged, k times in a row. Colours: 0 (dark) is
the best baseline or below, 1 the full model, grey was not run; the titles name the benchmarks. Frames are the
best k of each M. The line is the least-squares fit k = c M through the origin, drawn where the interval of
the slope holds 1 and not 0. Dotted frames are not in the fit: there M = 1, M >= T-3, the best R is below 0.1,
or the best k is uncertain or the largest swept. A best k is uncertain if its 95 % interval over documents is
wider than half of all k. The slope is of ln k on ln M: 1 is proportional, 0 no growth.

Claim: The best number of iterations is roughly proportional to the number of layers side by side.
"""

from __future__ import annotations

from typing import Any

import numpy as np

import reprlab as rl
from reprlab import figures
from reprlab.verdicts import curves

NEEDS = ("loops",)
NOTES = (
    f"R: {figures.SCALE}. Frames: the best k of each M; dotted: not in the fit. Line: "
    "k = c M by least squares, where the slope's interval holds 1: proportional growth. A slope of 0 is none."
)


def numbers(evidence: rl.Evidence) -> dict[str, Any]:
    """R by M and k for each metric, the best k of each M with its interval, and the fit."""
    by_metric = curves.both_of(evidence.loops)
    rows: list[dict[str, Any]] = []
    best: list[dict[str, Any]] = []
    fits: dict[str, dict[str, Any]] = {}
    for metric, measured in by_metric.items():
        keys = ("benchmark", "middle", "times", "R", "low", "high")
        summary = curves.summary(measured)
        table = [row for row in measured.table("looped_parallel") if row["benchmark"] == summary]
        rows += [{"metric": metric, **{key: row[key] for key in keys}} for row in table]
        if table:
            peaks = curves.peaks(measured)
            best += [{"metric": metric, **peak.row} for peak in peaks]
            fits[metric] = curves.proportion(peaks)
    if not rows:
        raise rl.ReprlabError("no parallel step was looped in this sweep")
    return {**curves.about(evidence, by_metric), "rows": rows, "best": best, "fits": fits}


def reading(numbers: dict[str, Any]) -> str:
    """The fit of the best number of iterations, or that there are too few for one."""
    fit = numbers["fits"][curves.decisive(numbers)]
    model = f"{numbers['model']} ({curves.basis(numbers)})"
    if fit["c"] is None:
        return f"The best number of iterations of {model} is known for {fit['used']} M: too few for a fit."
    few = ", fewer than five" if fit["used"] < 5 else ""
    slope = f"a slope of {curves.number(fit, 'slope')} on logarithmic scales"
    found = f"The best number of iterations of {model} has {slope}, over {fit['used']} M{few}."
    here = "the interval does not hold 1"
    if _proportional(fit):
        c = curves.number({"R": fit["c"], "low": fit["c_low"], "high": fit["c_high"]})
        here = f"it is {c} times M"
    elif not curves.bounded(fit):
        here = "too few for an interval"
    elif fit["low"] <= 1 <= fit["high"]:
        here = "the interval holds both 0 and 1"
    return f"{found} {curves.beside_paper('fig10', here)}"


def _proportional(fit: dict[str, Any]) -> bool:
    """Whether the interval of the slope holds 1, proportional growth, and not 0, none."""
    return fit["slope"] is not None and curves.bounded(fit) and 0 < fit["low"] <= 1 <= fit["high"]


def draw(numbers: dict[str, Any]) -> Any:
    """Heat maps of R, a panel a metric, the best k framed, the fit as a line."""
    metrics = [metric for metric in numbers["metrics"] if metric in numbers["fits"]]
    title = f"{numbers['model']}: iterations of the parallel step (looped parallel)"
    with figures.sheet(1, len(metrics), height=2.8, title=title, alike=True) as panels:
        for ax, metric in zip(panels, metrics, strict=True):
            image = _map(ax, numbers, metric)
        panels[0].set_ylabel("parallel layers $M$")
        figures.scale(panels, image, above=any((row["R"] or 0) > 1 for row in numbers["rows"]))
        figures.foot(panels[0].figure, f"{NOTES} {figures.left_out({**numbers, 'rows': []})}")
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
        figures.boxed(ax, some, size=(1, min(2, len(rows))), faint=faint)  # one row is one tall
    fit = numbers["fits"][metric]
    name = f"{figures.METRICS[metric]}, {figures.over(numbers, metric)}"
    if fit["c"] is not None:
        slope = f"slope of ln k on ln M: {curves.number(fit, 'slope')}"
        stated = curves.STATED["fig10"].values["slope"]
        name += f"\n{slope} (paper: {stated:g})"
    if _proportional(fit):
        ends = np.array([0.0, max(ms) + 1])
        ax.plot(fit["c"] * ends, ends, color="white", lw=2.2, scalex=False, scaley=False)
        ax.plot(fit["c"] * ends, ends, color="#d55e00", lw=1.2, scalex=False, scaley=False)
        name += f"\nline: k = {fit['c']:.2f} M"
    ax.set(title=name, xlabel="iterations $k$", xticks=columns[:: 1 + len(columns) // 10])
    ax.set_yticks(rows[:: 1 + len(rows) // 9])
    return image
