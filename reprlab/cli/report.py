"""report and figures: every figure of the paper, and its eight questions answered from the numbers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape

from reprlab.cli.captures import with_options
from reprlab.cli.options import (
    BatchTokens,
    CacheDir,
    DataDir,
    Device,
    DeviceMap,
    Dtype,
    Force,
    ModelsDir,
    Trust,
    Yes,
    whole,
)
from reprlab.cli.outputs import check_folder
from reprlab.cli.terminal import bar, each, err, loaded, out, say
from reprlab.errors import ReprlabError, unknown
from reprlab.models.registry import DEVICES, DTYPES, expand

if TYPE_CHECKING:
    from reprlab.captures.corpora import Corpus
    from reprlab.network.network import Network
    from reprlab.reports.gather import Workspace
    from reprlab.reports.settings import ReportSettings

_FOUR = ("lambada", "hellaswag", "arc", "winogrande")
_OPTIONS = {"window_limit": "windows", "precise_limit": "precise", "tuned_limit": "fine-tune"}
_SIZES: dict[str, dict[str, Any]] = {
    "quick": {"documents": 24, "limit": 40, "seeds": 2, "every": 3},
    "": {
        "documents": 100,
        "limit": 100,
        "seeds": 3,
        "loops": (1, 2, 3, 4, 6, 8, 12, 16, 20, 24, 28),
        "loop_limit": 40,
    },
    "full": {
        **{"documents": 100, "limit": 400, "seeds": 10, "loops": tuple(range(1, 29)), "loop_limit": 400},
        **{"window_limit": 100, "precise_limit": 100, "tuned_limit": 400},
    },
}


@dataclass(frozen=True)
class ReportRun:
    """What runs, and where: everything that `report` and `figures` are asked for."""

    models: tuple[str, ...]
    size: str
    chosen: dict[str, Any]
    out: Path
    workspace: Workspace
    load: Callable[..., Network]
    models_dir: Path | None
    dtype: str
    asked: tuple[str, ...] = ()

    @property
    def corpus(self) -> Corpus:
        from reprlab.captures.corpora import corpus

        return corpus(self.chosen["corpus"], data_dir=self.workspace.data_dir)

    def names(self) -> list[str]:
        """The models asked for."""
        from reprlab.models.locations import known

        if not self.models:
            raise ReprlabError("give --model NAME, as in `reprlab report --model smollm2-135m --quick`")
        return expand(self.models, known(self.models_dir))

    def settings(self, layers: int) -> ReportSettings:
        """What runs on a model of so many layers."""
        from reprlab.reports.settings import ReportSettings, quick_starts

        few = {"starts": quick_starts(layers)} if self.size == "quick" else {}
        given: dict[str, Any] = {**_SIZES[self.size], **few, **self.chosen}
        if "loop_limit" in given and "loop_limit" not in self.chosen:
            given["loop_limit"] = min(given["loop_limit"], given["limit"])
        return ReportSettings(**given)

    def check(self) -> None:
        """What can be refused before anything is loaded."""
        from reprlab.benchmarks.by_name import open_benchmarks, open_splits
        from reprlab.benchmarks.glue.opened import open_glue
        from reprlab.reports.gather import FINE_TUNED_ON

        settings = self.settings(32)
        self.corpus.count(min(settings.documents, len(self.corpus)))
        with err.status("opening benchmarks"):
            opened = open_benchmarks(
                settings.benchmarks, data_dir=self.workspace.data_dir, preset=self.workspace.preset
            )
            if settings.glue:
                open_glue(settings.glue, data_dir=self.workspace.data_dir, limit=settings.glue_limit)
            if settings.tuned_limit:
                open_splits(FINE_TUNED_ON, data_dir=self.workspace.data_dir, preset=self.workspace.preset)
        names = [one.name for one in opened]
        few = [("--precise-on", name) for name in (settings.precise_on,) if name]
        for option, name in [*few, *(("--single-on", name) for name in settings.single_on)]:
            if name not in names:
                raise unknown(f"benchmark of {option}", name, names)
        check_folder("--out", self.out)


def _run(
    model: Annotated[list[str] | None, typer.Option(help="A name or a glob; may be repeated.")] = None,
    quick: Annotated[
        bool,
        typer.Option(
            "--quick", help="40 documents of each benchmark, three starts, every third layer alone."
        ),
    ] = False,
    full: Annotated[
        bool, typer.Option("--full", help="All of the paper: 400 documents, every start, 10 seeds, 28 loops.")
    ] = False,
    benchmarks: Annotated[
        str | None,
        typer.Option(
            help="With commas between. Default: with --data-dir or --full the paper's, else builtin."
        ),
    ] = None,
    corpus: Annotated[
        str | None, typer.Option("--corpus", help="Texts to capture. Default: likewise lambada or builtin.")
    ] = None,
    documents: Annotated[
        int | None, typer.Option(help="Texts to capture. Default: 100 (--quick: 24).")
    ] = None,
    limit: Annotated[
        int | None, typer.Option(help="Documents of each benchmark. Default: 100 (--quick: 40, --full: 400).")
    ] = None,
    starts: Annotated[
        str | None, typer.Option(help="Starts s: 5,7,9 or 5:15. Default: all (--quick: three).")
    ] = None,
    seeds: Annotated[
        int | None, typer.Option(help="Random orders a start. Default: 3 (--quick: 2, --full: 10).")
    ] = None,
    loops: Annotated[
        str | None, typer.Option(help="Counts of fig. 10: 1,3 or 1:29. Default: eleven (--quick: none).")
    ] = None,
    loop_limit: Annotated[
        int | None,
        typer.Option(help="Documents for fig. 10; 0 leaves it out. Default: 40 (--full: 400)."),
    ] = None,
    single_on: Annotated[
        str | None, typer.Option(help="Benchmarks of figs. 2 and 17, to save time. Default: all.")
    ] = None,
    windows: Annotated[
        int | None, typer.Option(help="Documents for every window of layers. Default: 0, none (--full: 100).")
    ] = None,
    precise: Annotated[
        int | None, typer.Option(help="Documents swept in float32, too. Default: 0, none (--full: 100).")
    ] = None,
    precise_on: Annotated[
        str | None, typer.Option(help="The benchmark of --precise. Default: the last.")
    ] = None,
    glue: Annotated[
        str | None, typer.Option(help="GLUE tasks for encoders: rte,sst2 or all. Default: none.")
    ] = None,
    glue_limit: Annotated[
        int | None, typer.Option(help="Rows of each split of a GLUE task. Default: all.")
    ] = None,
    trained_starts: Annotated[
        str | None, typer.Option(help="Starts at which an encoder is trained as a whole, too. Default: none.")
    ] = None,
    trained_variants: Annotated[
        str | None, typer.Option(help="Of --trained-starts only these: skip,parallel. Default: all.")
    ] = None,
    fine_tune: Annotated[
        int | None, typer.Option(help="Documents of ARC for fig. 13. Default: 0, none (--full: 400).")
    ] = None,
    scores: Annotated[
        list[Path] | None,
        typer.Option(help="An .npz of `sweep --out` or of a report: what it holds is not run. Repeatable."),
    ] = None,
    example: Annotated[
        str | None, typer.Option(help="Question of fig. 16: gsm8k or builtin. Default: gsm8k if it is there.")
    ] = None,
    preset: Annotated[str, typer.Option(help="paper (0-shot, no BOS) or leaderboard.")] = "paper",
    output: Annotated[Path, typer.Option("--out", help="The folder of reports.")] = Path("reports"),
    data_dir: DataDir = None,
    batch_tokens: BatchTokens = 2048,
    dtype: Dtype = "auto",
    device: Device = "auto",
    device_map: DeviceMap = None,
    models_dir: ModelsDir = None,
    cache: CacheDir = None,
    trust_remote_code: Trust = False,
    force: Force = False,
    yes: Yes = False,
) -> ReportRun:
    """The options of `report` and `figures`, as a value."""
    from reprlab.reports.example import EXAMPLES
    from reprlab.reports.gather import Workspace

    if quick and full:
        raise ReprlabError("--quick and --full: give one of them, or neither")
    for kind, name, allowed in (("dtype", dtype, ("auto", *DTYPES)), ("device", device, DEVICES)):
        if name not in allowed:
            raise unknown(kind, name, allowed)
    if batch_tokens < 1:
        raise ReprlabError(f"--batch-tokens {batch_tokens}: give 1 or more")
    for option, folder in (("--data-dir", data_dir), ("--models-dir", models_dir)):
        if folder is not None and not folder.is_dir():
            raise ReprlabError(f"{option} '{folder}' is no folder")
    if example is not None and example not in EXAMPLES:
        raise unknown("example", example, EXAMPLES)
    if benchmarks is not None and not _split(benchmarks):
        raise ReprlabError("--benchmarks '' names none: write them with commas between, or leave it away")
    if trained_variants is not None and not _split(trained_variants):
        raise ReprlabError("--trained-variants '' names none: write them with commas between")
    for path in scores or ():
        if not path.is_file():
            raise ReprlabError(f"--scores '{path}': there is no such file")
    if corpus == "benchmarks":
        raise ReprlabError("a report takes one corpus, 'benchmarks' stands for several: name one of them")
    paper = data_dir is not None or full
    chosen: dict[str, Any] = {
        "benchmarks": _split(benchmarks) or (_FOUR if paper else ("builtin",)),
        "corpus": corpus or ("lambada" if paper else "builtin"),
    }
    asked: dict[str, Any] = {
        "documents": documents,
        "limit": limit,
        "starts": whole("--starts", starts),
        "seeds": seeds,
        "loops": whole("--loops", loops),
        "loop_limit": loop_limit,
        "single_on": _split(single_on),
        "window_limit": windows,
        "precise_limit": precise,
        "precise_on": precise_on,
        "glue": _tasks(glue),
        "glue_limit": glue_limit,
        "trained_starts": whole("--trained-starts", trained_starts),
        "trained_variants": _split(trained_variants),
        "tuned_limit": fine_tune,
        "example": example,
    }
    given = {"benchmarks": benchmarks, "corpus": corpus, **asked}
    chosen |= {key: tuple(v) if isinstance(v, list) else v for key, v in asked.items() if v is not None}
    where: dict[str, Any] = {"device": device, "device_map": device_map, "models_dir": models_dir}
    return ReportRun(
        models=tuple(model or ()),
        size="quick" if quick else "full" if full else "",
        chosen=chosen,
        out=output,
        workspace=Workspace(cache, data_dir, preset, batch_tokens, force, tuple(scores or ())),
        load=partial(loaded, trust=trust_remote_code, yes=yes, pooled=True, **where),
        models_dir=models_dir,
        dtype=dtype,
        asked=tuple(key for key, value in given.items() if value is not None),
    )


on_report = partial(with_options, _run)


def _tasks(text: str | None) -> tuple[str, ...] | None:
    """GLUE tasks by name, checked; `all` stands for every one."""
    from reprlab.benchmarks.glue.table import TASKS

    names = tuple(TASKS) if text == "all" else _split(text)
    if text is not None and not names:
        raise ReprlabError("--glue '' names none: write them with commas between, or leave it away")
    for name in names or ():
        if name not in TASKS:
            raise unknown("GLUE task", name, [*TASKS, "all"])
    return names


def _split(text: str | None) -> tuple[str, ...] | None:
    """The names between commas."""
    return None if text is None else tuple(name.strip() for name in text.split(",") if name.strip())


@on_report
def report(
    run: ReportRun,
    from_numbers: Annotated[
        bool,
        typer.Option("--from-numbers", help="Only draw again, from the JSON in --out: no model, no cache."),
    ] = False,
) -> None:
    """Run what is missing, draw every figure, judge the paper's eight questions, and write index.html."""
    from reprlab.reports.reporting import report

    if from_numbers:
        _redraw(run)
        return
    names = run.names()
    run.check()

    def one(name: str) -> None:
        network = run.load(name, dtype=run.dtype)
        _left(run.settings(network.n_layers), network.n_layers)
        with bar(f"report on {network.name}", unit="work") as progress:
            index = report(
                network,
                run.settings(network.n_layers),
                folder=run.out,
                corpus=run.corpus,
                workspace=run.workspace,
                precise=lambda: run.load(name, dtype="float32"),
                progress=progress,
                say=say,
            )
        _show(index)

    each(names, one)
    out.print(f"over all models: {escape(str(run.out / 'index.html'))}", soft_wrap=True)


