"""Question 6: does the order matter more for some tasks than for others?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from reprlab.arrays import Array
from reprlab.scores.retained import Retained
from reprlab.verdicts.basis import ORDERED
from reprlab.verdicts.rules import Missing, Statistic, asked, difference, level
from reprlab.verdicts.values import CONTRADICTED, SUPPORTED, UNDECIDED, Finding
from reprlab.verdicts.view import Cells, View, median

CLASSES = ("reasoning", "semantic")
FEWEST = 2  # benchmarks of each
WORDS = "drop of reasoning less semantic under other orders"


def tasks(view: View) -> tuple[Finding, ...]:
    """h: reasoning drops more under other orders, in R and in logits; b: and more than so under skip."""
    return (
        asked("h", WORDS, lambda: _headline(view)),
        asked("b", "the same less under skip", lambda: _beyond(view)),
    )


def _headline(view: View) -> Finding:
    """By R with the margin; logits have to be clearly above 0 too, and must not be to contradict."""
    by_r = difference("h", _contrast(view, WORDS, view.main), view.margin)
    logits = view.basis.logits
    if logits is None:
        raise Missing("not measured", "no u")
    by_logit = level("h", _contrast(view, f"{WORDS}, logits", logits), above=0.0)
    said = f"logits {by_logit.value:.2f} [{by_logit.low:.2f}, {by_logit.high:.2f}]"
    detail = ". ".join(filter(None, (by_r.detail, said)))
    found = replace(by_r, detail=detail, p=max(by_r.p, by_logit.p))
    if {by_r.answer, by_logit.answer} == {SUPPORTED, CONTRADICTED}:
        return replace(found, answer=UNDECIDED, reason="scales disagree")
    if by_r.answer == SUPPORTED and by_logit.answer == UNDECIDED:
        return replace(found, answer=UNDECIDED, reason=by_logit.reason, needed=by_logit.needed)
    return found


def _beyond(view: View) -> Finding:
    """The difference of drops under other orders less that under skip."""

    def combine(found: Cells) -> tuple[Array, list[str]]:
        sides = _sides(view, found)
        return _apart(found.r[:-1], sides) - _apart(found.r[-1:], sides), _names(found, sides)

    words = "drop of reasoning less semantic, beyond skip"
    return difference("b", view.over(words, [*ORDERED, "skip"], combine), view.margin)


def _contrast(view: View, words: str, r: Retained) -> Statistic:
    def combine(found: Cells) -> tuple[Array, list[str]]:
        sides = _sides(view, found)
        return _apart(found.r, sides), _names(found, sides)

    return view.over(words, ORDERED, combine, r=r)


def _apart(retained: Array, sides: Mapping[str, Sequence[int]]) -> Array:
    """Drop of reasoning less drop of semantic, mean of variants: (variant, benchmark, ...) -> (...)."""
    drops = [np.mean([1 - median(one[list(sides[kind])]) for one in retained], axis=0) for kind in CLASSES]
    return drops[0] - drops[1]


def _sides(view: View, found: Cells) -> dict[str, list[int]]:
    """Places of each class's benchmarks, of those that count by the setting's score: two each or more."""
    counted, kinds = view.main.benchmarks, view.main.scores.benchmarks
    sides = {
        kind: [at for at, b in enumerate(found.benchmarks) if b in counted and kinds[b].kind == kind]
        for kind in CLASSES
    }
    if min(map(len, sides.values())) < FEWEST:
        named = {kind: ", ".join(found.benchmarks[at] for at in places) for kind, places in sides.items()}
        raise Missing("too few benchmarks", "; ".join(f"{kind}: {b or 'none'}" for kind, b in named.items()))
    return sides


def _names(found: Cells, sides: Mapping[str, Sequence[int]]) -> list[str]:
    return [found.benchmarks[at] for kind in CLASSES for at in sides[kind]]
