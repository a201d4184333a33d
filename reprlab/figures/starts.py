"""Starts: R against the number of middle layers changed, few to the left, a panel for each way to score."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from reprlab.figures.curves import RETAINED, FigureRow, curves, floors, guides, lines_by, view
from reprlab.figures.legends import METRICS, floor_names, foot, intervals, left_out, legend, over
from reprlab.figures.looks import Look, looks_of, sheet


def by_start(
    numbers: Mapping[str, Any],
    *,
    title: str,
    line: str | Callable[[FigureRow], str] = "benchmark",
    looks: Mapping[str, Look] | None = None,
    x: str = "start",
    band: float = 0.15,
    order: Sequence[str] = ("median",),
    height: float = 2.5,
) -> Any:
    """A figure of R by start: two panels, one legend (`order` first), and how to read them at the foot."""
    with sheet(1, 2, height=height, alike=True, title=title) as panels:
        by_metric(panels, numbers, line=line, looks=looks, x=x, band=band)
        figure = panels[0].figure
        legend(panels, order=order)
        foot(figure, start_notes(numbers))
    return figure


def by_metric(
    panels: Sequence[Any],
    numbers: Mapping[str, Any],
    *,
    line: str | Callable[[FigureRow], str] = "benchmark",
    looks: Mapping[str, Look] | None = None,
    x: str = "start",
    band: float = 0.15,
    shown: tuple[float, float] | None = None,
) -> None:
    """R of a figure's rows on two panels, one a metric, the one that leads first.

    `shown` is the vertical range of both, by default the one that these rows need.
    """
    rows = numbers["rows"]
    shown = shown or view(rows)
    order = list(lines_by(rows, line))
    for ax, metric in zip(panels, numbers["metrics"], strict=False):
        lines = lines_by((row for row in rows if row["metric"] == metric), line)
        curves(
            ax,
            {k: lines[k] for k in order if k in lines},
            x=x,
            looks=looks_of(order) | dict(looks or {}),
            view=shown,
            band=band,
        )
        guides(ax, falling=x == "start")
        floors(ax, numbers, metric, view=shown)
        ax.set_title(METRICS[metric] + ("" if line == "benchmark" else f", {over(numbers, metric)}"))
        if x == "start":
            start_axes(ax, sorted({row[x] for row in rows}), numbers["layers"])
        if not lines:
            absent = "no benchmark with the\nfull model above baseline"
            ax.text(
                0.5, 0.5, absent, ha="center", va="center", transform=ax.transAxes, color="0.35", fontsize=7
            )
    panels[0].set_ylabel(RETAINED)


def start_notes(numbers: Mapping[str, Any]) -> str:
    """The meaning of s, M, R and the bands, and the benchmarks that are not shown."""
    return (
        f"T = {numbers['layers']} layers; a start s changes layers s+1 to T-s-1, M in number. "
        f"{intervals(numbers)} {floor_names(numbers)} {left_out(numbers)}".replace("  ", " ")
    ).strip()


def start_axes(ax: Any, starts: Sequence[int], layers: int) -> Any:
    """The middle layers M = T - 2s - 1 below, few to the left as in the paper, and its start s on top.

    Marks stay at their start: the axis is turned round.
    """
    ticks = whole_ticks(starts)
    ax.set_xticks(ticks, [str(layers - 2 * s - 1) for s in ticks])
    ax.set_xlim(max(starts) + 0.4, min(starts) - 0.4)
    ax.set_xlabel("middle layers changed, $M$")
    top = ax.secondary_xaxis("top")
    top.set_xticks(ticks, [str(s) for s in ticks])
    top.tick_params(length=2, pad=1, labelcolor="0.35", color="0.35")
    top.spines["top"].set_visible(False)
    place = {"xycoords": "axes fraction", "textcoords": "offset points", "ha": "right"}
    ax.annotate("$s$ =", (0, 1), (-1, 4), **place, color="0.35")
    return ax


def whole_ticks(places: Sequence[int], most: int = 8) -> list[int]:
    """Places to label: the last, and others in round steps before it, `most` at most.

    >>> whole_ticks(range(5, 15)), whole_ticks([3, 4]), whole_ticks(range(0, 40))
    ([6, 8, 10, 12, 14], [3, 4], [4, 9, 14, 19, 24, 29, 34, 39])
    """
    first, last = min(places), max(places)
    step = next(step for step in (1, 2, 5, 10, 20, 50, 100, 1000) if (last - first) / step < most)
    return list(range(last, first - 1, -step))[::-1]
