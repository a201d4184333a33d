"""Gathering: run what a report lacks, capture and sweep, and compare; everything resumes where it was."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from reprlab.benchmarks.by_name import open_benchmarks, open_splits
from reprlab.benchmarks.glue.opened import open_glue
from reprlab.captures.corpora import Corpus
from reprlab.errors import ReprlabError
from reprlab.network.network import Network
from reprlab.progress import Progress, Say, Stages
from reprlab.reports.calibrated import calibrated
from reprlab.reports.data_sources import DataSource, of_benchmark, of_glue
from reprlab.reports.example import example
from reprlab.reports.reused import DOCUMENT, SweepTask, taken_from
from reprlab.reports.settings import FINE_TUNED_ON, ReportSettings
from reprlab.reports.sheet import RunLog
from reprlab.reports.states import CaptureTask
from reprlab.reports.workspace import Workspace
from reprlab.schedules.grids import Entry, labelled, paper_grid
from reprlab.schedules.plan import Plan
from reprlab.scores.scores import Scores
from reprlab.sweeps.limits import check_limits, with_own
from reprlab.sweeps.sweeping import sweep
from reprlab.training.fine_tuned import FineTuned
from reprlab.training.finetuning import finetune
from reprlab.training.gluing import glue
from reprlab.verdicts.evidence import PARTS, SWEPT, Evidence, Example

if TYPE_CHECKING:
    from reprlab.benchmarks.opened import Opened
    from reprlab.benchmarks.training_rows import Splits

_ROWS = 5000  # of a GLUE task, before they are read: for the time left only


def gather(
    network: Network,
    corpora: Corpus | Sequence[Corpus],
    settings: ReportSettings,
    workspace: Workspace,
    *,
    parts: Collection[str] = PARTS,
    precise: Callable[[], Network] | None = None,
    progress: Progress = lambda done, total: None,
    say: Say = lambda _: None,
    log: RunLog | None = None,
) -> Evidence:
    """The `parts` of the evidence on one model; earlier captures and answers are read.

    `precise` loads the same model in float32, where the settings ask for that. An encoder is scored by
    classifiers on it, where the settings name GLUE tasks; without a causal language head there is no example.
    `log` notes the data that is read and the time that stages take.
    """
    log = log or RunLog()
    texts = [corpora] if isinstance(corpora, Corpus) else list(corpora)
    wanted = {*parts, "written", "single"} if "scores" in parts else set(parts)
    tasks = [task for task in _tasks(network, settings, workspace, wanted, say) if task.part in wanted]
    classified = [one for one in _classifiers(network, settings) if one.part in wanted]
    tuned = network.has_lm_head and settings.tuned_limit and "fine_tuned" in wanted
    if not network.has_lm_head and not settings.glue and set(SWEPT) & set(parts):
        say(f"{network.name} has no causal language head: captures only; --glue TASKS adds classifiers")
    states = CaptureTask(network, texts, settings, parts)
    scored = {task.part: task.work for task in [*tasks, *classified]}
    last = {"fine_tuned": 8.0 * network.n_layers * settings.tuned_limit * DOCUMENT} if tuned else {}
    stages = Stages(states.expected | scored | last, progress)
    keep = settings.keep_all
    how = (workspace, precise, stages, say, keep, log)
    swept: dict[str, Any] = {task.part: _swept(network, task, *how) for task in tasks}
    for part in ("written", "single"):
        if part in swept:
            swept["scores"] = swept["scores"].joined(swept.pop(part))
    for one in classified:
        swept[one.part] = _classified(network, one, settings, workspace, stages, say, log)
    evidence = Evidence(
        model=network.label,
        note=network.note,
        layers=network.n_layers,
        **states.evidence(workspace, stages, say),
        fine_tuned=_tuned(network, settings, workspace, precise, stages, say, log) if tuned else None,
        example=_example(network, settings, workspace) if "example" in parts else None,
        **swept,
    )
    log.read(*states.sources)
    log.stages = stages.times
    log.read(*_asked_of(evidence.example, settings, workspace))
    return evidence


def _example(network: Network, settings: ReportSettings, workspace: Workspace) -> Example | None:
    """The question of fig. 16, where the model writes texts."""
    if not network.has_lm_head:
        return None
    return example(network, workspace.data_dir, settings.example, sample=settings.sample)


def _tasks(
    network: Network, settings: ReportSettings, workspace: Workspace, wanted: Collection[str], say: Say
) -> list[SweepTask]:
    if not network.has_lm_head:
        return []
    if settings.own_limits:
        opened = _opened(settings, workspace).values()
        check_limits(settings.own_limits, [one.name for some in opened for one in some])
    layers, first = network.n_layers, settings.benchmarks[:1]
    main, single, few = settings.grid(layers), settings.single_grid(layers), settings.single_on
    plain = list(dict.fromkeys([*main, *(() if few else single)]))
    rows = [("scores", plain, settings.benchmarks, settings.limit)]
    if settings.controls and "scores" in wanted and (read := _read_only(settings, workspace)):
        control = settings.control_grid(layers, calibrated(network, settings, workspace, say))
        rows = [("scores", list(dict.fromkeys([*plain, *control])), read, settings.limit)]
        if written := tuple(name for name in settings.benchmarks if name not in read):
            rows.append(("written", plain, written, settings.limit))
    if few:
        rows.append(("single", single, few, settings.limit))
    if settings.loops and settings.loop_limit:
        rows.append(("loops", settings.loop_grid(layers), first, settings.loop_limit))
    if settings.window_limit:
        rows.append(("windows", paper_grid("windows", layers), first, settings.window_limit))
    if settings.precise_limit and network.dtype != "float32":
        on = (settings.precise_on or settings.benchmarks[0],)
        rows.append(("precise", main, on, settings.precise_limit))
    limited = {"scores", "written", "single"}
    own = {row[0]: settings.own_limits for row in rows if row[0] in limited}
    return [SweepTask(*row, settings.sample, own.get(row[0], {})) for row in rows]


def _opened(settings: ReportSettings, workspace: Workspace) -> dict[str, list[Opened]]:
    """The benchmarks by the names that were given, of which one may stand for several."""
    where: dict[str, Any] = {"data_dir": workspace.data_dir, "preset": workspace.preset}
    return {name: open_benchmarks([name], **where) for name in settings.benchmarks}


def _read_only(settings: ReportSettings, workspace: Workspace) -> tuple[str, ...]:
    """The benchmarks whose answers are read off, not generated: blocks run on these."""
    opened = _opened(settings, workspace)
    return tuple(name for name, some in opened.items() if all(one.output != "generate_until" for one in some))


@dataclass(frozen=True)
class Classifiers:
    """One run of classifiers on an encoder: a part of the evidence, its schedules, and what is trained."""

    part: str
    entries: Sequence[Entry]
    mode: str
    tasks: int

    @property
    def work(self) -> float:
        """About how much it is, before any row is read."""
        rows = self.tasks * _ROWS * DOCUMENT / 2
        if self.mode == "frozen":
            return Plan(e.schedule for e in self.entries).layer_calls * rows
        return 9.0 * sum(e.schedule.layer_calls for e in self.entries) * rows


def _classifiers(network: Network, settings: ReportSettings) -> list[Classifiers]:
    if network.has_lm_head or not settings.glue:
        return []
    layers, count = network.n_layers, len(settings.glue)
    frozen = [*settings.grid(layers), *settings.single_grid(layers)]
    classifiers = [
        Classifiers("scores", frozen, "frozen", count),
        Classifiers("unfrozen", settings.trained_grid(layers), "unfrozen", count),
    ]
    return [one for one in classifiers if one.entries]


def _classified(
    network: Network,
    one: Classifiers,
    settings: ReportSettings,
    workspace: Workspace,
    stages: Stages,
    say: Say,
    log: RunLog,
) -> Scores:
    size: dict[str, Any] = {"limit": settings.glue_limit, "sample": settings.sample}
    opened = open_glue(settings.glue, data_dir=workspace.data_dir, **size)
    for task in opened:
        log.read(*of_glue(task, one.part, **size))
    say(f"{one.part}: {', '.join(settings.glue)}, {one.mode}")
    trained = glue(
        network,
        one.entries,
        opened,
        mode=one.mode,
        batch_tokens=workspace.batch_tokens,
        cache=workspace.cache,
        progress=stages.of(one.part),
        say=say,
    )
    stages.close(one.part)
    return trained.scores


def _tuned(
    network: Network,
    settings: ReportSettings,
    workspace: Workspace,
    precise: Callable[[], Network] | None,
    stages: Stages,
    say: Say,
    log: RunLog,
) -> FineTuned:
    if network.dtype != "float32":
        if precise is None:
            raise ReprlabError(
                "fig. 13 trains in float32, which takes a way to load the model again: precise="
            )
        network = replace(precise(), alias=network.alias)
    splits = open_splits(
        FINE_TUNED_ON, data_dir=workspace.data_dir, preset=workspace.preset, sample=settings.sample
    )
    log.read(*_tuned_on(splits, settings, workspace))
    say(f"fine_tuned: {FINE_TUNED_ON}")
    tuned = finetune(
        network,
        task=splits,
        limit=settings.tuned_limit,
        preset=workspace.preset,
        batch_tokens=workspace.batch_tokens,
        cache=workspace.cache,
        progress=stages.of("fine_tuned"),
        say=say,
    )
    stages.close("fine_tuned")
    return tuned


def _asked_of(example: Example | None, settings: ReportSettings, workspace: Workspace) -> list[DataSource]:
    """The benchmark whose first question is fig. 16's, where one was asked."""
    if example is None:
        return []
    folder = workspace.data_dir if example.benchmark == "gsm8k" else None
    (opened,) = open_benchmarks([example.benchmark], data_dir=folder, sample=settings.sample)
    return [of_benchmark(opened, folder, {"example": 1}, "benchmark")]


