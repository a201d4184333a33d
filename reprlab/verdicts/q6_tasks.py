"""Question 6: does the order matter more for some tasks than for others?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from reprlab.arrays import Array
from reprlab.scores.retained import Retained
from reprlab.verdicts.basis import ORDERED
from reprlab.verdicts.claims import phrase
from reprlab.verdicts.rules import Missing, Statistic, asked
from reprlab.verdicts.sentences import amount, listed
from reprlab.verdicts.values import CONTRADICTED, SUPPORTED, UNDECIDED, Finding
from reprlab.verdicts.view import RetainedRows, View

CLASSES = ("reasoning", "semantic")
FEWEST = 2  # benchmarks of each
LABEL = "reasoning - semantic"
BEYOND = f"{LABEL}, beyond skip"


def tasks(view: View) -> tuple[Finding, ...]:
    """h: reasoning drops more under other orders, in R and in logits; b: and more than so under skip."""
    return (
        asked("h", LABEL, lambda: _headline(view)),
        asked("b", BEYOND, lambda: _beyond(view)),
    )


def _headline(view: View) -> Finding:
    """By R with the margin; logits have to be surely above 0 too, and must not be to contradict."""
    by_r = view.decisions.difference("h", _contrast(view, view.main), view.margin)
    logits = view.basis.logits
    if logits is None:
        raise Missing("not measured", "a score u")
    by_logit = view.decisions.level("h", _contrast(view, logits), 0.0, above=0.0)
    logit = amount(phrase(LABEL), by_logit.value, by_logit.low, by_logit.high)
    detail = "; ".join(filter(None, (by_r.detail, f"in logits of u, reasoning loses {logit}")))
    finding = replace(by_r, detail=detail, p=_p(view, by_r, by_logit))
    if {by_r.answer, by_logit.answer} == {SUPPORTED, CONTRADICTED}:
        return replace(finding, answer=UNDECIDED, reason="scales disagree")
    if by_r.answer == SUPPORTED and by_logit.answer != SUPPORTED:
        told = by_logit.detail or finding.detail
        changed = {"answer": by_logit.answer, "reason": by_logit.reason, "detail": told}
        return replace(finding, needed=by_logit.needed, **changed)
    return finding


def _p(view: View, by_r: Finding, by_logit: Finding) -> float:
    """The larger p; by version 2 that of R alone where logits need not be sure of the same."""
    both = by_r.answer == SUPPORTED or not view.decisions.pools
    return max(by_r.p, by_logit.p) if both else by_r.p


def _beyond(view: View) -> Finding:
    """The difference of drops under other orders minus that under skip."""

    def combine(found: RetainedRows) -> tuple[Array, list[str]]:
        sides = _sides(view, found)
        orders, skip = (replace(found, retained=part) for part in (found.retained[:-1], found.retained[-1:]))
        return _apart(orders, sides) - _apart(skip, sides), _names(found, sides)

    found = view.over(BEYOND, [*ORDERED, "skip"], combine, apart=True)
    return view.decisions.difference("b", found, view.margin)


def _contrast(view: View, source: Retained) -> Statistic:
    def combine(found: RetainedRows) -> tuple[Array, list[str]]:
        sides = _sides(view, found)
        return _apart(found, sides), _names(found, sides)

    return view.over(LABEL, ORDERED, combine, source=source, apart=True)


def _apart(found: RetainedRows, sides: Mapping[str, Sequence[int]]) -> Array:
    """Drop of reasoning minus drop of semantic, mean of variants: (variant, benchmark, ...) -> (...)."""
    drops = [
        np.mean([1 - found.whole(one, sides[kind]) for one in found.retained], axis=0) for kind in CLASSES
    ]
    return drops[0] - drops[1]


def _sides(view: View, found: RetainedRows) -> dict[str, list[int]]:
    """Places of each class's benchmarks, of those that count by the setting's score: two each or more."""
    counted, kinds = view.main.benchmarks, view.main.scores.benchmarks
    sides = {
        kind: [at for at, b in enumerate(found.benchmarks) if b in counted and kinds[b].kind == kind]
        for kind in CLASSES
    }
    if min(map(len, sides.values())) < FEWEST:
        named = {kind: listed([found.benchmarks[at] for at in places]) for kind, places in sides.items()}
        detail = f"reasoning has {named['reasoning']} and semantics has {named['semantic']}"
        raise Missing("too few benchmarks", detail)
    return sides


def _names(found: RetainedRows, sides: Mapping[str, Sequence[int]]) -> list[str]:
    return [found.benchmarks[at] for kind in CLASSES for at in sides[kind]]
