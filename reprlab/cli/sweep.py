"""reprlab sweep: many schedules over benchmarks, announced, shown as they run, and as a table at the end."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from rich.markup import escape
from rich.table import Column, Table

from reprlab.cli.options.command import how, what, where, with_options, writes
from reprlab.cli.options.data import DataOptions
from reprlab.cli.options.network import NetworkOptions
from reprlab.cli.options.outputs import TableOutput, check_single, check_target, print_files
from reprlab.cli.options.pieces import check_counts, limits, separate
from reprlab.cli.options.schedules import ScheduleOptions
from reprlab.cli.terminal import bar, each_model, out, say, working
from reprlab.counts import counted
from reprlab.errors import unknown
from reprlab.files import slug
from reprlab.sampled import SEED
from reprlab.scores.cells import with_ends

if TYPE_CHECKING:
    from reprlab.benchmarks.opened import Opened
    from reprlab.scores.scores import Scores


@dataclass(frozen=True, kw_only=True)
class BenchmarkOptions:
    """Which benchmarks score the schedules, how they ask, and what is shown of their metrics."""

    benchmarks: Annotated[
        list[str] | None,
        what(
            "--benchmarks",
            help="lambada, arc, builtin, paper ..., any lm-eval task or a YAML; commas or repetition. "
            "Default: builtin.",
            callback=separate,
        ),
    ] = None
    limit: Annotated[
        list[str] | None,
        what(
            "--limit",
            help="Documents of each benchmark, a sample of them; 1 or more. NAME=NUMBER for one of them, as "
            "in 400,gsm8k_nll=64. Default: 100.",
            callback=separate,
        ),
    ] = None
    preset: Annotated[
        str, how(help="Prompts: paper (0-shot, GSM8K 5, no BOS) or leaderboard (25/10/5/5).")
    ] = "paper"
    keep_all: Annotated[
        bool, how("--keep-all", help="Keep benchmarks on which the full model is at chance in the grid.")
    ] = False
    kl: Annotated[bool, how("--kl", help="Add KL to the full model, and top-1 agreement.")] = False
    max_new_tokens: Annotated[
        int, how(help="Most tokens of a generated answer, where the task does not say; 1 or more.")
    ] = 256
    allow_task_code: Annotated[
        bool, where("--allow-task-code", help="Run the Python that a YAML of yours names.")
    ] = False
    metric: Annotated[
        str | None, writes(help="The table's metric; u where a benchmark lacks it. Default: acc.")
    ] = None
    lm_eval_json: Annotated[
        Path | None, writes(help="A folder for lm-eval's own results files, one a schedule.")
    ] = None

    def __post_init__(self) -> None:
        check_counts(max_new_tokens=self.max_new_tokens)
        _ = self.limits
        if self.lm_eval_json is not None:
            check_target("--lm-eval-json", self.lm_eval_json, folder=True)

    @property
    def limits(self) -> tuple[int, dict[str, int]]:
        """The documents of each benchmark, and of those that have a number of their own."""
        every, own = limits("--limit", self.limit)
        return every or 100, own

    @property
    def names(self) -> list[str]:
        return self.benchmarks or ["builtin"]

    def check(self, cache: Path | None) -> None:
        """Refuse names that are no benchmarks, before any library for them is there."""
        from reprlab.benchmarks.index import check_known

        check_known(self.names, self.preset, cache)

    def opened(self, data: DataOptions) -> list[Opened]:
        """The benchmarks, opened; refuses a metric that none of them has."""
        with working("opening benchmarks"):
            from reprlab.benchmarks.by_name import open_benchmarks

            asked: dict[str, Any] = {"preset": self.preset, "allow_code": self.allow_task_code}
            asked |= {"data_dir": data.data_dir, "cache": data.cache, "sample": data.sample, "say": say}
            opened = open_benchmarks(self.names, **asked)
        metrics = dict.fromkeys(name for one in opened for name in one.metrics)
        metrics |= {"kl": None, "agreement": None} if self.kl else {}
        if self.metric is not None and self.metric.partition(",")[0] not in metrics:
            raise unknown("metric", self.metric, metrics)
        return opened

    def given(self, opened: Sequence[Opened]) -> dict[str, Any]:
        """The arguments of a sweep over some benchmarks."""
        from reprlab.sweeps.limits import check_limits, with_own

        (every, own), names = self.limits, [one.name for one in opened]
        check_limits(own, names)
        limit = with_own(every, own, names)
        options = {"limit": limit, "divergence": self.kl, "max_new_tokens": self.max_new_tokens}
        return {**options, "lm_eval_json": self.lm_eval_json, "keep_all": self.keep_all}

    def file(self, grid: str | None, sample: int | None) -> str:
        """The name of the table where none is given: other benchmarks, documents or prompts have another."""
        preset = "" if self.preset == "paper" else f"-{self.preset}"
        drawn = "-first" if sample is None else f"-seed{sample}" if sample != SEED else ""
        every, own = self.limits
        limit = slug("+".join([str(every), *(f"{name}-{count}" for name, count in own.items())]))
        return f"sweep-{grid or 'schedules'}-{slug('+'.join(self.names))}-{limit}{drawn}{preset}.csv"


@with_options()
def sweep(
    *,
    network: NetworkOptions,
    order: ScheduleOptions,
    scored: BenchmarkOptions,
    data: DataOptions,
    output: TableOutput,
) -> None:
    """Score schedules on benchmarks; answers that are there are not computed again.

    Examples:
    reprlab sweep tiny-neox --grid fig11 --starts 1,2 --limit 8
    reprlab sweep tiny-neox --schedule "0:2 4:6" --benchmarks builtin_cloze
    reprlab sweep --model smollm2-135m --benchmarks lambada,arc --grid paper
    """
    order.require()
    names = network.names()
    check_single(len(names), out=output.out)
    scored.check(data.cache)
    network.check_layers(names, order.entries)
    opened = scored.opened(data)
    options = {**scored.given(opened), "batch_tokens": data.batch_tokens, "cache": data.cache}

    def one(name: str) -> Iterator[dict[str, Any]]:
        scores = _computed(network, name, order, opened, options, output.reports)
        if not output.as_json:
            _show(scores, scored.metric)
        paths = output.out or [Path("reports") / slug(scores.model) / scored.file(order.grid, data.sample)]
        for path in paths:
            scores.save(path)
        if not output.as_json:
            print_files(paths)
        yield from json.loads(scores.to_dataframe().to_json(orient="records"))

    each_model(names, one, as_json=output.as_json)


def _computed(
    models: NetworkOptions,
    name: str,
    order: ScheduleOptions,
    opened: list[Opened],
    options: dict[str, Any],
    reports: Path | None,
) -> Scores:
    """The scores of a model, under a progress bar."""
    import reprlab as rl

    network = models.load(name, reports=reports)
    schedules = order.entries(network.n_layers)
    with bar(network.name, unit="work") as progress:
        return rl.sweep(network, schedules, opened, progress=progress, say=say, **options)


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
        cells_of_row = frame[frame["row"] == row]
        cells = {
            r.benchmark: _cell(r) for r in cells_of_row.itertuples() if r.metric == shown[str(r.benchmark)]
        }
        values = [float(shares["median"][row]) for shares in medians.values()]
        ends = ["" if math.isnan(value) else f"{value:.3f}" for value in values]
        first, *others = places
        orders = f" ({len(places)} orders)" if others else ""
        label = scores.entries[first].label + orders
        table.add_row(escape(label), *(cells[name] for name in shown), *ends)
    out.print(f"{escape(scores.model)} ({escape(scores.note)}), {scores.dtype}", soft_wrap=True)
    out.print(table)
    if any(len(places) > 1 for places in scores.rows):
        say("± is the standard error over documents; after a semicolon stands the spread over orders")
    if "perplexity" in shown.values():
        say("brackets are the 95 % interval of a perplexity over documents, taken on the log scale")
    for of, shares in medians.items():
        there = str(shares["of"][0])
        alone = "" if "," in there else ", the only one that has it" if there else ""
        over = f"over {there}{alone}" if there else "is on no benchmark"
        say(f"R of {of} (0: the best baseline without a model, 1: the full model) {over}")
        for name in (n for n, r in scores.benchmarks.items() if of not in r.metrics):
            say(f"note: {name} has no {of}: it has {', '.join(scores.benchmarks[name].metrics)}")
        for name, reason in scores.undecided(of).items():
            say(f"note: {name} has no R of {of}: {reason}")
        for line in _floors(scores, of):
            say(line)
    for name, results in scores.benchmarks.items():
        lost = int((results.nonfinite > 0).sum())
        if lost:
            which = f"{lost} of {counted(len(scores), 'schedule')} gave NaN or infinite answers"
            say(f"warning: {name}: {which}; those count as wrong")


def _floors(scores: Scores, metric: str) -> Iterator[str]:
    """What R of a metric is measured from, a line a benchmark; of floors that were measured."""
    for name, results in scores.benchmarks.items():
        if metric in results.metrics and (chosen := results.floor_baseline(metric)):
            yield f"floor of {metric} on {name}: {results.guess(metric):.3f}, from the baseline: {chosen}"


def _cell(row: Any) -> str:
    """A value with its standard error over documents, a perplexity with its interval; seeds' spread."""
    if math.isnan(row.value):
        return ""
    if row.metric == "perplexity":
        return escape(with_ends(row))
    digits = 3 if abs(row.value) < 100 else 1 if abs(row.value) < 1e5 else None
    text = f"{row.value:.3g}" if digits is None else f"{row.value:.{digits}f}"
    error = f"{row.stderr:.2g}" if digits is None else f"{row.stderr:.{digits}f}"
    seeds = f"; {row.seed_sd:.{digits or 3}f}" if row.seeds > 1 and digits is not None else ""
    return f"{text} ± {error}{seeds}"
