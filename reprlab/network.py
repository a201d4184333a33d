"""A loaded model: the only module that touches nnsight and transformers.

A layer is a block, 0..n-1. A depth is a place between blocks: depth 0 enters layer 0, depth l+1
leaves layer l, the raw residual stream, never after a final norm.
"""

from __future__ import annotations

import contextlib
import inspect
import io
import json
import os
import shutil
import sys
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol

import torch
from safetensors import SafetensorError
from torch import Tensor, nn

from reprlab.errors import ReprlabError, unknown
from reprlab.registry import DEVICES, DTYPES, TINY_LAYERS, TINY_WIDTH, Tiny

os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")  # batches are small, and processes may fork
_argv, sys.argv = sys.argv, sys.argv[:1]  # nnsight reads `-v` from the command line as its own
try:
    import nnsight
finally:
    sys.argv = _argv
import transformers  # noqa: E402

Batch = dict[str, Any]


class Source(Protocol):
    """What a network is made from: a folder of safetensors with its tokenizer, or a tiny configuration."""

    @property
    def name(self) -> str: ...
    @property
    def note(self) -> str: ...
    @property
    def folder(self) -> Path | None: ...
    @property
    def tiny(self) -> Tiny | None: ...
    @property
    def untrained(self) -> bool: ...
    @property
    def digest(self) -> str: ...
    @property
    def tokenizer_digest(self) -> str: ...


@dataclass(frozen=True)
class Network:
    """A model in memory with its tokenizer. `module` is the ordinary Hugging Face module."""

    name: str
    note: str
    module: Any
    tokenizer: Any
    dtype: str
    device: str
    digest: str
    tokenizer_digest: str

    @cached_property
    def base(self) -> Any:
        """The module without its head."""
        return self.module.base_model

    @cached_property
    def layers(self) -> nn.ModuleList:
        """The layers, found as the shortest-path list of as many equal children as the config says."""
        return _find_layers(self.base, _depth_of(self.module.config))

    @property
    def n_layers(self) -> int:
        return len(self.layers)

    @property
    def width(self) -> int:
        return self.module.config.get_text_config(decoder=True).hidden_size

    @property
    def max_tokens(self) -> int:
        """The longest text, in tokens: the smaller of the position limit and the tokenizer's limit."""
        config = self.module.config.get_text_config(decoder=True)
        limit = getattr(config, "max_position_embeddings", None) or getattr(config, "n_positions", None)
        return min(limit or 1 << 20, self.tokenizer.model_max_length)

    @property
    def attention(self) -> str:
        """The attention implementation in use, part of a capture's identity."""
        return str(self.module.config._attn_implementation)

    @property
    def adds_bos(self) -> bool:
        """Whether the tokenizer puts a first token of its own before a text."""
        ids = self.tokenizer("a").input_ids
        return bool(ids) and ids[0] in {self.tokenizer.bos_token_id, self.tokenizer.cls_token_id} - {None}

    def tokenize(self, texts: Sequence[str], max_tokens: int | None = None) -> list[list[int]]:
        """Token ids of each text, as the model's own tokenizer makes them by default, cut to the limit."""
        limit = min(max_tokens or self.max_tokens, self.max_tokens)
        return self.tokenizer(list(texts), truncation=True, max_length=limit, verbose=False).input_ids

    def batch(self, ids: Sequence[Sequence[int]], side: str = "right") -> Batch:
        """A padded batch with explicit positions, on the network's device: (document, token) each."""
        longest = max(map(len, ids))
        pads = [longest - len(row) for row in ids]
        pad = self.tokenizer.pad_token_id or 0

        def padded(rows: Sequence[Sequence[int]], fill: int) -> Tensor:
            pairs = zip(rows, pads, strict=True)
            right = side == "right"
            return torch.tensor([[*r, *[fill] * n] if right else [*[fill] * n, *r] for r, n in pairs])

        batch = {
            "input_ids": padded(ids, pad),
            "attention_mask": padded([[1] * len(row) for row in ids], 0),
            "position_ids": padded([range(len(row)) for row in ids], 0),
            "token_type_ids": padded([[0] * len(row) for row in ids], 0),
        }
        taken = {k: v.to(self.base.device) for k, v in batch.items() if k in self._accepted}
        return taken | ({"use_cache": False} if "use_cache" in self._accepted else {})

    @cached_property
    def _accepted(self) -> set[str]:
        return set(inspect.signature(self.base.forward).parameters)

    @cached_property
    def _wrapped(self) -> nnsight.NNsight:
        with warnings.catch_warnings(action="ignore"):  # BERT's modules named `output` are not asked for
            return nnsight.NNsight(self.base)

    @cached_property
    def _wrapped_layers(self) -> list[Any]:
        path = next(name for name, module in self.base.named_modules() if module is self.layers)
        found: Any = self._wrapped
        for part in path.split("."):
            found = getattr(found, part)
        return [found[i] for i in range(self.n_layers)]

    def hidden_states(self, batch: Batch) -> list[Tensor]:
        """The hidden states at every depth, from one nnsight trace of the base model (no head).

        Returns n_layers + 1 tensors of (document, token, width), pads included, equal bit for bit to
        what the module itself computes.
        """
        return _trace(self._wrapped, self._wrapped_layers, batch)


