"""A verdict as a value: a claim, its answer, why, the findings that it stands on, and the same as JSON."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from reprlab.files import plain
from reprlab.verdicts.claims import CLAIMED, MARGIN, WHOLE, phrase
from reprlab.verdicts.questions import QUESTIONS
from reprlab.verdicts.reasons import REASONS
from reprlab.verdicts.sentences import amount, clause, count, listed, number, over, sentence, signed

ANSWERS = (
    "supported",
    "in part",
    "short of the margin",
    "contradicted",
    "depends on M",
    "depends on the benchmark",
    "not decidable",
)
SUPPORTED, IN_PART, SHORT, CONTRADICTED, DEPENDS, DIVIDED, UNDECIDED = ANSWERS
_NUMBERS = ("value", "low", "high", "p", "smallest")
_TEXTS = ("question", "paper", "claim", "figure", "fragile", "why", "sentence")
_SHOWN = 3  # members of a compound finding that its sentence names


@dataclass(frozen=True)
class OnBenchmark:
    """A finding's number on one of several benchmarks, its 95 % interval, and its weight in the whole."""

    name: str
    weight: float
    value: float
    low: float
    high: float

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> OnBenchmark:
        """Read one as JSON holds it."""
        return cls(data["name"], *(_float(data[key]) for key in ("weight", "value", "low", "high")))


@dataclass(frozen=True)
class Agreement:
    """How far benchmarks agree on a pooled number: each by itself, Cochran's `q` and its p, their `median`.

    The median is the paper's statistic, and decides nothing.
    """

    each: tuple[OnBenchmark, ...]
    q: float
    q_p: float
    median: float

    @classmethod
    def of(cls, data: Mapping[str, Any] | None) -> Agreement | None:
        """Read an agreement as JSON holds it."""
        if data is None:
            return None
        each = tuple(map(OnBenchmark.of, data["each"]))
        return cls(each, *(_float(data[name]) for name in ("q", "q_p", "median")))


@dataclass(frozen=True)
class Ground:
    """The data under a finding: the starts and benchmarks used, and the fewest documents of a benchmark.

    `agreement` of the benchmarks where a number is pooled over two or more.
    """

    starts: tuple[int, ...] = ()
    benchmarks: tuple[str, ...] = ()
    documents: int = 0
    agreement: Agreement | None = None


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
            ground = member.ground
            here = over(ground.starts, ground.benchmarks, ground.documents)
            said.append(member._clause(here if here != before else ""))
            before = here
        if len(shown) > _SHOWN:
            more = f"of {len(shown)} differences with this answer these are the first {_SHOWN}"
            said.append(f"of {len(shown)} differences this is the lowest" if len(said) == 1 else more)
        text = sentence("; ".join(said))
        own = sentence(self.detail) if "{detail}" not in REASONS[self.reason] else ""
        return " ".join(filter(None, (text, own)))

    @property
    def by_benchmark(self) -> str:
        """The number on each benchmark, how far they agree, and the paper's median; empty of one benchmark.

        >>> each = (OnBenchmark("arc", 0.25, 0.1, 0.02, 0.2), OnBenchmark("lambada", 0.75, 0.3, 0.25, 0.35))
        >>> ground = Ground(agreement=Agreement(each, 7.94, 0.0048, 0.2))
        >>> found = Finding("h", "skip - random", "supported", "clear", ground=ground)
        >>> found.by_benchmark  # doctest: +ELLIPSIS
        "On arc 0.10 [0.02, 0.20] more (weight 0.25), ... Cochran's Q is 7.9 (p = 0.0048); the median is ..."
        """
        if (agreement := self.ground.agreement) is None:
            return ""
        how = phrase(self.label)
        parts = [
            f"on {one.name} {amount(how, one.value, one.low, one.high)} (weight {number(one.weight)})"
            for one in agreement.each
        ]
        agreed = f"Cochran's Q is {agreement.q:.1f} (p = {agreement.q_p:.2g})"
        return f"{sentence(', '.join(parts))} {agreed}; the median is {signed(how, agreement.median)}."

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
            by = f", by {MARGIN} at least" if self.answer == SHORT else ""
            return f"{text}; {how.bar}{by}" if self.answer != SUPPORTED else text
        if self.reason == "margin ruled out" or (self.reason == "ruled out" and self.high >= 0):
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

    def to_json(self, question: int, version: int = 1) -> dict[str, Any]:
        """All of it, in words too; `question` is its number, `version` that of the rules."""
        said = {"claim": CLAIMED[version][question][self.key], "measured": self.measured, "why": self.why}
        if self.ground.agreement is not None:
            said["by_benchmark"] = self.by_benchmark
        members = [{k: v for k, v in _flat(one).items() if k != "members"} for one in self.members]
        return {**_flat(self), "members": members, **said}

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Finding:
        """Read a finding of `Verdict.to_json`."""
        known: dict[str, Any] = {f.name: data[f.name] for f in fields(cls) if f.name in data}
        known |= {name: math.nan if known[name] is None else known[name] for name in _NUMBERS}
        agreement = Agreement.of(data.get("agreement"))
        known["ground"] = Ground(
            tuple(data["starts"]), tuple(data["benchmarks"]), data["documents"], agreement
        )
        known["members"] = tuple(map(cls.of, known.get("members", ())))
        return cls(**known)


