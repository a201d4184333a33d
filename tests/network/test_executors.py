"""One meaning, three executors: local, traced and rewritten, on every architecture."""

import copy
import gc
import weakref
from pathlib import Path
from typing import Any

import pytest
import torch
from examples import TINY, network
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import LAYERS, schedules
from torch import Tensor

import reprlab as rl
from reprlab.errors import ReprlabError
from reprlab.network.layers import PATHS, find_layers
from reprlab.network.network import Network
from reprlab.network.rewritten import installable

T = 6
SCHEDULES = {
    "full": rl.Schedule.full(T),
    "skip": rl.Schedule.skip(T, 2, 4),
    "skip one": rl.Schedule.skip_one(T, 3),
    "switch": rl.Schedule.switch(T, 2),
    "repeat": rl.Schedule.middle_repeat(T, 1, 5),
    "reverse": rl.Schedule.reverse(T, 1, 5),
    "random": rl.Schedule.random(T, 1, 5, seed=3),
    "parallel": rl.Schedule.parallel(T, 1, 5),
    "summed": rl.Schedule.parallel(T, 2, 4, sum=True),
    "looped": rl.Schedule.looped_parallel(T, 2, 4, times=3),
    "internal loop": rl.Schedule.internal_loop(T, 2, 4, times=2),
    "only the first, three times": rl.Schedule.parse("0*3"),
}
DECODERS = [name for name in TINY if network(name).has_lm_head]
PROMPTS = ["A text that is longer than the window of sixteen tokens.", "A short one."]
each_schedule = pytest.mark.parametrize("schedule", SCHEDULES.values(), ids=list(SCHEDULES))


def last(output: Any) -> Tensor:
    return output.logits if hasattr(output, "logits") else output.last_hidden_state


def untouched(net: Network, batch: dict[str, Any]) -> Tensor:
    with torch.no_grad():
        return last(net.module(**batch))


def rewritten(net: Network, batch: dict[str, Any], schedule: rl.Schedule, **options: str) -> Tensor:
    with net.scheduled(schedule, **options) as module, torch.no_grad():
        return last(module(**batch))


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("name", TINY)
def test_the_three_executors_agree_bit_for_bit(name: str, side: str) -> None:
    net = network(name)
    batch = net.batch(net.tokenize(PROMPTS), side)
    recording = net.record(batch)
    for schedule in SCHEDULES.values():
        local, traced = recording.run(schedule), net.hidden_states(batch, schedule)
        assert len(local) == len(traced) == len(schedule) + 1
        assert all(torch.equal(a, b) for a, b in zip(local, traced, strict=True)), schedule
        assert torch.equal(last(recording.finish(local[-1])), rewritten(net, batch, schedule)), schedule


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("name", TINY)
def test_the_full_schedule_is_the_untouched_model_bit_for_bit(name: str, side: str) -> None:
    net = network(name)
    batch = net.batch(net.tokenize(PROMPTS), side)
    expected, recording = untouched(net, batch), net.record(batch)
    assert torch.equal(last(recording.finish(recording.run(net.full())[-1])), expected)
    assert torch.equal(rewritten(net, batch, net.full()), expected)


def naive(net: Network, recording: Any, schedule: rl.Schedule) -> Tensor:
    """The notation as PAPER's table says it, with a plain loop over layer outputs."""
    state = recording.start
    for step in installable(schedule):
        members = [step] if isinstance(step, int) else list(step)
        outputs = []
        for layer in members:
            args, kwargs = recording.calls[layer]
            with torch.no_grad():
                output = net.layers[layer](state, *args, **kwargs)
            outputs.append(output[0] if isinstance(output, tuple) else output)
        if isinstance(step, rl.Summed):
            state = state + torch.stack([o - state for o in outputs]).sum(0)
        else:
            state = torch.stack(outputs).mean(0)
    return state


@each_schedule
@pytest.mark.parametrize("name", ["tiny-llama", "tiny-falcon", "tiny-bert"])
def test_a_schedule_means_what_the_notation_says(name: str, schedule: rl.Schedule) -> None:
    net = network(name)
    recording = net.record(net.batch(net.tokenize(PROMPTS)))
    expected = naive(net, recording, schedule)
    torch.testing.assert_close(recording.run(schedule)[-1], expected, rtol=1e-5, atol=1e-5)


def test_schedules_differ_where_they_should() -> None:
    net = network("tiny-llama")
    found = [net.logits(PROMPTS, s)[0] for s in SCHEDULES.values()]
    for i, one in enumerate(found):
        assert all(not torch.allclose(one, other, atol=1e-3) for other in found[:i])


