import copy
import pickle
import random
from collections.abc import Callable
from dataclasses import FrozenInstanceError
from itertools import count
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import LAYERS, schedules, schedules_with_blocks, steps

from reprlab.errors import ReprlabError
from reprlab.schedules.schedule import PAPER, Schedule, matching
from reprlab.schedules.steps import LIMIT, Step, Summed, layers_of


def message(call: Callable[[], object]) -> str:
    with pytest.raises(ReprlabError) as caught:
        call()
    return str(caught.value)


# The value ----------------------------------------------------------------------------------------


@given(steps)
def test_a_schedule_is_its_steps(found: tuple[Step, ...]) -> None:
    schedule = Schedule(found)
    assert schedule.steps == found
    assert tuple(schedule) == found
    assert [type(one) for one in schedule] == [type(one) for one in found]
    assert schedule == Schedule(list(found))
    assert hash(schedule) == hash(Schedule(found))
    assert Schedule.parse(str(schedule)) == schedule
    assert eval(repr(schedule)) == schedule


@given(schedules, schedules)
def test_equal_text_is_equal_steps(one: Schedule, two: Schedule) -> None:
    assert (one == two) == (one.steps == two.steps) == (str(one) == str(two))


@given(schedules_with_blocks, schedules_with_blocks)
def test_blocks_are_values(one: Schedule, two: Schedule) -> None:
    assert (one == two) == (one.steps == two.steps) == (str(one) == str(two))
    assert Schedule.parse(str(one)) == one == Schedule(one.steps)
    assert hash(Schedule.parse(str(one))) == hash(one)


@given(schedules_with_blocks)
def test_a_block_is_one_step_with_one_depth_after_it(schedule: Schedule) -> None:
    depths = matching(schedule, LAYERS)
    assert len(depths) == len(schedule) + 1
    assert all(0 <= depth <= LAYERS for depth in depths)
    for at, step in enumerate(schedule.steps, start=1):
        assert step not in schedule.blocks or depths[at] == step.span[1]  # pyright: ignore


@given(schedules)
def test_costs(schedule: Schedule) -> None:
    members = [layers_of(one) for one in schedule]
    assert schedule.layer_calls == sum(map(len, members))
    assert schedule.longest_path == len(schedule) == len(members)


def test_sets_are_normalised() -> None:
    made = Schedule([[5, 3], {4}, Summed((2, 1)), Summed((7,)), frozenset({9, 8})])
    assert made.steps == ((3, 5), 4, Summed((1, 2)), 7, (8, 9))
    assert str(made) == "[3 5] 4 [1 2]+ 7 [8 9]"


def test_a_schedule_is_frozen_and_copies() -> None:
    schedule = Schedule.parse("0:3 [1 2]+")
    with pytest.raises(FrozenInstanceError):
        schedule.steps = ()  # pyright: ignore[reportAttributeAccessIssue]
    assert copy.deepcopy(schedule) == schedule == pickle.loads(pickle.dumps(schedule))


def test_what_is_no_schedule() -> None:
    nothing = "a schedule needs at least one step: no layer is left to run"
    assert message(lambda: Schedule([])) == nothing
    assert message(lambda: Schedule.full(0)) == nothing
    assert message(lambda: Schedule.skip(4, 0, 4)) == nothing
    too_long = "the schedule runs more than 100,000 layers: that is the most"
    assert message(lambda: Schedule([0] * (LIMIT + 1))) == too_long
    assert message(lambda: Schedule(0 for _ in count())) == too_long
    assert len(Schedule([0] * LIMIT)) == LIMIT


def test_check_marks_the_term_in_the_canonical_text() -> None:
    schedule = Schedule.parse("0:14 [19 18 17 14]*3 19 20:33")
    assert message(lambda: schedule.check(32)) == (
        "layer 32 does not exist in a model of 32 layers\n"
        "  0:14 [14 17:20]*3 19:33\n"
        "                    ^^^^^\n"
        "its layers are 0..31, its depths 0..32"
    )
    schedule.check(33)
    assert message(lambda: Schedule.parse("0:33", 32)) == message(lambda: Schedule.full(33).check(32))


# Constructors -------------------------------------------------------------------------------------


@st.composite
def windows(draw: st.DrawFn) -> tuple[int, int, int]:
    layers = draw(st.integers(1, 40))
    start = draw(st.integers(0, layers - 1))
    return layers, start, draw(st.integers(start + 1, layers))


def as_ints(schedule: Schedule) -> list[int]:
    return [one for one in schedule if isinstance(one, int)]


