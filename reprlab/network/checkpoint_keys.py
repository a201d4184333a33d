"""A checkpoint's tensors against its module's: none may be missing, of another size, or left over."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping
from typing import Any

from reprlab.counts import counted
from reprlab.errors import ReprlabError

TensorShape = tuple[int, ...]

# what older versions stored and newer ones compute; none of it was learnt
_BUFFER = re.compile(
    r"(rotary_emb\.inv_freq|rotary\.inv_freq|\.(attn|attention|self_attention)\.(masked_)?bias"
    r"|(^|[._])position_ids|(^|\.)token_type_ids|num_batches_tracked)$"
)
# what serves another task or another sense, before any layer's number
_OTHER = re.compile(
    r"^(?:[^.\d][^.]*\.)*?(?:pooler|cls|mtp\w*|\w*projector|vision\w*|visual\w*|image\w*|audio\w*|speech\w*"
    r"|embed_vision|embed_audio|\w*(?:_head|heads?|classifier|predictions))(?:\.|$)"
)
_OF_BASE = re.compile(r"^(?:\w*embed\w*|wte|wpe|\w*norm\w*|ln_\w+|layers?|h|blocks?)(?:\.|$)", re.IGNORECASE)
_LAYER = re.compile(r"(?:^|\.)(?:layers?|h|blocks?)\.(\d+)\.")
_WRAPPED = {
    "_orig_mod.": "a compiled module: save model._orig_mod instead",
    "module.": "a DistributedDataParallel module: save model.module instead",
    "base_model.model.": "a PEFT module: save model.merge_and_unload() instead",
}
_NO_WEIGHTS = re.compile(r"BOOL|[UIC]\d+")  # of safetensors' dtypes
_QUANTISED = re.compile(
    r"\.(weight_scale\w*|qweight|qzeros|scales|absmax|quant_state\.\w+|SCB|weight_packed)$"
)


def check_kinds(name: str, dtypes: Mapping[str, str]) -> None:
    """Refuse weights that are whole or complex numbers: without what scales them they are other weights.

    `dtypes` are those of a checkpoint without a quantization_config, as safetensors names them.
    """
    wrong = [
        key
        for key, dtype in dtypes.items()
        if _NO_WEIGHTS.fullmatch(dtype) and key.endswith(("weight", "bias")) and not _BUFFER.search(key)
    ]
    if wrong:
        more = f" and {len(wrong) - 1} more tensors" if len(wrong) > 1 else ""
        raise ReprlabError(
            f"'{name}' holds {wrong[0]} as {dtypes[wrong[0]]}{more}, and its config.json has no "
            "quantization_config that says how to read them: take its weights in bfloat16, float16 or float32"
        )


def settled(
    name: str, module: Any, info: Mapping[str, Any], stored: Mapping[str, TensorShape] | None = None
) -> tuple[Any, list[str]]:
    """A module as its checkpoint has it, and notes on what was left out.

    `info` is `output_loading_info` of `from_pretrained`, with sizes that may differ
    (`ignore_mismatched_sizes=True`); `stored` are the shapes in the files, where they are known. A pooler
    that the files lack is taken out, and so is a whole head: then the base model is returned. Raises
    `ReprlabError` where anything else is missing, of another size, or left over inside the base model.
    """
    shapes = stored or {}
    parameters = {key for key, _ in module.named_parameters()}
    missing = {key for key in info["missing_keys"] if key in parameters or not _BUFFER.search(key)}
    extra = {key for key in info["unexpected_keys"] if not _old_buffer(key, shapes)}
    missing -= _without_pooler(module, missing)
    _same_sizes(name, info)
    headless = _lacks_its_head(module, missing)
    if missing and not headless:
        raise ReprlabError(_lacking(name, module, missing, extra))
    inside = sorted(key for key in extra if _in_base(module, key) and not _OTHER.search(key))
    if inside:
        raise ReprlabError(_left_over(name, module, inside, extra))
    if headless:
        _not_renamed(name, module, missing, extra, shapes)
    notes = [f"'{name}' has no language head in its files: it is loaded without one"] if headless else []
    if extra:
        notes.append(f"'{name}': its files also hold {_heads(extra)}, which nothing here reads")
    return (_base(module) if headless else module), notes


def _old_buffer(key: str, shapes: Mapping[str, TensorShape]) -> bool:
    """Whether a tensor is one that older versions stored; masks named `bias` have four axes or none."""
    return bool(_BUFFER.search(key)) and (
        not key.endswith("bias") or len(shapes.get(key, (1, 1, 1, 1))) in {0, 4}
    )


def _without_pooler(module: Any, missing: Collection[str]) -> set[str]:
    """Takes out a pooler of which nothing was stored; its keys."""
    base = module.base_model
    pooler = getattr(base, "pooler", None)
    start = "" if base is module else f"{module.base_model_prefix}."
    keys = {f"{start}pooler.{key}" for key, _ in pooler.named_parameters()} if pooler is not None else set()
    if not keys or not keys <= set(missing):
        return set()
    base.pooler = None
    return keys


def _same_sizes(name: str, info: Mapping[str, Any]) -> None:
    if info["mismatched_keys"]:
        key, there, asked = min(info["mismatched_keys"])
        raise ReprlabError(
            f"'{name}': {key} has the shape {tuple(there)} in the files, config.json asks for {tuple(asked)} "
            f"({len(info['mismatched_keys'])} such tensors): give the config.json that belongs to these files"
        )
    if info.get("error_msgs"):
        raise ReprlabError(f"'{name}' cannot be loaded: {' '.join(str(info['error_msgs'][0]).split()):.200}")


def _lacks_its_head(module: Any, missing: Collection[str]) -> bool:
    """Whether what is missing is all of what lies outside the base model, and nothing else."""
    if module.base_model is module or not missing:
        return False
    own = {key for key, _ in module.named_parameters() if not _is_base_name(module, key)}
    return own <= set(missing) and not any(_is_base_name(module, key) for key in missing)


def _is_base_name(module: Any, key: str) -> bool:
    return key.startswith(f"{module.base_model_prefix}.")


def _in_base(module: Any, key: str) -> bool:
    """Whether a stored tensor belongs to the base model, by either of the names it may have there."""
    children = {child for child, _ in module.base_model.named_children()}
    first = key.partition(".")[0]
    return _is_base_name(module, key) or first in children or bool(_OF_BASE.search(key))


def _base(module: Any) -> Any:
    base = module.base_model
    if hasattr(module, "hf_device_map"):
        base.hf_device_map = module.hf_device_map
    return base


def _lacking(name: str, module: Any, missing: Collection[str], extra: Collection[str]) -> str:
    prefix = _prefix(module, missing, extra)
    if prefix:
        saved = next((text for end, text in _WRAPPED.items() if prefix.endswith(end)), "")
        why = f", as those of {saved}" if saved else ": write them without it"
        return f"'{name}': its tensors' names begin with '{prefix}'{why}"
    what = f"{_some(missing)}{_layers(module, missing)}"
    return f"'{name}' lacks {what}: nothing is filled in; fetch or save it again"


def _left_over(name: str, module: Any, inside: list[str], extra: Collection[str]) -> str:
    if any(_QUANTISED.search(key) for key in inside):
        return (
            f"'{name}' holds quantised tensors ({_some(inside)}), which its config.json does not say: "
            "give the config.json with its quantization_config"
        )
    return (
        f"'{name}' holds {_some(inside)}, which its config.json leaves out{_layers(module, extra)}: "
        "give the config.json that belongs to these files"
    )


def _prefix(module: Any, missing: Collection[str], extra: Collection[str]) -> str:
    """What most stored names have before the name that is asked for."""
    start = f"{module.base_model_prefix}."
    asked = {key for name in missing for key in (name, name.removeprefix(start))}
    found: Counter[str] = Counter()
    for key in extra:
        ends = (i + 1 for i, sign in enumerate(key) if sign == "." and key[i + 1 :] in asked)
        first = next(ends, None)
        found.update([key[:first]] if first else [])
    most = found.most_common(1)
    return most[0][0] if most and most[0][1] * 2 > len(missing) else ""


def _layers(module: Any, keys: Collection[str]) -> str:
    """How many layers the files have where whole layers are too few or too many."""
    asked = getattr(module.config.get_text_config(decoder=True), "num_hidden_layers", 0)
    numbers = sorted({int(found[1]) for key in keys if (found := _LAYER.search(key))})
    if not numbers or numbers[-1] < asked - 1 or numbers != list(range(numbers[0], numbers[-1] + 1)):
        return ""
    there = numbers[0] if numbers[0] < asked else numbers[-1] + 1
    return f" (config.json says {counted(asked, 'layer')}, the files have {there})"


def _not_renamed(
    name: str,
    module: Any,
    missing: Collection[str],
    extra: Collection[str],
    shapes: Mapping[str, TensorShape],
) -> None:
    """Refuse a head that is there under another name."""
    asked = {tuple(value.shape): key for key, value in module.named_parameters() if key in missing}
    for key in sorted(extra):
        if len(shapes.get(key, ())) > 1 and shapes[key] in asked:
            raise ReprlabError(
                f"'{name}' lacks {asked[shapes[key]]} and holds {key} of the same shape: rename it in the "
                "files, or take it out"
            )


def _heads(keys: Collection[str]) -> str:
    """Left-over tensors by the parts that they belong to."""
    parts = sorted({".".join(key.split(".")[:-1][:2]) or key for key in keys})
    return ", ".join(parts[:3]) + (f" and {len(parts) - 3} more" if len(parts) > 3 else "")


def _some(keys: Collection[str]) -> str:
    first = sorted(keys, key=lambda key: [int(p) if p.isdigit() else 0 for p in key.split(".")])[0]
    return first if len(keys) == 1 else f"{first} and {len(keys) - 1} more tensors"
