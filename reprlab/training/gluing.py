"""Glue: an encoder under schedules, trained on GLUE's tasks and scored; finished runs are kept."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import cast

from reprlab.arguments import CALLBACKS, integer, maybe_path, of, optional, several, string, taking
from reprlab.benchmarks.glue.opened import open_glue
from reprlab.benchmarks.glue.rows import Glue
from reprlab.errors import ReprlabError
from reprlab.files import cache_folder
from reprlab.network.given import network_of
from reprlab.network.memory import within_memory
from reprlab.network.network import Network
from reprlab.network.rewritten import installable
from reprlab.progress import Progress, Say
from reprlab.provenance import minor
from reprlab.sampled import SEED
from reprlab.schedules.given import schedules_of
from reprlab.schedules.grids import Entry, labelled
from reprlab.schedules.plan import Plan
from reprlab.schedules.schedule import Schedule
from reprlab.scores.scores import Scores
from reprlab.sweeps.answers import hold_all
from reprlab.sweeps.identity import AnswersIdentity, identified, made_on
from reprlab.training.classifier import encoder
from reprlab.training.glue_runs import MAX_TOKENS, MODES, GlueJob, outlook
from reprlab.training.glue_scores import GlueScores
from reprlab.training.recipe import Recipe, recipe_of
from reprlab.training.trainer import needs_accelerate

_TASKS = "GLUE tasks by name, one or a list of them"


@taking(
    network=network_of(pooled=True),
    schedules=schedules_of,
    tasks=several(of((str, Glue), _TASKS), (str, Glue), _TASKS),
    mode=string,
    recipe=optional(of(Recipe, "a recipe, rl.Recipe")),
    limit=optional(integer),
    data_dir=maybe_path,
    batch_tokens=integer,
    checkpoints=maybe_path,
    cache=maybe_path,
    **CALLBACKS,
)
def glue(
    network: Network | str | Path,
    schedules: Iterable[Entry | Schedule | str] | Schedule | str,
    tasks: Iterable[str] | Sequence[Glue] | str,
    *,
    mode: str = "unfrozen",
    recipe: Recipe | None = None,
    limit: int | None = None,
    data_dir: Path | str | None = None,
    batch_tokens: int = 2048,
    checkpoints: Path | str | None = None,
    sample: int | None = SEED,
    cache: Path | str | None = None,
    progress: Progress = lambda done, total: None,
    say: Say = lambda _: None,
) -> GlueScores:
    """Rewrite an encoder by each schedule, train a classifier on each task, score it; full is always there.

    `tasks`: cola, mrpc, qnli, rte, sst2, stsb, wnli; rows come from the hub or from `data_dir`
    (glue/<task>/{train,validation}.jsonl), of each split a sample of `limit` by the seed `sample` (None: the
    first). `mode`: `unfrozen` trains all weights (by default 3 epochs, batch 32, rate 2e-5, seed 42; at most
    128 tokens a row); `frozen` trains the classifier alone (rate 3e-2) on pooled states that the prefix tree
    computes once, without the encoder's dropout; `authors-dropout` does so with the encoder's dropout, which
    takes a forward pass a step. The network itself stays as it is. A finished run is kept in the cache, a
    killed one starts anew. `checkpoints` is a folder for each run's weights, as safetensors.

    >>> import reprlab as rl
    >>> net = rl.load("tiny-bert", pooled=True)
    >>> made = rl.glue(net, ["0:2 4:6"], ["rte"], mode="frozen", data_dir=glue_rows, cache=tmp)
    >>> made.scores.results("rte").metrics, len(made.scores)
    (('acc', 'u'), 2)
    """
    assert isinstance(network, Network)
    _check(mode, checkpoints is not None, batch_tokens)
    needs_accelerate()
    encoder(network)
    network.prove(cache, say)
    entries = labelled(cast("Iterable[Entry | Schedule | str]", schedules), network.n_layers)
    for entry in entries:
        installable(entry.schedule)
    wanted = list(cast("Iterable[str | Glue]", tasks))
    opened = [one for one in wanted if isinstance(one, Glue)] or open_glue(
        [one for one in wanted if isinstance(one, str)], data_dir=data_dir, limit=limit, sample=sample
    )
    chosen = recipe or recipe_of(mode)
    plan = Plan(entry.schedule for entry in entries)
    identities = [_identity(network, one, mode, chosen) for one in opened]
    with hold_all(cache_folder(cache), identities, made_on(network, "accelerate"), say=say) as files:
        jobs: list[GlueJob] = []
        for one, file in zip(opened, files, strict=True):
            target = None if checkpoints is None else Path(checkpoints) / one.task.name
            jobs.append(GlueJob(network, one, file, plan, mode, chosen, batch_tokens, target))
        say(outlook(jobs, plan))
        with within_memory("training", "--batch" if mode == "unfrozen" else "--batch-tokens"):
            _run(jobs, progress)
        results = {job.data.task.name: job.results() for job in jobs}
        curves = tuple(point for job in jobs for point in job.curves())
    provenance = {**made_on(network, "accelerate"), "mode": mode, "recipe": str(chosen)}
    about = (network.label, network.note, network.dtype, network.n_layers)
    return GlueScores(Scores(*about, entries, results, provenance), curves)


def _check(mode: str, checkpoints: bool, batch_tokens: int) -> None:
    """Refuse what no run takes, before anything is opened."""
    if mode not in MODES:
        raise ReprlabError(f"unknown mode '{mode}': there are {', '.join(MODES)}")
    if checkpoints and mode == "frozen":
        raise ReprlabError("--checkpoints goes with unfrozen encoders: a frozen one is the model itself")
    if batch_tokens < 1:
        raise ReprlabError(f"--batch-tokens {batch_tokens}: give 1 or more")


def _run(jobs: Sequence[GlueJob], progress: Progress) -> None:
    works = [job.work for job in jobs]
    before, total = 0.0, sum(works)
    progress(0, total)
    for job, work in zip(jobs, works, strict=True):
        job.run(partial(_added, progress, before, total))
        before += work
        progress(before, total)


def _added(progress: Progress, before: float, total: float, done: float) -> None:
    progress(before + done, total)


def _identity(network: Network, data: Glue, mode: str, recipe: Recipe) -> AnswersIdentity:
    return identified(
        network,
        benchmark=data.task.name,
        definition=data.digest,
        preset=mode,
        max_new_tokens=0,
        lm_eval="",
        recipe=f"{recipe}, {MAX_TOKENS} tokens, accelerate {minor('accelerate')}",
    )
