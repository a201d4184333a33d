"""What answers depend on: the identity of a network on a benchmark, and what it was made on."""

from __future__ import annotations

import hashlib
import json
import platform
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, SerializerFunctionWrapHandler, model_serializer

from reprlab.files import slug
from reprlab.models.inputs import of_answers
from reprlab.provenance import made_with, minor

if TYPE_CHECKING:
    from reprlab.network.network import Network

ANSWERS_FORMAT = 1
_UNSAID = {("inputs", 1), ("scoring", 1)}


class AnswersIdentity(BaseModel):
    """What changes answers; its digest names the file. Versions are major.minor.

    `recipe` says how the network was trained before it answered; it counts where there is one. `inputs` is 2
    for model types that got other inputs before than their own call gives them; else it is left out. So is
    `scoring`, which is above 1 where numbers are kept without the log-likelihoods that they follow from, and
    u has another formula than before.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    format: int = ANSWERS_FORMAT
    model: str
    weights: str
    tokenizer: str
    benchmark: str
    definition: str
    preset: str
    max_new_tokens: int
    dtype: str
    attention: str
    device: str
    torch: str
    transformers: str
    lm_eval: str
    recipe: str = ""
    inputs: int = 1
    scoring: int = 1

    @model_serializer(mode="wrap")
    def _without_default(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return {key: value for key, value in handler(self).items() if (key, value) not in _UNSAID}

    @property
    def digest(self) -> str:
        left = set() if self.recipe else {"recipe"}
        text = json.dumps(self.model_dump(exclude=left), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def path(self, root: Path) -> Path:
        return root / slug(self.model) / slug(self.benchmark) / f"{self.digest}.sqlite"


def identified(network: Network, **own: Any) -> AnswersIdentity:
    """The identity of a network's answers: the network's own fields, and what the answers are (`own`)."""
    return AnswersIdentity(
        model=network.name,
        weights=network.weights(),
        tokenizer=network.tokenizer_digest,
        dtype=network.dtype,
        attention=network.attention,
        device=network.device.partition(":")[0],
        inputs=of_answers(network.config),
        torch=minor("torch"),
        transformers=minor("transformers"),
        **own,
    )


def made_on(network: Network, *libraries: str) -> dict[str, str]:
    """What a network's answers are made with: torch, transformers and other libraries, device, processor."""
    import torch

    return made_with("torch", "transformers", *libraries, "numpy", "reprlab") | {
        "weights": network.digest,
        "device": network.device,
        "threads": str(torch.get_num_threads()),
        "processor": platform.processor() or platform.machine(),
    }
