"""finetune: rewritten models trained on a task's rows, and set against the frozen ones."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape
from rich.table import Column, Table

from reprlab.cli.options import (
    AsJson,
    BatchRows,
    BatchTokens,
    CacheDir,
    Checkpoints,
    Curves,
    DataDir,
    Device,
    Epochs,
    ModelsDir,
    Trust,
    Yes,
)
from reprlab.cli.outputs import check_apart, check_files, check_target, writing
from reprlab.cli.terminal import bar, each, err, loaded, out, print_json, say
from reprlab.errors import ReprlabError, unknown
from reprlab.files import plain, slug
from reprlab.models.registry import DEVICES, expand
from reprlab.schedules.schedule import Schedule

if TYPE_CHECKING:
    from reprlab.training.fine_tuned import Crossing, FineTuned

_PAPER = 0.3  # the share of layers up to which tuning helped the paper's model


def finetune(
    model: Annotated[str, typer.Option(help="A name or a glob.")],
    run: Annotated[
        list[str] | None, typer.Option("--schedule", help="'0:14 19:32'; may be repeated.")
    ] = None,
    shares: Annotated[
        str | None,
        typer.Option(help="Skips of these shares of the layers. Default: 0,.1,.2,.3,.4,.5 (fig. 13)."),
    ] = None,
    task: Annotated[str, typer.Option(help="arc, hellaswag or winogrande.")] = "arc",
    epochs: Epochs = 1,
    batch: BatchRows = 64,
    micro_batch: Annotated[
        int | None, typer.Option(help="Rows of a step in memory together, gradients added up. Default: 8.")
    ] = None,
    rate: Annotated[float, typer.Option(help="Learning rate of the first step; it falls to 0.")] = 5e-5,
    seed: Annotated[int, typer.Option(help="Of the order of rows, and dropout.")] = 42,
    train_limit: Annotated[
        int | None, typer.Option(help="Rows to train on, from the first on. Default: all.")
    ] = None,
    limit: Annotated[
        int | None, typer.Option(help="Documents to score, from the first on. Default: all.")
    ] = None,
    preset: Annotated[str, typer.Option(help="Of the scored prompts: paper or leaderboard.")] = "paper",
    output: Annotated[
        list[Path] | None,
        typer.Option("--out", help=".csv (the table) or .npz (NAME-frozen.npz, NAME-tuned.npz); repeatable."),
    ] = None,
    curves: Curves = None,
    checkpoints: Checkpoints = None,
    data_dir: DataDir = None,
    batch_tokens: BatchTokens = 2048,
    device: Device = "auto",
    models_dir: ModelsDir = None,
    cache: CacheDir = None,
    trust_remote_code: Trust = False,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Fine-tune a model under each schedule and set it against the frozen one; finished runs are kept."""
    _check(device, output, curves, checkpoints)
    for option, value in (
        ("--train-limit", train_limit),
        ("--limit", limit),
        ("--batch-tokens", batch_tokens),
    ):
        if value is not None and value < 1:
            raise ReprlabError(f"{option} {value}: give 1 or more")
    if run and shares is not None:
        raise ReprlabError("--schedule and --shares: give one of them")
    parsed, wanted = [Schedule.parse(text) for text in run or []], _shares(shares)
    from reprlab.models.locations import known

    names = expand([model], known(models_dir))
    if len(names) > 1 and (output or curves or checkpoints):
        raise ReprlabError(
            f"--model stands for {len(names)} models: leave --out, --curves, --checkpoints away"
        )
    with err.status("opening the task"):
        from reprlab.benchmarks.by_name import open_splits
        from reprlab.schedules.skips import SHARES, share_schedules
        from reprlab.training.runs import micro_batch_of
        from reprlab.training.trainer import Recipe

        recipe = Recipe(epochs, batch, rate, seed)
        micro_batch_of(recipe, micro_batch)
        share_schedules(1, wanted or SHARES)  # refuses what is no share
        opened = open_splits(task, data_dir=data_dir, preset=preset)
    kept = "-".join(map(str, ["finetune", slug(task), *([] if limit is None else [limit])]))
    found: list[dict[str, Any]] = []

    def one(name: str) -> None:
        from reprlab.training.finetuning import finetune

        where: dict[str, Any] = {"device": device, "device_map": None, "models_dir": models_dir}
        network = loaded(name, dtype="float32", trust=trust_remote_code, yes=yes, **where)
        with bar(network.name, unit="work") as progress:
            made = finetune(
                network,
                parsed or None,
                task=opened,
                shares=wanted or SHARES,
                recipe=recipe,
                micro_batch=micro_batch,
                train_limit=train_limit,
                limit=limit,
                batch_tokens=batch_tokens,
                checkpoints=checkpoints,
                cache=cache,
                progress=progress,
                say=say,
            )
        crossing = made.crossing("u")
        found.append(_told(made, crossing))
        if not as_json:
            _show(made, crossing)
        default = Path("reports") / slug(made.frozen.model) / f"{kept}.csv"
        for path in output or [default]:
            with writing(path):
                files = made.save(path)
            if not as_json:
                out.print(escape("\n".join(map(str, files))), soft_wrap=True)
        if curves is not None:
            with writing(curves):
                curves.write_text(made.curves_to_dataframe().to_csv(index=False), encoding="utf-8")

    try:
        each(names, one)
    finally:
        if as_json:
            print_json(found)