def open_network(
    weights: Source,
    *,
    dtype: str = "auto",
    device: str = "auto",
    device_map: str | None = None,
    trust_remote_code: bool = False,
) -> Network:
    """The network of some weights. `auto` dtype: float32 on a CPU, the checkpoint's own elsewhere."""
    where = _device(device)
    kind = _dtype(dtype, where)
    if weights.tiny is not None:
        config, tokenizer = tiny_config(weights.tiny), byte_tokenizer(weights.tiny)
        module = _untrained(config, kind, seed=1 if weights.untrained else 0)
    else:
        config, tokenizer = _from_folder(weights, trust_remote_code)
        if weights.untrained:
            module = _untrained(config, kind, seed=0)
        else:
            module = _pretrained(weights, config, kind, device_map, trust_remote_code)
    if device_map is None:
        module = module.to(where)
    return Network(
        name=weights.name,
        note=weights.note,
        module=module.eval().requires_grad_(False),
        tokenizer=tokenizer,
        dtype=str(module.dtype).removeprefix("torch."),
        device=str(module.device),
        digest=weights.digest,
        tokenizer_digest=weights.tokenizer_digest,
    )


def dequantise(gguf: Path, target: Path) -> None:
    """Write a GGUF file's weights as float32 safetensors with its tokenizer: once, then kept."""
    _needs_gguf(gguf)
    where = {"pretrained_model_name_or_path": str(gguf.parent), "gguf_file": gguf.name}
    _quiet()
    module: Any
    with contextlib.redirect_stderr(io.StringIO()):  # transformers draws a bar of its own
        module = transformers.AutoModelForCausalLM.from_pretrained(**where, dtype=torch.float32)
    del module.config.quantization_config
    module.hf_quantizer = None  # the weights are plain float32 now; without this they cannot be saved
    tokenizer = transformers.AutoTokenizer.from_pretrained(**where)
    scratch = target.with_name(f".{target.name}.part")
    shutil.rmtree(scratch, ignore_errors=True)  # what a killed call left
    module.save_pretrained(scratch)
    tokenizer.save_pretrained(scratch)
    scratch.rename(target)


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
    config.architectures = ["BertModel" if tiny.model_type == "bert" else "CausalLM"]
    return config


