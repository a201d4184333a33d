"""Unnormalised means over tasks: naive sums, pairing, and orders together."""

import math

import numpy as np
import pytest

import reprlab as rl
from reprlab.scores.results import Column, Results


def results(name: str, values: np.ndarray, *columns: Column, floor: float = 0.5) -> Results:
    ids = tuple(map(str, range(values.shape[1])))
    kind = (name, f"glue/{name}", "", "classification", 0, "frozen", "d", floor, 2)
    return Results(*kind, columns, ids, ids, values, np.zeros(len(values), np.int64))


ACC, U, F1 = Column("acc", "mean", 1, True), Column("u", "mean", 1, True), Column("f1", "f1", 2, True)


def scores(seed: int = 0, count: int = 60) -> rl.Scores:
    rng = np.random.default_rng(seed)
    entries = (
        rl.Entry("full", rl.Schedule.full(6)),
        *rl.paper_grid("fig04", 6, starts=[1]),
        *rl.paper_grid("fig07", 6, starts=[0], seeds=range(3)),
    )
    one = rng.integers(0, 2, (len(entries), count, 2)).astype(float)
    gold = np.broadcast_to(rng.integers(0, 2, count), (len(entries), count))[..., None].astype(float)
    right = rng.integers(0, 2, (len(entries), count, 1)).astype(float)
    guess = np.where(right > 0, gold, 1 - gold)
    two = np.concatenate([right, gold, guess], axis=2)
    found = {"rte": results("rte", one, ACC, U), "mrpc": results("mrpc", two, ACC, F1)}
    return rl.Scores("tiny-bert", "", "float32", 6, entries, found, {})


def test_a_score_is_the_mean_of_a_tasks_metrics_and_the_mean_that_over_tasks() -> None:
    given = scores()
    means = rl.task_means(given, count=20)
    rte, mrpc = given.results("rte"), given.results("mrpc")
    g, p = mrpc.items("f1")[1].T
    f1 = 2 * (g * p).sum() / (g + p).sum()
    assert means.values[1] == pytest.approx(
        [rte.items("acc")[1].mean(), (mrpc.items("acc")[1].mean() + f1) / 2]
    )
    assert means.mean == pytest.approx(means.values.mean(1))


def test_orders_of_a_start_are_one_row_and_their_mean() -> None:
    given = scores()
    means = rl.task_means(given, count=20)
    assert len(means.values) == len(given.rows) == 3
    assert means.values[2, 0] == pytest.approx(given.results("rte").items("acc")[list(given.rows[2])].mean())


def test_gains_are_paired_so_that_the_same_answers_have_none() -> None:
    given = scores()
    table = rl.task_means(given, count=200).table()
    full = [row for row in table if row["variant"] == "full"]
    assert [(row["gain"], row["gain_low"], row["gain_high"]) for row in full] == [(0, 0, 0)] * 3
    one = given.results("rte")
    moved = one.values.copy()
    moved[1] = moved[0]
    moved[1, :30, 0] = 1.0
    better = rl.Scores("m", "", "float32", 6, given.entries, {"rte": results("rte", moved, ACC, U)}, {})
    row = rl.task_means(better, count=500).table()[1]
    assert row["gain_low"] > 0
    assert row["gain"] == pytest.approx((moved[1, :, 0] - moved[0, :, 0]).mean())


def test_intervals_hold_what_they_say() -> None:
    """Of 200 means of fair coins, 95 % or so have .5 inside."""
    inside = 0
    for seed in range(200):
        rng = np.random.default_rng(seed)
        values = np.repeat(rng.integers(0, 2, (1, 80, 1)), 2, axis=0).astype(float)
        entries = (rl.Entry("full", rl.Schedule.full(6)), *rl.paper_grid("fig04", 6, starts=[1]))
        one = rl.Scores("m", "", "float32", 6, entries, {"rte": results("rte", values, ACC)}, {})
        row = rl.task_means(one, count=400).table()[0]
        inside += row["low"] <= 0.5 <= row["high"]
    assert 180 <= inside <= 198


def test_floors_are_those_of_the_largest_class() -> None:
    given = scores()
    means = rl.task_means(given, count=10)
    share = given.results("mrpc").items("f1")[0, :, 0].mean()
    f1 = 2 * share / (1 + share) if share > 0.5 else 0.0
    assert means.floors == pytest.approx([0.5, (0.5 + f1) / 2])
    assert means.floor == pytest.approx(means.floors.mean())


def test_one_task_has_no_mean_row_and_u_alone_is_refused() -> None:
    given = scores()
    alone = rl.Scores("m", "", "float32", 6, given.entries, {"rte": given.results("rte")}, {})
    assert {row["benchmark"] for row in rl.task_means(alone, count=10).table()} == {"rte"}
    only = results("x", given.results("rte").values[..., 1:], U)
    with pytest.raises(rl.ReprlabError, match="'x' has no metric but u"):
        rl.task_means(rl.Scores("m", "", "float32", 6, given.entries, {"x": only}, {}), count=10)


def test_the_middle_is_counted_from_the_start() -> None:
    rows = rl.task_means(scores(), count=10).table()
    assert {row["middle"] for row in rows if row["start"] == 1} == {3}
    assert all(row["middle"] is None for row in rows if row["variant"] == "full")
    assert not any(math.isnan(row["low"]) for row in rows)
