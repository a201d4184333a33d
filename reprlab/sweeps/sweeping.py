"""Sweep: many schedules on benchmarks, in one walk of the prefix tree a batch, kept as it comes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from reprlab.arguments import CALLBACKS, count_or_counts, flag, integer, maybe_path, optional, string, taking
from reprlab.benchmarks.by_name import open_benchmarks
from reprlab.benchmarks.given import benchmarks_of
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
from reprlab.scores.results import Results
from reprlab.scores.scores import Scores
from reprlab.sweeps.answers import hold_all
from reprlab.sweeps.calibrated import Calibration, calibrations, check_unscored, means_of, texts_of
from reprlab.sweeps.chance import at_chance
from reprlab.sweeps.identity import AnswersIdentity, identified, made_on
from reprlab.sweeps.job import SweepJob, outlook, ready, run_jobs
from reprlab.sweeps.limits import limits_of

if TYPE_CHECKING:
    from reprlab.benchmarks.opened import Opened

DEFAULT_LIMIT = 100
_LIBRARIES = ("lm-eval", "datasets")


@taking(
    network=network_of(),
    schedules=schedules_of,
    benchmarks=benchmarks_of,
    limit=count_or_counts,
    data_dir=maybe_path,
    preset=string,
    sample=optional(integer),
    divergence=flag,
    max_new_tokens=integer,
    batch_tokens=integer,
    allow_code=flag,
    cache=maybe_path,
    lm_eval_json=maybe_path,
    keep_all=flag,
    **CALLBACKS,
)
def sweep(
    network: Network | str | Path,
    schedules: Iterable[Entry | Schedule | str] | Schedule | str,
    benchmarks: Sequence[str] | Sequence[Opened] | str,
    *,
    limit: int | Mapping[str, int] = DEFAULT_LIMIT,
    data_dir: Path | str | None = None,
    preset: str = "paper",
    sample: int | None = SEED,
    divergence: bool = False,
    max_new_tokens: int = 256,
    batch_tokens: int = 2048,
    allow_code: bool = False,
    cache: Path | str | None = None,
    lm_eval_json: Path | str | None = None,
    keep_all: bool = True,
    progress: Progress = lambda done, total: None,
    say: Say = lambda _: None,
) -> Scores:
    """Score schedules on benchmarks, on a sample of `limit` documents of each; full is always there.

    `schedules` are `Entry`s of `paper_grid`, schedules or their texts. `benchmarks` are names (see
    `reprlab.benchmarks`), YAML paths, or opened ones; rows come from the hub or from `data_dir`. `preset`:
    `paper` (0-shot, GSM8K 5-shot, no BOS) or `leaderboard`. The seed `sample` draws the documents, units
    together; a larger sample holds a smaller one; None takes the first rows, as lm-eval does. `limit` may map
    every benchmark's name to a number of its own. `divergence`
    adds KL to the full model and top-1 agreement. Answers are kept in the cache as they come: a killed call
    goes on where it was, and whatever is added later computes only what is new. `lm_eval_json` is a folder
    for lm-eval's own results files. Without `keep_all` the full model runs first, and a benchmark on which it
    is at chance leaves the grid: its other rows are NaN. The calibrations that blocks `=digest` name are
    looked up in the cache; one that includes scored text is refused.

    >>> import reprlab as rl
    >>> net = rl.load("tiny-llama")
    >>> scores = rl.sweep(net, ["0:2 3:6"], ["builtin_pronoun"], limit=4, cache=tmp)
    >>> scores.to_dataframe().groupby("schedule").size().to_dict()
    {'0 1 3:6': 2, '0:6': 2}
    """
    assert isinstance(network, Network)
    _check(network, limit, min(batch_tokens, max_new_tokens))
    entries = labelled(cast("Iterable[Entry | Schedule | str]", schedules), network.n_layers)
    found = calibrations((entry.schedule for entry in entries), network, cache_folder(cache))
    network.prove(cache, say)
    asked = {"data_dir": data_dir, "preset": preset, "sample": sample, "allow_code": allow_code}
    opened = _opened(cast("Sequence[str] | Sequence[Opened]", benchmarks), cache=cache, say=say, **asked)
    limits = limits_of(limit, [one.name for one in opened])
    _check_generated(entries, opened)
    plan = Plan(entry.schedule for entry in entries)
    identities = [_identity(network, one, max_new_tokens) for one in opened]
    held = hold_all(cache_folder(cache), identities, made_on(network, *_LIBRARIES), say=say)
    with within_memory("answering"), held as files:
        pairs, how = zip(opened, files, strict=True), (batch_tokens, divergence)
        jobs = [ready(network, one, file, plan, limits[one.name], *how) for one, file in pairs]
        jobs = _with_means(jobs, found)
        results = _results(jobs, plan, keep_all, progress, say)
    about = (network.label, network.note, network.dtype, network.n_layers)
    scores = Scores(*about, entries, results, made_on(network, *_LIBRARIES))
    if lm_eval_json is not None:
        _export(Path(lm_eval_json), scores, jobs)
    return scores


def _export(folder: Path, scores: Scores, jobs: Sequence[SweepJob]) -> None:
    from reprlab.sweeps.lm_eval_results import export

    export(folder, scores, [one.benchmark for one in jobs])


def _with_means(jobs: Sequence[SweepJob], found: dict[str, Calibration]) -> list[SweepJob]:
    """The jobs with the mean states that their blocks need, none of them taken over what a job scores."""
    texts = texts_of(found, jobs[0].network) if found else {}
    for one in jobs:
        check_unscored(texts, one.network, one.benchmark, one.limit)
    means = means_of(found)
    return [replace(one, means=means) for one in jobs]


def _results(
    jobs: Sequence[SweepJob], plan: Plan, keep_all: bool, progress: Progress, say: Say
) -> dict[str, Results]:
    """Every job's results; those of a benchmark at chance without its grid, where not all are kept."""
    for note in (note for one in jobs for note in one.benchmark.notes):
        say(f"note: {note}")
    gone = {} if keep_all else at_chance(jobs, plan, progress, say)
    staying = [one for one in jobs if one.benchmark.name not in gone]
    say(outlook(staying, plan))
    run_jobs(staying, progress)
    made = gone | {one.benchmark.name: one.results() for one in staying}
    return {one.benchmark.name: made[one.benchmark.name] for one in jobs}


