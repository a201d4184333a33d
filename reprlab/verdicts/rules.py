"""Deciding by version 1: from a statistic and its draws to a finding, from findings to a verdict."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from reprlab.arrays import Array
from reprlab.statistics.bootstraps import interval
from reprlab.verdicts.sentences import listed
from reprlab.verdicts.values import (
    CONTRADICTED,
    DEPENDS,
    IN_PART,
    SUPPORTED,
    UNDECIDED,
    Finding,
    Ground,
    Verdict,
)

ALPHA = 0.05
HEADLINES = 8


class Missing(Exception):
    """What a rule needs is not there: a reason's key, and what exactly."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(reason, detail)
        self.reason, self.detail = reason, detail


@dataclass(frozen=True, eq=False)
class Statistic:
    """A number, the same under each draw (draw,), and what it was computed from.

    `label` is its name in `claims.PHRASES`, or two variants (one - other), `scope` its layers or depths.

    `above` and `below` are the M of those starts at which it is, by their own intervals, above and below 0.
    Where version 2 pools it over two benchmarks or more, `each` has it on each, (benchmark, 1 + draw), with
    their `weights`; `median` is the paper's statistic.
    """

    label: str
    value: float
    drawn: Array
    documents: int = 0
    benchmarks: tuple[str, ...] = ()
    starts: tuple[int, ...] = ()
    above: tuple[int, ...] = ()
    below: tuple[int, ...] = ()
    scope: str = ""
    each: Array | None = None
    weights: tuple[float, ...] = ()
    median: float = math.nan

    @cached_property
    def ends(self) -> tuple[float, float]:
        """The 95 % interval."""
        return interval(self.drawn)

    def p(self, level: float = 0.0, sign: int = 1) -> float:
        """2 (1 + draws that are not above a level) / (1 + draws), 1 at most; `sign` -1: not below.

        1 where draws are NaN, since too few units or orders are no evidence.
        """
        if np.isnan(self.drawn).any():
            return 1.0
        against = int((sign * (self.drawn - level) <= 0).sum())
        return min(1.0, 2 * (1 + against) / (1 + len(self.drawn)))


def decided(value: float, low: float, high: float, margin: float = 0.05) -> tuple[str, str]:
    """The answer and its reason for a difference D in [low, high].

    supported: low > 0 and D >= margin. contradicted: high < margin. Else not decidable: D is between 0 and
    the margin though a difference of the margin would have been seen (D - low < margin), or the interval
    is too wide.

    >>> decided(0.2, 0.1, 0.3), decided(-0.2, -0.3, 0.01), decided(0.1, -0.1, 0.3)
    (('supported', 'clear'), ('contradicted', 'ruled out'), ('not decidable', 'interval too wide'))
    >>> decided(0.04, 0.03, 0.06), decided(math.nan, 0.0, 0.1)
    (('not decidable', 'below the margin'), ('not decidable', 'not finite'))
    """
    if not all(map(math.isfinite, (value, low, high))):
        return UNDECIDED, "not finite"
    if low > 0 and value >= margin:
        return SUPPORTED, "clear"
    if high < margin:
        return CONTRADICTED, "ruled out"
    seen = 0 < value < margin and value - low < margin
    return UNDECIDED, "below the margin" if seen else "interval too wide"


def documents_needed(value: float, low: float, high: float, margin: float, documents: int) -> int | None:
    """Documents at which an undecided difference would be decided, if it stays what it is.

    n (h / max(|D|, margin))^2 of n documents, h = D - low; where that is none more, so that a difference of
    the margin would have been seen, n ((high - D) / (margin - D))^2, at which the margin is left out.

    >>> documents_needed(0.1, -0.1, 0.3, 0.05, 100), documents_needed(0.04, 0.01, 0.06, 0.05, 100)
    (400, 400)
    """
    half, target = value - low, max(abs(value), margin)
    ratio = half / target if target else math.inf
    if ratio < 1 and value < margin:
        ratio = (high - value) / (margin - value)
    return math.ceil(round(documents * ratio**2, 6)) if math.isfinite(ratio) else None


def difference(key: str, found: Statistic, margin: float) -> Finding:
    """`decided` of a statistic; its sign at two starts, each interval without 0, makes it depend on M."""
    low, high = found.ends
    answer, reason = decided(found.value, low, high, margin)
    finding = found_out(key, found, answer, reason)
    if found.above and found.below:
        at = [listed(list(map(str, sorted(each)))) for each in (found.above, found.below)]
        return replace(
            finding,
            answer=DEPENDS,
            reason="sign flips",
            detail=f"the difference is positive at M = {at[0]}, negative at M = {at[1]}",
        )
    return _open(finding, found.value, low, high, margin)