@given(windows())
def test_reverse_is_its_own_inverse(window: tuple[int, int, int]) -> None:
    order = as_ints(Schedule.reverse(*window))
    assert [order[layer] for layer in order] == list(range(window[0]))
    layers, start, stop = window
    down = [*range(start), *Schedule.parse(f"{stop}:{start}"), *range(stop, layers)]
    assert Schedule(down) == Schedule.reverse(*window)


@given(st.integers(2, 40), st.data())
def test_switch_is_its_own_inverse(layers: int, data: st.DataObject) -> None:
    order = as_ints(Schedule.switch(layers, data.draw(st.integers(0, layers - 2))))
    assert [order[layer] for layer in order] == list(range(layers)) != order


@given(windows(), st.integers(0, 99))
def test_random_permutes_the_window_alone(window: tuple[int, int, int], seed: int) -> None:
    layers, start, stop = window
    state = random.getstate()
    order = as_ints(Schedule.random(*window, seed=seed))
    assert random.getstate() == state
    assert sorted(order) == list(range(layers))
    assert order[:start] == list(range(start))
    assert order[stop:] == list(range(stop, layers))


@given(windows())
def test_windows_of_one_layer_and_once_round(window: tuple[int, int, int]) -> None:
    layers, start, _ = window
    one, full = (layers, start, start + 1), Schedule.full(layers)
    assert Schedule.reverse(*one) == Schedule.parallel(*one) == Schedule.middle_repeat(*one) == full
    assert Schedule.random(*one, seed=0) == Schedule.parallel(*one, sum=True) == full
    assert Schedule.internal_loop(*window, times=1) == Schedule.layer_loop(*window, times=1) == full
    assert Schedule.layer_loop(*one, times=2) == Schedule.internal_loop(*one, times=2)
    assert Schedule.looped_parallel(*window, times=1) == Schedule.parallel(*window)


@pytest.mark.parametrize(
    ("made", "text"),
    [
        (Schedule.full(32), "0:32"),
        (Schedule.skip(32, 14, 19), "0:14 19:32"),
        (Schedule.skip_one(32, 0), "1:32"),
        (Schedule.switch(32, 5), "0:5 6 5 7:32"),
        (Schedule.middle_repeat(32, 14, 19), "0:14 16*5 19:32"),
        (Schedule.middle_repeat(32, 14, 19, layer=0), "0:14 0*5 19:32"),
        (Schedule.reverse(32, 14, 19), "0:14 19:14 19:32"),
        (Schedule.parallel(32, 14, 19), "0:14 [14:19] 19:32"),
        (Schedule.parallel(32, 14, 19, sum=True), "0:14 [14:19]+ 19:32"),
        (Schedule.looped_parallel(32, 14, 19, times=3), "0:14 [14:19]*3 19:32"),
        (Schedule.internal_loop(32, 14, 19, times=2), "0:19 14:32"),
        (Schedule.internal_loop(32, 14, 19, times=3), "0:19 14:19 14:32"),
        (Schedule.layer_loop(32, 14, 19, times=2), "0:14 14*2 15*2 16*2 17*2 18*2 19:32"),
        (Schedule.reverse(32, 0, 32), "32:0"),
    ],
)
def test_constructors(made: Schedule, text: str) -> None:
    assert str(made) == text
    assert Schedule.parse(text, layers=32) == made


def test_constructors_refuse_what_does_not_fit() -> None:
    fit = "does not fit 8 layers: allowed is 0 <= start < stop <= 8"
    assert message(lambda: Schedule.skip(8, 3, 3)) == f"the range 3:3 {fit}"
    assert message(lambda: Schedule.reverse(8, 5, 9)) == f"the range 5:9 {fit}"
    assert message(lambda: Schedule.parallel(8, -1, 2)) == f"the range -1:2 {fit}"
    assert message(lambda: Schedule.skip_one(8, 8)) == f"the range 8:9 {fit}"
    assert message(lambda: Schedule.switch(8, 7)) == f"the range 7:9 {fit}"
    assert message(lambda: Schedule.middle_repeat(8, 2, 4, layer=8)) == f"the range 8:9 {fit}"
    once = "times is 0: allowed is 1 or more"
    assert message(lambda: Schedule.looped_parallel(8, 2, 4, times=0)) == once
    assert message(lambda: Schedule.internal_loop(8, 2, 4, times=0)) == once
    assert message(lambda: Schedule.layer_loop(8, 2, 4, times=0)) == once
    assert "more than 100,000" in message(lambda: Schedule.internal_loop(8, 2, 4, times=10**12))


