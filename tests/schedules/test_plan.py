from collections.abc import Iterable
from functools import cache

from hypothesis import given
from hypothesis import strategies as st
from strategies import schedules

from reprlab.schedules.plan import Emit, Plan, Run
from reprlab.schedules.schedule import Schedule
from reprlab.schedules.steps import Step

Prefix = tuple[Step, ...]

plans = st.lists(schedules, max_size=8).map(Plan)
small_trees = st.lists(
    st.lists(st.integers(0, 2), min_size=1, max_size=4).map(Schedule), min_size=1, max_size=6
).map(Plan)


def prefixes(plan: Plan) -> set[Prefix]:
    return {s.steps[:stop] for s in plan.schedules for stop in range(1, len(s) + 1)}


def calls(steps: Iterable[Step]) -> int:
    return sum(1 if isinstance(one, int) else len(one) for one in steps)


def simulate(plan: Plan) -> tuple[dict[int, Prefix], int]:
    """Run the walk on states that are the steps done so far: what each position gets, the peak."""
    slots: dict[int, Prefix] = {0: ()} if plan.schedules else {}
    results: dict[int, Prefix] = {}
    peak = len(slots)
    for event in plan.walk():
        if isinstance(event, Run):
            state = slots.pop(event.slot_in) if event.last_use else slots[event.slot_in]
            assert event.slot_out not in slots, "a state that is still needed is overwritten"
            slots[event.slot_out] = (*state, event.step)
        else:
            assert not set(event.positions) & set(results), "emitted twice"
            state = slots.pop(event.slot) if event.last_use else slots[event.slot]
            results.update(dict.fromkeys(event.positions, state))
        peak = max(peak, len(slots))
    assert not slots, "a state is left behind"
    return results, peak


@given(plans)
def test_the_walk_runs_every_schedule_in_order(plan: Plan) -> None:
    results, peak = simulate(plan)
    assert results == {at: schedule.steps for at, schedule in enumerate(plan.schedules)}
    assert peak == plan.peak_alive
    slots = {event.slot_out for event in plan.walk() if isinstance(event, Run)} | {0}
    assert not plan.schedules or slots == set(range(peak))


@given(plans)
def test_costs_are_those_of_the_distinct_prefixes(plan: Plan) -> None:
    assert plan.layer_calls == calls(prefix[-1] for prefix in prefixes(plan))
    runs = [event.step for event in plan.walk() if isinstance(event, Run)]
    assert len(runs) == len(prefixes(plan))
    assert plan.layer_calls == calls(runs)
    assert plan.layer_calls_alone == sum(calls(schedule) for schedule in plan.schedules)
    assert plan.layer_calls <= sum(calls(schedule) for schedule in plan.distinct)


@given(st.lists(schedules, min_size=1, max_size=5), st.data())
def test_duplicates_run_once_and_are_named(some: list[Schedule], data: st.DataObject) -> None:
    plan = Plan(data.draw(st.permutations(some + some[:2])))
    assert len(set(plan.distinct)) == len(plan.distinct)
    assert sorted(plan.distinct, key=plan.schedules.index) == list(plan.distinct)
    named = {at for found in plan.duplicates.values() for at in found}
    for at, schedule in enumerate(plan.schedules):
        same = tuple(i for i, other in enumerate(plan.schedules) if other == schedule)
        assert plan.duplicates.get(str(schedule), (at,)) == same
        assert (at in named) == (len(same) > 1)
    emitted = [event for event in plan.walk() if isinstance(event, Emit)]
    assert len(emitted) == len(plan.distinct)


def fewest_alive(plan: Plan) -> int:
    """Brute force over every order, depth-first or not, in which the tree's steps can run."""
    nodes = prefixes(plan)
    children = {node: {n for n in nodes if n[:-1] == node} for node in [(), *nodes]}

    def alive(done: frozenset[Prefix], new: Prefix) -> int:
        """Once `new` is there, before it is emitted: it and what still has children to come."""
        return 1 + sum(1 for node in done if children[node] - done - {new})

    @cache
    def best(done: frozenset[Prefix]) -> int:
        ready = [node for node in nodes - done if node[:-1] in done]
        return min((max(alive(done, n), best(done | {n})) for n in ready), default=1)

    return best(frozenset({()}))


@given(small_trees.filter(lambda plan: len(prefixes(plan)) <= 11))
def test_no_order_keeps_fewer_states_alive(plan: Plan) -> None:
    assert plan.peak_alive == fewest_alive(plan)


def complete(branching: int, height: int) -> Plan:
    every: list[list[int]] = [[]]
    for _ in range(height):
        every = [[*steps, one] for steps in every for one in range(branching)]
    return Plan(map(Schedule, every))


def test_a_complete_tree_keeps_one_state_a_level() -> None:
    assert [complete(2, height).peak_alive for height in (1, 2, 3, 4)] == [2, 3, 4, 5]
    assert complete(3, 3).peak_alive == 4


def test_the_heaviest_child_comes_last_and_the_rest_as_given() -> None:
    plan = Plan(map(Schedule.parse, ["0 1", "0 2", "3", "4", "4 5"]))
    emitted = [event.positions[0] for event in plan.walk() if isinstance(event, Emit)]
    assert emitted == [2, 3, 4, 0, 1]
    assert plan.peak_alive == 2


def test_a_prefix_that_is_a_schedule_is_emitted_on_the_way() -> None:
    assert list(Plan(map(Schedule.parse, ["0 1", "0", "0 1"])).walk()) == [
        Run(0, 0, 0),
        Emit((1,), 0, last_use=False),
        Run(1, 0, 0),
        Emit((0, 2), 0, last_use=True),
    ]


def test_a_set_costs_its_members_and_differs_from_a_sum() -> None:
    plan = Plan(map(Schedule.parse, ["0 [1:4]", "0 [1:4]+", "0 [1:4] 4"]))
    assert (plan.layer_calls_alone, plan.layer_calls) == (13, 8)


def test_thousands_of_steps_do_not_recurse() -> None:
    long = [Schedule([0] * 20_000), Schedule([0] * 19_999 + [1]), Schedule([0] * 5_000)]
    plan = Plan(long)
    assert plan.layer_calls == 20_001
    assert plan.peak_alive == 2
    assert sum(1 for _ in plan.walk()) == 20_004


def test_one_schedule_and_none() -> None:
    assert Plan([Schedule.full(9)]).peak_alive == 1
    nothing = Plan([])
    assert (nothing.layer_calls, nothing.layer_calls_alone, nothing.peak_alive) == (0, 0, 0)
    assert list(nothing.walk()) == []
    assert not nothing.duplicates
    assert not nothing.distinct


def test_plans_are_values() -> None:
    plan = Plan([Schedule.full(4), Schedule.skip(4, 1, 2)])
    assert plan == Plan(iter(plan.schedules))
    assert hash(plan) == hash(Plan(plan.schedules))
    assert str(plan) == "2 schedules, 2 distinct: 6 layer calls instead of 7"
