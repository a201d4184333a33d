"""Laws of shares: the score's own normalised value, pairing, seeds drawn anew, what cannot be told."""

import zlib
from dataclasses import replace

import numpy as np
import pytest
from made_scores import LAYERS, made, scores, some

import reprlab as rl
from reprlab.scores.baselines import Baselines
from reprlab.scores.retained import retained
from reprlab.scores.scores import Scores
from reprlab.statistics.bootstraps import draws, expanded, interval
from reprlab.statistics.floors import SPLITS


def test_values_are_the_normalised_scores_and_the_full_model_is_one_in_every_draw() -> None:
    found = some(full=0.8, skip=0.5)
    r = retained(found, count=50)
    frame = found.normalised()
    assert np.allclose(r.values, frame[["a", "b"]])
    assert np.allclose(r.median, frame["median"])
    assert (r.drawn[0] == 1).all()
    assert np.allclose(r.drawn_median, np.median(r.drawn, axis=1), equal_nan=True)


def test_intervals_agree_with_the_delta_method() -> None:
    found = some(full=0.8, skip=0.5)
    r = retained(found)
    row = r.rows("skip", start=3)[0]
    for at, name in enumerate("ab"):
        share = found.retained(found.results(name), "u", found.rows[row])
        low, high = interval(r.drawn[row, at])
        assert low == pytest.approx(share.low, abs=0.01)
        assert high == pytest.approx(share.high, abs=0.01)


def test_equal_documents_give_equal_draws_whatever_else_was_swept() -> None:
    found = some(full=0.8, skip=0.5)
    few = [0, *(i for i, e in enumerate(found.entries) if e.variant == "skip")]
    less = replace(
        found,
        entries=tuple(found.entries[i] for i in few),
        benchmarks={
            n: replace(r, values=r.values[few], nonfinite=r.nonfinite[few])
            for n, r in found.benchmarks.items()
        },
    )
    one, other = retained(found, count=40), retained(less, count=40)
    assert np.array_equal(one.drawn[one.rows("skip")], other.drawn[other.rows("skip")])


def test_a_benchmark_at_guessing_is_left_out_with_its_reason() -> None:
    r = retained(some(full=0.26), count=10)
    assert r.benchmarks == ()
    assert "5 are needed" in r.undecided["a"] or "not above chance" in r.undecided["a"]
    assert np.isnan(r.median).all()
    assert r.table("skip") == []


def test_orders_are_drawn_beside_documents_unless_they_are_all() -> None:
    found = some(full=0.8)
    # one order is much worse than the others, on every document alike
    worse = next(
        i for i, e in enumerate(found.entries) if e.variant == "random" and e.start == 3 and e.seed == 0
    )
    parts = {}
    for name, r in found.benchmarks.items():
        values = r.values.copy()
        values[worse] -= 0.2
        parts[name] = replace(r, values=values)
    r = retained(replace(found, benchmarks=parts))
    (row,) = r.rows("random", start=3)
    low, high = interval(r.drawn_median[row])
    assert high - low > 0.3  # orders' spread of .36 in R
    assert r.median[row] == pytest.approx(retained(found).median[row] - 0.2 / 3 / 0.55, abs=0.02)


def test_all_orders_of_three_layers_are_a_census() -> None:
    seeds: dict[str, int] = {}
    for seed in range(100):
        seeds.setdefault(str(rl.Schedule.paper("random", layers=LAYERS, start=4, seed=seed)), seed)
    full = [rl.Entry("full", rl.Schedule.full(LAYERS))]
    grid = rl.paper_grid("fig07", LAYERS, starts=[4], seeds=seeds.values())
    assert len(seeds) == 6
    values = np.full((7, 60), 0.8)
    values[1:] = np.linspace(0.3, 0.8, 6)[:, None]  # documents do not matter
    values += np.random.default_rng(0).normal(0, 1e-9, values.shape)
    r = retained(scores(made(values), entries=full + grid), count=200)
    (row,) = r.rows("random")
    assert r.labels[row]["seeds"] == 5  # the identity is no random order
    assert np.ptp(r.drawn[row]) < 1e-3


def test_random_directions_are_a_sample_however_few_layers_there_are() -> None:
    full = [rl.Entry("full", rl.Schedule.full(LAYERS))]
    drawn = rl.paper_grid(
        "controls", LAYERS, starts=[4], seeds=range(10)
    )  # three layers: ten are more than 3! - 1
    grid = [entry for entry in drawn if entry.variant == "random_direction"]
    values = np.full((1 + len(grid), 60), 0.8)
    values[1:] = np.linspace(0.3, 0.8, len(grid))[:, None]
    r = retained(scores(made(values), entries=full + grid), count=400)
    (row,) = r.rows("random_direction")
    assert r.labels[row]["seeds"] == len(grid) == 10
    assert np.ptp(r.drawn[row]) > 0.1