# The paper ----------------------------------------------------------------------------------------


def authors(name: str, layers: int, start: int, seed: int, times: int) -> list[Any]:
    """The table of interventions, a line each, from the authors' start and end."""
    end = layers - start
    front, back = list(range(start + 1)), list(range(end, layers))
    middle = list(range(start + 1, end))
    shuffled = list(middle)
    random.seed(seed)
    random.shuffle(shuffled)
    together: Any = tuple(middle) if len(middle) > 1 else middle[0]
    replaced: dict[str, list[Any]] = {
        "full": middle,
        "skip": [],
        "middle_repeat": [layers // 2] * len(middle),
        "reverse": middle[::-1],
        "random": shuffled,
        "parallel": [together],
        "looped_parallel": [together] * times,
        "internal_loop": middle * times,
        "layer_loop": [layer for layer in middle for _ in range(times)],
    }
    return front + replaced[name] + back


@pytest.mark.parametrize("name", [name for name in PAPER if "layer" not in PAPER[name].needs])
@pytest.mark.parametrize("layers", [2, 3, 7, 24, 31, 32, 40])
def test_paper_is_the_authors_code(name: str, layers: int) -> None:
    for start in range(layers // 2):
        for seed in range(10):
            offered = {"start": start, "seed": seed, "times": 3}
            given = {need: offered[need] for need in PAPER[name].needs}
            made = Schedule.paper(name, layers=layers, **given)
            assert list(made) == authors(name, layers, start, seed, times=3)
            made.check(layers)


def test_paper_texts() -> None:
    at = {"layers": 32, "start": 13}
    assert str(Schedule.paper("skip", **at)) == "0:14 19:32"
    assert str(Schedule.paper("middle_repeat", **at)) == "0:14 16*5 19:32"
    assert str(Schedule.paper("reverse", **at)) == "0:14 19:14 19:32"
    assert str(Schedule.paper("parallel", **at)) == "0:14 [14:19] 19:32"
    assert str(Schedule.paper("looped_parallel", **at, times=3)) == "0:14 [14:19]*3 19:32"
    assert str(Schedule.paper("internal_loop", **at, times=2)) == "0:19 14:32"
    assert str(Schedule.paper("layer_loop", layers=32, start=14, times=2)) == "0:15 15*2 16*2 17*2 18:32"
    assert str(Schedule.paper("full", layers=32)) == "0:32"
    assert str(Schedule.paper("skip_one", layers=32, layer=5)) == "0:5 6:32"
    assert str(Schedule.paper("switch", layers=32, layer=5)) == "0:5 6 5 7:32"


@pytest.mark.parametrize("layers", [2, 8, 32])
def test_one_middle_layer_is_the_full_model(layers: int) -> None:
    at, full = {"layers": layers, "start": layers // 2 - 1}, Schedule.full(layers)
    for name in ("middle_repeat", "reverse", "parallel"):
        assert Schedule.paper(name, **at) == full
    assert Schedule.paper("random", **at, seed=4) == full
    looped, middle = Schedule.paper("looped_parallel", **at, times=3), layers // 2
    assert looped == Schedule([*range(middle), *[middle] * 3, *range(middle + 1, layers)])


def test_paper_refuses() -> None:
    def refused(name: str, **given: int) -> str:
        return message(lambda: Schedule.paper(name, **{"layers": 32, **given}))

    names = ", ".join(PAPER)
    near = f"unknown intervention 'revers': did you mean 'reverse'? There are: {names}"
    assert refused("revers", start=1) == near
    assert refused("baseline") == f"unknown intervention 'baseline': there are: {names}"
    assert refused("skip", start=16) == "start 16 leaves no middle in 32 layers: allowed are 0..15"
    assert refused("skip", start=-1) == "start -1 leaves no middle in 32 layers: allowed are 0..15"
    odd = "start 15 leaves no middle in 31 layers: allowed are 0..14"
    assert refused("reverse", layers=31, start=15) == odd
    one = "start 0 leaves no middle in 1 layer: it needs 2 or more"
    assert refused("skip", layers=1, start=0) == one
    assert refused("skip") == "skip takes layers, start; given: layers"
    assert refused("full", start=3) == "full takes layers; given: layers, start"
    assert refused("random", start=3) == "random takes layers, start, seed; given: layers, start"
    assert refused("skip", start=3, seed=0, times=2) == (
        "skip takes layers, start; given: layers, start, seed, times"
    )
    assert refused("looped_parallel", start=3, times=0) == "times is 0: allowed is 1 or more"
