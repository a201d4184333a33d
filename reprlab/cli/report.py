"""reprlab report: every figure of the paper, and its eight questions answered from the numbers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from reprlab.cli.again import called_as, made, once_more, show
from reprlab.cli.options.command import given_by, with_options, writes
from reprlab.cli.options.outputs import check_reports
from reprlab.cli.options.report import ReportOptions
from reprlab.cli.terminal import each, out, say
from reprlab.counts import counted
from reprlab.errors import ReprlabError

if TYPE_CHECKING:
    from reprlab.reports.settings import ReportSettings

FromNumbers = Annotated[
    bool, writes("--from-numbers", help="Only make again, from scores and JSON in --out: no model, no cache.")
]

AgainFrom = Annotated[
    Path | None,
    writes(
        "--again",
        help="A report's run.json: run that report once more, with the same model, settings and data.",
    ),
]


@with_options()
def report(
    *, context: typer.Context, run: ReportOptions, from_numbers: FromNumbers = False, again: AgainFrom = None
) -> None:
    """Run what is missing, draw every figure, judge the paper's eight questions, and write index.html.

    Examples:
    reprlab report smollm2-135m --quick
    reprlab report --from-numbers
    reprlab report --again reports/smollm2-135m/run.json --out again
    """
    if again is not None:
        once_more(run, again, given_by(context))
        return
    run.check_words()
    check_reports(run.out)
    if from_numbers:
        _redraw(run)
        return
    names = run.check_models()
    run.check()
    each(names, lambda name: _one(run, name))
    out.print(f"over all models: {escape(str(run.out / 'index.html'))}", soft_wrap=True)


def _one(run: ReportOptions, name: str) -> None:
    """The report on one model."""
    network = run.network.load(name, pooled=True)
    settings = run.settings(network.n_layers)
    _left(settings, network.n_layers)
    called = called_as(name, run.network.dtype)
    show(made(run, network, settings, run.texts, run.workspace, called))


def _left(settings: ReportSettings, layers: int) -> None:
    """Say which of the starts asked for the model does not have."""
    starts = set(settings.starts or ())
    some = {"--starts": starts} if starts & {*settings.starts_of(layers)} else {}
    for option, asked in {**some, "--trained-starts": {*settings.trained_starts}}.items():
        if left := sorted(asked - {*range(layers // 2)}):
            none = f"{', '.join(map(str, left))} leave no middle in {counted(layers, 'layer')}"
            say(f"note: {option}: {none}, and are left out")


def _redraw(run: ReportOptions) -> None:
    """Make reports again from their scores and numbers: those of the models named, or all that there are."""
    from reprlab.reports.rebuilt import rebuilt
    from reprlab.reports.write import compare, members, redraw

    if run.chosen:
        options = ", ".join(f"--{name.replace('_', '-')}" for name in run.chosen)
        raise ReprlabError(f"--from-numbers draws what is there: leave {options} away")
    there = members(run.out)
    names = run.network.names() if run.network.patterns else None
    wanted = there if names is None else [run.network.home(run.out, name) for name in names]
    if not wanted:
        raise ReprlabError(
            f"--from-numbers: there is no report in '{run.out}'; `reprlab report --model NAME` makes one"
        )
    for folder in wanted:
        if folder not in there:
            known = ", ".join(path.name for path in there) or "none"
            raise ReprlabError(f"--from-numbers: there is no report in '{folder}'; there are: {known}")
        for name in rebuilt(folder):
            say(f"note: {name} of '{folder}' was made again: its numbers did not follow from the scores")
        out.print(escape(str(redraw(folder))), soft_wrap=True)
    out.print(escape(str(compare(run.out))), soft_wrap=True)
