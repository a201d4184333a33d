"""The best counts of loops are told unless they cannot be."""

from __future__ import annotations

from judged import Level, evidence, grid, loop_grid, part, peaked, ruled, simulated, world


def test_best_counts_are_told_unless_they_cannot_be() -> None:
    def told(wanted: Level) -> str:
        starts = tuple(range(1, 10))  # M = 17 .. 1
        loops = simulated(wanted, entries=loop_grid(starts, 11), noise=0.03)
        return part(ruled(evidence(world(), loops=loops)), 7, "b").detail

    assert told(peaked) == "4 are left"  # M = 3, 5, 7, 9: not 1, not the largest count, not M >= 17
    assert told(lambda e, b: peaked(e, b) - 0.65) == "0 are left"  # R too low
    assert told(lambda e, b: 0.5) == "0 are left"  # anything between 1 and 11
    none = evidence(world(), loops=world(entries=grid()[:2]))
    assert part(ruled(none), 7, "b").detail == "no looped parallel among the counts"
