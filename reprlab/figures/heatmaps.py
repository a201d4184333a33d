"""Heat maps: a matrix between depths, as the paper's fig. 3 shows it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from reprlab.figures.looks import COLUMN, STYLE, caption_below, depth_ticks, plain


def heatmap(
    values: NDArray[Any],
    *,
    title: str,
    label: str,
    caption: str,
    ax: Any = None,
    low: float = 0.0,
    high: float = 1.0,
    distance: bool = False,
    names: tuple[str, str] | None = None,
) -> Any:
    """A (depth, depth) matrix as the paper's fig. 3 shows it: depth 0 at the top left, ticks at depths.

    The colours run from `low` (or the smallest value, if that is lower) to `high`, for a `distance` from the
    largest value to 0, so that bright is alike either way; NaN is grey. `names` are of the networks whose
    depths are the rows and the columns, where they are two: both are drawn to one length. Drawn on its own
    it carries its caption; on a given `ax` it does not.
    """
    import matplotlib as mpl
    from matplotlib import pyplot as plt

    with mpl.rc_context(STYLE):
        alone = ax is None
        if alone:
            _, ax = plt.subplots(figsize=(COLUMN, COLUMN * 1.05), layout="constrained")
        colours = mpl.colormaps["viridis_r" if distance else "viridis"].with_extremes(bad="0.8")
        finite = values[np.isfinite(values)]
        floor = min(low, float(finite.min())) if finite.size else low
        top = (float(finite.max()) if finite.size and finite.max() > 0 else 1.0) if distance else high
        rows, columns = values.shape
        image = ax.imshow(values, cmap=colours, vmin=floor, vmax=top, interpolation="nearest")
        ax.set_aspect(columns / rows)  # relative depth: first to last has one length, down and across
        ax.set_xticks(depth_ticks(columns))
        ax.set_yticks(depth_ticks(rows))
        down, across = (f"depth of {plain(name)}" for name in names) if names else ("depth", "depth")
        ax.set(xlabel=across, ylabel=down, title=plain(title))
        ax.figure.colorbar(image, ax=ax, label=label, fraction=0.046, pad=0.03)
        if alone:
            caption_below(ax, caption)
    return ax
