"""The paper's statements as data, paired differences, nats, baselines and parts of solutions."""

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from judged import LAYERS, evidence, painted, simulated

import reprlab as rl
from reprlab.reports.analyses import names
from reprlab.schedules.schedule import PAPER
from reprlab.scores.results import Column, Results
from reprlab.scores.scores import Scores
from reprlab.verdicts import curves
from reprlab.verdicts.curves import paired

FULL = rl.Entry("full", rl.Schedule.full(6))
SKIP = rl.Entry("skip", rl.Schedule.paper("skip", layers=6, start=1), start=1)
TURNED = [
    rl.Entry("random", rl.Schedule.parse(f"0 1 {order} 5"), start=1, seed=at)
    for at, order in enumerate(("3 2 4", "4 3 2"))
]


def scores(
    values: Any, columns: tuple[Column, ...], entries: Any = (FULL, SKIP, *TURNED), **how: Any
) -> Scores:
    found = np.array(values, dtype=float)  # (schedule, document, column)
    ids = tuple(map(str, range(found.shape[1])))
    about = ("b", "b", "", "loglikelihood", 0, "paper", "d", how.get("floor", 0.0), 100)
    results = Results(*about, columns, ids, ids, found, np.zeros(len(found), np.int64))
    return Scores("m", "", "f", 6, tuple(entries), {"b": results}, {})


U, LL = Column("u", "mean", 1, True), Column("perplexity", "perplexity", 1, False)


# --- the paper -----------------------------------------------------------------------------------


def test_every_statement_is_of_a_figure_and_its_reading_error_is_a_range() -> None:
    assert {*curves.STATED} <= {*names()}
    for figure, stated in curves.STATED.items():
        assert stated.words
        assert not stated.words.endswith(".")
        assert stated.error is None or stated.error >= 0
        for name in stated.values:
            low, high = stated.ends(name)
            assert low <= stated.values[name] <= high, figure


def test_the_order_of_the_paper_has_each_variant_of_fig_11_once() -> None:
    placed = [variant for together in curves.STATED["fig11"].order for variant in together]
    assert sorted(placed) == sorted(
        {"skip", "middle_repeat", "reverse", "random", "parallel", "looped_parallel"}
    )
    assert {*placed} <= {*PAPER}
    ranks = {variant: curves.stated_rank(variant) for variant in placed}
    assert ranks["looped_parallel"] == ranks["random"] == "1 or 2"
    assert (ranks["reverse"], ranks["parallel"], ranks["skip"], ranks["middle_repeat"]) == (
        "3",
        "4",
        "5",
        "6",
    )
    assert curves.stated_rank("switch") == "none"


def test_the_groups_of_13b_are_all_of_its_layers() -> None:
    least, most = (sum(size[end] for size in curves.GROUPS_13B) for end in (0, 1))
    assert least <= curves.LAYERS["Llama2-13B"] <= most


@pytest.mark.parametrize(
    ("here", "told"),
    [
        ("R = 0.5 here.", "R = 0.5 here."),
        ("Averaged, it is less than skip", "averaged, it is less than skip."),
        ("0.5", "0.5."),
    ],
)
def test_a_sentence_says_both(here: str, told: str) -> None:
    assert curves.beside_paper("fig06", here) == f"Paper: reverse is better than skip; here: {told}"


# --- differences ---------------------------------------------------------------------------------


def test_r_against_skip_is_the_difference_under_the_same_draws() -> None:
    measured = rl.retained(simulated(painted), "u", count=200)
    found = curves.against(measured, "skip", ("parallel", "random"))
    for start in (5, 8):
        row, base = (measured.rows(name, start=start)[0] for name in ("parallel", "skip"))
        cell = found["parallel", start, None, "arc"]
        at = measured.benchmarks.index("arc")
        assert cell["more"] == pytest.approx(measured.values[row, at] - measured.values[base, at])
        drawn = measured.drawn[row, at] - measured.drawn[base, at]
        assert (cell["more_low"], cell["more_high"]) == pytest.approx(
            tuple(np.quantile(drawn, [0.025, 0.975]))
        )
        own = [np.quantile(measured.drawn[one, at], [0.025, 0.975]) for one in (row, base)]
        apart = sum(high - low for low, high in own)
        assert cell["more_high"] - cell["more_low"] < 0.8 * apart
        assert found["parallel", start, None, "median"]["more"] == pytest.approx(
            measured.median[row] - measured.median[base]
        )
    assert {cell[0] for cell in found} == {"parallel", "random"}
    assert len(found) == 2 * 5 * (len(measured.benchmarks) + 1)


