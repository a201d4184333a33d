"""Fine-tune: train and score what is missing of some schedules, and set it against the frozen model."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from reprlab.arguments import CALLBACKS, integer, maybe_path, number, of, optional, several, string, taking
from reprlab.benchmarks.by_name import open_splits, training_rows
from reprlab.benchmarks.given import task_of
from reprlab.errors import ReprlabError
from reprlab.files import cache_folder
from reprlab.network.given import network_of
from reprlab.network.memory import within_memory
from reprlab.network.network import Network
from reprlab.network.rewritten import installable
from reprlab.progress import Progress, Say, Stages
from reprlab.provenance import minor
from reprlab.sampled import SEED
from reprlab.schedules.given import schedules_of
from reprlab.schedules.grids import Entry, labelled
from reprlab.schedules.plan import Plan
from reprlab.schedules.schedule import Schedule
from reprlab.schedules.skips import SHARES, share_schedules
from reprlab.scores.results import SCORING
from reprlab.scores.scores import Scores
from reprlab.sweeps.answers import Record, hold_answers, open_answers
from reprlab.sweeps.identity import AnswersIdentity, identified, made_on
from reprlab.sweeps.sweeping import sweep
from reprlab.training.fine_tuned import FineTuned
from reprlab.training.recipe import RECIPE, Recipe, micro_batch_of
from reprlab.training.runs import Runs, outlook, prepared
from reprlab.training.trainer import needs_accelerate

if TYPE_CHECKING:
    from reprlab.benchmarks.opened import Opened
    from reprlab.benchmarks.training_rows import Splits, TrainingRow

PRESET = "fine-tuned"
_LIBRARIES = ("accelerate", "lm-eval", "datasets")


@taking(
    network=network_of(dtype="float32"),
    schedules=optional(schedules_of),
    task=task_of,
    shares=several(number, (int, float), "numbers from 0 to 1, one or several"),
    recipe=optional(of(Recipe, "a recipe, rl.Recipe")),
    micro_batch=optional(integer),
    train_limit=optional(integer),
    limit=optional(integer),
    data_dir=maybe_path,
    preset=string,
    batch_tokens=integer,
    checkpoints=maybe_path,
    cache=maybe_path,
    **CALLBACKS,
)
def finetune(
    network: Network | str | Path,
    schedules: Iterable[Entry | Schedule | str] | Schedule | str | None = None,
    *,
    task: str | Splits = "arc",
    shares: Iterable[float] = SHARES,
    recipe: Recipe | None = None,
    micro_batch: int | None = None,
    train_limit: int | None = None,
    limit: int | None = None,
    data_dir: Path | str | None = None,
    preset: str = "paper",
    sample: int | None = SEED,
    batch_tokens: int = 2048,
    checkpoints: Path | str | None = None,
    cache: Path | str | None = None,
    progress: Progress = lambda done, total: None,
    say: Say = lambda _: None,
) -> FineTuned:
    """Train all weights of a rewritten model on a task's training rows, schedule by schedule, and score it.

    `schedules`: by default `share_schedules` of `shares`; the full model is always there. `task`: arc,
    hellaswag, winogrande, or opened `Splits`; rows come from the hub or from `data_dir`
    (arc_challenge/{train,test}.jsonl), of which `train_limit` and `limit` take a sample by the seed `sample`
    (default: all; None: the first). `recipe`: by default one epoch, batch 64, rate 5e-5, seed 42.
    `micro_batch`: that many rows of a batch are in memory together, by default 8 (or the next divisor), and 1
    where lengths cannot share a batch; the step is the same but for rounding. The loss is that of the right
    ending's tokens after lm-eval's own prompt without examples. The tuned model answers in the batches of the
    frozen one, whose answers come from `sweep`. The network stays as it is. Finished runs are kept, a killed
    one starts anew. `checkpoints` is a folder for their weights, as safetensors.

    >>> import reprlab as rl
    >>> net = rl.load("tiny-llama")
    >>> made = rl.finetune(net, ["0:2 4:6"], recipe=rl.Recipe(1, 4, 1e-3), data_dir=arc_rows, cache=tmp)
    >>> len(made.tuned), made.tuned.results().metrics, len(made.crossing().differences)
    (2, ('acc', 'acc_norm', 'u'), 2)
    """
    assert isinstance(network, Network)
    _check({"--train-limit": train_limit, "--limit": limit, "--batch-tokens": batch_tokens})
    _trainable(network)
    entries = _entries(schedules, shares, network.n_layers)
    opened = _opened(task, data_dir, preset, sample)
    rows = _rows(network, opened, train_limit, say)
    benchmark = prepared(network, opened.scored, limit)
    chosen, count = recipe or RECIPE, len(benchmark.documents)
    at_once = micro_batch_of(chosen, 1 if _apart(network, rows) else micro_batch)
    identity = _identity(network, opened.scored, chosen, at_once, rows, count)
    with hold_answers(cache_folder(cache), identity, made_on(network, *_LIBRARIES), say=say) as file:
        target, plan = None if checkpoints is None else Path(checkpoints), Plan(e.schedule for e in entries)
        runs = Runs(network, benchmark, rows, file, plan, chosen, at_once, count, target)
        say(outlook(runs))
        stages = Stages({"sweep": 0.0, "runs": runs.work}, progress)
        options: dict[str, Any] = {"limit": count, "batch_tokens": batch_tokens, "cache": cache}
        frozen = sweep(network, entries, [opened.scored], **options, progress=stages.of("sweep"), say=say)
        batches = _batches_of_sweep(identity, opened.scored.preset, cache_folder(cache), count)
        with within_memory("training", "--micro-batch or --batch-tokens"):
            runs.run(batches, partial(_of_runs, stages.of("runs"), stages.expected["runs"]))
        return _against(frozen, runs)


def _entries(schedules: Any, shares: Iterable[float], layers: int) -> tuple[Entry, ...]:
    given = share_schedules(layers, shares) if schedules is None else schedules
    return _installed(cast("Iterable[Entry | Schedule | str]", given), layers)


def _opened(task: str | Splits, data_dir: Path | str | None, preset: str, sample: int | None) -> Splits:
    if not isinstance(task, str):
        return task
    return open_splits(task, data_dir=data_dir, preset=preset, sample=sample)


def _check(counts: Mapping[str, int | None]) -> None:
    """Refuse what no run takes, before anything is opened."""
    for option, value in counts.items():
        if value is not None and value < 1:
            raise ReprlabError(f"{option} {value}: give 1 or more")


def _rows(network: Network, opened: Splits, limit: int | None, say: Say) -> list[TrainingRow]:
    """The training rows as tokens and labels, after the notes on them."""
    taught = prepared(network, opened.training, limit)
    for note in taught.notes:
        say(f"note: {note}")
    return training_rows(taught, network.positions)


def _apart(network: Network, rows: Sequence[TrainingRow]) -> bool:
    """Whether there are rows whose lengths cannot share a batch."""
    return len({network.kind(len(row["input_ids"])) for row in rows}) > 1


def _against(frozen: Scores, runs: Runs) -> FineTuned:
    """The tuned models' scores against the frozen model's, with the recipe in their note and provenance."""
    results = runs.results(frozen.results())
    recipe = f"{runs.recipe}, {runs.micro_batch} rows at a time"
    makers = {**made_on(runs.network, *_LIBRARIES), "mode": PRESET, "recipe": recipe}
    note = f"{runs.network.note}; fine-tuned: {runs.recipe}"
    tuned = replace(frozen, note=note, made_with=makers, benchmarks={results.name: results})
    return FineTuned(frozen, tuned, tuple(runs.curves()))


def _of_runs(progress: Progress, total: float, done: float) -> None:
    progress(done, total)


def _installed(schedules: Iterable[Entry | Schedule | str], layers: int) -> tuple[Entry, ...]:
    """Schedules as entries, none with a block, which no module trains."""
    entries = labelled(schedules, layers)
    for entry in entries:
        installable(entry.schedule)
    return entries


def _trainable(network: Network) -> None:
    needs_accelerate()
    if not network.has_lm_head:
        raise ReprlabError(f"'{network.name}' has no causal language head: fine-tuning trains one")
    if network.dtype != "float32":
        raise ReprlabError(
            f"training runs in float32, '{network.name}' is in {network.dtype}: --dtype float32"
        )
    devices = sorted(map(str, set(getattr(network.module, "hf_device_map", {}).values())))
    if len(devices) > 1:
        raise ReprlabError(
            f"training runs on one device, '{network.name}' is on {', '.join(devices)}: "
            "load it without a device map"
        )


def _batches_of_sweep(tuned: AnswersIdentity, preset: str, cache: Path, limit: int) -> list[list[Record]]:
    """The batches in which the frozen model answered the first documents, whatever else is in them."""
    frozen = tuned.model_copy(update={"preset": preset, "recipe": "", "scoring": 1})
    with open_answers(frozen.path(cache)) as answers:
        records, batches = answers.records(), answers.batches()
    return [[records[place] for place in places] for places in batches.values() if min(places) < limit]


def _identity(
    network: Network,
    scored: Opened,
    recipe: Recipe,
    micro_batch: int,
    rows: Sequence[TrainingRow],
    limit: int,
) -> AnswersIdentity:
    digest = hashlib.sha256(json.dumps(rows).encode()).hexdigest()[:16]
    learnt = f"{len(rows)} rows {digest}, accelerate {minor('accelerate')}"
    scores = f"preset {scored.preset}, the first {limit} documents"
    return identified(
        network,
        benchmark=scored.name,
        definition=scored.digest,
        preset=PRESET,
        max_new_tokens=0,
        lm_eval=minor("lm-eval"),
        scoring=SCORING if "acc_norm" in scored.metrics else 1,
        recipe=f"{recipe}, {micro_batch} rows at a time, {learnt}; {scores}",
    )
