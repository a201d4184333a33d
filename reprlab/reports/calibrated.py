"""The calibration of a report: a capture of texts that are not scored, for mean ablation."""

from __future__ import annotations

from dataclasses import replace

from reprlab.benchmarks.table import BENCHMARKS, own_unit
from reprlab.captures.capturing import capture
from reprlab.captures.corpora import Corpus, corpus, names
from reprlab.network.network import Network
from reprlab.progress import Say
from reprlab.reports.settings import ReportSettings
from reprlab.reports.workspace import Workspace

DOCUMENTS, FEWEST = 64, 16  # of a calibration, and below which the built-in texts are taken


def calibrated(network: Network, settings: ReportSettings, workspace: Workspace, say: Say) -> str:
    """Captures sums over texts that no benchmark scores, and gives the calibration's name.

    They are rows of the first benchmark outside the sample, else Python's documentation. Where rows come in
    units, as WinoGrande's pairs, a corpus has another order, so that the documentation is taken.
    """
    texts = calibration_texts(settings, workspace)
    say(f"calibration: {len(texts)} texts of {texts.name}, none of them scored")
    return capture(
        network,
        texts,
        cache=workspace.cache,
        documents=len(texts),
        batch_tokens=workspace.batch_tokens,
        states=False,
        force=workspace.force,
        say=say,
    ).calibration


def calibration_texts(settings: ReportSettings, workspace: Workspace) -> Corpus:
    """The last rows of the first benchmark in the order of the sample, beyond the scored ones."""
    first = settings.benchmarks[0]
    if first in names() and first in BENCHMARKS and BENCHMARKS[first].unit is own_unit:
        rows = corpus(first, data_dir=workspace.data_dir, sample=settings.sample)
        left = len(rows) - settings.own_limits.get(first, settings.limit)
        if left >= FEWEST:
            return _last(rows, min(left, DOCUMENTS))
    return _last(corpus("builtin", sample=settings.sample), DOCUMENTS)


def _last(rows: Corpus, count: int) -> Corpus:
    return replace(rows, texts=rows.texts[-count:], ids=rows.ids[-count:])
