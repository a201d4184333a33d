"""Rules decide by interval, margin and Holm; of parts together the least answer counts."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from reprlab.verdicts.rules import (
    Statistic,
    corrected,
    decided,
    documents_needed,
    holm,
    level,
    together,
    verdict,
)
from reprlab.verdicts.values import ANSWERS, Finding


@pytest.mark.parametrize(
    ("value", "low", "high", "answer"),
    [
        (0.05, 0.001, 0.2, "supported"),
        (0.049, 0.001, 0.2, "not decidable"),
        (0.2, 0.0, 0.4, "not decidable"),
        (0.0, -0.04, 0.049, "contradicted"),
        (0.0, -0.04, 0.05, "not decidable"),
        (0.03, 0.02, 0.04, "contradicted"),
        (-0.3, -0.5, 0.1, "not decidable"),
        (math.nan, math.nan, math.nan, "not decidable"),
    ],
)
def test_differences_are_decided_by_interval_and_margin(
    value: float, low: float, high: float, answer: str
) -> None:
    assert decided(value, low, high)[0] == answer


def test_documents_needed_are_more_than_there_are_and_would_do() -> None:
    rng = np.random.default_rng(0)
    for value, down, up in rng.uniform([-0.2, 0, 0], [0.3, 0.5, 0.5], (2000, 3)):
        low, high = value - down, value + up
        if decided(value, low, high)[0] != "not decidable":
            continue
        needed = documents_needed(value, low, high, 0.05, 1000)
        assert needed is not None
        assert needed >= 1000
        shrunk = (1000 / (needed + 1)) ** 0.5
        answer, _ = decided(value, value - down * shrunk, value + up * shrunk)
        assert answer != "not decidable" or down * shrunk < max(abs(value), 0.05)


def test_levels_are_decided_by_the_side_of_the_interval() -> None:
    def found(middle: float) -> Statistic:
        return Statistic("", middle, np.linspace(middle - 0.1, middle + 0.1, 1001))

    assert [level("h", found(x), above=0.5).answer for x in (0.7, 0.55, 0.3)] == [
        "supported",
        "not decidable",
        "contradicted",
    ]
    assert [level("h", found(x), below=0.5).answer for x in (0.7, 0.55, 0.3)] == [
        "contradicted",
        "not decidable",
        "supported",
    ]
    one = level("h", found(0.55), below=0.5)
    assert one.value == 0.55
    assert (one.low, one.high) == pytest.approx((0.455, 0.645))
    assert one.p == 1
    assert level("h", found(0.7), above=0.5).p == 2 / 1002


ONES = {a: Finding("h", a, a, "clear", value=0.1, low=x, high=0.2, p=x) for x, a in enumerate(ANSWERS)}


@pytest.mark.parametrize(
    ("answers", "answer"),
    [
        (("supported", "supported"), "supported"),
        (("supported", "not decidable"), "not decidable"),
        (("supported", "depends on M", "not decidable"), "depends on M"),
        (("supported", "contradicted", "depends on M"), "contradicted"),
    ],
)
def test_of_findings_together_the_least_answer_counts(answers: tuple[str, ...], answer: str) -> None:
    members = tuple(ONES[one] for one in answers)
    found = together("b", members)
    assert (found.key, found.answer, found.label, found.members) == ("b", answer, answer, members)
    assert found.p == max(ONES[one].p for one in answers)


def test_holm_is_its_adjusted_p() -> None:
    rng = np.random.default_rng(0)
    for _ in range(200):
        p = rng.uniform(0, 0.05, 8)
        ordered = np.sort(p)
        adjusted = {x: max((8 - j) * ordered[j] for j in range(i + 1)) for i, x in enumerate(ordered)}
        assert holm(p.tolist()) == tuple(adjusted[x] <= 0.05 for x in p)


def test_holm_takes_support_away_and_leaves_contradictions() -> None:
    one = Finding("h", "", "supported", "clear", p=0.01)
    other = replace(one, answer="contradicted", reason="ruled out", p=1.0)
    found = corrected({n: (one if n < 3 else other,) for n in range(1, 9)})
    assert found[1][0].answer == "not decidable"
    assert found[1][0].reason == "not sure among eight"
    assert found[3] == (other,)
    sure = {n: (replace(one, p=0.001 if n == 1 else 1.0),) for n in range(1, 9)}
    assert corrected(sure)[1][0].answer == "supported"


@pytest.mark.parametrize("headline", [answer for answer in ANSWERS if answer != "in part"])
@pytest.mark.parametrize("other", ANSWERS)
def test_a_verdict_is_its_headlines_answer_or_in_part(headline: str, other: str) -> None:
    found = verdict(3, (ONES[headline], replace(ONES[other], key="b")))
    wanted = headline if headline != "supported" or other == "supported" else "in part"
    assert found.answer == wanted
