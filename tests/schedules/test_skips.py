"""A share of layers has its nearest skip, and a skip has its share."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import reprlab as rl
from reprlab.schedules.skips import left_out, share_schedules

T = 6


def nearest(layers: int, share: str) -> int:
    """How many layers the nearest skip leaves out, by looking at all of them."""
    possible = [0, *(layers - 2 * s - 1 for s in range(layers) if layers - 2 * s - 1 > 0)]
    off = [(abs(Fraction(m, layers) - Fraction(share)), m) for m in possible]
    return min(off)[1]


@settings(deadline=None)
@given(st.integers(1, 90), st.lists(st.integers(0, 100).map(lambda n: f"{n / 100}"), min_size=1, max_size=8))
def test_a_share_has_its_nearest_skip(layers: int, shares: list[str]) -> None:
    entries = share_schedules(layers, map(float, shares))
    missing = [layers - len(entry.schedule) for entry in entries]
    assert missing == list(dict.fromkeys(nearest(layers, share) for share in shares))
    for entry, left in zip(entries, missing, strict=True):
        assert left_out(entry.schedule, layers) == left / layers
        assert entry.variant == ("skip" if left else "full")
        if left:
            assert entry.schedule == rl.Schedule.paper("skip", layers=layers, start=entry.start)


def test_ties_go_to_fewer_layers() -> None:
    assert [len(e.schedule) for e in share_schedules(20, [0.2])] == [17]  # 3 and 5 are as near as each other
    assert [len(e.schedule) for e in share_schedules(20, [0.025])] == [20]


@pytest.mark.parametrize(
    ("text", "share"), [("0:6", 0), ("0 5", 2 / 3), ("0:2 2:6", 0), ("5", 5 / 6)], ids=str
)
def test_a_share_is_that_of_the_layers_left_out(text: str, share: float) -> None:
    assert left_out(rl.Schedule.parse(text), T) == pytest.approx(share)


@pytest.mark.parametrize("text", ["1 0 2:6", "0:3 2:6", "0 [1 2] 3:6", "0 1*2 3"])
def test_a_schedule_that_does_more_than_leave_out_has_no_share(text: str) -> None:
    assert math.isnan(left_out(rl.Schedule.parse(text), T))
