"""One batch under many schedules: packed as separate, ours as lm-eval's own model, in few states."""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from examples import TINY, network
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

import reprlab as rl
from reprlab.network.batches import PackedRow, Request, pack
from reprlab.network.network import Network
from reprlab.network.recorded import Recording
from reprlab.schedules.plan import Plan
from reprlab.sweeps import batch as evaluating
from reprlab.sweeps.batch import Answers, Readings, answers, generate

T = 6
INTERVENTIONS = {"skip": {}, "middle_repeat": {}, "reverse": {}, "random": {"seed": 0}, "parallel": {}}
SCHEDULES = [
    rl.Schedule.full(T),
    *(rl.Schedule.paper(name, layers=T, start=1, **rest) for name, rest in INTERVENTIONS.items()),
    rl.Schedule.paper("looped_parallel", layers=T, start=1, times=3),
]
PLAN = Plan(SCHEDULES)
DECODERS = [name for name in TINY if network(name).has_lm_head]
TEXTS = {  # a context and its endings, as lm-eval pairs them
    "The cat sat on the": [" mat.", " roof of the house.", " m"],
    "Two and two": [" make four", " make five", " are"],
    "A context that is longer than the others, by some words, at the start": [" end", " middle"],
}


def documents(net: Network) -> list[tuple[Request, ...]]:
    made: list[tuple[Request, ...]] = []
    for context, endings in TEXTS.items():
        start = len(net.tokenizer(context).input_ids)
        ids = [tuple(net.tokenizer(context + ending).input_ids) for ending in endings]
        made.append(tuple(Request(i, tuple(range(start, len(i)))) for i in ids))
    return made


def packed(net: Network, longest: int | None = None) -> list[tuple[PackedRow, ...]]:
    limit = net.packed_limit if longest is None else longest
    return [pack(requests, width=net.width, longest=limit) for requests in documents(net)]


def run(
    net: Network, rows: Sequence[tuple[PackedRow, ...]], plan: Plan = PLAN, **options: Any
) -> list[Answers]:
    counts = [len(endings) for endings in TEXTS.values()]
    found: dict[int, Answers] = {}
    for positions, one in answers(net, rows, counts, plan, **options):
        found |= dict.fromkeys(positions, one)
    return [found[i] for i in range(len(plan))]


def near(a: Tensor, b: Tensor) -> bool:
    return bool(((a - b).abs() <= 1e-4 + 1e-5 * b.abs()).all())


def naive(net: Network, schedule: rl.Schedule) -> tuple[Tensor, Tensor]:
    """Each request by itself through the rewritten module, and the log-probabilities looked up."""
    likelihoods, greedy = [], []
    with net.scheduled(schedule) as module, torch.no_grad():
        for request in (request for requests in documents(net) for request in requests):
            chances = module(input_ids=torch.tensor([request.tokens])).logits[0].log_softmax(-1)
            scored = torch.tensor(request.scored)
            targets = torch.tensor(request.tokens)[scored]
            likelihoods.append(chances[scored - 1, targets].double().sum())
            greedy.append(bool((chances[scored - 1].argmax(-1) == targets).all()))
    return torch.stack(likelihoods), torch.tensor(greedy)


@pytest.mark.parametrize("name", DECODERS)
def test_answers_are_those_of_each_request_by_itself(name: str) -> None:
    net = network(name)
    for schedule, found in zip(SCHEDULES, run(net, packed(net)), strict=True):
        likelihoods, greedy = naive(net, schedule)
        assert near(found.likelihoods, likelihoods), schedule
        assert torch.equal(found.greedy, greedy), schedule


@pytest.mark.parametrize("name", DECODERS)
def test_packed_equals_separate_rows(name: str) -> None:
    net = network(name)
    assert net.packed_limit
    for one, other in zip(run(net, packed(net)), run(net, packed(net, longest=0)), strict=True):
        assert near(one.likelihoods, other.likelihoods)
        assert torch.equal(one.greedy, other.greedy)


