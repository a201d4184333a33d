"""PEFT adapters: a folder that holds one is no model by itself, and its plain weights are another."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ValidationError

from reprlab.errors import ReprlabError

ADAPTER = "adapter_config.json"
_WEIGHTS = "adapter_model.safetensors"
_MERGE = (
    'python -c "from peft import AutoPeftModelForCausalLM as A; '
    "A.from_pretrained('FOLDER').merge_and_unload().save_pretrained('NEW')\""
)


class _AdapterConfig(BaseModel):
    peft_type: str = "an unknown kind"
    base_model_name_or_path: str | None = None


def refuse_adapter(folder: Path) -> None:
    """Raises `ReprlabError` where a folder holds an adapter, with weights or in their place."""
    file = next((folder / name for name in (ADAPTER, _WEIGHTS) if (folder / name).is_file()), None)
    if file is None:
        return
    try:
        adapter = _AdapterConfig.model_validate_json(file.read_bytes())
    except (ValidationError, OSError):
        adapter = _AdapterConfig()
    what = (
        f"a PEFT adapter ({adapter.peft_type} on '{adapter.base_model_name_or_path or 'an unnamed model'}')"
    )
    if (folder / "config.json").is_file():
        raise ReprlabError(
            f"'{folder}' holds {what} in addition to its weights, which would be left out: "
            f"merge it ({_MERGE}), or move {file.name} away to take the weights without it"
        )
    raise ReprlabError(
        f"'{folder}' is {what}, not a model: merge it into that model ({_MERGE}) and copy "
        "the tokenizer's files to NEW, or give rl.load the PEFT model in memory"
    )
