"""Version 2 in words: every question has a rule, every change a reason, version 1 is as it was."""

from __future__ import annotations

import hashlib

import pytest

from reprlab.verdicts.claims import CLAIMED, WHOLE
from reprlab.verdicts.questions import COMMON, RULES
from reprlab.verdicts.version_2 import CHANGES_OF_RULES, COMMON_BY_VERSION, RULES_BY_VERSION, Change


def test_the_words_of_version_1_are_those_that_were_fixed_before_any_number() -> None:
    words = "\n".join((*COMMON, *(RULES[number] for number in range(1, 9))))
    assert (
        hashlib.sha256(words.encode()).hexdigest()
        == "5d75ff0221f359e7af5954ee25da1b9ea8670ac9a97266f61f0b4ad626875d8d"
    )
    assert (COMMON_BY_VERSION[1], RULES_BY_VERSION[1]) == (COMMON, RULES)


def test_every_question_has_a_rule_and_every_part_of_it_a_claim() -> None:
    for version in (1, 2):
        rules = RULES_BY_VERSION[version]
        assert list(rules) == list(range(1, 9))
        for number, claims in CLAIMED[version].items():
            for key in set(claims) - {WHOLE, "h"}:
                assert f" {key}: " in rules[number], (version, number, key)


@pytest.mark.parametrize("change", CHANGES_OF_RULES, ids=lambda change: change.what[:30])
def test_a_change_says_what_and_why(change: Change) -> None:
    for text in (change.what, change.why):
        assert text[0].isupper() or text[0].isdigit()
        assert text.endswith(".")
        assert all(len(sentence.split()) <= 27 for sentence in text.split(". "))
    assert set(change.questions) <= set(range(1, 9))