def _flat(finding: Finding) -> dict[str, Any]:
    """The fields as they are saved: those of the ground stand among the finding's own."""
    saved: dict[str, Any] = {}
    for field in fields(finding):
        value = getattr(finding, field.name)
        saved |= asdict(value) if isinstance(value, Ground) else {field.name: value}
    if saved["agreement"] is None:  # of one benchmark, and by version 1 of the rules
        del saved["agreement"]
    return saved


def _float(value: float | None) -> float:
    """A number as JSON holds it: null for NaN."""
    return math.nan if value is None else float(value)


def _is(answer: str) -> str:
    """An answer as a predicate."""
    words = {IN_PART: "is supported in part", DEPENDS: DEPENDS, DIVIDED: DIVIDED}
    return words.get(answer, f"is {answer}")


@dataclass(frozen=True)
class Verdict:
    """What one model says to one of the paper's eight questions: a claim, and how it was judged.

    `answer` is one of `ANSWERS`, `reason` a key of `REASONS`, `detail` says more. `findings`: the headline
    first, then parts b and c. `sensitivity`: each change of the rules, and the answer then. `version` is that
    of the rules.
    """

    number: int
    answer: str
    reason: str
    detail: str
    findings: tuple[Finding, ...]
    sensitivity: tuple[tuple[str, str], ...] = ()
    version: int = 1

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
        return self._claims[WHOLE]

    @property
    def _claims(self) -> Mapping[str, str]:
        return CLAIMED[self.version][self.number]

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
            parts = [f'"{self._claims[one.key][:-1]}" {_is(one.answer)}' for one in self._open]
            judged = f"In part: {clause(self.findings[0].measured)} Of its parts, {listed(parts)}."
        answer, _, rest = judged.partition(":")
        return f"{self.claim} {answer}{fragile}:{rest}"

    def to_json(self) -> dict[str, Any]:
        """All of it, in words too, as JSON holds it: NaN as null."""
        texts = {name: getattr(self, name) for name in _TEXTS}
        findings = [one.to_json(self.number, self.version) for one in self.findings]
        return plain({**asdict(self), "findings": findings, **texts})

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Verdict:
        """Read what `to_json` gave: the same value."""
        return cls(
            **{name: data[name] for name in ("number", "answer", "reason", "detail")},
            findings=tuple(Finding.of(one) for one in data["findings"]),
            sensitivity=tuple((what, answer) for what, answer in data["sensitivity"]),
            version=data.get("version", 1),
        )
