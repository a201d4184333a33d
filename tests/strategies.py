"""Schedules for property tests: few layers, so that runs, repeats and shared prefixes occur."""

from hypothesis import strategies as st

from reprlab.schedules.schedule import Schedule
from reprlab.schedules.steps import Block, Plain, Step, Summed
from reprlab.schedules.update_rules import Matched, MeanUpdate, RandomDirection

LAYERS = 9

layer = st.integers(0, LAYERS - 1)
members = st.sets(layer, min_size=2).map(lambda found: tuple(sorted(found)))
step: st.SearchStrategy[Plain] = st.one_of(layer, layer, members, members.map(Summed))


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

upwards = st.tuples(depth, depth).filter(lambda ends: ends[0] < ends[1])
rules = st.one_of(upwards.map(lambda ends: Matched(*ends)), st.builds(RandomDirection, st.integers(0, 99)))
digests = st.text("0123456789abcdef", min_size=16, max_size=16)
ruled = st.builds(Block, st.lists(step, min_size=1, max_size=4), rules)
averaged = st.builds(lambda ends, name: Block(range(*ends), MeanUpdate(name)), upwards, digests)
block: st.SearchStrategy[Step] = ruled | averaged
block_pieces = pieces | st.builds(_repeat, block, st.integers(1, 3))
steps_with_blocks = st.lists(block_pieces, min_size=1, max_size=8).map(_join).filter(bool)
schedules_with_blocks = steps_with_blocks.map(Schedule)
