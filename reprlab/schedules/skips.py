"""Schedules by the share of layers that they leave out, as figures 12 and 13 have them on their axis."""

from __future__ import annotations

import math
from collections.abc import Iterable
from fractions import Fraction
from itertools import pairwise

from reprlab.errors import ReprlabError
from reprlab.schedules.grids import Entry
from reprlab.schedules.schedule import Schedule

SHARES = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5)  # figure 13's


def share_schedules(layers: int, shares: Iterable[float] = SHARES) -> list[Entry]:
    """For each share the paper's skip that leaves out the nearest share M / T of the layers, without repeats.

    M = T - 2s - 1 for a start s, or 0: the full model. Of two as near, the one that leaves out fewer.
    Raises `ReprlabError` for a share outside 0..1.

    >>> for entry in share_schedules(32, [0, 0.1, 0.3]): print(entry.label, entry.schedule)
    full 0:32
    skip s=14 0:15 18:32
    skip s=11 0:12 21:32
    """
    starts = {layers - 2 * s - 1: s for s in range(layers // 2)}
    entries: list[Entry] = []
    for share in shares:
        if not 0 <= share <= 1:
            raise ReprlabError(f"--shares {share:g}: give numbers from 0 to 1")
        wanted = Fraction(str(float(share))) * layers  # as it is written: 0.1 is a tenth
        middle = min((0, *starts), key=lambda m: (abs(m - wanted), m))
        entries.append(_skipping(layers, starts.get(middle)))
    return list(dict.fromkeys(entries))


def _skipping(layers: int, start: int | None) -> Entry:
    if start is None:
        return Entry("full", Schedule.full(layers))
    return Entry("skip", Schedule.paper("skip", layers=layers, start=start), start=start)


def left_out(schedule: Schedule, layers: int) -> float:
    """The share of layers that a schedule leaves out; NaN where it does more than leave out.

    >>> left_out(Schedule.parse("0:2 4:6"), 8), left_out(Schedule.parse("0:2 5 4"), 8)
    (0.5, nan)
    """
    steps = schedule.steps
    numbers = [step for step in steps if isinstance(step, int)]
    rising = len(numbers) == len(steps) and all(a < b for a, b in pairwise(numbers))
    return (layers - len(steps)) / layers if rising else math.nan
