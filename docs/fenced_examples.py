"""A griffe extension: examples in docstrings become code blocks, and formulas keep their signs."""

from __future__ import annotations

import re
from typing import Any

import griffe

EXAMPLE = re.compile(r"^>>> .*?(?=\n\n|\Z)", re.DOTALL | re.MULTILINE)
SIGNS = re.compile(r"([*_|<\[\]])")


def as_markdown(text: str) -> str:
    """A docstring whose examples stand in fences, and whose prose has no accidental markup."""
    parts: list[str] = []
    at = 0
    for example in EXAMPLE.finditer(text):
        parts += [prose(text[at : example.start()]), f"```pycon\n{example[0].rstrip()}\n```"]
        at = example.end()
    return "\n".join([*parts, prose(text[at:])])


def prose(text: str) -> str:
    """Text outside of code, its signs escaped; indented blocks stay."""
    return "\n".join(line if line.startswith("    ") else escaped(line) for line in text.split("\n"))


def escaped(line: str) -> str:
    """A line whose signs mean themselves, but for what stands between backquotes."""
    pieces = re.split(r"(`[^`]*`)", line)
    return "".join(piece if piece.startswith("`") else SIGNS.sub(r"\\\1", piece) for piece in pieces)


class FencedExamples(griffe.Extension):
    """Changes every docstring that is collected."""

    def on_instance(self, *, obj: griffe.Object, **_: Any) -> None:
        """Called for each module, class, function and attribute."""
        if obj.docstring is not None:
            obj.docstring.value = as_markdown(obj.docstring.value)
