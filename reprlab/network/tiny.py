"""Tiny models of every architecture: their configuration and a byte tokenizer, for tests."""

from __future__ import annotations

from typing import Any

import transformers

from reprlab.models.registry import TINY_LAYERS, TINY_WIDTH, Tiny

ENCODERS = {"bert": "BertModel", "roberta": "RobertaModel"}


def tiny_config(tiny: Tiny) -> Any:
    """The configuration of a `tiny` model: five layers or more, width 32, a byte vocabulary."""
    common = {
        "num_hidden_layers": TINY_LAYERS,
        "hidden_size": TINY_WIDTH,
        "intermediate_size": 2 * TINY_WIDTH,
        "num_attention_heads": 4,
        "vocab_size": 260,
        "max_position_embeddings": 512,
        "pad_token_id": 256,
        "bos_token_id": 257,
        "eos_token_id": 258,
        "initializer_range": 0.2,  # far from the identity, so that layers differ
    }
    config = transformers.AutoConfig.for_model(tiny.model_type, **{**common, **tiny.overrides})
    config.architectures = [ENCODERS.get(tiny.model_type, "CausalLM")]
    return config


def byte_tokenizer(tiny: Tiny) -> Any:
    """256 bytes and four special tokens; an encoder's puts [CLS] before a text and [SEP] after it."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors

    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    special = ["<pad>", "<bos>", "<eos>", "<sep>"]
    vocabulary = {token: i for i, token in enumerate([*alphabet, *special])}
    raw = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    raw.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    raw.decoder = decoders.ByteLevel()
    names: dict[str, Any] = {"pad_token": "<pad>", "eos_token": "<eos>", "bos_token": "<bos>"}
    if tiny.model_type in ENCODERS:
        names |= {"cls_token": "<bos>", "sep_token": "<sep>"}
        pair = [("<bos>", 257), ("<sep>", 259)]
        raw.post_processor = processors.TemplateProcessing(
            single="<bos> $A <sep>", pair="<bos> $A <sep> $B:1 <sep>:1", special_tokens=pair
        )
    return transformers.PreTrainedTokenizerFast(tokenizer_object=raw, model_max_length=512, **names)
