"""Weights that tests put on disk, and the one line that an error says."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file

from reprlab.errors import ReprlabError

ARRAYS = {"a": np.arange(6, dtype=np.float32).reshape(2, 3), "b": np.ones(4, dtype=np.float16)}
PICKLED = (
    "{where} has only pickled weights ({file}), which can run code when they are read. Where you trust them, "
    'convert once: python -c "from transformers import AutoModel as A; '
    "A.from_pretrained('FOLDER').save_pretrained('NEW')\" and copy the tokenizer's files to NEW"
)
COMMIT = "0123456789abcdef0123456789abcdef01234567"


def weights_in(folder: Path, arrays: Mapping[str, Any] = ARRAYS, config: str = "{}") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(config)
    save_file(dict(arrays), folder / "model.safetensors")
    return folder


def message(call: Callable[..., object], *given: Any, **options: Any) -> str:
    with pytest.raises(ReprlabError) as error:
        call(*given, **options)
    return str(error.value)


def gguf_file(path: Path, *, architecture: str = "llama", lacks: str = "-", layers: int = 2) -> Path:
    """A GGUF file of a random network of two layers, without the tensors whose names begin with `lacks`."""
    import gguf
    import numpy as np
    from tokenizers import pre_tokenizers

    signs = sorted(pre_tokenizers.ByteLevel.alphabet())
    writer, chance = gguf.GGUFWriter(path, architecture), np.random.default_rng(0)
    writer.add_block_count(layers)
    writer.add_context_length(128)
    writer.add_embedding_length(32)
    writer.add_feed_forward_length(64)
    writer.add_head_count(4)
    writer.add_head_count_kv(2)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(8)
    writer.add_vocab_size(260)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("default")
    writer.add_token_list([*signs, "<pad>", "<bos>", "<eos>", signs[60] + signs[61]])
    writer.add_token_types([1] * 256 + [3] * 3 + [1])
    writer.add_token_merges([f"{signs[60]} {signs[61]}"])
    writer.add_bos_token_id(257)
    writer.add_eos_token_id(258)
    shapes = {"token_embd": (260, 32), "output_norm": (32,), "output": (260, 32)}
    block = {
        "attn_norm": (32,),
        "ffn_norm": (32,),
        "attn_q": (32, 32),
        "attn_k": (16, 32),
        "attn_v": (16, 32),
    }
    block |= {"attn_output": (32, 32), "ffn_gate": (64, 32), "ffn_up": (64, 32), "ffn_down": (32, 64)}
    for number in range(layers):
        shapes |= {f"blk.{number}.{name}": shape for name, shape in block.items()}
    for name, shape in shapes.items():
        if not f"{name}.weight".startswith(lacks):
            writer.add_tensor(f"{name}.weight", chance.normal(0, 0.2, shape).astype(np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path
