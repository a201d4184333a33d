"""Models of text are taken; each other kind is one line that says what it is."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers as t
from examples import network, texts
from made_weights import message
from safetensors.torch import load_file, save_file

import reprlab as rl

S = {"num_hidden_layers": 2, "hidden_size": 32, "intermediate_size": 64, "num_attention_heads": 4}
PARTS = {
    "d_model": 32,
    "encoder_layers": 1,
    "decoder_layers": 1,
    "encoder_ffn_dim": 32,
    "decoder_ffn_dim": 32,
}
HEADS = {"encoder_attention_heads": 4, "decoder_attention_heads": 4, "vocab_size": 260}
IMAGE = {"image_size": 32, "patch_size": 16}
T5 = {"vocab_size": 260, "d_model": 32, "d_kv": 8, "d_ff": 32, "num_layers": 2, "num_heads": 4}
SPECIAL = {"pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2, "decoder_start_token_id": 3}
WAVES = {"conv_dim": (8,), "conv_stride": (2,), "conv_kernel": (3,), "num_feat_extract_layers": 1}

OTHERS: dict[str, tuple[Callable[[], Any], str]] = {
    "T5": (lambda: t.T5ForConditionalGeneration(t.T5Config(**T5)), "an encoder-decoder"),
    "T5's encoder": (lambda: t.T5EncoderModel(t.T5Config(**T5)), "an encoder-decoder"),
    "BART": (lambda: t.BartForConditionalGeneration(t.BartConfig(**PARTS, **HEADS)), "an encoder-decoder"),
    "Whisper": (
        lambda: t.WhisperForConditionalGeneration(t.WhisperConfig(**PARTS, **HEADS, **SPECIAL)),
        "a speech or audio model",
    ),
    "wav2vec2": (
        lambda: t.Wav2Vec2ForCTC(t.Wav2Vec2Config(**S, **WAVES, num_conv_pos_embeddings=4)),
        "a speech or audio model",
    ),
    "ViT": (
        lambda: t.ViTForImageClassification(t.ViTConfig(**S, **IMAGE)),
        "an image or video model",
    ),
    "CLIP": (
        lambda: t.CLIPModel(t.CLIPConfig(text_config=S, vision_config={**S, **IMAGE})),
        "a vision-language model",
    ),
    "LLaVA": (
        lambda: t.LlavaForConditionalGeneration(
            t.LlavaConfig(
                text_config=t.LlamaConfig(**S, vocab_size=260), vision_config=t.CLIPVisionConfig(**S, **IMAGE)
            )
        ),
        "a vision-language model",
    ),
}


def stored(folder: Path, module: Any, tokenizer: Any = None) -> Path:
    module.save_pretrained(folder)
    (tokenizer or network("tiny-llama").tokenizer).save_pretrained(folder)
    return folder


@pytest.mark.parametrize(("make", "kind"), OTHERS.values(), ids=OTHERS)
def test_what_is_no_model_of_text_is_one_line(tmp_path: Path, make: Callable[[], Any], kind: str) -> None:
    made = make()
    assert message(rl.load, str(stored(tmp_path / "mine", made))) == (
        f"'mine' is {kind} ({type(made).__name__}): reprlab takes decoders of text, such as Llama and GPT-2, "
        "and encoders of text, such as BERT"
    )


def test_gpt_1_whose_layers_return_lists_and_whose_tail_wants_every_token(tmp_path: Path) -> None:
    config = t.OpenAIGPTConfig(vocab_size=260, n_positions=64, n_embd=32, n_layer=3, n_head=4)
    made = t.OpenAIGPTLMHeadModel(config).eval()
    net = rl.load(str(stored(tmp_path / "mine", made)))
    ids = net.tokenize(["abc", "defgh"])
    assert net.max_tokens == 64
    expected = net.logits(["defgh"])[0]
    states = net.hidden_states(net.batch(ids), "0:1 2:3")
    assert len(states) == 3
    recording = net.record(net.batch([ids[1]]))
    torch.testing.assert_close(recording.head(recording.run(net.full())[-1][0]), expected)
    assert rl.sweep(net, ["0:2"], ["builtin_pronoun"], limit=2).results("builtin_pronoun").values.size
    assert len(net.generate(["ab"], "0:1 0:3", max_new_tokens=2)) == 1


def test_positions_under_another_name_are_the_limit(tmp_path: Path) -> None:
    """MPT's ALiBi is built for max_seq_len positions; its tokenizer says nothing."""
    made = t.MptForCausalLM(t.MptConfig(vocab_size=260, d_model=32, n_heads=4, n_layers=2, max_seq_len=48))
    net = rl.load(str(stored(tmp_path / "mine", made)))
    net.tokenizer.model_max_length = int(1e30)
    assert net.max_tokens == net.positions == 48
    assert len(net.tokenize(["x" * 100])[0]) == 48
    assert rl.capture(net, rl.corpus("builtin"), documents=2).identity.max_tokens == 48


def test_fp8_weights_are_made_plain(tmp_path: Path) -> None:
    folder = stored(tmp_path / "mine", network("tiny-llama").module)
    tensors = load_file(folder / "model.safetensors")
    name = "model.layers.2.mlp.up_proj.weight"
    small = {key: (value / 0.01).to(torch.float8_e4m3fn) for key, value in tensors.items() if "_proj" in key}
    scales = {f"{key}_scale_inv": torch.full((1, 1), 0.01) for key in small}
    for key, value in small.items():  # one scale a block of 128 x 128
        scales[f"{key}_scale_inv"] = torch.full((-(-value.shape[0] // 128), -(-value.shape[1] // 128)), 0.01)
    save_file(tensors | small | scales, folder / "model.safetensors", {"format": "pt"})
    config = json.loads((folder / "config.json").read_text())
    config["quantization_config"] = {"quant_method": "fp8", "weight_block_size": [128, 128]}
    (folder / "config.json").write_text(json.dumps(config))
    found = rl.load(str(folder)).module.get_parameter(name)
    assert found.dtype == torch.float32
    torch.testing.assert_close(found, tensors[name], rtol=0.07, atol=2e-3)


@pytest.mark.parametrize("method", ["bitsandbytes", "gptq", "awq", "modelopt", "new-one"])
def test_quantised_weights_that_cannot_be_read_are_refused_by_name(tmp_path: Path, method: str) -> None:
    folder = stored(tmp_path / "mine", network("tiny-llama").module)
    config = json.loads((folder / "config.json").read_text())
    config["quantization_config"] = {"quant_method": method, "bits": 4, "load_in_4bit": method[0] == "b"}
    (folder / "config.json").write_text(json.dumps(config))
    assert method.lower() in message(rl.load, str(folder)).lower()


def test_a_tokenizer_without_any_special_token_works_everywhere(tmp_path: Path) -> None:
    tokenizer = t.PreTrainedTokenizerFast(
        tokenizer_object=network("tiny-llama").tokenizer.backend_tokenizer, model_max_length=512
    )
    assert (tokenizer.pad_token, tokenizer.eos_token, tokenizer.bos_token) == (None, None, None)
    net = rl.load(str(stored(tmp_path / "mine", network("tiny-llama").module, tokenizer)))
    assert rl.capture(net, texts(3)).depths == 7
    assert rl.lens(net, texts(3)).depths == 7
    assert len(net.generate(["ab", "abc"], max_new_tokens=3)) == 2
    scores = rl.sweep(net, ["0:6"], ["builtin_pronoun", "builtin_cloze"], limit=3)
    assert scores.results("builtin_cloze").values.size
