"""Figures made from scores: their numbers against independent ones, pictures from numbers alone."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from matplotlib import pyplot as plt

import reprlab as rl
from reprlab import figures, reporting
from reprlab.reporting.numbers import rounded
from reprlab.results import Column, Results

LAYERS = 12
STARTS = range(6)
LOSS = {  # of R for each layer that is changed
    "skip": 0.05,
    "middle_repeat": 0.12,
    "reverse": 0.08,
    "random": 0.06,
    "parallel": 0.04,
    "looped_parallel": 0.03,
    "internal_loop": 0.02,
}
KINDS = {"lambada": "", "hellaswag": "semantic", "arc": "reasoning"}
NAMES = [
    *("fig02", "fig04", "fig05", "fig06", "fig07", "fig08", "fig09", "fig10", "fig11", "fig17"),
    *("frontier", "precision", "semantic_reasoning", "windows"),
]


def planted(entry: rl.Entry, kind: str) -> float:
    """The R that an entry has: reasoning loses twice as much."""
    twice = 2 if kind == "reasoning" else 1
    if entry.variant in {"skip_one", "switch"}:
        return 1 - 0.02 * twice * (entry.layer or 0)
    if entry.window is not None:
        return 1 - 0.05 * (entry.window[1] - entry.window[0])
    if entry.start is None:
        return 1.0
    middle = LAYERS - 2 * entry.start - 1
    if entry.variant == "looped_parallel" and entry.times != 3:
        return 1 - 0.05 * abs((entry.times or 0) - middle)  # the best count is the number of layers
    return 1 - LOSS[entry.variant] * middle * twice


def scores(entries: list[rl.Entry], *names: str, documents: int = 60) -> rl.Scores:
    """Benchmarks whose accuracy and u are as planted, on every document alike but for a common noise."""
    entries = [rl.Entry("full", rl.Schedule.full(LAYERS)), *(e for e in entries if e.variant != "full")]
    found: dict[str, Results] = {}
    for name in names:
        noise = np.random.default_rng(len(name)).normal(0, 0.05, documents)
        noise -= noise.mean()
        r = np.array([planted(entry, KINDS[name]) for entry in entries])
        values = 0.25 + 0.5 * r[:, None] + noise
        ids = tuple(map(str, range(documents)))
        columns = (Column("acc", "mean", 1, True), Column("u", "mean", 1, True))
        found[name] = Results(
            *(name, name, KINDS[name], "multiple_choice", 0, "paper", "d", 0.25, 100, columns, ids, ids),
            np.stack([values, values], axis=-1),
            np.zeros(len(entries), np.int64),
        )
    return rl.Scores("toy-1", "planted", "bfloat16", LAYERS, tuple(entries), found, {})


def grid(figure: str, **options: Any) -> list[rl.Entry]:
    return rl.paper_grid(figure, LAYERS, **options)


@pytest.fixture(scope="module")
def evidence() -> rl.Evidence:
    main = grid("fig11", starts=STARTS, seeds=[0, 1, 2]) + grid("fig02") + grid("fig17", starts=STARTS)
    return rl.Evidence(
        *("toy-1", "planted", LAYERS),
        scores=scores(main, *KINDS),
        loops=scores(grid("fig10", starts=STARTS, loops=range(1, 13)), "lambada"),
        windows=scores(grid("windows"), "lambada"),
        precise=replace(
            scores(grid("fig11", starts=STARTS, seeds=[0]), "arc", documents=30), dtype="float32"
        ),
    )


@pytest.fixture(scope="module")
def all_numbers(evidence: rl.Evidence) -> dict[str, Any]:
    """Every figure's numbers as a file gives them back."""
    found = {name: rounded(reporting.analysis(name).module.numbers(evidence)) for name in NAMES}
    return json.loads(json.dumps(found))


@pytest.mark.parametrize("name", NAMES)
def test_a_picture_comes_from_numbers_alone_fits_the_page_and_is_the_same_bytes(
    name: str, all_numbers: dict[str, Any]
) -> None:
    module, numbers = reporting.analysis(name).module, all_numbers[name]
    said = module.reading(numbers)
    assert said.endswith(".")
    assert "toy-1" in said or name == "precision"
    pictures = [module.draw(numbers) for _ in range(2)]
    for ending in ("png", "pdf"):
        first, second = (figures.image(picture, ending) for picture in pictures)
        assert first == second
    box = pictures[0].get_tightbbox()
    assert box.width <= figures.PAGE + 0.2
    assert box.height <= 9
    for picture in pictures:
        plt.close(picture)


@pytest.mark.parametrize(
    ("name", "variant"),
    [
        *(("fig04", "skip"), ("fig05", "middle_repeat"), ("fig06", "reverse"), ("fig08", "parallel")),
        *(("fig09", "looped_parallel"), ("fig07", "random")),
    ],
)
def test_r_by_start_is_what_was_planted(name: str, variant: str, all_numbers: dict[str, Any]) -> None:
    rows = [row for row in all_numbers[name]["rows"] if row["variant"] == variant and row["metric"] == "u"]
    assert {row["benchmark"] for row in rows} == {*KINDS, "median"}
    for row in rows:
        if row["middle"] > 1:  # with one layer in the middle most variants are the full model
            twice = 2 if row["benchmark"] == "arc" else 1
            assert row["R"] == pytest.approx(1 - LOSS[variant] * row["middle"] * twice, abs=1e-3)
            assert row["low"] <= row["R"] + 1e-6
            assert row["high"] >= row["R"] - 1e-6


