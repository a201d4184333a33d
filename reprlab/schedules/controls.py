"""The controls of the paper's interventions: a middle with an update of another size or direction.

A repeated layer adds an update much larger than the layers that it replaces; so it is run once more with the
full model's norm. A random direction of the middle's own norm, and the middle's mean update, are what is left
when the direction, or what it depends on, is taken away.
"""

from collections.abc import Callable, Mapping

from reprlab.schedules.schedule import PAPER, Intervention, Schedule, cut
from reprlab.schedules.steps import Block
from reprlab.schedules.update_rules import Matched, MeanUpdate, RandomDirection, Rule


def repeat_matched(layers: int, start: int, stop: int) -> Schedule:
    """`Schedule.middle_repeat`, its update at the norm of the full model's.

    Law, of all that are matched: with one middle layer it is the full model, which it would be to rounding.

    >>> str(repeat_matched(32, 14, 19)), str(repeat_matched(32, 15, 16))
    ('0:14 (16*5)~14:19 19:32', '0:32')
    """
    return _matched(Schedule.middle_repeat, layers, start, stop)


def reverse_matched(layers: int, start: int, stop: int) -> Schedule:
    """`Schedule.reverse`, its update at the norm of the full model's.

    >>> str(reverse_matched(32, 14, 19))
    '0:14 (19:14)~14:19 19:32'
    """
    return _matched(Schedule.reverse, layers, start, stop)


def parallel_matched(layers: int, start: int, stop: int) -> Schedule:
    """`Schedule.parallel`, its update at the norm of the full model's.

    >>> str(parallel_matched(32, 14, 19))
    '0:14 ([14:19])~14:19 19:32'
    """
    return _matched(Schedule.parallel, layers, start, stop)


def random_direction(layers: int, start: int, stop: int, *, seed: int) -> Schedule:
    """Layers `start..stop-1` in order, their update turned into a random direction.

    >>> str(random_direction(32, 14, 19, seed=7))
    '0:14 (14:19)?7 19:32'
    """
    return _block(Schedule.full(layers), layers, start, stop, RandomDirection(seed))


def mean_ablation(layers: int, start: int, stop: int, *, calibration: str) -> Schedule:
    """Layers `start..stop-1` replaced by their mean update over a calibration capture.

    >>> str(mean_ablation(32, 14, 19, calibration="0123456789abcdef"))
    '0:14 (14:19)=0123456789abcdef 19:32'
    """
    return _block(Schedule.full(layers), layers, start, stop, MeanUpdate(calibration))


def _matched(build: Callable[[int, int, int], Schedule], layers: int, start: int, stop: int) -> Schedule:
    plain = build(layers, start, stop)
    if plain == Schedule.full(layers):
        return plain
    return _block(plain, layers, start, stop, Matched(start, stop))


def _block(whole: Schedule, layers: int, start: int, stop: int, rule: Rule) -> Schedule:
    """A schedule whose steps between layers `start` and `stop` are a block."""
    cut(layers, start, stop)
    end = len(whole) - (layers - stop)
    middle = [step for step in whole.steps[start:end] if not isinstance(step, Block)]
    return Schedule([*whole.steps[:start], Block(middle, rule), *whole.steps[end:]])


CONTROLS: Mapping[str, Intervention] = {
    "repeat_matched": Intervention(repeat_matched, ("start",)),
    "reverse_matched": Intervention(reverse_matched, ("start",)),
    "parallel_matched": Intervention(parallel_matched, ("start",)),
    "random_direction": Intervention(random_direction, ("start", "seed")),
    "mean_ablation": Intervention(mean_ablation, ("start", "calibration")),
}
INTERVENTIONS: Mapping[str, Intervention] = {**PAPER, **CONTROLS}
