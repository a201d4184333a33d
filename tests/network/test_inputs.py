"""Exactness against the library: a text among others is what the model's own call on it alone says."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from typing import Any
from unittest.mock import patch

import pytest
import torch
import transformers
from examples import TINY, network
from torch import Tensor, nn

import reprlab as rl
from reprlab.captures.corpora import Corpus
from reprlab.errors import ReprlabError
from reprlab.models.inputs import PADDED_AFTER, PADDED_BEFORE, POSITIONS, TOKEN_TYPES, of_captures
from reprlab.models.registry import Tiny
from reprlab.network.batches import Request, pack, padded_batches, together
from reprlab.network.network import Network
from reprlab.network.tiny import tiny_config
from reprlab.schedules.plan import Plan
from reprlab.sweeps.batch import answers

WHOLE = rl.corpus("builtin").texts
TEXTS = [WHOLE[0][:80], WHOLE[1][:62], WHOLE[2][:33], WHOLE[3][:66], WHOLE[4][:7], WHOLE[5][:62]]
_OF_GPT2 = {"n_embd": 32, "n_layer": 6, "n_head": 4, "n_positions": 512}
_OF_ROBERTA = {"max_position_embeddings": 514, "pad_token_id": 1}
LOCAL = {"attention_types": [[["global", "local"], 3]], "window_size": 16}
OTHERS: dict[str, dict[str, Any]] = {  # beside the registered ones: model types and their configurations
    "codegen": {**_OF_GPT2, "rotary_dim": 4},
    "gpt_neo": {"num_layers": 6, "num_heads": 4, **LOCAL},
    "gpt_bigcode": _OF_GPT2,
    "ctrl": {**_OF_GPT2, "dff": 64},
    "bloom": {"n_layer": 6, "n_head": 4},
    "llama": {"max_position_embeddings": 64, "rope_scaling": {"rope_type": "dynamic", "factor": 4.0}},
    "xlm-roberta": _OF_ROBERTA,
    "camembert": _OF_ROBERTA,
    "roberta-prelayernorm": _OF_ROBERTA,
    "mpnet": _OF_ROBERTA,
    "longformer": {**_OF_ROBERTA, "attention_window": 8},
    "fnet": {},
    "convbert": {"embedding_size": 32},
}
ENCODERS = POSITIONS | {"fnet", "convbert"}
NAMES = [*TINY, *OTHERS]


@cache
def net_of(name: str) -> Network:
    """A registered tiny network, or one of another model type, made here."""
    if name in TINY:
        return network(name)
    auto: Any = transformers.AutoModel if name in ENCODERS else transformers.AutoModelForCausalLM
    with torch.random.fork_rng():
        torch.manual_seed(0)
        module = auto.from_config(tiny_config(Tiny(name, OTHERS[name])))
    donor = network("tiny-bert" if name in ENCODERS else "tiny-llama")
    return replace(donor, name=f"made-{name}", module=module.eval().requires_grad_(False))


def fresh(net: Network) -> None:
    """Dynamic angles as in a model that was just loaded."""
    for part in net.base.modules():
        if hasattr(part, "max_seq_len_cached") and hasattr(part, "original_inv_freq"):
            setattr(part, "max_seq_len_cached", part.original_max_seq_len)  # noqa: B010
            part.register_buffer("inv_freq", part.original_inv_freq.clone(), persistent=False)


def own(net: Network, **given: Tensor) -> tuple[list[Tensor], Any]:
    """What the library's own call computes: the states around its layers, and its output."""
    seen: list[Tensor] = []

    def first(_: object, args: tuple[Tensor, ...], kwargs: dict[str, Tensor]) -> None:
        seen.append(args[0] if args else kwargs["hidden_states"])

    def after(_: object, __: object, output: Any) -> None:
        seen.append(output[0] if isinstance(output, (tuple, list)) else output)

    fresh(net)
    hooks = [net.layers[0].register_forward_pre_hook(first, with_kwargs=True)]
    hooks += [layer.register_forward_hook(after) for layer in net.layers]
    with torch.no_grad():
        output = net.module(**given)
    for hook in hooks:
        hook.remove()
    return seen, output


def alone(net: Network, ids: Sequence[int]) -> Tensor:
    """The states of a text by the library's own call: (depth, token, width)."""
    states, _ = own(net, input_ids=torch.tensor([list(ids)]))
    return torch.stack(states)[:, 0, : len(ids)]


def batched(net: Network, ids: Sequence[Sequence[int]], side: str) -> Iterator[tuple[int, Tensor]]:
    """Every text's states, computed in batches as large as may be."""
    kind = net.kind if side == "right" else net.growing_kind
    for places in together(list(map(len, ids)), kind):
        states = torch.stack(net.hidden_states(net.batch([ids[place] for place in places], side)))
        longest = max(len(ids[place]) for place in places)
        for row, place in enumerate(places):
            first = 0 if side == "right" else longest - len(ids[place])
            yield place, states[:, row, first : first + len(ids[place])]


