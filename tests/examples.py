"""Networks and texts that tests share."""

from functools import cache

import reprlab as rl
from reprlab.corpora import Corpus
from reprlab.network import Network
from reprlab.registry import MODELS

TINY = [name for name in MODELS if name.startswith("tiny-")]


@cache
def network(name: str) -> Network:
    return rl.load(name)


def texts(count: int, longest: int = 60) -> Corpus:
    """Documents of different lengths, cut from the builtin corpus."""
    whole = rl.corpus("builtin")
    made = [whole.texts[i % 7][i : i + 8 + (i * 13) % longest] for i in range(count)]
    return Corpus("pieces", tuple(made), tuple(f"piece:{i}" for i in range(count)), "the builtin corpus")
