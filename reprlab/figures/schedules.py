"""Diagrams: a schedule's boxes in the order they run, as the paper's fig. 1 shows them."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from reprlab.errors import ReprlabError
from reprlab.figures.looks import COLUMN, STYLE, plain
from reprlab.schedules.diagram import KINDS, Box, wrap

# A diagram is laid out in inches, from the top left; down is negative.
_CELL, _BETWEEN, _STEP, _FORK, _SIGN = 0.19, 0.05, 0.12, 0.13, 0.075  # _SIGN is a radius
_LETTER, _PAD, _BRACE, _LINE = 0.056, 0.1, 0.19, 0.115
_ROW = 0.12  # between rows
_SIDE = 0.04  # what `save` leaves around
_TOP = 400  # boxes in a picture
_INK = "0.25"
_FACES = {  # light, dark: Okabe and Ito's palette, told apart in grey too
    "layer": ("#f2f2f2", "0.45"),
    "side by side": ("#bfe0f5", "#0072b2"),
    "repeated": ("#fbdc8c", "#b37400"),
    "out of order": ("#e3b3cd", "#94386b"),
    "mean update": ("white", "#009e73"),
}


def diagram(drawn: Sequence[Box], *, caption: str, ax: Any = None) -> Any:
    """A schedule's boxes in the order they run, as the paper's fig. 1 shows them; rows fill a column.

    A set forks and joins in its sign (x with a bar: the mean), a brace counts how often a box runs or names
    the rule of a block, a dashed arrow passes over layers that run nowhere. Raises `ReprlabError` for more
    than 400 boxes.

    >>> from reprlab.schedules.diagram import boxes
    >>> ax = diagram(boxes([0, (1, 2), 3]), caption="0 [1 2] 3")
    >>> [text.get_text() for text in ax.texts[-3:]]
    ['layer', 'side by side', '0 [1 2] 3']
    """
    import matplotlib as mpl
    from matplotlib import pyplot as plt
    from matplotlib.patches import Rectangle

    room = COLUMN - 2 * _SIDE
    drawn = [_fitting(box, room - _STEP) for box in drawn]
    parts = [part for box in drawn for part in box.parts]
    count = sum(len(part.labels) for part in parts)
    if count > _TOP:
        raise ReprlabError(f"{count:,} boxes are too many for a picture: at most {_TOP}")
    rows = [drawn[r.start : r.stop] for r in wrap(map(_wide, drawn), room - _STEP)]
    lines = textwrap.wrap(plain(caption), 68, max_lines=6, placeholder=" …")
    legend = [kind for kind in KINDS if any(part.kind == kind for part in parts)]
    height = sum(_tall(row) for row in rows) + _ROW * len(rows) + 0.21 + _LINE * len(lines)
    with mpl.rc_context(STYLE):
        if ax is None:
            _, ax = plt.subplots(figsize=(room, height))
            ax.set_position((0, 0, 1, 1))
        ax.set(xlim=(0, room), ylim=(-height, 0), aspect="equal")
        ax.axis("off")
        ax.add_patch(Rectangle((0, -height), room, height, fill=False, linewidth=0))  # keeps the width
        y = -0.01
        for row in rows:
            spare = room - _STEP - sum(map(_wide, row))
            _row(ax, row, spare / 2 if len(rows) == 1 else 0.0, y)
            y -= _tall(row) + _ROW
        _legend(ax, legend, y - 0.06, gap=any(box.gap for box in (*drawn, *parts)))
        for at, line in enumerate(lines):
            ax.text(0, y - 0.18 - at * _LINE, line, size=6, color="0.3", va="top")
    return ax


def _fitting(box: Box, room: float) -> Box:
    """A block that is wider than a row as its first and its last box; others as they are."""
    if len(box.inner) <= 3 or _wide(box) <= room:
        return box
    return replace(box, inner=(box.inner[0], Box(("…",)), box.inner[-1]))


def _wide(box: Box) -> float:
    """The width of a box with what leads to it."""
    if box.inner:
        inner = sum(map(_wide, box.inner)) - _lead(box.inner[0])
        return _lead(box) + max(inner, _LETTER * len(box.brace))
    return _lead(box) + _cell(box) + (2 * _FORK + _SIGN if box.join else 0)


def _lead(box: Box) -> float:
    return 1.75 * _STEP if box.gap else _STEP


def _cell(box: Box) -> float:
    letters = max(len(label) - 0.5 * label.count(" ") for label in box.labels)
    return max(_LETTER * letters + _PAD, 0.22)


def _half(box: Box) -> float:
    labels = max(len(part.labels) for part in box.parts)
    return (labels * (_CELL + _BETWEEN) - _BETWEEN) / 2


def _below(box: Box) -> float:
    """How far a box reaches below the axis, its brace counted."""
    own = max(map(_below, box.inner)) if box.inner else _half(box)
    return own + (_BRACE if box.brace else 0)


def _tall(row: Sequence[Box]) -> float:
    return max(map(_half, row)) + max(map(_below, row))


def _row(ax: Any, row: Sequence[Box], x: float, top: float) -> None:
    axis = top - max(map(_half, row))
    for box in row:
        x = _led(ax, box, x, axis)
    _flow(ax, x, x + _STEP, axis)


def _led(ax: Any, box: Box, x: float, axis: float) -> float:
    """A box with the arrow that leads to it from `x`; returns where its right side is."""
    start = x + _lead(box)
    _flow(ax, x, start, axis, gap=box.gap, head=not box.parts[0].join)
    return _placed(ax, box, start, axis)


def _placed(ax: Any, box: Box, start: float, axis: float) -> float:
    """A box, a set or a block whose left side is at `start`; returns where its right side is."""
    if box.inner:
        x = _placed(ax, box.inner[0], start, axis)
        for one in box.inner[1:]:
            x = _led(ax, one, x, axis)
        end = max(x, start + _LETTER * len(box.brace))
        _flow(ax, x, end, axis, head=False)
    else:
        end = _set(ax, box, start, axis) if box.join else _one(ax, box, start, axis, box.labels[0])
    if box.brace:
        depth = _below(box) - _BRACE
        _brace(ax, start, end, axis - depth, box.brace.replace("*", "\N{MULTIPLICATION SIGN}"))
    return end


def _one(ax: Any, box: Box, x: float, y: float, label: str) -> float:
    """A cell whose left side is at `x`; returns where its right side is."""
    from matplotlib.patches import FancyBboxPatch

    width, (face, edge) = _cell(box), _FACES[box.kind]
    shape = "round,pad=0,rounding_size=0.035"
    bottom = (x, y - _CELL / 2)
    ax.add_patch(FancyBboxPatch(bottom, width, _CELL, boxstyle=shape, fc=face, ec=edge, lw=0.7))
    ax.text(x + width / 2, y - 0.005, label, size=7, ha="center", va="center_baseline")
    return x + width


def _set(ax: Any, box: Box, x: float, y: float) -> float:
    """The fork at `x`, the members one below the other, the join and its sign; returns where they end."""
    from matplotlib.patches import Circle

    left = x + _FORK
    right = left + _cell(box)
    join = right + _FORK
    heights = [y + _half(box) - _CELL / 2 - at * (_CELL + _BETWEEN) for at in range(len(box.labels))]
    for label, height in zip(box.labels, heights, strict=True):
        _flow(ax, x, left, height)
        _one(ax, box, left, height, label)
        _flow(ax, right, join, height, head=False)
    for at in (x, join):
        ax.plot([at, at], [heights[0], heights[-1]], color=_INK, lw=0.7, solid_capstyle="projecting")
    ax.add_patch(Circle((join, y), _SIGN, fc="white", ec=_FACES[box.kind][1], lw=0.7, zorder=3))
    shown = r"$\bar{x}$" if box.join == "mean" else "+"
    ax.text(join, y - 0.005, shown, size=7, ha="center", va="center_baseline", zorder=4)
    return join + _SIGN


def _flow(ax: Any, x: float, end: float, y: float, *, gap: bool = False, head: bool = True) -> None:
    line = (0, (2, 1.2)) if gap else "-"
    ax.plot([x, end - (0.05 if head else 0)], [y, y], color=_INK, lw=0.7, ls=line, solid_capstyle="butt")
    if head:
        ax.fill([end, end - 0.06, end - 0.06], [y, y + 0.028, y - 0.028], color=_INK, lw=0)


def _brace(ax: Any, x: float, end: float, y: float, label: str) -> None:
    """A bracket below a box or a set, and how often it runs."""
    ax.plot([x, x, end, end], [y - 0.03, y - 0.06, y - 0.06, y - 0.03], color=_INK, lw=0.7)
    ax.text((x + end) / 2, y - 0.075, label, size=6.5, ha="center", va="top")


def _legend(ax: Any, kinds: Sequence[str], y: float, *, gap: bool) -> None:
    from matplotlib.patches import Rectangle

    x = 0.0
    for kind in kinds:
        face, edge = _FACES[kind]
        ax.add_patch(Rectangle((x + 0.005, y - 0.045), 0.09, 0.09, fc=face, ec=edge, lw=0.7))
        ax.text(x + 0.14, y - 0.005, kind, size=6, color="0.3", va="center_baseline")
        x += 0.2 + 0.0445 * len(kind)
    if gap:
        _flow(ax, x, x + 0.17, y, gap=True)
        ax.text(x + 0.22, y - 0.005, "layers left out", size=6, color="0.3", va="center_baseline")
