"""What commands on captures share: their options, once, and the captures that these name."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from reprlab.cli.options import (
    PICTURES,
    TABLES,
    BatchTokens,
    CacheDir,
    CorpusName,
    DataDir,
    Device,
    DeviceMap,
    Documents,
    Dtype,
    FieldName,
    Force,
    MaxTokens,
    ModelsDir,
    Stored,
    Trust,
    Yes,
)
from reprlab.cli.outputs import check_target
from reprlab.cli.terminal import bar, loaded, say
from reprlab.errors import ReprlabError, unknown
from reprlab.models.registry import DEVICES, DTYPES
from reprlab.schedules.schedule import Schedule

if TYPE_CHECKING:
    from reprlab.captures.capture import Capture
    from reprlab.captures.corpora import Corpus
    from reprlab.network.network import Network


@dataclass(frozen=True)
class CaptureOptions:
    """What commands on captures share: which texts, how they run, where captures are."""

    corpus: str
    data_dir: Path | None
    field: str
    documents: int | None
    max_tokens: int | None
    batch_tokens: int
    dtype: str
    stored: str
    device: str
    device_map: str | None
    models_dir: Path | None
    cache: Path | None
    schedule: Schedule | None
    states: bool
    trust: bool
    force: bool
    yes: bool

    def corpora(self) -> list[Corpus]:
        """The texts, and what is asked of them checked, before any model is loaded."""
        from reprlab.captures.corpora import corpus, members

        for option, value in (("--max-tokens", self.max_tokens), ("--batch-tokens", self.batch_tokens)):
            if value is not None and value < 1:
                raise ReprlabError(f"{option} {value}: give 1 or more")
        for kind, name, allowed in (
            ("dtype", self.dtype, ("auto", *DTYPES)),
            ("dtype on disk", self.stored, ("auto", *DTYPES)),
            ("device", self.device, DEVICES),
        ):
            if name not in allowed:
                raise unknown(kind, name, allowed)
        for option, folder in (("--data-dir", self.data_dir), ("--models-dir", self.models_dir)):
            if folder is not None and not folder.is_dir():
                raise ReprlabError(f"{option} '{folder}' is no folder")
        found = [corpus(name, data_dir=self.data_dir, field=self.field) for name in members(self.corpus)]
        for one in found:
            one.count(self.documents)
        return found

    def capture(self, model: str, corpora: list[Corpus]) -> list[Capture]:
        """Capture every corpus with one network, under a progress bar each."""
        return self.captures(self.load(model), corpora)

    def load(self, model: str) -> Network:
        """The network of a name."""
        where: dict[str, Any] = {
            "device": self.device,
            "device_map": self.device_map,
            "models_dir": self.models_dir,
        }
        return loaded(model, dtype=self.dtype, trust=self.trust, yes=self.yes, **where)

    def captures(self, network: Network, corpora: list[Corpus]) -> list[Capture]:
        """Capture every corpus with a network."""
        import reprlab as rl

        found: list[Capture] = []
        for corpus in corpora:
            with bar(f"{network.name} on {corpus.name}") as progress:
                capture = rl.capture(
                    network,
                    corpus,
                    cache=self.cache,
                    schedule=self.schedule,
                    documents=self.documents,
                    max_tokens=self.max_tokens,
                    batch_tokens=self.batch_tokens,
                    states=self.states,
                    stored=self.stored,
                    force=self.force,
                    progress=progress,
                    say=say,
                )
            found.append(capture)
            if capture.truncated:
                limit = capture.identity.max_tokens
                cut = f"{capture.truncated} of {capture.documents} documents reach {limit} tokens"
                say(f"note: {cut}; what is longer is cut")
            if capture.nonfinite:
                say(f"warning: {capture.nonfinite:,} values are NaN or infinite in {capture.folder}")
        return found

    def found(self, model: str, corpora: list[Corpus], *, states: bool) -> list[Capture]:
        """The captures of every corpus: those there, without loading the model, else made."""
        return self._there(model, corpora, states) or self.capture(model, corpora)

    def _there(self, name: str, corpora: list[Corpus], states: bool) -> list[Capture] | None:
        """Complete captures that answer the question, or None; `states`: whether it takes them."""
        from reprlab.captures.inventory import find
        from reprlab.files import cache_folder
        from reprlab.models.locations import locate

        weights = locate(name, self.models_dir)
        if weights is not None and weights.gguf is not None:
            return None
        found: list[Capture] = []
        for corpus in corpora:
            count = corpus.count(self.documents)
            wanted = {
                "corpus_digest": corpus.fingerprint,
                "weights": weights.digest if weights else None,
                "tokenizer": weights.tokenizer_digest if weights else None,
                "dtype": None if self.dtype == "auto" else self.dtype,
                "stored": None if self.stored == "auto" else self.stored,
                "states": True if states else None if self.states else False,
                "schedule": str(self.schedule) if self.schedule else None,
            }
            label = weights.name if weights else name
            usable = [
                c
                for c in find(cache_folder(self.cache), label, corpus.name, **wanted)
                if c.documents >= count
                and c.identity.max_tokens == self._limit(c)
                and (self.schedule or c.identity.schedule == str(Schedule.full(c.manifest.layers)))
            ]
            usable.sort(key=lambda c: (c.identity.dtype != "float32", not c.identity.states))
            if not usable:
                return None
            found.append(usable[0].first(count))
        return found

    def _limit(self, capture: Capture) -> int:
        return min(self.max_tokens or capture.manifest.model_limit, capture.manifest.model_limit)


def parsed(text: str | None) -> Schedule | None:
    return None if text is None else Schedule.parse(text)


def _work(
    corpus: CorpusName = "builtin",
    documents: Documents = None,
    max_tokens: MaxTokens = None,
    batch_tokens: BatchTokens = 2048,
    dtype: Dtype = "auto",
    store: Stored = "auto",
    device: Device = "auto",
    device_map: DeviceMap = None,
    data_dir: DataDir = None,
    field: FieldName = "text",
    models_dir: ModelsDir = None,
    cache: CacheDir = None,
    trust_remote_code: Trust = False,
    force: Force = False,
    yes: Yes = False,
) -> CaptureOptions:
    """The options that every command on captures takes, as a value."""
    return CaptureOptions(
        *(corpus, data_dir, field, documents, max_tokens, batch_tokens, dtype, store, device, device_map),
        *(models_dir, cache, None, True, trust_remote_code, force, yes),
    )


def on_captures(command: Callable[..., None]) -> Callable[..., None]:
    """A command whose first argument is `CaptureOptions`: it has those options on the command line."""
    return with_options(_work, command)


def with_options(make: Callable[..., Any], command: Callable[..., None]) -> Callable[..., None]:
    """A command whose first argument is what `make` gives, with the options of `make` in that one's place."""
    _, *own = inspect.signature(command, eval_str=True).parameters.values()
    shared = inspect.signature(make, eval_str=True).parameters

    @wraps(command)
    def run(**given: Any) -> None:
        made = make(**{name: given.pop(name) for name in shared})
        command(made, **given)

    parameters = [*own, *shared.values()]
    run.__signature__ = inspect.Signature(parameters)  # pyright: ignore[reportAttributeAccessIssue]
    run.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return run


