"""A verdict as a value: an answer, why, the findings that it stands on, and the same as JSON."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from reprlab.files import plain
from reprlab.verdicts.questions import QUESTIONS

ANSWERS = ("supported", "in part", "contradicted", "depends on M", "not decidable")
SUPPORTED, IN_PART, CONTRADICTED, DEPENDS, UNDECIDED = ANSWERS
REASONS: Mapping[str, str] = {
    "clear": "the whole interval is on the side of what is said, and by the margin where there is one",
    "left out": "the whole interval is on the other side of what is said, or ends below the margin",
    "sign flips": "the difference is clearly above 0 at some M and clearly below 0 at another",
    "interval too wide": "the interval holds what is said and its opposite: more documents are needed",
    "below the margin": "a difference of the margin would have been seen, the one there is may be smaller",
    "not every part": "the headline holds, a part of the answer does not",
    "not clear among eight": "clear by itself, but not as one of eight questions asked at once (Holm)",
    "not measured": "what the rule needs was not run",
    "no draws": "documents were not resampled, or their draws were not kept",
    "too few starts": "a curve needs three starts with 3 <= M <= T/2",
    "too few benchmarks": "the rule needs two benchmarks of each class that are clear of guessing",
    "benchmarks at guessing": "the full model is not clear of guessing on the benchmarks that are needed",
    "too few documents": "an interval over fewer than 20 documents is none",
    "too few layers": "the model has not the layers that the rule needs",
    "too few orders": "a slope over orders needs three different orders at two starts",
    "too few counts": "fewer than five numbers of middle layers have a best count that can be told",
    "no groups": "the depths are one group",
    "boundaries move": "a boundary is elsewhere in more than a fifth of the resamples",
    "not in the middle": "the largest group does not hold the depth halfway through the model",
    "as by chance": "profiles shifted along the layers agree as well",
    "orders by chance": "R shuffled among the orders of each start has as large a slope in more than 5 %",
    "opposite": "the relation is clearly the other way round",
    "scales disagree": "R says one thing, logits say the opposite",
    "not in proportion": "it grows, but not in proportion",
}
_NUMBERS = ("value", "low", "high", "p", "smallest")
_WORDS = ("question", "paper", "figure", "fragile", "why", "sentence")


@dataclass(frozen=True)
class Finding:
    """One decision: the headline of a question (`key` h) or a part of its answer (b, c).

    `value` is the statistic that `words` name, `low` and `high` its 95 % interval, `p` what Holm's correction
    takes; NaN where there is none. `reason` is a key of `REASONS`, `detail` says more. Where it is not
    decidable, `smallest` is the smallest difference that would have been seen and `needed` how many documents
    it would take. `starts` and `benchmarks` are those used, `documents` the fewest of a benchmark.
    """

    key: str
    words: str
    answer: str
    reason: str
    detail: str = ""
    value: float = math.nan
    low: float = math.nan
    high: float = math.nan
    p: float = math.nan
    smallest: float = math.nan
    needed: int | None = None
    starts: tuple[int, ...] = ()
    benchmarks: tuple[str, ...] = ()
    documents: int = 0

    def __post_init__(self) -> None:
        for name in _NUMBERS:  # one NaN, so that equal findings are equal
            value = float(getattr(self, name))
            object.__setattr__(self, name, math.nan if math.isnan(value) else value)

    @property
    def text(self) -> str:
        """The statistic, its interval and what it is over: skip less middle repeat 0.31 [0.25, 0.36] ..."""
        if math.isnan(self.value):
            return self.words
        ends = "" if math.isnan(self.low) else f" [{self.low:.2f}, {self.high:.2f}]"
        return f"{self.words} {self.value:.2f}{ends}{self._over}"

    @property
    def _over(self) -> str:
        starts = f"{len(self.starts)} start{'s' * (len(self.starts) > 1)}" if self.starts else ""
        alone = f"{self.benchmarks[0]} alone" if len(self.benchmarks) == 1 else ""
        several = f"{len(self.benchmarks)} benchmarks" if len(self.benchmarks) > 1 else ""
        said = ", ".join(filter(None, (starts, alone or several)))
        return f" ({said})" if said else ""

    @property
    def why(self) -> str:
        """The reason in a sentence, and what there is to add."""
        return "; ".join(filter(None, (REASONS[self.reason], self.detail)))

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Finding:
        """Read a finding of `Verdict.to_json`."""
        known: dict[str, Any] = {f.name: data[f.name] for f in fields(cls)}
        known |= {name: math.nan if known[name] is None else known[name] for name in _NUMBERS}
        known |= {name: tuple(known[name]) for name in ("starts", "benchmarks")}
        return cls(**known)


@dataclass(frozen=True)
class Verdict:
    """What one model says to one of the paper's eight questions.

    `answer` is one of `ANSWERS`, `reason` a key of `REASONS`, `detail` says more. `findings`: the headline
    first, then parts b and c. `sensitivity`: what was changed in the rules, and the answer then.
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
        return QUESTIONS[self.number].words

    @property
    def paper(self) -> str:
        """The paper's answer."""
        return QUESTIONS[self.number].paper

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
        """The reason in a sentence, and what there is to add."""
        return "; ".join(filter(None, (REASONS[self.reason], self.detail)))

    @property
    def sentence(self) -> str:
        """One line for people: the statistic, its interval, the answer, and why it is no clearer."""
        why = self.detail if self.answer == SUPPORTED else self.why
        answer = f"{self.answer}{' (fragile)' * self.fragile}"
        return ": ".join(filter(None, (self.findings[0].text, answer, why)))

    def to_json(self) -> dict[str, Any]:
        """All of it, in words too, as JSON holds it: NaN as null."""
        words = {name: getattr(self, name) for name in _WORDS}
        findings = [{**asdict(one), "why": one.why} for one in self.findings]
        return plain({**asdict(self), "findings": findings, **words})

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Verdict:
        """Read what `to_json` gave: the same value."""
        return cls(
            **{name: data[name] for name in ("number", "answer", "reason", "detail")},
            findings=tuple(Finding.of(one) for one in data["findings"]),
            sensitivity=tuple((what, answer) for what, answer in data["sensitivity"]),
        )
