"""Weights are what their files say: nothing is filled in or left out without a word."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers
from examples import network, texts
from made_weights import message
from safetensors.torch import load_file, save_file
from torch import Tensor

import reprlab as rl
from reprlab.network.checkpoint_keys import settled

Tensors = dict[str, Tensor]


def stored(folder: Path, module: Any, **config: Any) -> Path:
    """A module as a checkpoint, with other fields in its config.json."""
    module.save_pretrained(folder)
    kind = "tiny-bert" if "bert" in module.config.model_type else "tiny-llama"
    network(kind).tokenizer.save_pretrained(folder)
    file = folder / "config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | config))
    return folder


def changed(folder: Path, edit: Callable[[Tensors], Mapping[str, Tensor]], **config: Any) -> Path:
    """tiny-llama as a checkpoint of which the tensors were edited."""
    stored(folder, network("tiny-llama").module, **config)
    file = folder / "model.safetensors"
    tensors = {key: value.clone() for key, value in edit(load_file(file)).items()}
    save_file(tensors, file, {"format": "pt"})
    return folder


def prefixed(prefix: str) -> Callable[[Tensors], Tensors]:
    return lambda tensors: {prefix + key: value for key, value in tensors.items()}


def without(*parts: str) -> Callable[[Tensors], Tensors]:
    return lambda tensors: {k: v for k, v in tensors.items() if not any(part in k for part in parts)}


def resized(tensors: Tensors) -> Tensors:
    return tensors | {"model.embed_tokens.weight": torch.zeros(300, 32)}


def renamed(old: str, new: str) -> Callable[[Tensors], Tensors]:
    return lambda tensors: {key.replace(old, new): value for key, value in tensors.items()}


def added(**tensors: Tensor) -> Callable[[Tensors], Tensors]:
    return lambda before: before | {key.replace("__", "."): value for key, value in tensors.items()}


ONE = torch.ones(32)
REFUSED: dict[str, tuple[Callable[[Tensors], Tensors], dict[str, Any], str]] = {
    "of a compiled module": (prefixed("_orig_mod."), {}, r"begin with '_orig_mod\.'.* compiled module"),
    "of a DDP module": (prefixed("module."), {}, r"begin with 'module\.'.* DistributedDataParallel"),
    "of a PEFT module": (prefixed("base_model.model."), {}, r"begin with 'base_model\.model\.'.* PEFT"),
    "of two wrappers": (prefixed("module._orig_mod."), {}, r"begin with 'module\._orig_mod\.'"),
    "under other names": (prefixed("x."), {}, r"begin with 'x\.'"),
    "without a part": (without("layers.3.mlp"), {}, r"lacks model\.layers\.3\.mlp.* and 2 more tensors"),
    "without a norm": (without("model.norm"), {}, r"lacks model\.norm\.weight"),
    "without embeddings": (without("embed_tokens"), {}, r"lacks model\.embed_tokens\.weight"),
    "with too few layers": (without("layers.4.", "layers.5."), {}, r"says 6 layers, the files have 4\)"),
    "with too many layers": (lambda t: t, {"num_hidden_layers": 4}, r"says 4 layers, the files have 6\)"),
    "with more embeddings": (resized, {}, r"embed_tokens\.weight has the shape \(300, 32\).*\(260, 32\)"),
    "of another width": (lambda t: t, {"intermediate_size": 96}, r"has the shape .*\(18 such"),
    "with a part renamed": (renamed("layers.2.mlp", "layers.2.ffn"), {}, r"lacks model\.layers\.2\.mlp"),
    "with a head renamed": (renamed("lm_head", "output"), {}, r"lacks lm_head\.weight and holds output"),
    "with a bias more": (
        added(model__layers__1__mlp__up_proj__bias=torch.ones(64)),
        {},
        r"holds model\.layers\.1\.mlp\.up_proj\.bias, which",
    ),
    "with a norm more": (added(model__embed_norm__weight=ONE), {}, r"holds model\.embed_norm\.weight, which"),
    "with positions": (added(model__embed_positions__weight=ONE), {}, r"holds model\.embed_positions"),
    "of whole numbers": (
        added(model__layers__0__mlp__up_proj__weight=torch.ones(64, 32, dtype=torch.int8)),
        {},
        r"holds model\.layers\.0\.mlp\.up_proj\.weight as I8, ",
    ),
    "of complex numbers": (
        added(model__norm__weight=ONE.to(torch.complex64)),
        {},
        r"holds model\.norm\.weight as C64, ",
    ),
    "with scales": (
        added(model__layers__0__mlp__up_proj__weight_scale_inv=ONE),
        {},
        r"holds quantised tensors .*quantization_config",
    ),
}


@pytest.mark.parametrize(("edit", "config", "line"), REFUSED.values(), ids=REFUSED)
def test_a_checkpoint_is_refused(
    tmp_path: Path, edit: Callable[[Tensors], Tensors], config: dict[str, Any], line: str
) -> None:
    folder = changed(tmp_path / "mine", edit, **config)
    with pytest.raises(rl.ReprlabError, match=f"^'mine'.*{line}") as caught:
        rl.load(str(folder))
    assert "\n" not in str(caught.value)


def others(tensors: Tensors) -> Tensors:
    more = ("mtp.layers.0.weight", "model.vision_tower.layers.0.weight", "model.multi_modal_projector.weight")
    old = {"model.layers.0.self_attn.rotary_emb.inv_freq": torch.ones(4)}
    return tensors | dict.fromkeys((*more, "model.mtp_head.weight", "value_head.0.weight"), ONE) | old


def test_parts_of_other_tasks_are_one_note(tmp_path: Path) -> None:
    said: list[str] = []
    net = rl.load(str(changed(tmp_path / "mine", others)), say=said.append)
    assert len(said) == 1
    assert "model.mtp_head, model.multi_modal_projector, model.vision_tower and 2 more" in said[0]
    assert torch.equal(net.logits(["ab"])[0], network("tiny-llama").logits(["ab"])[0])


def base_of(tensors: Tensors) -> Tensors:
    return {key.removeprefix("model."): value for key, value in tensors.items() if key != "lm_head.weight"}


HEADLESS: dict[str, tuple[Callable[[Tensors], Tensors], dict[str, Any], str]] = {
    "a base model's": (base_of, {"architectures": ["LlamaModel"]}, ""),
    "a base model's under another": (base_of, {"architectures": ["LlamaForCausalLM"]}, "has no language"),
    "one without lm_head": (without("lm_head"), {"architectures": None}, "has no language head in its files"),
    "a classifier's": (
        lambda tensors: without("lm_head")(tensors) | {"score.weight": torch.randn(2, 32)},
        {"architectures": ["LlamaForSequenceClassification"]},
        "its files also hold score, which",
    ),
}


@pytest.mark.parametrize(("edit", "config", "note"), HEADLESS.values(), ids=HEADLESS)
def test_a_checkpoint_without_a_head_loads_without_one(
    tmp_path: Path, edit: Callable[[Tensors], Tensors], config: dict[str, Any], note: str
) -> None:
    said: list[str] = []
    net = rl.load(str(changed(tmp_path / "mine", edit, **config)), say=said.append)
    assert note in "".join(said)
    assert len(said) == bool(note)
    full, ids = network("tiny-llama"), [[1, 2, 3]]
    for a, b in zip(net.hidden_states(net.batch(ids)), full.hidden_states(full.batch(ids)), strict=True):
        assert torch.equal(a, b)
    assert not net.has_lm_head
    for run in (
        lambda: net.generate(["ab"]),
        lambda: net.logits(["ab"]),
        lambda: rl.lens(net, texts(2)),
        lambda: rl.sweep(net, ["0:6"], ["builtin_pronoun"]),
    ):
        assert "head" in message(run)
    assert rl.capture(net, texts(2)).depths == 7


SIZES = {"num_hidden_layers": 2, "hidden_size": 32, "intermediate_size": 64, "num_attention_heads": 4}


def bert(**own: Any) -> Any:
    return transformers.BertConfig(**SIZES, vocab_size=260, **own)


ENCODERS: dict[str, tuple[Callable[[], Any], str, bool, str]] = {
    "BERT's classifier": (
        lambda: transformers.BertForSequenceClassification(bert()),
        *("BertModel", True, "classifier"),
    ),
    "BERT with both of its heads": (
        lambda: transformers.BertForPreTraining(bert()),
        *("BertForMaskedLM", False, "cls.seq_relationship"),
    ),
    "BERT with a masked head": (
        lambda: transformers.BertForMaskedLM(bert()),
        *("BertForMaskedLM", False, ""),
    ),
    "a causal BERT": (
        lambda: transformers.BertLMHeadModel(bert(is_decoder=True)),
        *("BertLMHeadModel", False, ""),
    ),
    "a sentence encoder": (
        lambda: transformers.XLMRobertaModel(transformers.XLMRobertaConfig(**SIZES, vocab_size=260)),
        *("XLMRobertaModel", True, ""),
    ),
    "a sentence encoder without a pooler": (
        lambda: transformers.BertModel(bert(), add_pooling_layer=False),
        *("BertModel", False, ""),
    ),
}


@pytest.mark.parametrize(("make", "kind", "pooled", "note"), ENCODERS.values(), ids=ENCODERS)
def test_an_encoder_loads_as_it_was_saved(
    tmp_path: Path, make: Callable[[], Any], kind: str, pooled: bool, note: str
) -> None:
    said: list[str] = []
    made = make().eval()
    net = rl.load(str(stored(tmp_path / "mine", made)), say=said.append)
    assert type(net.module).__name__ == kind
    assert (getattr(net.base, "pooler", None) is not None) == pooled
    assert [note in text for text in said] == [True] * bool(note)
    own, theirs = net.base.state_dict(), made.base_model.state_dict()
    assert all(torch.equal(value, theirs[key]) for key, value in own.items())
    assert type(rl.load(str(tmp_path / "mine"), pooled=True).module).__name__.endswith(
        "Model" if kind != "BertLMHeadModel" else "LMHeadModel"
    )


def test_a_head_of_which_a_part_is_missing_is_refused(tmp_path: Path) -> None:
    module = transformers.BertForMaskedLM(bert())
    folder = stored(tmp_path / "mine", module)
    tensors = without("cls.predictions.transform")(load_file(folder / "model.safetensors"))
    save_file(tensors, folder / "model.safetensors", {"format": "pt"})
    assert "lacks cls.predictions.transform" in message(rl.load, str(folder))


def test_old_gpt2_checkpoints_load(tmp_path: Path) -> None:
    """Names without a prefix, masks named `bias`, and a head tied to the embeddings."""
    module = network("tiny-gpt2").module
    folder = stored(tmp_path / "mine", module, architectures=["GPT2LMHeadModel"])
    tensors = {
        key.removeprefix("transformer."): value
        for key, value in load_file(folder / "model.safetensors").items()
    }
    masks = {f"h.{i}.attn.bias": torch.ones(1, 1, 8, 8) for i in range(6)}
    masks |= {f"h.{i}.attn.masked_bias": torch.tensor(-1e4) for i in range(6)}
    save_file(tensors | masks, folder / "model.safetensors", {"format": "pt"})
    said: list[str] = []
    net = rl.load(str(folder), say=said.append)
    assert net.has_lm_head
    assert said == []
    assert torch.equal(net.logits(["ab"])[0], network("tiny-gpt2").logits(["ab"])[0])


def test_loading_info_alone_is_judged_too() -> None:
    """As a GGUF file's is, of which no shapes are known."""
    module = network("tiny-llama").module
    nothing: dict[str, Any] = {"missing_keys": set(), "unexpected_keys": set(), "mismatched_keys": set()}
    assert settled("x.gguf", module, nothing) == (module, [])
    lacks = nothing | {"missing_keys": {f"model.layers.{i}.mlp.up_proj.weight" for i in (4, 5)}}
    assert "says 6 layers, the files have 4" in message(settled, "x.gguf", module, lacks)
