"""Figures made from scores: numbers against independent ones, pictures from numbers alone, what they show."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from examples import network
from matplotlib.colors import to_hex
from PIL import Image
from planted import (
    BY_START,
    FULL,
    KINDS,
    LAYERS,
    NAMES,
    SCORED,
    analysis,
    evidence,
    family,
    found,
    legend,
    lines,
    made,
    numbers,
    numbers_of,
    words,
)

import reprlab as rl
from reprlab import figures
from reprlab.errors import ReprlabError
from reprlab.reports.number_files import rounded
from reprlab.verdicts import curves

# --- all of them ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [*NAMES, "fig12"])
def test_a_figure_is_drawn_from_json_within_a_page_and_is_the_same_bytes_every_time(
    name: str, tmp_path: Path
) -> None:
    for file in ("a.png", "b.png", "a.pdf", "b.pdf"):
        figures.save(analysis(name).draw(found(name)), tmp_path / file)
    for ending in ("png", "pdf"):
        assert (tmp_path / f"a.{ending}").read_bytes() == (tmp_path / f"b.{ending}").read_bytes()
    with Image.open(tmp_path / "a.png") as image:
        width, height = (side / 300 for side in image.size)
    assert width == pytest.approx(figures.PAGE, abs=0.1)
    assert 1.5 < height < 5


@pytest.mark.parametrize("guessing", ["", "arc, hellaswag", "lambada, arc, hellaswag"])
@pytest.mark.parametrize("name", NAMES)
def test_a_reading_is_a_sentence_with_this_models_numbers(name: str, guessing: str) -> None:
    told = analysis(name).reading(numbers(name, guessing))
    assert told.endswith(".")
    assert "mine" in told
    assert not re.search(r"\b(None|nan|inf)\b", told)
    assert re.search(r"\d", told)


@pytest.mark.parametrize("name", NAMES)
def test_one_benchmark_is_enough_and_is_named(name: str) -> None:
    alone = numbers(name, "", ("lambada",))
    assert "lambada" in words(analysis(name).draw(alone))
    assert analysis(name).reading(alone)


@pytest.mark.parametrize("name", [*NAMES, "fig12"])
def test_rows_are_flat_and_finite_and_the_words_are_there(name: str) -> None:
    rows = found(name)["rows"]
    assert len({tuple(row) for row in rows}) == 1
    assert all(not isinstance(value, list | dict) for row in rows for value in row.values())
    doc = analysis(name).__doc__
    assert doc is not None
    title, *rest = doc.split("\n\n")
    assert title.endswith(".")
    assert [part.split(":")[0].strip() for part in rest] == ["Caption", "Claim"]


@cache
def at_chance() -> rl.Evidence:
    """A tiny network on choices that it guesses."""
    entries = rl.paper_grid("fig11", 6) + rl.paper_grid("fig02", 6) + rl.paper_grid("fig17", 6)
    net = network("tiny-llama")
    scores = rl.sweep(net, list(dict.fromkeys(entries)), ["builtin_pronoun"], limit=20)
    return rl.Evidence(net.name, "", 6, scores)


@pytest.mark.parametrize("name", SCORED)
def test_a_model_at_chance_has_no_figure_and_an_error_says_why(name: str) -> None:
    with pytest.raises(ReprlabError, match="the full model is nowhere 5 standard errors above chance"):
        analysis(name).numbers(at_chance())


@pytest.mark.parametrize("name", [*BY_START, "fig02", "fig11", "fig17"])
def test_what_was_not_swept_is_said(name: str) -> None:
    alone = rl.Evidence("mine", "", LAYERS, made([FULL], ("arc", "hellaswag")))
    with pytest.raises(ReprlabError, match=r"no start of '\w+' was swept|no single layer was left out"):
        analysis(name).numbers(alone)


# --- figs. 4 to 9, 11, 17 ------------------------------------------------------------------------


@pytest.mark.parametrize("name", BY_START)
def test_numbers_by_start_are_means_over_documents_against_floor_and_full(name: str) -> None:
    scores = evidence().scores
    assert scores is not None
    for row in numbers(name)["rows"]:
        if row["benchmark"] == "median":
            continue
        results = scores.benchmarks[row["benchmark"]]
        column = results.metrics.index(row["metric"])
        means = results.values[..., column].mean(1)
        orders = {
            e.schedule: at
            for at, e in enumerate(scores.entries)
            if (e.variant, e.start) == (BY_START[name], row["start"])
        }
        if len(orders) > 1:
            orders.pop(FULL.schedule, None)
        expected = (np.mean([means[at] for at in orders.values()]) - 0.2) / (means[0] - 0.2)
        assert row["R"] == pytest.approx(expected, rel=1e-4, abs=1e-5)
        if row["few"]:
            assert (row["low"], row["high"], 1 < row["orders"] < 3) == (None, None, True)
        else:
            assert row["low"] <= row["R"] + 1e-6 <= row["high"] + 2e-6


@pytest.mark.parametrize("name", BY_START)
def test_a_line_a_benchmark_and_their_median_between_chance_and_the_full_model(name: str) -> None:
    figure = analysis(name).draw(numbers(name))
    for ax in figure.axes[:2]:
        shown = lines(ax)
        assert set(shown) == {*KINDS, "median"}
        for benchmark, line in shown.items():
            assert to_hex(line.get_color()) == to_hex(figures.BENCHMARKS[benchmark].colour)
        assert {tuple(line.get_ydata()) for line in ax.lines if len(line.get_ydata()) == 2} >= {
            (0, 0),
            (1, 1),
        }
        assert len(ax.collections) == 4  # bands
        rows = [r for r in numbers(name)["rows"] if (r["metric"], r["benchmark"]) == ("acc", "median")]
        if ax.get_title() == "accuracy":
            assert np.allclose(
                shown["median"].get_ydata(), [r["R"] for r in sorted(rows, key=lambda r: r["start"])]
            )
    assert legend(figure)[:4] == ["median", *KINDS]
    assert {"best baseline", "full model", "middle layers changed, $M$"} <= set(words(figure).split("\n"))


def test_accuracy_leads_unless_two_benchmarks_have_none_and_those_are_named() -> None:
    for guessing, title in (("", "accuracy"), ("arc", "accuracy"), ("arc, hellaswag", "continuous score u")):
        figure = analysis("fig04").draw(numbers("fig04", guessing))
        assert figure.axes[0].get_title() == title
        said = f"Not shown: {guessing} (full model near the best baseline by accuracy)."
        assert (said in words(figure).replace("\n", " ")) == bool(guessing)
    assert "no benchmark with the" in words(
        analysis("fig04").draw(numbers("fig04", "lambada, arc, hellaswag"))
    )


def test_a_score_far_outside_is_an_arrow_at_the_edge_and_said_so() -> None:
    broken = json.loads(json.dumps(numbers("fig04")))
    for row in broken["rows"]:
        if row["start"] == 0 and row["benchmark"] == "arc":
            row["R"] = row["low"] = row["high"] = -9.0
    figure = analysis("fig04").draw(broken)
    for ax in figure.axes[:2]:
        assert ax.get_ylim()[0] > -0.4
        arrows = [line for line in ax.lines if line.get_marker() == "v" and line.get_linestyle() == "None"]
        assert [(*line.get_xdata(), *line.get_ydata()) for line in arrows] == [(0, ax.get_ylim()[0])]
        assert to_hex(arrows[0].get_color()) == to_hex(figures.BENCHMARKS["arc"].colour)
    assert "Arrows at an edge: R outside" in words(figure).replace("\n", " ")


def test_a_score_that_is_missing_is_a_gap() -> None:
    gap = json.loads(json.dumps(numbers("fig08")))
    for row in gap["rows"]:
        if row["start"] == 2:
            row["R"] = row["low"] = row["high"] = None
    values = lines(analysis("fig08").draw(gap).axes[0])["arc"].get_ydata()
    assert np.isnan(values).tolist() == [False, False, True, False, False, False]


@pytest.mark.parametrize("name", [*BY_START, "fig11", "fig17"])
def test_few_changed_layers_are_to_the_left_as_in_the_paper(name: str) -> None:
    figure = analysis(name).draw(numbers(name))
    for ax in (ax for ax in figure.axes if ax.get_xlabel() == "middle layers changed, $M$"):
        where = ax.transData.transform([(start, 0) for start in range(LAYERS // 2)])[:, 0]
        assert (np.diff(where) < 0).all()  # the last start, M = 1, lies left
        below = [int(text.get_text()) for text in ax.get_xticklabels()]
        assert below == [LAYERS - 2 * int(s) - 1 for s in ax.get_xticks()]
        top = ax.child_axes[0]
        assert [int(text.get_text()) for text in top.get_xticklabels()] == list(top.get_xticks())


def test_a_picture_of_random_orders_says_how_many_there_are() -> None:
    for name in ("fig07", "fig11"):
        said = words(analysis(name).draw(numbers(name))).replace("\n", " ")
        assert "Random order: the mean of 2 to 4 orders a start." in said
    assert "Random order" not in words(analysis("fig06").draw(numbers("fig06")))


def test_fig11_has_every_variant_in_its_look_ranked() -> None:
    figure = analysis("fig11").draw(numbers("fig11"))
    ranked = [row["variant"].replace("_", " ") for row in numbers("fig11")["ranking"]]
    assert legend(figure) == [*ranked, *KINDS, "median"]
    assert (ranked[0], ranked[-1]) == ("parallel", "middle repeat")  # as planted at M = 3 and 5
    for ax in (ax for ax in figure.axes if ax.get_xlabel() == "middle layers changed, $M$"):
        for name, line in lines(ax).items():
            colour, marker = figures.VARIANTS[name]
            assert (to_hex(line.get_color()), line.get_marker()) == (to_hex(colour), marker)
    assert "median of 3" in words(figure)


def test_fig11_has_each_variant_against_skip_in_its_own_panel_with_the_papers_rank() -> None:
    told = numbers("fig11")
    panels = analysis("fig11").draw(told).axes
    titles = ["looped\nparallel", "parallel", "random", "reverse", "middle\nrepeat"]
    apart = [next(ax for ax in panels if ax.get_title() == title) for title in titles]
    r = {(x["metric"], x["benchmark"], x["variant"], x["start"]): x for x in told["rows"]}
    for ax, variant in zip(
        apart, ("looped_parallel", "parallel", "random", "reverse", "middle_repeat"), strict=True
    ):
        shown = lines(ax)
        assert set(shown) == {*KINDS, "median"}
        x, y = shown["arc"].get_data()
        for middle, value in zip(x, y, strict=True):
            start = (LAYERS - middle - 1) // 2
            one, other = r["u", "arc", variant, start], r["u", "arc", "skip", start]
            assert value == pytest.approx(one["R"] - other["R"], abs=1e-4)
            if one["few"]:  # orders of a start
                assert variant == "random"
                assert (one["more_low"], one["more_high"]) == (None, None)
            else:
                assert one["more_low"] <= one["more"] <= one["more_high"]
        assert f"paper: {curves.stated_rank(variant)}" in [text.get_text() for text in ax.texts]
        assert ax.get_ylim() == apart[0].get_ylim()
    assert all(row["more"] is None for row in told["rows"] if row["variant"] == "skip")


def test_fig11_without_a_start_in_w_is_drawn_and_ranks_nothing() -> None:
    few = rl.Evidence(
        "mine", "", LAYERS, made(rl.paper_grid("fig11", LAYERS, starts=[0, 5]), ("arc", "hellaswag"))
    )
    found = rounded(analysis("fig11").numbers(few))
    assert found["ranking"] == []
    assert "nothing is ranked" in analysis("fig11").reading(found)
    assert len(legend(analysis("fig11").draw(found))) == 6 + 3


def test_fig17_has_both_loops_and_they_are_told_apart_in_grey() -> None:
    figure = analysis("fig17").draw(numbers("fig17"))
    assert legend(figure) == [f"{kind} loop {times}x" for kind in ("internal", "layer") for times in (2, 3)]
    shown = [(line.get_linestyle(), line.get_marker(), line.get_color()) for line in figure.axes[0].lines[:4]]
    assert len({*shown}) == 4
    two, three = list(lines(figure.axes[0]).values())[:2]
    assert two.get_linestyle() != three.get_linestyle()
    assert two.get_marker() != three.get_marker()


@pytest.mark.parametrize("name", ["fig02", "fig17"])
def test_layers_and_loops_that_ran_on_one_benchmark_are_shown_on_that_one(name: str) -> None:
    """As with --single-on: the other benchmarks have no number there, so that no median has one."""
    single = {"skip_one", "switch", "internal_loop", "layer_loop"}
    whole = evidence()
    assert whole.scores is not None
    first, *others = whole.scores.benchmarks
    rows = [at for at, entry in enumerate(whole.scores.entries) if entry.variant in single]
    parts = dict(whole.scores.benchmarks)
    for other in others:
        values = parts[other].values.copy()
        values[rows] = np.nan
        parts[other] = replace(parts[other], values=values)
    one = replace(whole, scores=replace(whole.scores, benchmarks=parts))
    alone = replace(whole, scores=replace(whole.scores, benchmarks={first: whole.scores.benchmarks[first]}))
    found, expected = (rounded(analysis(name).numbers(each)) for each in (one, alone))
    assert found["rows"] == expected["rows"]
    assert found["rows"]
    assert analysis(name).reading(found) == analysis(name).reading(expected)
    analysis(name).draw(found)
    assert curves.having(whole, *single) is whole


def test_fig17_without_the_other_reading_has_ours_alone() -> None:
    entries = [e for e in rl.paper_grid("fig17", LAYERS) if e.variant != "layer_loop"]
    alone = rl.Evidence("mine", "", LAYERS, made(entries, ("arc", "hellaswag")))
    found = rounded(analysis("fig17").numbers(alone))
    assert {row["variant"] for row in found["rows"]} == {"internal_loop"}
    assert legend(analysis("fig17").draw(found)) == ["internal loop 2x", "internal loop 3x"]
    assert "layer loop" not in analysis("fig17").reading(found)


def test_fig07_has_single_orders_at_their_tau_and_the_full_model_at_one() -> None:
    figure = analysis("fig07").draw(numbers("fig07"))
    single = figure.axes[2]
    orders = numbers("fig07")["orders"]
    assert {row["tau"] for row in orders if row["variant"] == "reverse"} == {-1}
    shown = {name: bars[0].get_xydata() for name, bars in lines(single).items()}
    assert set(shown) <= {f"M = {m}" for m in (3, 5)}
    assert shown
    for name, dots in shown.items():
        of = [[row["tau"], row["R"]] for row in orders if f"M = {row['middle']}" == name]
        assert np.allclose(sorted(dots.tolist()), sorted(of))
    assert [1.0, 1.0] in [
        line.get_xydata()[0].tolist() for line in single.lines if len(line.get_xydata()) == 1
    ]


@pytest.mark.parametrize(
    ("name", "other"), [("fig05", "skip"), ("fig06", "skip"), ("fig08", "skip"), ("fig09", "parallel")]
)
def test_a_reading_compares_with_the_variant_that_the_claim_names(name: str, other: str) -> None:
    beside = numbers(name)["beside"]
    assert (beside["one"], beside["other"]) == (BY_START[name], other)
    assert analysis(name).reading(numbers(name)).count(other) >= 1


# --- fig. 2 --------------------------------------------------------------------------------------


def test_fig02_has_scores_as_they_are_and_the_full_model_as_a_line() -> None:
    scores, told = evidence().scores, numbers("fig02")
    assert scores is not None
    lambada = scores.benchmarks["lambada"]
    perplexity = np.exp(-lambada.values[..., 0].mean(1))
    one = {e.layer: at for at, e in enumerate(scores.entries) if e.variant == "skip_one"}
    rows = [r for r in told["rows"] if (r["metric"], r["variant"]) == ("perplexity", "skip_one")]
    assert [row["value"] for row in rows] == pytest.approx(
        [perplexity[one[row["layer"]]] for row in rows], rel=1e-4
    )
    assert all(row["low"] < row["value"] < row["high"] for row in rows)
    spread = np.exp(2.009575 * lambada.values[..., 0].std(1, ddof=1) / 50**0.5)  # t of 49, of the logarithm
    for row in rows:
        times = spread[one[row["layer"]]]
        assert (row["low"], row["high"]) == pytest.approx(
            (row["value"] / times, row["value"] * times), rel=1e-3
        )
    panels = analysis("fig02").draw(told).axes
    assert [ax.get_ylabel() for ax in panels] == ["accuracy", "perplexity", "score retained, $R$"]
    assert panels[1].get_yscale() == "log"
    flat = [line.get_ydata()[0] for line in panels[1].lines if list(line.get_xdata()) == [0, 1]]
    assert flat == pytest.approx([perplexity[0], lambada.vocabulary], rel=1e-4)  # the full model, guessing
    assert [set(lines(ax)) for ax in panels] == [{"skip one", "switch"}] * 3
    assert len(panels[0].get_yticks()) >= 4
    row = next(
        r for r in told["rows"] if (r["metric"], r["variant"], r["benchmark"]) == ("acc", "full", "lambada")
    )
    spans = [patch.get_extents().transformed(panels[0].transData.inverted()) for patch in panels[0].patches]
    assert [(round(span.y0, 4), round(span.y1, 4)) for span in spans] == [
        (round(row["low"], 4), round(row["high"], 4))
    ]


def test_baselines_are_thin_lines_and_named() -> None:
    told = json.loads(json.dumps(numbers("fig04")))
    assert "Thin dotted lines" not in words(analysis("fig04").draw(told))
    told["floors"] = [{"metric": "u", "benchmark": "arc", "baseline": "longest", "score": 0.1, "R": -0.15}]
    figure = analysis("fig04").draw(told)
    assert "other baselines without a model (longest)" in words(figure).replace("\n", " ")
    at = [line for ax in figure.axes[:2] for line in ax.lines if list(line.get_ydata()) == [-0.15, -0.15]]
    assert len(at) == 1
    assert to_hex(at[0].get_color()) == to_hex(figures.BENCHMARKS["arc"].colour)


def test_fig02_says_which_layer_matters_most() -> None:
    told = analysis("fig02").reading(numbers("fig02"))
    assert "Left out alone, layer 0 of mine matters most" in told
    assert "11 of 12 layers surely retain 0.9" in told


# --- fig. 10 -------------------------------------------------------------------------------------


def test_fig10_frames_the_best_count_of_each_m_and_draws_the_fit() -> None:
    told = json.loads(json.dumps(numbers("fig10")))
    figure = analysis("fig10").draw(told)
    best = [row for row in told["best"] if row["metric"] == "u"]
    for row in best:
        cells = {
            r["times"]: r["R"] for r in told["rows"] if (r["metric"], r["middle"]) == ("u", row["middle"])
        }
        assert cells[row["times"]] == max(cells.values())
    ax = next(ax for ax in figure.axes if ax.get_title().startswith("continuous"))
    frames = {tuple(patch.get_center()) for patch in ax.patches}
    assert frames == {(row["times"], row["middle"]) for row in best}
    dotted = {
        tuple(patch.get_center()) for patch in ax.patches if patch.get_linestyle() not in ("-", "solid")
    }
    assert dotted == {(row["times"], row["middle"]) for row in best if row["unused"]}
    fit = {**told["fits"]["u"], "c": 0.5, "slope": 0.9, "low": 0.6, "high": 1.2}
    for low, high, drawn in ((0.6, 1.2, True), (0.3, 0.8, False), (-0.6, 1.3, False), (1.1, 1.4, False)):
        told["fits"]["u"] = {**fit, "low": low, "high": high}
        ax = next(a for a in analysis("fig10").draw(told).axes if a.get_title().startswith("continuous"))
        assert bool(ax.lines) == drawn
        assert ("k = 0.50 M" in ax.get_title()) == drawn
        assert "(paper: 1)" in ax.get_title()
        assert ("0.50 [" in analysis("fig10").reading(told)) == drawn
        if drawn:
            x, y = ax.lines[-1].get_data()
            assert np.allclose(x, 0.5 * y)


def test_fig10_has_m_up_and_counts_across() -> None:
    told = numbers("fig10")
    ax = next(a for a in analysis("fig10").draw(told).axes if a.get_title().startswith("continuous"))
    image = ax.images[0]
    values, (left, _, bottom, _) = image.get_array(), image.get_extent()
    assert values.shape == (6, 8)
    assert image.origin == "lower"
    for row in told["rows"]:
        if row["metric"] == "u":
            at = (int((row["middle"] - bottom) // 2), int(row["times"] - left))
            assert values[at] == pytest.approx(row["R"])


def test_fig10_cells_that_were_not_run_are_grey() -> None:
    told = json.loads(json.dumps(numbers("fig10")))
    told["rows"] = [row for row in told["rows"] if (row["middle"], row["times"]) != (5, 3)]
    for ax in analysis("fig10").draw(told).axes[:2]:
        image = ax.images[0]
        assert np.allclose(image.to_rgba(image.get_array())[2, 2][:3], 0.8)
        assert not np.allclose(image.to_rgba(image.get_array())[2, 3][:3], 0.8)


def test_fig10_with_too_few_counts_has_no_line_and_says_so() -> None:
    loops = made([FULL, *rl.paper_grid("fig10", LAYERS, starts=[0, 5], loops=[1, 2])], ("lambada",))
    told = rounded(analysis("fig10").numbers(rl.Evidence("mine", "", LAYERS, loops=loops)))
    assert "too few for a fit" in analysis("fig10").reading(told)
    assert all(not ax.lines for ax in analysis("fig10").draw(told).axes[:2])


# --- the others ----------------------------------------------------------------------------------


def test_fig12_has_a_line_a_model_by_the_share_left_out() -> None:
    told = family()
    assert told["benchmarks"] == {metric: list(KINDS) for metric in ("u", "acc")}
    figure = analysis("fig12").draw(told)
    assert legend(figure) == ["mine (12 layers)", "other (12 layers)"]
    for row in told["rows"]:
        assert row["share"] == pytest.approx((LAYERS - 2 * row["start"] - 1) / LAYERS, rel=1e-4)
    x = lines(figure.axes[0])["mine (12 layers)"].get_xdata()
    assert np.allclose(sorted(x), np.arange(1, 12, 2) / 12, rtol=1e-4)
    assert "mine retains R = 0." in analysis("fig12").reading(told)
    with pytest.raises(ReprlabError, match="no model has skip swept"):
        analysis("fig12").numbers({"bert": {}})


def skipped(model: str, *names: str) -> dict[str, Any]:
    """Fig. 4's numbers of a model over these benchmarks."""
    entries = rl.paper_grid("fig04", LAYERS)
    found = numbers_of(made([FULL, *entries], names, model=model), model)
    return {"fig04": json.loads(json.dumps(rounded(analysis("fig04").numbers(found))))}