def _left(settings: ReportSettings, layers: int) -> None:
    """Say which of the starts asked for the model does not have."""
    starts = set(settings.starts or ())
    some = {"--starts": starts} if starts & {*settings.starts_of(layers)} else {}
    for option, asked in {**some, "--trained-starts": {*settings.trained_starts}}.items():
        if left := sorted(asked - {*range(layers // 2)}):
            none = f"{', '.join(map(str, left))} leave no middle in {layers} layers"
            say(f"note: {option}: {none}, and are left out")


def _show(index: Path) -> None:
    """Print the eight claims as judged, the figures left out, and where the page is."""
    from reprlab.reports.write import told

    run, verdicts = told(index.parent)
    for verdict in verdicts:
        out.print(f"{verdict['number']}. {escape(verdict['sentence'])}", soft_wrap=True)
    for name, why in run["left_out"].items():
        say(f"note: {name} is left out: {why}")
    out.print(escape(str(index)), soft_wrap=True)


def _redraw(run: ReportRun) -> None:
    from reprlab.reports.write import compare, home, members, redraw

    if run.asked:
        options = ", ".join(f"--{_OPTIONS.get(key, key).replace('_', '-')}" for key in run.asked)
        raise ReprlabError(f"--from-numbers draws what is there: leave {options} away")
    there = members(run.out)
    wanted = [home(run.out, name) for name in run.names()] if run.models else there
    if not wanted:
        raise ReprlabError(
            f"--from-numbers: there is no report in '{run.out}'; `reprlab report --model NAME` makes one"
        )
    for folder in wanted:
        if folder not in there:
            known = ", ".join(path.name for path in there) or "none"
            raise ReprlabError(f"--from-numbers: there is no report in '{folder}'; there are: {known}")
        out.print(escape(str(redraw(folder))), soft_wrap=True)
    out.print(escape(str(compare(run.out))), soft_wrap=True)
