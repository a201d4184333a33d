"""A module that is in memory already, as a network: a user's own, one with an adapter, or a quantised one."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from torch import nn
from transformers import PreTrainedModel

from reprlab.errors import ReprlabError
from reprlab.network.architectures import auto_class
from reprlab.network.checks import check_tokenizer
from reprlab.network.module_digest import numbers_digest, settings_digest
from reprlab.network.network import MEMORY, Network


def from_memory(module: Any, tokenizer: Any) -> Network:
    """The network of a module with its tokenizer, named by the digest of its tensors and settings.

    Wrappers (compiled, parallel, PEFT) are taken off; the layers of an adapter stay in their places. The
    module is used as it is, in evaluation mode. Raises `ReprlabError` for anything but transformers' models.
    """
    inner = _unwrapped(module)
    if not isinstance(inner, PreTrainedModel):
        kind = type(inner).__name__
        raise ReprlabError(f"rl.load takes a name, or a model of transformers in memory, not {kind}")
    if not callable(tokenizer) or not hasattr(tokenizer, "model_max_length"):
        kind = "none" if tokenizer is None else type(tokenizer).__name__
        raise ReprlabError(f"rl.load(module, tokenizer=...) takes the module's tokenizer: {kind} was given")
    if any(value.is_meta for value in inner.parameters()):
        raise ReprlabError("rl.load takes a module whose weights are in memory: some of these are not")
    if getattr(inner.config, "is_encoder_decoder", False):
        auto_class(inner.config, type(inner).__name__)  # refuses it, and says what is taken
    digest = f"{MEMORY}{numbers_digest(inner)}-{settings_digest(inner)[:16]}"
    check_tokenizer(tokenizer, digest)
    return Network(
        name=digest,
        note=f"a {type(inner).__name__} in memory",
        module=inner.eval(),
        tokenizer=tokenizer,
        dtype=str(inner.dtype).removeprefix("torch."),
        device=str(inner.device),
        digest=digest,
        tokenizer_digest=_tokenizer_digest(tokenizer),
    )


def _unwrapped(module: Any) -> Any:
    """A module without its wrappers; their insides are theirs by name, whatever library made them."""
    while isinstance(module, nn.Module) and not isinstance(module, PreTrainedModel):
        wrapper: Any = module
        if hasattr(module, "get_base_model"):
            kind = getattr(getattr(module, "active_peft_config", None), "is_prompt_learning", False)
            if kind:
                raise ReprlabError("rl.load takes no module with prompt tuning: it adds tokens of its own")
            inner = wrapper.get_base_model()
        else:
            inner = getattr(module, "_orig_mod", None) or getattr(module, "module", None)
        if inner is None or inner is module:
            break
        module = inner
    return module


def _tokenizer_digest(tokenizer: Any) -> str:
    """Identity of a tokenizer: its whole state where it can say it, and else its vocabulary."""
    backend = getattr(tokenizer, "backend_tokenizer", None)
    state = backend.to_str() if backend is not None else json.dumps(sorted(tokenizer.get_vocab().items()))
    limits = [type(tokenizer).__name__, int(tokenizer.model_max_length), str(tokenizer.special_tokens_map)]
    return hashlib.sha256(json.dumps([state, *limits]).encode()).hexdigest()[:32]
