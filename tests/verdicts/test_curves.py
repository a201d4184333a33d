"""Curves: averages and contrasts against naive ones, planted best counts and orders, and what words say."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import kendalltau

import reprlab as rl
from reprlab.errors import ReprlabError
from reprlab.scores.results import Column, Results
from reprlab.scores.scores import Scores
from reprlab.statistics.bootstraps import interval
from reprlab.verdicts import curves

LAYERS = 16  # starts 3, 4, 5 and 6 have 3 <= M <= 8
FULL = rl.Entry("full", rl.Schedule.full(LAYERS))
LEVELS = {"skip": 0.5, "reverse": 0.4, "random": 0.6, "parallel": 0.7, "looped_parallel": 0.8}


def benchmark(
    name: str, levels: np.ndarray, *, known: bool = True, acc: bool = True, seed: int = 0
) -> Results:
    """u around a level a schedule, (schedule,), that is R; accuracy at a floor that is known or not."""
    rng = np.random.default_rng([seed, len(name), ord(name[0])])
    ids = tuple(map(str, range(60)))
    spread = rng.normal(0, 0.05, 60)
    u = 0.2 + 0.6 * levels[:, None] + spread + rng.normal(0, 0.02, (len(levels), 60))
    right = u + rng.normal(0, 0.1, 60) > 0.45
    numbers = np.stack([right, u], -1) if acc else u[..., None]
    columns = (Column("acc", "mean", 1, True), Column("u", "mean", 1, True))[0 if acc else 1 :]
    if acc and not known:
        numbers[..., 0] = rng.uniform(size=(len(levels), 60)) < 0.2
    return Results(
        *(name, name, "semantic", "multiple_choice", 0, "paper", "d", 0.2, 100),
        *(columns, ids, ids, numbers.astype(float), np.zeros(len(levels), np.int64)),
    )


def evidence(
    names: str = "abc", *, unknown: str = "", level: Any = None, starts: Any = None, seeds: int = 4
) -> rl.Evidence:
    """Scores of every variant on benchmarks; those `unknown` are at guessing by accuracy."""
    entries = list(dict.fromkeys([FULL, *rl.paper_grid("fig11", LAYERS, starts=starts, seeds=range(seeds))]))
    chosen = level or (
        lambda e, name: 1.0 if e.variant == "full" else LEVELS.get(e.variant, 0.1) - ord(name) / 2000
    )
    first = {e.schedule: at for at, e in reversed(list(enumerate(entries)))}
    results = {}
    for name in names:
        levels = np.array([chosen(e, name) for e in entries])
        made = benchmark(name, levels, known=name not in unknown)
        values = made.values[[first[e.schedule] for e in entries]]  # equal schedules have equal answers
        results[name] = replace(made, values=values)
    return rl.Evidence("m", "", LAYERS, Scores("m", "", "float32", LAYERS, tuple(entries), results, {}))


KNOWN = evidence(seeds=6)  # three orders at least at every start of W


# --- retaining -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("unknown", "first"), [("", "acc"), ("a", "acc"), ("ab", "u"), ("abc", "u")])
def test_u_leads_where_two_benchmarks_or_more_have_no_accuracy(unknown: str, first: str) -> None:
    numbers = curves.by_start(evidence(unknown=unknown), "skip")
    assert numbers["metrics"][0] == first
    assert set(numbers["undecided"]["acc"]) == set(unknown)
    assert numbers["benchmarks"]["u"] == ["a", "b", "c"]


def test_rows_by_start_are_those_of_shares_and_m_is_what_s_leaves() -> None:
    numbers = curves.by_start(KNOWN, "parallel", "skip")
    assert KNOWN.u is not None
    table = KNOWN.u.table("parallel", "skip")
    rows = [row for row in numbers["rows"] if row["metric"] == "u"]
    assert [(r["variant"], r["start"], r["benchmark"], r["R"]) for r in rows] == [
        (r["variant"], r["start"], r["benchmark"], r["R"]) for r in table
    ]
    assert all(row["middle"] == LAYERS - 2 * row["start"] - 1 for row in rows)
    assert {row["benchmark"] for row in rows} == {"a", "b", "c", "median"}


@pytest.mark.parametrize(("names", "summary"), [("a", "a"), ("ab", "median")])
def test_one_benchmark_stands_for_itself(names: str, summary: str) -> None:
    numbers = curves.by_start(evidence(names), "skip")
    assert numbers["summary"] == {"acc": summary, "u": summary}


def test_what_was_not_swept_or_not_decided_is_refused() -> None:
    with pytest.raises(ReprlabError, match=r"^no start of 'internal_loop' was swept$"):
        curves.by_start(KNOWN, "internal_loop")
    with pytest.raises(ReprlabError, match="there are no scores"):
        curves.by_start(rl.Evidence("m", "", LAYERS), "skip")
    with pytest.raises(ReprlabError, match="the full model is nowhere 5 standard errors above chance: a, b"):
        curves.by_start(evidence("ab", unknown="ab", level=lambda e, name: -0.1), "skip")


def test_a_variant_is_averaged_over_the_starts_of_w() -> None:
    assert KNOWN.u is not None
    values, drawn, starts = curves.averages(KNOWN.u, "skip", "random")
    assert starts == [4, 5, 6]  # M = 7, 5, 3
    for at, variant in enumerate(("skip", "random")):
        rows = [
            i for i, row in enumerate(KNOWN.u.labels) if row["variant"] == variant and row["start"] in starts
        ]
        assert np.allclose(values[at], np.mean([KNOWN.u.values[i] for i in rows], axis=0))
        assert np.allclose(drawn[at], np.mean([KNOWN.u.drawn[i] for i in rows], axis=0), atol=1e-6)


def test_a_contrast_is_the_difference_of_medians_draw_by_draw_and_turns_around() -> None:
    assert KNOWN.u is not None
    values, drawn, _ = curves.averages(KNOWN.u, "parallel", "skip")
    found, other = curves.contrast(KNOWN, "parallel", "skip"), curves.contrast(KNOWN, "skip", "parallel")
    assert found["value"] == pytest.approx(np.median(values[0]) - np.median(values[1]))
    assert found["value"] == pytest.approx(LEVELS["parallel"] - LEVELS["skip"], abs=0.03)
    assert (found["low"], found["high"]) == interval(
        np.median(drawn[0], axis=0) - np.median(drawn[1], axis=0)
    )
    assert found["low"] > 0
    assert (other["value"], other["low"]) == pytest.approx((-found["value"], -found["high"]))


def test_a_ranking_has_the_planted_order_and_contrasts_are_its_differences() -> None:
    ranked = curves.ranking(KNOWN, "reverse", "looped_parallel", "skip", "middle_repeat")
    assert [row["variant"] for row in ranked] == ["looped_parallel", "skip", "reverse", "middle_repeat"]
    assert ranked[0]["A"] - ranked[1]["A"] == pytest.approx(
        curves.contrast(KNOWN, "looped_parallel", "skip")["value"]
    )
    assert all(row["low"] < row["A"] < row["high"] for row in ranked)


def test_without_a_start_in_w_nothing_is_compared() -> None:
    few = evidence(starts=[0, 7])  # M = 15 and 1
    assert curves.ranking(few, "skip", "parallel") == []
    assert curves.contrast(few, "skip", "parallel")["value"] is None
    assert curves.compared(curves.contrast(few, "skip", "parallel")) == "Skip and parallel cannot be compared"


# --- loops ---------------------------------------------------------------------------------------


def looped(best: Any, *, height: Any = lambda m: 0.9, noise: float = 0.0) -> Any:
    """R of loops that is highest at a planted count."""
    entries = [FULL, *rl.paper_grid("fig10", LAYERS, loops=range(1, 15))]
    levels = [1.0]
    for entry in entries[1:]:
        assert entry.start is not None
        assert entry.times is not None
        m = LAYERS - 2 * entry.start - 1
        levels.append(height(m) - 0.03 * abs(entry.times - best(m)))
    made = benchmark("a", np.array(levels))
    values = made.values.copy()
    values[..., 1] = 0.2 + 0.6 * np.array(levels)[:, None] + np.random.default_rng(0).normal(0, 0.05, 60)
    values[..., 1] += np.random.default_rng(1).normal(0, noise, values.shape[:2])
    scores = Scores("m", "", "float32", LAYERS, tuple(entries), {"a": replace(made, values=values)}, {})
    return rl.retained(scores, "u", count=200)


def test_planted_best_counts_are_found_and_their_proportion_is_one() -> None:
    found = curves.peaks(looped(lambda m: m))
    assert [(peak.middle, peak.times) for peak in found] == [(m, min(m, 14)) for m in range(1, 16, 2)]
    assert [peak.middle for peak in found if not peak.unused] == [3, 5, 7, 9, 11]
    fit = curves.proportion(found)
    assert fit["used"] == 5
    assert (fit["c"], fit["slope"]) == pytest.approx((1, 1))
    assert fit["low"] == fit["high"] == pytest.approx(1)  # no draw moves a count


def test_a_fit_is_least_squares_over_the_used_counts_only() -> None:
    found = curves.peaks(looped(lambda m: 2 + round(0.4 * m)))
    used = [peak for peak in found if not peak.unused]
    m, k = (np.array([getattr(peak, name) for peak in used], dtype=float) for name in ("middle", "times"))
    fit = curves.proportion(found)
    assert fit["c"] == pytest.approx(np.linalg.lstsq(m[:, None], k, rcond=None)[0][0])
    assert fit["slope"] == pytest.approx(np.polyfit(np.log(m), np.log(k), 1)[0])


@pytest.mark.parametrize(
    ("planted", "reason"),
    [
        ({"best": lambda m: 14}, "best count is the largest"),
        ({"best": lambda m: 3, "height": lambda m: 0.05}, "best R below 0.1"),
        ({"best": lambda m: 7, "noise": 0.5}, "best count uncertain"),
    ],
)
def test_a_count_that_tells_nothing_is_not_used(planted: dict[str, Any], reason: str) -> None:
    found = {peak.middle: peak for peak in curves.peaks(looped(**planted))}
    assert (found[1].unused, found[13].unused, found[15].unused) == ("M = 1", "M >= T - 3", "M >= T - 3")
    assert reason in {found[m].unused for m in (3, 5, 7, 9, 11)}
    assert curves.proportion([found[1], found[13]])["c"] is None


def test_of_equal_counts_the_fewest_is_best() -> None:
    assert {peak.times for peak in curves.peaks(looped(lambda m: 3.5))} == {3}


def test_a_peaks_interval_is_of_its_draws() -> None:
    peak = curves.peaks(looped(lambda m: 7, noise=0.3))[3]
    row = peak.row
    assert (row["low"], row["high"]) == interval(peak.drawn)
    assert len(set(peak.drawn.tolist())) > 1


# --- orders --------------------------------------------------------------------------------------


@given(st.permutations(list(range(4, 12))))
def test_tau_is_scipys(order: list[int]) -> None:
    assert curves.kendall(order) == pytest.approx(kendalltau(range(8), order).statistic)
    assert curves.kendall(order[::-1]) == pytest.approx(-curves.kendall(order))


def ordered(gain: float) -> rl.Evidence:
    """R that falls with M and rises by `gain` with tau."""

    def level(entry: rl.Entry, name: str) -> float:
        if entry.start is None or entry.variant not in {"random", "reverse"}:
            return 1.0
        middle = [int(str(step)) for step in entry.schedule.steps[entry.start + 1 : LAYERS - entry.start]]
        return 0.9 - 0.04 * len(middle) + gain * (curves.kendall(middle) if len(middle) > 1 else 1)

    return evidence("a", level=level)


def test_single_orders_have_their_own_r_and_the_trained_order_is_none() -> None:
    found = ordered(0.2)
    assert found.scores is not None
    rows = curves.orders(found.scores)
    own = {(e.start, str(e.schedule)): at for at, e in enumerate(found.scores.entries)}
    for row in rows:
        place = own[row["start"], row["schedule"]]
        share = found.scores.retained(found.scores.results("a"), "u", [place])
        assert row["R"] == pytest.approx(share.value)
        assert row["low"] <= row["R"] <= row["high"]
    assert len({(row["start"], row["schedule"]) for row in rows}) == len(rows)
    assert all(row["tau"] < 1 and row["middle"] > 1 for row in rows)
    assert {row["tau"] for row in rows if row["variant"] == "reverse"} == {-1.0}


@pytest.mark.parametrize("gain", [0.2, -0.1, 0.0])
def test_the_slope_is_the_planted_one_whatever_m_does(gain: float) -> None:
    found = ordered(gain)
    assert found.scores is not None
    slope = curves.slope(curves.orders(found.scores), LAYERS)
    assert slope["value"] == pytest.approx(gain, abs=0.03)
    assert abs(slope["value"] - gain) < 4 * slope["stderr"]


def test_the_slope_is_a_regression_with_a_constant_for_each_start() -> None:
    found = ordered(0.3)
    assert found.scores is not None
    rows = curves.orders(found.scores)
    some = [row for row in rows if row["variant"] == "random" and 3 <= row["middle"] <= LAYERS / 2]
    starts = sorted({row["start"] for row in some if sum(r["start"] == row["start"] for r in some) >= 3})
    some = [row for row in some if row["start"] in starts]
    x = np.array([[row["tau"], *(row["start"] == start for start in starts)] for row in some], dtype=float)
    y = np.array([row["R"] for row in some])
    beta, left, *_ = np.linalg.lstsq(x, y, rcond=None)
    error = math.sqrt(left[0] / (len(y) - x.shape[1]) * np.linalg.inv(x.T @ x)[0, 0])
    slope = curves.slope(rows, LAYERS)
    assert (slope["value"], slope["stderr"]) == pytest.approx((beta[0], error))
    assert slope["orders"] == len(some)


def test_too_few_orders_have_no_slope() -> None:
    assert curves.slope([], LAYERS) == {"value": None, "stderr": None, "orders": 0}


# --- words ---------------------------------------------------------------------------------------


def numbers(*lows: float) -> dict[str, Any]:
    """Numbers of skip at M = 3, 5, 7 ... whose intervals begin at `lows`."""
    rows = [
        {
            "metric": "u",
            "benchmark": "a",
            "variant": "skip",
            "middle": 3 + 2 * at,
            "R": low + 0.1,
            "low": low,
            "high": low + 0.2,
        }
        for at, low in enumerate(lows)
    ]
    about = {
        "layers": 12,
        "variants": ["skip"],
        "summary": {"u": "a", "acc": None},
        "benchmarks": {"u": ["a"]},
    }
    return {**about, "rows": rows[::-1]}


@pytest.mark.parametrize(
    ("lows", "said"),
    [
        ((0.8, 0.6, 0.2), "surely more than one half up to M = 5"),
        ((0.8, 0.2, 0.6), "surely more than one half up to M = 3"),
        ((0.8, 0.7, 0.6), "surely more than one half at every M swept"),
        ((0.45, 0.3, 0.2), "surely more than one half nowhere"),
    ],
)
def test_words_say_up_to_where_half_is_retained(lows: tuple[float, ...], said: str) -> None:
    told = curves.retains(numbers(*lows))
    assert told.endswith(said)
    near, far = (
        f"{low + 0.1:.2f} [{low:.2f}, {low + 0.2:.2f}] at M = {m}"
        for low, m in zip(lows, (3, 5), strict=False)
    )
    assert told.startswith(f"retains R = {near} and {far} (continuous score, a), ")


def test_words_do_not_call_a_difference_what_may_be_none() -> None:
    words = {"one": "reverse", "other": "skip"}
    close = curves.compared({**words, "value": 0.02, "low": -0.01, "high": 0.05})
    assert "cannot be told apart" in close
    assert close.endswith("reverse retains 0.02 more (between 0.01 less and 0.05 more)")
    less = curves.compared({**words, "value": -0.2, "low": -0.3, "high": -0.1})
    assert less == "Averaged over M from 3 to T/2, reverse retains 0.20 [0.10, 0.30] less than skip"


def test_one_middle_layer_alone_has_no_curve() -> None:
    alone = numbers(0.8)
    alone["rows"][0]["middle"] = 1
    assert curves.retains(alone) == "has scores for M = 1 only"
