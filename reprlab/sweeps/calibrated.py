"""The one door between sweeps and captures: mean updates, and the texts that they must not be taken over."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from reprlab.captures.calibration import Calibration, calibrations, means_of
from reprlab.errors import ReprlabError

if TYPE_CHECKING:
    from reprlab.benchmarks.benchmark import Benchmark
    from reprlab.network.network import Network

__all__ = ["Calibration", "calibrations", "check_unscored", "means_of", "texts_of"]

RUN = 13  # words in a row that two texts share by more than chance (Brown et al. 2020, app. C)

Words = tuple[str, ...]


def check_unscored(texts: Mapping[str, Overlap], network: Network, benchmark: Benchmark, limit: int) -> None:
    """Refuse a calibration whose texts include a document that is scored; `texts` are by calibration.

    They do where 13 words in a row are the same, or all words of a shorter document. Raises `ReprlabError`
    that names the first one.
    """
    for name, shared in texts.items():
        for document in benchmark.documents[:limit]:
            asked = [request.tokens for request in document.requests]
            asked += [document.prompt.tokens] if document.prompt else []
            for tokens in asked:
                if (there := shared.document(_words(network, tokens))) is not None:
                    raise ReprlabError(
                        f"calibration {name} includes scored text: its document '{there}' shares words with "
                        f"document '{document.id}' of '{benchmark.name}'; take a capture of another corpus"
                    )


def texts_of(found: Mapping[str, Calibration], network: Network) -> dict[str, Overlap]:
    """The texts of calibrations, as words."""
    return {
        name: Overlap([(key, _words(network, tokens)) for key, tokens in calibration.texts()])
        for name, calibration in found.items()
    }


def _words(network: Network, tokens: Sequence[int]) -> Words:
    return tuple(network.tokenizer.decode(list(tokens), skip_special_tokens=True).lower().split())


class Overlap:
    """Texts, and whether another one shares a run of words with one of them.

    >>> Overlap([("a", ("one", "two", "three"))]).document(("two", "three"))
    'a'
    """

    def __init__(self, texts: Sequence[tuple[str, Words]]) -> None:
        self.texts = texts
        self._runs: dict[int, dict[Words, str]] = {}

    def document(self, words: Words) -> str | None:
        """The id of a text that shares 13 words in a row with `words`, or all if they are fewer."""
        length = min(RUN, len(words))
        known = self._known(length)
        return next((known[run] for run in runs(words, length) if run in known), None)

    def _known(self, length: int) -> dict[Words, str]:
        """The runs of a length, each with the id of a text that has it."""
        if length not in self._runs:
            self._runs[length] = {run: name for name, words in self.texts for run in runs(words, length)}
        return self._runs[length]


def runs(words: Words, length: int) -> Iterable[Words]:
    """The runs of `length` words in a text.

    >>> list(runs(("a", "b", "c"), 2))
    [('a', 'b'), ('b', 'c')]
    """
    return (words[at : at + length] for at in range(len(words) - length + 1)) if length else ()
