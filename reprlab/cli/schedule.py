"""schedule, generate: one schedule drawn, and what a network writes under it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from reprlab.cli.options import (
    PICTURES,
    AsJson,
)
from reprlab.cli.terminal import out, print_json
from reprlab.errors import ReprlabError
from reprlab.schedules.schedule import PAPER, Schedule
from reprlab.schedules.steps import Summed

if TYPE_CHECKING:
    from reprlab.schedules.diagram import Box


def schedule(
    text: Annotated[str | None, typer.Argument(help="As in '0:14 [14:19]*3 19:32'.", metavar="TEXT")] = None,
    layers: Annotated[int | None, typer.Option(help="Check against a model of so many layers.")] = None,
    paper: Annotated[
        str | None, typer.Option(help=f"One of the paper's, instead of TEXT: {', '.join(PAPER)}.")
    ] = None,
    start: Annotated[int | None, typer.Option(help="Where --paper begins: 0..start stay in front.")] = None,
    layer: Annotated[int | None, typer.Option(help="The layer of --paper skip_one and switch.")] = None,
    seed: Annotated[int | None, typer.Option(help="The seed of --paper random.")] = None,
    times: Annotated[int | None, typer.Option(help="How often a loop of --paper runs.")] = None,
    output: Annotated[
        list[Path] | None, typer.Option("--out", help=".png, .pdf or .svg; may be repeated.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Draw a schedule, and count its layer calls and its longest path."""
    from reprlab.schedules.diagram import boxes
    from reprlab.schedules.diagram import text as drawing

    made = _schedule(text, paper, layers, {"start": start, "layer": layer, "seed": seed, "times": times})
    check_pictures(output)
    drawn = boxes(made.steps)
    counts = f"{made.layer_calls:,} layer calls, longest path {made.longest_path:,}"
    if as_json:
        steps = [{"summed": step} if isinstance(step, Summed) else step for step in made.steps]
        sizes = {"layer_calls": made.layer_calls, "longest_path": made.longest_path}
        print_json({"text": str(made), "steps": steps, **sizes})
    else:
        plain = not out.encoding.lower().startswith("utf")
        for line in (str(made), *drawing(drawn, out.width, ascii=plain), counts):
            out.print(line, markup=False, highlight=False, soft_wrap=True)
    for path in output or []:
        _draw(drawn, f"{made}: {counts}", path)
        if not as_json:
            out.print(escape(str(path)), soft_wrap=True)


def _schedule(
    text: str | None, paper: str | None, layers: int | None, given: dict[str, int | None]
) -> Schedule:
    """The schedule of `text`, or of the paper's name with what was given for it."""
    if (text is None) == (paper is None):
        names = ", ".join(PAPER)
        raise ReprlabError(f"give a schedule, as in '0:14 [14:19]*3 19:32', or --paper NAME ({names})")
    if text is not None:
        for option in (f"--{key}" for key, value in given.items() if value is not None):
            raise ReprlabError(f"{option} goes with --paper, not with a schedule's text")
        return Schedule.parse(text, layers)
    if layers is None:
        raise ReprlabError(f"--paper {paper} needs --layers, the number of the model's layers")
    return Schedule.paper(str(paper), layers=layers, **given)


def check_pictures(paths: list[Path] | None) -> None:
    for path in paths or []:
        if path.suffix.lower() not in PICTURES:
            endings = ", ".join(PICTURES)
            raise ReprlabError(f"--out '{path}': the ending chooses the format; there are {endings}")


def _draw(drawn: Sequence[Box], caption: str, path: Path) -> None:
    from reprlab import figures

    ax = figures.diagram(drawn, caption=caption)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        figures.save(ax, path)
    except OSError as error:
        raise ReprlabError(f"cannot write '{path}': {error.strerror}") from error