def _opened(benchmarks: Sequence[str] | Sequence[Opened], **how: Any) -> list[Opened]:
    """The benchmarks, those given by name opened."""
    named = [one for one in benchmarks if isinstance(one, str)]
    return [one for one in benchmarks if not isinstance(one, str)] or open_benchmarks(named, **how)


def _check(network: Network, limit: int | Mapping[str, int], least_tokens: int) -> None:
    """Refuse what no sweep takes, before anything is opened."""
    for one in limit.values() if isinstance(limit, Mapping) else [limit]:
        if one < 1:
            raise ReprlabError(f"--limit {one}: give 1 or more")
    if least_tokens < 1:
        raise ReprlabError("--batch-tokens and --max-new-tokens: give 1 or more")
    if not network.has_lm_head:
        raise ReprlabError(f"'{network.name}' has no causal language head: sweeps score log-likelihoods")


def _check_generated(entries: Sequence[Entry], opened: Sequence[Opened]) -> None:
    """Refuse blocks where a benchmark's answers are generated, before any are computed."""
    for one in opened:
        for entry in entries if one.output == "generate_until" else ():
            try:
                installable(entry.schedule)
            except ReprlabError as error:
                raise ReprlabError(f"benchmark '{one.name}' generates its answers: {error}") from error


def _identity(network: Network, opened: Opened, max_new_tokens: int) -> AnswersIdentity:
    return identified(
        network,
        benchmark=opened.name,
        definition=opened.digest,
        preset=opened.preset,
        max_new_tokens=max_new_tokens if opened.output == "generate_until" else 0,
        lm_eval=minor("lm-eval"),
    )
