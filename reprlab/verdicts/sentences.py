"""Sentences: numbers and names in plain words, a sign as `more` or `less`."""

from __future__ import annotations

import math
from collections.abc import Sequence

from reprlab.counts import counted
from reprlab.verdicts.claims import MARGIN, Phrase


def amount(how: Phrase, value: float, low: float = math.nan, high: float = math.nan) -> str:
    """A number and its interval without signs: brackets where all have one sign, else both ends in words.

    >>> amount(Phrase(""), -0.116, -0.176, -0.069), amount(Phrase(""), -0.02, -0.08, 0.03)
    ('0.12 [0.07, 0.18] less', '0.02 less (between 0.08 less and 0.03 more)')
    """
    if math.isnan(low):
        return signed(how, value)
    close = 0 < MARGIN - abs(value) < 0.005  # 0.05 would read as if it reached the margin
    least = 3 if high - low < 0.01 or close else 2
    if min(value, low, high) >= 0 or max(value, low, high) < 0:
        ends = sorted((abs(low), abs(high)))
        shown = f"{number(value, least)} [{number(ends[0], least)}, {number(ends[1], least)}]"
        return (how.more if value >= 0 else how.less).format(shown)
    return f"{signed(how, value)} (between {signed(how, low)} and {signed(how, high)})"


def signed(how: Phrase, value: float) -> str:
    """A number with its sign in words; a share where the phrase has a format of its own.

    >>> signed(Phrase("", "a rise of {}", "a fall of {}"), -0.25)
    'a fall of 0.25'
    """
    words = how.more if value >= 0 else how.less
    return words.format(number(value) if "{}" in words else abs(value))


def number(value: float, least: int = 2) -> str:
    """A number without its sign: two decimals, or `least`; a third where two would read 0.00.

    >>> number(-0.126), number(0.0031), number(0.0494, 3), number(0.0001)
    ('0.13', '0.003', '0.049', '0.00')
    """
    return f"{abs(value):.{3 if 0.0005 <= abs(value) < 0.005 else least}f}"


def count(value: float) -> str:
    """A count of documents, two digits of it.

    >>> count(2938), count(404), count(64)
    ('2,900', '400', '64')
    """
    digits = max(0, math.floor(math.log10(value)) - 1) if value else 0
    return f"{round(value, -digits):,.0f}"


def listed(names: Sequence[str]) -> str:
    """Names as a part of a sentence.

    >>> listed(["skip", "reverse", "random"]), listed(["skip", "reverse"]), listed([])
    ('skip, reverse and random', 'skip and reverse', 'none')
    """
    *first, last = names or ("none",)
    return f"{', '.join(first)} and {last}" if first else last


def over(starts: Sequence[int], benchmarks: Sequence[str], documents: int) -> str:
    """The starts and benchmarks that a number is over, or its documents where it has no benchmark.

    >>> over((7, 8), ("arc", "lambada"), 400), over((), ("arc",), 400), over((), (), 100)
    (' (2 starts, 2 benchmarks)', ' (arc alone)', ' (100 documents)')
    """
    parts = [counted(len(starts), "start")] if starts else []
    if benchmarks:
        parts += [f"{benchmarks[0]} alone" if len(benchmarks) == 1 else counted(len(benchmarks), "benchmark")]
    elif documents:
        parts += [counted(documents, "document")]
    return f" ({', '.join(parts)})" if parts else ""


def sentence(text: str) -> str:
    """A clause as a sentence: a capital first, a full stop last.

    >>> sentence("it falls"), sentence("")
    ('It falls.', '')
    """
    return f"{text[0].upper()}{text[1:].removesuffix('.')}." if text else ""


def clause(text: str) -> str:
    """A sentence, or several, as they go on after a colon.

    >>> clause("It falls. It rises.")
    'it falls. It rises.'
    """
    return text[:1].lower() + text[1:]