def test_a_table_has_labels_intervals_and_a_median_of_two_or_more() -> None:
    r = retained(some(full=0.8), count=100)
    rows = r.table("skip", "random")
    assert {row["benchmark"] for row in rows} == {"a", "b", "median"}
    known = [row for row in rows if not row["few"]]
    assert all(row["low"] <= row["R"] <= row["high"] for row in known)
    few = [row for row in rows if row["few"]]
    assert {(row["variant"], row["orders"]) for row in few} == {("random", 2)}  # of five, with three layers
    assert {row["few"] for row in few} == {"too few orders: 3 are needed"}
    assert all(np.isnan([row["low"], row["high"]]).all() for row in few)
    assert {row["orders"] for row in rows if row["variant"] == "skip"} == {1}
    one = next(row for row in rows if row["variant"] == "skip" and row["start"] == 4)
    assert (one["middle"], one["layer_calls"], one["path"]) == (3, 9, 9)
    alone = replace(r.scores, benchmarks={"a": r.scores.benchmarks["a"]})
    assert {row["benchmark"] for row in retained(alone, count=10).table("skip")} == {"a"}


def test_units_are_drawn_whole() -> None:
    rng = np.random.default_rng(1)
    pairs = np.repeat(rng.uniform(0.2, 0.9, (2, 40)), 2, axis=1)
    pairs[0] = 0.9
    entries = [rl.Entry("full", rl.Schedule.full(LAYERS)), *rl.paper_grid("fig04", LAYERS, starts=[4])]
    names = [str(i // 2) for i in range(80)]
    apart, whole = (
        retained(scores(made(pairs + rng.normal(0, 1e-6, pairs.shape), units=units), entries=entries))
        for units in (None, names)
    )
    widths = [np.subtract(*interval(r.drawn[1, 0])[::-1]) for r in (apart, whole)]
    assert widths[1] / widths[0] == pytest.approx(2**0.5, rel=0.1)


def test_sweeps_are_joined_and_what_one_lacks_is_left_out_of_its_median() -> None:
    found = some(full=0.8, skip=0.5)
    rest = [0, *(i for i, e in enumerate(found.entries) if e.variant not in {"skip", "full"})]
    skips = [0, *(i for i, e in enumerate(found.entries) if e.variant == "skip")]

    def part(rows: list[int], *names: str) -> Scores:
        some_ = {
            n: replace(r, values=r.values[rows], nonfinite=r.nonfinite[rows])
            for n, r in found.benchmarks.items()
        }
        return replace(
            found, entries=tuple(found.entries[i] for i in rows), benchmarks={n: some_[n] for n in names}
        )

    whole = part(rest, "a", "b").joined(part(skips, "a", "b"))
    assert set(whole.entries) == set(found.entries)
    for entry in found.entries:
        for name in "ab":
            one, other = (s.results(name).values[s.entries.index(entry)] for s in (whole, found))
            assert np.array_equal(one, other)
    fewer = retained(part(rest, "a", "b").joined(part(skips, "a")), count=20)
    row = fewer.rows("skip")[0]
    assert np.isnan(fewer.values[row, 1])
    assert fewer.median[row] == fewer.values[row, 0]
    assert np.array_equal(fewer.drawn_median[row], fewer.drawn[row, 0])
    assert {one["benchmark"] for one in fewer.table("skip")} == {"a"}
    with pytest.raises(rl.ReprlabError, match="sweeps of one network are joined: model is m, and other"):
        found.joined(replace(found, model="other"))
    short = {n: replace(r, values=r.values[:, :9], ids=r.ids[:9]) for n, r in found.benchmarks.items()}
    with pytest.raises(rl.ReprlabError, match="over the same documents: those of 'a' differ"):
        found.joined(replace(found, benchmarks=short))


def test_r_draws_its_floor_with_the_documents() -> None:
    rng = np.random.default_rng(8)
    values = np.clip(np.array([0.8, 0.5])[:, None] + rng.normal(0, 0.1, (2, 80)), 0, 1)
    table = rng.uniform(0, 0.6, (1, SPLITS, 80, 1))
    ids = tuple(map(str, range(80)))
    measured = Baselines.of({"one": table[0]}, {"one": table[0]}, ids)
    results = replace(made(values), measured=measured)
    entries = [rl.Entry("full", rl.Schedule.full(LAYERS)), rl.Entry("custom", rl.Schedule([0, 1]))]
    r = retained(scores(results, entries=entries), count=30)
    times = draws(results.unit_codes, 30, seed=zlib.crc32(b"one"))
    order = results.unit_codes  # a document's column among the draws
    floor = results.floor_items("u")
    for draw, row in enumerate(times[:, order]):
        low, score, full = (np.average(x, weights=row) for x in (floor, values[1], values[0]))
        under = (score - low) / (full - low)
        assert r.drawn[1, 0, draw] == pytest.approx(expanded(r.values[1, 0], under, 80), rel=1e-5)
    whole = scores(results, entries=entries).normalised()
    assert r.values[1, 0] == pytest.approx(whole["one"][1])
