"""Panels: matrices on one scale of colours, bars by layer, and points shown by their names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from reprlab.figures.looks import plain

_INK = "0.25"
_STEPS = ((8, (1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8)), (200, (1, 2, 5)), (float("inf"), (1,)))  # a decade's


def across(panels: Any) -> Any:
    """One panel in the place of several of a sheet that lie together, in a row or a column.

    >>> from reprlab import figures
    >>> with figures.sheet(2, 3) as panels:
    ...     wide = across(panels[1])
    >>> wide.get_subplotspec().colspan
    range(0, 3)
    """
    group = np.asarray(panels, dtype=object).ravel()
    specs = [ax.get_subplotspec() for ax in group]
    rows = slice(min(s.rowspan.start for s in specs), max(s.rowspan.stop for s in specs))
    columns = slice(min(s.colspan.start for s in specs), max(s.colspan.stop for s in specs))
    figure, grid = group[0].figure, group[0].get_gridspec()
    for ax in group:
        ax.remove()
    return figure.add_subplot(grid[rows, columns])


def maps(
    panels: Sequence[Any],
    matrices: Sequence[ArrayLike],
    *,
    titles: Sequence[str],
    label: str,
    starts: Sequence[Sequence[int]] | None = None,
    at: Sequence[Sequence[int]] | None = None,
    bar: Any = None,
) -> list[Any]:
    """Matrices between depths, one a panel, on one scale of colours from 0 (or the lowest value) to 1.

    `starts`: for each matrix the first places of its groups, drawn as lines. `at`: the names of its depths,
    by default their places; rising. The scale's bar, with its `label`, fills the panel `bar`; without
    one it stands to the right of all. NaN is grey.
    """
    import matplotlib as mpl

    arrays = [np.array(matrix, dtype=np.float64) for matrix in matrices]
    finite = np.concatenate([matrix[np.isfinite(matrix)] for matrix in arrays] or [np.zeros(0)])
    low = min(0.0, float(finite.min())) if finite.size else 0.0
    colours = mpl.colormaps["viridis"].with_extremes(bad="0.8")
    drawn: list[Any] = list(panels)[: len(arrays)]
    image: Any = None
    for place, (ax, matrix) in enumerate(zip(drawn, arrays, strict=True)):
        image = ax.imshow(matrix, cmap=colours, vmin=low, vmax=1, interpolation="nearest")
        _depths(ax, at[place] if at else range(len(matrix)))
        first = ax.get_subplotspec().is_first_col()
        ax.set(xlabel="depth", ylabel="depth" if first else "", title=plain(titles[place]))
        for start in starts[place] if starts else ():
            _boundary(ax, start)
    where: dict[str, Any] = {"ax": drawn, "aspect": 32, "fraction": 0.035, "pad": 0.015}
    shown = drawn[0].figure.colorbar(image, label=label, **(where if bar is None else {"cax": bar}))
    shown.outline.set_visible(False)
    return drawn


def _depths(ax: Any, names: Sequence[int]) -> None:
    """Ticks at round depths, where each is."""
    places = {name: place for place, name in enumerate(names)}
    ticks = [name for name in few_ticks(max(names) + 1) if name in places]
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_ticks([places[name] for name in ticks], [str(name) for name in ticks])


def _boundary(ax: Any, start: int) -> None:
    for line in (ax.axhline, ax.axvline):
        line(start - 0.5, color="black", lw=1.0)
        line(start - 0.5, color="white", lw=0.4)


def bars(
    ax: Any,
    values: ArrayLike,
    *,
    low: ArrayLike | None = None,
    high: ArrayLike | None = None,
    colour: str = "0.6",
    name: str = "",
) -> Any:
    """A bar for each layer from 0, its interval as a whisker; NaN has none."""
    heights = np.array(values, dtype=np.float64)
    at = np.arange(len(heights))
    ax.bar(at, heights, width=0.8, color=colour, alpha=0.6, lw=0, label=plain(name), zorder=1)
    if low is not None and high is not None:
        ax.vlines(at, np.array(low, dtype=float), np.array(high, dtype=float), color=_INK, lw=0.6, zorder=2)
    ax.axhline(0, color=_INK, lw=0.6, zorder=2)
    return layer_axis(ax, len(heights))


def layer_axis(ax: Any, count: int) -> Any:
    """Layers from left to right, 0 to `count` - 1."""
    ax.set(xlabel="layer", xlim=(-0.8, count - 0.2))
    ax.set_xticks(few_ticks(count))
    ax.spines[["top", "right"]].set_visible(False)
    return ax


def span(ax: Any, first: int, last: int, name: str = "") -> Any:
    """Shades the layers `first` to `last` grey, as high as the panel is now."""
    low, high = ax.get_ylim()
    ends = [first - 0.5, last + 0.5]
    ax.fill_between(ends, low, high, color="0.91", lw=0, zorder=0, label=plain(name))
    ax.set_ylim(low, high)
    return ax


def legend_inside(ax: Any, *, room: float = 1.3, columns: int = 1) -> Any:
    """Draws a small panel's legend above its marks: its height grows by `room`, its ticks stay."""
    low, high = ax.get_ylim()
    ticks = [tick for tick in ax.get_yticks() if low <= tick <= high]
    top = low * (high / low) ** room if ax.get_yscale() == "log" else low + room * (high - low)
    ax.set(ylim=(low, top), yticks=ticks)
    look = {"frameon": False, "fontsize": 6, "labelspacing": 0.25, "columnspacing": 1.0, "borderpad": 0.1}
    ax.legend(loc="upper center", ncols=columns, handlelength=1.6, **look)
    return ax


def factor_axis(ax: Any) -> Any:
    """Makes the vertical axis logarithmic, its ticks plain numbers: finer steps for a narrower range."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

    ax.set_yscale("log")
    low, high = ax.get_ylim()
    steps = next(steps for factor, steps in _STEPS if high < factor * low)
    ax.yaxis.set_major_locator(LogLocator(subs=steps, numticks=20))
    ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    ax.yaxis.set_minor_locator(NullLocator())
    return ax


def few_ticks(count: int) -> list[int]:
    """As `depth_ticks`, for a small panel: six at most.

    >>> few_ticks(31), few_ticks(30), few_ticks(7)
    ([0, 10, 20, 30], [0, 10, 20, 29], [0, 2, 4, 6])
    """
    last = count - 1
    step = next(step for step in (1, 2, 5, 10, 20, 50, 100, 200, last) if last <= 4.6 * step)
    return [d for d in range(0, last, step) if last - d > step / 2] + [last]


def named(ax: Any, x: ArrayLike, y: ArrayLike, labels: Sequence[str]) -> Any:
    """Points that are their names, between light lines."""
    across_, up = np.array(x, dtype=np.float64), np.array(y, dtype=np.float64)
    ax.scatter(across_, up, s=0)  # for the limits
    for a, b, label in zip(across_, up, labels, strict=True):
        if np.isfinite(a) and np.isfinite(b):
            ax.text(a, b, plain(label), size=6, ha="center", va="center_baseline")
    ax.grid(color="0.92", lw=0.5)
    ax.set_axisbelow(True)
    ax.spines[["top", "right"]].set_visible(False)
    return ax
