"""Networks and texts that tests share."""

from functools import cache
from typing import Any

import pytest
from torch import Tensor

import reprlab as rl
from reprlab.captures.corpora import Corpus
from reprlab.models.registry import MODELS
from reprlab.network.network import Network

TINY = [name for name in MODELS if name.startswith("tiny-")]


@cache
def network(name: str) -> Network:
    return rl.load(name)


def texts(count: int, longest: int = 60) -> Corpus:
    """Documents of different lengths, cut from the builtin corpus."""
    whole = rl.corpus("builtin")
    made = [whole.texts[i % 7][i : i + 8 + (i * 13) % longest] for i in range(count)]
    return Corpus("pieces", tuple(made), tuple(f"piece:{i}" for i in range(count)), "the builtin corpus")


def massive(monkeypatch: pytest.MonkeyPatch) -> None:
    """Captures get a massive third token in every document, as real networks have."""
    real = Network.hidden_states

    def states(self: Network, batch: dict[str, Tensor], *rest: Any) -> list[Tensor]:
        found = [state.clone() for state in real(self, batch, *rest)]
        for state in found[3:]:
            state[:, 2] *= 50
        return found

    monkeypatch.setattr(Network, "hidden_states", states)
