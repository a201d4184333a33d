"""Figures of trained models, from planted numbers: GLUE under every variant, fine-tuning after surgery."""

import json
from functools import cache
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import reprlab as rl
from reprlab import figures
from reprlab.reports.number_files import rounded
from reprlab.scores.results import Column, Results
from reprlab.training.fine_tuned import FineTuned

FOLDER = Path(__file__).parents[2] / "analyses"
LAYERS = 12


def analysis(name: str) -> ModuleType:
    spec = spec_from_file_location(f"analysis_{name}", FOLDER / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def scores(entries: list[rl.Entry], level: dict[str, float], tasks: tuple[str, ...], mode: str) -> rl.Scores:
    """Accuracies that a variant's name decides, of classifiers or of ARC."""
    found: dict[str, Results] = {}
    for name in tasks:
        count = 200
        right = np.zeros((len(entries), count))
        for row, entry in enumerate(entries):
            share = level.get(f"{entry.variant} {entry.start}", level[entry.variant])
            right[row, : round(share * count)] = 1
        ids = tuple(map(str, range(count)))
        kind = "multiple_choice" if name == "arc" else "classification"
        columns = (Column("acc", "mean", 1, True), Column("u", "mean", 1, True))
        values = np.stack([right, 0.2 + 0.6 * right], -1)
        about = (name, name, "", kind, 0, mode, "d", 0.5, 2)
        found[name] = Results(*about, columns, ids, ids, values, np.zeros(len(entries), np.int64))
    made = {"mode": mode, "recipe": "3 epochs, batch 32, rate 2e-05, seed 42"}
    return rl.Scores("tiny-bert", "", "float32", LAYERS, tuple(entries), found, made)


LEVELS = {
    "full": 0.8,
    "skip": 0.7,
    "middle_repeat": 0.55,
    "reverse": 0.65,
    "random": 0.66,
    "parallel": 0.75,
    "looped_parallel": 0.78,
    "looped_parallel 4": 0.95,
}


def glue(tasks: tuple[str, ...] = ("rte", "sst2"), *, trained: bool = True) -> dict[str, Any]:
    entries = rl.paper_grid("fig11", LAYERS, starts=[2, 3, 4], seeds=range(2))
    some = rl.paper_grid("fig11", LAYERS, starts=[3], seeds=range(1))
    evidence = rl.Evidence(
        "tiny-bert",
        "",
        LAYERS,
        scores=scores(entries, LEVELS, tasks, "frozen"),
        unfrozen=scores(some, {k: v + 0.04 for k, v in LEVELS.items()}, tasks, "unfrozen")
        if trained
        else None,
    )
    assert evidence.classifies
    return json.loads(json.dumps(rounded(analysis("glue").numbers(evidence))))


@cache
def tuned(turns: bool = True) -> dict[str, Any]:
    """Tuning adds .2 at first and takes .1 at the end; frozen scores fall with the share left out."""
    entries = rl.paper_grid("fig04", LAYERS, starts=[4, 3, 2])
    entries = [rl.Entry("full", rl.Schedule.full(LAYERS)), *entries]
    levels = {"full": 0.7, "skip": 0.5, "skip 4": 0.65, "skip 3": 0.6, "skip 2": 0.5}
    after = {"full": 0.9, "skip": 0.4, "skip 4": 0.8, "skip 3": 0.65, "skip 2": 0.4 if turns else 0.6}
    pair = [scores(entries, one, ("arc",), "x") for one in (levels, after)]
    evidence = rl.Evidence("tiny-llama", "", LAYERS, fine_tuned=FineTuned(pair[0], pair[1], ()))
    return json.loads(json.dumps(rounded(analysis("fig13").numbers(evidence))))


def words(figure: Any) -> str:
    from matplotlib.text import Text

    return "\n".join(text.get_text() for text in figure.findobj(Text))


@pytest.mark.parametrize(
    "found", [("glue", glue), ("glue", lambda: glue(("rte",), trained=False)), ("fig13", tuned)]
)
def test_they_are_drawn_from_numbers_to_the_same_bytes(found: Any, tmp_path: Path) -> None:
    name, numbers = found[0], found[1]()
    kept = json.dumps(numbers)
    for file in ("one.png", "two.png", "one.pdf"):
        figures.save(analysis(name).draw(numbers), tmp_path / file)
    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "two.png").read_bytes()
    assert json.dumps(numbers) == kept
    assert analysis(name).reading(numbers).endswith(".")


def test_glue_has_a_panel_a_variant_and_one_a_mode() -> None:
    axes = analysis("glue").draw(glue()).axes
    titles = [ax.get_title() for ax in axes if ax.get_title()]
    assert titles[:6] == ["skip", "middle repeat", "reverse", "random", "parallel", "looped parallel"]
    assert titles[6:] == ["all variants, frozen", "all variants, trained"]


