"""Controls of the middle layers' changes, from planted losses: numbers, what the picture shows, words."""

import json
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from scipy.stats import t

import reprlab as rl
from reprlab import figures
from reprlab.reports.analyses import analysis
from reprlab.reports.number_files import rounded, table
from reprlab.scores.results import Column, Results
from reprlab.scores.scores import Scores
from reprlab.verdicts.curves import nats_lost

LAYERS, DOCUMENTS = 30, 60
STARTS = (13, 12, 10)  # M = 3, 5, 9
LOST = {  # nats, planted
    "skip": (0.9, 2.0, 12.0),
    "middle_repeat": (2.0, 9.6, 26.6),
    "repeat_matched": (0.9, 2.5, 13.7),
    "reverse": (1.0, 2.8, 13.8),
    "reverse_matched": (0.9, 3.0, 11.0),
    "parallel": (0.3, 1.6, 4.1),
    "parallel_matched": (0.2, 1.6, 5.8),
    "random_direction": (2.6, 5.6, 13.4),
    "mean_ablation": (1.2, 2.8, 12.8),
}
CONTROL = analysis("controls").module


def made(variants: tuple[str, ...] = tuple(LOST), *, perplexity: bool = True) -> rl.Evidence:
    """Scores of one benchmark; a document differs from the full model by the loss, and by an even noise."""
    noise = np.tile([-0.05, 0.05], DOCUMENTS // 2)
    full = -np.linspace(0.5, 4, DOCUMENTS)
    entries, rows = [rl.Entry("full", rl.Schedule.full(LAYERS))], [full]
    for place, variant in enumerate(variants):
        for start, lost in zip(STARTS, LOST[variant], strict=True):
            steps = [*range(LAYERS), *([start] * (place + 1))]  # a schedule of its own
            entries.append(rl.Entry(variant, rl.Schedule(steps), start=start))
            rows.append(full - lost + noise)
    found = np.array(rows)
    columns = [Column("acc", "mean", 1, True), Column("u", "mean", 1, True)]
    values = [(found > -2).astype(float), 1 + found / 40]
    if perplexity:
        columns.insert(0, Column("perplexity", "perplexity", 1, False))
        values.insert(0, found)
    ids = tuple(map(str, range(DOCUMENTS)))
    about = ("lambada", "lambada", "", "loglikelihood", 0, "paper", "d", 0.0, 1000)
    nothing = np.zeros(len(entries), np.int64)
    results = Results(*about, tuple(columns), ids, ids, np.stack(values, -1), nothing)
    return rl.Evidence(
        "mine", "", LAYERS, Scores("mine", "", "f", LAYERS, tuple(entries), {"lambada": results}, {})
    )


@cache
def numbers(**how: Any) -> dict[str, Any]:
    """As a report writes and reads them."""
    return json.loads(json.dumps(rounded(CONTROL.numbers(made(**how)))))


def test_nats_and_r_are_those_that_were_planted_with_paired_intervals() -> None:
    rows = {(row["score"], row["variant"], row["middle"]): row for row in numbers()["rows"]}
    assert len(rows) == 2 * len(LOST) * len(STARTS) == len(numbers()["rows"])
    mean = 1 - np.linspace(0.5, 4, DOCUMENTS).mean() / 40  # u of the full model
    for variant, several in LOST.items():
        for middle, lost in zip((3, 5, 9), several, strict=True):
            nats, share = rows["nats", variant, middle], rows["R", variant, middle]
            assert nats["value"] == pytest.approx(lost, abs=1e-5)
            assert nats["high"] - nats["low"] < 0.03  # documents differ by 3.5; paired, by the noise alone
            assert share["value"] == pytest.approx(1 - lost / 40 / mean, abs=1e-5)
            assert share["low"] <= share["value"] <= share["high"]


def test_nats_of_several_directions_have_the_interval_of_t_over_directions() -> None:
    one = made(("skip", "random_direction"))
    assert one.scores is not None
    results = one.scores.benchmarks["lambada"]
    rows = [at for at, entry in enumerate(one.scores.entries) if entry.variant == "random_direction"]
    first = one.scores.entries[rows[0]]
    more = [
        rl.Entry("random_direction", rl.Schedule([*range(LAYERS), n]), start=first.start, seed=n)
        for n in (1, 2)
    ]
    entries = [replace(e, seed=0) if at in rows else e for at, e in enumerate(one.scores.entries)] + more
    shifts = (0.5, 1.0)  # nats more than the first direction, on every document
    values = np.concatenate([results.values, [results.values[rows[0]] - shift for shift in shifts]])
    nothing = np.zeros(len(entries), np.int64)
    parts = {"lambada": replace(results, values=values, nonfinite=nothing)}
    scores = replace(one.scores, entries=tuple(entries), benchmarks=parts)
    found = nats_lost(scores, "random_direction")
    row = next(row for row in found if row["start"] == first.start)
    assert row["nats"] == pytest.approx(LOST["random_direction"][0] + 0.5, abs=0.02)
    half = t.ppf(0.975, 2) * 0.5 / np.sqrt(3)  # of three directions .5 apart; documents hardly matter
    assert (row["high"] - row["low"]) / 2 == pytest.approx(half, rel=0.06)


def test_matched_repeat_is_compared_with_plain_skip_reverse_and_a_random_direction() -> None:
    others = [pair["other"] for pair in numbers()["beside"]]
    assert others == ["middle_repeat", "skip", "reverse_matched", "random_direction"]
    plain, skip = numbers()["beside"][:2]
    assert plain["value"] > 0.1
    assert skip["value"] < 0
    said = CONTROL.reading(numbers())
    assert "more than middle repeat and" in said
    assert "At M = 5 a document of lambada loses 9.60" in said
    assert "2.50 [2.49, 2.51] (middle repeat at the full norm) and 2.00" in said


def test_a_column_a_change_with_skip_in_each_and_matched_marks_open() -> None:
    figure = CONTROL.draw(numbers())
    above, below = figure.axes[:4], figure.axes[4:8]
    assert [ax.get_title() for ax in above] == ["middle repeat", "reverse", "parallel", "without content"]
    for ax in figure.axes:
        drawn = [line for line in ax.lines if len(line.get_xdata()) == 3]
        assert len(drawn) == 3  # skip, and two
        left, right = ax.get_xlim()
        assert left < right  # few changed layers to the left
        assert to_rgb(drawn[0].get_color()) == to_rgb("0.72")
    for ax in (*above[:3], *below[:3]):
        _, plain, matched = [line for line in ax.lines if len(line.get_xdata()) == 3]
        assert to_rgb(matched.get_markerfacecolor()) == (1, 1, 1) != to_rgb(plain.get_markerfacecolor())
        assert matched.get_linestyle() != plain.get_linestyle()
    assert [text.get_text() for text in figure.legends[0].get_texts()] == [
        *("skip", "as in the paper", "at the full norm", "random direction", "mean ablation")
    ]
    for score, line in (("nats", above), ("R", below)):
        rows = [row for row in numbers()["rows"] if row["score"] == score]
        lowest, highest = min(row["low"] for row in rows), max(row["high"] for row in rows)
        assert all(ax.get_ylim()[0] < lowest and ax.get_ylim()[1] > highest for ax in line)  # nothing is cut


def test_r_far_below_the_baseline_is_drawn_where_it_is() -> None:
    broken = json.loads(json.dumps(numbers()))
    for row in broken["rows"]:
        if (row["score"], row["variant"], row["middle"]) == ("R", "middle_repeat", 9):
            row["value"], row["low"], row["high"] = -1.5, -1.6, -1.4
    assert all(ax.get_ylim()[0] < -1.6 for ax in CONTROL.draw(broken).axes[4:8])


def test_without_log_likelihoods_r_stands_alone() -> None:
    told = numbers(perplexity=False)
    assert {row["score"] for row in told["rows"]} == {"R"}
    assert len(CONTROL.draw(told).axes) == 4
    assert CONTROL.reading(told).endswith("Log-likelihoods were not compared.")


def test_some_controls_are_enough_and_none_is_refused() -> None:
    told = numbers(variants=("skip", "middle_repeat", "repeat_matched"))
    assert len(CONTROL.draw(told).axes) == 8
    assert [pair["other"] for pair in told["beside"]] == ["middle_repeat", "skip"]
    with pytest.raises(rl.ReprlabError, match="no control was swept"):
        CONTROL.numbers(made(("skip", "middle_repeat", "reverse")))


def test_the_picture_is_the_same_bytes_and_the_table_has_every_row(tmp_path: Path) -> None:
    for file in ("one.png", "two.png"):
        figures.save(CONTROL.draw(numbers()), tmp_path / file)
    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "two.png").read_bytes()
    assert table(numbers()).count("\n") == len(numbers()["rows"]) + 1
