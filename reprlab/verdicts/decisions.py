"""Decisions of version 2: margin, opposite and equivalence, pooled benchmarks, Holm over every finding."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

from reprlab.statistics.pooled import Pooled, pooled_contrast
from reprlab.verdicts.claims import CLAIMED, WHOLE
from reprlab.verdicts.rules import Statistic, documents_needed, found_out, holm
from reprlab.verdicts.sentences import listed
from reprlab.verdicts.values import (
    CONTRADICTED,
    DEPENDS,
    DIVIDED,
    IN_PART,
    SHORT,
    SUPPORTED,
    UNDECIDED,
    Agreement,
    Finding,
    OnBenchmark,
)

TESTED = (SUPPORTED, IN_PART, SHORT, CONTRADICTED, DIVIDED)  # answers that Holm's correction takes
ANY_WILL_DO = (CONTRADICTED, DIVIDED, SHORT)  # of several together
UNTESTED = frozenset({(1, "b")})  # by the stability of groups, which has no p
FAMILY = tuple(
    (number, key)
    for number, claims in CLAIMED[2].items()
    for key in claims
    if key != WHOLE and (number, key) not in UNTESTED
)  # every finding with a p, run or not


def decided(value: float, low: float, high: float, margin: float = 0.05) -> tuple[str, str]:
    """The answer and its reason for a difference D in [low, high], which the claim has above 0.

    supported: low > 0 and D >= margin. contradicted: high < 0. short of the margin: high < margin, so that
    an advantage of the margin is ruled out and its opposite is not shown. Else not decidable.

    >>> [decided(*one)[0] for one in ((0.2, 0.1, 0.3), (-0.2, -0.3, -0.1), (0.0, -0.03, 0.03))]
    ['supported', 'contradicted', 'short of the margin']
    >>> decided(0.03, 0.02, 0.04), decided(0.04, 0.03, 0.06)
    (('short of the margin', 'margin ruled out'), ('not decidable', 'below the margin'))
    """
    if not all(map(math.isfinite, (value, low, high))):
        return UNDECIDED, "not finite"
    if low > 0 and value >= margin:
        return SUPPORTED, "clear"
    if high < 0:
        return CONTRADICTED, "opposite"
    if high < margin:
        return SHORT, "margin ruled out"
    seen = 0 < value < margin and value - low < margin
    return UNDECIDED, "below the margin" if seen else "interval too wide"


def difference(key: str, found: Statistic, margin: float) -> Finding:
    """`decided` of a difference; first whether benchmarks disagree on its sign, then whether starts do."""
    return _compared(key, found, margin, at=0.0, sign=1)


def level(
    key: str, found: Statistic, margin: float, *, above: float | None = None, below: float | None = None
) -> Finding:
    """`decided` of how far a statistic lies above or below a level, with the margin."""
    sign, at = (1, above) if above is not None else (-1, below)
    assert at is not None
    return _compared(key, found, margin, at=at, sign=sign)


def _compared(key: str, found: Statistic, margin: float, *, at: float, sign: int) -> Finding:
    value, low, high = (sign * (x - at) for x in (found.value, *found.ends[::sign]))
    answer, reason = decided(value, low, high, margin)
    finding = found_out(key, found, answer, reason, p=_p(found, answer, margin, at=at, sign=sign))
    if (one := _pooled(found, at)) is not None:
        finding = replace(finding, ground=replace(finding.ground, agreement=_agreement(found, one)))
        if one.disagree:
            sides = _sides(found.benchmarks, one.signs)
            return replace(finding, answer=DIVIDED, reason="benchmarks disagree", detail=sides, p=one.q_p)
    if found.above and found.below and at == 0:
        starts = [listed(list(map(str, sorted(each)))) for each in (found.above, found.below)]
        detail = f"the difference is positive at M = {starts[0]}, negative at M = {starts[1]}"
        return replace(finding, answer=DEPENDS, reason="sign flips", detail=detail)
    if answer != UNDECIDED:
        return finding
    needed = documents_needed(value, low, high, margin, finding.ground.documents)
    return replace(finding, smallest=value - low, needed=needed)


def _p(found: Statistic, answer: str, margin: float, *, at: float, sign: int) -> float:
    """The p of what is answered: against the level, its other side, or the margin beyond it."""
    if answer == CONTRADICTED:
        return found.p(at, -sign)
    return found.p(at + sign * margin, -sign) if answer == SHORT else found.p(at, sign)


def _pooled(found: Statistic, at: float) -> Pooled | None:
    if found.each is None:
        return None
    return pooled_contrast(found.each[:, 0], found.each[:, 1:], found.weights, level=at)


def _agreement(found: Statistic, one: Pooled) -> Agreement:
    rows = zip(found.benchmarks, one.weights, one.each, strict=True)
    each = tuple(OnBenchmark(name, weight, *numbers) for name, weight, numbers in rows)
    return Agreement(each, one.q, one.q_p, found.median)


def _sides(benchmarks: Sequence[str], signs: Sequence[int]) -> str:
    """On which benchmarks a number is surely above the level, and on which below."""
    named = {
        sign: listed([name for name, own in zip(benchmarks, signs, strict=True) if own == sign])
        for sign in (1, -1)
    }
    return f"it is above on {named[1]}, below on {named[-1]}"


def together(key: str, members: Sequence[Finding]) -> Finding:
    """Several findings as one claim that all of them hold: the least of their answers.

    supported if all are, with the largest p. Otherwise contradicted, divided by the benchmark, dependent on
    M or short of the margin if one is, in this order, with the smallest p of those times the number of
    members, since any of them would do; else not decidable.
    """
    answers = {member.answer for member in members}
    order = (CONTRADICTED, DIVIDED, DEPENDS, SHORT, UNDECIDED, SUPPORTED)
    answer = next(one for one in order if one in answers)
    deciding = [member for member in members if member.answer == answer]
    one = min(deciding, key=lambda member: (not math.isnan(member.low), member.low))
    known = [1.0 if math.isnan(member.p) else member.p for member in members]
    p = max(known)
    if answer in ANY_WILL_DO:
        p = min(1.0, len(members) * min(p for p, m in zip(known, members, strict=True) if m.answer == answer))
    return replace(
        one,
        key=key,
        p=p,
        needed=max((member.needed for member in deciding if member.needed is not None), default=None),
        members=tuple(member for member in members if not math.isnan(member.value)),
    )


def corrected(findings: Mapping[int, tuple[Finding, ...]]) -> dict[int, tuple[Finding, ...]]:
    """The findings, of which none is claimed that Holm's correction over all of them does not reject.

    The family is every finding of every question that has a p, headlines and parts, run or not. What is
    supported, in part, short of the margin, contradicted or divided by the benchmark enters with its p, the
    rest with 1.
    """
    by_place = {(number, one.key): one for number, found in findings.items() for one in found}
    claimed = [_claimed(by_place.get(place)) for place in FAMILY]
    kept = dict(zip(FAMILY, holm(claimed), strict=True))
    return {
        number: tuple(one if kept.get((number, one.key), True) else _unsure(one) for one in found)
        for number, found in findings.items()
    }


def _claimed(one: Finding | None) -> float:
    return one.p if one is not None and one.answer in TESTED else 1.0


def _unsure(one: Finding) -> Finding:
    if one.answer not in TESTED:
        return one
    detail = f"p = {one.p:.2g}"
    return replace(one, answer=UNDECIDED, reason="not sure among all", detail=detail)
