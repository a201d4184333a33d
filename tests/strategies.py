"""Schedules for property tests: few layers, so that runs, repeats and shared prefixes occur."""

from hypothesis import strategies as st

from reprlab.schedules.schedule import Schedule
from reprlab.schedules.steps import Step, Summed

LAYERS = 9

layer = st.integers(0, LAYERS - 1)
members = st.sets(layer, min_size=2).map(lambda found: tuple(sorted(found)))
step: st.SearchStrategy[Step] = st.one_of(layer, layer, members, members.map(Summed))


def _stretch(start: int, stop: int) -> list[Step]:
    return list(range(start, stop) if start <= stop else range(start - 1, stop - 1, -1))


def _repeat(one: Step, times: int) -> list[Step]:
    return [one] * times


depth = st.integers(0, LAYERS)
pieces = st.one_of(st.builds(_stretch, depth, depth), st.builds(_repeat, step, st.integers(1, 4)))


def _join(found: list[list[Step]]) -> tuple[Step, ...]:
    return tuple(one for piece in found for one in piece)


steps = st.lists(pieces, min_size=1, max_size=8).map(_join).filter(bool)
schedules = steps.map(Schedule)
