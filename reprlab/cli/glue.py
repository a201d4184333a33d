"""reprlab glue: classifiers on a rewritten encoder, trained and scored on GLUE's tasks."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from rich.markup import escape
from rich.table import Column, Table

from reprlab.cli.options.command import how, what, with_options
from reprlab.cli.options.data import DataOptions
from reprlab.cli.options.network import NetworkOptions
from reprlab.cli.options.outputs import TableOutput, check_apart, check_single, print_files
from reprlab.cli.options.pieces import separate
from reprlab.cli.options.recipes import TrainingOptions
from reprlab.cli.options.schedules import ScheduleOptions
from reprlab.cli.options.tasks import glue_tasks
from reprlab.cli.terminal import bar, each_model, out, say
from reprlab.counts import counted
from reprlab.errors import ReprlabError
from reprlab.files import csv_of, slug, write_result

if TYPE_CHECKING:
    from reprlab.benchmarks.glue.rows import Glue
    from reprlab.scores.task_means import TaskMeans
    from reprlab.training.glue_scores import GlueScores
    from reprlab.training.recipe import Recipe


@dataclass(frozen=True, kw_only=True)
class GlueOptions:
    """Which GLUE tasks score the schedules, and which part of the encoder is trained for them."""

    tasks: Annotated[
        list[str] | None,
        what(
            "--tasks",
            help="cola, sst2, mrpc, stsb, qnli, rte, wnli, or all; commas or repetition. Default: all.",
            callback=separate,
        ),
    ] = None
    frozen: Annotated[bool, what("--frozen", help="Train the classifier alone, on states computed once.")] = (
        False
    )
    limit: Annotated[
        int | None, what(help="Rows of each split, a sample of them; 1 or more. Default: all.")
    ] = None
    authors_dropout: Annotated[
        bool, how("--authors-dropout", help="With --frozen: leave the encoder's dropout on.")
    ] = False
    rate: Annotated[float | None, how(help="Learning rate, above 0. Default: 2e-5, with --frozen 3e-2.")] = (
        None
    )

    def __post_init__(self) -> None:
        if self.authors_dropout and not self.frozen:
            raise ReprlabError(
                "--authors-dropout goes with --frozen: unfrozen runs have the encoder's dropout on"
            )

    @property
    def mode(self) -> str:
        return "unfrozen" if not self.frozen else "authors-dropout" if self.authors_dropout else "frozen"

    def recipe(self, training: TrainingOptions) -> Recipe:
        """The recipe of the mode, with the numbers given."""
        from reprlab.training.recipe import recipe_of

        if training.checkpoints is not None and self.mode == "frozen":
            raise ReprlabError("--checkpoints goes with unfrozen encoders: a frozen one is the model itself")
        return recipe_of(self.mode, training.epochs, training.batch, self.rate, training.seed)

    def opened(self, data: DataOptions) -> list[Glue]:
        """The tasks, opened."""
        from reprlab.benchmarks.glue.opened import open_glue

        return open_glue(
            glue_tasks(self.tasks or ["all"]), data_dir=data.data_dir, limit=self.limit, sample=data.sample
        )

    def file(self, grid: str | None, tasks: Iterable[str]) -> str:
        """The name of the table where none is given."""
        limit = "" if self.limit is None else f"-{self.limit}"
        return f"glue-{grid or 'schedules'}-{'+'.join(tasks)}-{self.mode}{limit}.csv"


@with_options(without=("dtype", "device_map", "loops", "calibration"))
def glue(
    *,
    network: NetworkOptions,
    order: ScheduleOptions,
    scored: GlueOptions,
    output: TableOutput,
    training: TrainingOptions,
    data: DataOptions,
) -> None:
    """Train a classifier on an encoder under each schedule and score it on GLUE; finished runs are kept.

    Examples:
    reprlab glue minilm-l6 --tasks rte,sst2 --grid fig11 --frozen
    reprlab glue bert-large --schedule "0:9 [9:15]*3 15:24" --curves a.csv
    reprlab glue --model tiny-bert --tasks rte --schedules mine.txt --limit 100
    """
    order.require()
    training.check()
    check_apart({"--out": output.out or [], "--curves": training.curve_files})
    glue_tasks(scored.tasks or ["all"])
    names = network.names()
    network.check_layers(names, order.entries)
    check_single(len(names), out=output.out, curves=training.curves, checkpoints=training.checkpoints)
    reports = output.reports
    options: dict[str, Any] = {"mode": scored.mode, "recipe": scored.recipe(training)}
    options |= {"checkpoints": training.checkpoints, "batch_tokens": data.batch_tokens, "cache": data.cache}
    opened = scored.opened(data)

    def one(name: str) -> Iterator[dict[str, Any]]:
        trained = _computed(network, name, order, opened, options, reports)
        means = _means(trained)
        if not output.as_json:
            _show(trained, means)
        default = scored.file(order.grid, trained.scores.benchmarks)
        paths = output.out or [Path("reports") / slug(trained.scores.model) / default]
        for path in paths:
            _save(trained, means, path)
        if not output.as_json:
            print_files(paths)
        training.write_curves(trained.to_dataframe())
        yield from json.loads(_frame(means).to_json(orient="records"))

    each_model(names, one, as_json=output.as_json)


def _computed(
    models: NetworkOptions,
    name: str,
    order: ScheduleOptions,
    opened: list[Glue],
    options: dict[str, Any],
    reports: Path | None,
) -> GlueScores:
    """The classifiers of a model, trained and scored under a progress bar."""
    import reprlab as rl

    network = models.load(name, dtype="float32", pooled=True, reports=reports)
    schedules = order.entries(network.n_layers)
    with bar(network.name, unit="work") as progress:
        return rl.glue(network, schedules, opened, progress=progress, say=say, **options)


def _means(trained: GlueScores) -> TaskMeans:
    import reprlab as rl

    return rl.task_means(trained.scores)


def _frame(means: TaskMeans) -> Any:
    import pandas as pd

    about = {"model": means.scores.model, **means.scores.made_with}
    return pd.DataFrame([{**row, **{key: about[key] for key in ("model", "mode")}} for row in means.table()])


def _save(made: GlueScores, means: TaskMeans, path: Path) -> None:
    if path.suffix.lower() == ".npz":
        made.scores.save(path)
    else:
        write_result(path, {".csv": lambda: csv_of(_frame(means))}, "means over tasks")


def _show(made: GlueScores, means: TaskMeans) -> None:
    """A row a schedule, a random order's seeds together; a column a task; the mean, and how far from full."""
    scores, table = made.scores, means.table()
    names = [*means.tasks, *(["mean"] if len(means.tasks) > 1 else [])]
    heads = [f"{name}\n{_metrics(made, name)}" for name in names]
    columns = [Column(escape(head), overflow="fold") for head in (*heads, f"{names[-1]}\nless full")]
    shown = Table("schedule", *columns, box=None, header_style="bold")
    for row, places in enumerate(scores.rows):
        cells = {r["benchmark"]: r for r in table[row * len(names) : (row + 1) * len(names)]}
        first, *others = places
        label = scores.entries[first].label + (f" ({len(places)} orders)" if others else "")
        last = cells[names[-1]]
        gain = "" if not row else f"{last['gain']:+.3f} [{last['gain_low']:+.3f}, {last['gain_high']:+.3f}]"
        above = " above full" if row and last["gain_low"] > 0 else ""
        values = [f"{cells[name]['score']:.3f}" for name in names]
        shown.add_row(escape(label), *values, escape(gain) + above)
    floors = [f"{floor:.3f}" for floor in means.floors] + ([f"{means.floor:.3f}"] if len(names) > 1 else [])
    shown.add_row("always the largest class", *floors[: len(names)], "", style="dim")
    out.print(f"{escape(scores.model)} ({escape(scores.note)}), {scores.made_with['mode']}", soft_wrap=True)
    out.print(shown)
    said = "less full: of the mean over tasks" if len(names) > 1 else f"less full: of {names[0]}"
    say(f"{said}, with its 95 % interval (paired bootstrap over held-out rows)")
    for name, results in scores.benchmarks.items():
        lost = int((results.nonfinite > 0).sum())
        if lost:
            whole = counted(len(scores), "schedule")
            say(f"warning: {name}: {lost} of {whole} gave NaN or infinite logits: wrong")


def _metrics(made: GlueScores, name: str) -> str:
    if name not in made.scores.benchmarks:
        return "over tasks"
    return " and ".join(metric for metric in made.scores.results(name).metrics if metric != "u")
