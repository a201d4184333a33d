"""The habits that confused readers stay out of every text that users see.

A line may opt out: `# words: REASON` in Python, `<!-- words: REASON -->` in Markdown and HTML.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from words import HABITS, habits

ROOT = Path(__file__).parents[1]
TABLES = ROOT / "reprlab" / "benchmarks" / "builtin"  # rows of benchmarks: their text is data, not ours
PYTHON = sorted(
    file
    for folder in ("reprlab", "analyses")
    for file in (ROOT / folder).rglob("*.py")
    if file.parent != TABLES or file.name == "__init__.py"
)
DOCUMENTS = sorted(
    [
        *ROOT.glob("*.md"),
        *(file for name in ("docs", "cache", "analyses", "reports") for file in (ROOT / name).rglob("*.md")),
        *(ROOT / "reprlab").rglob("*.md"),
        *(ROOT / "reprlab").rglob("*.html"),
    ]
)
OUT = re.compile(r"(?:#|<!--) words: \w+")


def python_texts(source: str) -> Iterator[tuple[int, str]]:
    """Every string with a space in it, with the number of its first line."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value.strip():
            yield node.lineno, node.value


def paragraphs(source: str) -> Iterator[tuple[int, str]]:
    """The paragraphs of a document outside code blocks, with the number of their first line."""
    source = re.sub(r"```.*?```|~~~.*?~~~", lambda m: "\n" * m.group().count("\n"), source, flags=re.DOTALL)
    number = 1
    for block in re.split(r"(\n[ \t]*\n|\n(?=[-*|#] ))", source):
        if block.strip() and not OUT.search(block):
            yield number, re.sub(r"`[^`]*`", "`x`", " ".join(block.split()))
        number += block.count("\n")


def met(texts: Iterator[tuple[int, str]], lines: list[str]) -> list[str]:
    found: list[str] = []
    for number, text in texts:
        if not OUT.search(lines[number - 1]):
            found += [f"line {number}: {habit}" for habit in habits(text)]
    return found


@pytest.mark.parametrize("file", PYTHON, ids=lambda f: str(f.relative_to(ROOT)))
def test_strings_and_docstrings_have_none_of_the_habits(file: Path) -> None:
    source = file.read_text(encoding="utf-8")
    assert met(python_texts(source), source.splitlines()) == []


PLURALS = "documents|tokens|schedules|models|rows|resamples|bootstraps|samples|shards|units"
COUNTED = re.compile(rf"^ ({PLURALS})\b")
SEVERAL = {  # what is two or more there, a bound, or a part of an identity that stays as it was written
    *("finetuning.py: runs.micro_batch", "finetuning.py: len(rows)", "finetuning.py: micro_batch"),
    *("finetuning.py: limit", "gluing.py: MAX_TOKENS", "values.py: count(self.needed)", "family.py: MODELS"),
    *("aggregations.py: rows.shape[-2]", "aggregations.py: count", "bootstraps.py: size"),
    *("pairs.py: documents[1]", "network.py: lengths[-1]", "captures.py: limit", "schedule.py: len(read)"),
    *("lens.py: self.nonfinite", "fig14.py: count", "foreign.py: array.shape[0]", "terminal.py: speed"),
}


def before_plurals(file: Path) -> list[str]:
    """The numbers that stand before a plural in a file's texts."""
    parts = [
        (node.values, place)
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.JoinedStr)
        for place in range(1, len(node.values))
    ]
    found: list[str] = []
    for values, place in parts:
        number, text = values[place - 1], values[place]
        plural = isinstance(text, ast.Constant) and COUNTED.match(str(text.value))
        if plural and isinstance(number, ast.FormattedValue):
            found.append(f"{file.name}: {ast.unparse(number.value)}")
    return found


def test_what_may_be_one_is_counted_in_words() -> None:
    """No '1 documents': a number before a plural goes through `counted`."""
    assert {one for file in PYTHON for one in before_plurals(file)} == SEVERAL


@pytest.mark.parametrize("file", DOCUMENTS, ids=lambda f: str(f.relative_to(ROOT)))
def test_documents_have_none_of_the_habits(file: Path) -> None:
    source = file.read_text(encoding="utf-8")
    assert met(paragraphs(source), source.splitlines()) == []


@pytest.mark.parametrize(
    "text",
    [
        "the head behind the layers",
        "the numbers beside the picture",
        "no mean is clear of it",
        "those have no say",
        "above 0, interval and all",
        "a model of so many layers",
        "the reason is said",
        "skip less middle repeat",
        "Of the controls' random orders.",
        "A note. What is above the full model, is marked",
    ],
)
def test_each_habit_is_met(text: str) -> None:
    assert len(habits(text)) == 1
    assert len(HABITS) >= 10


def test_a_line_may_opt_out_with_a_reason() -> None:
    source = 'x = "behind the house"  # words: a place, not a time\ny = "behind the layers"\n'
    assert met(python_texts(source), source.splitlines()) == ["line 2: 'behind': " + HABITS[r"\bbehind\b"]]
