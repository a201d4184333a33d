"""reprlab generate: texts of a model under a schedule."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from reprlab.cli.options.command import AsJson, how, with_options
from reprlab.cli.options.network import NetworkOptions
from reprlab.cli.options.pieces import check_counts
from reprlab.cli.options.schedules import ScheduleOptions
from reprlab.cli.terminal import each, out, print_json, say, working
from reprlab.errors import ReprlabError, unknown
from reprlab.schedules.schedule import Schedule

if TYPE_CHECKING:
    from reprlab.network.network import Network

_ENDED = "(nothing: the model ended its text at once)"


@with_options(without=("models", "grid", "starts", "seeds", "loops", "calibration"))
def generate(
    *,
    prompts: Annotated[list[str], typer.Argument(help="One or more prompts, each in quotes.")],
    network: NetworkOptions,
    order: ScheduleOptions,
    max_new_tokens: Annotated[int, how(help="How many tokens to write; 1 or more.")] = 64,
    kv: Annotated[str, how(help="exact, or paper: the keys and values of a set are averaged.")] = "exact",
    as_json: AsJson = False,
) -> None:
    """Continue prompts with the full model and under schedules, side by side (no chat template).

    Models are given by --model, since the arguments are prompts.

    Examples:
    reprlab generate --model tiny-neox "The capital of France is"
    reprlab generate --model tiny-neox --schedule "0:2 [2:4] 4:6" "Once upon"
    reprlab generate --model tiny-neox,tiny-llama --json "Hello" "Good day"
    """
    check_counts(max_new_tokens=max_new_tokens)
    if any(not prompt for prompt in prompts):
        raise ReprlabError("a prompt is empty: give some text to go on from")
    if kv not in ("exact", "paper"):
        raise unknown("kv", kv, ("exact", "paper"))
    names = network.names()
    network.check_layers(names, order.texts)
    answers: list[dict[str, Any]] = []

    def one(name: str) -> None:
        loaded = network.load(name)
        loaded.prove(say=say)
        schedules = [loaded.full(), *order.texts(loaded.n_layers)]
        written = _written(loaded, schedules, prompts, max_new_tokens=max_new_tokens, kv=kv)
        rows = [{"schedule": text, "continuations": texts} for text, texts in written.items()]
        answers.append({"model": loaded.name, "note": loaded.note, "prompts": prompts, "schedules": rows})
        if not as_json:
            _show(loaded, prompts, written)

    try:
        each(names, one)
    finally:
        if as_json and answers:  # one model is an object, several are a list of them
            print_json(answers if len(names) > 1 else answers[0])


def _written(
    network: Network, schedules: list[Schedule], prompts: list[str], **options: Any
) -> dict[str, list[str]]:
    """The continuations of every prompt under each schedule."""
    written: dict[str, list[str]] = {}
    for schedule in dict.fromkeys(schedules):
        with working(f"writing under {schedule}"):
            written[str(schedule)] = network.generate(prompts, schedule, say=say, **options)
    return written


def _show(network: Network, prompts: list[str], written: dict[str, list[str]]) -> None:
    """A table a prompt, a column a schedule."""
    out.print(f"{escape(network.name)} ({escape(network.note)}), {network.dtype}", soft_wrap=True)
    full = str(network.full())
    heads = [f"{text} (full)" if text == full else text for text in written]
    for number, prompt in enumerate(prompts):
        table = Table(*map(escape, heads), title=escape(prompt), title_justify="left", show_lines=True)
        table.add_row(*(escape(texts[number].strip() or _ENDED) for texts in written.values()))
        out.print(table)
