"""Judging: the eight verdicts on a model, and what changes of the rules would give."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from reprlab.arguments import of, positive, taking
from reprlab.scores.retained import DRAWS
from reprlab.verdicts.basis import Basis
from reprlab.verdicts.evidence import Evidence
from reprlab.verdicts.q1_space import space
from reprlab.verdicts.q2_necessity import necessity
from reprlab.verdicts.q3_sameness import sameness
from reprlab.verdicts.q4_order import order
from reprlab.verdicts.q5_parallel import parallel
from reprlab.verdicts.q6_tasks import tasks
from reprlab.verdicts.q7_loops import looping
from reprlab.verdicts.q8_ranks import ranking
from reprlab.verdicts.rules import corrected, verdict
from reprlab.verdicts.values import Finding, Verdict
from reprlab.verdicts.view import AS_RULED, CHANGES, Setting, View

ASKED: Mapping[int, Callable[[View], tuple[Finding, ...]]] = {
    1: space,
    2: necessity,
    3: sameness,
    4: order,
    5: parallel,
    6: tasks,
    7: looping,
    8: ranking,
}


@taking(evidence=of(Evidence, "the evidence of a report, rl.Evidence"), count=positive)
def judge(evidence: Evidence, *, count: int = DRAWS) -> tuple[Verdict, ...]:
    """The eight verdicts on a model, in the paper's order, each with what changes of the rules would give.

    `count` draws of documents. A part that was not run makes a verdict not decidable; nothing raises.

    >>> import reprlab as rl
    >>> found = judge(rl.Evidence("tiny-llama", "", layers=6))
    >>> found[2].claim
    'Middle layers do different things: to repeat one of them in place of all is the worst change.'
    >>> found[2].answer, found[2].reason
    ('not decidable', 'not measured')
    """
    basis = Basis(evidence, count)
    changed = [(setting.label, _eight(basis, setting)) for setting in CHANGES]
    return tuple(
        replace(one, sensitivity=tuple((label, others[at].answer) for label, others in changed))
        for at, one in enumerate(_eight(basis, AS_RULED))
    )


def _eight(basis: Basis, setting: Setting) -> tuple[Verdict, ...]:
    """The verdicts under one setting, headlines corrected for being eight."""
    view = View(basis, setting)
    findings = corrected({number: find(view) for number, find in ASKED.items()})
    return tuple(verdict(number, found) for number, found in findings.items())
