"""Content: what a page shows, as plain values that are valid once made."""

from __future__ import annotations

import re
import struct
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from reprlab.errors import ReprlabError, unknown

VerdictData = Mapping[str, Any]
ANSWERS = {  # of a verdict: its sign, in addition to the word and the colour
    "supported": "✓",
    "in part": "◐",
    "short of the margin": "≲",
    "contradicted": "✕",
    "depends on M": "≷",
    "depends on the benchmark": "⇅",
    "not decidable": "?",
}
_NEEDED = ("number", "question", "paper", "claim", "answer")  # fields that every verdict has
_NAME = re.compile(r"[a-z][a-z0-9_-]*")
_OWN = re.compile(r"main|answers|figures|scores|left-out|run|rules|sheet|models|q\d+|rule-.*|.*-title")
_PNG = b"\x89PNG\r\n\x1a\n"
_DPI = 200  # dots an inch of a PNG whose header has none
_SHOWN = 120  # pixels an inch of the picture, so that 8 point type reads like the page's own


@dataclass(frozen=True)
class Picture:
    """A figure: `caption` says what is drawn, `claim` what the paper says of it, `reading` what is seen here.

    `name` ('fig04') is its address on the page, and `reading` is also its alternative text. `files` are
    files in the page's folder, linked in this order. A `png` that is none, or a name that no address can
    have, is an error.

    >>> Picture("fig 4", "Fig. 4. Skip", "", "", "", b"", ())  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    reprlab.errors.ReprlabError: picture 'fig 4': a name is a-z, 0-9, - and _, ...
    """

    name: str
    title: str
    caption: str
    claim: str
    reading: str
    png: bytes
    files: tuple[str, ...]

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name) or _OWN.fullmatch(self.name):
            raise ReprlabError(
                f"picture '{self.name}': a name is a-z, 0-9, - and _, a letter first, and no place of the "
                "page's own ('main', 'scores', 'q1', ...): name it like 'fig04'"
            )
        if not self.png.startswith(_PNG) or self.png[12:16] != b"IHDR" or len(self.png) < 33:
            raise ReprlabError(f"picture '{self.name}' is no PNG: give the bytes of one")

    @cached_property
    def size(self) -> tuple[int, int]:
        """Width and height on a wide page, in CSS pixels: 120 an inch of the picture."""
        sides: tuple[int, int] = struct.unpack(">II", self.png[16:24])
        scale = _SHOWN / _dots(self.png)
        return max(1, round(sides[0] * scale)), max(1, round(sides[1] * scale))


def _dots(png: bytes) -> float:
    """A PNG's dots an inch, as its header says it."""
    at = png.find(b"pHYs", 33, png.find(b"IDAT"))
    if at < 0:
        return _DPI
    across, _, unit = struct.unpack(">IIB", png[at + 4 : at + 13])
    return across * 0.0254 if unit == 1 and across else _DPI


