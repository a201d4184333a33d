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
