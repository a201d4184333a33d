"""What commands on captures share: their options, once, and the captures that these name."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from reprlab.cli.options.command import how, what, where
from reprlab.cli.options.data import DataOptions
from reprlab.cli.options.network import NetworkOptions
from reprlab.cli.options.pieces import check_counts
from reprlab.cli.terminal import bar, say
from reprlab.counts import counted
from reprlab.errors import ReprlabError, unknown
from reprlab.models.digests import is_old
from reprlab.models.registry import DTYPES
from reprlab.schedules.schedule import Schedule

if TYPE_CHECKING:
    from reprlab.captures.capture import Capture
    from reprlab.captures.corpora import Corpus
    from reprlab.models.weights import Weights
    from reprlab.network.network import Network


@dataclass(frozen=True, kw_only=True)
class CaptureOptions:
    """Which texts run through which networks, under which schedule, and what is kept of their states."""

    network: NetworkOptions
    corpus: Annotated[
        str, what(help="Texts: a name (builtin, lambada, benchmarks ...), or a .txt or .jsonl file.")
    ] = "builtin"
    documents: Annotated[
        int | None, what(help="How many texts, a sample of them. Default: 100, or all if there are fewer.")
    ] = None
    schedule: Annotated[
        str | None, what(help="The order of the layers, as in '0:14 [14:19]*3 19:32'. Default: as they are.")
    ] = None
    max_tokens: Annotated[
        int | None, how(help="Cut each text after this many tokens. Default: the model's limit.")
    ] = None
    data: DataOptions
    store: Annotated[
        str, how(help="Number type on disk: auto (as computed), float32, bfloat16 or float16.")
    ] = "auto"
    no_states: Annotated[
        bool, how("--no-states", help="Keep norms and sums only: small, but without states there is no CKA.")
    ] = False
    force: Annotated[
        bool, how("--force", help="Continue a capture that other versions of the libraries began.")
    ] = False
    field: Annotated[str, where(help="The field of a .jsonl file's rows that holds the text.")] = "text"

    def __post_init__(self) -> None:
        check_counts(documents=self.documents, max_tokens=self.max_tokens)
        if self.store not in (allowed := ("auto", *DTYPES)):
            raise unknown("dtype on disk", self.store, allowed)

    @property
    def states(self) -> bool:
        return not self.no_states

    @cached_property
    def parsed(self) -> Schedule | None:
        """The schedule, or None for the layers as they are."""
        return None if self.schedule is None else Schedule.parse(self.schedule)

    def names(self) -> list[str]:
        """The models, refused at once where no schedule of theirs is the one given."""
        names = self.network.names()
        if (schedule := self.parsed) is not None:
            self.network.check_layers(names, schedule.check)
        return names

    def corpora(self) -> list[Corpus]:
        """The texts, checked before any model is loaded."""
        from reprlab.captures.corpora import corpus, members

        how: dict[str, Any] = {
            "data_dir": self.data.data_dir,
            "sample": self.data.sample,
            "field": self.field,
        }
        corpora = [corpus(name, **how) for name in members(self.corpus)]
        for one in corpora:
            one.count(self.documents)
        return corpora

    def one_corpus(self, command: str) -> Corpus:
        """The texts of a command that takes one corpus."""
        first, *others = self.corpora()
        if others:
            count = 1 + len(others)
            raise ReprlabError(
                f"{command} takes one corpus, '{self.corpus}' stands for {count}: name one of them"
            )
        return first

    def capture(self, model: str, corpora: list[Corpus]) -> list[Capture]:
        """Capture every corpus with one network, under a progress bar each."""
        return self.captures(self.network.load(model), corpora)

    def captures(self, network: Network, corpora: list[Corpus]) -> list[Capture]:
        """Capture every corpus with a network."""
        return [self._captured(network, corpus) for corpus in corpora]

    def _captured(self, network: Network, corpus: Corpus) -> Capture:
        import reprlab as rl

        with bar(f"{network.name} on {corpus.name}") as progress:
            capture = rl.capture(
                network,
                corpus,
                cache=self.data.cache,
                schedule=self.parsed,
                documents=self.documents,
                max_tokens=self.max_tokens,
                batch_tokens=self.data.batch_tokens,
                states=self.states,
                stored=self.store,
                force=self.force,
                progress=progress,
                say=say,
            )
        if capture.truncated:
            limit = capture.identity.max_tokens
            cut = f"{capture.truncated} of {counted(capture.documents, 'document')} reach {limit} tokens"
            say(f"note: {cut}; longer ones are cut")
        return capture

    def obtained(
        self, model: str, corpora: list[Corpus], *, states: bool, reports: Path | None = None
    ) -> list[Capture]:
        """The captures of every corpus: from the cache without loading the model, else made.

        `reports` is where their results will lie: they are under the model's name there.
        """
        from reprlab.models.locations import locate
        from reprlab.reports.homes import named_capture

        captures = self._cached(model, corpora, states) or self.capture(model, corpora)
        weights = locate(model, self.network.models_dir) if reports else None
        local = weights is not None and weights.local
        return [named_capture(one, reports, local=local, say=say) for one in captures]

    def _cached(self, name: str, corpora: list[Corpus], states: bool) -> list[Capture] | None:
        """Complete captures that answer the question, or None; `states`: whether it takes them."""
        from reprlab.models.locations import locate

        weights = locate(name, self.network.models_dir)
        if weights is not None and weights.gguf is not None:
            return None
        captures: list[Capture] = []
        for corpus in corpora:
            usable = self._usable(name, weights, corpus, states)
            if not usable:
                return None
            captures.append(_noted(usable[0]).first(corpus.count(self.documents)))
        return captures

    def _usable(self, name: str, weights: Weights | None, corpus: Corpus, states: bool) -> list[Capture]:
        """The captures of a corpus in the cache that answer the question, the best first."""
        from reprlab.captures.inventory import find
        from reprlab.files import cache_folder
        from reprlab.models.configuration import config_of, config_of_weights
        from reprlab.models.inputs import of_captures

        dtype = self.network.dtype
        wanted = {
            "corpus_digest": corpus.fingerprint,
            "tokenizer": weights.tokenizer_digest if weights else None,
            "dtype": None if dtype == "auto" else dtype,
            "stored": None if self.store == "auto" else self.store,
            "states": True if states else None if self.states else False,
            "schedule": str(self.parsed) if self.parsed else None,
            "inputs": of_captures(config_of_weights(weights) if weights else config_of(name)),
        }
        label = weights.name if weights else name
        there = find(cache_folder(self.data.cache), label, corpus.name, **wanted)
        if weights is not None:
            digests = {weights.identified(say)} if there else set[str | None]()
            digests |= {weights.old_digest} if any(is_old(one.identity.weights) for one in there) else set()
            there = [one for one in there if one.identity.weights in digests]
        usable = [
            capture
            for capture in there
            if capture.documents >= corpus.count(self.documents)
            and capture.identity.max_tokens == self._limit(capture)
            and (self.parsed or capture.is_full)
        ]
        return sorted(usable, key=_worse)

    def _limit(self, capture: Capture) -> int:
        return min(self.max_tokens or capture.manifest.model_limit, capture.manifest.model_limit)


def _worse(capture: Capture) -> tuple[bool, bool, bool]:
    """Captures of known weights come first, then those in float32, then those with states."""
    identity = capture.identity
    return is_old(identity.weights), identity.dtype != "float32", not identity.states


def _noted(capture: Capture) -> Capture:
    """The capture, with a note where not every byte of its weights was known."""
    if is_old(capture.identity.weights):
        say(
            f"note: {capture.folder} was made when not every byte of the weights entered their digest: it "
            "may be of other weights; `reprlab cache adopt` re-keys it, `reprlab capture` makes it again"
        )
    return capture
