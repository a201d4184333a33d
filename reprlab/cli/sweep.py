"""sweep: many schedules over benchmarks, announced, shown as they run, and as a table at the end."""

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
    BatchTokens,
    CacheDir,
    DataDir,
    Device,
    DeviceMap,
    Dtype,
    ModelsDir,
    Out,
    Trust,
    Yes,
    whole,
)
from reprlab.cli.outputs import check_files, check_target, writing
from reprlab.cli.terminal import bar, each, err, loaded, out, print_json, say
from reprlab.errors import ReprlabError, unknown
from reprlab.files import slug
from reprlab.models.registry import DEVICES, DTYPES, expand
from reprlab.schedules.grids import GRIDS, Entry, paper_grid
from reprlab.schedules.schedule import Schedule, choose

if TYPE_CHECKING:
    from reprlab.network.network import Network
    from reprlab.scores.scores import Scores


def sweep(
    model: Annotated[str, typer.Option(help="A name or a glob.")],
    benchmarks: Annotated[
        str, typer.Option(help="With commas between: lambada, arc, builtin, paper; any lm-eval task; a YAML.")
    ] = "builtin",
    grid: Annotated[str | None, typer.Option(help=f"The paper's: {', '.join(GRIDS)}.")] = None,
    run: Annotated[
        list[str] | None, typer.Option("--schedule", help="'0:14 [14:19]*3 19:32'; may be repeated.")
    ] = None,
    limit: Annotated[int, typer.Option(help="Documents of each benchmark, from the first on.")] = 100,
    starts: Annotated[
        str | None, typer.Option(help="Starts s of --grid: 5,7,9 or 5:14. Default: all.")
    ] = None,
    seeds: Annotated[int, typer.Option(help="Random orders for each start of --grid.")] = 10,
    loops: Annotated[str | None, typer.Option(help="Loop counts of --grid: 1,3 or 1:29.")] = None,
    preset: Annotated[
        str, typer.Option(help="paper (0-shot, GSM8K 5, no BOS) or leaderboard (25/10/5/5).")
    ] = "paper",
    kl: Annotated[bool, typer.Option("--kl", help="Also KL to the full model, and top-1 agreement.")] = False,
    metric: Annotated[
        str | None, typer.Option(help="What the table shows; u where a benchmark lacks it. Default: acc.")
    ] = None,
    output: Out = None,
    lm_eval_json: Annotated[
        Path | None, typer.Option(help="A folder for lm-eval's own results files, one a schedule.")
    ] = None,
    max_new_tokens: Annotated[
        int, typer.Option(help="The most tokens of a generated answer, where the task does not say.")
    ] = 256,
    allow_task_code: Annotated[
        bool, typer.Option("--allow-task-code", help="Run the Python that a YAML of yours names.")
    ] = False,
    data_dir: DataDir = None,
    batch_tokens: BatchTokens = 2048,
    dtype: Dtype = "auto",
    device: Device = "auto",
    device_map: DeviceMap = None,
    models_dir: ModelsDir = None,
    cache: CacheDir = None,
    trust_remote_code: Trust = False,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Score schedules on benchmarks; what was answered before is not computed again."""
    from reprlab.models.locations import known

    texts = run or []
    _check(grid, texts, limit, seeds, dtype, device, output)
    for option, value in (("--batch-tokens", batch_tokens), ("--max-new-tokens", max_new_tokens)):
        if value < 1:
            raise ReprlabError(f"{option} {value}: give 1 or more")
    chosen = {"starts": whole("--starts", starts), "loops": whole("--loops", loops)}
    if grid is None and (starts or loops):
        raise ReprlabError(
            f"{'--starts' if starts else '--loops'} goes with --grid: a --schedule says it all"
        )
    if lm_eval_json is not None:
        check_target("--lm-eval-json", lm_eval_json, folder=True)
    parsed = [Schedule.parse(text) for text in texts]
    names = expand([model], known(models_dir))
    if output and len(names) > 1:
        raise ReprlabError(f"--out names one file, --model stands for {len(names)} models: leave --out away")
    with err.status("opening benchmarks"):
        from reprlab.benchmarks.by_name import open_benchmarks

        wanted = [name.strip() for name in benchmarks.split(",") if name.strip()]
        opened = open_benchmarks(wanted, data_dir=data_dir, preset=preset, allow_code=allow_task_code)
    metrics = dict.fromkeys(m for one in opened for m in one.metrics) | (
        {"kl": None, "agreement": None} if kl else {}
    )
    if metric is not None and metric.partition(",")[0] not in metrics:
        raise unknown("metric", metric, metrics)
    kept = f"sweep-{grid or 'schedules'}-{slug(benchmarks.replace(',', '+'))}-{limit}"
    kept += "" if preset == "paper" else f"-{preset}"
    rows: list[dict[str, Any]] = []

    def one(name: str) -> None:
        import reprlab as rl

        where: dict[str, Any] = {"device": device, "device_map": device_map, "models_dir": models_dir}
        network = loaded(name, dtype=dtype, trust=trust_remote_code, yes=yes, **where)
        with bar(network.name, unit="work") as progress:
            scores = rl.sweep(
                network,
                [*_grid(grid, network, seeds, **chosen), *parsed],
                opened,
                limit=limit,
                divergence=kl,
                max_new_tokens=max_new_tokens,
                batch_tokens=batch_tokens,
                cache=cache,
                lm_eval_json=lm_eval_json,
                progress=progress,
                say=say,
            )
        rows.extend(json.loads(scores.to_dataframe().to_json(orient="records")))
        if not as_json:
            _show(scores, metric)
        default = Path("reports") / slug(scores.model) / f"{kept}.csv"
        for path in output or [default]:
            with writing(path):
                scores.save(path)
            if not as_json:
                out.print(escape(str(path)), soft_wrap=True)

    try:
        each(names, one)
    finally:
        if as_json:
            print_json(rows)


def _check(
    grid: str | None,
    texts: list[str],
    limit: int,
    seeds: int,
    dtype: str,
    device: str,
    output: list[Path] | None,
) -> None:
    """What can be refused before anything is loaded."""
    if grid is None and not texts:
        raise ReprlabError(f"give --grid NAME ({', '.join(GRIDS)}), or --schedule TEXT, or both")
    if grid is not None:
        choose(GRIDS, grid, "grid")
    for option, value in (("--limit", limit), ("--seeds", seeds)):
        if value < 1:
            raise ReprlabError(f"{option} {value}: give 1 or more")
    for kind, name, allowed in (("dtype", dtype, ("auto", *DTYPES)), ("device", device, DEVICES)):
        if name not in allowed:
            raise unknown(kind, name, allowed)
    check_files("--out", output or [])


def _grid(
    grid: str | None, network: Network, seeds: int, starts: list[int] | None, loops: list[int] | None
) -> list[Entry]:
    if grid is None:
        return []
    return paper_grid(grid, network.n_layers, starts=starts, seeds=range(seeds), loops=loops)


def _show(scores: Scores, asked: str | None) -> None:
    """A row an entry, a random order's seeds together; a column a benchmark; the medians of R."""
    known = dict.fromkeys(m for results in scores.benchmarks.values() for m in results.metrics)
    metric = asked or "acc"
    shown = {name: metric if metric in r.metrics else r.default for name, r in scores.benchmarks.items()}
    medians = {of: scores.normalised(of) for of in ("acc", "u") if of in known}
    heads = [f"{name}\n{of}" for name, of in shown.items()] + [f"median R\nof {of}" for of in medians]
    columns = [Column(escape(head), overflow="fold") for head in heads]
    table = Table("schedule", *columns, box=None, header_style="bold")
    frame = scores.pooled()
    for row, places in enumerate(scores.rows):
        found = frame[frame["row"] == row]
        cells = {r.benchmark: _cell(r) for r in found.itertuples() if r.metric == shown[str(r.benchmark)]}
        values = [float(shares["median"][row]) for shares in medians.values()]
        ends = ["" if math.isnan(value) else f"{value:.3f}" for value in values]
        first, *others = places
        orders = f" ({len(places)} orders)" if others else ""
        label = scores.entries[first].label + orders
        table.add_row(escape(label), *(cells[name] for name in shown), *ends)
    out.print(f"{escape(scores.model)} ({escape(scores.note)}), {scores.dtype}", soft_wrap=True)
    out.print(table)
    if any(len(places) > 1 for places in scores.rows):
        say("± is the standard error over documents; behind a semicolon the spread over orders")
    for of, shares in medians.items():
        there = str(shares["of"][0])
        few = "" if "," in there else ", which is too few for a median"
        say(f"R of {of} (0: guessing, 1: the full model) over {there or 'no benchmark'}{few}")
        for name in (n for n, r in scores.benchmarks.items() if of not in r.metrics):
            say(f"note: {name} has no {of}: it has {', '.join(scores.benchmarks[name].metrics)}")
        for name, reason in scores.undecided(of).items():
            say(f"note: {name} has no R of {of}: {reason}")
    for name, results in scores.benchmarks.items():
        lost = int((results.nonfinite > 0).sum())
        if lost:
            which = f"{lost} of {len(scores)} schedules gave NaN or infinite answers"
            say(f"warning: {name}: {which}; those count as wrong")


def _cell(row: Any) -> str:
    """A value with its documents' standard error; behind a semicolon the seeds' own spread."""
    digits = 3 if abs(row.value) < 100 else 1 if abs(row.value) < 1e5 else None
    text = f"{row.value:.3g}" if digits is None else f"{row.value:.{digits}f}"
    error = f"{row.stderr:.2g}" if digits is None else f"{row.stderr:.{digits}f}"
    seeds = f"; {row.seed_sd:.{digits or 3}f}" if row.seeds > 1 and digits is not None else ""
    return f"{text} ± {error}{seeds}"
