"""Sweep: many schedules on benchmarks, in one walk of the prefix tree a batch, kept as it comes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from reprlab.benchmarks.by_name import open_benchmarks
from reprlab.errors import ReprlabError
from reprlab.files import cache_folder
from reprlab.network.network import Network
from reprlab.progress import Progress, Say
from reprlab.provenance import minor
from reprlab.schedules.grids import Entry, labelled
from reprlab.schedules.plan import Plan
from reprlab.schedules.schedule import Schedule
from reprlab.scores.scores import Scores
from reprlab.sweeps.answers import hold_all
from reprlab.sweeps.identity import AnswersIdentity, identified, made_on
from reprlab.sweeps.job import SweepJob, outlook, ready

if TYPE_CHECKING:
    from reprlab.benchmarks.opened import Opened

DEFAULT_LIMIT = 100
_LIBRARIES = ("lm-eval", "datasets")


def sweep(
    network: Network,
    schedules: Iterable[Entry | Schedule | str],
    benchmarks: Sequence[str] | Sequence[Opened],
    *,
    limit: int = DEFAULT_LIMIT,
    data_dir: Path | str | None = None,
    preset: str = "paper",
    divergence: bool = False,
    max_new_tokens: int = 256,
    batch_tokens: int = 2048,
    allow_code: bool = False,
    cache: Path | str | None = None,
    lm_eval_json: Path | str | None = None,
    progress: Progress = lambda done, total: None,
    say: Say = lambda _: None,
) -> Scores:
    """Score schedules on benchmarks over the first `limit` documents of each; the full model is always there.

    `schedules` are `Entry`s of `paper_grid`, schedules or their texts. `benchmarks` are names (see
    `reprlab.benchmarks`), YAML paths, or opened ones; rows come from the hub or from `data_dir`. `preset`:
    `paper` (0-shot, GSM8K 5-shot, no BOS) or `leaderboard`. `divergence` adds KL to the full model and top-1
    agreement. Answers are kept in the cache as they come: a killed call goes on where it was, and whatever
    is added later computes only what is new. `lm_eval_json` is a folder for lm-eval's own results files.

    >>> import reprlab as rl
    >>> net = rl.load("tiny-llama")
    >>> scores = rl.sweep(net, ["0:2 3:6"], ["builtin_pronoun"], limit=4, cache=tmp)
    >>> scores.to_dataframe().groupby("schedule").size().to_dict()
    {'0 1 3:6': 2, '0:6': 2}
    """
    _check(network, schedules, limit, min(batch_tokens, max_new_tokens))
    entries = labelled(schedules, network.n_layers)
    network.prove(cache, say)
    opened = [o for o in benchmarks if not isinstance(o, str)] or open_benchmarks(
        [name for name in benchmarks if isinstance(name, str)],
        data_dir=data_dir,
        preset=preset,
        allow_code=allow_code,
    )
    plan = Plan(entry.schedule for entry in entries)
    identities = [_identity(network, one, max_new_tokens) for one in opened]
    with hold_all(cache_folder(cache), identities, made_on(network, *_LIBRARIES), say=say) as files:
        jobs = [
            ready(network, one, file, plan, limit, batch_tokens, divergence)
            for one, file in zip(opened, files, strict=True)
        ]
        for one in jobs:
            for note in one.benchmark.notes:
                say(f"note: {note}")
        say(outlook(jobs, plan))
        _run(jobs, progress)
        results = {one.benchmark.name: one.results() for one in jobs}
    about = (network.name, network.note, network.dtype, network.n_layers)
    scores = Scores(*about, entries, results, made_on(network, *_LIBRARIES))
    if lm_eval_json is not None:
        from reprlab.sweeps.lm_eval_results import export

        export(Path(lm_eval_json), scores, [one.benchmark for one in jobs])
    return scores


def _check(network: Network, schedules: object, limit: int, least_tokens: int) -> None:
    """Refuse what no sweep takes, before anything is opened."""
    if limit < 1:
        raise ReprlabError(f"--limit {limit}: give 1 or more")
    if least_tokens < 1:
        raise ReprlabError("--batch-tokens and --max-new-tokens: give 1 or more")
    if isinstance(schedules, str):
        raise ReprlabError(f"one schedule was given, not a list of them: write [{schedules!r}]")
    if not network.has_lm_head:
        raise ReprlabError(f"'{network.name}' has no causal language head: sweeps score log-likelihoods")


def _identity(network: Network, opened: Opened, max_new_tokens: int) -> AnswersIdentity:
    return identified(
        network,
        benchmark=opened.name,
        definition=opened.digest,
        preset=opened.preset,
        max_new_tokens=max_new_tokens if opened.output == "generate_until" else 0,
        lm_eval=minor("lm-eval"),
    )


def _run(jobs: Sequence[SweepJob], progress: Progress) -> None:
    total = sum(one.work(gap) for one in jobs for gap in one.gaps)
    before = 0.0
    progress(0, total)
    for one in jobs:
        for gap in one.gaps:
            for done in one.run(gap):
                progress(before + done, total)
            before += one.work(gap)
            progress(before, total)
