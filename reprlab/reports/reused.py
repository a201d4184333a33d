"""Taking: a report's sweeps, and what files of earlier ones have of them already."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from reprlab.network.network import Network
from reprlab.schedules.grids import Entry, labelled
from reprlab.schedules.plan import Plan
from reprlab.scores.results import SCORING, Results
from reprlab.scores.scores import Scores
from reprlab.sweeps.limits import with_own

if TYPE_CHECKING:
    from reprlab.benchmarks.opened import Opened

DOCUMENT = 100  # tokens, before documents are read: for the time left only


@dataclass(frozen=True)
class SweepTask:
    """One sweep of a report: a part of the evidence, its schedules, and on what they are scored."""

    part: str
    entries: Sequence[Entry]
    benchmarks: tuple[str, ...]
    limit: int
    sample: int | None
    own_limits: Mapping[str, int] = field(default_factory=dict[str, int])

    @property
    def work(self) -> float:
        """About how much it is, before any document is read."""
        documents = sum(with_own(self.limit, self.own_limits, self.benchmarks).values())
        return Plan(e.schedule for e in self.entries).layer_calls * documents * DOCUMENT


@dataclass(frozen=True)
class Taken:
    """What files of scores have of a task, by benchmark, and what the last of them was made with."""

    results: Mapping[str, Results]
    made_with: Mapping[str, str]


def taken_from(
    files: Sequence[Path],
    network: Network,
    opened: Sequence[Opened],
    task: SweepTask,
    say: Callable[[str], None],
) -> Taken:
    """What files of scores have of a task: of this network, all its schedules, and the same documents."""
    entries = labelled(task.entries, network.n_layers)
    results: dict[str, Results] = {}
    makers: Mapping[str, str] = {}
    for path in files:
        scores = Scores.load(path)
        reason = _other(scores, network)
        new = {} if reason else _parts(scores, [o for o in opened if o.name not in results], entries, task)
        say(f"{task.part}: '{path}' {_said(list(new), reason)}")
        results, makers = results | new, scores.made_with if new else makers
    return Taken(results, makers)


def _parts(
    scores: Scores, opened: Sequence[Opened], entries: Sequence[Entry], task: SweepTask
) -> dict[str, Results]:
    parts: dict[str, Results] = {}
    for one in opened:
        limit = task.own_limits.get(one.name, task.limit)
        part = scores.subset(one.name, entries, min(limit, len(one.docs)))
        same = (one.digest, one.preset, one.shots, SCORING)
        if part and (part.definition, part.preset, part.shots, part.scoring) == same:
            parts[one.name] = part
    return parts


def _said(names: Sequence[str], reason: str) -> str:
    if names:
        return f"has {', '.join(names)}"
    lacking = "it lacks schedules or documents of every benchmark, or its scale is an earlier version's"
    return f"is not used: {reason or lacking}"


def _other(scores: Scores, network: Network) -> str:
    """Why scores are not of a network; nothing if they are."""
    for what, one, other in (
        ("model", scores.model, network.name if scores.model == network.name else network.label),
        ("weights", scores.note, network.note),
        ("digest of the weights", scores.made_with.get("weights", network.digest), network.digest),
        ("dtype", scores.dtype, network.dtype),
        ("layers", scores.layers, network.n_layers),
    ):
        if one != other:
            return f"its {what}: {one}, not {other}"
    return ""
