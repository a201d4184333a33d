"""reprlab generate: texts of a model under a schedule."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from reprlab.cli.options import AsJson, Device, DeviceMap, Dtype, ModelsDir, Trust, Yes
from reprlab.cli.terminal import err, loaded, out, print_json
from reprlab.errors import ReprlabError, unknown
from reprlab.schedules.schedule import Schedule

_ENDED = "(nothing: the model ended its text at once)"


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
