"""GSM8K's reference solutions by class of token: results to be computed, and words that set them up."""

from __future__ import annotations

import re
from collections.abc import Sequence

CLASSES = ("result", "setup")
_ANNOTATION = re.compile(r"<<.*?>>", re.DOTALL)
_NUMBER = r"\s*(?:-?[$€£]\s*)?(-?(?:\d+(?:,\d{3})*(?:\.\d+)?|\.\d+)(?:/\d+)?)"
_RESULT = re.compile("=" + _NUMBER)
_FINAL = re.compile("####" + _NUMBER)
_WORD = re.compile(r"[^\W\d_]+")

Span = tuple[int, int]


def spans(text: str) -> dict[str, list[Span]]:
    """Where a solution's results and its words stand, as half-open ranges of characters.

    A result is the number after an `=`, where it appears first: inside the calculator annotation
    `<<16-3-4=9>>`, whose copy after it is not counted; a solution without one has its final answer after
    `####`. Set-up words are the letters outside annotations. Operators, operands and copies are neither.

    >>> found = spans("She has 4 + 2 = <<4+2=6>>6 eggs.\\n#### 6")
    >>> found["result"], len(found["setup"])
    ([(22, 23)], 3)
    """
    inside = [match.span() for match in _ANNOTATION.finditer(text)]
    results = [match.span(1) for match in _RESULT.finditer(text)]
    final = [match.span(1) for match in _FINAL.finditer(text)]
    words = [match.span() for match in _WORD.finditer(text)]
    setup = [word for word in words if not any(a <= word[0] < b for a, b in inside)]
    return {"result": results or final, "setup": setup}


def within(token: Span, found: Sequence[Span]) -> bool:
    """Whether a token's characters touch one of the ranges."""
    return any(token[0] < stop and start < token[1] for start, stop in found)
