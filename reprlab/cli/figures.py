"""reprlab figures: the analyses listed, and one drawn alone: a shipped one, or a file of the user's."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from reprlab.cli.options.command import with_options
from reprlab.cli.options.outputs import check_reports, print_files
from reprlab.cli.options.report import ReportOptions
from reprlab.cli.report import FromNumbers
from reprlab.cli.terminal import bar, each, out, say

if TYPE_CHECKING:
    from reprlab.reports.analyses import Analysis

_NAME = (
    "A figure's name, `list`, or a file of yours that ends in .py. "
    "reprlab runs the Python of that file, as you ask by naming it."
)


@with_options()
def figures(
    *,
    name: Annotated[str, typer.Argument(help=_NAME)] = "list",
    run: ReportOptions,
    from_numbers: FromNumbers = False,
) -> None:
    """List the figures, or draw one alone: only what it needs is run.

    Examples:
    reprlab figures list
    reprlab figures fig11 smollm2-135m
    reprlab figures my_figure.py --model tiny-neox --documents 3
    """
    from reprlab.reports.analyses import analysis, check_name

    mine = name.endswith(".py")
    if name == "list":
        _list()
        return
    if not mine:
        check_name(name)
    run.check_words()
    from reprlab.reports.own import own_analysis
    from reprlab.reports.write import compare, keep_family

    check_reports(run.out)
    one = own_analysis(Path(name)) if mine else analysis(name)
    if one.family:
        if not mine:
            compare(run.out)  # also draws every shipped figure of a family
        elif not from_numbers:
            keep_family(run.out, one)
        _draw(run.out, one)
        return
    names = run.check_models()
    if not from_numbers:
        run.check()
    each(
        names,
        lambda model: _draw(
            run.network.home(run.out, model) if from_numbers else _keep(run, model, one), one
        ),
    )


def _keep(run: ReportOptions, model: str, one: Analysis) -> Path:
    """Run what a figure needs of a model and keep its numbers; gives their folder."""
    from reprlab.captures.corpora import corpora
    from reprlab.reports.gather import gather
    from reprlab.reports.write import home, keep, numbers_of, settings_before

    network = run.network.load(model, pooled=True, reports=run.out)
    folder = home(run.out, network.label)
    settings = run.settings(network.n_layers)
    if not run.size and (before := settings_before(folder)) is not None:
        settings = replace(before, **run.changed)
        say(f"note: sizes are those of the report in '{folder}'; options change them")
    with bar(f"{one.name} of {network.name}", unit="work") as progress:
        evidence = gather(
            network,
            corpora(settings.corpus, data_dir=run.data.data_dir, sample=settings.sample),
            settings,
            run.workspace,
            parts={*one.needs, *one.uses},
            precise=lambda: run.network.load(model, dtype="float32", pooled=True),
            progress=progress,
            say=say,
        )
    keep(folder, one.name, numbers_of(one, evidence))
    return folder


def _draw(folder: Path, one: Analysis) -> None:
    """Draw a figure from its numbers, name the files and read it out."""
    from reprlab.reports.write import draw

    picture = draw(folder, one)
    print_files([folder / f"{one.name}.{ending}" for ending in ("png", "pdf")])
    out.print(escape(picture.reading), soft_wrap=True)


def _list() -> None:
    from reprlab.reports.analyses import everything

    table = Table("figure", "title", "needs", box=None, header_style="bold")
    for one in everything():
        needs = "reports on several models" if one.family else ", ".join(one.needs)
        table.add_row(one.name, escape(one.title), needs)
    out.print(table)