def test_fig12_refuses_models_without_a_common_benchmark_and_takes_the_common_one() -> None:
    fig12 = analysis("fig12")
    apart = {"a": skipped("a", "lambada"), "b": skipped("b", "arc")}
    with pytest.raises(
        ReprlabError, match=r"^no two models have a benchmark in common \(a: lambada; b: arc\)"
    ):
        fig12.numbers(apart)
    some = {
        "a": skipped("a", "lambada", "hellaswag"),
        "b": skipped("b", "arc"),
        "c": skipped("c", "hellaswag"),
    }
    told = json.loads(json.dumps(rounded(fig12.numbers(some))))
    assert (list(told["models"]), told["alone"]) == (["a", "c"], ["b"])
    assert {row["benchmark"] for row in told["rows"]} == {"hellaswag"}
    said = words(fig12.draw(told)).replace("\n", " ")
    assert "Without a common benchmark: b." in said
    assert "continuous score, hellaswag" in fig12.reading(told)
    alone = fig12.numbers({"a": some["a"]})
    assert alone["benchmarks"]["u"] == ["lambada", "hellaswag"]


def test_windows_are_triangles_with_nothing_above_and_grey_where_not_run() -> None:
    told = numbers("windows")
    figure = analysis("windows").draw(told)
    assert [ax.get_title() for ax in figure.axes[:3]] == ["skip", "middle repeat", "parallel"]
    ax = figure.axes[0]
    values = np.ma.filled(ax.images[0].get_array(), np.nan)
    for row in told["rows"]:
        if row["variant"] == "skip":
            assert values[row["length"] - 1, row["first"]] == pytest.approx(row["R"])
    lengths, firsts = np.mgrid[1 : LAYERS + 1, 0:LAYERS]
    impossible = lengths + firsts > LAYERS
    white = ax.images[1].get_array()
    assert (np.asarray(white)[..., 3] == impossible).all()
    assert np.isnan(values[LAYERS - 1, 0])  # skip leaves a layer
    assert "R of the continuous score u, median of 2" in words(figure)


