"""Formatting: numbers, texts and addresses as a page shows them."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Any
from urllib.parse import quote

from markupsafe import Markup, escape

from reprlab.counts import counted
from reprlab.errors import ReprlabError

MINUS, DASH = "\N{MINUS SIGN}", "\N{EN DASH}"
NONE = Markup(f'<abbr class="none" title="no number">{DASH}</abbr>')
_FIGURE = re.compile(r"fig0*(\d+)")
_MISSING = {"", "nan"}
_NUMERIC = re.compile(rf"[-{MINUS}+<>≤≥]?\s*(\d[\d,]*\.?\d*|\.\d+|inf)(e[-+]?\d+)?\s*([±%x[].*)?")


def number(value: float | None) -> Markup:
    """Two decimals, a third where two would read 0.00; an en dash where there is none.

    >>> number(0.126), number(0.0031), number(12345.6), number(-0.0001)
    (Markup('0.13'), Markup('0.003'), Markup('12,345.60'), Markup('0.00'))
    >>> number(float("nan")) == NONE
    True
    """
    if value is None or not math.isfinite(value):
        return NONE
    decimals = 3 if 0.0005 <= abs(value) < 0.005 else 2
    text = f"{value:,.{decimals}f}"
    return Markup((text if text.strip("-0.,") else text.lstrip("-")).replace("-", MINUS))


def details(finding: Mapping[str, Any]) -> list[str]:
    """Which benchmarks and documents a finding is over, and what it could have seen, each a phrase.

    >>> details({"benchmarks": ["arc", "lambada"], "documents": 2480, "smallest": 0.084})
    ['arc, lambada', '2,480 documents each', 'a difference of 0.08 would have been seen']
    """
    benchmarks, documents = finding.get("benchmarks") or (), finding.get("documents")
    smallest = number(finding.get("smallest"))
    phrases = (
        ", ".join(benchmarks),
        benchmarks and documents and f"{counted(documents, 'document')}{' each' * (len(benchmarks) > 1)}",
        smallest != NONE and f"a difference of {smallest} would have been seen",
    )
    return [str(phrase) for phrase in phrases if phrase]


def label(name: str) -> str:
    """A figure's name in a text.

    >>> label("fig04"), label("block_influence")
    ('Fig. 4', 'Block influence')
    """
    match = _FIGURE.fullmatch(name)
    return f"Fig. {match[1]}" if match else name.replace("_", " ").capitalize()


def part(key: str) -> str:
    """The name of a headline or part on the page.

    >>> part("h"), part("b")
    ('Headline', 'Part b')
    """
    return "Headline" if key == "h" else f"Part {key}"


def href(path: str) -> str:
    """The address of a file in the page's folder or below it.

    >>> href('a "b"/c#1.png')
    'a%20%22b%22/c%231.png'
    """
    if path.startswith(("/", "\\")) or not path:
        raise ReprlabError(f"'{path}' is no file in the page's folder: give its name, or folder/name")
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
    markup = Markup("")
    for item, lines in groupby(_joined(block), key=lambda line: line.startswith("- ")):
        if item:
            markup += Markup("<ul>{}</ul>").format(
                Markup("").join(Markup("<li>{}</li>").format(code(line[2:])) for line in lines)
            )
        else:
            markup += Markup("<p>{}</p>").format(code(" ".join(lines)))
    return markup


def _joined(block: str) -> Iterator[str]:
    """Lines, each joined with those that continue it."""
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
