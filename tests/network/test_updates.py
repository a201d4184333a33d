"""Blocks: what their rules make of an update, with one meaning in every executor that runs them."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Sequence
from typing import Any

import pytest
import torch
from examples import TINY, network
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import LAYERS, schedules_with_blocks
from torch import Tensor

import reprlab as rl
from reprlab.errors import ReprlabError
from reprlab.network.recorded import Recording
from reprlab.network.updates import Known, after, directions, full_norms, tokens
from reprlab.schedules.plan import Plan
from reprlab.schedules.schedule import Schedule
from reprlab.schedules.steps import Block, Step
from reprlab.schedules.update_rules import Matched, MeanUpdate, RandomDirection

DIGEST = "0123456789abcdef"
PROMPTS = ["A text that is longer than the window of sixteen tokens.", "A short one."]
FAMILIES = ["tiny-gpt2", "tiny-bert", "tiny-llama", "tiny-gemma2", "tiny-gemma3", "tiny-mixtral"]
BLOCKS = {
    "matched repeat": "0:2 (3*3)~2:5 5",
    "matched set": "0:2 ([2:5])~2:5 5",
    "matched sum and layer": "0 ([1 2]+ 4)~0:3*2 5",
    "random direction": "0:2 (2:5)?7 5",
    "mean update": f"0:2 (2:5)={DIGEST} 5",
    "all": f"(1*2)~0:2 (2:4)?7*2 (4)={DIGEST} (5 [0 3])?1",
}


def means(net: Any) -> dict[str, Tensor]:
    drawn = torch.randn(net.n_layers + 1, net.width, generator=torch.Generator().manual_seed(1))
    return {DIGEST: drawn.double()}


def recorded(net: Any, prompts: Sequence[str] = PROMPTS, side: str = "right") -> Recording:
    return net.record(net.batch(net.tokenize(list(prompts)), side), means(net))


def naive(recording: Recording, steps: Sequence[Step], known: dict[str, Tensor]) -> Tensor:
    """The rules as the documentation has them, in float64, around the recording's plain steps."""
    full = recording.run(range(len(recording.layers)))
    state = recording.start
    for step in steps:
        if not isinstance(step, Block):
            state = recording.apply(step, state)
            continue
        end = state
        for inner in step.steps:
            end = recording.apply(inner, end)
        update, (a, b) = (end - state).double(), step.span
        size = update.norm(dim=-1, keepdim=True)
        if isinstance(step.rule, Matched):
            wanted = (full[b] - full[a]).double().norm(dim=-1, keepdim=True)
            update = torch.where(size == 0, update, update * wanted / size)
        elif isinstance(step.rule, MeanUpdate):
            update = (known[DIGEST][b] - known[DIGEST][a]).expand_as(update)
        else:
            ids, positions = tokens(recording.batch)
            update = directions(step.rule.seed, ids, positions, update.shape[-1]).double() * size
        state = (state + update).to(state.dtype)
    return state


