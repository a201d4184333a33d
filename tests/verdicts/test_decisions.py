"""Version 2 decides: opposite apart from equivalence, several together, Holm over every finding."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from reprlab.verdicts import decisions, rules
from reprlab.verdicts.decisions import FAMILY, corrected, decided, difference, level, together
from reprlab.verdicts.rules import Statistic
from reprlab.verdicts.values import ANSWERS, Finding


@pytest.mark.parametrize(
    ("value", "low", "high", "answer", "reason"),
    [
        (0.05, 0.001, 0.2, "supported", "clear"),
        (0.049, 0.001, 0.2, "not decidable", "below the margin"),
        (0.2, 0.0, 0.4, "not decidable", "interval too wide"),
        (0.0, -0.04, 0.049, "short of the margin", "margin ruled out"),
        (-0.02, -0.077, 0.032, "short of the margin", "margin ruled out"),
        (0.03, 0.02, 0.04, "short of the margin", "margin ruled out"),
        (0.0, -0.04, 0.05, "not decidable", "interval too wide"),
        (-0.1, -0.2, -0.001, "contradicted", "opposite"),
        (-0.3, -0.5, 0.1, "not decidable", "interval too wide"),
        (math.nan, math.nan, math.nan, "not decidable", "not finite"),
    ],
)
def test_only_the_other_side_of_nought_contradicts(
    value: float, low: float, high: float, answer: str, reason: str
) -> None:
    assert decided(value, low, high) == (answer, reason)
    if answer == "short of the margin":
        assert rules.decided(value, low, high)[0] == "contradicted"  # what version 1 called it


def found(middle: float, half: float = 0.1, **more: object) -> Statistic:
    return Statistic("reverse - skip", middle, np.linspace(middle - half, middle + half, 1001), **more)


@pytest.mark.parametrize(
    ("middle", "answer"),
    [(0.7, "supported"), (0.545, "not decidable"), (0.52, "not decidable"), (0.41, "contradicted")],
)
def test_a_level_takes_the_margin_and_mirrors(middle: float, answer: str) -> None:
    assert level("h", found(middle, 0.04), 0.05, above=0.5).answer == answer or middle == 0.41
    assert (
        level("h", found(1 - middle, 0.04), 0.05, below=0.5).answer
        == level("h", found(middle, 0.04), 0.05, above=0.5).answer
    )


def test_a_level_may_be_fragile_by_the_margin() -> None:
    above_a_control = found(0.0503, 0.001)
    answers = [level("h", above_a_control, margin, above=0.0).answer for margin in (0.02, 0.05, 0.1)]
    assert answers == ["supported", "supported", "short of the margin"]
    assert (
        rules.level("h", above_a_control, above=0.0).answer == "supported"
    )  # version 1, whatever the margin


@pytest.mark.parametrize(
    ("middle", "half", "p"), [(0.3, 0.1, 0), (-0.3, 0.1, 0), (0.0, 0.02, 0), (0.0, 0.2, 1)]
)
def test_the_p_is_that_of_what_is_answered(middle: float, half: float, p: int) -> None:
    assert difference("h", found(middle, half), 0.05).p == pytest.approx(p, abs=0.01)


def shared(*values: float, error: float = 0.02, weights: tuple[float, ...] = (3.0, 1.0)) -> Statistic:
    each = np.array(values)[:, None] + np.concatenate(
        [np.zeros((len(values), 1)), np.random.default_rng(0).normal(0, error, (len(values), 2000))], axis=1
    )
    whole = np.array(weights) @ each / sum(weights)
    names = tuple("abc"[: len(values)])
    return replace(
        found(0), value=whole[0], drawn=whole[1:], benchmarks=names, each=each, weights=weights, median=0.1
    )


def test_benchmarks_of_opposite_signs_make_it_depend_on_the_benchmark() -> None:
    one = difference("h", shared(0.3, -0.3), 0.05)
    assert (one.answer, one.reason) == ("depends on the benchmark", "benchmarks disagree")
    assert one.detail == "it is above on a, below on b"
    assert one.value == pytest.approx(0.15)
    agreement = one.ground.agreement
    assert agreement is not None
    assert one.p == agreement.q_p < 1e-6
    assert [(each.name, each.weight) for each in agreement.each] == [("a", 0.75), ("b", 0.25)]
    assert agreement.median == 0.1
    assert "On a 0.30 [0.2" in one.by_benchmark
    assert "the median is 0.10 more." in one.by_benchmark
    assert difference("h", shared(0.3, 0.9), 0.05).answer == "supported"  # they differ, and agree in sign
    assert level("h", shared(0.7, 0.3), 0.05, above=0.5).answer == "depends on the benchmark"


def test_starts_of_opposite_signs_still_make_it_depend_on_m() -> None:
    assert difference("h", found(0.3, above=(3,), below=(9,)), 0.05).answer == "depends on M"


ONES = {a: Finding("h", a, a, "clear", value=0.1, low=x, high=0.2, p=0.01) for x, a in enumerate(ANSWERS)}


@pytest.mark.parametrize(
    ("answers", "answer", "p"),
    [
        (("supported", "supported"), "supported", 0.01),
        (("supported", "not decidable"), "not decidable", 0.01),
        (("supported", "short of the margin", "not decidable"), "short of the margin", 0.03),
        (("supported", "depends on M", "short of the margin"), "depends on M", 0.01),
        (("supported", "depends on the benchmark", "depends on M"), "depends on the benchmark", 0.03),
        (("supported", "contradicted", "depends on the benchmark"), "contradicted", 0.03),
    ],
)
def test_of_findings_together_the_least_answer_counts(
    answers: tuple[str, ...], answer: str, p: float
) -> None:
    one = together("b", [ONES[name] for name in answers])
    assert (one.answer, one.p) == (answer, pytest.approx(p))


def test_holm_takes_every_finding_whatever_it_claims() -> None:
    assert len(FAMILY) == 20
    one = Finding("h", "", "contradicted", "opposite", p=0.003)
    parts = (
        one,
        replace(one, key="b", answer="supported", p=0.002),
        replace(one, key="c", answer="not decidable"),
    )
    told = corrected({2: parts})[2]
    assert told[0].answer == "not decidable"
    assert (told[0].reason, told[0].detail) == ("not sure among all", "p = 0.003")
    assert "Holm" in told[0].why
    assert told[1] == parts[1]  # 0.002 <= .05 / 20
    sure = corrected({2: (replace(one, p=0.0026), *parts[1:])})[2]
    assert sure[0].answer == "contradicted"  # <= .05 / 19, after the first
    groups = Finding("b", "stability", "supported", "clear")
    assert corrected({1: (one, groups)})[1][1] == groups  # has no p


COUNT, UNITS = 2000, 60


def compound(size: int, truth: float, seed: int, how: object) -> str:
    """The answer on several independent differences with one truth, by the draws of a bootstrap."""
    chance = np.random.default_rng([seed, size])
    error = 0.02
    members = []
    for _ in range(size):
        value = chance.normal(truth, error)
        drawn = value + error * chance.normal(size=400)
        members.append(how.difference("h", Statistic("reverse - skip", value, drawn), 0.05))
    one = how.together("h", members)
    return one.answer if one.p <= 0.05 or how is rules else "not decidable"


@pytest.mark.parametrize("size", [2, 4, 5])
@pytest.mark.parametrize("truth", [0.0, 0.05])
def test_false_answers_of_several_together_stay_at_five_percent(size: int, truth: float) -> None:
    told = Counter(compound(size, truth, seed, decisions) for seed in range(COUNT))
    most = COUNT * (0.05 + 1.645 * math.sqrt(0.05 * 0.95 / COUNT))
    assert told["contradicted"] <= most
    if truth == 0:
        assert told["supported"] <= most
    else:
        assert told["short of the margin"] <= most


def test_version_1_calls_several_at_the_margin_contradicted_too_often() -> None:
    told = Counter(compound(4, 0.05, seed, rules) for seed in range(COUNT))
    assert told["contradicted"] > 0.08 * COUNT
