"""report --again: the report of a run.json once more; and how any report is made and shown."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from rich.markup import escape

from reprlab.cli.options.outputs import check_folder, check_reports
from reprlab.cli.options.report import ReportOptions
from reprlab.cli.terminal import bar, out, say, working
from reprlab.errors import ReprlabError

if TYPE_CHECKING:
    from reprlab.captures.corpora import Corpus
    from reprlab.network.network import Network
    from reprlab.reports.again import Again
    from reprlab.reports.settings import ReportSettings
    from reprlab.reports.sheet import Called
    from reprlab.reports.workspace import Workspace

_PLACES = {  # options that go with --again: none of them chooses what is run
    *("again", "cache", "data_dir", "models_dir", "scores", "out", "force", "yes"),
    *("device", "device_map", "trust_remote_code"),
}


def once_more(run: ReportOptions, path: Path, given: Mapping[str, str]) -> None:
    """Run the report of a run.json once more; whatever would not be the same is refused or noted.

    `given` are the options that the command line names, by parameter.
    """
    if refused := [option for name, option in given.items() if name not in _PLACES]:
        raise ReprlabError(f"--again runs the report of '{path}' as it was: leave {', '.join(refused)} away")
    from reprlab.reports.again import check_rows, check_texts, model_here, other_numbers, read_again

    check_reports(run.out)
    run.network.check_models_dir()
    again, data_dir = read_again(path), run.data.data_dir
    for note in again.version_notes():
        say(note)
    name = model_here(again, run.network.models_dir, say)
    check_texts(again, data_dir)
    with working("opening benchmarks"):
        check_rows(again, data_dir, say)
    check_folder("--out", run.out)
    index = _run(run, again, name)
    show(index)
    others = other_numbers(again, index.parent)
    if others is not None:
        same = f"every number is that of the report next to '{path}'"
        differ = f"other numbers than in the report next to '{path}': {', '.join(others)}"
        out.print(escape(differ if others else same), soft_wrap=True)


def _run(run: ReportOptions, again: Again, name: str) -> Path:
    """Load the model, compare its weights with the report's, and run it all."""
    from reprlab.reports.workspace import Workspace

    sheet, model = again.sheet, again.sheet.model
    network = run.network.load(name, dtype=model.asked_dtype, pooled=True)
    if network.dtype != model.dtype:  # auto chooses by device
        network = run.network.load(name, dtype=model.dtype, pooled=True)
    again.check_weights(network.digest, network.tokenizer_digest)
    for what, there, here in (
        ("device", model.device, network.device),
        ("attention", model.attention, network.attention),
    ):
        if there != here:
            say(f"note: {what}: {there} there, {here} here; numbers may differ in their last digits")
    data_dir = run.data.data_dir
    how = (run.data.cache, data_dir, sheet.preset, sheet.batch_tokens, run.force, tuple(run.scores or ()))
    called = called_as(name, model.asked_dtype, first=sheet.command)
    texts = again.texts(data_dir)
    return made(run, network, again.settings, texts, Workspace(*how), called)


def called_as(name: str, dtype: str, *, first: tuple[str, ...] | None = None) -> Called:
    """How this command line asked for a report; `first` are the words that asked for it the first time."""
    from reprlab.reports.sheet import Called

    words = ("reprlab", *(word.encode("utf-8", "backslashreplace").decode() for word in sys.argv[1:]))
    return Called(words, name, dtype) if first is None else Called(first, name, dtype, words)


def made(
    run: ReportOptions,
    network: Network,
    settings: ReportSettings,
    texts: list[Corpus],
    workspace: Workspace,
    called: Called,
) -> Path:
    """Run what a report lacks under a progress bar, and write it; gives the path of its page."""
    from reprlab.reports.reporting import report

    with bar(f"report on {network.name}", unit="work") as progress:
        return report(
            network,
            settings,
            folder=run.out,
            corpus=texts,
            workspace=workspace,
            precise=lambda: run.network.load(called.model, dtype="float32", pooled=True),
            called=called,
            progress=progress,
            say=say,
        )


def show(index: Path) -> None:
    """Print the eight claims as judged, the figures left out, and where the page is."""
    from reprlab.reports.write import told

    run, verdicts = told(index.parent)
    versions = [verdict.get("version", 1) for verdict in verdicts]
    for verdict, version, before in zip(verdicts, versions, [None, *versions], strict=False):
        if len(set(versions)) > 1 and version != before:
            out.print(f"By version {version} of the rules:")
        out.print(f"{verdict['number']}. {escape(verdict['sentence'])}", soft_wrap=True)
    reasons: dict[str, list[str]] = {}
    for name, why in run["left_out"].items():
        reasons.setdefault(why, []).append(name)
    for why, names in reasons.items():
        say(f"note: {', '.join(names)} {'is' if len(names) == 1 else 'are'} left out: {why}")
    out.print(escape(str(index)), soft_wrap=True)
