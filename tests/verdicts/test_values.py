"""A verdict comes back the same from JSON; its sentences follow from its numbers."""

from __future__ import annotations

import json
import math
import re
from dataclasses import replace
from pathlib import Path

import pytest
from judged import DRAWS, evidence, paper_world, paper_world_2, part, ruled

from reprlab.verdicts.claims import CLAIMS, PHRASES, WHOLE, phrase
from reprlab.verdicts.judging import judge
from reprlab.verdicts.reasons import REASONS
from reprlab.verdicts.sentences import clause
from reprlab.verdicts.values import ANSWERS, Finding, Ground, Verdict

REPORTS = Path(__file__).parents[2] / "reports"
PARTS = [(number, key) for number, claims in CLAIMS.items() for key in claims if key != WHOLE]
LABELS = (*PHRASES, "reverse - skip", "full - random", "skip - middle_repeat", "random - parallel")
REASON_OF = {  # one for each answer
    "supported": "clear",
    "in part": "not in proportion",
    "short of the margin": "margin ruled out",
    "depends on the benchmark": "benchmarks disagree",
    "contradicted": "ruled out",
    "depends on M": "sign flips",
    "not decidable": "interval too wide",
}


def test_json_gives_the_same_value_back() -> None:
    worlds = (paper_world(), paper_world_2(), evidence())
    for one in (
        each for world in worlds for version in (1, 2) for each in judge(world, count=DRAWS, version=version)
    ):
        text = json.dumps(one.to_json(), allow_nan=False)
        assert Verdict.of(json.loads(text)) == one
        assert json.loads(text)["sentence"] == one.sentence
        assert {"question", "paper", "claim", "figure", "fragile"} <= set(json.loads(text))


def planted(
    value: float, label: str = "reverse - skip", answer: str = "contradicted", **more: object
) -> Finding:
    """A finding with a planted number and an interval of 0.05 on each side of it."""
    ground = Ground((7, 8), ("a", "b"), 400)
    about = {"reason": REASON_OF[answer], "scope": "layers 8 to 22", "ground": ground, "needed": 2938}
    numbers = {"value": value, "low": value - 0.05, "high": value + 0.05}
    return Finding("h", label, answer, **{**about, **numbers, **more})


def judged(number: int, answer: str, value: float = -0.2) -> Verdict:
    """A verdict whose headline has this answer, or whose part b has not where it is to be in part."""
    keys = [key for key in CLAIMS[number] if key != WHOLE]
    head = planted(value, answer="supported" if answer == "in part" else answer)
    parts = [planted(value, answer="not decidable" if answer == "in part" else "supported") for _ in keys[1:]]
    findings = tuple(replace(one, key=key) for key, one in zip(keys, (head, *parts), strict=True))
    return Verdict(number, answer, head.reason, "", findings)


@pytest.mark.parametrize("answer", ANSWERS)
@pytest.mark.parametrize("number", CLAIMS)
def test_a_claim_is_a_statement_and_its_judgement_follows_it(number: int, answer: str) -> None:
    if (number, answer) == (8, "in part"):
        pytest.skip("question 8 has no parts")
    verdict = judged(number, answer)
    assert verdict.claim.endswith(".")
    assert "?" not in verdict.sentence
    word = answer.capitalize()
    assert verdict.sentence.startswith(f"{verdict.claim} {word}: ")
    assert verdict.sentence.count(f" {word}: ") == 1
    fragile = replace(verdict, sensitivity=(("a margin of 0.10", "other"),))
    assert fragile.sentence.startswith(f"{verdict.claim} {word} (fragile): ")
    if answer == "in part":
        part_b = CLAIMS[number]["b"].removesuffix(".")
        assert f'"{part_b}" is not decidable' in verdict.sentence
        assert verdict.why.startswith("The headline is supported; part b is not decidable")


@pytest.mark.parametrize(("number", "key"), PARTS)
def test_a_parts_claim_is_a_statement_with_its_answer_and_measured_sentence(number: int, key: str) -> None:
    one = replace(planted(0.2, answer="supported"), key=key)
    data = one.to_json(number)
    assert data["claim"] == CLAIMS[number][key]
    assert re.fullmatch(r"[A-Z][^?!]*\.", data["claim"])
    assert len(data["claim"].split()) <= 25
    assert data["measured"].endswith("(2 starts, 2 benchmarks).")