@pytest.mark.parametrize("name", ["tiny-gpt2", "tiny-llama", "tiny-mistral-full", "tiny-mixtral"])
def test_packed_equals_separate_rows_under_blocks(name: str) -> None:
    net, digest = network(name), "0123456789abcdef"
    plan = Plan(entry.schedule for entry in rl.paper_grid("controls", T, seeds=[7], calibration=digest))
    means = {digest: torch.randn(T + 1, net.width, generator=torch.Generator().manual_seed(0)).double()}
    assert any(row.branched for rows in packed(net) for row in rows)
    one, other = (run(net, rows, plan, means=means) for rows in (packed(net), packed(net, longest=0)))
    for schedule, together, apart in zip(plan.schedules, one, other, strict=True):
        near = torch.allclose(together.likelihoods, apart.likelihoods, rtol=1e-4, atol=1e-3)
        assert near, schedule


def test_rows_are_packed_where_they_fit_a_sliding_window_and_separate_elsewhere() -> None:
    rows = packed(network("tiny-mistral"))
    assert network("tiny-mistral").packed_limit == 16
    assert all(len(some) > 1 for some in rows)
    assert all(len(some) == 1 for some in packed(network("tiny-mistral-full")))


def test_an_architecture_that_takes_no_mask_of_its_own_gets_a_row_a_request() -> None:
    net = rl.load("tiny-llama")
    theirs = net.base.forward

    def deaf(*args: Any, attention_mask: Any = None, **kwargs: Any) -> Any:
        return theirs(*args, **kwargs)

    net.base.forward = deaf
    assert net.packed_limit == 0

    def refusing(*args: Any, attention_mask: Any = None, **kwargs: Any) -> Any:
        if attention_mask is not None:
            raise ValueError("no masks, please")
        return theirs(*args, **kwargs)

    other = rl.load("tiny-llama")
    theirs, other.base.forward = other.base.forward, refusing
    assert other.packed_limit == 0


@pytest.mark.parametrize("name", ["tiny-llama", "tiny-gemma2", "tiny-falcon", "tiny-opt"])
def test_answers_are_those_of_lm_evals_own_model(name: str) -> None:
    from lm_eval.models.huggingface import HFLM

    net = network(name)
    pairs = [SimpleNamespace(args=(c, e)) for c, endings in TEXTS.items() for e in endings]
    for schedule, found in zip(SCHEDULES, run(net, packed(net)), strict=True):
        with net.scheduled(schedule) as module:
            theirs = HFLM(pretrained=module, tokenizer=net.tokenizer, add_bos_token=False, batch_size=4)
            said: Any = theirs.loglikelihood(pairs, disable_tqdm=True)  # pyright: ignore[reportArgumentType]
        assert near(found.likelihoods, torch.tensor([likely for likely, _ in said]).double()), schedule
        assert found.greedy.tolist() == [greedy for _, greedy in said], schedule


def test_the_tree_gives_the_bits_of_one_by_one() -> None:
    net = network("tiny-llama")
    together = run(net, packed(net))
    for schedule, one in zip(SCHEDULES, together, strict=True):
        (alone,) = run(net, packed(net), Plan([schedule]))
        assert torch.equal(alone.likelihoods, one.likelihoods)


def test_the_full_schedule_is_the_untouched_model_bit_for_bit_on_a_packed_batch() -> None:
    for name in DECODERS:
        net = network(name)
        batch = net.rows([row for rows in packed(net) for row in rows])
        recording = net.record(batch)
        with torch.no_grad():
            untouched = net.module(**batch).logits
        assert torch.equal(recording.finish(recording.run(net.full())[-1]).logits, untouched), name


@pytest.mark.parametrize("name", DECODERS)
def test_the_head_alone_gives_the_models_own_logits(name: str) -> None:
    net = network(name)
    recording = net.record(net.batch(net.tokenize(["some text", "more of it"])))
    state = recording.run(SCHEDULES[1])[-1]
    whole = recording.finish(state).logits
    torch.testing.assert_close(recording.head(state[1]), whole[1], rtol=1e-5, atol=1e-5)


