"""reprlab figures: the analyses listed, and one drawn alone."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from reprlab.cli.report import ReportRun, on_report
from reprlab.cli.terminal import bar, each, out, say


@on_report
def figures(
    run: ReportRun,
    name: Annotated[str, typer.Argument(help="A figure's name, or `list`.")] = "list",
    from_numbers: Annotated[
        bool,
        typer.Option("--from-numbers", help="Only draw again, from the JSON in --out: no model, no cache."),
    ] = False,
) -> None:
    """List the figures, or draw one alone: only what it needs is run."""
    from reprlab.reports.analyses import analysis
    from reprlab.reports.gather import gather
    from reprlab.reports.write import compare, home, keep, numbers_of

    if name == "list":
        _list()
        return
    one = analysis(name)
    if one.family:
        compare(run.out)
        _drawn(run.out, one)
        return
    names = run.names()
    if not from_numbers:
        run.check()

    def alone(model: str) -> None:
        folder = home(run.out, model)
        if not from_numbers:
            network = run.load(model, dtype=run.dtype)
            folder = home(run.out, network.name)
            with bar(f"{name} of {network.name}", unit="work") as progress:
                evidence = gather(
                    network,
                    run.corpus,
                    run.settings(network.n_layers),
                    run.workspace,
                    parts={*one.needs, *one.uses},
                    precise=lambda: run.load(model, dtype="float32"),
                    progress=progress,
                    say=say,
                )
            keep(folder, name, numbers_of(one, evidence))
        _drawn(folder, one)

    each(names, alone)


def _drawn(folder: Path, one: Any) -> None:
    from reprlab.reports.write import draw

    picture = draw(folder, one)
    for ending in ("png", "pdf"):
        out.print(escape(str(folder / f"{one.name}.{ending}")), soft_wrap=True)
    out.print(escape(picture.reading), soft_wrap=True)


def _list() -> None:
    from reprlab.reports.analyses import everything

    table = Table("figure", "what it shows", "needs", box=None, header_style="bold")
    for one in everything():
        needs = "reports on several models" if one.family else ", ".join(one.needs)
        table.add_row(one.name, escape(one.title), needs)
    out.print(table)
