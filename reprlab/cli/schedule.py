"""reprlab schedule: schedules drawn and counted."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from reprlab.cli.options.command import AsJson, how, what, with_options, writes
from reprlab.cli.options.outputs import PICTURES, check_files, print_files
from reprlab.cli.options.schedules import ScheduleFiles, schedule_file
from reprlab.cli.terminal import out, print_json
from reprlab.errors import ReprlabError, unknown
from reprlab.schedules.plan import Plan
from reprlab.schedules.schedule import PAPER, Schedule
from reprlab.schedules.steps import Block, Step, Summed


@with_options()
def schedule(
    *,
    text: Annotated[
        str | None, typer.Argument(help="A schedule, as in '0:14 [14:19]*3 19:32'.", metavar="[TEXT]")
    ] = None,
    paper: Annotated[
        str | None, what(help=f"One of the paper's, instead of TEXT: {', '.join(PAPER)}.")
    ] = None,
    schedules: ScheduleFiles = None,
    layers: Annotated[
        int | None, what(help="Number of layers of a model to check against. Default: no check.")
    ] = None,
    start: Annotated[int | None, how(help="Where --paper begins: layers 0..start stay in front.")] = None,
    layer: Annotated[int | None, how(help="The layer of --paper skip_one and switch.")] = None,
    seed: Annotated[int | None, how(help="The seed of --paper random.")] = None,
    times: Annotated[int | None, how(help="How often a loop of --paper runs.")] = None,
    output: Annotated[
        list[Path] | None,
        # a path may hold a comma, so --out only repeats
        writes("--out", help="A file, .png, .pdf or .svg. Repeat for several: a path may hold commas."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Draw a schedule, and count its layer calls and its longest path; of several also what sharing saves.

    Examples:
    reprlab schedule "0:14 [14:19]*3 19:32" --out parallel.png
    reprlab schedule --paper skip --layers 32 --start 13
    reprlab schedule --schedules mine.txt --layers 6
    """
    given = {"start": start, "layer": layer, "seed": seed, "times": times}
    read = _read(text, paper, schedules, layers, given)
    check_files("--out", output or [], PICTURES)
    if output and len(read) > 1:
        raise ReprlabError(f"--out names one picture, and there are {len(read)} schedules: leave it away")
    if as_json:
        _print_json(read, several=bool(schedules))
    else:
        _show(read, several=bool(schedules))
    for path in output or []:
        _draw(read[0], path)
    if not as_json:
        print_files(output or [])


def _read(
    text: str | None,
    paper: str | None,
    files: list[Path] | None,
    layers: int | None,
    given: dict[str, int | None],
) -> list[Schedule]:
    """The schedule of `text`, those of files, or the paper's by its name with what was given for it."""
    if sum(one is not None for one in (text, paper)) + bool(files) != 1:
        names = ", ".join(PAPER)
        raise ReprlabError(
            f"give a schedule, as in '0:14 [14:19]*3 19:32', --paper NAME ({names}), or --schedules FILE"
        )
    if paper is None:
        for option in (f"--{key}" for key, value in given.items() if value is not None):
            raise ReprlabError(f"{option} goes with --paper, not with a schedule's text")
    if files:
        return [one.schedule for path in files for one in schedule_file(path, layers)]
    if text is not None:
        return [Schedule.parse(text, layers)]
    if paper not in PAPER:
        raise unknown("--paper", str(paper), PAPER)
    if layers is None:
        raise ReprlabError(f"--paper {paper} needs --layers, the number of the model's layers")
    return [Schedule.paper(str(paper), layers=layers, **given)]


def _counts(schedule: Schedule) -> str:
    return f"{schedule.layer_calls:,} layer calls, longest path {schedule.longest_path:,}"


def _show(read: Sequence[Schedule], *, several: bool) -> None:
    """Every schedule drawn and counted, and of a file's what sharing saves."""
    from reprlab.schedules.diagram import boxes
    from reprlab.schedules.diagram import text as drawing

    plain = not out.encoding.lower().startswith("utf")
    lines: list[str] = []
    for one in read:
        lines += [str(one), *drawing(boxes(one.steps), out.width, ascii=plain), _counts(one)]
    for line in (*lines, *([str(Plan(read))] if several else [])):
        out.print(line, markup=False, highlight=False, soft_wrap=True)


def _print_json(read: Sequence[Schedule], *, several: bool) -> None:
    """A schedule as an object; those of files as a list, with the counts of their plan."""
    rows = [_described(one) for one in read]
    if not several:
        print_json(rows[0])
        return
    plan = Plan(read)
    calls = {"layer_calls": plan.layer_calls, "layer_calls_alone": plan.layer_calls_alone}
    print_json({"schedules": rows, "distinct": len(plan.distinct), **calls})


def _described(schedule: Schedule) -> dict[str, Any]:
    steps = [_as_json(step) for step in schedule.steps]
    sizes = {"layer_calls": schedule.layer_calls, "longest_path": schedule.longest_path}
    return {"text": str(schedule), "steps": steps, **sizes}


def _as_json(step: Step) -> Any:
    """A step as JSON has it: a layer, a list, or an object of a sum or of a block with its rule."""
    if isinstance(step, Block):
        return {"block": [_as_json(one) for one in step.steps], "rule": str(step.rule)}
    return {"summed": step} if isinstance(step, Summed) else step


def _draw(schedule: Schedule, path: Path) -> None:
    from reprlab import figures
    from reprlab.schedules.diagram import boxes

    ax = figures.diagram(boxes(schedule.steps), caption=f"{schedule}: {_counts(schedule)}")
    figures.save(ax, path)