def test_slices_of_the_head_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    net = network("tiny-llama")
    whole = run(net, packed(net), divergence=True)
    monkeypatch.setattr(evaluating, "SLICE_BYTES", 5 * 4 * net.vocabulary)
    monkeypatch.setattr(evaluating, "CACHE_BYTES", 2 * 4 * net.vocabulary)
    for one, other in zip(run(net, packed(net), divergence=True), whole, strict=True):
        torch.testing.assert_close(one.likelihoods, other.likelihoods, rtol=1e-6, atol=1e-6)
        torch.testing.assert_close(one.divergence, other.divergence, rtol=1e-5, atol=1e-6)


def test_only_positions_that_are_read_pass_the_head_each_once(monkeypatch: pytest.MonkeyPatch) -> None:
    net, seen, real = network("tiny-llama"), [], Recording.head
    monkeypatch.setattr(
        Recording, "head", lambda self, states: seen.append(len(states)) or real(self, states)
    )
    rows = packed(net)
    run(net, rows, Plan(SCHEDULES[:1]))
    places = [{read.place for read in row.reads} for some in rows for row in some]
    assert sum(seen) == sum(map(len, places)) < sum(len(row.reads) for some in rows for row in some)


# --- divergence ----------------------------------------------------------------------------------


def test_divergence_is_the_mean_over_the_scored_positions_of_kl_and_agreement() -> None:
    net, rows = network("tiny-llama"), packed(network("tiny-llama"))
    found = run(net, rows, divergence=True)
    batch = net.rows([row for some in rows for row in some])
    recording = net.record(batch)
    full, other = (recording.finish(recording.run(s)[-1]).logits.log_softmax(-1) for s in SCHEDULES[:2])
    for number, (row,) in enumerate(rows):
        places = sorted({read.place for read in row.reads})
        p, q = full[number, places].double(), other[number, places].double()
        kl = (p.exp() * (p - q)).sum(-1).mean()
        same = (p.argmax(-1) == q.argmax(-1)).double().mean()
        assert found[1].divergence is not None
        torch.testing.assert_close(found[1].divergence[number], torch.stack([kl, same]), rtol=1e-4, atol=1e-5)
    assert found[0].divergence is not None
    assert found[0].divergence.tolist() == [[0, 1]] * len(TEXTS)


def test_without_divergence_nothing_is_computed_for_it() -> None:
    net = network("tiny-llama")
    assert run(net, packed(net))[1].divergence is None


# --- what is no number ---------------------------------------------------------------------------


def test_a_nan_stays_in_its_schedule_and_its_document() -> None:
    net = rl.load("tiny-llama")
    with torch.no_grad():
        net.layers[3].mlp.down_proj.weight[:] = torch.nan  # pyright: ignore
    skip, full = rl.Schedule.parse("0:3 4:6"), net.full()
    without, whole = run(net, packed(net), Plan([skip, full]))
    assert without.likelihoods.isfinite().all()
    assert whole.likelihoods.isnan().all()
    assert not whole.greedy.any()


# --- memory --------------------------------------------------------------------------------------


class _Live(TorchDispatchMode):
    """Bytes of tensors alive, and the most there were, since the mode began; shared storage once."""

    def __init__(self) -> None:
        super().__init__()
        self.now = self.peak = 0
        self.known: set[int] = set()

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        output = func(*args, **(kwargs or {}))
        for tensor in output if isinstance(output, tuple | list) else [output]:
            if isinstance(tensor, Tensor):
                self._add(tensor)
        return output

    def _add(self, tensor: Tensor) -> None:
        storage = tensor.untyped_storage()
        key, size = storage.data_ptr(), storage.nbytes()
        if not size or key in self.known:
            return
        self.known.add(key)
        self.now += size
        self.peak = max(self.peak, self.now)
        weakref.finalize(storage, self._drop, key, size)

    def _drop(self, key: int, size: int) -> None:
        if key in self.known:
            self.known.remove(key)
            self.now -= size


