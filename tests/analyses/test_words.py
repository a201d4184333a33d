"""Words of figures: plain sentences without the habits that readers stumble over, in all that users see."""

import ast
import json
import re
from pathlib import Path

import pytest
from matplotlib.text import Text

from reprlab import figures
from reprlab.reports.analyses import Analysis, analysis, everything

ROOT = Path(__file__).parents[2]
COMMITTED = sorted((ROOT / "reports").rglob("*.png"))
SENTENCE = 30  # words at most
HABITS = {  # a habit, and the plain word for it
    r"\bbehind\b": "after",
    r"\bbeside\b": "in addition to, to the right of",
    r"\bless (?!(?:than|and|of|or)\b)\w": "minus, or less than",
    r"\bclear (?:of|above)\b": "surely above",
    r"\bguessing\b": "chance",
    r"\bha(?:s|ve) no say\b": "is excluded",
    r"\binterval and all\b": "surely",
    r"(?:^|[.;:(,] )[Ww]hat\b": "a noun",
    r"\bso many\b": "n",
    r"\b(?:is|are) (?:kept|told|said)\b": "a subject that acts",
    r"\bnot told\b": "cannot be told apart",
    r"\bdearest\b": "costliest",
}


def habits(text: str) -> list[str]:
    flat = " ".join(text.split())
    return [
        f"{match.group()!r}: say {plain}" for h, plain in HABITS.items() for match in re.finditer(h, flat)
    ]


def long(text: str) -> list[str]:
    """The sentences with too many words; numbers and signs are none."""
    sentences = re.split(r"(?<=\.)\s+(?=[A-Z\d\"])", " ".join(text.split()))
    return [s for s in sentences if sum(bool(re.search("[A-Za-z]", word)) for word in s.split()) > SENTENCE]


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("variance behind the middle", 1),
        ("reasoning less semantic", 1),
        ("retains 0.30 less than skip (0.02 less, between 0.08 less and 0.03 more)", 0),
        ("the full model is not clear of guessing", 2),
        ("What it takes to retain 0.9, interval and all", 2),
        ("reverse and skip cannot be told apart", 0),
        ("reverse and skip are not told apart", 1),
    ],
)
def test_habits_are_found(text: str, count: int) -> None:
    assert len(habits(text)) == count


def test_long_sentences_are_found_and_numbers_are_no_words() -> None:
    assert long(f"{'word ' * 30}end.") == [f"{'word ' * 30}end."]
    assert long(f"{'word ' * 20}end. {'Word ' * 20}end.") == []
    assert long(f"{'word [0.10, 0.20] ' * 25}end.") == []


@pytest.mark.parametrize("picture", COMMITTED, ids=lambda p: f"{p.parent.name} {p.stem}")
def test_a_committed_figure_speaks_plainly(picture: Path) -> None:
    module = analysis(picture.stem).module
    numbers = json.loads(picture.with_suffix(".json").read_text())
    reading = module.reading(numbers)
    assert reading.endswith(".")
    assert habits(reading) == []
    assert long(reading) == []
    assert len(re.findall(r"\.(?:\s+(?=[A-Z\d])|$)", reading)) <= 3  # the last is "Paper: ...; here: ..."
    figure = module.draw(numbers)
    shown = [text.get_text() for text in figure.findobj(Text) if text.get_text()]
    figures.close(figure)
    assert [habit for text in shown for habit in habits(text)] == []


@pytest.mark.parametrize("one", everything(), ids=lambda one: one.name)
def test_title_caption_and_claim_are_plain_sentences(one: Analysis) -> None:
    for text in (one.title, one.caption, one.claim):
        assert habits(text) == []
        assert long(text) == []


@pytest.mark.parametrize(
    "path",
    [*(ROOT / "analyses").glob("*.py"), *(ROOT / "reprlab/figures").glob("*.py")],
    ids=lambda path: path.stem,
)
def test_no_string_of_an_analysis_or_of_the_figures_has_a_habit(path: Path) -> None:
    nodes = ast.walk(ast.parse(path.read_text()))
    strings = [node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    known = {"beside"}  # a key of numbers that reports have
    assert [habit for text in strings if text not in known for habit in habits(text)] == []