@pytest.mark.parametrize("text", BLOCKS.values(), ids=list(BLOCKS))
@pytest.mark.parametrize("name", FAMILIES)
def test_a_block_means_what_its_rule_says(name: str, text: str) -> None:
    net = network(name)
    recording, steps = recorded(net), Schedule.parse(text).steps
    expected = naive(recording, steps, means(net))
    torch.testing.assert_close(recording.run(steps)[-1], expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("name", FAMILIES)
def test_recorded_and_traced_agree_bit_for_bit(name: str, side: str) -> None:
    net = network(name)
    batch = net.batch(net.tokenize(PROMPTS), side)
    recording = net.record(batch, means(net))
    for text in BLOCKS.values():
        steps = Schedule.parse(text)
        local, traced = recording.run(steps), net.hidden_states(batch, steps, means(net))
        assert len(local) == len(traced) == len(steps) + 1
        assert all(torch.equal(a, b) for a, b in zip(local, traced, strict=True)), text


@pytest.mark.parametrize("name", TINY)
def test_the_model_at_its_own_norm_is_the_model_bit_for_bit(name: str) -> None:
    net = network(name)
    recording = recorded(net)
    full = recording.run(net.full())
    matched = recording.run(Schedule.parse("0:2 (2:4)~2:4 4:6"))
    assert [torch.equal(a, b) for a, b in zip(matched, [*full[:3], *full[4:]], strict=True)] == [True] * 6


@pytest.mark.parametrize("name", FAMILIES)
def test_norms_are_the_full_models_or_the_blocks_own(name: str) -> None:
    net = network(name)
    recording = recorded(net)
    full = recording.run(net.full())
    texts = ("0:2 3*3", "0:2 (3*3)~2:5", "0:2 (3*3)?4")
    plain, repeat, drawn = (recording.run(Schedule.parse(text)) for text in texts)
    moved = (plain[-1] - plain[2]).norm(dim=-1) > 0  # tiny-gemma3 leaves the padding where it is
    assert moved[recording.batch["attention_mask"].bool()].all()
    wanted = torch.where(moved, (full[5] - full[2]).norm(dim=-1), 0.0)
    assert not torch.allclose((plain[-1] - plain[2]).norm(dim=-1), wanted, rtol=1e-2)
    torch.testing.assert_close((repeat[-1] - repeat[2]).norm(dim=-1), wanted, rtol=1e-4, atol=1e-5)
    own = (plain[-1] - plain[2]).norm(dim=-1)
    torch.testing.assert_close((drawn[-1] - drawn[2]).norm(dim=-1), own, rtol=1e-4, atol=1e-5)
    aligned = torch.cosine_similarity(repeat[-1] - repeat[2], plain[-1] - plain[2], dim=-1)
    torch.testing.assert_close(aligned, moved.float(), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("name", FAMILIES)
def test_a_text_alone_is_what_it_is_in_any_batch(name: str) -> None:
    net = network(name)
    ids = net.tokenize(PROMPTS)
    sides = ["right"] + (["left"] if net.growing_kind(1) == net.growing_kind(2) else [])
    for text in BLOCKS.values():
        alone = net.record(net.batch([ids[1]]), means(net)).run(Schedule.parse(text))[-1][0]
        for side in sides:
            both = net.record(net.batch(ids, side), means(net)).run(Schedule.parse(text))[-1][1]
            found = both[: len(ids[1])] if side == "right" else both[-len(ids[1]) :]
            torch.testing.assert_close(found, alone, rtol=1e-3, atol=1e-3)


@given(st.lists(schedules_with_blocks, min_size=1, max_size=6))
@settings(max_examples=25, deadline=None)
def test_the_tree_gives_the_bits_of_one_by_one(many: list[Schedule]) -> None:
    net = network("tiny-llama")
    ours = [schedule for schedule in many if fits(schedule, net.n_layers)]
    names = {b.rule.calibration for s in ours for b in s.blocks if isinstance(b.rule, MeanUpdate)}
    recording = net.record(net.batch(net.tokenize(PROMPTS)), dict.fromkeys(names, means(net)[DIGEST]))
    plan = Plan(ours)
    for positions, state in recording.walk(plan):
        for position in positions:
            assert torch.equal(state, recording.run(ours[position])[-1]), ours[position]


def fits(schedule: Schedule, layers: int) -> bool:
    assert layers <= LAYERS
    try:
        schedule.check(layers)
    except ReprlabError:
        return False
    return True


def test_the_tree_keeps_as_few_states_alive_as_its_plan_says(monkeypatch: pytest.MonkeyPatch) -> None:
    net = network("tiny-llama")
    recording, alive, peak = recorded(net), weakref.WeakSet[Any](), 0
    real = Recording._layer  # pyright: ignore[reportPrivateUsage]

    def watched(self: Recording, *args: Any) -> Tensor:
        nonlocal peak
        state = real(self, *args)
        alive.add(state)
        gc.collect()
        peak = max(peak, len(alive))
        return state

    monkeypatch.setattr(Recording, "_layer", watched)
    monkeypatch.setattr("reprlab.network.recorded.after", lambda _block, _entry, end, _known: end)
    plan = Plan(map(Schedule.parse, ["0 (2*4)~1:5 3", "0 (3*4)~0:4 (1 2)?3", "0:6", "0 (2 3)~2:3"]))
    for _, state in recording.walk(plan):
        del state
    assert peak <= plan.peak_alive + 1  # the root is none of them, a layer's input and output both exist


def test_an_update_of_zero_stays_zero() -> None:
    entry = torch.randn(1, 2, 4)
    end = entry.clone()
    end[0, 1] += 1
    known = Known({"input_ids": torch.tensor([[3, 4]])}, {(0, 2): torch.tensor([[[2.0], [6.0]]])})
    matched = after(Block([1], Matched(0, 2)), entry, end, known)
    assert torch.equal(matched[0, 0], entry[0, 0])
    torch.testing.assert_close(matched[0, 1] - entry[0, 1], torch.full((4,), 3.0))
    drawn = after(Block([1], RandomDirection(0)), entry, end, known)
    assert torch.equal(drawn[0, 0], entry[0, 0])
    torch.testing.assert_close((drawn[0, 1] - entry[0, 1]).norm(), torch.tensor(2.0))


def test_nothing_that_is_no_number_is_hidden_and_small_updates_do_not_overflow() -> None:
    entry = torch.zeros(1, 2, 4)
    end = torch.stack([torch.full((4,), torch.nan), torch.full((4,), 1e-18)])[None]
    known = Known({}, {(0, 1): torch.full((1, 2, 1), 3e22)})
    found = after(Block([1], Matched(0, 1)), entry, end, known)
    assert found[0, 0].isnan().all()
    torch.testing.assert_close(found[0, 1], torch.full((4,), 1.5e22))


def test_updates_are_taken_in_float32_whatever_the_states_are() -> None:
    entry = torch.full((1, 1, 4096), 300.0, dtype=torch.float16)
    end = entry + 1
    known = Known({}, {(0, 1): torch.full((1, 1, 1), 128.0)})
    found = after(Block([1], Matched(0, 1)), entry, end, known)
    assert found.dtype == torch.float16
    assert torch.equal(found, entry + 2)  # the squares of 300 sum to more than float16 holds


def test_the_norms_of_ranges_that_overlap_come_from_one_pass() -> None:
    calls: list[int] = []

    def layer(number: int, state: Tensor) -> Tensor:
        calls.append(number)
        return state + (number + 1)

    spans = [(1, 3), (0, 2), (1, 2), (0, 4), (3, 4)]
    found = full_norms(spans, torch.zeros(1, 1, 4), layer)
    assert calls == [0, 1, 2, 3]
    assert {span: float(norm) for span, norm in found.items()} == {
        (a, b): 2.0 * sum(range(a + 1, b + 1)) for a, b in spans
    }
    assert full_norms([], torch.zeros(1, 1, 4), layer) == {}
    assert calls == [0, 1, 2, 3]


# --- directions ----------------------------------------------------------------------------------


def test_directions_are_uniform_on_the_sphere_and_differ_by_seed_token_and_position() -> None:
    ids, positions = torch.arange(4000).repeat(1, 1) % 50, torch.arange(4000)[None] // 50
    drawn = directions(3, ids, positions, 33)[0].double()
    torch.testing.assert_close(drawn.norm(dim=-1), torch.ones(4000, dtype=torch.float64), rtol=1e-6, atol=0)
    cosines = drawn @ drawn.T
    other = cosines[~torch.eye(4000, dtype=torch.bool)]
    assert float(other.abs().max()) < 0.95
    assert abs(float(other.mean())) < 3e-4
    assert abs(float(other.square().mean()) * 33 - 1) < 0.01
    assert float(drawn.mean(0).norm()) < 3 / 4000**0.5
    again = directions(4, ids, positions, 33)[0].double()
    assert float((again * drawn).sum(-1).abs().max()) < 0.95


def test_positions_are_those_in_the_text() -> None:
    ids = torch.tensor([[0, 5, 6, 7], [5, 6, 7, 0]])
    left = {"input_ids": ids[:1], "attention_mask": torch.tensor([[0, 1, 1, 1]])}
    right = {"input_ids": ids[1:], "attention_mask": torch.tensor([[1, 1, 1, 0]])}
    given_ = {"input_ids": ids[:1], "position_ids": torch.tensor([[0, 0, 1, 2]])}
    assert tokens(left)[1][0, 1:].tolist() == tokens(right)[1][0, :3].tolist() == [0, 1, 2]
    assert tokens(given_)[1].tolist() == [[0, 0, 1, 2]]
    assert tokens({"input_ids": ids})[1].tolist() == [[0, 1, 2, 3]] * 2


# --- who does not run them ------------------------------------------------------------------------


@pytest.mark.parametrize("text", BLOCKS.values(), ids=list(BLOCKS))
def test_an_installed_module_refuses_blocks_in_a_line(text: str) -> None:
    net = network("tiny-llama")
    says = r"^the block \(.* cannot run in an installed module: .*rl\.capture run blocks$"
    with pytest.raises(ReprlabError, match=says):
        net.generate(["ab"], text, max_new_tokens=1)
    with pytest.raises(ReprlabError, match=says), net.scheduled(text):
        pass


def test_a_mean_that_nobody_looked_up_is_refused() -> None:
    net = network("tiny-llama")
    with pytest.raises(ReprlabError, match=f"the mean update of calibration {DIGEST} is not looked up here"):
        net.logits(["ab"], BLOCKS["mean update"])
    with pytest.raises(ReprlabError, match=f"calibration {DIGEST} is not looked up"):
        rl.lens(net, rl.corpus("builtin"), documents=1, schedule=BLOCKS["mean update"])


def test_the_lens_reads_a_block_as_one_step() -> None:
    read = rl.lens(
        network("tiny-llama"), rl.corpus("builtin"), documents=2, schedule=BLOCKS["matched repeat"]
    )
    assert read.depths == 5


def test_a_walk_refuses_blocks_beyond_the_model() -> None:
    recording = recorded(network("tiny-llama"))
    for text, mark in (("0 (7)?1", "layer 7"), ("0 (1)~2:8", "layer 7")):
        with pytest.raises(ReprlabError, match=f"{mark} does not exist in a model of 6 layers"):
            list(recording.walk(Plan([Schedule.parse(text)])))
