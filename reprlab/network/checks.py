"""A folder's configuration and tokenizer, checked for kinds and sizes before a network is made of them."""

from __future__ import annotations

from collections.abc import Sized
from typing import Any

from transformers.quantizers.auto import AUTO_QUANTIZER_MAPPING

from reprlab.counts import counted
from reprlab.errors import ReprlabError

LAYERS = 10_000  # no model has as many


def check_config(config: Any, name: str, stored: Sized) -> None:
    """Raises `ReprlabError` for a configuration that asks for what no module can be, or names other files.

    `stored` are the tensors in the files: a model has as many layers at most.
    """
    text = config.get_text_config(decoder=True)
    if getattr(config, "transformers_weights", None) is not None:
        raise ReprlabError(f"'{name}': its config.json names another file of weights (transformers_weights)")
    for field in ("hidden_size", "num_hidden_layers", "vocab_size"):
        value = getattr(text, field, None)
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            raise ReprlabError(f"'{name}': {field} in its config.json is {value!r:.40}: give 1 or more")
    most = len(stored) or LAYERS
    if text.num_hidden_layers > most:
        there = (
            f"its files hold {counted(len(stored), 'tensor')}"
            if len(stored)
            else f"at most {LAYERS:,} are taken"
        )
        raise ReprlabError(
            f"'{name}': its config.json asks for {counted(text.num_hidden_layers, 'layer')}, {there}"
        )
    _check_quantised(config, name)


def _check_quantised(config: Any, name: str) -> None:
    """Refuse unknown ways of quantising; 8-bit floats are made plain, which needs no GPU."""
    given = getattr(config, "quantization_config", None)
    if given is None:
        return
    method = given.get("quant_method") if isinstance(given, dict) else getattr(given, "quant_method", None)
    method = getattr(method, "value", method)
    if (
        isinstance(given, dict)
        and method is None
        and (given.get("load_in_4bit") or given.get("load_in_8bit"))
    ):
        return  # an old bitsandbytes, which transformers knows by these
    if method not in {*AUTO_QUANTIZER_MAPPING, "bitsandbytes"}:
        raise ReprlabError(
            f"'{name}' is quantised by {method or given!r:.40}, which transformers does not know: take its "
            "weights in bfloat16, float16, float32, fp8 or mxfp4"
        )
    if method == "fp8" and isinstance(given, dict):
        config.quantization_config = {**given, "dequantize": True}


def check_tokenizer(tokenizer: Any, name: str) -> None:
    """Raises `ReprlabError` for a tokenizer without a limit that is a number, or that gives no ids."""
    limit = tokenizer.model_max_length
    if not isinstance(limit, int | float) or isinstance(limit, bool) or not limit >= 1:
        raise ReprlabError(f"'{name}': model_max_length of its tokenizer is {limit!r:.40}: give 1 or more")
    tokenizer.model_max_length = int(limit)
    ids = tokenizer(["a b"], truncation=True, max_length=8, verbose=False).input_ids[0]
    if not isinstance(ids, list) or not all(isinstance(one, int) and one >= 0 for one in ids):
        raise ReprlabError(f"'{name}': its tokenizer gives {ids!r:.40}, not a list of token ids")
