"""Sheet: what a reader needs to run a report again, as run.json holds it; `sheet_lines` puts it in words."""

from __future__ import annotations

import os
import resource
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import psutil

from reprlab.progress import StageTime
from reprlab.provenance import versions
from reprlab.reports.data_sources import DataSource, SourceKey
from reprlab.reports.hardware import gpu, processor
from reprlab.reports.settings import ReportSettings
from reprlab.scores.retained import DRAWS
from reprlab.training.recipe import RECIPE, recipe_of

if TYPE_CHECKING:
    from reprlab.network.network import Network
    from reprlab.verdicts.evidence import Evidence

SHEET_FORMAT = 1


@dataclass(frozen=True)
class Called:
    """How the command line asked for a report: its words, the model and the dtype as they were given.

    `again` are the words of a later call that ran the same report once more.
    """

    words: tuple[str, ...]
    model: str
    dtype: str = "auto"
    again: tuple[str, ...] = ()


@dataclass(frozen=True)
class ModelFacts:
    """A model as it was given and as it ran; `weights` and `tokenizer` are digests."""

    given: str
    asked_dtype: str
    name: str
    note: str
    layers: int
    weights: str
    tokenizer: str
    dtype: str
    attention: str
    device: str


@dataclass(frozen=True)
class Hardware:
    """The machine of a run; `gpu` is empty where none was used."""

    processor: str
    cores: int
    threads: int
    memory_gib: float
    gpu: str


@dataclass(frozen=True)
class WallTime:
    """The seconds of one run and of its stages, and its largest memory; nothing else here varies."""

    seconds: float
    memory_gib: float
    stages: tuple[StageTime, ...]


@dataclass(frozen=True)
class Sheet:
    """Command line, model, hardware, versions, data, seeds and time of a report; its settings lie next to it.

    `command` is empty for a report made in Python. `earlier` are versions, other than those of this run,
    with which the cache's part was made.
    """

    format: int
    command: tuple[str, ...]
    model: ModelFacts
    preset: str
    batch_tokens: int
    hardware: Hardware
    versions: dict[str, str]
    earlier: dict[str, str]
    data: tuple[DataSource, ...]
    seeds: dict[str, str]
    wall: WallTime
    again: tuple[str, ...] = ()


@dataclass
class RunLog:
    """The data that a report reads and the time that its stages take, noted as it runs."""

    sources: dict[SourceKey, DataSource] = field(default_factory=dict[SourceKey, DataSource])
    stages: list[StageTime] = field(default_factory=list[StageTime])
    began: float = field(default_factory=time.monotonic)

    def read(self, *sources: DataSource) -> None:
        """Note data that is read; what several stages take of one source is kept together."""
        for source in sources:
            before = self.sources.get(source.key)
            used = {**(before.used if before else {}), **source.used}
            self.sources[source.key] = replace(source, used=used)

    @property
    def seconds(self) -> float:
        """The seconds since the run began."""
        return time.monotonic() - self.began


def sheet_of(
    network: Network,
    evidence: Evidence,
    settings: ReportSettings,
    log: RunLog,
    called: Called | None,
    *,
    preset: str,
    batch_tokens: int,
) -> Sheet:
    """The sheet of a report on a network that has run."""
    installed = versions()
    makers = {**(evidence.scores.made_with if evidence.scores else {})}
    makers |= evidence.capture.manifest.made_with if evidence.capture else {}
    return Sheet(
        format=SHEET_FORMAT,
        command=called.words if called else (),
        model=_model(network, called),
        preset=preset,
        batch_tokens=batch_tokens,
        hardware=_hardware(network),
        versions=installed,
        earlier={lib: makers[lib] for lib in installed if makers.get(lib, installed[lib]) != installed[lib]},
        data=tuple(log.sources.values()),
        seeds=_seeds(evidence, settings, log.sources),
        wall=WallTime(log.seconds, peak(), tuple(log.stages)),
        again=called.again if called else (),
    )


def _model(network: Network, called: Called | None) -> ModelFacts:
    return ModelFacts(
        given=called.model if called else network.name,
        asked_dtype=called.dtype if called else network.dtype,
        name=network.name,
        note=network.note,
        layers=network.n_layers,
        weights=network.digest,
        tokenizer=network.tokenizer_digest,
        dtype=network.dtype,
        attention=network.attention,
        device=network.device,
    )


def _hardware(network: Network) -> Hardware:
    import torch

    total = psutil.virtual_memory().total / 2**30
    return Hardware(
        processor(), os.cpu_count() or 0, torch.get_num_threads(), round(total, 1), gpu(network.device)
    )


def _seeds(
    evidence: Evidence, settings: ReportSettings, sources: Mapping[SourceKey, DataSource]
) -> dict[str, str]:
    """Every seed that a number follows from, in words."""
    seeds: dict[str, str] = {}
    if evidence.scores is not None:
        last = settings.seeds - 1
        seeds["random orders"] = f"{'0' if not last else f'0 to {last}'} at every start"
        seeds["random orders"] += "; with three middle layers all orders"
    samples = sorted({one.sample for one in sources.values() if one.sample is not None})
    seeds["samples of rows"] = ", ".join(map(str, samples)) or "none: the first rows are taken"
    seeds["bootstraps"] = f"0; {DRAWS:,} draws"
    trained = {"fine-tuning": RECIPE.seed} if evidence.fine_tuned is not None else {}
    if evidence.classifies:
        trained["classifiers"] = recipe_of("frozen").seed
    return seeds | {f"training ({what})": str(seed) for what, seed in trained.items()}


def peak() -> float:
    """The most memory that this process had, in GiB."""
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return used / (2**30 if sys.platform == "darwin" else 2**20)
