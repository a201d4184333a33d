"""Curves of R, the share of the full model's score that is retained: bands, guides at 0 and 1, M on top."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reprlab.figures.looks import Look, looks_of, plain, sheet

Array = NDArray[np.float64]
Row = Mapping[str, Any]
Lines = Mapping[str, Sequence[Row]]
SHOWN = (-0.15, 1.15)  # R that every panel shows
FARTHEST = (-0.3, 1.6)  # R that a panel may stretch to; what lies beyond is an arrow at the edge
METRICS = {"acc": "accuracy", "u": "continuous score u"}
RETAINED = "score retained, $R$"


def lines_by(rows: Iterable[Row], name: str | Callable[[Row], str]) -> dict[str, list[Row]]:
    """Rows by the line that they are on, in the order in which lines appear: a column, or what a row gives.

    >>> lines_by([{"variant": "middle_repeat", "R": 1}], "variant")
    {'middle repeat': [{'variant': 'middle_repeat', 'R': 1}]}
    """
    found: dict[str, list[Row]] = {}
    for row in rows:
        line = (
            str(row[name]).replace("_", " " if name == "variant" else "_")
            if isinstance(name, str)
            else name(row)
        )
        found.setdefault(line, []).append(row)
    return found


def curves(
    ax: Any,
    lines: Lines,
    *,
    x: str = "start",
    value: str = "R",
    looks: Mapping[str, Look] | None = None,
    band: float = 0.15,
    view: tuple[float, float] | None = None,
) -> Any:
    """A curve a line, its rows by `x`, with a band from `low` to `high`; rows without a number are gaps.

    `view` is the vertical range shown: a value outside is an arrow at the edge.
    """
    chosen = looks_of(lines) | dict(looks or {})
    for at, (name, rows) in enumerate(lines.items()):
        look = chosen[name]
        ordered = sorted(rows, key=lambda row: row[x])
        where, values, low, high = (
            np.array([row[key] for row in ordered], dtype=float) for key in (x, value, "low", "high")
        )
        order = 3 + 0.01 * at + (look.width > 1)
        ax.fill_between(where, low, high, color=look.colour, alpha=band, lw=0, zorder=2)
        ax.plot(where, values, **worn(look), label=plain(name), zorder=order)
        if view is not None:
            _arrows(ax, where, values, view, color=look.colour, zorder=order)
    if view is not None:
        ax.set_ylim(*view)
    return ax


def _arrows(ax: Any, where: Array, values: Array, view: tuple[float, float], **look: Any) -> None:
    """A mark at the edge for each value that lies outside."""
    for outside, edge, arrow in ((values < view[0], view[0], "v"), (values > view[1], view[1], "^")):
        if outside.any():  # no marks have no place, which upsets the layout
            at = np.full(int(outside.sum()), edge)
            ax.plot(where[outside], at, marker=arrow, ls="", ms=4, clip_on=False, **look)


def worn(look: Look) -> dict[str, Any]:
    """A look as matplotlib takes it."""
    dashes = {"color": look.colour, "linestyle": look.dash, "linewidth": 0.9 * look.width}
    size = 4.6 if look.marker in {"P", "X", "*"} else 3.4
    return {**dashes, "marker": look.marker, "markersize": size, "markeredgewidth": 0}


def view(rows: Iterable[Row], value: str = "R") -> tuple[float, float]:
    """The vertical range for these rows: what every panel shows, wider where values are not far outside.

    >>> view([{"R": 0.5}, {"R": -9.0}, {"R": 1.3}, {"R": None}])
    (-0.15, 1.35)
    """
    low, high = SHOWN
    values = [row[value] for row in rows if row[value] is not None]
    near = [v for v in values if FARTHEST[0] <= v <= FARTHEST[1]]
    return min([low, *(v - 0.05 for v in near)]), max([high, *(v + 0.05 for v in near)])


def guides(ax: Any, *, falling: bool = False) -> Any:
    """Lines at 0 and 1, and what they are: where curves that rise, or fall, are not."""
    sides: list[tuple[float, Any]] = [(0.01, "left"), (0.99, "right")]
    left, right = sides[::-1] if falling else sides
    for at, word, (x, side), shift in ((1, "full model", left, 2), (0, "guessing", right, -2)):
        ax.axhline(at, color="0.45", lw=0.7, ls=(0, (6, 2)), zorder=1)
        ax.annotate(
            word,
            (x, at),
            xycoords=("axes fraction", "data"),
            xytext=(0, shift),
            textcoords="offset points",
            ha=side,
            va="bottom" if shift > 0 else "top",
            fontsize=6,
            color="0.35",
        )
    ax.spines[["top", "right"]].set_visible(False)
    return ax


def start_axes(ax: Any, starts: Sequence[int], layers: int) -> Any:
    """The paper's s below, and on top the middle layers M = T - 2s - 1 that it leaves."""
    ticks = whole_ticks(starts)
    ax.set_xticks(ticks)
    ax.set_xlim(min(starts) - 0.4, max(starts) + 0.4)
    ax.set_xlabel("start $s$")
    top = ax.secondary_xaxis("top")
    top.set_xticks(ticks, [str(layers - 2 * s - 1) for s in ticks])
    top.tick_params(length=2, pad=1, labelcolor="0.35", color="0.35")
    top.spines["top"].set_visible(False)
    place = {"xycoords": "axes fraction", "textcoords": "offset points", "ha": "right"}
    ax.annotate("$M$ =", (0, 1), (-1, 4), **place, color="0.35")
    return ax


