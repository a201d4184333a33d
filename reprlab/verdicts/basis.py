"""The basis: what verdicts are computed from, once for all settings, under the same draws of documents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from reprlab.schedules.grids import Entry
from reprlab.scores.results import Column, Results
from reprlab.scores.retained import DRAWS, Retained, retained
from reprlab.scores.scores import Scores
from reprlab.verdicts.evidence import Evidence
from reprlab.verdicts.floors import MEASURED, floored

METRICS = ("u", "acc")
UNITS = 20  # of documents, at least
FEW = f"units of documents; {UNITS} are needed"
CLIP = 1e-3  # logits of u are of u in [CLIP, 1 - CLIP]
ORDERED = ("reverse", "random", "parallel")  # variants that change the order of the middle

RetainedByMetric = Mapping[str, Retained]


@dataclass(frozen=True, eq=False)
class Basis:
    """Evidence, and R by metric of its parts under `count` draws; empty where a part was not run.

    `floor` is a name in `FLOORS`, or the floor that the scores have.
    """

    evidence: Evidence
    count: int = DRAWS
    floor: str = MEASURED

    @cached_property
    def main(self) -> RetainedByMetric:
        """R of the sweep's rows."""
        return self._by_metric(self.evidence.scores)

    def knows_floor(self, metric: str) -> bool:
        """Whether the floor is known of a metric of the sweep, and another than that of the scores."""
        scores = self.evidence.scores
        changed = None if scores is None else floored(scores, metric, self.floor)
        return changed is not None and changed is not scores

    @cached_property
    def loops(self) -> RetainedByMetric:
        """R of looped parallel by start and times."""
        return self._by_metric(self.evidence.loops)

    @cached_property
    def orders(self) -> RetainedByMetric:
        """R of every random order by itself: those of `Scores.rows`, a row each."""
        scores = self.evidence.scores
        if scores is None:
            return {}
        places = [place for row in scores.rows for place in row if scores.entries[place].variant == "random"]
        single = [replace(scores.entries[place], seed=None) for place in places]
        return self._by_metric(_taken(scores, places, single, scores.benchmarks))

    @cached_property
    def logits(self) -> Retained | None:
        """1 - the drop of logit u, full - variant, in logits, under the same draws as R.

        Rows of reverse, random, parallel and skip, benchmarks that have u. A document's number is
        1 + logit u - logit u(full) with u in [.001, .999]; against a floor of 0 the full model has 1.
        """
        scores = self.evidence.scores
        if scores is None:
            return None
        wanted = {*ORDERED, "skip"}
        places = [place for place, entry in enumerate(scores.entries) if entry.variant in wanted]
        entries = [scores.entries[place] for place in places]
        having = {name: _logit(r) for name, r in scores.benchmarks.items() if "u" in r.metrics}
        return _enough(retained(_taken(scores, places, entries, having), "u", count=self.count))

    def _by_metric(self, scores: Scores | None) -> RetainedByMetric:
        if scores is None:
            return {}
        found: dict[str, Retained] = {}
        for metric in METRICS:
            if (changed := floored(scores, metric, self.floor, self.evidence.scores)) is not None:
                found[metric] = _enough(self._retained(changed, metric))
        return found

    def _retained(self, scores: Scores, metric: str) -> Retained:
        """R of some scores; of the sweep as it is once for figures and verdicts."""
        ready = {"u": self.evidence.u, "acc": self.evidence.accuracy}
        own = ready[metric] if scores is self.evidence.scores and self.count == DRAWS else None
        return own or retained(scores, metric, count=self.count)


def _enough(found: Retained) -> Retained:
    """Without benchmarks of fewer than `UNITS` units: too few to draw from."""
    counts = {name: len(set(found.scores.results(name).units)) for name in found.benchmarks}
    usable = [at for at, name in enumerate(found.benchmarks) if counts[name] >= UNITS]
    few = {name: f"{count} {FEW}" for name, count in counts.items() if count < UNITS}
    names = tuple(found.benchmarks[at] for at in usable)
    return replace(
        found,
        benchmarks=names,
        undecided=found.undecided | few,
        values=found.values[:, usable],
        drawn=found.drawn[:, usable],
    )


def _taken(
    scores: Scores, places: Sequence[int], entries: Sequence[Entry], benchmarks: Mapping[str, Results]
) -> Scores:
    """The full model and some rows of scores, under other labels."""
    rows = [0, *places]
    having = {
        name: replace(r, values=r.values[rows], nonfinite=r.nonfinite[rows], divergence=None)
        for name, r in benchmarks.items()
    }
    return replace(scores, entries=(scores.entries[0], *entries), benchmarks=having)


def _logit(results: Results) -> Results:
    u = np.clip(results.items("u"), CLIP, 1 - CLIP)  # (schedule, document, 1)
    logit = np.log(u / (1 - u))
    values = 1 + logit - logit[:1]
    u_alone = (Column("u", "mean", 1, True),)
    return replace(results, columns=u_alone, values=values, floor=0.0, measured=None)
