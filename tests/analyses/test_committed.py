"""Committed reports: numbers follow from the scores, tables, readings and pages from the numbers."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import reprlab as rl
from reprlab.reports.analyses import analysis, everything
from reprlab.reports.number_files import read, rounded, table
from reprlab.reports.rebuilt import alike, followers, stored_evidence
from reprlab.reports.write import numbers_of, worded

REPORTS = Path(__file__).parents[2] / "reports"
FOLDERS = sorted(path.parent for path in REPORTS.glob("*/run.json"))
STORED = {"smollm2-135m": 14, "minilm-l6": 12}  # figures that follow from .npz, at least


@cache
def evidence(folder: Path) -> rl.Evidence:
    found = stored_evidence(folder)
    assert found is not None
    return found


def following() -> Iterator[Any]:
    for folder in FOLDERS:
        for one in everything():
            if one.needs and not one.family and {*one.needs, *one.uses} <= {*evidence(folder).parts}:
                yield pytest.param(folder, one.name, id=f"{folder.name} {one.name}")


def drawn() -> Iterator[Any]:
    for folder in (*FOLDERS, REPORTS):
        for path in sorted(folder.glob("*.csv")):
            yield pytest.param(folder, path.stem, id=f"{folder.name} {path.stem}")


def numbers_or_reason(numbers: Callable[[], Any]) -> Any:
    """A figure's numbers as JSON has them, or why it has none."""
    try:
        return json.loads(json.dumps(numbers()))
    except rl.ReprlabError as error:
        return str(error)


@cache
def page(folder: Path) -> str:
    """A page's text: without marks, in single spaces."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", (folder / "index.html").read_text())).split())


def flat(text: str) -> str:
    return " ".join(text.replace("`", "").split())


def test_there_are_reports_with_scores_and_many_figures_follow_from_them() -> None:
    assert {folder.name for folder in FOLDERS} >= {*STORED}
    for name, least in STORED.items():
        assert len(list(followers(evidence(REPORTS / name)))) >= least


@pytest.mark.parametrize(("folder", "name"), following())
def test_numbers_follow_from_the_committed_scores(folder: Path, name: str) -> None:
    run = read(folder / "run.json")
    numbers = numbers_or_reason(lambda: numbers_of(analysis(name), evidence(folder)))
    assert (name in run["figures"]) == isinstance(numbers, dict)
    path = folder / f"{name}.json"
    there = read(path) if path.exists() else run["left_out"][name]
    assert alike(numbers, there), "reprlab report --from-numbers makes it again"


@pytest.mark.parametrize(("folder", "name"), drawn())
def test_a_table_a_caption_and_a_reading_are_those_of_the_numbers(folder: Path, name: str) -> None:
    numbers, one = read(folder / f"{name}.json"), analysis(name)
    assert (folder / f"{name}.csv").read_text() == table(numbers)
    shown = page(folder)
    for words in (one.module.reading(numbers), one.caption, one.claim):
        assert flat(words) in shown


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_every_figure_of_a_report_is_there_and_no_other(folder: Path) -> None:
    names = read(folder / "run.json")["figures"]
    for ending in ("json", "csv", "png", "pdf"):
        others = {"run", "verdicts"} if ending == "json" else set()
        assert {path.stem for path in folder.glob(f"*.{ending}")} - others == {*names}


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_verdicts_have_the_words_of_their_numbers_and_stand_on_the_page(folder: Path) -> None:
    stored = read(folder / "verdicts.json")
    assert rounded(worded(stored)) == stored
    shown = page(folder)
    said = [verdict["claim"] for verdict in stored]
    said += [one[key] for verdict in stored for one in verdict["findings"] for key in ("claim", "measured")]
    assert [words for words in said if flat(words) not in shown] == []


def test_the_slope_of_the_best_count_is_one_number_with_one_interval() -> None:
    folder = REPORTS / "smollm2-135m"
    fit = read(folder / "fig10.json")["fits"]["u"]
    part = next(one for one in read(folder / "verdicts.json")[6]["findings"] if one["key"] == "b")
    if part["value"] is None:  # the verdict takes five sizes of the middle at least
        assert part["reason"] == "too few counts"
        assert len({row["middle"] for row in read(folder / "fig10.json")["rows"]}) < 5
    else:
        assert (fit["slope"], fit["low"], fit["high"]) == (part["value"], part["low"], part["high"])


@pytest.mark.parametrize("one", [one for one in everything() if one.family], ids=lambda one: one.name)
def test_a_comparison_of_models_follows_from_their_numbers(one: Any) -> None:
    runs = [read(folder / "run.json") for folder in FOLDERS]
    models = {
        run["model"]: {name: read(folder / f"{name}.json") for name in run["figures"]}
        for folder, run in zip(FOLDERS, runs, strict=True)
    }
    path = REPORTS / f"{one.name}.json"
    numbers = numbers_or_reason(lambda: rounded(one.module.numbers(models)))
    if path.exists():
        assert alike(numbers, read(path))
    else:
        assert flat(str(numbers)) in page(REPORTS)
