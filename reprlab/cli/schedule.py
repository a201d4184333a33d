"""schedule, generate: one schedule drawn, and what a network writes under it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from reprlab.cli.options import (
    PICTURES,
    AsJson,
    Device,
    DeviceMap,
    Dtype,
    ModelsDir,
    Trust,
    Yes,
)
from reprlab.cli.terminal import err, loaded, out, print_json
from reprlab.errors import ReprlabError, unknown
from reprlab.schedules.schedule import PAPER, Schedule
from reprlab.schedules.steps import Summed

if TYPE_CHECKING:
    from reprlab.schedules.diagram import Box

_ENDED = "(nothing: the model ended its text at once)"


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


def generate(
    prompts: Annotated[list[str], typer.Argument(help="One or more prompts, each in quotes.")],
    model: Annotated[str, typer.Option(help="A name.")],
    run: Annotated[
        list[str] | None, typer.Option("--schedule", help="May be repeated; shown beside the full model.")
    ] = None,
    max_new_tokens: Annotated[int, typer.Option(help="How many tokens to write.")] = 64,
    kv: Annotated[str, typer.Option(help="exact, or paper: a set's keys and values averaged.")] = "exact",
    dtype: Dtype = "auto",
    device: Device = "auto",
    device_map: DeviceMap = None,
    models_dir: ModelsDir = None,
    trust_remote_code: Trust = False,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Continue prompts with the full model and under schedules, side by side (no chat template)."""
    parsed = [Schedule.parse(text) for text in run or []]
    if max_new_tokens < 1:
        raise ReprlabError(f"--max-new-tokens {max_new_tokens}: give 1 or more")
    if any(not prompt for prompt in prompts):
        raise ReprlabError("a prompt is empty: give some text to go on from")
    if kv not in ("exact", "paper"):
        raise unknown("kv", kv, ("exact", "paper"))
    where: dict[str, Any] = {"device": device, "device_map": device_map, "models_dir": models_dir}
    network = loaded(model, dtype=dtype, trust=trust_remote_code, yes=yes, **where)
    for each in parsed:
        each.check(network.n_layers)
    written: dict[str, list[str]] = {}
    for each in dict.fromkeys([network.full(), *parsed]):
        with err.status(f"writing under {each}"):
            written[str(each)] = network.generate(prompts, each, max_new_tokens=max_new_tokens, kv=kv)
    if as_json:
        rows = [{"schedule": text, "continuations": texts} for text, texts in written.items()]
        print_json({"model": network.name, "note": network.note, "prompts": prompts, "schedules": rows})
        return
    out.print(f"{escape(network.name)} ({escape(network.note)}), {network.dtype}", soft_wrap=True)
    full = str(network.full())
    heads = [f"{text} (full)" if text == full else text for text in written]
    for number, prompt in enumerate(prompts):
        table = Table(*map(escape, heads), title=escape(prompt), title_justify="left", show_lines=True)
        table.add_row(*(escape(texts[number].strip() or _ENDED) for texts in written.values()))
        out.print(table)


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