def level(key: str, found: Statistic, *, above: float | None = None, below: float | None = None) -> Finding:
    """Whether a statistic is `above` or `below` a level: supported and contradicted if its interval is."""
    sign, at = (1, above) if above is not None else (-1, below)
    assert at is not None
    distance, low, high = (sign * (x - at) for x in (found.value, *found.ends[::sign]))
    answer, reason = decided(distance, low, high, 0.0)
    return _open(found_out(key, found, answer, reason, p=found.p(at, sign)), distance, low, high, 0.0)


def found_out(
    key: str, found: Statistic, answer: str, reason: str, detail: str = "", *, p: float | None = None
) -> Finding:
    """A finding with a statistic's numbers."""
    return Finding(
        *(key, found.label, answer, reason, detail, found.value, *found.ends),
        p=found.p() if p is None else p,
        ground=Ground(found.starts, found.benchmarks, found.documents),
        scope=found.scope,
    )


def _open(made: Finding, value: float, low: float, high: float, margin: float) -> Finding:
    if made.answer != UNDECIDED:
        return made
    needed = documents_needed(value, low, high, margin, made.ground.documents)
    return replace(made, smallest=value - low, needed=needed)


def together(key: str, members: Sequence[Finding]) -> Finding:
    """Several findings as one: the least of their answers, and the numbers of a member that gives it.

    contradicted if one is, else dependent on M if one is, supported if all are, else not decidable. Of the
    members with that answer it is the one with the lowest interval. Its p is the largest of all, its
    documents needed are the most; `members` are those with a number.
    """
    answers = {member.answer for member in members}
    answer = next(one for one in (CONTRADICTED, DEPENDS, UNDECIDED, SUPPORTED) if one in answers)
    deciding = [member for member in members if member.answer == answer]
    one = min(deciding, key=lambda member: (not math.isnan(member.low), member.low))
    return replace(
        one,
        key=key,
        p=max(1.0 if math.isnan(member.p) else member.p for member in members),
        needed=max((member.needed for member in deciding if member.needed is not None), default=None),
        members=tuple(member for member in members if not math.isnan(member.value)),
    )


def asked(key: str, label: str, find: Callable[[], Finding]) -> Finding:
    """A finding, or that it is not decidable where what it needs is missing."""
    try:
        return find()
    except Missing as missing:
        return Finding(key, label, UNDECIDED, missing.reason, missing.detail)


def holm(p: Sequence[float], alpha: float = ALPHA) -> tuple[bool, ...]:
    """Which hypotheses Holm's step-down correction rejects at `alpha`; NaN counts as 1.

    The smallest p is held against alpha / n, the next against alpha / (n - 1), until one is above.

    >>> holm([0.01, 0.04, 0.02, float("nan")])
    (True, False, False, False)
    """
    known = np.nan_to_num(np.asarray(p, np.float64), nan=1.0)
    order, rejected = known.argsort(kind="stable"), np.zeros(len(known), np.bool_)
    for step, at in enumerate(order):
        if known[at] > alpha / (len(known) - step):
            break
        rejected[at] = True
    return tuple(rejected.tolist())


def corrected(findings: Mapping[int, tuple[Finding, ...]]) -> dict[int, tuple[Finding, ...]]:
    """The findings, where a headline that is not sure among eight is no more supported."""
    clear = holm([found[0].p for found in findings.values()] + [1.0] * (HEADLINES - len(findings)))
    verdicts: dict[int, tuple[Finding, ...]] = {}
    for (number, found), kept in zip(findings.items(), clear, strict=False):
        head = found[0]
        if head.answer == SUPPORTED and not kept:
            reason = "not sure among eight"
            head = replace(head, answer=UNDECIDED, reason=reason, detail=f"p = {head.p:.2g}")
        verdicts[number] = (head, *found[1:])
    return verdicts


def verdict(number: int, findings: tuple[Finding, ...], version: int = 1) -> Verdict:
    """The answer of a question from its headline and parts.

    All supported: supported. The headline supported and a part not: in part, `detail` names it. Else the
    headline's answer, whatever it is.
    """
    head, parts = findings[0], findings[1:]
    if head.answer != SUPPORTED:
        return Verdict(number, head.answer, head.reason, head.detail, findings, version=version)
    short = [f"{part.key} {part.answer} ({part.reason})" for part in parts if part.answer != SUPPORTED]
    if short:
        return Verdict(number, IN_PART, "not every part", ", ".join(short), findings, version=version)
    return Verdict(number, SUPPORTED, "clear", "", findings, version=version)