def whole_ticks(places: Sequence[int], most: int = 8) -> list[int]:
    """Places to label: the last, and others in round steps before it, `most` at most.

    >>> whole_ticks(range(5, 15)), whole_ticks([3, 4]), whole_ticks(range(0, 40))
    ([6, 8, 10, 12, 14], [3, 4], [9, 19, 29, 39])
    """
    first, last = min(places), max(places)
    step = next(step for step in (1, 2, 5, 10, 20, 50, 100, 1000) if (last - first) / step < most)
    return list(range(last, first - 1, -step))[::-1]


def by_metric(
    panels: Sequence[Any],
    numbers: Mapping[str, Any],
    *,
    line: str | Callable[[Row], str] = "benchmark",
    looks: Mapping[str, Look] | None = None,
    x: str = "start",
    band: float = 0.15,
) -> None:
    """R of a figure's rows on two panels, one a metric, the one that leads first; both have one scale."""
    rows = numbers["rows"]
    shown = view(rows)
    order = list(lines_by(rows, line))
    for ax, metric in zip(panels, numbers["metrics"], strict=False):
        found = lines_by((row for row in rows if row["metric"] == metric), line)
        curves(
            ax,
            {k: found[k] for k in order if k in found},
            x=x,
            looks=looks_of(order) | dict(looks or {}),
            view=shown,
            band=band,
        )
        guides(ax)
        ax.set_title(METRICS[metric] + ("" if line == "benchmark" else f", {over(numbers, metric)}"))
        if x == "start":
            start_axes(ax, sorted({row[x] for row in rows}), numbers["layers"])
        if not found:
            said = "no benchmark on which the\nfull model is clear of guessing"
            ax.text(
                0.5, 0.5, said, ha="center", va="center", transform=ax.transAxes, color="0.35", fontsize=7
            )
    panels[0].set_ylabel(RETAINED)


def over(numbers: Mapping[str, Any], metric: str) -> str:
    """What a line that stands for all benchmarks is over.

    >>> over({"summary": {"u": "median"}, "benchmarks": {"u": ["arc", "lambada"]}}, "u")
    'median of 2'
    """
    name, count = numbers["summary"][metric], len(numbers["benchmarks"][metric])
    return f"median of {count}" if name == "median" else name or "no benchmark"