def test_the_ranking_of_all_variants_is_the_planted_one(all_numbers: dict[str, Any]) -> None:
    order = [row["variant"] for row in all_numbers["fig11"]["ranking"]]
    assert order == sorted((v for v in LOSS if v != "internal_loop"), key=LOSS.__getitem__)


def test_single_layers_have_their_planted_cost(all_numbers: dict[str, Any]) -> None:
    rows = [
        r for r in all_numbers["fig02"]["rows"] if r["metric"] == "R of u" and r["benchmark"] == "lambada"
    ]
    found = {row["layer"]: row["value"] for row in rows if row["variant"] == "skip_one"}
    assert found == pytest.approx({layer: 1 - 0.02 * layer for layer in range(LAYERS)}, abs=1e-3)


def test_the_best_count_is_boxed_and_in_proportion(all_numbers: dict[str, Any]) -> None:
    numbers = all_numbers["fig10"]
    best = {row["middle"]: row["times"] for row in numbers["best"] if row["metric"] == "u"}
    assert best == {middle: middle if middle != 3 else best[3] for middle in (1, 3, 5, 7, 9, 11)}
    unused = {row["middle"]: row["unused"] for row in numbers["best"] if row["metric"] == "u"}
    assert unused[1] == "M = 1"
    assert unused[9] == "M >= T - 3"
    assert unused[5] == ""
    assert numbers["fits"]["u"]["c"] == pytest.approx(1, abs=0.1)


def test_a_frontier_has_nothing_cheaper_that_is_better(all_numbers: dict[str, Any]) -> None:
    for cost in ("path", "layer_calls"):
        rows = all_numbers["frontier"]["rows"]
        for row in (row for row in rows if row[f"on_{cost}"]):
            assert not [o for o in rows if o[cost] <= row[cost] and o["R"] > row["R"]]
        assert any(row[f"on_{cost}"] for row in rows)


def test_reasoning_loses_what_was_planted_more(all_numbers: dict[str, Any]) -> None:
    rows = {r["variant"]: r for r in all_numbers["semantic_reasoning"]["contrasts"] if r["metric"] == "u"}
    mean = np.mean([3, 5])  # layers, over the starts with 3 <= M <= T / 2
    assert rows["reverse"]["loss"] == pytest.approx(LOSS["reverse"] * mean, abs=2e-3)
    of_three = np.mean([LOSS[v] for v in ("reverse", "random", "parallel")])
    assert rows["mean of three"]["loss"] == pytest.approx(of_three * mean, abs=2e-3)


def test_every_window_is_there_once(all_numbers: dict[str, Any]) -> None:
    rows = all_numbers["windows"]["rows"]
    for variant in ("skip", "middle_repeat", "parallel"):
        some = [row for row in rows if row["variant"] == variant]
        assert len({(row["first"], row["length"]) for row in some}) == len(some)
        assert all(row["R"] == pytest.approx(1 - 0.05 * row["length"], abs=2e-3) for row in some)


def test_precision_compares_the_same_documents(evidence: rl.Evidence, all_numbers: dict[str, Any]) -> None:
    numbers = all_numbers["precision"]
    assert (numbers["documents"], numbers["dtype"], numbers["benchmark"]) == (30, "bfloat16", "arc")
    full = next(row for row in numbers["rows"] if row["variant"] == "full")
    assert evidence.scores is not None
    mean = evidence.scores.results("arc").items("u")[0, :30, 0].mean()
    assert full["other"] == pytest.approx(mean, abs=1e-5)


def test_skip_across_models_goes_by_the_share_of_layers(all_numbers: dict[str, Any]) -> None:
    module = reporting.analysis("fig12").module
    numbers = rounded(module.numbers({"toy-1": all_numbers, "bare": {}}))
    rows = [row for row in numbers["rows"] if row["metric"] == "u"]
    assert {row["model"] for row in rows} == {"toy-1"}
    assert all(row["share"] == pytest.approx(row["middle"] / LAYERS, abs=1e-5) for row in rows)
    assert "toy-1" in module.reading(numbers)
    plt.close(module.draw(numbers))
    with pytest.raises(rl.ReprlabError, match="no model has skip swept"):
        module.numbers({"bare": {}})


@pytest.mark.parametrize("name", [n for n in NAMES if n not in {"precision", "fig10", "windows"}])
def test_a_model_that_only_guesses_is_told_apart(name: str, evidence: rl.Evidence) -> None:
    main = evidence.scores
    assert main is not None
    low = {n: replace(r, values=r.values - 0.5) for n, r in main.benchmarks.items()}
    guessing = replace(evidence, scores=replace(main, benchmarks=low))
    with pytest.raises(rl.ReprlabError, match="nowhere 5 standard errors above guessing"):
        reporting.analysis(name).module.numbers(guessing)