def test_glue_rows_are_the_means_that_were_planted() -> None:
    rows = {(r["mode"], r["variant"], r["start"], r["benchmark"]): r for r in glue()["rows"]}
    assert rows["frozen", "skip", 3, "mean"]["score"] == pytest.approx(0.7)
    assert rows["trained", "parallel", 3, "rte"]["score"] == pytest.approx(0.79)
    assert rows["frozen", "skip", 3, "mean"]["gain"] == pytest.approx(-0.1)
    assert rows["frozen", "looped_parallel", 4, "mean"]["gain_low"] > 0
    assert glue()["full"]["frozen"]["mean"][0] == pytest.approx(0.8)


def test_what_is_above_the_full_model_has_a_ring_and_a_word() -> None:
    numbers = glue()
    assert "above full model" in words(analysis("glue").draw(numbers))
    assert "1 of 18 changed models are surely above the full one" in analysis("glue").reading(numbers)
    low = {**numbers, "rows": [r for r in numbers["rows"] if (r["gain_low"] or 0) <= 0]}
    assert "above full model" not in words(analysis("glue").draw(low))
    assert "0 of 17 changed models are surely above" in analysis("glue").reading(low)


def test_glue_of_one_task_stands_for_itself_and_a_sweep_is_refused() -> None:
    alone = glue(("rte",), trained=False)
    assert {row["benchmark"] for row in alone["rows"]} == {"rte"}
    assert "mean" not in [t.get_text() for t in analysis("glue").draw(alone).legends[0].get_texts()]
    entries = rl.paper_grid("fig11", LAYERS, starts=[3])
    swept = rl.Evidence("m", "", LAYERS, scores=scores(entries, LEVELS, ("arc",), "paper"))
    with pytest.raises(rl.ReprlabError, match="GLUE is for encoders"):
        analysis("glue").numbers(swept)


def test_fig13_has_both_curves_by_share_and_the_turn_between_them() -> None:
    numbers = tuned()
    rows = {(r["part"], r["metric"], r["left_out"]): r for r in numbers["rows"]}
    assert rows["frozen", "acc", 3]["score"] == pytest.approx(0.65)
    assert rows["fine-tuned", "acc", 7]["score"] == pytest.approx(0.4)
    assert rows["frozen", "u", 5]["share"] == pytest.approx(5 / 12, rel=1e-4)
    turn = numbers["turns"]["acc"]
    gains = [row["value"] for row in turn["differences"]]
    assert gains == pytest.approx([0.2, 0.15, 0.05, -0.1])
    assert turn["value"] == pytest.approx(5 / 12 + (2 / 12) * 0.05 / 0.15, rel=1e-3)
    assert turn["low"] <= turn["value"] <= turn["high"]
    said = analysis("fig13").reading(numbers)
    assert "The gain in u turns negative at 47 % [" in said
    assert "Paper: fine-tuning helps below 30 % left out, and hurts above; here: 0.105" in said
    assert {row["part"] for row in numbers["rows"]} == {"frozen", "fine-tuned", "gain"}
    assert "gain turns negative" in words(analysis("fig13").draw(numbers))


def test_fig13_without_a_turn_says_so_and_draws_none() -> None:
    numbers = tuned(turns=False)
    assert numbers["turns"]["u"]["value"] is None
    assert "no turn: the difference of u is positive" in analysis("fig13").reading(numbers)
    assert "gain turns negative" not in words(analysis("fig13").draw(numbers))


def test_fig13_says_that_it_is_not_informative_where_the_full_model_is_at_the_baseline() -> None:
    numbers = tuned()
    assert "Not informative" not in analysis("fig13").reading(numbers)
    low = {**numbers, "floor": 0.99}
    assert analysis("fig13").reading(low).startswith("Not informative (frozen full model: 0.620 [")
    assert "Not informative" in words(analysis("fig13").draw(low)).replace("\n", " ")


def test_fig13_tests_the_contrast_of_gains_on_either_side_of_the_papers_share() -> None:
    contrast = tuned()["contrast"]["acc"]  # shares 0 and .25 up to 30 %, .42 and .58 above
    assert contrast["below"][0] == pytest.approx((0.2 + 0.15) / 2)
    assert contrast["above"][0] == pytest.approx((0.05 - 0.1) / 2)
    assert contrast["value"] == pytest.approx(0.2)
    assert contrast["low"] < 0.2 < contrast["high"]
    shown = [line.get_label() for line in analysis("fig13").draw(tuned()).axes[2].lines]
    assert "mean gain" in shown
    alone = {**tuned(), "contrast": {"u": {"value": None}}}
    assert "no contrast" in analysis("fig13").reading(alone)
    assert "mean gain" not in [line.get_label() for line in analysis("fig13").draw(alone).axes[2].lines]
