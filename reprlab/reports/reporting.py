"""Report: run what is missing, write numbers, draw them, and judge the paper's eight questions by them.

What runs is `gathering`; what a file holds is `writing`; `analyses` finds the figures.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path

from reprlab.arguments import CALLBACKS, function, of, optional, path, taking
from reprlab.captures.corpora import Corpus
from reprlab.captures.corpora import corpus as load_corpus
from reprlab.captures.given import corpus_of
from reprlab.network.given import network_of
from reprlab.network.network import Network
from reprlab.progress import Progress, Say
from reprlab.reports.gather import Workspace, gather
from reprlab.reports.homes import named
from reprlab.reports.settings import ReportSettings
from reprlab.reports.write import (
    compare,
    home,
    redraw,
    write_numbers,
)


@taking(
    network=network_of(pooled=True),
    settings=of(ReportSettings, "rl.ReportSettings"),
    folder=path,
    corpus=optional(corpus_of),
    workspace=optional(of(Workspace, "rl.Workspace")),
    precise=optional(function),
    **CALLBACKS,
)
def report(
    network: Network | str | Path,
    settings: ReportSettings,
    *,
    folder: Path | str = "reports",
    corpus: Corpus | str | Path | Sequence[str] | None = None,
    workspace: Workspace | None = None,
    precise: Callable[[], Network] | None = None,
    progress: Progress = lambda done, total: None,
    say: Say = lambda _: None,
) -> Path:
    """Run what is missing, write `folder/<model>/`, and give back the path of its index.html.

    Captures and answers are kept in the cache, so that a killed call goes on where it was. Beside each
    picture (PNG, PDF) are its numbers (JSON, CSV); `redraw` makes the pictures and the page from these alone.
    `folder/index.html` compares every model that has a report there.

    >>> import reprlab as rl
    >>> settings = rl.ReportSettings(("builtin_pronoun",), "builtin", documents=4, limit=8, seeds=2)
    >>> workspace = rl.Workspace(cache=tmp / "cache")
    >>> index = rl.report(rl.load("tiny-llama"), settings, folder=tmp, workspace=workspace)
    >>> index.relative_to(tmp).as_posix(), (index.parent / "fig03.png").exists()
    ('tiny-llama/index.html', True)
    """
    assert isinstance(network, Network)
    assert corpus is None or isinstance(corpus, Corpus)
    workspace, began = workspace or Workspace(), time.monotonic()
    texts = corpus or load_corpus(settings.corpus, data_dir=workspace.data_dir, sample=settings.sample)
    if network.has_lm_head:
        settings.check_starts(network.n_layers)
    network = named(network, Path(folder), say)
    evidence = gather(network, texts, settings, workspace, precise=precise, progress=progress, say=say)
    target = home(Path(folder), network.label)
    say("figures and verdicts")
    write_numbers(target, evidence, settings, time.monotonic() - began)
    index = redraw(target)
    compare(Path(folder))
    return index
