"""From weights to a network in memory: checkpoints, GGUF, and tiny random models."""

from __future__ import annotations

import contextlib
import io
import json
import shutil
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch
import transformers
from safetensors import SafetensorError

from reprlab.errors import ReprlabError, unknown
from reprlab.models.registry import DEVICES, DTYPES
from reprlab.models.weights import Weights
from reprlab.network.network import Network
from reprlab.network.tiny import byte_tokenizer, tiny_config
from reprlab.progress import Say


def open_network(
    weights: Weights,
    *,
    dtype: str = "auto",
    device: str = "auto",
    device_map: str | None = None,
    trust_remote_code: bool = False,
    pooled: bool = False,
    say: Say = lambda _: None,
) -> Network:
    """The network of some weights. `auto` dtype: float32 on a CPU, the checkpoint's own elsewhere.

    `pooled`: an encoder with its pooler instead of a language head; for others it means nothing.
    """
    where = _device(device)
    kind = _dtype(dtype, where)
    with weights.unchanged():
        digest, tokens = weights.identified(say), weights.tokenizer_digest
        module, tokenizer = _opened(weights, kind, device_map, trust_remote_code, pooled)
    if device_map is None:
        module = module.to(where)
    return Network(
        name=weights.name,
        note=weights.note,
        module=module.eval().requires_grad_(False),
        tokenizer=tokenizer,
        dtype=str(module.dtype).removeprefix("torch."),
        device=str(module.device),
        digest=digest,
        tokenizer_digest=tokens,
        local=weights.local,
    )


def _opened(
    weights: Weights, kind: Any, device_map: str | None, trust: bool, pooled: bool
) -> tuple[Any, Any]:
    """The module of some weights and its tokenizer."""
    if weights.tiny is not None:
        config, tokenizer = tiny_config(weights.tiny), byte_tokenizer(weights.tiny)
        module = _untrained(config, kind, seed=1 if weights.untrained else 0, pooled=pooled)
    else:
        config, tokenizer = _from_folder(weights, trust)
        if weights.untrained:
            module = _untrained(config, kind, seed=0, pooled=pooled)
        else:
            module = _pretrained(weights, config, kind, device_map, trust, pooled)
    return module, tokenizer


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


def _from_folder(weights: Weights, trust: bool) -> tuple[Any, Any]:
    _quiet()
    assert weights.folder is not None
    if not any(weights.folder.glob("tokenizer*")) and not any(weights.folder.glob("vocab*")):
        raise ReprlabError(
            f"no tokenizer in '{weights.folder}': copy tokenizer.json and tokenizer_config.json there"
        )
    try:
        config = transformers.AutoConfig.from_pretrained(weights.folder, trust_remote_code=trust)
        tokenizer = transformers.AutoTokenizer.from_pretrained(weights.folder, trust_remote_code=trust)
    except (ValueError, OSError, KeyError, json.JSONDecodeError) as error:
        raise ReprlabError(_load_advice(weights, error)) from error
    return config, tokenizer


def _pretrained(
    weights: Weights, config: Any, dtype: Any, device_map: str | None, trust: bool, pooled: bool
) -> Any:
    try:
        module, info = _head(config, pooled).from_pretrained(
            weights.folder,
            config=config,
            dtype=dtype,
            device_map=device_map,
            trust_remote_code=trust,
            use_safetensors=True,
            output_loading_info=True,
        )
    except (ValueError, OSError, KeyError, RuntimeError, ImportError, SafetensorError) as error:
        raise ReprlabError(_load_advice(weights, error)) from error
    if any("pooler" in key for key in info["missing_keys"]):
        module.base_model.pooler = None  # drawn at random, which nothing should read
    return module


def _untrained(config: Any, dtype: Any, *, seed: int, pooled: bool) -> Any:
    _quiet()
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        module = _head(config, pooled).from_config(config)
    return module.to(dtype) if isinstance(dtype, torch.dtype) else module


def _head(config: Any, pooled: bool) -> Any:
    """The Auto class that loads a checkpoint as it was made: with its language head if it has one.

    `pooled`: an encoder without its head, and with its pooler.
    """
    architecture = (getattr(config, "architectures", None) or ["CausalLM"])[0]
    masked = architecture.endswith("ForMaskedLM") or architecture == "BertForPreTraining"
    encoder = architecture.endswith("Model") and config.model_type in {"bert", "roberta", "distilbert"}
    if masked and not pooled:
        return transformers.AutoModelForMaskedLM
    return transformers.AutoModel if masked or encoder else transformers.AutoModelForCausalLM


def _load_advice(weights: Weights, error: Exception) -> str:
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
