"""Texts that transformers goes on to write, with its errors as one line."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from reprlab.errors import ReprlabError
from reprlab.network.memory import out_of_memory


class NotNumbers:
    """Watches the logits that a text is chosen from, and changes none: `seen` says which rows had a NaN."""

    seen: Tensor | None = None

    def __call__(self, input_ids: Tensor, scores: Tensor) -> Tensor:
        rows = scores.isnan().any(-1)
        self.seen = rows if self.seen is None else self.seen | rows
        return scores

    def of(self, prompts: int) -> int:
        """How many of the prompts had one, whose rows (several where beams are searched) are in order."""
        return 0 if self.seen is None else int(self.seen.reshape(prompts, -1).any(1).sum())


def generated(module: Any, watch: NotNumbers, **given: Any) -> Any:
    """The tokens of `module.generate`: prompts and what follows them, (prompt, token).

    Raises `ReprlabError` for options, or a generation_config.json, with which transformers cannot generate.
    """
    given["logits_processor"] = [*given.get("logits_processor", ()), watch]
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