def test_windows_are_outlined_at_one_half() -> None:
    from matplotlib.collections import LineCollection

    ax = analysis("windows").draw(numbers("windows")).axes[2]
    outline = next(c for c in ax.collections if isinstance(c, LineCollection))
    inside = {
        (row["first"], row["length"])
        for row in numbers("windows")["rows"]
        if row["variant"] == "parallel" and row["R"] >= 0.5
    }
    edges = sum(
        (x + dx, y + dy) not in inside for x, y in inside for dx, dy in ((1, 0), (-1, 0), (0, 1), (0, -1))
    )
    assert len(outline.get_segments()) == edges


def test_what_reasoning_loses_more_is_the_difference_of_means() -> None:
    told = numbers("semantic_reasoning")
    loss = {(r["variant"], r["benchmark"]): r["loss"] for r in told["rows"] if r["metric"] == "u"}
    apart = {row["variant"]: row for row in told["contrasts"] if row["metric"] == "u"}
    order = ("reverse", "random", "parallel")
    for variant in (*order, "skip"):
        assert apart[variant]["loss"] == pytest.approx(
            loss[variant, "arc"] - loss[variant, "hellaswag"], abs=1e-5
        )
    assert apart["mean of three"]["loss"] == pytest.approx(
        np.mean([apart[v]["loss"] for v in order]), abs=1e-5
    )
    assert min(apart[variant]["low"] for variant in ("reverse", "parallel")) > 0
    assert apart["random"]["low"] is apart["mean of three"]["low"] is None  # two of five orders at M = 3
    assert "One class has one benchmark only" in analysis("semantic_reasoning").reading(told)
    scores = evidence().scores
    assert scores is not None
    table = rl.retained(scores, count=10)
    rows = [table.rows("skip", start=start)[0] for start in told["starts"]]
    assert told["starts"] == [3, 4]
    expected = 1 - table.values[rows, table.benchmarks.index("arc")].mean()
    assert loss["skip", "arc"] == pytest.approx(expected, rel=1e-4)


def test_classes_that_are_not_both_there_are_not_compared() -> None:
    told = numbers("semantic_reasoning", "", ("lambada", "arc"))
    assert told["contrasts"] == []
    assert "mine is above the best baseline on no semantic benchmark" in analysis(
        "semantic_reasoning"
    ).reading(told)
    figure = analysis("semantic_reasoning").draw(told)
    assert len(figure.axes) == 1
    assert "Classes are not compared: no semantic benchmark" in words(figure).replace("\n", " ")
    assert len(analysis("semantic_reasoning").draw(numbers("semantic_reasoning")).axes) == 2
