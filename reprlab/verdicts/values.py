"""A verdict as a value: a claim, its answer, why, the findings that it stands on, and the same as JSON."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, astuple, dataclass, fields
from typing import Any

from reprlab.files import plain
from reprlab.verdicts.claims import CLAIMS, MARGIN, WHOLE, phrase
from reprlab.verdicts.questions import QUESTIONS
from reprlab.verdicts.reasons import REASONS
from reprlab.verdicts.sentences import amount, clause, count, listed, over, sentence, signed

ANSWERS = ("supported", "in part", "contradicted", "depends on M", "not decidable")
SUPPORTED, IN_PART, CONTRADICTED, DEPENDS, UNDECIDED = ANSWERS
_NUMBERS = ("value", "low", "high", "p", "smallest")
_TEXTS = ("question", "paper", "claim", "figure", "fragile", "why", "sentence")
_SHOWN = 3  # members of a compound finding that its sentence names


@dataclass(frozen=True)
class Ground:
    """The data under a finding: the starts and benchmarks used, and the fewest documents of a benchmark."""

    starts: tuple[int, ...] = ()
    benchmarks: tuple[str, ...] = ()
    documents: int = 0


@dataclass(frozen=True)
class Finding:
    """One decision: the headline of a question (`key` h) or a part of its answer (b, c).

    `value` is the statistic that `label` names ('reverse - skip'), over the layers or depths of `scope`;
    `low` and `high` are its 95 % interval, `p` what Holm's correction takes; NaN where there is none.
    `reason` is a key of `REASONS`, `detail` says more. Where it is not decidable, `smallest` is the smallest
    difference that would have been seen and `needed` how many documents it would take. A compound finding
    has the numbers of the one of its `members` that decides.
    """

    key: str
    label: str
    answer: str
    reason: str
    detail: str = ""
    value: float = math.nan
    low: float = math.nan
    high: float = math.nan
    p: float = math.nan
    smallest: float = math.nan
    needed: int | None = None
    ground: Ground = Ground()
    scope: str = ""
    members: tuple[Finding, ...] = ()

    def __post_init__(self) -> None:
        for name in _NUMBERS:  # one NaN, so that equal findings are equal
            value = float(getattr(self, name))
            object.__setattr__(self, name, math.nan if math.isnan(value) else value)

    @property
    def measured(self) -> str:
        """One sentence of what was measured; empty where nothing was.

        >>> Finding("h", "reverse - skip", "contradicted", "ruled out", "", -0.116, -0.176, -0.069).measured
        'In reverse order the model retains 0.12 [0.07, 0.18] less than without the middle layers.'
        """
        said, before = [], ""
        shown = self._deciding
        for member in shown[: 1 if self.answer == SUPPORTED and len(shown) > _SHOWN else _SHOWN]:
            here = over(*astuple(member.ground))
            said.append(member._clause(here if here != before else ""))
            before = here
        if len(shown) > _SHOWN:
            more = f"{len(shown) - _SHOWN} more differences are not decidable"
            said.append(f"of {len(shown)} differences this is the lowest" if len(said) == 1 else more)
        text = sentence("; ".join(said))
        own = sentence(self.detail) if "{detail}" not in REASONS[self.reason] else ""
        return " ".join(filter(None, (text, own)))

    @property
    def _deciding(self) -> list[Finding]:
        """The members with a number and this answer, the one whose numbers these are first."""
        same = [one for one in self.members if one.answer == self.answer]
        if not same:
            return [] if math.isnan(self.value) else [self]
        return sorted(
            same, key=lambda one: (one.label, one.ground.benchmarks) != (self.label, self.ground.benchmarks)
        )

    def _clause(self, where: str) -> str:
        how = phrase(self.label)
        text = how.text.format(scope=self.scope, amount=amount(how, self.value, self.low, self.high)) + where
        if how.bar:
            return f"{text}; {how.bar}" if self.answer != SUPPORTED else text
        if self.reason == "ruled out" and self.high >= 0:
            return f"{text}, so {signed(how, MARGIN)}, the least that counts, is ruled out"
        return text

    @property
    def why(self) -> str:
        """The reason in words, and what would change the answer."""
        known = f"; there are {self.ground.documents:,}" if self.ground.documents else ""
        documents = f"About {count(self.needed)} documents would decide it{known}" if self.needed else ""
        more = documents or "More documents would decide it"
        return sentence(REASONS[self.reason].format(detail=self.detail, documents=more))

    @property
    def judged(self) -> str:
        """The answer, what was measured, and what would change it: 'Contradicted: in reverse order ...'."""
        why = self.why if self.answer in {IN_PART, DEPENDS, UNDECIDED} or not self.measured else ""
        text = " ".join(filter(None, (self.measured, why)))
        return f"{self.answer.capitalize()}: {clause(text)}"

    def to_json(self, number: int) -> dict[str, Any]:
        """All of it, in words too; `number` is the question's."""
        said = {"claim": CLAIMS[number][self.key], "measured": self.measured, "why": self.why}
        members = [{k: v for k, v in _flat(one).items() if k != "members"} for one in self.members]
        return {**_flat(self), "members": members, **said}

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Finding:
        """Read a finding of `Verdict.to_json`."""
        known: dict[str, Any] = {f.name: data[f.name] for f in fields(cls) if f.name in data}
        known |= {name: math.nan if known[name] is None else known[name] for name in _NUMBERS}
        known["ground"] = Ground(tuple(data["starts"]), tuple(data["benchmarks"]), data["documents"])
        known["members"] = tuple(map(cls.of, known.get("members", ())))
        return cls(**known)


