"""Lines: quantities by depth, with their intervals as bands."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

from reprlab.figures.looks import COLUMN, OTHERS, STYLE, VARIANTS, caption_below, depth_ticks, plain


def lines(
    curves: Mapping[str, tuple[Sequence[float], ...]],
    *,
    title: str,
    label: str,
    caption: str,
    ax: Any = None,
    log: bool = False,
    broken: bool = False,
) -> Any:
    """Curves by depth, each (depths, values, low, high), its interval as a band; a variant keeps its look.

    `broken`: no line over depths that a curve does not have.
    """
    import matplotlib as mpl
    from matplotlib import pyplot as plt

    with mpl.rc_context(STYLE):
        alone = ax is None
        if alone:
            _, ax = plt.subplots(figsize=(COLUMN, COLUMN * 0.85), layout="constrained")
        others = [name for name in curves if name not in VARIANTS]
        looks = VARIANTS | dict(zip(others, itertools.cycle(OTHERS), strict=False))
        for name, (at, values, low, high) in curves.items():
            colour, marker = looks[name]
            ax.fill_between(at, low, high, color=colour, alpha=0.2, lw=0)
            look = {"color": colour, "marker": marker, "ms": 3, "lw": 1, "clip_on": False}
            line = _broken(at, values) if broken else (at, values)
            ax.plot(*line, **look, label=plain(name))
        last = max(at[-1] for at, *_ in curves.values())
        ax.set_xticks(depth_ticks(int(last) + 1))
        ax.set(xlabel="depth", ylabel=label, title=plain(title), yscale="log" if log else "linear")
        ax.legend(frameon=False, fontsize=7)
        ax.spines[["top", "right"]].set_visible(False)
        if alone:
            caption_below(ax, caption)
    return ax


def _broken(at: Sequence[float], values: Sequence[float]) -> tuple[list[float], list[float]]:
    """A curve that has no line over depths between which there are others."""
    places, heights = [at[0]], [values[0]]
    for before, here, value in zip(at, at[1:], values[1:], strict=False):
        gap = [float("nan")] if here - before > 1 else []
        places += [*gap, here]
        heights += [*gap, value]
    return places, heights