def test_the_peak_above_the_weights_is_at_most_half_more_than_a_plain_forwards(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    net = network("tiny-llama")
    rows = [pack([Request(tuple(range(i, i + 200)), (150,))], width=32, longest=0) for i in range(8)]
    plan = Plan(entry.schedule for entry in rl.paper_grid("paper", T))
    monkeypatch.setattr(Recording, "head", lambda self, states: torch.zeros(len(states), net.vocabulary))
    batch = net.rows([row for some in rows for row in some])
    with torch.no_grad(), _Live() as plain:
        net.base(**batch)
    with _Live() as ours:
        for _ in answers(net, rows, [1] * 8, plan):
            pass
    state = 8 * 199 * 32 * 4
    assert plain.peak > 3 * state  # the meter sees what a layer makes
    assert ours.peak <= 1.5 * plain.peak


def test_at_most_four_residual_states_are_alive_between_layers(monkeypatch: pytest.MonkeyPatch) -> None:
    net, real, peak = network("tiny-llama"), Recording.apply, 0
    alive: dict[int, weakref.ref[Tensor]] = {}
    plan = Plan(entry.schedule for entry in rl.paper_grid("paper", T))

    def counted(self: Recording, step: Any, state: Tensor, *notes: Any) -> Tensor:
        nonlocal peak
        peak = max(peak, sum(tensor() is not None for tensor in alive.values()))
        output = real(self, step, state, *notes)
        alive.update({id(tensor): weakref.ref(tensor) for tensor in (self.start, output)})
        return output

    monkeypatch.setattr(Recording, "apply", counted)
    run(net, packed(net), plan)
    assert 3 <= peak <= 4
    for layers in (24, 32, 40, 80):
        assert Plan(entry.schedule for entry in rl.paper_grid("paper", layers)).peak_alive + 1 <= 4


# --- readings ------------------------------------------------------------------------------------


def test_readings_count_requests_across_documents() -> None:
    one = pack([Request((1, 2, 3), (2,)), Request((1, 2, 4, 5), (2, 3))], width=64, longest=99)
    two = pack([Request((7, 8), (1,))], width=64, longest=99)
    found = Readings.of([one, two], [2, 1])
    assert found.count == 3
    assert found.requests.tolist() == [0, 1, 1, 2]
    assert found.targets.tolist() == [3, 4, 5, 8]
    assert found.owners.tolist() == [0, 0, 1]
    assert len(found) == 3  # the first ending's only token and the second's first are read at one place


# --- generating ----------------------------------------------------------------------------------


@pytest.mark.parametrize("schedule", SCHEDULES, ids=str)
def test_generated_answers_are_those_of_lm_evals_own_model(schedule: rl.Schedule) -> None:
    from lm_eval.models.huggingface import HFLM

    net, prompts = network("tiny-llama"), list(TEXTS)
    options = {"until": ["e", "\n"], "max_gen_toks": 12, "do_sample": False, "temperature": 0.0}
    asked = [SimpleNamespace(args=(prompt, dict(options))) for prompt in prompts]
    with net.scheduled(schedule) as module:
        theirs = HFLM(pretrained=module, tokenizer=net.tokenizer, add_bos_token=False, batch_size=3)
        expected = theirs.generate_until(asked, disable_tqdm=True)  # pyright: ignore[reportArgumentType]
    found = generate(
        net,
        [net.tokenizer(prompt).input_ids for prompt in prompts],
        schedule,
        until=["e", "\n", "<eos>"],
        max_new_tokens=12,
        options={"do_sample": False, "temperature": 0.0},
    )
    assert found == expected


def test_a_stop_string_is_cut_off_and_the_cap_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    net, lengths = network("tiny-llama"), []
    real = net.tokenizer.batch_decode
    monkeypatch.setattr(
        net.tokenizer, "batch_decode", lambda new, **k: lengths.append(new.shape) or real(new, **k)
    )
    ids = [net.tokenizer("The cat").input_ids]
    (free,) = generate(net, ids, net.full(), until=["\x00"], max_new_tokens=20, options={})
    assert lengths == [(1, 20)]
    end = next(char for char in free[3:] if char.isascii() and char.isalnum())
    (stopped,) = generate(net, ids, net.full(), until=[end], max_new_tokens=20, options={})
    assert stopped == free.split(end)[0]
    assert lengths[1] < (1, 20)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float16"])
@pytest.mark.parametrize("name", DECODERS)
def test_every_architecture_packs_in_every_dtype(name: str, dtype: str) -> None:
    assert rl.load(name, dtype=dtype).packed_limit in {16, 64, 512}
