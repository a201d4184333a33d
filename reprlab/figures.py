"""Pictures: matplotlib, and nothing computed. Every function takes numbers, draws on `ax`, returns it."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

COLUMN = 3.35  # inches, one column of a two-column paper
_STYLE: Any = {
    "font.size": 8,
    "axes.titlesize": 8,
    "figure.dpi": 150,
    "savefig.dpi": 300,
    "pdf.fonttype": 42,  # text stays text
    "svg.hashsalt": "reprlab",
}


def heatmap(
    values: NDArray[Any], *, title: str, label: str, caption: str, ax: Any = None, low: float = 0.0
) -> Any:
    """A (depth, depth) matrix as the paper's fig. 3 shows it: depth 0 at the top left, ticks at depths.

    The colours run from `low` (or the smallest value, if that is lower) to 1; NaN is grey. Drawn on its own
    it carries its caption; on a given `ax` it does not.
    """
    import matplotlib as mpl
    from matplotlib import pyplot as plt

    with mpl.rc_context(_STYLE):
        alone = ax is None
        if alone:
            _, ax = plt.subplots(figsize=(COLUMN, COLUMN * 1.05), layout="constrained")
        colours = mpl.colormaps["viridis"].with_extremes(bad="0.8")
        finite = values[np.isfinite(values)]
        floor = min(low, float(finite.min())) if finite.size else low
        image = ax.imshow(values, cmap=colours, vmin=floor, vmax=1.0, interpolation="nearest")
        ticks = depth_ticks(len(values))
        ax.set_xticks(ticks)
        ax.set_yticks(ticks)
        ax.set(xlabel="depth", ylabel="depth", title=title)
        ax.figure.colorbar(image, ax=ax, label=label, fraction=0.046, pad=0.03)
        if alone:
            text = textwrap.fill(_plain(caption), 68)
            ax.figure.supxlabel(text, fontsize=6, color="0.3", x=0.03, ha="left")
    return ax


def depth_ticks(count: int) -> list[int]:
    """Depths to label: 0, the last, and round steps between that do not crowd them.

    >>> depth_ticks(31)
    [0, 5, 10, 15, 20, 25, 30]
    >>> depth_ticks(41)
    [0, 5, 10, 15, 20, 25, 30, 35, 40]
    """
    last = count - 1
    step = next(s for s in (1, 2, 5, 10, 20, 50) if last / s <= 8) if last <= 400 else 100
    return [d for d in range(0, last, step) if last - d > step / 2] + [last]


def save(ax: Any, path: Path) -> None:
    """Write the picture that `ax` belongs to; the file's ending chooses the format. No date is written."""
    import matplotlib as mpl
    from matplotlib import pyplot as plt

    empty = {".pdf": {"CreationDate": None}, ".svg": {"Date": None}, ".png": {"Software": None}}
    with mpl.rc_context(_STYLE):
        ax.figure.savefig(path, metadata=empty.get(path.suffix), bbox_inches="tight", pad_inches=0.04)
    plt.close(ax.figure)


def _plain(text: str) -> str:
    """Text that matplotlib shows as it is: a dollar sign starts no formula."""
    return text.replace("$", r"\$")