@contextmanager
def doubled(net: Network) -> Iterator[None]:
    """A network in float64 throughout: parts that an architecture always computes in float32 are not."""
    to, softmax = Tensor.to, nn.functional.softmax

    def wide(self: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        narrow = self.dtype == torch.float64 and torch.float32 in {*args[:1], kwargs.get("dtype")}
        return self if narrow else to(self, *args, **kwargs)

    def plain(state: Tensor, *args: Any, dtype: Any = None, **kwargs: Any) -> Tensor:
        return softmax(state, *args, dtype=None if state.dtype == torch.float64 else dtype, **kwargs)

    same: Callable[[Tensor], Tensor] = lambda x: x if x.dtype == torch.float64 else to(x, torch.float32)  # noqa: E731
    before = getattr(net.module.config, "_experts_implementation", None)
    net.module.double()
    net.module.config._experts_implementation = "eager"
    try:
        with (
            patch.object(Tensor, "to", wide),
            patch.object(Tensor, "float", same),
            patch.object(nn.functional, "softmax", plain),
        ):
            yield
    finally:
        net.module.config._experts_implementation = before
        net.module.float()


def off(found: Tensor, expected: Tensor) -> float:
    """The largest distance of a token's state, in parts of its norm; MPNet's pad id, a quote, is 0."""
    return float(((found - expected).norm(dim=-1) / expected.norm(dim=-1).clamp_min(1e-9)).max())


@pytest.mark.parametrize("name", NAMES)
def test_a_batch_of_one_has_the_bits_of_the_models_own_call(name: str) -> None:
    net = net_of(name)
    for text in TEXTS[:3]:
        (ids,) = net.tokenize([text])
        found = net.hidden_states(net.batch([ids]))
        whole = {key: torch.tensor([value]) for key, value in net.tokenizer(text).items()}
        whole = {key: value[:, : len(ids)] for key, value in whole.items() if key in net._accepted}
        for given in ({"input_ids": torch.tensor([ids])}, whole):
            states, output = own(net, **given)
            assert all(torch.equal(a, b) for a, b in zip(found, states, strict=True))
            if net.has_lm_head:
                assert torch.equal(net.logits([text])[0], output.logits[0])


@pytest.mark.parametrize("side", ["right", "left"])
@pytest.mark.parametrize("name", NAMES)
def test_a_text_in_any_batch_is_what_it_is_alone(name: str, side: str) -> None:
    net = net_of(name)
    ids = net.tokenize(TEXTS)
    expected = [alone(net, row) for row in ids]
    assert max(off(states, expected[place]) for place, states in batched(net, ids, side)) <= 1e-5
    with doubled(net):
        expected = [alone(net, row) for row in ids]
        assert max(off(states, expected[place]) for place, states in batched(net, ids, side)) <= 1e-9


def likelihoods(net: Network, tokens: Sequence[int], scored: Sequence[int]) -> Tensor:
    """The sum of log-probabilities of some tokens by the library's own call on what comes before the last."""
    ids = list(tokens)[: scored[-1]]
    _, output = own(net, input_ids=torch.tensor([ids]))
    chances = output.logits[0].float().log_softmax(-1).double()
    return torch.stack([chances[place - 1, tokens[place]] for place in scored]).sum()


# GPT-BigCode's tail takes whole texts only
DECODERS = [name for name in NAMES if net_of(name).has_lm_head and name != "gpt_bigcode"]
# contexts and endings on both sides of 64 tokens, one of which begins another
PAIRS = [(WHOLE[0][:58], (" a", " a longer one", " an ending of many words")), (WHOLE[1][:9], (" x", " yz"))]


@pytest.mark.parametrize("name", DECODERS)
def test_log_likelihoods_are_those_of_the_models_own_call_on_one_text(name: str) -> None:
    net = net_of(name)
    documents: list[list[Request]] = []
    for context, endings in PAIRS:
        start = len(net.tokenizer(context).input_ids)
        ids = [tuple(net.tokenizer(context + ending).input_ids) for ending in endings]
        documents.append([Request(row, tuple(range(start, len(row)))) for row in ids])
    how: dict[str, Any] = {"width": net.width, "longest": net.packed_limit, "kind": net.row_kind}
    rows = [pack(requests, **how) for requests in documents]
    ((_, found),) = answers(net, rows, list(map(len, documents)), Plan([net.full()]), divergence=True)
    expected = [likelihoods(net, r.tokens, r.scored) for requests in documents for r in requests]
    assert float((found.likelihoods - torch.stack(expected)).abs().max()) <= 1e-3
    assert found.divergence is not None
    assert float(found.divergence[:, 0].abs().max()) <= 1e-6


@pytest.mark.parametrize("name", ["tiny-gptj", "tiny-opt", "tiny-phi3-longrope", "bloom", "ctrl"])
def test_prompts_are_continued_as_the_models_own_generate_does_each(name: str) -> None:
    net = net_of(name)
    expected = []
    for text in TEXTS:
        ids = torch.tensor([net.tokenizer(text).input_ids])
        with torch.no_grad():
            made = net.module.generate(input_ids=ids, do_sample=False, max_new_tokens=8, pad_token_id=256)
        expected.append(net.tokenizer.decode(made[0, ids.shape[1] :], skip_special_tokens=True))
    assert net.generate(TEXTS, max_new_tokens=8) == expected


def test_prompts_that_padding_changes_are_continued_one_length_at_a_time() -> None:
    plain, apart = network("tiny-llama"), rl.load("tiny-llama")
    apart.__dict__["_left"] = None
    with patch.object(Network, "_padded", autospec=True, side_effect=Network._padded) as made:
        found = apart.generate(TEXTS, max_new_tokens=4)
    assert found == plain.generate(TEXTS, max_new_tokens=4)
    lengths = [[len(row) for row in call.args[1]] for call in made.call_args_list if call.args[2] == "left"]
    assert lengths[-5:] == [[80], [62, 62], [33], [66], [7]]


@pytest.mark.parametrize("name", ["tiny-gpt2", "tiny-phi3-longrope", "llama", "xlm-roberta", "fnet"])
def test_captures_hold_the_states_of_the_models_own_call(name: str) -> None:
    net = net_of(name)
    texts = Corpus("mixed", tuple(TEXTS), tuple(map(str, range(len(TEXTS)))), "the builtin corpus")
    made = rl.capture(net, texts)
    ids = net.tokenize(TEXTS)
    for row, states in zip(ids, made.states().split(list(map(len, ids)), dim=1), strict=True):
        assert off(states, alone(net, row)) <= 1e-5
    assert made.identity.inputs == 2


def test_the_lens_reads_the_chances_of_the_models_own_call() -> None:
    for name in ("tiny-gpt2", "tiny-phi3-longrope"):
        net = net_of(name)
        texts = Corpus("mixed", tuple(TEXTS), tuple(map(str, range(len(TEXTS)))), "the builtin corpus")
        ids = net.tokenize(TEXTS)
        logits = [own(net, input_ids=torch.tensor([row]))[1].logits[0, :-1] for row in ids]
        said = [
            theirs.log_softmax(-1).gather(1, torch.tensor(row[1:])[:, None])
            for theirs, row in zip(logits, ids, strict=True)
        ]
        assert rl.lens(net, texts).values["likelihood"].mean[-1] == pytest.approx(
            float(torch.cat(said).mean()), abs=1e-4
        )


# --- lengths that cannot share a batch -----------------------------------------------------------


def test_lengths_that_change_each_other_are_refused_in_one_batch_and_run_apart_elsewhere() -> None:
    for name in ("tiny-phi3-longrope", "fnet", "convbert"):
        net = net_of(name)
        with pytest.raises(ReprlabError, match="texts of 7 and 80 tokens cannot share a batch"):
            net.batch([list(range(5, 12)), [9] * 80])
    batches = padded_batches([80, 62, 66, 33], 4000, net_of("tiny-phi3-longrope").kind)
    assert [sorted(batch) for batch in batches] == [[0], [2], [1], [3]]  # 8 % of padding at most


def test_packed_rows_stay_below_the_limit_and_nothing_rides_across_it() -> None:
    net = net_of("tiny-phi3-longrope")
    assert net.packed_limit == 64
    tokens = tuple(range(100))
    requests = [Request(tokens[:61], (60,)), Request(tokens[:81], (80,))]
    rows = pack(requests, width=net.width, longest=net.packed_limit, kind=net.row_kind)
    assert sorted(map(len, rows)) == [60, 80]


def test_dynamic_angles_do_not_remember_longer_texts() -> None:
    net = net_of("llama")
    for length in (500, 100, 64, 40, 200):
        ids = list(range(5, 5 + length % 200)) if length < 200 else [7 + n % 200 for n in range(length)]
        expected = alone(net, ids)
        net.record(net.batch([[9] * 300]))
        assert torch.equal(torch.stack(net.hidden_states(net.batch([ids])))[:, 0], expected), length


# --- identities ----------------------------------------------------------------------------------


def test_every_type_whose_inputs_have_changed_is_known_and_no_other() -> None:
    """Compares what was passed before, positions 0.. and token types of 0, with the library's own call."""
    for name in NAMES:
        net = net_of(name)
        ids = net.tokenize(TEXTS)[4]
        before = {
            "input_ids": torch.tensor([ids]),
            "position_ids": torch.arange(len(ids))[None],
            "token_type_ids": torch.zeros(1, len(ids), dtype=torch.long),
        }
        states, _ = own(net, **{key: value for key, value in before.items() if key in net._accepted})
        model_type = net.config["model_type"]
        changed = off(torch.stack(states)[:, 0, : len(ids)], alone(net, ids)) > 1e-5
        assert changed == (model_type in TOKEN_TYPES | POSITIONS), name
        assert (not net._right) == (model_type in PADDED_AFTER), name
        if net._right:
            assert (net._left is None) == (model_type in PADDED_BEFORE), name
        known = changed or not net._right or bool(net.angles)
        assert of_captures(net.config) == (2 if known else 1), name