def _check(device: str, output: list[Path] | None, curves: Path | None, checkpoints: Path | None) -> None:
    """What can be refused before anything is loaded."""
    if device not in DEVICES:
        raise unknown("device", device, DEVICES)
    check_files("--out", output or [])
    check_files("--curves", [curves] if curves else [], (".csv",))
    check_apart({"--out": output or [], "--curves": [curves] if curves else []})
    if checkpoints is not None:
        check_target("--checkpoints", checkpoints, folder=True)


def _shares(text: str | None) -> list[float]:
    if text is None:
        return []
    try:
        return [float(part) for part in text.split(",")]
    except ValueError as error:
        raise ReprlabError(f"--shares '{text}': give numbers from 0 to 1 as in 0,.1,.3") from error


def _told(made: FineTuned, crossing: Crossing) -> dict[str, Any]:
    rows = json.loads(made.to_dataframe().to_json(orient="records"))
    where = {name: getattr(crossing, name) for name in ("value", "low", "high", "none", "reason")}
    return {"model": made.frozen.model, "rows": rows, "crossing": {**plain(where), "ends": _ends(crossing)}}


def _show(made: FineTuned, crossing: Crossing) -> None:
    """A row an entry: acc and u of the frozen and the tuned model, and what tuning adds to u."""
    frame = made.to_dataframe()
    metrics = [metric for metric in ("acc", "u") if metric in set(frame.metric)]
    heads = [f"{metric}\n{which}" for metric in metrics for which in ("frozen", "tuned")]
    columns = [Column(head, overflow="fold") for head in ("M/T", *heads, "u\ntuned - frozen")]
    table = Table("schedule", *columns, box=None, header_style="bold")
    size = len(frame) // len(made.frozen)  # metrics
    for place, entry in enumerate(made.frozen.entries):
        rows: dict[str, Any] = {
            str(r.metric): r for r in frame[place * size : (place + 1) * size].itertuples()
        }
        cells = [
            f"{getattr(rows[m], which):.3f} ± {getattr(rows[m], f'{which}_stderr'):.3f}"
            for m in metrics
            for which in ("frozen", "tuned")
        ]
        u = rows["u"]
        share = "" if math.isnan(u.share) else f"{u.share:.2f}"
        gain = f"{u.difference:+.3f} [{u.low:+.3f}, {u.high:+.3f}]"
        table.add_row(escape(entry.label), share, *cells, escape(gain))
    about = made.tuned
    out.print(f"{escape(about.model)} ({escape(about.note)})", soft_wrap=True)
    out.print(table)
    out.print(escape(_crossing(crossing)), soft_wrap=True)
    say("± is the standard error over documents; in brackets the 95 % interval, paired over documents")
    lost = int((made.tuned.results().nonfinite > 0).sum())
    if lost:
        say(
            f"warning: {lost} of {len(about)} tuned models gave NaN or infinite answers; those count as wrong"
        )


def _crossing(crossing: Crossing) -> str:
    """Where tuning stops helping, in a line."""
    if len(crossing.differences) == 1:
        return crossing.reason
    ends = _ends(crossing)
    spread = f"95 %: {ends[0]} to {ends[1]}, {crossing.none:.0%} of draws have none"
    said = crossing.reason or f"tuning stops helping where {crossing.value:.2f} of the layers are left out"
    return f"{said} ({spread}); the paper: {_PAPER:.2f}"


def _ends(crossing: Crossing) -> list[str]:
    """Both ends of the turn's interval in words."""
    shares = [gain.share for gain in crossing.differences]
    return [_end(share, shares[0], shares[-1]) for share in (crossing.low, crossing.high)]


def _end(share: float, first: float, last: float) -> str:
    """An end of the interval: -inf where tuning helps nowhere, inf where it helps up to the last share."""
    if math.isfinite(share):
        return f"{share:.2f}"
    return f"before {first:.2f}" if share < 0 else f"beyond {last:.2f}"
