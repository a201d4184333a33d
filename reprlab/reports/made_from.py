"""Identity: what a report was made from and on, in words."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import psutil

from reprlab.counts import counted
from reprlab.reports.hardware import processor
from reprlab.reports.settings import ReportSettings
from reprlab.reports.sheet import peak
from reprlab.schedules.plan import Plan
from reprlab.scores.results import Results
from reprlab.scores.scores import Scores
from reprlab.verdicts.evidence import Evidence

_LIBRARIES = ("reprlab", "torch", "transformers", "nnsight", "lm-eval", "datasets", "h5py", "numpy", "python")


def identity(evidence: Evidence, settings: ReportSettings, seconds: float) -> dict[str, str]:
    """Model, data, schedules, versions, processor, threads, memory and time, each a line."""
    import torch

    makers: dict[str, str] = {}
    if evidence.scores is not None:
        makers |= evidence.scores.made_with
    if evidence.capture is not None:  # made here, where scores may have been taken from elsewhere
        makers |= evidence.capture.manifest.made_with
    facts = {"model": evidence.model, "weights": evidence.note, "layers": str(evidence.layers)}
    capture = evidence.capture
    if capture is not None:
        facts["digest of the weights"] = capture.identity.weights
        documents = counted(capture.documents, "document")
        facts["hidden states"] = (
            f"{documents} of {capture.identity.corpus} ({capture.manifest.source}), "
            f"{counted(capture.tokens, 'token')}, {capture.identity.dtype}"
        )
    bare = evidence.similarities.get("cosine no-sinks")
    if capture is not None and bare is not None and bare.provenance.corpus != capture.identity.corpus:
        taken = f"{counted(bare.documents, 'document')}, {counted(bare.tokens, 'token')}"
        facts["similarities"] = f"{taken} of {bare.provenance.corpus}"
    lists: dict[str, str] = {}  # of benchmarks: the fact that has it already
    for name, words in _WORDS.items():
        scores: Scores | None = getattr(evidence, name)
        if scores is not None:
            trained = "recipe" in scores.made_with
            facts[words] = _trained(scores) if trained else _swept(scores, lists, words)
    if evidence.fine_tuned is not None:
        facts["fine-tuned"] = _trained(evidence.fine_tuned.tuned)
    if evidence.scores is not None:
        facts["random orders"] = f"seeds 0..{settings.seeds - 1} a start; with three middle layers all orders"
    facts["versions"] = ", ".join(f"{name} {makers[name]}" for name in _LIBRARIES if name in makers)
    facts["processor"] = f"{processor()}, {os.cpu_count()} cores; device {makers.get('device', 'cpu')}"
    facts["threads"] = f"{torch.get_num_threads()} in the last call; earlier answers may have had others"
    facts["memory"] = (
        f"{psutil.virtual_memory().total / 2**30:.0f} GiB, of which {peak():.1f} GiB were used at most"
    )
    facts["time"] = f"{_time(seconds)} for what was not there already"
    return facts


_WORDS = {
    "scores": "swept",
    "loops": "swept for fig. 10",
    "windows": "swept for windows",
    "precise": "swept in float32, too",
    "unfrozen": "trained as a whole",
}


def _swept(scores: Scores, lists: dict[str, str], words: str) -> str:
    """A sweep in a line; a list of benchmarks that an earlier line has is named by that line's words."""
    plan = Plan(entry.schedule for entry in scores.entries)
    each = ", ".join(
        f"{r.name} ({counted(len(r.ids), 'document')}, {r.shots}-shot{_alone(r)})"
        for r in scores.benchmarks.values()
    )
    there = lists.setdefault(each, words)
    each = each if there == words else f"the benchmarks of '{there}'"
    before = f"; {taken} scored before" if (taken := scores.made_with.get("taken")) else ""
    return f"{plan} on {each}; {scores.dtype}{before}"


def _alone(results: Results) -> str:
    others = results.values[1:]
    return "; at chance, full model only" if others.size and np.isnan(others).all() else ""


def _trained(scores: Scores) -> str:
    plan = Plan(entry.schedule for entry in scores.entries)
    each = ", ".join(f"{r.name} ({counted(len(r.ids), 'row')} held out)" for r in scores.benchmarks.values())
    makers = scores.made_with
    how = f"{makers['mode']}: {makers['recipe']}"
    return f"{counted(len(plan.distinct), 'distinct schedule')} on {each}; {how}; {scores.dtype}"


def _time(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def listed(data: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    """An identity as a page shows it."""
    return tuple((key, str(value)) for key, value in data.items())