def check_outputs(paths: list[Path] | None, models: int) -> None:
    for path in paths or []:
        if path.suffix.lower() not in (*PICTURES, *TABLES):
            endings = ", ".join((*PICTURES, *TABLES))
            raise ReprlabError(f"--out '{path}': the ending chooses the format; there are {endings}")
        check_target("--out", path)
    if paths and models > 1:
        raise ReprlabError(f"--out names one file, --model stands for {models} models: leave --out away")


class Drawn(Protocol):
    """A result that is drawn and saved."""

    def save(self, path: Path | str) -> None: ...
    def plot(self, ax: Any = None) -> Any: ...


def write(
    result: Drawn, paths: list[Path], *, replacing: Callable[[Path, Any], None] = lambda path, result: None
) -> list[Path]:
    """Write every file asked for; beside a picture without numbers, its numbers as JSON."""
    from reprlab import figures

    if not any(path.suffix.lower() in TABLES for path in paths):
        paths = [*paths, paths[0].with_suffix(".json")]
    for path in paths:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            if path.suffix.lower() in TABLES:
                replacing(path, result)
                result.save(path)
            else:
                figures.save(result.plot(), path)
        except OSError as error:
            raise ReprlabError(f"cannot write '{path}': {error.strerror}") from error
    return paths
