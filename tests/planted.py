"""Scores with a planted R, a model's figures from them, and what is written on a figure, that tests share."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

import reprlab as rl
from reprlab.reports.number_files import rounded
from reprlab.scores.results import Column, Results
from reprlab.scores.scores import Scores

FOLDER = Path(__file__).parents[1] / "analyses"
LAYERS = 12
BY_START = {
    "fig04": "skip",
    "fig05": "middle_repeat",
    "fig06": "reverse",
    "fig07": "random",
    "fig08": "parallel",
    "fig09": "looped_parallel",
}
SCORED = [*BY_START, "fig02", "fig11", "fig17", "frontier", "semantic_reasoning"]
NAMES = [*SCORED, "fig10", "windows"]
KINDS = {"lambada": "", "arc": "reasoning", "hellaswag": "semantic"}
FULL = rl.Entry("full", rl.Schedule.full(LAYERS))


@cache
def analysis(name: str) -> ModuleType:
    spec = spec_from_file_location(f"analysis_{name}", FOLDER / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def level(entry: rl.Entry, name: str) -> float:
    """R that falls with what a schedule changes, on arc the fastest."""
    if entry.variant == "full":
        return 1.0
    if entry.layer is not None:
        return 0.95 - 0.8 * (entry.layer == 0)
    changed = LAYERS - 2 * entry.start - 1 if entry.start is not None else int(np.ptp(entry.window or (0, 0)))
    steep = {"skip": 0.08, "middle_repeat": 0.2, "parallel": 0.05, "looped_parallel": 0.04}.get(
        entry.variant, 0.06
    )
    times = 0.02 * abs((entry.times or 1) - max(changed // 2, 1))
    return 1 - steep * (1.5 if name == "arc" else 1) * (changed - 1) - times - 0.005 * (entry.seed or 0)


def made(
    entries: list[rl.Entry], names: tuple[str, ...], *, guessing: str = "", model: str = "mine"
) -> Scores:
    """Scores with planted R; a benchmark named in `guessing` is there by accuracy."""
    first = {e.schedule: at for at, e in reversed(list(enumerate(entries)))}
    same = [first[e.schedule] for e in entries]
    results: dict[str, Results] = {}
    for name in names:
        rng = np.random.default_rng(len(name))
        u = (
            0.2
            + 0.6 * np.array([level(e, name) for e in entries])[:, None]
            + rng.normal(0, 0.03, (len(entries), 50))
        )
        u += rng.normal(0, 0.1, 50)
        right = rng.uniform(size=u.shape) < 0.2 if name in guessing else u > 0.45
        columns = [Column("acc", "mean", 1, True), Column("u", "mean", 1, True)]
        numbers = [right.astype(float), u]
        if name == "lambada":
            columns.insert(0, Column("perplexity", "perplexity", 1, False))
            numbers.insert(0, -8 * (1 - u))
        ids = tuple(map(str, range(50)))
        results[name] = Results(
            *(name, name, KINDS[name], "multiple_choice", 0, "paper", "d", 0.2, 100),
            *(tuple(columns), ids, ids, np.stack(numbers, -1)[same], np.zeros(len(entries), np.int64)),
        )
    return Scores(model, "", "float32", LAYERS, tuple(entries), results, {})


@cache
def evidence(guessing: str = "", names: tuple[str, ...] = tuple(KINDS)) -> rl.Evidence:
    grid = rl.paper_grid("fig11", LAYERS, seeds=range(4))
    main = list(dict.fromkeys([*grid, *rl.paper_grid("fig02", LAYERS), *rl.paper_grid("fig17", LAYERS)]))
    scores = made(main, names, guessing=guessing)
    loops = made([FULL, *rl.paper_grid("fig10", LAYERS, loops=range(1, 9))], names[:1])
    windows = made([FULL, *rl.paper_grid("windows", LAYERS)], names[:2])
    return rl.Evidence("mine", "", LAYERS, scores, loops, windows)


@cache
def numbers(name: str, guessing: str = "", names: tuple[str, ...] = tuple(KINDS)) -> dict[str, Any]:
    """As a report writes and reads them."""
    return json.loads(json.dumps(rounded(analysis(name).numbers(evidence(guessing, names)))))


@cache
def family() -> dict[str, Any]:
    small = evidence().scores
    assert small is not None
    other = replace(numbers_of(small, "other"), model="other")
    models = {
        model.model: {"fig04": rounded(analysis("fig04").numbers(model))} for model in (evidence(), other)
    }
    return json.loads(json.dumps(rounded(analysis("fig12").numbers(models))))


def numbers_of(scores: Scores, model: str) -> rl.Evidence:
    return rl.Evidence(model, "", LAYERS, scores)


def found(name: str, **kept: Any) -> dict[str, Any]:
    """Numbers of a figure, or of the family."""
    return family() if name == "fig12" else numbers(name, **kept)


def lines(ax: Any) -> dict[str, Any]:
    """The lines of a panel that a legend names."""
    return dict(zip(*reversed(ax.get_legend_handles_labels()), strict=True))


def words(figure: Any) -> str:
    """Everything that is written on a figure."""
    from matplotlib.text import Text

    return "\n".join(text.get_text() for text in figure.findobj(Text))


def legend(figure: Any) -> list[str]:
    found = [*figure.legends, *(ax.get_legend() for ax in figure.axes if ax.get_legend())]
    return [text.get_text() for text in found[0].get_texts()]
