"""Samples: nested, drawn by a seed, units together."""

from collections import Counter
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from reprlab.sampled import sampled

UNITS = st.lists(st.integers(0, 9), max_size=40)


@given(units=UNITS, seed=st.integers(0, 5))
def test_a_sample_is_an_order_of_the_rows_with_units_together(units: list[int], seed: int) -> None:
    order = sampled(units, seed)
    assert sorted(order) == list(range(len(units)))
    runs = [units[place] for place in order]
    changes = 1 + sum(a != b for a, b in pairwise(runs))
    assert not units or changes == len(set(units))


@given(units=UNITS)
def test_without_a_seed_rows_stay_where_they_are(units: list[int]) -> None:
    assert sampled(units, None) == list(range(len(units)))


def test_another_seed_draws_another_sample() -> None:
    rows = range(1000)
    assert len({tuple(sampled(rows, seed)[:20]) for seed in range(10)}) == 10


def test_every_row_is_as_likely_as_any_other() -> None:
    drawn = Counter(place for seed in range(400) for place in sampled(range(40), seed)[:10])
    assert min(drawn.values()) > 60  # 100 expected, sd 8.7
    assert max(drawn.values()) < 140


def test_the_order_is_the_same_in_every_version() -> None:
    assert sampled(range(12), 0) == [6, 4, 10, 2, 1, 7, 5, 0, 8, 9, 3, 11]
