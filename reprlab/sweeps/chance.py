"""Benchmarks on which the full model is at chance: no schedule has an R there, so that none needs to run."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from reprlab.progress import Progress, Say
from reprlab.schedules.plan import Plan
from reprlab.scores.results import Results
from reprlab.scores.scores import reason_at_chance
from reprlab.sweeps.job import SweepJob, run_jobs

_LEADING = ("u", "acc")  # the scores of which reports and verdicts take R


def at_chance(jobs: Sequence[SweepJob], plan: Plan, progress: Progress, say: Say) -> dict[str, Results]:
    """Run the full model, and give the results of benchmarks on which it is at chance by every score.

    Their rows are those of `plan`, NaN but for the full model's.
    """
    full = plan.schedules[0]
    if len(plan.distinct) == 1:
        return {}
    alone = [replace(job, plan=Plan([full])) for job in jobs]
    whole = sum(one.work(gap) for one in jobs for gap in one.gaps)  # as if none left
    run_jobs(alone, lambda done, _: progress(done, whole))
    found = {job.benchmark.name: job.results() for job in alone}
    left = {name: results for name, results in found.items() if _undecided(results)}
    if left:
        names, verb = ", ".join(left), "leaves" if len(left) == 1 else "leave"
        say(f"{names} {verb} the grid: the full model is at chance there (--keep-all keeps all benchmarks)")
    same = np.array([schedule == full for schedule in plan.schedules])
    return {name: _spread(results, same) for name, results in left.items()}


def _undecided(results: Results) -> bool:
    leading = [metric for metric in _LEADING if metric in results.metrics] or list(results.metrics)
    return all(reason_at_chance(results, metric) for metric in leading)


def _spread(results: Results, same: np.ndarray) -> Results:
    """The full model's row wherever a schedule is the full model's, and NaN elsewhere."""
    values = np.where(same[:, None, None], results.values[:1], math.nan)
    lost = np.where(same, results.nonfinite[:1], 0)
    return replace(results, values=values, nonfinite=lost, divergence=None)
