"""Model types whose inputs once were not those of the model's own call, and lengths at which angles change.

Everything here is read off a configuration, so that files in a cache can be judged without loading a model.
The sets were found by comparing every architecture of transformers with its own call on one text.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

CURRENT = 2  # 1: token types and positions 0.. were always passed, and any lengths shared a batch

# they add an embedding for token types that a plain call leaves out
TOKEN_TYPES = frozenset(
    ("gpt2", "gptj", "codegen", "gpt_neo", "gpt_bigcode", "ctrl", "openai-gpt", "xlm", "flaubert")
)
# they count positions from another number than 0
POSITIONS = frozenset(
    (
        *("roberta", "camembert", "xlm-roberta", "xlm-roberta-xl", "roberta-prelayernorm", "data2vec-text"),
        *("longformer", "mpnet", "esm", "ibert", "luke", "xmod", "lilt", "markuplm"),
        *("nystromformer", "yoso", "mra"),
    )
)
# padding after a text's end changes the text
PADDED_AFTER = frozenset(("convbert", "fnet", "mobilebert", "nystromformer", "yoso"))
# padding before a text's start changes the text, though padding after its end does not
PADDED_BEFORE = frozenset(("recurrent_gemma", "roformer", "rwkv", "xlstm"))
# packed rows longer than their window were cut by it
PACKED = frozenset(("gpt_neo",))


@dataclass(frozen=True)
class Angles:
    """The lengths at which rotary angles depend on the longest text of a batch; None: at none.

    Above `switch` tokens a text gets other factors (longrope); above `growth` tokens its factors depend on
    its length (dynamic).

    >>> Angles(switch=64).kind(62) == Angles(switch=64).kind(64), Angles(switch=64).kind(65)
    (True, -1)
    """

    switch: int | None = None
    growth: int | None = None

    @classmethod
    def of(cls, config: Mapping[str, Any]) -> Angles:
        """What a configuration says, read as a dictionary.

        >>> rope = {"rope_type": "longrope", "original_max_position_embeddings": 64}
        >>> Angles.of({"max_position_embeddings": 512, "rope_parameters": rope})
        Angles(switch=64, growth=None)
        """
        switch, growth = [], []
        for owner, rope in _ropes(config):
            kind = str(rope.get("rope_type") or rope.get("type"))
            limit = owner.get("max_position_embeddings")
            if kind in {"longrope", "su"}:
                name = "original_max_position_embeddings"
                switch.append(rope.get(name) or owner.get(name) or limit)
            elif "dynamic" in kind:
                growth.append(limit)
        return cls(_smallest(switch), _smallest(growth))

    def kind(self, length: int, new: int = 0) -> int:
        """A number that texts share if they may lie in one batch, while each grows by `new` tokens."""
        if self.growth is not None and length + new > self.growth:
            return length
        if self.switch is not None and length + new > self.switch:
            return -1 if length > self.switch else length
        return 0

    @property
    def limit(self) -> int | None:
        """How many tokens a text may have before its angles depend on lengths."""
        return _smallest([self.switch, self.growth])

    def __bool__(self) -> bool:
        return self.limit is not None


def of_captures(config: Mapping[str, Any]) -> int:
    """The version of the inputs that a capture of a model is made with: 2 where they have changed, else 1.

    >>> of_captures({"model_type": "gpt2"}), of_captures({"model_type": "llama"})
    (2, 1)
    """
    changed = TOKEN_TYPES | POSITIONS | PADDED_AFTER
    return CURRENT if config.get("model_type") in changed or Angles.of(config) else 1


def of_answers(config: Mapping[str, Any]) -> int:
    """The same for answers: sweeps never passed token types, but counted positions from 0, and packed rows.

    >>> of_answers({"model_type": "gpt2"}), of_answers({"model_type": "roberta"})
    (1, 2)
    """
    changed = POSITIONS | PADDED_AFTER | PADDED_BEFORE | PACKED
    return CURRENT if config.get("model_type") in changed or Angles.of(config) else 1


def _ropes(config: Mapping[str, Any]) -> Iterator[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    """Every description of rotary angles in a configuration, with the part that it belongs to."""
    for owner in (config, config.get("text_config")):
        if isinstance(owner, Mapping):
            for name in ("rope_parameters", "rope_scaling"):
                yield from ((owner, rope) for rope in _described(owner.get(name)))


def _described(rope: object) -> Iterator[Mapping[str, Any]]:
    """A description itself, or one for each type of layer."""
    if isinstance(rope, Mapping):
        if "rope_type" in rope or "type" in rope:
            yield rope
        else:
            for part in rope.values():
                yield from _described(part)


def _smallest(limits: list[Any]) -> int | None:
    return min((limit for limit in limits if isinstance(limit, int)), default=None)