def _flat(finding: Finding) -> dict[str, Any]:
    """The fields as they are saved: those of the ground stand among the finding's own."""
    saved: dict[str, Any] = {}
    for field in fields(finding):
        value = getattr(finding, field.name)
        saved |= asdict(value) if isinstance(value, Ground) else {field.name: value}
    return saved


def _is(answer: str) -> str:
    """An answer as a predicate."""
    words = {IN_PART: "is supported in part", DEPENDS: "depends on M"}
    return words.get(answer, f"is {answer}")


@dataclass(frozen=True)
class Verdict:
    """What one model says to one of the paper's eight questions: a claim, and how it was judged.

    `answer` is one of `ANSWERS`, `reason` a key of `REASONS`, `detail` says more. `findings`: the headline
    first, then parts b and c. `sensitivity`: each change of the rules, and the answer then.
    """

    number: int
    answer: str
    reason: str
    detail: str
    findings: tuple[Finding, ...]
    sensitivity: tuple[tuple[str, str], ...] = ()

    @property
    def question(self) -> str:
        """The question."""
        return QUESTIONS[self.number].question

    @property
    def paper(self) -> str:
        """The paper's answer."""
        return QUESTIONS[self.number].paper

    @property
    def claim(self) -> str:
        """The paper's answer as a sentence that can be judged."""
        return CLAIMS[self.number][WHOLE]

    @property
    def figure(self) -> str:
        """The figure of a report that shows what the verdict stands on."""
        return QUESTIONS[self.number].figure

    @property
    def fragile(self) -> bool:
        """Whether one of the changes gives another answer."""
        return any(answer != self.answer for _, answer in self.sensitivity)

    @property
    def why(self) -> str:
        """The reason in words, and what would change the answer."""
        if self.answer == IN_PART:
            parts = [f"part {part.key} {_is(part.answer)}" for part in self._open]
            return f"The headline is supported; {listed(parts)}."
        return self.findings[0].why

    @property
    def _open(self) -> list[Finding]:
        return [part for part in self.findings[1:] if part.answer != SUPPORTED]

    @property
    def sentence(self) -> str:
        """The claim, its answer, what was measured, and why it is no clearer."""
        fragile = " (fragile)" * self.fragile
        judged = self.findings[0].judged
        if self.answer == IN_PART:
            parts = [f'"{CLAIMS[self.number][one.key][:-1]}" {_is(one.answer)}' for one in self._open]
            judged = f"In part: {clause(self.findings[0].measured)} Of its parts, {listed(parts)}."
        answer, _, rest = judged.partition(":")
        return f"{self.claim} {answer}{fragile}:{rest}"

    def to_json(self) -> dict[str, Any]:
        """All of it, in words too, as JSON holds it: NaN as null."""
        texts = {name: getattr(self, name) for name in _TEXTS}
        findings = [one.to_json(self.number) for one in self.findings]
        return plain({**asdict(self), "findings": findings, **texts})

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Verdict:
        """Read what `to_json` gave: the same value."""
        return cls(
            **{name: data[name] for name in ("number", "answer", "reason", "detail")},
            findings=tuple(Finding.of(one) for one in data["findings"]),
            sensitivity=tuple((what, answer) for what, answer in data["sensitivity"]),
        )