@dataclass(frozen=True)
class Table:
    """Cells as text, a row's as many as the columns; the first names the row, an empty one is no number."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str

    def __post_init__(self) -> None:
        for at, row in enumerate(self.rows):
            if len(row) != len(self.columns):
                raise ReprlabError(
                    f"row {at} of a table has {len(row)} cells for {len(self.columns)} columns"
                )


@dataclass(frozen=True)
class SheetRow:
    """A line of the sheet; a `verbatim` text is set as code, as it is."""

    label: str
    text: str
    verbatim: bool = False


@dataclass(frozen=True)
class SheetGroup:
    """Lines of the sheet that belong together."""

    title: str
    rows: tuple[SheetRow, ...]


@dataclass(frozen=True)
class EarlierVersion:
    """What an earlier version of the rules answered, its rules, and what changed since (pairs: what, why)."""

    verdicts: tuple[VerdictData, ...]
    rules: Mapping[int, str]
    common: str
    changes: tuple[tuple[str, str], ...]

    def __post_init__(self) -> None:
        check(self.verdicts)

    def on(self, number: int) -> VerdictData | None:
        """Its verdict on a question; None where it has none."""
        return on_question(self.verdicts, number)


def on_question(verdicts: Iterable[VerdictData], number: int) -> VerdictData | None:
    """The verdict on a question; None where there is none."""
    return next((verdict for verdict in verdicts if verdict["number"] == number), None)


@dataclass(frozen=True)
class Page:
    """A report on one model.

    A verdict has `number`, `question`, `paper` (the paper's answer), `claim` (that answer as a sentence
    that can be judged) and `answer` ('supported', 'in part', 'contradicted', 'depends on M', 'not
    decidable'). It may have `why` (shown where there are no findings), `fragile`, `figure` (a picture's
    name), `findings` (each `key` and `claim`, and may have `answer`, `measured`, `why`, `benchmarks`,
    `documents`, `smallest`) and `sensitivity` (pairs: the change, the answer). A number that is None is
    not known. `common` and `rules` (by question) say how they were decided, `left_out` which figures are
    missing and why, `made` who made the page. `scale` explains the scores, `sampled` which rows were taken
    of what, `sheet` how to run it all again, and `earlier` what an earlier version of the rules answered. The
    words of `sampled` and `sheet` are shown as they are. In other texts an empty line parts paragraphs, '- '
    begins an item, and `...` is code.
    """

    model: str
    note: str
    identity: tuple[tuple[str, str], ...]
    verdicts: tuple[VerdictData, ...]
    rules: Mapping[int, str]
    common: str
    scores: Table
    pictures: tuple[Picture, ...]
    left_out: tuple[tuple[str, str], ...]
    made: str
    scale: str = ""
    sampled: tuple[str, ...] = ()
    sheet: tuple[SheetGroup, ...] = ()
    earlier: EarlierVersion | None = None

    def __post_init__(self) -> None:
        check(self.verdicts)
        once("picture", (picture.name for picture in self.pictures))


@dataclass(frozen=True)
class ComparedModel:
    """One model of several: `href` leads from the page that compares to the model's own page."""

    name: str
    href: str
    note: str
    verdicts: tuple[VerdictData, ...]
    identity: tuple[tuple[str, str], ...]
    earlier: tuple[VerdictData, ...] = ()

    def __post_init__(self) -> None:
        check(self.verdicts)
        check(self.earlier)

    def before(self, number: int) -> VerdictData | None:
        """The verdict on a question by an earlier version of the rules; None where it has none."""
        return on_question(self.earlier, number)


def check(verdicts: Iterable[VerdictData]) -> None:
    """Checks that every verdict has the required fields, a known answer and a unique number."""
    verdicts = tuple(verdicts)
    for verdict in verdicts:
        _has("verdict", verdict, _NEEDED)
        findings = verdict.get("findings") or ()
        for finding in findings:
            _has(f"a finding of question {verdict['number']}", finding, ("key", "claim"))
        given = [finding.get("answer") for finding in findings]
        given += [answer for _, answer in verdict.get("sensitivity") or ()]
        for answer in (verdict["answer"], *(answer for answer in given if answer is not None)):
            if answer not in ANSWERS:
                raise unknown(f"answer of question {verdict['number']}", str(answer), ANSWERS)
    once("question", (str(verdict["number"]) for verdict in verdicts))


def _has(kind: str, given: Mapping[str, Any], needed: Iterable[str]) -> None:
    lacking = [name for name in needed if name not in given]
    if lacking:
        raise ReprlabError(f"{kind} {dict(given)} lacks {', '.join(lacking)}")


def once(kind: str, names: Iterable[str]) -> None:
    """Checks that each name is there once."""
    double = [name for name, count in Counter(names).items() if count > 1]
    if double:
        raise ReprlabError(f"{kind} '{double[0]}' is there more than once: an address leads to one place")
