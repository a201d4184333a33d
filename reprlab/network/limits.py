"""How many tokens and which tokens a model takes, by its configuration."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from reprlab.errors import ReprlabError

# what configurations call the positions that a model has, the first that is there counts
NAMES = (
    *("max_position_embeddings", "n_positions", "n_ctx", "max_seq_len", "max_seq_length", "seq_length"),
    *("max_sequence_length", "context_length", "max_target_positions"),
)
_ENDLESS = frozenset({"bloom", "rwkv", "mamba", "mamba2", "falcon_mamba"})  # trained on that many, take any


def position_limit(config: Any) -> int | None:
    """The positions that a configuration allows, or None where it sets no limit."""
    if config.model_type in _ENDLESS:
        return None
    found = (getattr(config, name, None) for name in NAMES)
    return next((limit for limit in found if isinstance(limit, int) and limit > 0), None)


def check_growth(prompt: int, more: int, model: str, positions: int | None) -> None:
    """Raises `ReprlabError` where a prompt and the tokens to be written need more positions than it has."""
    if positions is not None and prompt + more > positions:
        raise ReprlabError(
            f"--max-new-tokens {more}: '{model}' has {positions:,} positions, the longest prompt takes "
            f"{prompt:,} of them: give 1 to {max(1, positions - prompt):,}, or a shorter prompt"
        )


def check_tokens(ids: Sequence[Sequence[int]], names: Sequence[str], model: str, embeddings: int) -> None:
    """Raises `ReprlabError` for the first document with a token that the model has no embedding for."""
    for name, row in zip(names, ids, strict=False):
        if len(row) and (worst := int(max(row))) >= embeddings:
            raise ReprlabError(
                f"{name} has token {worst}, '{model}' has {embeddings:,} embeddings: its tokenizer and its "
                "weights do not belong together"
            )
