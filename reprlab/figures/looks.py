"""Looks: what every picture has in common: sizes, colours, markers, text, and how it is written."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any

COLUMN = 3.35  # inches, one column of a two-column paper
PAGE = 7.0  # inches, both columns
VARIANTS = {  # colour and marker of each, everywhere: Okabe and Ito's palette
    "full": ("0.15", "o"),
    "skip": ("#0072b2", "s"),
    "middle repeat": ("#d55e00", "^"),
    "reverse": ("#cc79a7", "D"),
    "random": ("#009e73", "v"),
    "parallel": ("#e69f00", "P"),
    "looped parallel": ("#56b4e9", "X"),
    "internal loop": ("#8a7a00", "*"),
    "skip one": ("#0072b2", "s"),
    "switch": ("#8c510a", "h"),
}
OTHERS = (("#009e73", "v"), ("#cc79a7", "D"), ("#e69f00", "P"), ("#56b4e9", "X"))  # of lines that are none
STYLE: Any = {
    "font.size": 8,
    "axes.titlesize": 8,
    "figure.dpi": 150,
    "savefig.dpi": 300,
    "pdf.fonttype": 42,  # text stays text
    "svg.hashsalt": "reprlab",
}


def plain(text: str) -> str:
    """Text that matplotlib shows as it is: a dollar sign starts no formula."""
    return text.replace("$", r"\$")


def caption_below(ax: Any, caption: str) -> None:
    """A picture's caption, in small print at its foot."""
    text = textwrap.fill(plain(caption), 68)
    ax.figure.supxlabel(text, fontsize=6, color="0.3", x=0.03, ha="left")


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
    with mpl.rc_context(STYLE):
        ax.figure.savefig(path, metadata=empty.get(path.suffix), bbox_inches="tight", pad_inches=0.04)
    plt.close(ax.figure)
