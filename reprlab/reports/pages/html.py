"""Rendering: content goes through the templates of this folder; the same content gives the same bytes."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from reprlab.errors import ReprlabError
from reprlab.reports.pages import formats
from reprlab.reports.pages.content import ANSWERS, ComparedModel, Page, Picture, Table, VerdictData, once

_HERE = Path(__file__).parent
_FILTERS = ("breaking", "cell", "code", "details", "href", "label", "part", "prose")


def report_page(page: Page) -> str:
    """One model's report as one file that holds style and pictures; it has no script and fetches nothing.

    Its policy forbids everything else; the style is allowed by its digest. Questions are at `#q1` ...,
    figures at their names.

    >>> page = Page("tiny", "", (), (), {}, "", Table((), (), ""), (), (), "")
    >>> report_page(page).splitlines()[0]
    '<!doctype html>'
    """
    return _environment().get_template("report.html").render(page=page, tally=tally(page.verdicts))


def comparison_page(
    models: Sequence[ComparedModel],
    *,
    pictures: Iterable[Picture] = (),
    left_out: Iterable[tuple[str, str]] = (),
    made: str = "",
) -> str:
    """Several models' verdicts side by side, each leading to its place in the model's own report.

    >>> comparison_page([])
    Traceback (most recent call last):
    reprlab.errors.ReprlabError: no models to compare: make a report on one first
    """
    if not models:
        raise ReprlabError("no models to compare: make a report on one first")
    pictures = tuple(pictures)
    once("picture", (picture.name for picture in pictures))
    once("model", (model.href for model in models))
    content: dict[str, Any] = {
        "models": models,
        "claims": claims(models),
        "identity": identities(models),
        "pictures": pictures,
        "left_out": tuple(left_out),
        "made": made,
    }
    return _environment().get_template("comparison.html").render(**content)


def tally(verdicts: Iterable[VerdictData]) -> list[tuple[str, int]]:
    """How often each answer is given, without those that are not.

    >>> tally([{"answer": "in part"}, {"answer": "supported"}, {"answer": "in part"}])
    [('supported', 1), ('in part', 2)]
    """
    counts = Counter(verdict["answer"] for verdict in verdicts)
    return [(answer, counts[answer]) for answer in ANSWERS if counts[answer]]


def claims(models: Iterable[ComparedModel]) -> list[tuple[VerdictData, list[VerdictData | None]]]:
    """Every claim that is judged for a model, and each model's verdict on it; None where it has none."""
    by_model = [{verdict["number"]: verdict for verdict in model.verdicts} for model in models]
    first = {number: verdict for found in reversed(by_model) for number, verdict in found.items()}
    return [(first[number], [found.get(number) for found in by_model]) for number in sorted(first)]


def identities(models: Iterable[ComparedModel]) -> list[tuple[str, list[str]]]:
    """Every line that a model's identity has, and each model's; empty where it has none."""
    by_model = [dict(model.identity) for model in models]
    keys = dict.fromkeys(key for found in by_model for key in found)
    return [(key, [found.get(key, "") for found in by_model]) for key in keys]


def blocks(table: Table) -> list[list[tuple[str, ...]]]:
    """A table's rows, those of one variant (its name without what it takes) together."""
    return [list(rows) for _, rows in groupby(table.rows, key=lambda row: _family(row[0]) if row else "")]


def _family(name: str) -> str:
    return " ".join(word for word in name.split() if "=" not in word)


def numeric(table: Table) -> list[bool]:
    """Which of a table's columns are numbers."""
    return [formats.numeric([row[at] for row in table.rows]) for at in range(len(table.columns))]


def source(picture: Picture) -> str:
    """A picture's bytes as an address."""
    return f"data:image/png;base64,{b64encode(picture.png).decode()}"


@cache
def _environment() -> Environment:
    """The templates; values are text to them, unless a filter here has made HTML of them."""
    environment: Any = Environment(
        loader=FileSystemLoader(_HERE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        auto_reload=False,
    )
    style = (_HERE / "style.css").read_text(encoding="utf-8")
    digest = b64encode(hashlib.sha256(style.encode()).digest()).decode()
    environment.filters.update({name: getattr(formats, name) for name in _FILTERS})
    environment.filters.update({"blocks": blocks, "numeric": numeric, "source": source, "tally": tally})
    environment.globals.update(
        {"ANSWERS": ANSWERS, "NONE": formats.NONE, "style": Markup(style), "digest": digest}
    )
    return environment