def _tuned_on(splits: Splits, settings: ReportSettings, workspace: Workspace) -> list[DataSource]:
    """The rows that fig. 13 scores and trains on."""
    scored, every = {"fine_tuned": settings.tuned_limit}, {"fine_tuned": len(splits.training.docs)}
    return [
        of_benchmark(splits.scored, workspace.data_dir, scored, "benchmark"),
        of_benchmark(splits.training, workspace.data_dir, every, "training rows"),
    ]


def _swept(
    network: Network,
    task: SweepTask,
    workspace: Workspace,
    precise: Callable[[], Network] | None,
    stages: Stages,
    say: Say,
    keep_all: bool,
    log: RunLog,
) -> Scores:
    if task.part == "precise":
        if precise is None:
            raise ReprlabError("float32 next to another dtype takes a way to load the model again: precise=")
        network = replace(precise(), alias=network.alias)
    say(f"{task.part}: {', '.join(task.benchmarks)}")
    opened = open_benchmarks(
        task.benchmarks, data_dir=workspace.data_dir, preset=workspace.preset, sample=task.sample
    )
    limits = with_own(task.limit, task.own_limits, [one.name for one in opened])
    for one in opened:
        log.read(of_benchmark(one, workspace.data_dir, {task.part: limits[one.name]}, "benchmark"))
    taken = taken_from(workspace.scores, network, opened, task, say)
    left = [one for one in opened if one.name not in taken.results]
    results, makers = dict(taken.results), taken.made_with
    if left:
        scores = sweep(
            network,
            task.entries,
            left,
            limit={one.name: limits[one.name] for one in left},
            batch_tokens=workspace.batch_tokens,
            cache=workspace.cache,
            keep_all=keep_all or task.part == "precise",
            progress=stages.of(task.part),
            say=say,
        )
        results, makers = results | dict(scores.benchmarks), scores.made_with
    stages.close(task.part)
    before = {"taken": ", ".join(taken.results)} if taken.results else {}
    about = (network.label, network.note, network.dtype, network.n_layers)
    ordered = {one.name: results[one.name] for one in opened}
    return Scores(*about, labelled(task.entries, network.n_layers), ordered, {**makers, **before})
