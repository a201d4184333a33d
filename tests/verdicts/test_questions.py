"""Every question tells its rules and its figure."""

from __future__ import annotations

from reprlab.verdicts.questions import COMMON, QUESTIONS, RULES


def test_rules_are_told_for_each_question() -> None:
    assert list(RULES) == list(QUESTIONS) == list(range(1, 9))
    assert all(text.endswith(".") for text in (*RULES.values(), *COMMON))
    figures = [QUESTIONS[number].figure for number in QUESTIONS]
    assert figures == ["fig03", "fig04", "fig05", "fig07", "fig08", "semantic_reasoning", "fig09", "fig11"]
