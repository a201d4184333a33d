"""The best counts of loops are named unless they are not known."""

from __future__ import annotations

import pytest
from judged import Level, evidence, grid, loop_grid, part, peaked, ruled, simulated, world

from reprlab.scores.retained import DRAWS
from reprlab.verdicts import curves
from reprlab.verdicts.basis import Basis
from reprlab.verdicts.q7_loops import grown, looping, proportion
from reprlab.verdicts.view import AS_RULED, View


def test_best_counts_are_named_unless_they_are_not_known() -> None:
    def told(wanted: Level) -> str:
        starts = tuple(range(1, 10))  # M = 17 .. 1
        loops = simulated(wanted, entries=loop_grid(starts, 11), noise=0.03)
        return part(ruled(evidence(world(), loops=loops)), 7, "b").detail

    assert told(peaked) == "there are 4"  # M = 3, 5, 7, 9: not 1, not the largest count, not M >= 17
    assert told(lambda e, b: peaked(e, b) - 0.65) == "there are 0"  # R too low
    assert told(lambda e, b: 0.5) == "there are 0"  # anything between 1 and 11
    none = evidence(world(), loops=world(entries=grid()[:2]))
    assert part(ruled(none), 7, "b").detail == "looped parallel among the counts of iterations"


def test_the_figure_and_the_verdict_give_one_interval_for_one_slope() -> None:
    loops = simulated(lambda e, b: peaked(e, b, 0.7), entries=loop_grid(counts=16), noise=0.3)
    fit = curves.proportion(curves.peaks(curves.both_of(loops)["u"]))
    found = looping(View(Basis(evidence(world(), loops=loops), DRAWS), AS_RULED))[1]
    assert fit["low"] < fit["slope"] < fit["high"]
    assert (found.value, found.low, found.high) == pytest.approx((fit["slope"], fit["low"], fit["high"]))


@pytest.mark.parametrize(
    ("ends", "first", "second"),
    [
        ((0.4, 1.3), "supported", "supported"),
        ((0.3, 0.85), "in part", "in part"),
        ((-0.1, 0.5), "contradicted", "not decidable"),
        ((-0.5, -0.1), "contradicted", "contradicted"),
        ((-0.5, 1.5), "not decidable", "not decidable"),
    ],
)
def test_growth_in_proportion_is_claimed_only_where_the_interval_holds_1(
    ends: tuple[float, float], first: str, second: str
) -> None:
    assert (proportion(*ends)[0], grown(*ends)[0]) == (first, second)
    assert grown(-0.1, 0.5)[1] == "growth open"
