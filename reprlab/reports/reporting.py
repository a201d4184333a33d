"""Report: run what is missing, write numbers, draw them, and judge the paper's eight questions by them.

What runs is `gathering`; what a file holds is `writing`; `analyses` finds the figures.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, cast

from reprlab.arguments import CALLBACKS, function, of, optional, path, taking
from reprlab.captures.corpora import Corpus
from reprlab.captures.corpora import corpora as load_corpora
from reprlab.captures.given import corpora_of
from reprlab.network.given import network_of
from reprlab.network.network import Network
from reprlab.progress import Progress, Say
from reprlab.reports.gather import gather
from reprlab.reports.homes import named
from reprlab.reports.settings import ReportSettings
from reprlab.reports.sheet import Called, RunLog, sheet_of
from reprlab.reports.workspace import Workspace
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
    corpus=optional(corpora_of),
    workspace=optional(of(Workspace, "rl.Workspace")),
    precise=optional(function),
    called=optional(of(Called, "reprlab.reports.sheet.Called")),
    **CALLBACKS,
)
def report(
    network: Network | str | Path,
    settings: ReportSettings,
    *,
    folder: Path | str = "reports",
    corpus: Corpus | Sequence[Corpus] | str | Path | Sequence[str] | None = None,
    workspace: Workspace | None = None,
    precise: Callable[[], Network] | None = None,
    called: Called | None = None,
    progress: Progress = lambda done, total: None,
    say: Say = lambda _: None,
) -> Path:
    """Run what is missing, write `folder/<model>/`, and give back the path of its index.html.

    Captures and answers are kept in the cache, so that a killed call goes on where it was. Beside each
    picture (PNG, PDF) are its numbers (JSON, CSV); `redraw` makes the pictures and the page from these alone.
    The first corpus is captured under every schedule; with several, similarities of the full model are means
    over all of them. `called` is how the command line asked for it, for the sheet that the page ends with.
    `folder/index.html` compares every model that has a report there.

    >>> import reprlab as rl
    >>> settings = rl.ReportSettings(("builtin_pronoun",), "builtin", documents=4, limit=8, seeds=2)
    >>> workspace = rl.Workspace(cache=tmp / "cache")
    >>> index = rl.report(rl.load("tiny-llama"), settings, folder=tmp, workspace=workspace)
    >>> index.relative_to(tmp).as_posix(), (index.parent / "fig03.png").exists()
    ('tiny-llama/index.html', True)
    """
    assert isinstance(network, Network)
    assert corpus is None or isinstance(corpus, list)
    workspace, log = workspace or Workspace(), RunLog()
    where: dict[str, Any] = {"data_dir": workspace.data_dir, "sample": settings.sample}
    texts = cast("list[Corpus] | None", corpus) or load_corpora(settings.corpus, **where)
    if network.has_lm_head:
        settings.check_starts(network.n_layers)
    network = named(network, Path(folder), say)
    run: dict[str, Any] = {"precise": precise, "progress": progress, "say": say, "log": log}
    evidence = gather(network, texts, settings, workspace, **run)
    target = home(Path(folder), network.label)
    say("figures and verdicts")
    how = {"preset": workspace.preset, "batch_tokens": workspace.batch_tokens}
    sheet = partial(sheet_of, network, evidence, settings, log, called, **how)
    write_numbers(target, evidence, settings, log.seconds, sheet)
    index = redraw(target)
    compare(Path(folder))
    return index