# --- the cache -----------------------------------------------------------------------------------


def step_by_step(module: Any, ids: Tensor, mask: Tensor, prompt: int) -> Tensor:
    """Logits of every token from the prompt's last on, one token at a time with the KV cache."""
    positions = (mask.cumsum(-1) - 1).clamp(min=0)
    out, past, start = [], None, 0
    for stop in range(prompt, ids.shape[1] + 1):
        given = {"input_ids": ids[:, start:stop], "attention_mask": mask[:, :stop], "use_cache": True}
        output = module(**given, past_key_values=past, position_ids=positions[:, start:stop])
        out.append(output.logits[:, -1])
        past, start = output.past_key_values, stop
    return torch.stack(out, 1)


def takes_positions(name: str) -> bool:
    return "position_ids" in network(name)._accepted


@pytest.mark.parametrize("name", DECODERS)
def test_cached_equals_uncached_for_every_schedule(name: str) -> None:
    net = network(name)
    batch = net.batch(net.tokenize(PROMPTS), "left")
    new = torch.randint(0, 250, (2, 8), generator=torch.Generator().manual_seed(0))
    ids = torch.cat([batch["input_ids"], new], 1)
    mask = torch.cat([batch["attention_mask"], torch.ones_like(new)], 1)
    prompt = batch["input_ids"].shape[1]
    for schedule in SCHEDULES.values():
        with net.scheduled(schedule) as module, torch.no_grad():
            cached = step_by_step(module, ids, mask, prompt)
            positions = (mask.cumsum(-1) - 1).clamp(min=0)
            whole = module(input_ids=ids, attention_mask=mask, position_ids=positions, use_cache=False)
        torch.testing.assert_close(cached, whole.logits[:, prompt - 1 :], rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("name", DECODERS)
def test_generate_with_and_without_the_cache_gives_the_same_tokens(name: str) -> None:
    net = network(name)
    for schedule in SCHEDULES.values():
        cached, plain = (
            net.generate(PROMPTS, schedule, max_new_tokens=12, use_cache=use) for use in (True, False)
        )
        assert cached == plain, schedule


def test_generate_on_the_full_schedule_is_the_models_own() -> None:
    net = network("tiny-llama")
    batch = net.batch(net.tokenize(PROMPTS), "left")
    ids = {key: batch[key] for key in ("input_ids", "attention_mask")}
    theirs = net.module.generate(**ids, do_sample=False, max_new_tokens=9, pad_token_id=256)
    texts = net.tokenizer.batch_decode(theirs[:, ids["input_ids"].shape[1] :], skip_special_tokens=True)
    assert net.generate(PROMPTS, max_new_tokens=9) == texts


@pytest.mark.parametrize("options", [{"num_beams": 3}, {"cache_implementation": "static"}], ids=str)
def test_beams_and_static_caches_work_under_a_schedule(options: dict[str, Any]) -> None:
    net, schedule = network("tiny-llama"), SCHEDULES["looped"]
    plain = {k: v for k, v in options.items() if k == "num_beams"}
    found = net.generate(PROMPTS, schedule, max_new_tokens=8, **options)
    assert found == net.generate(PROMPTS, schedule, max_new_tokens=8, use_cache=False, **plain)


@each_schedule
def test_every_applied_step_owns_its_cache_slot(schedule: rl.Schedule) -> None:
    net = network("tiny-llama")
    ids = net.batch(net.tokenize(PROMPTS[:1]))["input_ids"]
    with net.scheduled(schedule) as module, torch.no_grad():
        cache = module(input_ids=ids, use_cache=True).past_key_values
    used = [layer for layer in cache.layers if layer.keys.shape[-1] > 1]
    assert len(used) == schedule.layer_calls
    # a layer that does not run has a place too, since the model may ask any for how many tokens there are
    assert {layer.get_seq_length() for layer in cache.layers} == {ids.shape[1]}


def test_the_papers_cache_averages_a_sets_keys_and_values_into_one_slot() -> None:
    net, schedule = network("tiny-llama"), rl.Schedule.parse("0 [1:5] 5")
    batch = net.batch(net.tokenize(PROMPTS[:1]))
    token = torch.tensor([[65]])
    caches, logits = {}, {}
    for kv in ("exact", "paper"):
        with net.scheduled(schedule, kv=kv) as module, torch.no_grad():
            first = module(**{**batch, "use_cache": True})
            caches[kv] = copy.deepcopy(first.past_key_values)
            again = module(input_ids=token, past_key_values=first.past_key_values, use_cache=True)
            logits[kv] = (first.logits, again.logits)
    assert torch.equal(logits["exact"][0], logits["paper"][0])
    assert not torch.allclose(logits["exact"][1], logits["paper"][1], atol=1e-4)
    for part in ("keys", "values"):
        members = torch.stack([getattr(caches["exact"].layers[i], part) for i in range(1, 5)])
        torch.testing.assert_close(getattr(caches["paper"].layers[1], part), members.mean(0))
    used = [i for i, layer in enumerate(caches["paper"].layers) if layer.keys.shape[-1] > 1]
    assert used == [0, 1, 5]


def test_the_papers_cache_is_refused_where_windows_slide() -> None:
    net = network("tiny-mistral")
    with pytest.raises(ReprlabError, match="kv 'paper' is for models without sliding windows"):
        net.generate(PROMPTS, SCHEDULES["parallel"], kv="paper")


# --- afterwards, and where it cannot be ----------------------------------------------------------


@pytest.mark.parametrize("name", TINY)
def test_after_scheduled_the_model_is_exactly_as_it_was_also_after_an_exception(name: str) -> None:
    net = network(name)
    batch = net.batch(net.tokenize(PROMPTS))
    before = untouched(net, batch)
    config, layers = net.module.config.to_dict(), list(net.layers)
    insides = [dict(layer.__dict__) for layer in layers]
    with pytest.raises(KeyError), net.scheduled(SCHEDULES["looped"]):
        raise KeyError
    net.record(batch)
    assert net.module.config.to_dict() == config
    assert [a is b for a, b in zip(net._found[1], layers, strict=True)] == [True] * T
    for layer, inside in zip(layers, insides, strict=True):
        assert {key: id(value) for key, value in layer.__dict__.items()} == {
            k: id(v) for k, v in inside.items()
        }
    assert torch.equal(untouched(net, batch), before)


def test_a_schedule_inside_a_schedule_is_refused() -> None:
    net = network("tiny-llama")
    with (
        net.scheduled(SCHEDULES["skip"]),
        pytest.raises(ReprlabError, match="runs a schedule already"),
        net.scheduled(SCHEDULES["full"]),
    ):
        pass
    assert net.n_layers == T


def test_wrong_schedules_and_words_are_refused() -> None:
    net = network("tiny-llama")
    beyond = rl.Schedule.parse("0:2 9")
    for use in (net.logits, net.generate):
        with pytest.raises(ReprlabError, match="layer 9 does not exist in a model of 6 layers"):
            use(PROMPTS, beyond)
    with pytest.raises(ReprlabError, match="unknown kv 'papr': did you mean 'paper'"):
        net.generate(PROMPTS, kv="papr")
    with pytest.raises(ReprlabError, match=r"max_new_tokens 0 .*: give a whole number of 1 or more"):
        net.generate(PROMPTS, max_new_tokens=0)
    for use in (network("tiny-bert").logits, network("tiny-bert").generate):
        with pytest.raises(ReprlabError, match="'tiny-bert' has no language head"):
            use(PROMPTS)


def test_layers_outside_the_table_are_found_or_refused_with_words() -> None:
    net = network("tiny-gemma2")
    assert any(net.module.config.model_type in types for types in PATHS.values())

    class Unknown:
        model_type = "unheard-of"
        num_hidden_layers = T

        def get_text_config(self, decoder: bool) -> "Unknown":
            return self

    assert find_layers(net.base, Unknown())[1] is net._found[1]
    Unknown.num_hidden_layers = 7
    with pytest.raises(ReprlabError) as caught:
        find_layers(net.base, Unknown())
    assert "(model type 'unheard-of'): add the path of its layers to PATHS" in str(caught.value)


def test_tiny_models_have_both_kinds_of_attention_where_their_family_does() -> None:
    for name in ("tiny-gemma2", "tiny-gemma3", "tiny-gpt-oss", "tiny-qwen2"):
        kinds = set(network(name).module.config.layer_types)
        assert kinds == {"full_attention", "sliding_attention"}, name
    assert network("tiny-mistral").module.config.sliding_window == 16
    assert network("tiny-mistral-full").module.config.sliding_window is None


@pytest.mark.parametrize("where", ["cpu", "disk"])
def test_a_model_spread_by_accelerate_gives_the_same_bits(where: str, tmp_path: Path) -> None:
    import accelerate

    whole, net = network("tiny-llama"), rl.load("tiny-llama")
    if where == "cpu":
        accelerate.cpu_offload(net.module, execution_device=torch.device("cpu"))
    else:
        accelerate.disk_offload(net.module, offload_dir=str(tmp_path), execution_device=torch.device("cpu"))
    batch = net.batch(net.tokenize(PROMPTS))
    for schedule in (SCHEDULES["full"], SCHEDULES["looped"], SCHEDULES["reverse"]):
        expected = whole.record(batch).run(schedule)[-1]
        recording = net.record(batch)
        assert torch.equal(recording.run(schedule)[-1], expected)
        assert torch.equal(net.hidden_states(batch, schedule)[-1], expected)
        assert torch.equal(last(recording.finish(expected)), rewritten(whole, batch, schedule))
        assert torch.equal(rewritten(net, batch, schedule), rewritten(whole, batch, schedule))


# --- the prefix tree -----------------------------------------------------------------------------


@given(st.lists(schedules, min_size=1, max_size=6))
@settings(deadline=None, max_examples=25)
def test_the_tree_gives_the_bits_of_one_by_one(many: list[rl.Schedule]) -> None:
    net = network("tiny-llama")
    fitting = [rl.Schedule([_fold(step) for step in s]) for s in many]
    recording, plan = net.record(net.batch(net.tokenize(PROMPTS))), rl.Plan(fitting)
    seen = []
    for positions, state in recording.walk(plan):
        for position in positions:
            seen.append(position)
            assert torch.equal(state, recording.run(fitting[position])[-1])
    assert sorted(seen) == list(range(len(fitting)))


def _fold(step: Any) -> Any:
    """A step over nine layers as one over six."""
    assert LAYERS == 9
    if isinstance(step, int):
        return step % T
    return type(step)(sorted({layer % T for layer in step}))


def test_the_tree_keeps_as_few_states_alive_as_its_plan_says(monkeypatch: pytest.MonkeyPatch) -> None:
    net = network("tiny-llama")
    plan = rl.Plan(entry.schedule for entry in rl.paper_grid("paper", T))
    recording, alive, peak = net.record(net.batch(net.tokenize(PROMPTS))), weakref.WeakSet(), 0
    calls, real = [0], type(recording).apply

    def counted(self: Any, step: Any, state: Tensor, *notes: Any) -> Tensor:
        nonlocal peak
        calls[0] += 1 if isinstance(step, int) else len(step)
        output = real(self, step, state, *notes)
        alive.add(output)
        gc.collect(0)
        peak = max(peak, len(alive))
        return output

    monkeypatch.setattr(type(recording), "apply", counted)
    for _, state in recording.walk(plan):
        del state
    assert calls[0] == plan.layer_calls < plan.layer_calls_alone / 2
    assert peak <= plan.peak_alive + 1  # while a layer runs, its input and its output both exist


@pytest.mark.parametrize("name", TINY)
def test_asking_for_hidden_states_inside_a_schedule_leaves_no_mark(name: str) -> None:
    """transformers puts hooks on layers when it is first asked; none may stay on what is gone afterwards."""
    net = rl.load(name)
    batch = net.batch(net.tokenize(PROMPTS))
    with net.scheduled(SCHEDULES["looped"]) as module, torch.no_grad():
        module(**batch, output_hidden_states=True)
    with torch.no_grad():
        states = net.base(**batch, output_hidden_states=True).hidden_states
    assert len(states) == T + 1
    assert all(torch.equal(a, b) for a, b in zip(states[:-1], net.hidden_states(batch)[:-1], strict=True))


def test_a_schedule_may_be_given_as_its_text() -> None:
    net, text = network("tiny-llama"), "0:2 [2:4]*2 5"
    assert torch.equal(net.logits(PROMPTS, text)[0], net.logits(PROMPTS, rl.Schedule.parse(text))[0])
    assert net.generate(PROMPTS, text, max_new_tokens=3) == net.generate(
        PROMPTS, rl.Schedule.parse(text), max_new_tokens=3
    )


@pytest.mark.parametrize(
    ("texts", "says"),
    [("abc", r"write \[text\]"), ([], "no texts were given"), (["a", ""], "text 1 has no tokens")],
)
def test_texts_that_are_none_are_refused(texts: Any, says: str) -> None:
    for use in (network("tiny-llama").logits, network("tiny-llama").generate):
        with pytest.raises(ReprlabError, match=says):
            use(texts)


def test_a_plan_beyond_the_layers_is_refused_by_the_walk() -> None:
    net = network("tiny-llama")
    recording = net.record(net.batch(net.tokenize(PROMPTS)))
    with pytest.raises(ReprlabError, match="layer 77 does not exist in a model of 6 layers"):
        next(recording.walk(rl.Plan([rl.Schedule.parse("0:2 77")])))