def by_start(
    numbers: Mapping[str, Any],
    *,
    title: str,
    line: str | Callable[[Row], str] = "benchmark",
    looks: Mapping[str, Look] | None = None,
    x: str = "start",
    band: float = 0.15,
    order: Sequence[str] = ("median",),
    height: float = 2.3,
) -> Any:
    """A figure of R by start: two panels, one legend beside them (`order` first), and who is left out."""
    with sheet(1, 2, height=height, alike=True, title=title) as panels:
        by_metric(panels, numbers, line=line, looks=looks, x=x, band=band)
        figure = panels[0].figure
        legend(panels, order=order)
        foot(figure, left_out(numbers))
    return figure


def legend(panels: Sequence[Any], *, order: Sequence[str] = ("median",)) -> None:
    """One legend for all panels of a figure, beside them; names in `order` come first."""
    found: dict[str, Any] = {}
    for ax in panels:
        for handle, name in zip(*ax.get_legend_handles_labels(), strict=True):
            found.setdefault(name, handle)
    names = [name for name in order if name in found]
    names += [name for name in found if name not in names]
    if not names:
        return
    handles = [found[name] for name in names]
    look = {"frameon": False, "fontsize": 7, "handlelength": 2.6}
    panels[0].figure.legend(handles, names, loc="outside right center", **look)


def foot(figure: Any, text: str) -> None:
    """Small print at the foot of a figure."""
    if text:
        wide = int(figure.get_figwidth() * 22.5)
        figure.supxlabel(textwrap.fill(plain(text), wide), fontsize=6, color="0.3", x=0.01, ha="left")


def left_out(numbers: Mapping[str, Any]) -> str:
    """Which benchmarks have no R, by metric, and that arrows are values outside the view.

    >>> left_out({"rows": [], "metrics": ["acc"], "undecided": {"acc": {"arc": "why"}}})
    'Left out, for the full model is not clear of guessing: arc (accuracy).'
    """
    absent = {METRICS[metric]: ", ".join(numbers["undecided"][metric]) for metric in numbers["metrics"]}
    if len(absent) > 1 and len(set(absent.values())) == 1:
        absent = {"either score": next(iter(absent.values()))}
    parts = "; ".join(f"{names} ({metric})" for metric, names in absent.items() if names)
    said = [f"Left out, for the full model is not clear of guessing: {parts}."] if parts else []
    low, high = view(numbers["rows"])
    if any(row["R"] is not None and not low <= row["R"] <= high for row in numbers["rows"]):
        said.append(f"Arrows at an edge: R outside {low:.2f} to {high:.2f}.")
    return " ".join(said)


def basis(numbers: Mapping[str, Any], metric: str) -> str:
    """What R is of where a figure shows one metric: the score, over what, and who is left out."""
    alone = {"undecided": numbers["undecided"], "metrics": [metric]}
    rows = [row for row in numbers["rows"] if "R" in row]
    return f"R of {METRICS[metric]}, {over(numbers, metric)}. {left_out({**alone, 'rows': rows})}".strip()


def dots(
    ax: Any,
    lines: Lines,
    *,
    x: str,
    y: str = "R",
    across: bool = False,
    looks: Mapping[str, Look] | None = None,
    size: float = 4,
) -> Any:
    """A dot a row with its interval from `low` to `high`, of `y`, or of `x` where it lies `across`."""
    chosen = looks_of(lines) | dict(looks or {})
    for name, rows in lines.items():
        look = chosen[name]
        where, values = (np.array([row[key] for row in rows], dtype=float) for key in (x, y))
        low, high = (np.array([row[key] for row in rows], dtype=float) for key in ("low", "high"))
        middle = where if across else values
        ends = np.abs(np.vstack([middle - low, high - middle]))
        bars = {"xerr" if across else "yerr": np.nan_to_num(ends)}
        mark = {"marker": look.marker or "o", "color": look.colour, "ms": size, "mew": 0, "ls": ""}
        ax.errorbar(where, values, **bars, **mark, elinewidth=0.8, label=plain(name))
    return ax


def shade(share: float) -> str:
    """A grey for one of several ordered things: 0 is dark, 1 light.

    >>> shade(0), shade(1)
    ('0.15', '0.65')
    """
    return f"{0.15 + 0.5 * min(max(share, 0.0), 1.0):.2f}" if math.isfinite(share) else "0.5"
