"""Schedules as functions take them: as values or texts, one or several, with labels or without."""

from __future__ import annotations

from typing import Any

from reprlab.arguments import of, refused, several
from reprlab.schedules.grids import Entry
from reprlab.schedules.schedule import Schedule

NEEDED = "a schedule or its text, as in '0:14 19:32'"
_one = of((str, Schedule, Entry), "schedules, their texts, or entries of rl.paper_grid")


def schedule_of(name: str, value: Any) -> Schedule | None:
    """A schedule, its text read; None for the layers as they are."""
    if isinstance(value, str):
        return Schedule.parse(value)
    if value is not None and not isinstance(value, Schedule):
        raise refused(name, value, NEEDED)
    return value


schedules_of = several(_one, (str, Schedule, Entry), "schedules or their texts, one or a list of them")
