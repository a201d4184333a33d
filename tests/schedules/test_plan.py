from collections.abc import Iterable
from functools import cache

from hypothesis import given
from hypothesis import strategies as st
from strategies import schedules, schedules_with_blocks

from reprlab.schedules.plan import Emit, Plan, Run
from reprlab.schedules.schedule import Schedule
from reprlab.schedules.steps import Block, Step, Summed
from reprlab.schedules.update_rules import Matched, MeanUpdate, RandomDirection

Prefix = tuple[Step, ...]

plans = st.lists(schedules, max_size=8).map(Plan)
plans_with_blocks = st.lists(schedules_with_blocks, max_size=8).map(Plan)
small_trees = st.lists(
    st.lists(st.integers(0, 2), min_size=1, max_size=4).map(Schedule), min_size=1, max_size=6
).map(Plan)


def prefixes(plan: Plan) -> set[Prefix]:
    return {s.steps[:stop] for s in plan.schedules for stop in range(1, len(s) + 1)}


def calls(steps: Iterable[Step]) -> int:
    return sum(calls_of(one) for one in steps)


def calls_of(step: Step) -> int:
    if isinstance(step, Block):
        return 0 if isinstance(step.rule, MeanUpdate) else calls(step.steps)
    return 1 if isinstance(step, int) else len(step)


def full_pass(plan: Plan) -> tuple[int, int]:
    """The full model's layers that run before the walk, and the states alive then, the root's counted."""
    rules = [step.rule for s in plan.schedules for step in s if isinstance(step, Block)]
    spans = {(rule.start, rule.stop) for rule in rules if isinstance(rule, Matched)}
    deepest = max((stop for _, stop in spans), default=0)
    alive = 0
    for depth in range(1, deepest + 1):
        needed = {start for start, stop in spans if start < depth <= stop}
        alive = max(alive, len({0, depth} | needed))
    return deepest, alive


def simulate(plan: Plan) -> tuple[dict[int, Prefix], int]:
    """Run the walk on states that are the steps done so far: what each position gets, the peak."""
    slots: dict[int, Prefix] = {0: ()} if plan.schedules else {}
    results: dict[int, Prefix] = {}
    peak = max(len(slots), full_pass(plan)[1])
    for event in plan.walk():
        if isinstance(event, Run):
            inside = isinstance(event.step, Block) and calls_of(event.step)
            peak = max(peak, len(slots) + 1) if inside else peak
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


@given(plans_with_blocks)
def test_blocks_run_in_order_and_their_states_are_counted(plan: Plan) -> None:
    results, peak = simulate(plan)
    assert results == {at: schedule.steps for at, schedule in enumerate(plan.schedules)}
    assert peak == plan.peak_alive
    assert {event.slot_out for event in plan.walk() if isinstance(event, Run)} <= set(range(peak))


@given(plans_with_blocks)
def test_the_full_model_runs_once_for_all_blocks(plan: Plan) -> None:
    before, _ = full_pass(plan)
    assert plan.layer_calls == before + calls(prefix[-1] for prefix in prefixes(plan))
    assert plan.layer_calls_alone == sum(Plan([one]).layer_calls for one in plan.schedules)
    assert plan.layer_calls_alone == sum(one.layer_calls for one in plan.schedules)
    assert not plan.schedules or max(plan.calls_at.values()) == plan.layer_calls


def test_what_a_block_costs_and_keeps() -> None:
    matched = "0:2 (2*2)~2:4 4"
    assert (Schedule.parse(matched).layer_calls, Schedule.parse(matched).longest_path) == (9, 5)
    plan = Plan(map(Schedule.parse, [matched, "0:2 (3*2)~2:4 4", "0:5"]))
    assert (plan.layer_calls_alone, plan.layer_calls) == (9 + 9 + 5, 4 + 2 + 3 + 3 + 3)
    assert Plan([Schedule.parse("0:2 2 4")]).peak_alive == 1
    assert Plan([Schedule.parse("0:2 (2)?7 4")]).peak_alive == 2
    assert Plan([Schedule.parse("(2)~0:4 4")]).peak_alive == 2
    assert Plan([Schedule.parse("(2)~1:4 4")]).peak_alive == 3  # the root, h_1 and the last one
    mean = Schedule.parse("0 (1:4)=0123456789abcdef 4")
    assert (mean.layer_calls, mean.longest_path, Plan([mean]).peak_alive) == (2, 2, 1)


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

    def inside(done: frozenset[Prefix], new: Prefix) -> int:
        """While the layers of a block run: what still has children, its entry with it, and its own state."""
        held = sum(1 for node in done if children[node] - done)
        return held + 1 if isinstance(new[-1], Block) else 0

    @cache
    def best(done: frozenset[Prefix]) -> int:
        ready = [node for node in nodes - done if node[:-1] in done]
        steps = ((alive(done, n), inside(done, n), best(done | {n})) for n in ready)
        return min(map(max, steps), default=1)

    return best(frozenset({()}))


small_steps = st.one_of(st.integers(0, 2), st.just(Block([1, Summed((0, 2))], RandomDirection(3))))
small_trees_with_blocks = st.lists(
    st.lists(small_steps, min_size=1, max_size=4).map(Schedule), min_size=1, max_size=6
).map(Plan)


@given(small_trees_with_blocks.filter(lambda plan: len(prefixes(plan)) <= 11))
def test_no_order_keeps_fewer_states_alive_with_blocks(plan: Plan) -> None:
    assert plan.peak_alive == fewest_alive(plan)


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
