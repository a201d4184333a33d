"""Formatting: numbers, texts and addresses as a page shows them."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Any
from urllib.parse import quote

from markupsafe import Markup, escape

from reprlab.errors import ReprlabError

MINUS, DASH = "\N{MINUS SIGN}", "\N{EN DASH}"
NONE = Markup(f'<abbr class="none" title="no number">{DASH}</abbr>')
_FIGURE = re.compile(r"fig0*(\d+)")
_MISSING = {"", "nan"}
_NUMERIC = re.compile(rf"[-{MINUS}+<>≤≥]?\s*(\d[\d,]*\.?\d*|\.\d+|inf)(e[-+]?\d+)?\s*([±%x[].*)?")


def number(value: float | None, least: int = 2) -> Markup:
    """Two decimals (`least`), a third where two would read 0.00; an en dash where there is none.

    >>> number(0.126), number(0.0031), number(12345.6), number(-0.0001)
    (Markup('0.13'), Markup('0.003'), Markup('12,345.60'), Markup('0.00'))
    >>> number(float("nan")) == NONE
    True
    """
    if value is None or not math.isfinite(value):
        return NONE
    decimals = 3 if 0.0005 <= abs(value) < 0.005 else least
    text = f"{value:,.{decimals}f}"
    return Markup((text if text.strip("-0.,") else text.lstrip("-")).replace("-", MINUS))


def estimate(value: float | None, low: float | None, high: float | None) -> Markup:
    """A number and its interval, all with three decimals where two would make it a point.

    >>> estimate(0.2, 0.114, 0.3), estimate(0.0503, 0.0494, 0.0513)
    (Markup('0.20 [0.11, 0.30]'), Markup('0.050 [0.049, 0.051]'))
    """
    ends = [end for end in (low, high) if end is not None and math.isfinite(end)]
    if not ends:
        return number(value)
    least = 3 if len(ends) == 2 and ends[1] - ends[0] < 0.01 else 2
    return Markup("{} [{}, {}]").format(*(number(one, least) for one in (value, low, high)))


def whole(count: float | None) -> Markup:
    """A count, thousands apart.

    >>> whole(2480.0)
    Markup('2,480')
    """
    return NONE if count is None or not math.isfinite(count) else Markup(f"{count:,.0f}")


def details(finding: Mapping[str, Any]) -> list[str]:
    """What a finding is over, and why it is not supported, each a phrase.

    >>> details({"reason": "interval too wide", "documents": 64, "starts": [7, 8], "needed": 2480})
    ['interval too wide', '2 starts', '64 documents', 'documents it would take: 2,480']
    """
    reason = finding.get("reason") if finding.get("answer") != "supported" else ""
    starts, documents = len(finding.get("starts") or ()), finding.get("documents")
    smallest, needed = finding.get("smallest"), finding.get("needed")
    found = (
        reason,
        finding.get("detail"),
        starts and f"{starts} start{'s' * (starts > 1)}",
        ", ".join(finding.get("benchmarks") or ()),
        documents and f"{documents:,} documents",
        number(smallest) != NONE and f"smallest difference that would be seen: {number(smallest)}",
        whole(needed) != NONE and f"documents it would take: {whole(needed)}",
    )
    return [str(phrase) for phrase in found if phrase]


def label(name: str) -> str:
    """What a figure is called in a text.

    >>> label("fig04"), label("block_influence")
    ('Fig. 4', 'block influence')
    """
    found = _FIGURE.fullmatch(name)
    return f"Fig. {found[1]}" if found else name.replace("_", " ")


def part(key: str) -> str:
    """What a part of a compound answer is called.

    >>> part("h"), part("b")
    ('Headline', 'Part b')
    """
    return "Headline" if key == "h" else f"Part {key}"


def href(path: str) -> str:
    """The address of a file beside the page or below it.

    >>> href('a "b"/c#1.png')
    'a%20%22b%22/c%231.png'
    """
    if path.startswith(("/", "\\")) or not path:
        raise ReprlabError(f"'{path}' is no file beside the page: give its name, or folder/name")
    return quote(path, safe="/")


def code(text: str) -> Markup:
    """One line of text, in which `...` is code."""
    pieces = re.split(r"`([^`]+)`", text)
    kinds = (Markup("<code>{}</code>") if at % 2 else Markup("{}") for at in range(len(pieces)))
    return Markup("").join(kind.format(piece) for kind, piece in zip(kinds, pieces, strict=True))


def prose(text: str) -> Markup:
    """Paragraphs and lists.

    >>> prose("One & two,\\nstill one.\\n\\n- `a`\\n- b")
    Markup('<p>One &amp; two, still one.</p><ul><li><code>a</code></li><li>b</li></ul>')
    """
    return Markup("").join(_block(block) for block in re.split(r"\n\s*\n", text.strip()) if block)


def _block(block: str) -> Markup:
    """A block's lines: items that follow each other are one list, other lines one paragraph."""
    made = Markup("")
    for item, lines in groupby(_joined(block), key=lambda line: line.startswith("- ")):
        if item:
            made += Markup("<ul>{}</ul>").format(
                Markup("").join(Markup("<li>{}</li>").format(code(line[2:])) for line in lines)
            )
        else:
            made += Markup("<p>{}</p>").format(code(" ".join(lines)))
    return made


def _joined(block: str) -> Iterator[str]:
    """Lines, what goes on joined to what it goes on from."""
    held: list[str] = []
    for line in map(str.strip, block.splitlines()):
        if held and line.startswith("- "):
            yield " ".join(held)
            held = []
        held.append(line)
    yield " ".join(held)


def cell(text: str) -> Markup:
    """A table's cell; an empty one, and one that says nan, is no number."""
    return NONE if text.strip().lower() in _MISSING else code(text)


def numeric(cells: list[str]) -> bool:
    """Whether a column is one of numbers, which stand under each other.

    >>> numeric(["0.51 ± 0.02", "", "-1.00 [-1.20, 0.10]"]), numeric(["0:30"]), numeric([""])
    (True, False, False)
    """
    known = [text for text in map(str.strip, cells) if text.lower() not in _MISSING]
    return bool(known) and all(_NUMERIC.fullmatch(text) for text in known)


def breaking(text: str) -> Markup:
    """A name that may break after a dash, a slash or an underscore, so that it fits a narrow page."""
    return Markup(re.sub(r"([-/_])(?=\w)", r"\1<wbr>", str(escape(text))))