def byte_tokenizer(tiny: Tiny) -> Any:
    """256 bytes and four special tokens; an encoder's puts [CLS] before a text and [SEP] behind it."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors

    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    special = ["<pad>", "<bos>", "<eos>", "<sep>"]
    vocabulary = {token: i for i, token in enumerate([*alphabet, *special])}
    raw = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    raw.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    raw.decoder = decoders.ByteLevel()
    names: dict[str, Any] = {"pad_token": "<pad>", "eos_token": "<eos>", "bos_token": "<bos>"}
    if tiny.model_type == "bert":
        names |= {"cls_token": "<bos>", "sep_token": "<sep>"}
        pair = [("<bos>", 257), ("<sep>", 259)]
        raw.post_processor = processors.TemplateProcessing(single="<bos> $A <sep>", special_tokens=pair)
    return transformers.PreTrainedTokenizerFast(tokenizer_object=raw, model_max_length=512, **names)


# --- loading -------------------------------------------------------------------------------------


def _device(asked: str) -> str:
    if asked not in DEVICES:
        raise unknown("device", asked, DEVICES)
    there = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if asked == "auto":
        return next(name for name in ("cuda", "mps", "cpu") if there[name])
    if not there[asked]:
        raise ReprlabError(f"device '{asked}' is not on this machine: use auto or cpu")
    return asked


def _dtype(asked: str, device: str) -> torch.dtype | str:
    if asked == "auto":
        return torch.float32 if device == "cpu" else "auto"
    if asked not in DTYPES:
        raise unknown("dtype", asked, ["auto", *DTYPES])
    return getattr(torch, asked)


def _from_folder(weights: Source, trust: bool) -> tuple[Any, Any]:
    _quiet()
    assert weights.folder is not None
    try:
        config = transformers.AutoConfig.from_pretrained(weights.folder, trust_remote_code=trust)
        tokenizer = transformers.AutoTokenizer.from_pretrained(weights.folder, trust_remote_code=trust)
    except (ValueError, OSError, KeyError, json.JSONDecodeError) as error:
        raise ReprlabError(_load_advice(weights, error)) from error
    return config, tokenizer


def _pretrained(weights: Source, config: Any, dtype: Any, device_map: str | None, trust: bool) -> Any:
    head = _head(config)
    try:
        return head.from_pretrained(
            weights.folder,
            config=config,
            dtype=dtype,
            device_map=device_map,
            trust_remote_code=trust,
            use_safetensors=True,
        )
    except (ValueError, OSError, KeyError, RuntimeError, ImportError, SafetensorError) as error:
        raise ReprlabError(_load_advice(weights, error)) from error


def _untrained(config: Any, dtype: Any, seed: int) -> Any:
    _quiet()
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        module = _head(config).from_config(config)
    return module.to(dtype) if isinstance(dtype, torch.dtype) else module


def _head(config: Any) -> Any:
    """The Auto class that loads a checkpoint as it was made: with its language head if it has one."""
    made = (getattr(config, "architectures", None) or ["CausalLM"])[0]
    if made.endswith("ForMaskedLM") or made == "BertForPreTraining":
        return transformers.AutoModelForMaskedLM
    encoder = made.endswith("Model") and config.model_type in {"bert", "roberta", "distilbert"}
    return transformers.AutoModel if encoder else transformers.AutoModelForCausalLM


def _load_advice(weights: Source, error: Exception) -> str:
    reason = " ".join(str(error).split())[:200].rstrip(".")
    ask = " Its own code may run with --trust-remote-code." if "trust_remote_code" in reason else ""
    return f"transformers cannot load '{weights.name}' from '{weights.folder}': {reason}.{ask}"


def _needs_gguf(file: Path) -> None:
    missing = [name for name in ("gguf", "accelerate") if find_spec(name) is None]
    if missing:
        raise ReprlabError(
            f"'{file.name}' is a GGUF file, read with the packages gguf and accelerate: "
            f"pip install 'reprlab[gguf]' ({missing[0]} is missing)"
        )


def _quiet() -> None:
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()


# --- layers and traces ---------------------------------------------------------------------------


def _depth_of(config: Any) -> int:
    return config.get_text_config(decoder=True).num_hidden_layers


def _find_layers(base: nn.Module, count: int) -> nn.ModuleList:
    lists = [
        (path.count("."), path, module)
        for path, module in base.named_modules()
        if isinstance(module, nn.ModuleList) and len(module) == count
    ]
    alike = [entry for entry in lists if len({type(child) for child in entry[2]}) == 1]
    if not alike:
        raise ReprlabError(
            f"no list of {count} equal layers in {type(base).__name__}: this architecture is not known"
        )
    return min(alike, key=lambda entry: entry[:2])[2]


def _hidden(output: Any) -> Tensor:
    return output[0] if isinstance(output, tuple) else output


def _trace(wrapped: Any, layers: list[Any], batch: Batch) -> list[Tensor]:
    with torch.no_grad(), wrapped.trace(**batch):
        states = nnsight.save([layers[0].input])
        for layer in layers:
            states.append(_hidden(layer.output))
    return states
