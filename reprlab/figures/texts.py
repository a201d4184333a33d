"""Texts: a question and the answers to it, unchanged, in boxes of a fixed-width type."""

from __future__ import annotations

import textwrap
import unicodedata
from collections.abc import Sequence
from typing import Any, NamedTuple

from reprlab.figures.looks import PAGE, STYLE, coded

# Laid out in inches from the top left; down is negative.
_SIZE = 6.5  # points
_LETTER, _LINE = 0.0555, 0.118
_PAD, _HEAD, _BETWEEN = 0.09, 0.19, 0.14
_ROOM = PAGE - 0.08  # a file has 0.04 around
_FONT = "DejaVu Sans Mono"


class Passage(NamedTuple):
    """A text with its heading; `right` says whether the answer is right, None that it is no answer."""

    heading: str
    text: str
    right: bool | None = None


def answers(
    question: Passage, given: Sequence[Passage], *, title: str, foot: str = "", most: int = 16
) -> Any:
    """A figure: a question across the page, and below it the answers of different models, side by side.

    Every text is shown as it is: wrapped, `most` lines at most (of a question the last, with an ellipsis in
    front, of an answer the first), control characters and letters that the type lacks by their codes. An
    answer's box says "right" or "wrong", and is drawn full or dashed.

    >>> figure = answers(Passage("asked", "1 + 1 ="), [Passage("model", "$2$", True)], title="sums")
    >>> [text.get_text() for text in figure.axes[0].texts][-1]
    '$2$'
    """
    import matplotlib as mpl
    from matplotlib.figure import Figure

    wide = (_ROOM - _BETWEEN * (len(given) - 1)) / len(given)
    asked = _cut(shown(question.text, _columns(_ROOM)), most, last=True)
    written = [_cut(shown(one.text, _columns(wide)), most) for one in given]
    small = textwrap.wrap(foot, int(_ROOM * 21.5))
    tall = [_tall(asked), max(map(_tall, written))]
    height = _HEAD + sum(tall) + 2 * _HEAD + _BETWEEN + _LINE * len(small) + 0.06
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(_ROOM, height))
        ax = figure.add_axes((0, 0, 1, 1), xlim=(0, _ROOM), ylim=(-height, 0))
        ax.axis("off")
        _say(ax, _ROOM / 2, -0.02, title, size=8, weight="bold", ha="center")
        y = -_HEAD
        _box(ax, 0, y, _ROOM, tall[0], question, asked)
        y -= _HEAD + tall[0] + _BETWEEN
        for place, (one, lines) in enumerate(zip(given, written, strict=True)):
            _box(ax, place * (wide + _BETWEEN), y, wide, tall[1], one, lines)
        y -= _HEAD + tall[1] + 0.06
        for at, line in enumerate(small):
            _say(ax, 0.02, y - at * _LINE, line, size=6, color="0.3")
    return figure


def shown(text: str, columns: int) -> list[str]:
    r"""A text as lines of at most `columns` letters, with its line breaks; odd letters are their codes.

    >>> shown("one two\n\tthree", 5)
    ['one', 'two', '\\tthr', 'ee']
    """
    lines: list[str] = []
    for line in text.split("\n"):
        letters = "".join(_letter(letter) for letter in line)
        keep: Any = {"replace_whitespace": False, "drop_whitespace": True, "break_on_hyphens": False}
        lines += textwrap.wrap(letters, columns, **keep) or [""]
    return lines


def _letter(letter: str) -> str:
    """A letter as it is, or its code; so are spaces of other kinds, and marks that stand on a letter."""
    odd = letter != " " and unicodedata.category(letter).startswith(("C", "M", "Z"))
    return letter.encode("unicode_escape").decode() if odd else coded(letter, _FONT)


def _cut(lines: list[str], most: int, *, last: bool = False) -> list[str]:
    if len(lines) <= most:
        return lines
    return ["…", *lines[-most + 1 :]] if last else [*lines[: most - 1], "…"]


def _columns(width: float) -> int:
    return int((width - 2 * _PAD) / _LETTER)


def _tall(lines: Sequence[str]) -> float:
    return len(lines) * _LINE + 2 * _PAD


def _box(
    ax: Any, x: float, y: float, width: float, tall: float, passage: Passage, lines: Sequence[str]
) -> None:
    """A heading, below it a box with lines, and whether they are right."""
    from matplotlib.patches import Rectangle

    _say(ax, x + 0.02, y, passage.heading, size=7)
    wrong = passage.right is False
    if passage.right is not None:
        word = "wrong" if wrong else "right"
        colour = "#b3261e" if wrong else "#00684a"
        _say(ax, x + width - 0.02, y, word, size=7, weight="bold", color=colour, ha="right")
    look: Any = {"fc": "0.97", "ec": "0.35", "lw": 0.8, "ls": (0, (4, 2)) if wrong else "-"}
    ax.add_patch(Rectangle((x + 0.01, y - _HEAD + 0.03 - tall), width - 0.02, tall, **look))
    top = y - _HEAD + 0.03 - _PAD
    for at, line in enumerate(lines):
        _say(ax, x + _PAD, top - at * _LINE, line, size=_SIZE, family=_FONT)


def _say(ax: Any, x: float, y: float, text: str, **look: Any) -> None:
    """Text as it is: no letter in it starts a formula."""
    ax.text(x, y, text, va="top", parse_math=False, **look)
