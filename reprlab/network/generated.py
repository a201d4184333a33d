"""Texts that transformers goes on to write, with its errors as one line."""

from __future__ import annotations

from typing import Any

import torch

from reprlab.errors import ReprlabError
from reprlab.network.memory import out_of_memory


def generated(module: Any, **given: Any) -> Any:
    """The tokens of `module.generate`: prompts and what follows them, (prompt, token).

    Raises `ReprlabError` for options, or a generation_config.json, with which transformers cannot generate.
    """
    try:
        with torch.no_grad():
            return module.generate(**given)
    except ReprlabError:
        raise
    except Exception as error:
        if out_of_memory(error):
            raise
        reason = " ".join(str(error).split())[:200]
        raise ReprlabError(
            f"transformers cannot generate with these options or this generation_config.json: "
            f"{type(error).__name__}: {reason}"
        ) from error