@pytest.mark.parametrize("label", LABELS)
@pytest.mark.parametrize("answer", ANSWERS)
def test_a_number_has_its_sign_in_words(label: str, answer: str) -> None:
    how = phrase(label)
    if "{}" not in how.more:
        assert "95%" in planted(0.95, label, answer, low=math.nan, high=math.nan).measured
        return
    up, down = planted(0.2, label, answer).measured, planted(-0.2, label, answer).measured
    assert clause(how.more.format("0.20 [0.15, 0.25]")) in up
    assert how.less.format("0.20 [0.15, 0.25]") in down
    assert up != down
    both = planted(-0.02, label, answer).measured
    ends = f"{how.less.format('0.02')} (between {how.less.format('0.07')} and {how.more.format('0.03')})"
    assert ends in both
    for text in (up, down, both):
        assert not re.search(r"[-\N{MINUS SIGN}+]\d|nan|\{", text)
        assert text[0].isupper()
    assert (how.bar in up) == (not how.bar or answer != "supported")


@pytest.mark.parametrize("reason", REASONS)
def test_a_reason_is_a_sentence_that_says_what_would_decide(reason: str) -> None:
    one = planted(0.02, answer="not decidable", reason=reason, detail="a detail")
    assert re.fullmatch(r"[A-Z][^?{}]*\.", one.why)
    if "{documents}" in REASONS[reason]:
        assert "About 2,900 documents would decide it; there are 400." in one.why
        assert "More documents would decide it." in replace(one, needed=None).why
    assert ("a detail" in one.why) != ("a detail." in one.measured.lower())


def test_a_compound_finding_names_the_members_that_decide_it() -> None:
    low, high = planted(-0.12), planted(-0.02, "random - skip", low=-0.08, high=0.03)
    fine = planted(0.3, "full - reverse", "supported")
    both = replace(low, members=(fine, high, low))
    assert both.measured == (
        "In reverse order the model retains 0.12 [0.07, 0.17] less than without the middle layers "
        "(2 starts, 2 benchmarks); in random order the model retains 0.02 less "
        "(between 0.08 less and 0.03 more) than without the middle layers, so 0.05 more, "
        "the least that counts, is ruled out."
    )
    assert both.judged == f"Contradicted: {clause(both.measured)}"
    five = [
        planted(0.2 + 0.1 * n, f"{name} - middle_repeat", "supported")
        for n, name in enumerate(("reverse", "random", "parallel", "looped_parallel", "skip"))
    ]
    assert replace(five[0], members=tuple(five)).measured.endswith("; of 5 differences this is the lowest.")
    assert "random" not in replace(five[0], members=tuple(five)).measured
    open_ = [replace(one, answer="not decidable", reason="interval too wide") for one in five]
    told = replace(open_[0], members=tuple(open_)).measured
    assert told.endswith("; of 5 differences with this answer these are the first 3.")


def test_what_was_not_measured_has_no_measured_sentence() -> None:
    one = Finding("h", "reverse - skip", "not decidable", "not measured", "a sweep of skip")
    assert one.measured == ""
    assert one.judged == "Not decidable: it needs a sweep of skip; that was not run."


def test_a_difference_just_below_the_margin_does_not_read_as_the_margin() -> None:
    one = planted(0.0468, answer="not decidable", reason="below the margin", low=0.0244, high=0.0698)
    assert "0.047 [0.024, 0.070] more" in one.measured
    assert one.why.startswith("Whether it reaches 0.05, the least difference that counts, is open.")


@pytest.mark.parametrize("sign", [1, -1])
def test_in_the_papers_world_and_its_opposite_sentences_have_the_numbers_sign(sign: int) -> None:
    one = part(ruled(paper_world()), 3)
    found = replace(
        one,
        value=sign * one.value,
        low=min(sign * one.low, sign * one.high),
        high=max(sign * one.low, sign * one.high),
    )
    ends = sorted((abs(found.low), abs(found.high)))
    word = "less" if sign > 0 else "more"
    assert found.measured == (
        f"With one middle layer repeated in place of all, the model retains {abs(found.value):.2f} "
        f"[{ends[0]:.2f}, {ends[1]:.2f}] {word} than without the middle layers (4 starts, 4 benchmarks)."
    )


@pytest.mark.parametrize("model", ["smollm2-135m", "minilm-l6"])
def test_the_words_of_a_committed_report_follow_from_its_numbers(model: str) -> None:
    stored = json.loads((REPORTS / model / "verdicts.json").read_text())
    page = (REPORTS / model / "index.html").read_text()
    assert len(stored) in {8, 16}  # by one version of the rules or two
    for data in stored:
        again = json.loads(json.dumps(Verdict.of(data).to_json()))
        assert {key: again[key] for key in data} == data  # an older one has no version
        assert again["version"] == data.get("version", 1)
        leads = again["version"] == stored[0].get("version", 1)
        assert (
            page.count(data["claim"]) >= 1 + leads
        )  # on its card, or in its row; the leading at a glance, too
        assert data["sentence"].startswith(f"{data['claim']} {data['answer'].capitalize()}")
        for one in data["findings"]:
            assert {"claim", "measured", "why", "members"} <= set(one)
            assert (one["value"] is None) == (one["measured"] == "")
