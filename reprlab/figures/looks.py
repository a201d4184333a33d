"""Looks: sizes, colours, markers and text style that all pictures share, and the sheet they are drawn on."""

from __future__ import annotations

import itertools
import textwrap
import unicodedata
from collections.abc import Generator, Iterable, Mapping
from contextlib import contextmanager
from functools import cache
from typing import Any, NamedTuple

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
    "layer loop": ("#4d4d4d", "p"),
    "repeat matched": ("#d55e00", "^"),
    "reverse matched": ("#cc79a7", "D"),
    "parallel matched": ("#e69f00", "P"),
    "random direction": ("0.1", "x"),
    "mean ablation": ("#8c510a", "h"),
    "skip one": ("#0072b2", "s"),
    "switch": ("#8c510a", "h"),
}


class Look(NamedTuple):
    """How a line looks: its colour, its marker, its dashes, and how thick it is."""

    colour: str
    marker: str
    dash: Any = "-"
    width: float = 1.0


_LONG, _SHORT, _DOTS = (0, (5, 1.5)), (0, (3, 1.2)), (0, (1, 1.1))
_CHAIN = (0, (5, 1.2, 1, 1.2))
BENCHMARKS = {  # everywhere; benchmarks of one kind have one hue: Tol's muted palette
    "lambada": Look("#332288", "o"),
    "arc": Look("#c24b5e", "s", _LONG),
    "hellaswag": Look("#117733", "^", _SHORT),
    "winogrande": Look("#a08a1a", "D", _CHAIN),
    "gsm8k": Look("#882255", "v", _DOTS),
    "gsm8k_nll": Look("#aa4499", "v", _DOTS),
    "builtin_cloze": Look("#5f57c9", "o"),
    "builtin_science": Look("#e08794", "s", _LONG),
    "builtin_commonsense": Look("#44aa77", "^", _SHORT),
    "builtin_pronoun": Look("#c2ad45", "D", _CHAIN),
    "builtin_arithmetic_1": Look("#882255", "<", _DOTS),
    "builtin_arithmetic_2": Look("#cc77bb", ">", _DOTS),
    "median": Look("black", "", "-", 2.2),
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


_TYPE = "DejaVu Sans"  # matplotlib's own, and the one that every figure is set in


def plain(text: str) -> str:
    r"""Text that matplotlib shows as it is: no dollar sign starts a formula, letters without shape are codes.

    >>> plain("a $x$\x1b[1m\n二")
    'a \\$x\\$\\x1b[1m\n\\u4e8c'
    """
    return "".join(letter if letter == "\n" else coded(letter, _TYPE) for letter in text).replace("$", r"\$")


def coded(letter: str, font: str) -> str:
    """A letter as it is, or its code where it steers, or where a font does not have it."""
    steers = unicodedata.category(letter) in {"Cc", "Cf", "Cs"}
    odd = steers or ord(letter) not in _letters(font)
    return letter.encode("unicode_escape").decode() if odd else letter


@cache
def _letters(font: str) -> frozenset[int]:
    """The letters that a font has."""
    from matplotlib import font_manager

    return frozenset(font_manager.get_font(font_manager.findfont(font)).get_charmap())


def looks_of(names: Iterable[str]) -> dict[str, Look]:
    """The look of each name: a variant's, a benchmark's, and one of a cycle for names that are neither.

    >>> looks_of(["skip", "median", "mine"])["mine"]
    Look(colour='#009e73', marker='v', dash='-', width=1.0)
    """
    wanted = list(dict.fromkeys(names))
    known: Mapping[str, Look] = {name: Look(*look) for name, look in VARIANTS.items()} | BENCHMARKS
    unknown = [name for name in wanted if name not in known]
    cycle = (Look(*other, dash) for dash in itertools.cycle(("-", _LONG, _DOTS)) for other in OTHERS)
    others = dict(zip(unknown, cycle, strict=False))
    return {name: known.get(name) or others[name] for name in wanted}


_RAMP = ("#0d0887", "#7e03a8", "#c43e7f", "#ec7853", "#f2b632")  # dark to light: readable in grey


def ramp(names: Iterable[str]) -> dict[str, Look]:
    """Looks of things in an order, as models by size: from dark to light, each with its own marker.

    >>> [look.colour for look in ramp(["small", "large"]).values()]
    ['#0d0887', '#f2b632']
    """
    from matplotlib.colors import LinearSegmentedColormap, to_hex

    wanted = list(dict.fromkeys(names))
    scale, last = LinearSegmentedColormap.from_list("ramp", _RAMP), max(len(wanted) - 1, 1)
    marks = itertools.cycle("osD^v<>ph")
    return {
        name: Look(to_hex(scale(at / last)), mark)
        for at, (name, mark) in enumerate(zip(wanted, marks, strict=False))
    }


@contextmanager
def sheet(
    rows: int = 1,
    columns: int = 1,
    *,
    width: float = PAGE,
    height: float = 2.4,
    widths: Iterable[float] | None = None,
    heights: Iterable[float] | None = None,
    alike: bool = False,
    title: str = "",
) -> Generator[Any]:
    """Panels in the common style, as an array: (panel,) in one row or column, else (row, column).

    Drawings inside the `with` have the style, too; `widths` are the columns' shares, `heights` the rows',
    `alike` panels have one vertical scale.

    >>> with sheet(1, 2) as panels:
    ...     line = panels[0].plot([0, 1], [1, 0])
    >>> panels.shape
    (2,)
    """
    import matplotlib as mpl
    from matplotlib.figure import Figure

    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(width, height), layout="constrained")
        shares: Any = {
            "width_ratios": None if widths is None else list(widths),
            "height_ratios": None if heights is None else list(heights),
        }
        if title:
            figure.suptitle(plain(title), fontsize=8, fontweight="bold")
        panels = figure.subplots(rows, columns, squeeze=False, sharey=alike, **shares)
        yield panels.ravel() if 1 in panels.shape else panels


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
