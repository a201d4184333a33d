"""Curves of R, the share of the full model's score that is retained: bands, dots, guides at 0 and 1."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from reprlab.arrays import Array
from reprlab.figures.looks import Look, looks_of, plain

FigureRow = Mapping[str, Any]
Lines = Mapping[str, Sequence[FigureRow]]
SHOWN = (-0.2, 1.15)  # R that every panel shows
FARTHEST = (-0.3, 1.6)  # R that a panel may stretch to; what lies beyond is an arrow at the edge
RETAINED = "score retained, $R$"


def lines_by(rows: Iterable[FigureRow], name: str | Callable[[FigureRow], str]) -> dict[str, list[FigureRow]]:
    """Rows by the line that they are on, in the order in which lines appear: a column, or what a row gives.

    >>> lines_by([{"variant": "middle_repeat", "R": 1}], "variant")
    {'middle repeat': [{'variant': 'middle_repeat', 'R': 1}]}
    """
    lines: dict[str, list[FigureRow]] = {}
    for row in rows:
        line = name(row) if callable(name) else str(row[name])
        lines.setdefault(line.replace("_", " ") if name == "variant" else line, []).append(row)
    return lines


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


def view(rows: Iterable[FigureRow], value: str = "R") -> tuple[float, float]:
    """The vertical range for these rows: -0.2 to 1.15, wider for values and bands that are not far outside.

    >>> view([{"R": 0.5}, {"R": -9.0}, {"R": 1.3, "low": 1.1, "high": 1.5}, {"R": None}])
    (-0.2, 1.55)
    """
    low, high = SHOWN
    values = [row.get(key) for row in rows for key in (value, "low", "high")]
    near = [v for v in values if v is not None and FARTHEST[0] <= v <= FARTHEST[1]]
    return min([low, *(v - 0.05 for v in near)]), max([high, *(v + 0.05 for v in near)])


def guides(ax: Any, *, falling: bool = False) -> Any:
    """Dashed lines at 0 (best baseline) and 1 (full model), named where rising or falling curves are not."""
    sides: list[tuple[float, Any]] = [(0.01, "left"), (0.99, "right")]
    left, right = sides[::-1] if falling else sides
    for at, word, (x, side), shift in ((1, "full model", left, 2), (0, "best baseline", right, -2)):
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
            zorder=2.5,
            bbox={"fc": "white", "ec": "none", "alpha": 0.75, "pad": 0.4},
        )
    ax.spines[["top", "right"]].set_visible(False)
    return ax


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


def floors(
    ax: Any,
    numbers: Mapping[str, Any],
    metric: str,
    *,
    value: str = "R",
    benchmark: str | None = None,
    view: tuple[float, float] | None = None,
) -> Any:
    """Thin lines at the baselines without a model: of one benchmark, or of all, each in its colour.

    Of `value` R the best baseline lies at 0, where a guide is, and those outside `view` are not shown.
    """
    for row in numbers.get("floors", ()):
        if row["metric"] != metric or row[value] is None or benchmark not in (None, row["benchmark"]):
            continue
        inside = view is None or view[0] <= row[value] <= view[1]
        if inside and (value != "R" or abs(row[value]) > 1e-6):
            colour = looks_of([row["benchmark"]])[row["benchmark"]].colour
            ax.axhline(row[value], color=colour, lw=0.5, ls=(0, (1, 2)), zorder=1)
    return ax
