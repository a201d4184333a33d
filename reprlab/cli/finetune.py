"""reprlab finetune: rewritten models trained on a task's rows, and compared with the frozen ones."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from rich.markup import escape
from rich.table import Column, Table

from reprlab.cli.options.command import how, what, with_options
from reprlab.cli.options.data import DataOptions
from reprlab.cli.options.network import NetworkOptions
from reprlab.cli.options.outputs import (
    TableOutput,
    check_apart,
    check_named_by,
    check_single,
    holds_scores,
    print_files,
)
from reprlab.cli.options.pieces import check_counts, separate
from reprlab.cli.options.recipes import TrainingOptions
from reprlab.cli.options.schedules import ScheduleOptions
from reprlab.cli.terminal import bar, each_model, out, say, working
from reprlab.errors import ReprlabError
from reprlab.files import plain, slug

if TYPE_CHECKING:
    from reprlab.training.fine_tuned import Crossing, FineTuned
    from reprlab.training.recipe import Recipe

_PAPER = 0.3  # the share of layers up to which tuning helped the paper's model
_ALIASES = {"arc_challenge": "arc"}  # lm-eval's name


@dataclass(frozen=True, kw_only=True)
class TuningOptions:
    """What a model is tuned on and scored on, and in which steps."""

    shares: Annotated[
        list[str] | None,
        what(
            "--shares",
            help="Shares of the layers to skip, 0 to 1; commas or repetition. "
            "Default: 0,.1,.2,.3,.4,.5 (fig. 13).",
            callback=separate,
        ),
    ] = None
    task: Annotated[
        str, what(help="The task to train on: arc (also arc_challenge), hellaswag or winogrande.")
    ] = "arc"
    limit: Annotated[
        int | None, what(help="Documents to score, a sample of them; 1 or more. Default: all.")
    ] = None
    train_limit: Annotated[
        int | None, what(help="Rows to train on, a sample of them; 1 or more. Default: all.")
    ] = None
    rate: Annotated[float, how(help="Learning rate of the first step, above 0; it falls to 0.")] = 5e-5
    micro_batch: Annotated[
        int | None, how(help="Rows of a step in memory together, their gradients added up. Default: 8.")
    ] = None
    preset: Annotated[str, how(help="Prompts of the scored documents: paper or leaderboard.")] = "paper"

    def __post_init__(self) -> None:
        check_counts(train_limit=self.train_limit, limit=self.limit)

    @property
    def task_name(self) -> str:
        return _ALIASES.get(self.task, self.task)

    @property
    def parts(self) -> Sequence[float]:
        """The shares of the layers that are skipped."""
        from reprlab.schedules.skips import SHARES

        try:
            return [float(piece) for piece in self.shares or ()] or SHARES
        except ValueError as error:
            text = ",".join(self.shares or ())
            raise ReprlabError(f"--shares '{text}': give numbers from 0 to 1 as in 0,.1,.3") from error

    def check(self, training: TrainingOptions) -> None:
        """Refuse what is no share, no recipe and no task, before any library for them is there."""
        from reprlab.benchmarks.by_name import trained_task
        from reprlab.benchmarks.index import check_known
        from reprlab.schedules.skips import share_schedules
        from reprlab.training.recipe import micro_batch_of

        share_schedules(1, self.parts)
        micro_batch_of(self.recipe(training), self.micro_batch)
        check_known(trained_task(self.task_name), self.preset)

    def recipe(self, training: TrainingOptions) -> Recipe:
        """The recipe with the numbers given."""
        from reprlab.training.recipe import Recipe

        return Recipe(training.epochs, training.batch, self.rate, training.seed)

    def given(self, training: TrainingOptions, data: DataOptions) -> dict[str, Any]:
        """The arguments of fine-tuning, the recipe and the task's rows with them, checked."""
        parts = self.parts
        with working("opening the task"):
            from reprlab.benchmarks.by_name import open_splits

            task = open_splits(self.task_name, data_dir=data.data_dir, preset=self.preset, sample=data.sample)
        options: dict[str, Any] = {"task": task, "shares": parts, "recipe": self.recipe(training)}
        options |= {"micro_batch": self.micro_batch, "train_limit": self.train_limit, "limit": self.limit}
        where = {"checkpoints": training.checkpoints, "cache": data.cache}
        return {**options, **where, "batch_tokens": data.batch_tokens}

    @property
    def file(self) -> str:
        """The name of the table where none is given."""
        limit = "" if self.limit is None else f"-{self.limit}"
        return f"finetune-{slug(self.task_name)}{limit}.csv"


@with_options(
    without=("dtype", "device_map", "grid", "starts", "seeds", "loops", "calibration"), epochs=1, batch=64
)
def finetune(
    *,
    network: NetworkOptions,
    order: ScheduleOptions,
    tuning: TuningOptions,
    output: TableOutput,
    training: TrainingOptions,
    data: DataOptions,
) -> None:
    """Fine-tune a model under each schedule and compare it with the frozen one; finished runs are kept.

    `--out NAME.npz` writes NAME-frozen.npz and NAME-tuned.npz.

    Examples:
    reprlab finetune smollm2-135m --data-dir data --limit 400
    reprlab finetune --model tiny-llama --shares 0,.3,.5 --train-limit 100
    reprlab finetune tiny-llama --schedule "0:2 4:6" --task winogrande
    """
    training.check()
    for path in pairs_of(output.out or []):
        check_named_by("--out", path, holds_scores)
    check_apart({"--out": output.out or [], "--curves": training.curve_files})
    if order.given and tuning.shares is not None:
        raise ReprlabError("--schedule and --shares: give one of them")
    tuning.check(training)
    names = network.names()
    network.check_layers(names, order.texts)
    check_single(len(names), out=output.out, curves=training.curves, checkpoints=training.checkpoints)
    options = tuning.given(training, data)

    def one(name: str) -> Iterator[dict[str, Any]]:
        tuned = _computed(network, name, order, options, output.reports)
        crossing = tuned.crossing("u")
        if not output.as_json:
            _show(tuned, crossing)
        for path in output.out or [Path("reports") / slug(tuned.frozen.model) / tuning.file]:
            files = tuned.save(path)
            if not output.as_json:
                print_files(files)
        training.write_curves(tuned.curves_to_dataframe())
        yield _told(tuned, crossing)

    each_model(names, one, as_json=output.as_json)


def pairs_of(paths: Sequence[Path]) -> list[Path]:
    """The two files of numbers that are written for each .npz."""
    numbers = [path for path in paths if path.suffix.lower() == ".npz"]
    return [path.with_stem(f"{path.stem}-{name}") for path in numbers for name in ("frozen", "tuned")]


def _computed(
    models: NetworkOptions, name: str, order: ScheduleOptions, options: dict[str, Any], reports: Path | None
) -> FineTuned:
    """A model fine-tuned and scored under a progress bar."""
    from reprlab.training.finetuning import finetune

    network = models.load(name, dtype="float32", reports=reports)
    schedules = order.texts(network.n_layers) or None
    with bar(network.name, unit="work") as progress:
        return finetune(network, schedules, progress=progress, say=say, **options)


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
        ends = "too few" if math.isnan(u.low) else f"[{u.low:+.3f}, {u.high:+.3f}]"
        gain = f"{u.difference:+.3f} {ends}"
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