def test_nats_are_of_log_likelihoods_and_seeds_are_averaged() -> None:
    full = np.array([-1.0, -2.0, -4.0] * 14)
    gains = np.arange(42) % 3 / 10  # what a document keeps of the loss
    lost = [0, 1, 2, 4]
    made = scores([(full - by + gains * (by > 0))[:, None] for by in lost], (LL,))
    rows = {row["variant"]: row for row in curves.nats_lost(made, "skip", "random")}
    assert rows["skip"]["nats"] == pytest.approx(1 - 0.1)
    assert rows["random"]["nats"] == pytest.approx(3 - 0.1)
    assert rows["random"]["seeds"] == 2
    half = 2.019541 * np.std(gains, ddof=1) / 42**0.5  # t of 41 degrees of freedom
    assert rows["skip"]["high"] - rows["skip"]["nats"] == pytest.approx(half, rel=1e-5)
    assert rows["skip"]["middle"] == 3
    (few,) = curves.nats_lost(scores([(full - by)[:3, None] for by in lost], (LL,)), "skip")
    assert few["nats"] == pytest.approx(1)
    assert math.isnan(few["low"])
    assert math.isnan(few["high"])
    assert curves.nats_lost(scores([[[0.5]] * 3] * 4, (U,)), "skip") == []


def test_baselines_are_by_name_where_results_know_them_and_lie_on_the_scale_of_r(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = scores([[[0.6], [0.8]], [[0.5], [0.5]], [[0.5], [0.5]], [[0.5], [0.5]]], (U,), floor=0.2)
    assert curves.baselines(made, "u") == [
        {"metric": "u", "benchmark": "b", "baseline": "guess", "score": 0.2, "R": 0.0}
    ]
    known = {"uniform": -0.05, "unigram": 0.2}
    monkeypatch.setattr(Results, "baselines", lambda self, metric: known, raising=False)
    rows = {row["baseline"]: row["R"] for row in curves.baselines(made, "u")}
    assert rows == pytest.approx({"uniform": -0.5, "unigram": 0.0})
    assert curves.baselines(made, "acc") == []


def test_results_are_compared_with_set_up_words_in_pairs() -> None:
    columns = (U, Column("u_setup", "mean", 1, True))
    full = [[0.9, 0.8], [0.7, 0.9], [math.nan, 0.5]] * 20  # 40 with a result
    changed = [[0.4, 0.75], [0.4, 0.75], [math.nan, 0.4]] * 20
    parallel = rl.Entry("parallel", rl.Schedule.paper("parallel", layers=6, start=1), start=1)
    rows = paired.tokens_lost(scores([full, changed], columns, (FULL, parallel)), "parallel")
    assert {row["part"]: row["value"] for row in rows} == pytest.approx(
        {"results": 0.4, "set-up": 0.1, "results minus set-up": 0.3}
    )
    assert all(row["low"] < row["value"] < row["high"] for row in rows)
    assert {row["middle"] for row in rows} == {3}
    few = paired.tokens_lost(scores([full[:57], changed[:57]], columns, (FULL, parallel)), "parallel")
    assert {row["part"]: math.isnan(row["low"]) for row in few} == {
        "results": True,
        "set-up": False,
        "results minus set-up": True,
    }
    assert paired.tokens_lost(scores([full, changed], (U, LL), (FULL, parallel)), "parallel") == []


def test_about_has_the_baselines_of_shown_benchmarks_only() -> None:
    found = evidence(replace(simulated(painted)))
    told = curves.by_start(found, "skip")
    assert {row["benchmark"] for row in told["floors"]} <= {"arc", "gsm8k_nll", "hellaswag", "winogrande"}
    assert all(row["R"] == 0 for row in told["floors"])
    assert told["layers"] == LAYERS
