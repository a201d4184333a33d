"""Judging: the eight verdicts on a model, and what changes of the rules would give."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from reprlab.arguments import integer, of, positive, refused, taking
from reprlab.scores.retained import DRAWS
from reprlab.verdicts.basis import Basis
from reprlab.verdicts.evidence import Evidence
from reprlab.verdicts.q1_controls import controlled_space
from reprlab.verdicts.q1_space import space
from reprlab.verdicts.q2_necessity import necessity, surely_necessary
from reprlab.verdicts.q3_sameness import matched_sameness, sameness
from reprlab.verdicts.q4_order import order, sure_order
from reprlab.verdicts.q5_parallel import parallel
from reprlab.verdicts.q6_tasks import tasks
from reprlab.verdicts.q7_loops import looping, sure_looping
from reprlab.verdicts.q8_ranks import ranking
from reprlab.verdicts.rules import verdict
from reprlab.verdicts.values import Finding, Verdict
from reprlab.verdicts.versions import VERSIONS
from reprlab.verdicts.view import AS_RULED, AS_RULED_2, CHANGES, CHANGES_2, Setting, View

Asking = Callable[[View], tuple[Finding, ...]]
_ASKED: Mapping[int, Asking] = {
    1: space,
    2: necessity,
    3: sameness,
    4: order,
    5: parallel,
    6: tasks,
    7: looping,
    8: ranking,
}
ASKED: Mapping[int, Mapping[int, Asking]] = {  # by version of the rules
    1: _ASKED,
    2: {
        **_ASKED,
        1: controlled_space,
        2: surely_necessary,
        3: matched_sameness,
        4: sure_order,
        7: sure_looping,
    },
}
SETTINGS: Mapping[int, tuple[Setting, tuple[Setting, ...]]] = {
    1: (AS_RULED, CHANGES),
    2: (AS_RULED_2, CHANGES_2),
}


def _version(name: str, value: object) -> int:
    """A version of the rules."""
    if integer(name, value) not in SETTINGS:
        raise refused(name, value, "a version of the rules, 2 or 1")
    return integer(name, value)


@taking(evidence=of(Evidence, "the evidence of a report, rl.Evidence"), count=positive, version=_version)
def judge(evidence: Evidence, *, count: int = DRAWS, version: int = VERSIONS[0]) -> tuple[Verdict, ...]:
    """The eight verdicts on a model, in the paper's order, each with what changes of the rules would give.

    `count` draws of documents, `version` of the rules: 2, or 1, which was fixed before any number. A part
    that was not run makes a verdict not decidable; nothing raises. A floor that the scores do not know has
    no line among the changes.

    >>> import reprlab as rl
    >>> found = judge(rl.Evidence("tiny-llama", "", layers=6), version=1)
    >>> found[2].claim
    'Middle layers do different things: to repeat one of them in place of all is the worst change.'
    >>> found[2].answer, found[2].reason
    ('not decidable', 'not measured')
    """
    ruled, changes = SETTINGS[version]
    bases = {setting.floor: Basis(evidence, count, setting.floor) for setting in (ruled, *changes)}
    known = [one for one in changes if bases[one.floor].knows_floor(one.metric) or one.floor == ruled.floor]
    changed = [(setting.label, _eight(bases[setting.floor], setting)) for setting in known]
    return tuple(
        replace(one, sensitivity=tuple((label, others[at].answer) for label, others in changed))
        for at, one in enumerate(_eight(bases[ruled.floor], ruled))
    )


def _eight(basis: Basis, setting: Setting) -> tuple[Verdict, ...]:
    """The verdicts under one setting, corrected for being several."""
    view = View(basis, setting)
    asked = ASKED[setting.version]
    findings = view.decisions.corrected({number: find(view) for number, find in asked.items()})
    return tuple(verdict(number, found, setting.version) for number, found in findings.items())
