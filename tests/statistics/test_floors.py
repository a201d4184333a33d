"""A floor is what a baseline chosen elsewhere gets: no lucky baseline raises it, a good one does."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reprlab.errors import ReprlabError
from reprlab.sampled import sampled
from reprlab.statistics.floors import SPLITS, floor_of, halves, quarters
from reprlab.statistics.normalised import guessing


@given(st.lists(st.integers(0, 30), min_size=1, max_size=60))
def test_a_unit_never_changes_sides(units: list[int]) -> None:
    for part in (halves, quarters):
        assert part(units).tolist() == [part([unit])[0] for unit in units]


def test_quarters_are_about_equal() -> None:
    units = [f"document {n}" for n in range(4000)]
    codes = 2 * halves(units) + quarters(units)
    assert np.bincount(codes) == pytest.approx([1000] * 4, abs=120)


def test_each_half_is_valued_by_what_the_other_chose() -> None:
    values, choosing = np.random.default_rng(1).uniform(size=(2, SPLITS, 5, 41))
    units = [f"u{n // 2}" for n in range(41)]
    items, chosen = np.zeros((SPLITS, 41)), np.zeros(5)
    for split in range(SPLITS):
        second = halves(units, split)
        for there in (second, ~second):
            best = max(range(5), key=lambda b: choosing[split, b, there].mean())
            items[split, ~there] = values[split, best, ~there]
            chosen[best] += 1 / (2 * SPLITS)
    found = floor_of(values, units, choosing)
    assert found.items == pytest.approx(items.mean(0))
    assert found.value == pytest.approx(items.mean())
    assert found.chosen == pytest.approx(chosen)


def test_one_table_stands_for_every_split() -> None:
    values = np.random.default_rng(2).uniform(size=(3, 30))
    one, other = floor_of(values, range(30)), floor_of([values] * SPLITS, range(30))
    assert one.items.tolist() == other.items.tolist()


def test_a_baseline_that_is_clearly_best_is_the_floor() -> None:
    rng = np.random.default_rng(2)
    values = np.stack([np.full(400, 0.25), rng.uniform(size=400) < 0.6, rng.uniform(size=400) < 0.3])
    assert floor_of(values, range(400)).chosen.tolist() == pytest.approx([0, 1, 0])
    assert floor_of(values, range(400)).value == pytest.approx(values[1].mean())


def test_one_unit_takes_the_first_baseline() -> None:
    assert floor_of([[0.25, 0.25], [1.0, 1.0]], ["a", "a"]).items == pytest.approx([0.25, 0.25])


@pytest.mark.parametrize("values", [[], [0.5, 0.5], [[0.5]], np.ones((0, 2)), np.ones((3, 1, 2))])
def test_what_is_no_table_of_baselines_is_refused(values: object) -> None:
    with pytest.raises(ReprlabError, match=r"a floor takes values \(baseline, 2 documents\)"):
        floor_of(values, "ab")  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize("rows", [40, 100, 500])
@pytest.mark.parametrize("choices", [2, 4])
def test_the_floor_of_choices_that_nothing_predicts_is_not_biased(rows: int, choices: int) -> None:
    """Six baselines, none better than chance; the old rule, the larger of uniform and majority, fails."""
    rng = np.random.default_rng(rows + choices)
    floors, old = [], []
    for _ in range(80_000 // rows):
        golds = rng.integers(choices, size=rows)
        always = [golds == place for place in range(choices)]
        lots = [golds == rng.integers(choices, size=rows) for _ in range(5 - choices)]
        values = np.array([np.full(rows, 1 / choices), *always, *lots], dtype=np.float64)
        floors.append(floor_of(values, range(rows)).value)
        guess = guessing([[gold] for gold in golds.tolist()], [choices] * rows)
        old.append(max(guess.uniform, guess.majority))
    assert abs(np.mean(floors) - 1 / choices) < 0.005
    assert np.mean(old) - 1 / choices > 0.01
    if (rows, choices) == (40, 4):
        assert np.mean(old) == pytest.approx(0.33, abs=0.005)


def test_halves_have_nothing_to_do_with_the_sample() -> None:
    units = [str(place) for place in sampled(range(10_042), 0)[:200]]
    for of in (halves, quarters):
        counts = [int(of(units, split).sum()) for split in range(10)]
        assert 70 < min(counts) <= max(counts) < 130  # 100 expected, sd 7
