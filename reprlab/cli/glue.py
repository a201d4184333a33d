"""glue: classifiers on a rewritten encoder, trained and scored on GLUE's tasks."""

from __future__ import annotations

import json
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
    Out,
    Trust,
    Yes,
    whole,
)
from reprlab.cli.outputs import check_apart, check_files, check_target, writing
from reprlab.cli.terminal import bar, each, loaded, out, print_json, say
from reprlab.errors import ReprlabError, unknown
from reprlab.files import slug
from reprlab.models.registry import DEVICES, expand
from reprlab.schedules.grids import GRIDS, Entry, paper_grid
from reprlab.schedules.schedule import Schedule, choose

if TYPE_CHECKING:
    from reprlab.scores.task_means import TaskMeans
    from reprlab.training.glue_scores import GlueScores


def glue(
    model: Annotated[str, typer.Option(help="An encoder: bert-large, minilm-l6, a folder; or a glob.")],
    tasks: Annotated[
        str, typer.Option(help="With commas between: cola, sst2, mrpc, stsb, qnli, rte, wnli; or all.")
    ] = "cola,sst2,mrpc,stsb,qnli,rte,wnli",
    grid: Annotated[str | None, typer.Option(help=f"The paper's: {', '.join(GRIDS)}.")] = None,
    run: Annotated[
        list[str] | None, typer.Option("--schedule", help="'0:9 [9:15]*3 15:24'; may be repeated.")
    ] = None,
    frozen: Annotated[
        bool, typer.Option("--frozen", help="Train the classifier alone, on states computed once.")
    ] = False,
    authors_dropout: Annotated[
        bool, typer.Option("--authors-dropout", help="With --frozen: leave the encoder's dropout on.")
    ] = False,
    limit: Annotated[
        int | None, typer.Option(help="Rows of each split, from the first on. Default: all.")
    ] = None,
    epochs: Epochs = 3,
    batch: BatchRows = 32,
    rate: Annotated[float | None, typer.Option(help="Learning rate. Default: 2e-5; frozen: 3e-2.")] = None,
    seed: Annotated[int, typer.Option(help="Of the new head, the order of rows, and dropout.")] = 42,
    starts: Annotated[str | None, typer.Option(help="Starts s of --grid: 5,7,9 or 5:14.")] = None,
    seeds: Annotated[int, typer.Option(help="Random orders for each start of --grid.")] = 10,
    output: Out = None,
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
    """Train a classifier on an encoder under each schedule and score it on GLUE; finished runs are kept."""
    texts = run or []
    _check(grid, texts, frozen, authors_dropout, device, output, curves, checkpoints)
    for option, value in (("--batch-tokens", batch_tokens), ("--seeds", seeds)):
        if value < 1:
            raise ReprlabError(f"{option} {value}: give 1 or more")
    chosen_starts = whole("--starts", starts)
    if grid is None and starts:
        raise ReprlabError("--starts goes with --grid: a --schedule says it all")
    parsed = [Schedule.parse(text) for text in texts]
    from reprlab.benchmarks.glue.opened import open_glue
    from reprlab.benchmarks.glue.table import TASKS
    from reprlab.models.locations import known
    from reprlab.training.glue_runs import recipe_of

    names = expand([model], known(models_dir))
    if len(names) > 1 and (output or curves or checkpoints):
        raise ReprlabError(
            f"--model stands for {len(names)} models: leave --out, --curves, --checkpoints away"
        )
    wanted = [*TASKS] if tasks == "all" else [name.strip() for name in tasks.split(",") if name.strip()]
    mode = "unfrozen" if not frozen else "authors-dropout" if authors_dropout else "frozen"
    recipe = recipe_of(mode, epochs, batch, rate, seed)
    opened = open_glue(wanted, data_dir=data_dir, limit=limit)
    rows: list[dict[str, Any]] = []

    def one(name: str) -> None:
        import reprlab as rl

        where: dict[str, Any] = {"device": device, "device_map": None, "models_dir": models_dir}
        network = loaded(name, dtype="float32", trust=trust_remote_code, yes=yes, pooled=True, **where)
        with bar(network.name, unit="work") as progress:
            made = rl.glue(
                network,
                [*_grid(grid, network.n_layers, chosen_starts, seeds), *parsed],
                opened,
                mode=mode,
                recipe=recipe,
                batch_tokens=batch_tokens,
                checkpoints=checkpoints,
                cache=cache,
                progress=progress,
                say=say,
            )
        means = rl.task_means(made.scores)
        rows.extend(json.loads(_frame(means).to_json(orient="records")))
        if not as_json:
            _show(made, means)
        parts = [
            grid or "schedules",
            "+".join(made.scores.benchmarks),
            mode,
            *([] if limit is None else [limit]),
        ]
        kept = "-".join(map(str, ["glue", *parts]))
        default = Path("reports") / slug(made.scores.model) / f"{kept}.csv"
        for path in output or [default]:
            _save(made, means, path)
            if not as_json:
                out.print(escape(str(path)), soft_wrap=True)
        if curves is not None:
            with writing(curves):
                curves.write_text(made.to_dataframe().to_csv(index=False), encoding="utf-8")

    try:
        each(names, one)
    finally:
        if as_json:
            print_json(rows)


def _check(
    grid: str | None,
    texts: list[str],
    frozen: bool,
    authors_dropout: bool,
    device: str,
    output: list[Path] | None,
    curves: Path | None,
    checkpoints: Path | None,
) -> None:
    """What can be refused before anything is loaded."""
    if grid is None and not texts:
        raise ReprlabError(f"give --grid NAME ({', '.join(GRIDS)}), or --schedule TEXT, or both")
    if grid is not None:
        choose(GRIDS, grid, "grid")
    if authors_dropout and not frozen:
        raise ReprlabError(
            "--authors-dropout goes with --frozen: unfrozen runs have the encoder's dropout on"
        )
    if checkpoints is not None:
        if frozen and not authors_dropout:
            raise ReprlabError("--checkpoints goes with unfrozen encoders: a frozen one is the model itself")
        check_target("--checkpoints", checkpoints, folder=True)
    if device not in DEVICES:
        raise unknown("device", device, DEVICES)
    check_files("--out", output or [])
    check_files("--curves", [curves] if curves else [], (".csv",))
    check_apart({"--out": output or [], "--curves": [curves] if curves else []})


def _grid(grid: str | None, layers: int, starts: list[int] | None, seeds: int) -> list[Entry]:
    return [] if grid is None else paper_grid(grid, layers, starts=starts, seeds=range(seeds))


def _frame(means: TaskMeans) -> Any:
    import pandas as pd

    about = {"model": means.scores.model, **means.scores.made_with}
    return pd.DataFrame([{**row, **{key: about[key] for key in ("model", "mode")}} for row in means.table()])


def _save(made: GlueScores, means: TaskMeans, path: Path) -> None:
    with writing(path):
        if path.suffix.lower() == ".npz":
            made.scores.save(path)
        else:
            path.write_text(_frame(means).to_csv(index=False), encoding="utf-8")


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
            say(f"warning: {name}: {lost} of {len(scores)} schedules gave NaN or infinite logits: wrong")


def _metrics(made: GlueScores, name: str) -> str:
    if name not in made.scores.benchmarks:
        return "over tasks"
    return " and ".join(metric for metric in made.scores.results(name).metrics if metric != "u")
