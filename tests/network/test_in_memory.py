"""A module in memory is a network like any other, named by its tensors."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers
from examples import network, texts
from made_weights import message
from torch import nn

import reprlab as rl
from reprlab.network.module_digest import _plain


def own(name: str = "tiny-llama") -> Any:
    return copy.deepcopy(network(name).module)


def loaded(module: Any) -> Any:
    return rl.load(module, tokenizer=network("tiny-llama").tokenizer)


def test_a_module_works_in_every_function(tmp_path: Path) -> None:
    net, full = loaded(own()), network("tiny-llama")
    assert net.name == net.digest
    assert net.name.startswith("memory:")
    assert net.note == "a LlamaForCausalLM in memory"
    acts = rl.capture(net, texts(3), cache=tmp_path)
    assert rl.cosine(acts).values.shape == (7, 7)
    assert rl.capture(net.name and net, texts(3), cache=tmp_path).folder == acts.folder
    assert torch.equal(net.logits(["ab"])[0], full.logits(["ab"])[0])
    assert net.generate(["ab"], "0:2 3:6", max_new_tokens=3) == full.generate(
        ["ab"], "0:2 3:6", max_new_tokens=3
    )
    scores = rl.sweep(net, ["0:2 3:6"], ["builtin_pronoun"], limit=3, cache=tmp_path)
    assert scores.results("builtin_pronoun").values.size
    assert rl.lens(net, texts(2)).depths == 7


def test_its_name_is_its_tensors_every_byte_of_them() -> None:
    one, same, other = own(), own(), own()
    with torch.no_grad():
        other.model.layers[3].mlp.up_proj.weight[-1, -1] += 1
    names = [loaded(module).name for module in (one, same, other, own("tiny-neox"))]
    assert names[0] == names[1]
    assert len(set(names)) == 3
    config = own()
    config.config.rms_norm_eps = 0.5
    assert loaded(config).name != names[0]


class Packed(nn.Module):
    """A linear layer whose weights are neither parameters nor buffers, as torch packs quantised ones."""

    def __init__(self, linear: nn.Linear, scale: float = 0.01) -> None:
        super().__init__()
        self.packed = torch.quantize_per_tensor(linear.weight.detach(), scale, 0, torch.qint8)

    def _save_to_state_dict(self, destination: Any, prefix: str, keep_vars: bool) -> None:
        destination[prefix + "packed"] = (self.packed, None)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x @ self.packed.dequantize().T


class Wrapped(torch.Tensor):
    """A tensor made of others, which has no bytes of its own."""

    inside: torch.Tensor

    @staticmethod
    def __new__(cls, inside: torch.Tensor) -> Any:
        made: Any = torch.Tensor._make_wrapper_subclass(cls, inside.shape, dtype=inside.dtype)
        made.inside = inside
        return made

    @classmethod
    def __torch_dispatch__(cls, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        raise NotImplementedError(f"{function} of a wrapped tensor")

    def __tensor_flatten__(self) -> tuple[list[str], dict[str, str]]:
        return ["inside"], {"kind": "wrapped"}


@pytest.mark.filterwarnings("ignore:.*quantize:UserWarning")
def test_packed_weights_wrapped_ones_and_an_adapters_scale_are_in_its_name() -> None:
    def name(change: Any) -> str:
        module = own()
        projection = module.model.layers[2].mlp
        change(projection, projection.down_proj)
        return loaded(module).name

    def packed(by: float, scale: float = 0.01) -> Any:
        def change(mlp: Any, linear: Any) -> None:
            linear.weight.data[0, 0] += by
            mlp.down_proj = Packed(linear, scale)

        return change

    def scaled(by: float) -> Any:
        def change(mlp: Any, linear: Any) -> None:
            linear.scaling = {"default": by}

        return change

    changes = [packed(0), packed(1), packed(0, 0.02), scaled(1.0), scaled(2.0), lambda *_: None]
    names = [name(change) for change in changes]
    assert len(set(names)) == len(names)
    assert name(packed(0)) == names[0]
    values = torch.arange(6.0), torch.arange(6.0) + 1
    labels = [list(_plain("x", Wrapped(value))) for value in values]
    assert [label for label, _ in labels[0]] == ["x torch.float32 (6,) {'kind': 'wrapped'}", labels[1][1][0]]
    assert torch.equal(labels[1][1][1], values[1])
    assert "cannot read the numbers of 'x', a object" in message(lambda: list(_plain("x", object())))


def test_a_module_that_was_changed_since_adds_to_no_capture_and_no_answers(tmp_path: Path) -> None:
    module = own()
    net = loaded(module)
    rl.capture(net, texts(2), cache=tmp_path)
    rl.sweep(net, ["0:2 3:6"], ["builtin_pronoun"], limit=2, cache=tmp_path)  # running it changes nothing
    rl.capture(net, texts(3), cache=tmp_path)
    with torch.no_grad():
        module.lm_head.weight.mul_(2)
    assert "have changed since rl.load" in message(rl.capture, net, texts(3), cache=tmp_path)
    assert "have changed since rl.load" in message(
        rl.sweep, net, ["0:6"], ["builtin_pronoun"], cache=tmp_path
    )
    assert rl.capture(loaded(module), texts(2), cache=tmp_path).documents == 2


def test_an_encoder_decoder_in_memory_is_refused_by_what_it_is() -> None:
    config = transformers.T5Config(d_model=16, d_ff=16, num_layers=2, num_heads=2, d_kv=8, vocab_size=300)
    assert "encoder-decoder" in message(loaded, transformers.T5ForConditionalGeneration(config))


def test_a_modules_gradients_are_left_as_they_are() -> None:
    module = own().requires_grad_(True).train()
    net = loaded(module)
    net.logits(["ab"])
    assert all(value.requires_grad for value in module.parameters())
    assert not net.module.training


class Compiled(nn.Module):
    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self._orig_mod = inner


class Parallel(nn.Module):
    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.module = inner


class Low(nn.Module):
    """A linear layer with a low-rank part, as PEFT puts it in a module's place."""

    def __init__(self, base_layer: nn.Module) -> None:
        super().__init__()
        self.base_layer, self.low = base_layer, nn.Linear(32, 32, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.base_layer(x) + self.low(x)


class Adapted(nn.Module):
    """What PEFT's models have."""

    def __init__(self, inner: Any, prompts: bool = False) -> None:
        super().__init__()
        self.inner = inner
        self.active_peft_config = type("Config", (), {"is_prompt_learning": prompts})

    def get_base_model(self) -> Any:
        return self.inner


@pytest.mark.parametrize("wrap", [Compiled, Parallel, lambda m: Parallel(Compiled(m))])
def test_wrappers_are_taken_off(wrap: Any) -> None:
    assert loaded(wrap(own())).name == loaded(own()).name


def test_an_adapter_stays_in_its_place() -> None:
    module = own()
    module.model.layers[0].self_attn.q_proj = Low(module.model.layers[0].self_attn.q_proj)
    net = loaded(Adapted(module))
    assert net.name != loaded(own()).name
    with torch.no_grad():
        expected = module(input_ids=torch.tensor([net.tokenize(["ab"])[0]])).logits[0]
    assert torch.equal(net.logits(["ab"])[0], expected)
    assert not torch.equal(expected, network("tiny-llama").logits(["ab"])[0])
    assert "prompt tuning" in message(loaded, Adapted(own(), prompts=True))


def test_a_module_in_bfloat16_says_so() -> None:
    net = loaded(own().bfloat16())
    assert net.dtype == "bfloat16"
    assert rl.capture(net, texts(2)).identity.dtype == "bfloat16"


@pytest.mark.parametrize("thing", [nn.Linear(2, 2), 5, None, ["tiny-llama"], {"a": 1}, b"x", object()])
def test_anything_else_is_one_line(thing: Any) -> None:
    assert "rl.load takes a name, or a model of transformers" in message(loaded, thing)


def test_its_tokenizer_must_be_given_and_nothing_else() -> None:
    module = own()
    assert "none was given" in message(rl.load, module)
    assert "str was given" in message(rl.load, module, tokenizer="tiny-llama")
    tokenizer = network("tiny-llama").tokenizer
    assert "taken as it is" in message(rl.load, module, tokenizer=tokenizer, dtype="float16")
    assert "goes with a module" in message(rl.load, "tiny-llama", tokenizer=tokenizer)
    with torch.device("meta"):
        empty = type(module)(module.config)
    assert "weights are in memory" in message(loaded, empty)
