"""Grids: R over two whole numbers as colours, a cell each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from reprlab.figures.curves import RETAINED


def grid(
    ax: Any,
    values: ArrayLike,
    *,
    rows: Sequence[float],
    columns: Sequence[float],
    high: float = 1.0,
    absent: ArrayLike | None = None,
) -> Any:
    """A matrix of R, (row, column), the first row at the bottom.

    Dark is the best baseline without a model or below, bright is `high`.
    `rows` and `columns` are evenly spaced numbers along the axes, a cell each; None and NaN are grey,
    cells that are `absent`, (row, column) true, are white. Returns the image, for a colour bar.
    """
    import matplotlib as mpl

    shown: NDArray[np.float64] = np.array(values, dtype=float)
    (left, right), (bottom, top) = _ends(columns), _ends(rows)
    where: Any = {"extent": (left, right, bottom, top), "origin": "lower", "aspect": "auto"}
    colours = mpl.colormaps["viridis"].with_extremes(bad="0.8")
    image = ax.imshow(shown, cmap=colours, vmin=0.0, vmax=high, interpolation="nearest", **where)
    if absent is not None:
        white = np.ones((*shown.shape, 4)) * np.asarray(absent, dtype=bool)[..., None]
        ax.imshow(white, interpolation="nearest", **where)
    return image


def scale(panels: Sequence[Any], image: Any, *, above: bool = False) -> None:
    """One bar of colours for all panels of R; pointed below 0, and `above` 1 where values are higher."""
    look: Any = {"fraction": 0.05, "pad": 0.02, "extend": "both" if above else "min"}
    panels[0].figure.colorbar(image, ax=list(panels), label=RETAINED, **look)


def boxed(
    ax: Any, cells: Iterable[tuple[float, float]], *, size: tuple[float, float], faint: bool = False
) -> None:
    """Frames around cells, each (column, row) its middle; `size` is a cell's. Faint ones are dotted."""
    from matplotlib.patches import Rectangle

    wide, tall = size
    for column, row in cells:
        corner = (column - wide / 2, row - tall / 2)
        for edge, width in (("white", 2.2), ("black", 1.0)):
            line: Any = (0, (1, 1)) if faint and edge == "black" else "-"
            frame = Rectangle(corner, wide, tall, fill=False, ec=edge, lw=width, ls=line)
            frame.set(zorder=4, clip_on=False)
            ax.add_patch(frame)


def outlined(ax: Any, inside: ArrayLike, *, rows: Sequence[float], columns: Sequence[float]) -> None:
    """A line along the edges between cells that are inside, (row, column) true, and cells that are not."""
    from matplotlib.collections import LineCollection

    within = np.pad(np.asarray(inside, dtype=bool), 1)
    (left, right), (bottom, top) = _ends(columns), _ends(rows)
    x, y = np.linspace(left, right, len(columns) + 1), np.linspace(bottom, top, len(rows) + 1)
    across = np.argwhere(within[1:, 1:-1] != within[:-1, 1:-1])  # (edge between rows, column)
    up = np.argwhere(within[1:-1, 1:] != within[1:-1, :-1])  # (row, edge between columns)
    edges = [[(x[c], y[r]), (x[c + 1], y[r])] for r, c in across]
    edges += [[(x[c], y[r]), (x[c], y[r + 1])] for r, c in up]
    for colour, width in (("black", 2.0), ("white", 1.0)):
        ax.add_collection(LineCollection(edges, colors=colour, lw=width, capstyle="projecting", zorder=3))


def _ends(places: Sequence[float]) -> tuple[float, float]:
    step = (places[1] - places[0]) / 2 if len(places) > 1 else 0.5
    return places[0] - step, places[-1] + step
